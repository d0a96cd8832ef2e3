"""Triage, the alert engine, evidence, notices, and the audit.

Why: a case is worked on by people, what is said of it is grouped, repeated and silenced, and all of it is kept.

Revision: 0008
Revises: 0007
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _json(name: str, empty: str = "{}") -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False, server_default=empty)


def _id() -> sa.Column[Any]:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", big, primary_key=True, autoincrement=True)


def upgrade() -> None:
    """Apply."""
    _cases()
    _alerts()
    _keeping()
    _notices()
    _forgetting()


def _cases() -> None:
    for name in ("assignee", "acknowledged_by", "severity_why"):
        op.add_column("finding", _text(name, nullable=True))
    for name in ("due_at", "acknowledged_at", "closed_at"):
        op.add_column("finding", _time(name, nullable=True))
    op.add_column("finding", sa.Column("drill", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("finding_event", _text("actor", nullable=True))
    op.add_column("finding_event", _text("reason", nullable=True))
    op.add_column("sighting", _text("opened", nullable=True))
    op.add_column("sighting", _text("author", nullable=True))
    op.add_column("sighting", _text("place", nullable=True))
    op.add_column("sighting", _json("keys", "[]"))
    op.create_index("ix_sighting_author", "sighting", ["author"])
    op.add_column("asset", _text("stage", nullable=True))
    op.add_column("asset", _time("embargo_until", nullable=True))
    op.create_table(
        "kept_apart",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("asset_id", "key", "one", "other")),
        _time("at"),
        _text("actor"),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], ondelete="CASCADE", name="fk_kept_apart_asset_id"
        ),
    )


def _alerts() -> None:
    op.add_column("outbox", sa.Column("recipient", sa.Text(), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("route", sa.Text(), nullable=False, server_default=""))
    op.add_column("outbox", sa.Column("urgency", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("waited_s", sa.Float(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("folded_into", sa.String(64), nullable=True))
    op.create_index("ix_outbox_folded_into", "outbox", ["folded_into"])
    op.create_index("ix_outbox_finding_id", "outbox", ["finding_id"])
    op.create_table(
        "channel",
        sa.Column("name", sa.Text(), primary_key=True),
        _count("failures"),
        _time("failing_since", nullable=True),
        _time("rests_until", nullable=True),
        _time("closed_at", nullable=True),
        _text("because"),
        _json("told"),
    )
    _announcements()
    op.create_table(
        "standing",
        sa.Column("route", sa.Text(), primary_key=True),
        sa.Column("subject", sa.Text(), primary_key=True),
        _count("told"),
        _count("step"),
        _time("first_at"),
        _time("last_at"),
        _time("next_at"),
    )
    op.create_index("ix_standing_next_at", "standing", ["next_at"])
    op.create_index("ix_standing_subject", "standing", ["subject"])
    op.create_table(
        "message_thread",
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("recipient", sa.Text(), primary_key=True),
        sa.Column("subject", sa.Text(), primary_key=True),
        _text("reference"),
        _json("detail"),
        _time("at"),
    )
    op.create_table(
        "silence",
        _id(),
        _json("matchers"),
        _time("starts_at"),
        _time("ends_at"),
        _text("actor"),
        _text("reason"),
        _time("created_at"),
        _time("ended_at", nullable=True),
        _text("ended_by", nullable=True),
        _count("silenced"),
        _time("told_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_silence"),
    )


def _announcements() -> None:
    op.create_table(
        "announcement",
        _id(),
        sa.Column("key", sa.String(64), nullable=False),
        _text("route"),
        _text("channel"),
        _text("group_key"),
        _text("subject"),
        _text("asset"),
        _json("alert"),
        sa.Column("urgency", sa.Integer(), nullable=False),
        _text("state"),
        _text("why"),
        _time("due_at"),
        _time("created_at"),
        _time("told_at", nullable=True),
        sa.Column("outbox_key", sa.String(64), nullable=True),
        sa.Column("silence_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_announcement"),
        sa.UniqueConstraint("key", name="uq_announcement_key"),
    )
    op.create_index("ix_announcement_state_due_at", "announcement", ["state", "due_at"])
    op.create_index(
        "ix_announcement_channel_group", "announcement", ["state", "channel", "route", "group_key"]
    )
    op.create_index("ix_announcement_subject", "announcement", ["subject"])
    op.create_index("ix_announcement_silence_id", "announcement", ["silence_id"])
    op.create_table(
        "told_message",
        _id(),
        sa.Column("key", sa.String(64), nullable=False),
        _text("route"),
        _text("channel"),
        _text("group_key"),
        _text("asset"),
        _text("kind"),
        sa.Column("urgency", sa.Integer(), nullable=False),
        _time("at"),
        sa.PrimaryKeyConstraint("id", name="pk_told_message"),
    )
    op.create_index("ix_told_message_channel_at", "told_message", ["channel", "at"])
    op.create_index("ix_told_message_group", "told_message", ["route", "channel", "group_key", "at"])
    _tell_who_was_told()


def _tell_who_was_told() -> None:
    """News of a case go to where it was told before: also of one that was told by the release before."""
    op.execute(
        """
        INSERT INTO announcement (key, route, channel, group_key, subject, asset, alert, urgency, state, why,
                                  due_at, created_at, told_at, outbox_key)
        SELECT key, '', channel, '', finding_id, '', alert, 0, 'told', '',
               due_at, created_at, created_at, key
        FROM outbox
        """
    )


def _keeping() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        _time("at"),
        _text("actor"),
        _text("action"),
        _text("subject"),
        _text("detail"),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.UniqueConstraint("digest", name="uq_audit_digest"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])
    op.add_column("evidence", sa.Column("warc", sa.String(64), nullable=True))
    op.add_column("evidence", _json("request"))
    op.add_column("evidence", sa.Column("refers_to", sa.String(64), nullable=True))
    op.add_column("evidence", _time("evicted_at", nullable=True))
    op.create_table(
        "recheck",
        _id(),
        sa.Column("finding_id", sa.Text(), nullable=False),
        _text("url"),
        _text("site"),
        _text("native_id"),
        _text("step"),
        _text("state"),
        _time("due_at"),
        _time("done_at", nullable=True),
        _text("outcome", nullable=True),
        _json("detail"),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], ondelete="CASCADE", name="fk_recheck_finding_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recheck"),
        sa.UniqueConstraint("finding_id", "url", "step", name="uq_recheck_finding_id_url_step"),
    )
    op.create_index("ix_recheck_state_due_at", "recheck", ["state", "due_at"])
    op.create_table(
        "stamp",
        _id(),
        sa.Column("digest", sa.String(64), nullable=False),
        _text("authority"),
        _text("state"),
        sa.Column("token", sa.String(64), nullable=True),
        _time("at"),
        _count("attempts"),
        _time("next_try_at", nullable=True),
        _text("detail", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_stamp"),
        sa.UniqueConstraint("digest", "authority", name="uq_stamp_digest_authority"),
    )
    op.create_index("ix_stamp_digest", "stamp", ["digest"])


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("finding_id", sa.Text(), nullable=False),
        _text("addressee"),
        _text("host", nullable=True),
        _text("state"),
        _text("subject"),
        _text("body"),
        _json("detail"),
        _json("signoffs", "[]"),
        _text("drafted_by"),
        _time("drafted_at"),
        _time("submitted_at", nullable=True),
        _time("removed_at", nullable=True),
        _time("deadline_at", nullable=True),
        _time("next_check_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], ondelete="CASCADE", name="fk_notice_finding_id"
        ),
    )
    op.create_index("ix_notice_finding_id", "notice", ["finding_id"])
    op.create_index("ix_notice_next_check_at", "notice", ["next_check_at"])
    op.create_table(
        "notice_event",
        _id(),
        sa.Column("notice_id", sa.Text(), nullable=False),
        _time("at"),
        _text("actor"),
        _text("kind"),
        _json("detail"),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], ondelete="CASCADE", name="fk_notice_event_notice_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notice_event"),
    )
    op.create_index("ix_notice_event_notice_id", "notice_event", ["notice_id"])


def _forgetting() -> None:
    """By these an old observation goes without a look at all others."""
    op.create_index("ix_observed_swarm_observation_id", "observed_swarm", ["observation_id"])
    is_there = sa.text("evidence IS NOT NULL")
    op.create_index(
        "ix_observation_evidence",
        "observation",
        ["evidence"],
        sqlite_where=is_there,
        postgresql_where=is_there,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_observation_evidence", "observation")
    op.drop_index("ix_observed_swarm_observation_id", "observed_swarm")
    for table in (
        "kept_apart",
        "notice_event",
        "notice",
        "stamp",
        "recheck",
        "audit",
        "silence",
        "message_thread",
        "standing",
        "told_message",
        "announcement",
        "channel",
    ):
        op.drop_table(table)
    for name in ("evicted_at", "refers_to", "request", "warc"):
        op.drop_column("evidence", name)
    op.drop_index("ix_outbox_folded_into", "outbox")
    op.drop_index("ix_outbox_finding_id", "outbox")
    for name in ("folded_into", "waited_s", "urgency", "route", "recipient"):
        op.drop_column("outbox", name)
    for name in ("embargo_until", "stage"):
        op.drop_column("asset", name)
    op.drop_index("ix_sighting_author", "sighting")
    for name in ("keys", "place", "author", "opened"):
        op.drop_column("sighting", name)
    for name in ("reason", "actor"):
        op.drop_column("finding_event", name)
    for name in (
        "drill",
        "closed_at",
        "acknowledged_at",
        "due_at",
        "severity_why",
        "acknowledged_by",
        "assignee",
    ):
        op.drop_column("finding", name)
