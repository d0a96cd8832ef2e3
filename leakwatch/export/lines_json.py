"""JSON lines: one object a line, `schema` first; nothing in it steers a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from leakwatch.display import escaped_json
from leakwatch.export.records import Record


def rows(records: Sequence[Record], schema: str) -> bytes:
    """Records, a line each."""
    told = (json.dumps({"schema": schema, **one}, ensure_ascii=False, default=time_text) for one in records)
    return "".join(f"{escaped_json(line)}\n" for line in told).encode("utf-8")


def time_text(at: datetime) -> str:
    """A time by RFC 3339, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
