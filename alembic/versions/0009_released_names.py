"""Who let the names of an asset under embargo be sent to sites, and when.

Why: that is the one way in which an embargo is loosened without being lifted, so it must be told whose decision it was.
It was first released right after 0007: a database that has it already gets 0008 late (alembic/env.py).

Revision: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply, where it is not there yet."""
    if any(one["name"] == "released_by" for one in sa.inspect(op.get_bind()).get_columns("asset")):
        return
    op.add_column("asset", sa.Column("released_by", sa.Text(), nullable=True))
    op.add_column("asset", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("asset", "released_at")
    op.drop_column("asset", "released_by")
