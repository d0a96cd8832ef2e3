"""The coverage ledger: why a site was not read, up to when it is covered, and the holes that polls have left.

Why: a watch that cannot see must say so, and say since when.

Revision: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. A site that was read before counts as covered until then."""
    for name in ("verdict", "failure"):
        op.add_column("site", sa.Column(name, sa.Text(), nullable=True))
    for name in ("covered_until", "blind_told_at"):
        op.add_column("site", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("site", sa.Column("ledger", sa.JSON(), nullable=False, server_default="{}"))
    op.execute("UPDATE site SET covered_until = last_ok_at")
    op.add_column("coverage_window", sa.Column("failure", sa.Text(), nullable=True))
    for name in ("hole_from", "hole_to", "repaired_at"):
        op.add_column("coverage_window", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Undo."""
    for name in ("repaired_at", "hole_to", "hole_from", "failure"):
        op.drop_column("coverage_window", name)
    for name in ("ledger", "blind_told_at", "covered_until", "failure", "verdict"):
        op.drop_column("site", name)
