"""First tables.

Why: assets, sites, observations, findings with their proofs, and the outbox.

Revision: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "asset",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("codename", sa.Text(), nullable=True),
        sa.Column("embargoed", sa.Boolean(), nullable=False),
        sa.Column("critical", sa.Boolean(), nullable=False),
        sa.Column("swarm_lookup", sa.Boolean(), nullable=False),
        sa.Column("infohashes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "coverage_window",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("new_items", sa.Integer(), nullable=False),
        sa.Column("overlap", sa.Boolean(), nullable=True),
        sa.Column("first_item", sa.Text(), nullable=True),
        sa.Column("last_item", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_window")),
    )
    with op.batch_alter_table("coverage_window", schema=None) as batch_op:
        batch_op.create_index("ix_coverage_window_site_started_at", ["site", "started_at"], unique=False)

    op.create_table(
        "evidence",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("parser", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint(
            "digest", "site", "captured_at", name=op.f("uq_evidence_digest_site_captured_at")
        ),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_digest"), ["digest"], unique=False)

    op.create_table(
        "observation",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
        sa.UniqueConstraint(
            "site", "native_id", "content_digest", name=op.f("uq_observation_site_native_id_content_digest")
        ),
    )
    op.create_table(
        "outbox",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("alert", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_token", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_channel_state_due_at", ["channel", "state", "due_at"], unique=False)

    op.create_table(
        "site",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column("validators", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_site")),
    )
    with op.batch_alter_table("site", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_site_host"), ["host"], unique=False)
        batch_op.create_index(batch_op.f("ix_site_next_due_at"), ["next_due_at"], unique=False)

    op.create_table(
        "asset_file",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sha1", sa.LargeBinary(length=20), nullable=True),
        sa.Column("md5", sa.LargeBinary(length=16), nullable=True),
        sa.Column("pieces_root", sa.LargeBinary(length=32), nullable=True),
        sa.Column("local_path", sa.Text(), nullable=True),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_asset_file_asset_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_file")),
        sa.UniqueConstraint("asset_id", "path", name=op.f("uq_asset_file_asset_id_path")),
    )
    with op.batch_alter_table("asset_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_asset_file_asset_id"), ["asset_id"], unique=False)

    op.create_table(
        "finding",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_finding_asset_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_asset_id"), ["asset_id"], unique=False)

    op.create_table(
        "artefact",
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_artefact_asset_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], name=op.f("fk_artefact_finding_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("asset_id", "key", name=op.f("pk_artefact")),
    )
    with op.batch_alter_table("artefact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_artefact_finding_id"), ["finding_id"], unique=False)
        batch_op.create_index("ix_artefact_key", ["key"], unique=False)

    op.create_table(
        "finding_event",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], name=op.f("fk_finding_event_finding_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_event")),
    )
    with op.batch_alter_table("finding_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_event_finding_id"), ["finding_id"], unique=False)

    op.create_table(
        "proof",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("swarm_key", sa.String(length=40), nullable=False),
        sa.Column("infohashes", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("metadata_digest", sa.String(length=64), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], name=op.f("fk_proof_finding_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof")),
        sa.UniqueConstraint("finding_id", "swarm_key", name=op.f("uq_proof_finding_id_swarm_key")),
    )
    with op.batch_alter_table("proof", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proof_finding_id"), ["finding_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_proof_next_try_at"), ["next_try_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_proof_swarm_key"), ["swarm_key"], unique=False)

    op.create_table(
        "observed_swarm",
        sa.Column("swarm_key", sa.String(length=40), nullable=False),
        sa.Column("observation_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["observation_id"],
            ["observation.id"],
            name=op.f("fk_observed_swarm_observation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("swarm_key", "observation_id", name=op.f("pk_observed_swarm")),
    )
    op.create_table(
        "sighting",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("observation_id", BIG, nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("locators", sa.JSON(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], name=op.f("fk_sighting_finding_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["observation_id"], ["observation.id"], name=op.f("fk_sighting_observation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
        sa.UniqueConstraint("asset_id", "observation_id", name=op.f("uq_sighting_asset_id_observation_id")),
    )
    with op.batch_alter_table("sighting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sighting_finding_id"), ["finding_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sighting_observation_id"), ["observation_id"], unique=False)

    op.create_table(
        "signal",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("sighting_id", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sighting_id"], ["sighting.id"], name=op.f("fk_signal_sighting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal")),
    )
    with op.batch_alter_table("signal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signal_sighting_id"), ["sighting_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("signal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signal_sighting_id"))

    op.drop_table("signal")
    with op.batch_alter_table("sighting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sighting_observation_id"))
        batch_op.drop_index(batch_op.f("ix_sighting_finding_id"))

    op.drop_table("sighting")
    with op.batch_alter_table("proof", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proof_swarm_key"))
        batch_op.drop_index(batch_op.f("ix_proof_next_try_at"))
        batch_op.drop_index(batch_op.f("ix_proof_finding_id"))

    op.drop_table("proof")
    with op.batch_alter_table("finding_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_event_finding_id"))

    op.drop_table("finding_event")
    with op.batch_alter_table("artefact", schema=None) as batch_op:
        batch_op.drop_index("ix_artefact_key")
        batch_op.drop_index(batch_op.f("ix_artefact_finding_id"))

    op.drop_table("artefact")
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_asset_id"))

    op.drop_table("finding")
    with op.batch_alter_table("asset_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_asset_file_asset_id"))

    op.drop_table("asset_file")
    with op.batch_alter_table("site", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_site_next_due_at"))
        batch_op.drop_index(batch_op.f("ix_site_host"))

    op.drop_table("site")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_channel_state_due_at")

    op.drop_table("outbox")
    op.drop_table("observed_swarm")
    op.drop_table("observation")
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_digest"))

    op.drop_table("evidence")
    with op.batch_alter_table("coverage_window", schema=None) as batch_op:
        batch_op.drop_index("ix_coverage_window_site_started_at")

    op.drop_table("coverage_window")
    op.drop_table("counter")
    op.drop_table("asset")
