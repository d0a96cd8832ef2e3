"""Peers that a post named, until the torrent's metadata is there.

Why: what is kept of a post names no peers any more, so those that it named wait beside the torrent that they are for.

Revision: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("proof", sa.Column("peers", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Undo."""
    op.drop_column("proof", "peers")
