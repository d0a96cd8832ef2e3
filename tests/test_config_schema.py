"""The committed JSON Schema is the one that the types give."""

from __future__ import annotations

import json
from pathlib import Path

from leakwatch.config.schema import schema
from leakwatch.sources import KINDS

COMMITTED = Path(__file__).parents[1] / "docs" / "leakwatch.schema.json"


def test_committed_schema_is_current() -> None:
    """`leakwatch config schema > docs/leakwatch.schema.json` was run after the last change."""
    assert json.loads(COMMITTED.read_text("utf-8")) == schema()


def test_schema_gives_a_stream_no_schedule() -> None:
    """A site that is listened to has neither an address nor a schedule, as the reader has it."""
    (dht,) = [
        one
        for one in schema()["properties"]["sites"]["items"]["oneOf"]
        if one["properties"]["kind"]["enum"] == ["dht"]
    ]
    assert set(dht["properties"]) == {
        "name",
        "kind",
        "enabled",
        "prior_bits",
        "blind_budget",
        "packets_per_s",
        "bootstrap",
    }


def test_schema_knows_every_kind() -> None:
    """Every source kind and every channel kind can be written, and nothing unknown can."""
    told = schema()
    kinds = [
        name
        for one in told["properties"]["sites"]["items"]["oneOf"]
        for name in one["properties"]["kind"]["enum"]
    ]
    assert set(kinds) == {*KINDS, "rss"}
    assert all(
        one["additionalProperties"] is False for one in told["properties"]["channels"]["items"]["oneOf"]
    )
