"""What an answer's objects were asked for, and what they have of it."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from leakwatch.limited.reading import parsed
from leakwatch.model.observation import Observation
from leakwatch.sources._asked import MAX_NAMES, Fields, together
from leakwatch.sources._kind import Page, Payload, PolledKind, Request


def answer(body: Any) -> Payload:
    """An answer in JSON."""
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    request = Request(url="https://a.example")
    told = json.dumps(body).encode()
    return Payload(request=request, url=request.url, status=200, headers={}, body=told, fetched_at=at)


def _parse(payload: Payload) -> Page:
    """Names of models; where the time of their making is missing, that of their last change stands in for it."""
    seen = [
        Observation(
            site="hub",
            native_id=str(one["id"]),
            title=str(one.get("owner", {}).get("name")),
            fetched_at=payload.fetched_at,
            text=one.get("made") or one.get("changed"),
        )
        for one in payload.json()
    ]
    return Page(observations=tuple(seen))


KIND = PolledKind(name="hub", settings=dict, start=lambda _site, _cursor: iter(()), parse=_parse)


def fields(*models: dict[str, Any]) -> Fields:
    """What an answer with these models has of what the kind asks for."""
    return parsed(KIND, answer(models)).fields


WHOLE = {
    "id": 7,
    "made": "2026-11-20T12:00:00Z",
    "changed": "2026-11-21",
    "likes": 3,
    "owner": {"name": "gale"},
}


def test_fields_are_those_that_were_asked_for() -> None:
    """A field that nobody asked for is not among them; that of an object in another is named by both."""
    assert set(fields(WHOLE)) == {"id", "owner", "owner.name", "made"}


def test_a_stand_in_hides_no_loss() -> None:
    """Once one object is asked for the field that stands in, both fields are counted, over all objects."""
    lost = {name: value for name, value in WHOLE.items() if name != "made"}
    seen = fields(WHOLE, lost, lost)
    assert (seen["made"].there, seen["made"].of) == (1, 3)
    assert (seen["changed"].there, seen["changed"].of) == (3, 3)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (None, "nothing"),
        ("", "nothing"),
        ([], "nothing"),
        (False, "yes or no"),
        (0, "a number"),
        ("12", "a number"),
        ("2026-11-20T12:00:00Z", "a date"),
        ("2 hours ago", "a number"),
        ("Download", "a word"),
        ("Ð¡Ð»Ð¸ Download", "broken characters"),
        ({"value": 1}, "more"),
    ],
)
def test_shapes(value: Any, shape: str) -> None:
    """Values are told apart by their shape, a field without a value from one that is not there."""
    assert fields({**WHOLE, "made": value})["made"].shapes == {shape: 1}


def test_sizes_and_repetition() -> None:
    """Numbers count by their logarithm, also where they are texts; equal ones are one."""
    seen = fields({**WHOLE, "id": 7}, {**WHOLE, "id": "7"}, {**WHOLE, "id": 7})["id"]
    assert (seen.plain, seen.different) == (3, 2)
    assert seen.bits == pytest.approx(3 * math.log2(8))
    assert fields(WHOLE)["owner.name"].bits == pytest.approx(math.log2(5))


def test_answers_are_counted_together() -> None:
    """Two pages of one poll are one count."""
    both = together((fields(WHOLE), fields(WHOLE, {"id": 8})))
    assert (both["made"].there, both["made"].of) == (2, 3)
    assert both["made"].shapes == {"a date": 2}


def test_what_is_noted_is_bounded() -> None:
    """Names that come from the answer itself, and endless lists, are noted up to a limit."""
    payload = answer({"many": [{"id": number} for number in range(5000)]})
    body = payload.json()
    for one in body["many"]:
        assert one["id"] == one.get("id")
        body.get(f"name {one['id']}")
    found = payload.asked.fields()
    assert len(found) == MAX_NAMES
    assert found["many.id"].of == 100
    assert "id" not in found


def test_objects_are_dictionaries() -> None:
    """An object compares, copies and goes to JSON as any dictionary; a page read twice is counted once."""
    payload = answer([WHOLE])
    assert payload.json() == [WHOLE]
    assert payload.json()[0].get(7, "none") == "none"
    with pytest.raises(KeyError):
        payload.json()[0]["none"]
    assert json.loads(json.dumps(payload.json())) == [WHOLE]
    assert parsed(KIND, payload) == parsed(KIND, payload)
