"""Allow lists and priors of assets, and what allow lists have hidden.

Why: an official copy must not wake anybody, and what is hidden must be seen to be hidden.

Revision: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.add_column("asset", sa.Column("allow", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("asset", sa.Column("prior_bits", sa.Float(), nullable=False, server_default="0"))
    op.create_table(
        "suppressed",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("observation_id", BIG, nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_suppressed_asset_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["observation_id"],
            ["observation.id"],
            name=op.f("fk_suppressed_observation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressed")),
        sa.UniqueConstraint("asset_id", "observation_id", name=op.f("uq_suppressed_asset_id_observation_id")),
    )
    with op.batch_alter_table("suppressed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suppressed_observation_id"), ["observation_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_table("suppressed")
    for name in ("prior_bits", "allow"):
        op.drop_column("asset", name)
