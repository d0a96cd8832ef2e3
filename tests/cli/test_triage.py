"""Triage from the command line: one or many, dry or done, refused or written down; the life of an asset."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from leakwatch.errors import InputError
from leakwatch.model.finding import FindingId, Severity, Verdict
from leakwatch.store.repository import SqlRepository

from .test_commands import CASE, MODEL, NOON, database, empty_database, fails, fill, home, run, values

__all__ = ["database", "empty_database", "home"]
LOW = replace(CASE, id=FindingId("LW-2"), opened_at=NOON + timedelta(hours=1), severity=Severity.LOW)


def states() -> dict[str, str]:
    """The state of each finding."""
    return {one["id"]: one["state"] for one in values(run("finding", "list", "--json").stdout)}


def entries(url: str) -> list[tuple[str, str, str]]:
    """Actor, action and subject of the audit."""

    async def work() -> list[tuple[str, str, str]]:
        store = SqlRepository.open(url)
        async with store.reading() as reading:
            found = [(one.actor, one.action, one.subject) for one in await reading.audit.entries()]
        await store.close()
        return found

    return asyncio.run(work())


def test_one_act_has_an_actor(home: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who does it is --by, else LEAKWATCH_ACTOR; it stands in history and audit."""
    asyncio.run(fill(database, CASE))
    assert run("finding", "ack", "LW-1", "--by", "ann", "--reason", "mine").stderr == "LW-1: acknowledged\n"
    monkeypatch.setenv("LEAKWATCH_ACTOR", "bob")
    run("finding", "comment", "LW-1", "looked at it")
    run("finding", "assign", "LW-1", "--to", "cy")
    run("finding", "due", "LW-1", "--at", "2027-02-01T12:00")
    assert entries(database) == [
        ("ann", "finding.state", "LW-1"),
        ("bob", "finding.comment", "LW-1"),
        ("bob", "finding.assign", "LW-1"),
        ("bob", "finding.due", "LW-1"),
    ]
    text = run("finding", "show", "LW-1").stdout
    for part in ("acknowledged: by ann", "assigned: cy", "due: 2027-02-01T12:00", "text=looked at it"):
        assert part in text
    (told,) = values(run("finding", "show", "LW-1", "--json").stdout)
    assert [(e["kind"], e["actor"]) for e in told["events"][1:]] == [
        ("state_changed", "ann"),
        ("comment", "bob"),
        ("assigned", "bob"),
        ("due", "bob"),
    ]


def test_many_by_filter_or_by_name(home: Path, database: str) -> None:
    """A filter chooses, a dry run only lists, one that is refused stops no other, and ends with 1."""
    asyncio.run(fill(database, CASE, LOW))
    dry = run("finding", "ack", "--severity", "low", "--dry-run")
    assert ([line.split("\t")[0] for line in dry.stdout.splitlines()], set(states().values())) == (
        ["LW-2"],
        {"new"},
    )
    assert "1 finding; nothing was done" in dry.stderr
    assert dry.stdout.endswith("\tacknowledged\n")
    run("finding", "ack", "--severity", "low")
    assert states() == {"LW-1": "new", "LW-2": "acknowledged"}
    result = run("finding", "ack", "LW-2", "LW-1", code=1)
    assert "LW-2: LW-2 is acknowledged and can become" in result.stderr
    assert states() == {"LW-1": "acknowledged", "LW-2": "acknowledged"}
    assert len(entries(database)) == 2
    run(
        "finding",
        "confirm",
        "--asset",
        "model",
        "--verdict",
        "proved",
        "--site",
        "board",
        "--older",
        "1w",
        code=0,
    )
    run("finding", "reopen", "--state", "false_positive")
    run("finding", "ack", code=2)
    run("finding", "ack", "LW-1", "--severity", "low", code=2)
    run("finding", "ack", "--older", "soon", code=2)
    assert "finding list" in fails(InputError, "finding", "ack", "LW-9")


def test_the_list_takes_the_filters_of_the_acts(home: Path, database: str) -> None:
    """Each filter of `ack` leaves the same in `list`, as lines and as JSON; nobody is an empty name."""
    asyncio.run(fill(database, CASE, replace(LOW, assignee="ana", verdict=Verdict.LIKELY)))
    run("finding", "confirm", "LW-1")
    for told, left in (
        (("--severity", "low"), ["LW-2"]),
        (("--state", "confirmed"), ["LW-1"]),
        (("--verdict", "likely"), ["LW-2"]),
        (("--assignee", "ana"), ["LW-2"]),
        (("--assignee", ""), ["LW-1"]),
        (("--asset", "model", "--site", "board"), ["LW-2", "LW-1"]),
        (("--asset", "another"), []),
        (("--since", "1h"), ["LW-1"]),
        (("--since", "2026-11-20"), ["LW-2", "LW-1"]),
        (("--since", "2026-11-20T12:30Z", "--severity", "low"), []),
        (("--older", "1h"), ["LW-2"]),
    ):
        assert [one["id"] for one in values(run("finding", "list", "--json", *told).stdout)] == left, told
        plain = run("finding", "list", *told)
        assert [line.split("\t")[0] for line in plain.stdout.splitlines()] == left
        dry = run("finding", "assign", "--to", "bob", "--dry-run", *told).stdout
        assert sorted(line.split("\t")[0] for line in dry.splitlines()) == sorted(left)
    assert run("finding", "list", "--asset", "another").stderr == "no findings like that\n"
    assert "--since" in fails(InputError, "finding", "list", "--since", "lately")


def test_what_the_list_hides_is_said(home: Path, database: str) -> None:
    """Fifty are shown to people, all to programs; --fail-at sees what is not shown."""
    many = [
        replace(CASE, id=FindingId(f"LW-{n:04}"), opened_at=NOON + timedelta(minutes=n)) for n in range(51)
    ]
    asyncio.run(fill(database, replace(many[0], severity=Severity.CRITICAL), *many[1:]))
    short = run("finding", "list", "--fail-at", "critical", code=10)
    assert (len(short.stdout.splitlines()), short.stderr) == (
        50,
        "showing 50 of 51; --limit 0 shows all\n",
    )
    for told in (("--limit", "0"), ("--json",), ("--json", "--limit", "0")):
        every = run("finding", "list", *told)
        assert (len(every.stdout.splitlines()), every.stderr) == (51, "")
    few = run("finding", "list", "--json", "--limit", "2", "--sort", "severity")
    assert [one["id"] for one in values(few.stdout)] == ["LW-0000", "LW-0050"]
    assert few.stderr == "showing 2 of 51; --limit 0 shows all\n"


def test_the_order_of_the_list(home: Path, database: str) -> None:
    """Newest, last changed, most severe, or due first; those without a date are last."""
    asyncio.run(fill(database, CASE, LOW, replace(CASE, id=FindingId("LW-3"), opened_at=NOON)))
    run("finding", "due", "LW-1", "--at", "2027-03-01")
    run("finding", "due", "LW-3", "--at", "2027-02-01")
    for sort, left in (
        ("opened", ["LW-2", "LW-3", "LW-1"]),
        ("updated", ["LW-3", "LW-1", "LW-2"]),
        ("severity", ["LW-3", "LW-1", "LW-2"]),
        ("sightings", ["LW-2", "LW-3", "LW-1"]),
        ("due", ["LW-3", "LW-1", "LW-2"]),
    ):
        assert [one["id"] for one in values(run("finding", "list", "--json", "--sort", sort).stdout)] == left


def test_an_act_says_what_it_did(home: Path, database: str) -> None:
    """In words, in a dry run, and as JSON; what is refused, too."""
    asyncio.run(fill(database, CASE))
    for told, words in (
        (("assign", "LW-1", "--to", "ana"), "assigned to ana"),
        (("assign", "LW-1"), "assigned to nobody"),
        (("due", "LW-1", "--at", "2026-12-01"), "due 2026-12-01"),
        (("due", "LW-1", "--at", "2026-12-01T08:30"), "due 2026-12-01 08:30 UTC"),
        (("due", "LW-1"), "no longer due"),
        (("comment", "LW-1", "looked at it"), "comment added"),
    ):
        before = len(entries(database))
        assert run("finding", *told, "--dry-run").stdout.rstrip().endswith(f"\t{words}")
        (dry,) = values(run("finding", *told, "--dry-run", "--json").stdout)
        assert (dry["did"], dry["dry_run"], len(entries(database))) == (words, True, before)
        assert run("finding", *told).stderr == f"LW-1: {words}\n"
        result = run("finding", *told, "--json")
        (done,) = values(result.stdout)
        assert (done["id"], done["did"], done["dry_run"], result.stderr) == ("LW-1", words, False, "")
        assert len(entries(database)) == before + 2
    (refused,) = values(run("finding", "reopen", "LW-1", "--json", code=1).stdout)
    assert refused["id"] == "LW-1"
    assert "LW-1 is new and can become" in refused["refused"]


def test_a_false_positive_with_a_scope(home: Path, database: str) -> None:
    """Why is needed; the scope is in the allow list with its last day."""
    asyncio.run(fill(database, CASE))
    assert "say why" in fails(InputError, "finding", "false-positive", "LW-1")
    told = ("finding", "false-positive", "LW-1", "--scope", "site", "--until", "2090-01-31")
    words = "false_positive; hides items of the site board (1 of 1 sighting of this case) until 2090-01-31"
    dry = run(*told, "--reason", "scenery", "--dry-run")
    assert dry.stdout.endswith(f"\t{words}\n")
    assert states() == {"LW-1": "new"}
    assert run(*told, "--reason", "scenery", "--by", "ann").stderr == f"LW-1: {words}\n"
    assert states() == {"LW-1": "false_positive"}
    assert "allow: site board (suppress until 2090-01-31): scenery" in run("asset", "show", "model").stdout
    left = (
        "still hidden: items of the site board until 2090-01-31 "
        "(`leakwatch asset disallow model --site board` ends that)"
    )
    assert "still hidden" not in run("finding", "show", "LW-1").stdout
    done = run("finding", "reopen", "LW-1", "--reason", "it is one")
    assert done.stderr == f"LW-1: reopened; {left}\n"
    assert f"\n{left}\nseen:" in run("finding", "show", "LW-1").stdout
    (told_json,) = values(run("finding", "show", "LW-1", "--json").stdout)
    assert told_json["still_hides"] == [{"entry": "site board", "items": 0}]
    run("asset", "disallow", "model", "--site", "board")
    assert "still hidden" not in run("finding", "show", "LW-1").stdout
    done = run("finding", "allow", "LW-1", "--reason", "a partner")
    assert done.stderr == "LW-1: allowed; nothing else is hidden\n"
    assert states() == {"LW-1": "allowed"}
    assert "nothing" not in run("finding", "ack", "LW-1", code=1).stderr


def test_a_last_day_that_is_over(home: Path, database: str) -> None:
    """It would hide nothing, so the case is not judged."""
    asyncio.run(fill(database, CASE))
    told = ("--scope", "site", "--until", "2026-01-31", "--reason", "scenery")
    assert "2026-01-31 is over" in fails(InputError, "finding", "false-positive", "LW-1", *told)
    assert "is over" in fails(InputError, "finding", "allow", "LW-1", *told, "--dry-run")
    assert states() == {"LW-1": "new"}


def test_a_dry_run_refuses_what_would_be_refused(home: Path, database: str) -> None:
    """A step that is not legal is no thing that would be done."""
    asyncio.run(fill(database, CASE, LOW))
    run("finding", "set", "LW-1", "removed", "--reason", "gone")
    dry = run("finding", "confirm", "--asset", "model", "--dry-run", code=1)
    assert [line.split("\t")[0] for line in dry.stdout.splitlines()] == ["LW-2"]
    assert "LW-1 is removed and can become reopened, not confirmed" in dry.stderr
    run("finding", "merge", "LW-1", "LW-2")
    assert "part of LW-1" in run("finding", "assign", "LW-2", "--to", "bob", "--dry-run", code=1).stderr


def test_merge_and_split(home: Path, database: str) -> None:
    """Two findings are made one and two again, with the numbers that `show` tells."""
    asyncio.run(fill(database, CASE, LOW))
    run("finding", "merge", "LW-1", "LW-2", "--by", "ann")
    assert states() == {"LW-1": "new"}
    result = run("finding", "split", "LW-1", "--undo-merge", "LW-2", "--by", "ann", "--reason", "two builds")
    assert re.search(
        r"split by ann .*split=LW-2.* reason=two builds\n", run("finding", "show", "LW-1").stdout
    )
    assert result.stdout == "LW-2\n"
    assert states() == {"LW-1": "new", "LW-2": "reopened"}
    run("finding", "merge", "LW-1", "LW-2")
    (told,) = values(run("finding", "show", "LW-1", "--json").stdout)
    number = told["sightings_seen"][1]["id"]
    assert f" {number} 2026-" in run("finding", "show", "LW-1").stdout
    new = run("finding", "split", "LW-1", str(number), "--reason", "apart").stdout.strip()
    assert states() == {"LW-1": "new", new: "new"}
    run("finding", "split", "LW-1", code=2)
    assert [action for _, action, _ in entries(database)] == ["finding.merge", "finding.split"] * 2


def test_who_had_it_first_is_drawn(home: Path, database: str) -> None:
    """The tree names place and author, and other findings of the same author are told."""
    asyncio.run(fill(database, CASE, LOW))
    text = run("finding", "show", "LW-1").stdout
    assert "first seen:\n  first 2026-11-20T12:00:00+00:00 board (other) by b.example:weights\n" in text
    assert "the same author on this platform: b.example:weights: LW-2 (model)" in text
    (told,) = values(run("finding", "show", "LW-1", "--json").stdout)
    assert [node["author"] for node in told["first_seen"]["nodes"]] == ["b.example:weights"]
    assert told["same_author"] == {"b.example:weights": [{"finding": "LW-2", "asset": "model"}]}


def test_the_life_of_an_asset(home: Path, database: str) -> None:
    """Embargo, release and retirement are a command each, say what follows, and are in the audit."""
    asyncio.run(fill(database, CASE))
    told = run("asset", "embargo", "model", "--until", "2090-01-01", "--by", "ann").stderr
    assert told == "model: registered, embargoed until 2090-01-01 00:00 UTC; asked as feed-only\n"
    told = run("asset", "release", "model", "--official", "hub.example").stderr
    assert told == "model: released; asked as generic\n"
    assert "stage: released" in run("asset", "show", "model").stdout
    assert "host hub.example" in run("asset", "show", "model").stdout
    assert run("asset", "retire", "model").stderr == "model: retired; asked as feed-only\n"
    assert values(run("finding", "list", "--json").stdout)[0]["severity"] == "low"
    assert run("asset", "release", "model", "--at", "2090-01-01").stderr.startswith("model: scheduled")
    assert [action for _, action, _ in entries(database)] == [
        "asset.embargo",
        "asset.release",
        "asset.retire",
        "asset.release",
    ]
    run("asset", "allow", "model", "--host", "a.example", "--reason", "x", "--by", "ann")
    assert entries(database)[-1] == ("ann", "asset.allow", f"asset:{MODEL.id}")
    assert "asset list" in fails(InputError, "asset", "retire", "none")


def test_rules_are_listed_with_what_was_judged(home: Path, database: str) -> None:
    """Each rule in force is a line; nothing was judged yet."""
    told = values(run("rule", "list", "--json").stdout)
    assert len(told) > 10
    assert {one["precision"] for one in told} == {None}
    assert "nothing judged yet" in run("rule", "list").stdout
