"""More of files and torrents: copies of recipients, piece tables, what a proof rests on, counts of swarms.

Why: an asset that is not on this machine is judged from stored tables; whose copy a torrent carries is part of a
proof; a torrent may be known by the address of its .torrent file alone; swarms are counted over time.

Revision: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("asset_file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("git_blob", sa.LargeBinary(length=20), nullable=True))
        batch_op.add_column(sa.Column("ed2k", sa.LargeBinary(length=16), nullable=True))
        batch_op.add_column(sa.Column("header", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("variant", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("differs", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.drop_constraint(batch_op.f("uq_asset_file_asset_id_path"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_asset_file_asset_id_path_variant"), ["asset_id", "path", "variant"]
        )

    op.create_table(
        "piece_table",
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("piece_length", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "piece_length", "first", name=op.f("pk_piece_table")),
    )

    op.add_column("proof", sa.Column("urls", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("proof", sa.Column("rank", sa.Integer(), nullable=False, server_default="2"))
    op.add_column("proof", sa.Column("error", sa.Float(), nullable=True))
    op.add_column("proof", sa.Column("variant", sa.JSON(), nullable=True))
    op.add_column("proof", sa.Column("fake", sa.JSON(), nullable=True))

    op.create_table(
        "swarm",
        sa.Column("swarm_key", sa.String(length=40), nullable=False),
        sa.Column("infohashes", sa.JSON(), nullable=False),
        sa.Column("trackers", sa.JSON(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_sample_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("swarm_key", name=op.f("pk_swarm")),
    )
    with op.batch_alter_table("swarm", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_swarm_next_sample_at"), ["next_sample_at"], unique=False)

    op.create_table(
        "swarm_sample",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("swarm_key", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("seeds", sa.Integer(), nullable=True),
        sa.Column("leechers", sa.Integer(), nullable=True),
        sa.Column("completed", sa.Integer(), nullable=True),
        sa.Column("error", sa.Float(), nullable=True),
        sa.Column("origins", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_swarm_sample")),
    )
    with op.batch_alter_table("swarm_sample", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_swarm_sample_swarm_key_at"), ["swarm_key", "at"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_table("swarm_sample")
    op.drop_table("swarm")
    for name in ("fake", "variant", "error", "rank", "urls"):
        op.drop_column("proof", name)
    op.drop_table("piece_table")
    op.execute(sa.text("DELETE FROM asset_file WHERE variant <> ''"))
    with op.batch_alter_table("asset_file", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_asset_file_asset_id_path_variant"), type_="unique")
        for name in ("differs", "variant", "header", "ed2k", "git_blob"):
            batch_op.drop_column(name)
        batch_op.create_unique_constraint(batch_op.f("uq_asset_file_asset_id_path"), ["asset_id", "path"])
