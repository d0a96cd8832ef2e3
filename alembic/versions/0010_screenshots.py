"""Pictures of pages that were kept: which are wanted, which were made, and why one was not.

Why: a page is drawn after it was kept, and nothing waits for that; so it must be known what is still to be drawn.

Revision: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "screenshot",
        sa.Column("id", big, primary_key=True, autoincrement=True),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("picture", sa.String(64), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], name="fk_screenshot_finding_id_finding", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("finding_id", "digest", "site", name="uq_screenshot_finding_id_digest_site"),
    )
    op.create_index("ix_screenshot_digest", "screenshot", ["digest"])
    op.create_index("ix_screenshot_state", "screenshot", ["state"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("screenshot")
