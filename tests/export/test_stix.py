"""STIX 2.1 as a consumer reads it: by the library's own reader, and by rules of the standard that it does not check."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from leakwatch.export import Terms, export
from leakwatch.export.stix import EXTENSION, Stix
from leakwatch.model.finding import Severity, State, Verdict
from leakwatch.model.lines import Wanted
from leakwatch.store.repository import SqlRepository

from .filled import NOON, SECRET, URL, fill, finding, line

stix2 = pytest.importorskip("stix2")
TERMS = Terms(organisation="Example Studio")
_REFS = re.compile(r"_refs?$")


def objects(*lines: Any, terms: Terms = TERMS) -> list[dict[str, Any]]:
    """All objects of some findings."""
    made = Stix(terms)
    return [json.loads(one) for one in [*made.first(), *(o for one in lines for o in made.objects(one))]]


def references(one: dict[str, Any]) -> list[str]:
    """The ids that an object refers to, but for its marking."""
    found: list[str] = []
    for name, value in one.items():
        if _REFS.search(name):
            found += value if isinstance(value, list) else [value]
    return found


def check(told: list[dict[str, Any]]) -> None:
    """What the standard asks of a whole bundle."""
    seen: set[str] = set()
    for one in told:
        assert one["id"] not in seen
        assert one["type"] == one["id"].split("--")[0]
        assert set(references(one)) <= seen, "an object comes after those that it refers to"
        seen.add(one["id"])
        assert one["spec_version"] == "2.1"
        if one["type"] not in ("marking-definition", "url", "file"):
            assert one["created"] <= one["modified"]
        if one["type"] not in ("marking-definition", "identity", "extension-definition"):
            assert one["object_marking_refs"]
        if one["type"] == "sighting":
            assert one["sighting_of_ref"].split("--")[0] == "indicator"
            assert one["first_seen"] <= one["last_seen"]
        for name in one.get("extensions", {}):
            assert name in seen
        stix2.parse(one, allow_custom=False)
    stix2.parse({"type": "bundle", "id": f"bundle--{TERMS.stable_id('b')}", "objects": told})


def by_type(told: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in told if one["type"] == kind]


def test_what_a_finding_becomes() -> None:
    """Addresses, a torrent with its infohashes, a file with hashes; an indicator that names them; sighting, report, note."""
    told = objects(line(finding("LW-A")))
    check(told)
    assert {one["value"] for one in by_type(told, "url")} >= {URL}
    (torrent,) = [one for one in by_type(told, "url") if "extensions" in one]
    assert torrent["extensions"][EXTENSION] == {
        "extension_type": "property-extension",
        "btih": "11" * 20,
        "btmh": "1220" + "22" * 32,
    }
    (file,) = by_type(told, "file")
    assert file["hashes"] == {"SHA-256": "ab" * 32, "SHA-1": "cd" * 20}
    (indicator,) = by_type(told, "indicator")
    assert f"file:hashes.'SHA-256' = '{'ab' * 32}'" in indicator["pattern"]
    assert r"url:value = 'https://board.example/t/1?q=\'x\\y\''" in indicator["pattern"]
    (sighting,) = by_type(told, "sighting")
    assert sighting["sighting_of_ref"] == indicator["id"]
    (report,), (note,) = by_type(told, "report"), by_type(told, "note")
    assert note["object_refs"] == [report["id"]]
    assert indicator["id"] in report["object_refs"]


def test_confidence_is_in_the_case_and_not_its_severity() -> None:
    """What is urgent and not proved is told with no more confidence than its pattern."""
    case = finding("LW-A", verdict=Verdict.UNPROVED, severity=Severity.CRITICAL)
    told = objects(line(case))
    (note,), (indicator,) = by_type(told, "note"), by_type(told, "indicator")
    assert note["confidence"] == indicator["confidence"] == 58


@pytest.mark.parametrize("state", [State.FALSE_POSITIVE, State.ALLOWED])
def test_what_was_judged_to_be_no_leak_is_nothing_to_act_on(state: State) -> None:
    """Addresses of an official copy, though its torrent is proved, are benign; opened again the same indicator counts."""
    case = finding("LW-A", verdict=Verdict.PROVED, state=state)
    told, open_again = objects(line(case)), objects(line(replace(case, state=State.REOPENED)))
    check(told)
    (note,), (indicator,) = by_type(told, "note"), by_type(told, "indicator")
    assert (note["confidence"], indicator["confidence"], indicator["indicator_types"]) == (0, 0, ["benign"])
    (again,) = by_type(open_again, "indicator")
    assert (again["id"], again["confidence"], again["indicator_types"]) == (indicator["id"], 100, ["unknown"])


def test_what_our_extension_means_is_said_by_a_schema() -> None:
    """The extension definition is the same in every installation, and its schema is one that the value satisfies."""
    schema = json.loads(by_type(objects(), "extension-definition")[0]["schema"])
    told = objects(line(finding("LW-A")))
    (torrent,) = [one for one in by_type(told, "url") if "extensions" in one]
    for name, text in torrent["extensions"][EXTENSION].items():
        wanted = schema["properties"][name]
        assert wanted.get("const", text) == text
        assert re.search(wanted.get("pattern", ""), text)
    assert by_type(objects(terms=Terms(organisation="Another")), "extension-definition") == by_type(
        objects(), "extension-definition"
    )


def test_again() -> None:
    """The same finding has the same ids; one that changed has a later `modified`; another organisation other ids."""
    first, again = objects(line(finding("LW-A"))), objects(line(finding("LW-A")))
    assert first == again
    later = objects(line(replace(finding("LW-A"), updated_at=NOON + timedelta(hours=1))))
    assert [one["id"] for one in later] == [one["id"] for one in first]
    assert by_type(later, "report")[0]["modified"] > by_type(first, "report")[0]["modified"]
    other = objects(line(finding("LW-A")), terms=Terms(organisation="Another"))
    assert by_type(other, "report")[0]["id"] != by_type(first, "report")[0]["id"]


def test_what_findings_share_is_there_once() -> None:
    """The same address in two findings is one object."""
    told = objects(line(finding("LW-A")), line(finding("LW-B")))
    check(told)
    assert len(by_type(told, "url")) == 2
    assert len(by_type(told, "report")) == 2


@pytest.mark.parametrize(
    ("tlp", "name"), [("clear", "white"), ("green", "green"), ("amber", "amber"), ("red", "red")]
)
def test_marking(tlp: Any, name: str) -> None:
    """Every object of a finding bears the marking that the configuration names."""
    told = objects(line(finding("LW-A")), terms=Terms(tlp=tlp))
    (marking,) = by_type(told, "marking-definition")
    assert marking["definition"] == {"tlp": name}
    for kind in ("url", "file", "indicator", "observed-data", "sighting", "report", "note"):
        assert all(one["object_marking_refs"] == [marking["id"]] for one in by_type(told, kind))


def test_a_work_under_embargo_has_a_report_and_a_note_alone() -> None:
    """Neither address nor hash is told."""
    told = objects(line(finding("LW-C", SECRET, "Quiet Harbour leak"), SECRET))
    check(told)
    assert not any(by_type(told, kind) for kind in ("url", "file", "indicator", "observed-data", "sighting"))
    assert "BLUE-07" in by_type(told, "report")[0]["name"]
    assert "quiet" not in json.dumps(told).casefold()


@pytest.mark.parametrize(
    "url", ["x'] OR [file:name = 'y", "\\' OR", "a\nb", "\u202e", "' ' '", "\x00", "\ud800"]
)
def test_hostile_addresses_stay_in_their_quotes(url: str) -> None:
    """An address cannot end the text of a pattern."""
    told = objects(line(finding("LW-A"), urls=[url]))
    check(told)
    parsed = stix2.pattern_visitor.create_pattern_object(by_type(told, "indicator")[0]["pattern"])
    assert "file:name" not in re.sub(r"'(?:[^'\\]|\\.)*'", "''", str(parsed))


async def test_a_bundle_from_the_store(repository: SqlRepository) -> None:
    """What the command writes is one bundle that the library reads."""
    await fill(repository)
    out = io.BytesIO()
    assert await export("findings", "stix", Wanted(), TERMS, repository, out) == 3
    bundle = json.loads(out.getvalue())
    check(bundle["objects"])
    assert len(by_type(bundle["objects"], "report")) == 3
    assert sorted(one["description"] for one in by_type(bundle["objects"], "sighting")) == [
        "Seen on board",
        "Seen on board",
        "Seen on index",
    ]
