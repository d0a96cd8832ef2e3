"""The interval that a site is read at now and why, and when a work is released.

Why: an interval that follows what a site shows must survive a restart, and follow a work's release.

Revision: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("site", sa.Column("interval_s", sa.Float(), nullable=True))
    op.add_column("site", sa.Column("interval_why", sa.Text(), nullable=True))
    op.add_column("asset", sa.Column("release_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "asset", sa.Column("release_window_days", sa.Integer(), nullable=False, server_default="14")
    )


def downgrade() -> None:
    """Undo."""
    for table, name in (
        ("asset", "release_window_days"),
        ("asset", "release_at"),
        ("site", "interval_why"),
        ("site", "interval_s"),
    ):
        op.drop_column(table, name)
