"""No value that a site can send makes a kind stumble: it reads the rest, or says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leakwatch.errors import LayoutChanged, Refused
from leakwatch.sources import KINDS

from .test_payloads import payload_of, settings_of

HERE = Path(__file__).parent
TALK = ("hackernews", "reddit", "lemmy", "mastodon", "discourse")
STRANGE = (None, True, -1, 1e308, 2**70, "", "\ud800", [], [None], [[]], {}, {"a": None}, "https://[x")
CASES = sorted(
    file
    for kind in TALK
    for file in (HERE / kind).glob("*.expected.json")
    if json.loads(file.read_text("utf-8"))["outcome"] == "page"
    and "full" not in file.name
    and file.with_name(file.name.replace(".expected.", ".")).exists()
)
"""Payloads in JSON; what is strange in feeds is in test_poison.py, and forty alike statuses teach nothing more."""


def changed(value: Any) -> Iterator[Any]:
    """The value with one part of it replaced by something strange, for each part and each strange thing."""
    yield from STRANGE
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        for other in changed(part):
            yield (
                {**value, name: other}
                if isinstance(value, dict)
                else [
                    *value[:name],
                    other,
                    *value[name + 1 :],
                ]
            )


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name.split('.')[0]}")
def test_a_strange_value_is_no_stumbling_block(case: Path) -> None:
    """Every part of every payload is replaced in turn: parsing and paging back end in a value or an error of a source."""
    name, payload = payload_of(case)
    kind = KINDS[name]
    for body in changed(json.loads(payload.body)):
        one = replace(payload, body=json.dumps(body).encode())
        try:
            page = kind.parse(one)
        except (LayoutChanged, Refused):
            continue
        assert all(seen.native_id for seen in page.observations)
        if kind.back and (settings := settings_of(case)):
            kind.back(settings, one, page)


def test_a_strange_text_hides_no_other_post() -> None:
    """A list where Reddit writes a text costs that text alone."""
    _, payload = payload_of(HERE / "reddit" / "new_plain.expected.json")
    body = json.loads(payload.body)
    body["data"]["children"][0]["data"]["selftext"] = [[]]
    page = KINDS["reddit"].parse(replace(payload, body=json.dumps(body).encode()))
    assert [one.native_id for one in page.observations] == ["t3_1zq0ab", "t3_1zq0aa"]
