"""How much sites may be told of an asset.

Why: a site with a search may be asked for an asset by name only if its owner said so.

Revision: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("asset", sa.Column("query_mode", sa.Text(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("asset", "query_mode")
