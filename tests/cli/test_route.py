"""`leakwatch route` and `leakwatch silence`: who is told of what and why, and what is told to nobody for a while."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leakwatch.cli import app
from leakwatch.cli._silencing import Silent
from leakwatch.errors import InputError
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import (
    EventKind,
    Finding,
    FindingEvent,
    FindingId,
    Severity,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.route import Matchers, Route, Routing
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.telling import announce

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CONFIG = """
[http]
contact = "mailto:a@b.example"
[[channels]]
name = "slack"
kind = "slack"
url = "https://hooks.slack.com/x"
[[channels]]
name = "mail"
kind = "email"
host = "h"
sender = "a@b"
recipients = ["c@d"]
[[routes]]
name = "urgent"
match = { min_severity = "high" }
channels = ["slack"]
repeat = "4h"
escalate = [{ after = "90m", channels = ["mail"] }]
quiet = ["daily 22:00-07:00 Europe/Berlin"]
continue = true
[[routes.routes]]
match = { owners = ["Studio"] }
group_by = []
group_wait = "30s"
[[routes]]
channels = ["mail"]
digest = "weekly"
at = "mon 08:30"
[[inhibit]]
source = { verdicts = ["proved"] }
target = { min_severity = "low" }
"""
FINDING = Finding(
    id=FindingId("LW-1"),
    asset=AssetId("film"),
    state=State.NEW,
    verdict=Verdict.UNKNOWN,
    severity=Severity.HIGH,
    tier=Tier.AUTO,
    score=0.9,
    opened_at=NOON,
    updated_at=NOON,
    title="t",
    sites=frozenset({"board"}),
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with a tree, and a database with one finding."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEAKWATCH_ACTOR", "mara")
    (tmp_path / "leakwatch-data").mkdir()
    (tmp_path / "leakwatch.toml").write_text(CONFIG)
    asyncio.run(fill(f"sqlite:///{tmp_path / 'leakwatch-data' / 'leakwatch.db'}"))
    return tmp_path


async def fill(url: str) -> None:
    """One finding that is to be told."""
    await upgrade(url)
    store = SqlRepository.open(url)
    asset = Asset(id=AssetId("film"), title="The Harbour", owner="Studio", kind="film")
    event = FindingEvent(
        finding=FINDING.id, kind=EventKind.OPENED, at=NOON, content="opened", detail={"site": "\x1b[31mboard"}
    )
    async with store.writing() as work:
        await work.catalogue.save(asset, NOON)
        await work.findings.save(FINDING)
        routing = Routing(routes=(Route(name="urgent", channels=("slack",)),))
        await announce(event, FINDING, asset, routing, work)
    await store.close()


def run(*words: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, list(words))


def test_show(home: Path) -> None:
    """The tree, with what each route takes and how it tells."""
    told = run("route", "show").stdout.splitlines()
    assert told == [
        (
            "urgent: severity>=high (continues) -> slack; by finding; then every 5m at most; repeats every 4h; "
            "after 90m also mail; quiet hours, but critical; at most 10 an hour of one asset"
        ),
        (
            "  1.1: owners=Studio -> slack; all together; then every 5m at most; waits 30s; repeats every 4h; "
            "after 90m also mail; quiet hours, but critical; at most 10 an hour of one asset"
        ),
        "2: everything -> mail; by finding; weekly at mon 08:30 UTC; at most 10 an hour of one asset",
        "inhibit: verdicts=proved keeps back lesser severity>=low of the same asset",
    ]
    rows = [json.loads(line) for line in run("route", "show", "--json").stdout.splitlines()]
    assert [one.get("route") for one in rows] == ["urgent", "1.1", "2", None]


def test_explain(home: Path) -> None:
    """Of a finding, and of one that might come: who is told, when, by which route, and why not by the others."""
    told = run("route", "explain", "LW-1", "--at", "2026-11-20T23:00+01:00").stdout
    assert (
        "told: slack by 1.1, 2026-11-21 06:00 UTC (quiet); 5 single messages left in this hour, of 10" in told
    )
    assert "told: mail by 2, 2026-11-23 08:30 UTC (digest)" in told
    assert "  urgent: a route inside it is\n    1.1: taken\n  2: taken" in told
    assert (
        "2026-11-20 12:00:00 slack by urgent: waiting due 2026-11-20 12:00:00: The Harbour: possible leak on"
        in told
    )
    assert "\x1b" not in told
    shown = run("finding", "show", "LW-1").stdout
    assert (
        "told:\n  2026-11-20 12:00:00 slack by urgent: waiting due 2026-11-20 12:00:00: The Harbour" in shown
    )
    (first, *_) = json.loads(run("finding", "show", "LW-1", "--json").stdout)["told"]
    assert (first["channel"], first["fate"], first["told_at"]) == ("slack", "waiting", None)
    asked = ("route", "explain", "--asset", "film", "--severity", "low", "--verdict", "refuted", "--json")
    told_json = json.loads(run(*asked).stdout)
    assert [one["channel"] for one in told_json["told"]] == ["mail"]
    assert told_json["routes"][0] == {
        "route": "urgent",
        "depth": 0,
        "taken": False,
        "why": "severity low is below high",
    }


@pytest.mark.parametrize(
    "words", [(), ("LW-1", "--asset", "film"), ("LW-9",), ("--asset", "book"), ("LW-1", "--at", "noon")]
)
def test_explain_needs_one_thing(home: Path, words: tuple[str, ...]) -> None:
    """Neither or both, one that does not exist, and no time are errors of the caller."""
    assert isinstance(run("route", "explain", *words).exception, InputError)


def test_silences(home: Path) -> None:
    """A silence is begun with a reason, shows in the list and in explanations, and is ended by hand."""
    begun = run(
        "silence", "add", "2h", "--finding", "LW-1", "--min-severity", "low", "--reason", "known \x1b[31m"
    )
    assert begun.exit_code == 0
    assert "silence 1: findings=LW-1 severity>=low until" in begun.stderr
    (line,) = run("silence", "list").stdout.splitlines()
    assert line.startswith("1\tactive\tuntil ")
    assert line.endswith("\t0 silenced\tfindings=LW-1 severity>=low\tmara: known \\x1b[31m")
    explained = run("route", "explain", "LW-1").stdout
    assert explained.startswith("told now: nobody: silence 1 by mara until")
    assert explained.splitlines()[0].endswith("known \\x1b[31m")
    assert run("silence", "end", "1", "--by", "jo").exit_code == 0
    assert run("silence", "list").stdout == ""
    (row,) = [json.loads(one) for one in run("silence", "list", "--ended", "--json").stdout.splitlines()]
    assert (row["actor"], row["ended_by"], row["matchers"]) == (
        "mara",
        "jo",
        {"findings": ["LW-1"], "min_severity": "low"},
    )


def test_a_silence_takes_every_condition_of_routes(home: Path) -> None:
    """What a route can match a silence can be of, and what is told goes by it."""
    assert {one.name for one in fields(Silent)} == {one.name for one in fields(Matchers)}
    told = {
        "findings": ("--finding", ["LW-1"]),
        "assets": ("--asset", ["film"]),
        "kinds": ("--kind", ["film"]),
        "owners": ("--owner", ["Studio"]),
        "min_severity": ("--min-severity", "low"),
        "verdicts": ("--verdict", ["unknown"]),
        "tiers": ("--tier", ["auto", "review"]),
        "states": ("--state", ["new"]),
        "events": ("--event", ["opened"]),
        "sites": ("--site", ["board"]),
        "source_kinds": ("--source-kind", ["imageboard"]),
        "hosts": ("--host", ["b.example"]),
        "watch": ("--watch", ["blind"]),
    }
    words = [
        part
        for option, value in told.values()
        for one in (value if isinstance(value, list) else [value])
        for part in (option, one)
    ]
    flags = ("--not-embargoed", "--in-release-window")
    assert run("silence", "add", "2h", *words, *flags, "--reason", "all").exit_code == 0
    (row,) = [json.loads(one) for one in run("silence", "list", "--json").stdout.splitlines()]
    wanted = {name: value for name, (_, value) in told.items()}
    assert row["matchers"] == wanted | {"embargoed": False, "in_release_window": True}
    run("silence", "end", "1")
    assert "told now: nobody" not in run("route", "explain", "LW-1").stdout
    for kind, is_silent in (("game", False), ("film", True)):
        assert run("silence", "add", "2h", "--kind", kind, "--reason", "x").exit_code == 0
        assert ("told now: nobody" in run("route", "explain", "LW-1").stdout) is is_silent


@pytest.mark.parametrize(
    "words",
    [
        ("add", "2h", "--reason", "x"),
        ("add", "2h", "--reason", "x", "--everything", "--asset", "film"),
        ("add", "soon", "--reason", "x", "--everything"),
        ("add", "0s", "--reason", "x", "--everything"),
        ("add", "2h", "--reason", " ", "--everything"),
        ("add", "2h", "--reason", "x", "--asset", "flim"),
        ("add", "2h", "--reason", "x", "--finding", "LW-9"),
        ("end", "7"),
    ],
)
def test_silences_that_are_refused(home: Path, words: tuple[str, ...]) -> None:
    """Without anything to silence, a length, a reason, of what is not there, or for a silence that is not there."""
    assert isinstance(run("silence", *words).exception, InputError)
    assert run("silence", "list").stdout == ""


def test_a_silence_of_a_site_that_nobody_knows(home: Path) -> None:
    """It begins, for news of sites may have names that no site has, and it is said."""
    begun = run("silence", "add", "2h", "--reason", "x", "--site", "baord")
    assert begun.exit_code == 0
    assert "no site is called 'baord'" in begun.stderr
