"""Which finding had an artefact key before any merge.

Why: two findings that were kept apart by a key can be merged and taken apart again, and then the one that had the key
has to have it again. Of keys that are held already that is not known.

Revision: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("artefact", sa.Column("opened", sa.Text(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("artefact", "opened")
