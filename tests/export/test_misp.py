"""MISP events as the library reads them back, by its table of types and its object templates."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from leakwatch.export import Terms, export
from leakwatch.export.misp import Events
from leakwatch.model.finding import Severity, State, Verdict
from leakwatch.model.lines import FindingLine, Wanted
from leakwatch.store.repository import SqlRepository

from .filled import FILE, NOON, OPEN, SECRET, URL, fill, finding, line

pymisp = pytest.importorskip("pymisp")
TERMS = Terms(organisation="Example Studio")


def events(*lines: FindingLine, terms: Terms = TERMS) -> list[dict[str, Any]]:
    made = Events(terms)
    return [json.loads(one)["Event"] for one in [*made.add(lines), *made.rest()]]


def check(told: dict[str, Any]) -> None:
    """Types and categories by describeTypes, objects by their templates, nothing for others than ourselves."""
    known = pymisp.MISPEvent().describe_types
    event = pymisp.MISPEvent(strict_validation=True)
    event.from_dict(**json.loads(json.dumps(told)))  # it takes what it is given apart
    for one in [*told.get("Attribute", []), *(a for o in told.get("Object", []) for a in o["Attribute"])]:
        assert one["type"] in known["types"]
        assert one["type"] in known["category_type_mappings"][one["category"]]
        assert one["distribution"] in (0, "0")
    for one in told.get("Object", []):
        template = pymisp.MISPObject(one["name"], strict=True)
        assert (one["template_uuid"], str(one["template_version"])) == (
            template._definition["uuid"],
            str(template._definition["version"]),
        )
        relations = {a["object_relation"] for a in one["Attribute"]}
        assert relations <= set(template._definition["attributes"])
        assert set(template._definition.get("required", [])) <= relations
        some = template._definition.get("requiredOneOf")
        assert not some or relations & set(some)
        assert one["distribution"] in (0, "0")
    assert told["distribution"] in (0, "0")
    assert told["published"] is False


def objects(told: dict[str, Any], name: str) -> list[dict[str, str]]:
    return [
        {a["object_relation"]: a["value"] for a in one["Attribute"]}
        for one in told["Object"]
        if one["name"] == name
    ]


def test_what_a_day_becomes() -> None:
    """One event with an object for the case, each address and each file, and attributes for the torrent."""
    (told,) = events(line(finding("LW-A")))
    check(told)
    assert told["date"] == "2026-11-19"
    assert objects(told, "url") == [{"url": URL}]
    (file,) = objects(told, "file")
    assert (file["sha256"], file["filename"], str(file["size-in-bytes"])) == (
        FILE.sha256,
        "tideglass.bin",
        "3000000001",
    )
    (case,) = objects(told, "ail-leak")
    assert case["sensor"] == "Example Studio"
    assert [one["value"] for one in told["Attribute"]] == ["11" * 20, "22" * 32]
    assert [one["name"] for one in told["Tag"]] == ["tlp:amber"]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_what_is_proved_is_for_sensors(verdict: Verdict) -> None:
    """Addresses and digests of a case that is not proved are told, and marked as nothing to act on by itself."""
    (told,) = events(line(replace(finding("LW-A"), verdict=verdict)))
    marked = {
        a["to_ids"] for one in told["Object"] if one["name"] in ("url", "file") for a in one["Attribute"]
    }
    assert (True in marked) is (verdict is Verdict.PROVED)


@pytest.mark.parametrize("state", [State.FALSE_POSITIVE, State.ALLOWED])
def test_what_was_judged_to_be_no_leak_is_not_for_sensors(state: State) -> None:
    """An official copy, though its torrent is proved, is nothing to block."""
    (told,) = events(line(finding("LW-A", verdict=Verdict.PROVED, state=state)))
    assert not any(a["to_ids"] for one in told["Object"] for a in one["Attribute"])


def test_again() -> None:
    """The same findings make the same event, with all its ids; one that was closed is done."""
    first, again = events(line(finding("LW-A"))), events(line(finding("LW-A")))
    assert first == again
    (closed,) = events(line(finding("LW-A", state=State.REMOVED, severity=Severity.LOW)))
    assert closed["uuid"] == first[0]["uuid"]
    assert (str(closed["analysis"]), str(closed["threat_level_id"])) == ("2", "3")
    assert (str(first[0]["analysis"]), str(first[0]["threat_level_id"])) == ("1", "1")


def test_an_event_an_asset_and_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another day or another asset is another event; a day with very many findings has several."""
    day = [line(replace(finding(f"LW-{n}"), opened_at=NOON)) for n in range(5)]
    other = line(replace(finding("LW-X"), opened_at=NOON + timedelta(days=1)))
    told = events(*day, other)
    assert [one["date"] for one in told] == ["2026-11-20", "2026-11-21"]
    monkeypatch.setattr("leakwatch.export.misp.MOST", 2)
    parts = events(*day)
    assert len(parts) == len({one["uuid"] for one in parts}) == 3
    assert [len(objects(one, "ail-leak")) for one in parts] == [2, 2, 1]


def test_a_work_under_embargo() -> None:
    """The event tells the case by its code name, and no address or hash."""
    (told,) = events(line(finding("LW-C", SECRET, "Quiet Harbour leak"), SECRET))
    check(told)
    assert "BLUE-07" in told["info"]
    assert {one["name"] for one in told["Object"]} == {"ail-leak"}
    assert not told.get("Attribute")
    assert "quiet" not in json.dumps(told).casefold()


@pytest.mark.parametrize("text", ["<b>\u202e\x1b[31m", "\ud800", "\x00", "a\r\nb", "x" * 10_000])
def test_hostile_titles(text: str) -> None:
    """Whatever an item is called, the event is valid and steers nothing."""
    (told,) = events(line(finding("LW-A", title=text), OPEN))
    check(told)
    assert not any(c in json.dumps(told, ensure_ascii=False) for c in "\x1b\u202e\x00\ud800")


async def test_events_from_the_store(repository: SqlRepository) -> None:
    """What the command writes is what MISP imports: a list of events."""
    await fill(repository)
    out = io.BytesIO()
    assert await export("findings", "misp", Wanted(), TERMS, repository, out) == 3
    told = [one["Event"] for one in json.loads(out.getvalue())["response"]]
    for one in told:
        check(one)
    assert [len(objects(one, "ail-leak")) for one in told] == [1, 2]
