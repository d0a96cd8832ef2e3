"""The tables, and the house column types."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC; a naive one is refused, so that no local time ever gets in."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC, without a zone where the database keeps none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        moved = value.astimezone(UTC)
        return moved if dialect.name == "postgresql" else moved.replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database: aware, in UTC."""
        return (
            None
            if value is None
            else value.replace(tzinfo=UTC)
            if value.tzinfo is None
            else value.astimezone(UTC)
        )


BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""Row ids: a busy index outgrows 31 bits within days; SQLite counts by itself only in INTEGER."""


def _time(name: str, *, nullable: bool = False, index: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcDateTime, nullable=nullable, index=index)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=False)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False, default=False)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=False, default=0)


def _id(name: str = "id") -> sa.Column[Any]:
    return sa.Column(name, BIG, primary_key=True, autoincrement=True)


def _of(name: str, target: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.ForeignKey(target, ondelete="CASCADE"), nullable=False, index=True, **options)


def _there(name: str) -> dict[str, Any]:
    """An index of those rows alone that have a value there."""
    is_there = sa.text(f"{name} IS NOT NULL")
    return {"sqlite_where": is_there, "postgresql_where": is_there}


counter = sa.Table("counter", metadata, sa.Column("name", sa.Text, primary_key=True), _count("value"))

asset = sa.Table(
    "asset",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _text("title"),
    _json("aliases"),
    sa.Column("year", sa.Integer),
    _text("kind", nullable=True),
    _text("owner", nullable=True),
    _text("codename", nullable=True),
    _flag("embargoed"),
    _flag("critical"),
    _flag("swarm_lookup"),
    _json("infohashes"),
    sa.Column("prior_bits", sa.Float, nullable=False, server_default="0"),
    sa.Column("allow", sa.JSON, nullable=False, server_default="[]"),
    _time("release_at", nullable=True),
    sa.Column("release_window_days", sa.Integer, nullable=False, server_default="14"),
    sa.Column("query_mode", sa.Text),
    _text("stage", nullable=True),
    _time("embargo_until", nullable=True),
    _text("released_by", nullable=True),
    _time("released_at", nullable=True),
    _time("created_at"),
)

asset_file = sa.Table(
    "asset_file",
    metadata,
    _id(),
    _of("asset_id", "asset.id"),
    _text("path"),
    sa.Column("size_bytes", sa.BigInteger),
    sa.Column("sha256", sa.LargeBinary(32)),
    sa.Column("sha1", sa.LargeBinary(20)),
    sa.Column("md5", sa.LargeBinary(16)),
    sa.Column("git_blob", sa.LargeBinary(20)),
    sa.Column("ed2k", sa.LargeBinary(16)),
    sa.Column("pieces_root", sa.LargeBinary(32)),
    _text("local_path", nullable=True),
    sa.Column("mtime_ns", sa.BigInteger),
    _text("header", nullable=True),
    sa.Column("variant", sa.Text, nullable=False, server_default=""),
    sa.Column("differs", sa.JSON, nullable=False, server_default="[]"),
    sa.UniqueConstraint("asset_id", "path", "variant"),
)

piece_table = sa.Table(
    "piece_table",
    metadata,
    sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
    sa.Column("piece_length", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("digests", sa.LargeBinary, nullable=False),
)

site = sa.Table(
    "site",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _text("kind"),
    sa.Column("host", sa.Text, nullable=False, index=True),
    sa.Column("active", sa.Boolean, nullable=False, default=True),
    _json("cursor"),
    _json("validators"),
    _count("version"),
    sa.Column("next_due_at", UtcDateTime, nullable=False, index=True),
    _count("failures"),
    _text("last_error", nullable=True),
    _time("last_ok_at", nullable=True),
    sa.Column("interval_s", sa.Float),
    _text("interval_why", nullable=True),
    _text("verdict", nullable=True),
    _text("failure", nullable=True),
    _time("covered_until", nullable=True),
    _time("blind_told_at", nullable=True),
    sa.Column("ledger", sa.JSON, nullable=False, server_default="{}"),
)

coverage_window = sa.Table(
    "coverage_window",
    metadata,
    _id(),
    sa.Column("site", sa.Text, nullable=False),
    _time("started_at"),
    _time("ended_at"),
    _text("verdict"),
    _count("pages"),
    _count("items"),
    _count("new_items"),
    sa.Column("overlap", sa.Boolean),
    _text("first_item", nullable=True),
    _text("last_item", nullable=True),
    _text("detail", nullable=True),
    _text("failure", nullable=True),
    _time("hole_from", nullable=True),
    _time("hole_to", nullable=True),
    _time("repaired_at", nullable=True),
    sa.Index("ix_coverage_window_site_started_at", "site", "started_at"),
)

observation = sa.Table(
    "observation",
    metadata,
    _id(),
    sa.Column("site", sa.Text, nullable=False),
    _text("native_id"),
    sa.Column("content_digest", sa.String(64), nullable=False),
    _text("title"),
    _text("url", nullable=True),
    _text("author", nullable=True),
    _text("text", nullable=True),
    _time("published_at", nullable=True),
    _time("fetched_at"),
    sa.Column("size_bytes", sa.BigInteger),
    _json("facts"),
    sa.Column("evidence", sa.String(64)),
    sa.UniqueConstraint("site", "native_id", "content_digest"),
    sa.Index("ix_observation_evidence", "evidence", **_there("evidence")),
)

observed_swarm = sa.Table(
    "observed_swarm",
    metadata,
    sa.Column("swarm_key", sa.String(40), primary_key=True),
    sa.Column(
        "observation_id", sa.ForeignKey("observation.id", ondelete="CASCADE"), primary_key=True, index=True
    ),
)

evidence = sa.Table(
    "evidence",
    metadata,
    _id(),
    sa.Column("digest", sa.String(64), nullable=False, index=True),
    _text("site"),
    _text("url"),
    sa.Column("status", sa.Integer, nullable=False),
    _json("headers"),
    _time("captured_at"),
    _text("parser"),
    sa.Column("warc", sa.String(64)),
    sa.Column("request", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("refers_to", sa.String(64)),
    _time("evicted_at", nullable=True),
    sa.UniqueConstraint("digest", "site", "captured_at"),
)

finding = sa.Table(
    "finding",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _of("asset_id", "asset.id"),
    _text("state"),
    _text("verdict"),
    _text("severity"),
    _text("tier"),
    sa.Column("score", sa.Float, nullable=False),
    _text("title"),
    _time("opened_at"),
    _time("updated_at"),
    _text("merged_into", nullable=True),
    _text("assignee", nullable=True),
    _text("acknowledged_by", nullable=True),
    _text("severity_why", nullable=True),
    _time("due_at", nullable=True),
    _time("acknowledged_at", nullable=True),
    _time("closed_at", nullable=True),
    sa.Column("drill", sa.Boolean, nullable=False, server_default=sa.false()),
)

artefact = sa.Table(
    "artefact",
    metadata,
    sa.Column("asset_id", sa.ForeignKey("asset.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    _of("finding_id", "finding.id"),
    _text("opened", nullable=True),
    sa.Index("ix_artefact_key", "key"),
)

sighting = sa.Table(
    "sighting",
    metadata,
    _id(),
    _of("finding_id", "finding.id"),
    sa.Column("observation_id", sa.ForeignKey("observation.id"), nullable=False, index=True),
    sa.Column("asset_id", sa.Text, nullable=False),
    _text("site"),
    _json("locators"),
    _text("tier"),
    sa.Column("score", sa.Float, nullable=False),
    _time("seen_at"),
    _text("opened", nullable=True),
    sa.Column("author", sa.Text, index=True),
    _text("place", nullable=True),
    sa.Column("keys", sa.JSON, nullable=False, server_default="[]"),
    sa.UniqueConstraint("asset_id", "observation_id"),
)

kept_apart = sa.Table(
    "kept_apart",
    metadata,
    sa.Column("asset_id", sa.ForeignKey("asset.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("one", sa.Text, primary_key=True),
    sa.Column("other", sa.Text, primary_key=True),
    _time("at"),
    _text("actor"),
)

suppressed = sa.Table(
    "suppressed",
    metadata,
    _id(),
    sa.Column("asset_id", sa.ForeignKey("asset.id", ondelete="CASCADE"), nullable=False),
    _of("observation_id", "observation.id"),
    _text("entry"),
    _time("at"),
    sa.UniqueConstraint("asset_id", "observation_id"),
)

signal = sa.Table(
    "signal",
    metadata,
    _id(),
    _of("sighting_id", "sighting.id"),
    _text("kind"),
    _text("detail"),
    sa.Column("weight", sa.Float, nullable=False),
)

finding_event = sa.Table(
    "finding_event",
    metadata,
    _id(),
    _of("finding_id", "finding.id"),
    _text("kind"),
    _time("at"),
    _text("content"),
    _json("detail"),
    _text("actor", nullable=True),
    _text("reason", nullable=True),
)

proof = sa.Table(
    "proof",
    metadata,
    _id(),
    _of("finding_id", "finding.id"),
    sa.Column("swarm_key", sa.String(40), nullable=False, index=True),
    _json("infohashes"),
    _text("state"),
    _count("attempts"),
    sa.Column("next_try_at", UtcDateTime, nullable=False, index=True),
    _text("verdict"),
    _text("method", nullable=True),
    _text("reason", nullable=True),
    _json("files"),
    sa.Column("metadata_digest", sa.String(64)),
    _time("updated_at"),
    sa.Column("urls", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("rank", sa.Integer, nullable=False, server_default="2"),
    sa.Column("error", sa.Float),
    sa.Column("variant", sa.JSON),
    sa.Column("fake", sa.JSON),
    sa.Column("peers", sa.JSON, nullable=False, server_default="[]"),
    sa.UniqueConstraint("finding_id", "swarm_key"),
)

swarm = sa.Table(
    "swarm",
    metadata,
    sa.Column("swarm_key", sa.String(40), primary_key=True),
    _json("infohashes"),
    _json("trackers"),
    _time("since"),
    sa.Column("next_sample_at", UtcDateTime, nullable=False, index=True),
    _count("failures"),
)

swarm_sample = sa.Table(
    "swarm_sample",
    metadata,
    _id(),
    sa.Column("swarm_key", sa.String(40), nullable=False),
    _time("at"),
    _text("method"),
    _text("source"),
    sa.Column("seeds", sa.Integer),
    sa.Column("leechers", sa.Integer),
    sa.Column("completed", sa.Integer),
    sa.Column("error", sa.Float),
    sa.Column("origins", sa.JSON),
    sa.Index("ix_swarm_sample_swarm_key_at", "swarm_key", "at"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    _id(),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("finding_id", sa.Text, nullable=False, index=True),
    _json("alert"),
    _text("state"),
    _time("due_at"),
    _text("lease_token", nullable=True),
    _time("lease_until", nullable=True),
    _count("attempts"),
    _flag("uncertain"),
    _text("last_error", nullable=True),
    _text("reference", nullable=True),
    _time("created_at"),
    _time("sent_at", nullable=True),
    sa.Column("recipient", sa.Text, nullable=False, server_default=""),
    sa.Column("route", sa.Text, nullable=False, server_default=""),
    sa.Column("urgency", sa.Integer, nullable=False, server_default="0"),
    sa.Column("waited_s", sa.Float, nullable=False, server_default="0"),
    sa.Column("folded_into", sa.String(64), index=True),
    sa.Index("ix_outbox_channel_state_due_at", "channel", "state", "due_at"),
)

channel = sa.Table(
    "channel",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _count("failures"),
    _time("failing_since", nullable=True),
    _time("rests_until", nullable=True),
    _time("closed_at", nullable=True),
    _text("because"),
    _json("told"),
)

announcement = sa.Table(
    "announcement",
    metadata,
    _id(),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    _text("route"),
    _text("channel"),
    _text("group_key"),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    _text("asset"),
    sa.Column("alert", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("urgency", sa.Integer, nullable=False),
    _text("state"),
    _text("why"),
    _time("due_at"),
    _time("created_at"),
    _time("told_at", nullable=True),
    sa.Column("outbox_key", sa.String(64)),
    sa.Column("silence_id", sa.BigInteger, index=True),
    sa.Index("ix_announcement_state_due_at", "state", "due_at"),
    sa.Index("ix_announcement_channel_group", "state", "channel", "route", "group_key"),
)

told_message = sa.Table(
    "told_message",
    metadata,
    _id(),
    sa.Column("key", sa.String(64), nullable=False),
    _text("route"),
    _text("channel"),
    _text("group_key"),
    _text("asset"),
    _text("kind"),
    sa.Column("urgency", sa.Integer, nullable=False),
    _time("at"),
    sa.Index("ix_told_message_channel_at", "channel", "at"),
    sa.Index("ix_told_message_group", "route", "channel", "group_key", "at"),
)

standing = sa.Table(
    "standing",
    metadata,
    sa.Column("route", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("told", sa.Integer, nullable=False, server_default="0"),
    sa.Column("step", sa.Integer, nullable=False, server_default="0"),
    _time("first_at"),
    _time("last_at"),
    sa.Column("next_at", UtcDateTime, nullable=False, index=True),
    sa.Index("ix_standing_subject", "subject"),
)

message_thread = sa.Table(
    "message_thread",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("recipient", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    _text("reference"),
    sa.Column("detail", sa.JSON, nullable=False, server_default="{}"),
    _time("at"),
)

silence = sa.Table(
    "silence",
    metadata,
    _id(),
    sa.Column("matchers", sa.JSON, nullable=False, server_default="{}"),
    _time("starts_at"),
    _time("ends_at"),
    _text("actor"),
    _text("reason"),
    _time("created_at"),
    _time("ended_at", nullable=True),
    _text("ended_by", nullable=True),
    sa.Column("silenced", sa.Integer, nullable=False, server_default="0"),
    _time("told_at", nullable=True),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _time("at"),
    _text("actor"),
    _text("action"),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    _text("detail"),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
)

recheck = sa.Table(
    "recheck",
    metadata,
    _id(),
    sa.Column("finding_id", sa.ForeignKey("finding.id", ondelete="CASCADE"), nullable=False),
    _text("url"),
    _text("site"),
    _text("native_id"),
    _text("step"),
    _text("state"),
    _time("due_at"),
    _time("done_at", nullable=True),
    _text("outcome", nullable=True),
    sa.Column("detail", sa.JSON, nullable=False, server_default="{}"),
    sa.UniqueConstraint("finding_id", "url", "step"),
    sa.Index("ix_recheck_state_due_at", "state", "due_at"),
)

screenshot = sa.Table(
    "screenshot",
    metadata,
    _id(),
    sa.Column("finding_id", sa.ForeignKey("finding.id", ondelete="CASCADE"), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, index=True),
    _text("site"),
    _text("url"),
    _time("captured_at"),
    sa.Column("state", sa.Text, nullable=False, index=True),
    _time("done_at", nullable=True),
    sa.Column("picture", sa.String(64)),
    _text("why", nullable=True),
    sa.UniqueConstraint("finding_id", "digest", "site"),
)

stamp = sa.Table(
    "stamp",
    metadata,
    _id(),
    sa.Column("digest", sa.String(64), nullable=False, index=True),
    _text("authority"),
    _text("state"),
    sa.Column("token", sa.String(64)),
    _time("at"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    _time("next_try_at", nullable=True),
    _text("detail", nullable=True),
    sa.UniqueConstraint("digest", "authority"),
)

notice = sa.Table(
    "notice",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    _of("finding_id", "finding.id"),
    _text("addressee"),
    _text("host", nullable=True),
    _text("state"),
    _text("subject"),
    _text("body"),
    sa.Column("detail", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("signoffs", sa.JSON, nullable=False, server_default="[]"),
    _text("drafted_by"),
    _time("drafted_at"),
    _time("submitted_at", nullable=True),
    _time("removed_at", nullable=True),
    _time("deadline_at", nullable=True),
    sa.Column("next_check_at", UtcDateTime, index=True),
)

notice_event = sa.Table(
    "notice_event",
    metadata,
    _id(),
    _of("notice_id", "notice.id"),
    _time("at"),
    _text("actor"),
    _text("kind"),
    sa.Column("detail", sa.JSON, nullable=False, server_default="{}"),
)
