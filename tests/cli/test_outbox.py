"""`leakwatch outbox`: what is dead shows with its reason, can be sent again or given up, and the audit knows who did it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leakwatch.cli import app
from leakwatch.errors import InputError
from leakwatch.model.alert import DeliveryState
from leakwatch.model.audit import AuditEntry
from leakwatch.model.channel import ChannelHealth
from leakwatch.service import make_test_alert
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CONFIG = """
[http]
contact = "mailto:a@b.example"
allow_hosts = ["127.0.0.1"]
[swarm]
dht_bootstrap = []
enabled = false
[[channels]]
name = "slack"
kind = "slack"
url = "http://127.0.0.1:9/x"
[[channels]]
name = "hook"
kind = "discord"
url = "http://127.0.0.1:9/y"
"""


def run(*arguments: str) -> Result:
    """One command."""
    return CliRunner().invoke(app, arguments)


def listed(*arguments: str) -> list[dict[str, object]]:
    """What `outbox list --json` tells."""
    return [json.loads(line) for line in run("outbox", "list", "--json", *arguments).stdout.splitlines()]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration and a database: a closed channel with two dead alerts, another one with one that waits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEAKWATCH_ACTOR", "robin")
    (tmp_path / "leakwatch-data").mkdir()
    (tmp_path / "leakwatch.toml").write_text(CONFIG)
    asyncio.run(fill(url(tmp_path)))
    return tmp_path


def url(folder: Path) -> str:
    """The address of the database."""
    return f"sqlite:///{folder / 'leakwatch-data' / 'leakwatch.db'}"


async def fill(address: str) -> None:
    """Two alerts that their channel refused for good, with a hostile reason, and one that waits."""
    await upgrade(address)
    store = SqlRepository.open(address)
    async with store.writing() as work:
        for number in range(2):
            alert = replace(make_test_alert(NOON), content=str(number), headline="\x1b[2J<!channel>")
            await work.outbox.enqueue("slack", alert, NOON)
            claimed = await work.outbox.claim("slack", NOON, 60)
            assert claimed is not None
            await work.outbox.settle(
                claimed, DeliveryState.DEAD, NOON, error="slack answered 404: \x1b[31mno"
            )
        await work.outbox.enqueue("hook", make_test_alert(NOON), NOON)
        await work.channels.keep(ChannelHealth(name="slack", closed_at=NOON, because="404 \x1b[31mno"))
    await store.close()


def state(folder: Path) -> tuple[ChannelHealth, list[AuditEntry]]:
    """How the channel fares, and the audit."""

    async def read() -> tuple[ChannelHealth, list[AuditEntry]]:
        store = SqlRepository.open(url(folder))
        async with store.reading() as work:
            found = await work.channels.get("slack"), await work.audit.entries()
        await store.close()
        return found

    return asyncio.run(read())


def test_dead_alerts_show_their_reason(home: Path) -> None:
    """What is dead is listed with the reason and the channel's trouble, safely; filters choose."""
    result = run("outbox", "list")
    assert result.stdout.count("dead\tslack\tLW-TEST") == 2
    assert "404" in result.stdout
    assert "slack: closed since 2026-11-20 12:00 UTC" in result.stderr
    assert "outbox retry --channel slack" in result.stderr
    assert "\x1b" not in result.stdout + result.stderr
    assert len(listed()) == 3
    assert {one["state"] for one in listed("--state", "dead")} == {"dead"}
    assert [one["channel"] for one in listed("--channel", "hook")] == ["hook"]
    assert len(listed("--limit", "1")) == 1
    assert "closed" not in run("outbox", "list", "--channel", "hook").stderr


def test_one_alert_is_shown_with_what_it_says(home: Path) -> None:
    """The state, the reason, the delivery's key and the text; on a terminal nothing steers it."""
    (row, *_) = listed("--state", "dead")
    result = run("outbox", "show", str(row["id"]))
    assert "\x1b" not in result.stdout
    for part in ("dead", "slack", str(row["key"]), "404", "<!channel>", "Next:"):
        assert part in result.stdout
    told = json.loads(run("outbox", "show", str(row["id"]), "--json").stdout)
    assert told["alert"]["headline"] == "\x1b[2J<!channel>"
    assert isinstance(run("outbox", "show", "99").exception, InputError)


def test_one_that_cannot_be_read_is_listed_and_shown(home: Path) -> None:
    """Torn bytes are listed as such, and shown as they are kept, safely."""
    with sqlite3.connect(home / "leakwatch-data" / "leakwatch.db") as database:
        database.execute(
            "UPDATE outbox SET alert = CAST(? AS TEXT) WHERE id = 1", (b'{"headline": "\x1b[2J\xff',)
        )
    assert "dead\tslack\tLW-TEST\t(cannot be read)" in run("outbox", "list").stdout
    shown = run("outbox", "show", "1").stdout
    assert "It cannot be read: JSONDecodeError" in shown or "It cannot be read: UnicodeDecodeError" in shown
    assert '{"headline": "' in shown
    assert "\x1b" not in shown
    assert "kept" in json.loads(run("outbox", "show", "1", "--json").stdout)["alert"]
    assert run("outbox", "drop", "1", "--reason", "told by telephone").exit_code == 0


def test_retry_of_a_channel_opens_it(home: Path) -> None:
    """All that was dead there is due, the channel is open again, and the audit names who did it."""
    assert "2 alerts due now" in run("outbox", "retry", "--channel", "slack", "--by", "kim").stderr
    assert listed("--state", "dead") == []
    health, audit = state(home)
    assert health == ChannelHealth(name="slack")
    assert [(one.actor, one.action, one.subject) for one in audit] == [
        ("kim", "outbox.retry", "channel:slack")
    ]


@pytest.mark.parametrize("how", ["--channel", "--all-dead", "one"])
def test_retry_on_a_failing_channel_lets_all_go(home: Path, how: str) -> None:
    """What waits for its next try on a channel that fails is due once a person says that it works again."""

    async def waits() -> tuple[list[int], bool]:
        opened = SqlRepository.open(url(home))
        later, started = datetime.now(UTC) + timedelta(minutes=50), datetime.now(UTC)
        async with opened.writing() as work:
            for number in (1, 2):
                alert = replace(make_test_alert(later), content=f"later {number}")
                await work.outbox.enqueue("hook", alert, later)
            await work.channels.keep(ChannelHealth(name="hook", failures=5, failing_since=started))
            rows = [row for row in await work.outbox.list(channels=["hook"]) if row.due_at > started]
        await opened.close()
        return [row.id for row in rows], len(rows) == 2

    async def due() -> list[bool]:
        opened = SqlRepository.open(url(home))
        async with opened.reading() as work:
            rows = [row for row in await work.outbox.list(channels=["hook"]) if row.id in idents]
        await opened.close()
        return [row.due_at <= datetime.now(UTC) for row in rows]

    idents, are_two = asyncio.run(waits())
    assert are_two
    told = {"--channel": ["--channel", "hook"], "--all-dead": ["--all-dead"], "one": [str(idents[0])]}
    result = run("outbox", "retry", *told[how])
    assert result.exit_code == 0
    if how == "--channel":
        assert "2 alerts due now" in result.stderr
    assert asyncio.run(due()) == [True, True]


def test_retry_of_one_and_of_all(home: Path) -> None:
    """One alert, or all that is dead; what is nothing, or two things at once, is an error that says where to look."""
    (first, second) = listed("--state", "dead")
    assert run("outbox", "retry", str(first["id"])).exit_code == 0
    assert [one["id"] for one in listed("--state", "dead")] == [second["id"]]
    assert "1 alert due now" in run("outbox", "retry", "--all-dead").stderr
    assert {one.actor for one in state(home)[1]} == {"robin"}
    for wrong in (["99"], [], ["1", "--all-dead"], ["--channel", "fax"]):
        result = run("outbox", "retry", *wrong)
        assert isinstance(result.exception, InputError), wrong
        assert str(result.exception.message)


def test_drop(home: Path) -> None:
    """What was given up stays in the list with the reason and the name; what was sent cannot be."""
    (row,) = listed("--channel", "hook")
    assert run("outbox", "drop", str(row["id"]), "--reason", "told by telephone").exit_code == 0
    (after,) = listed("--channel", "hook")
    assert (after["state"], after["last_error"]) == ("dropped", "dropped by robin: told by telephone")
    (entry,) = state(home)[1]
    assert (entry.actor, entry.action) == ("robin", "outbox.drop")
    assert json.loads(entry.detail) == {"reason": "told by telephone"}
    assert isinstance(run("outbox", "drop", str(row["id"]), "--reason", "x").exception, InputError)
    assert run("outbox", "retry", str(row["id"])).exit_code == 0


def test_doctor_names_closed_channels_and_dead_alerts(home: Path) -> None:
    """A closed channel and dead alerts are faults of the installation until somebody sees to them."""
    result = run("doctor")
    assert result.exit_code == 1
    assert "FAIL channel slack: closed since" in result.stderr
    assert "FAIL 2 alerts are dead" in result.stderr


def test_alert_test_of_a_closed_channel_fails(home: Path) -> None:
    """A test says what the channel answered, and that a closed channel stays closed."""
    result = run("alert", "test", "slack")
    assert result.exit_code == 1
    assert "slack: failed: slack: " in result.stderr
    assert "slack: closed since" in result.stderr
    assert "closed" not in run("alert", "test", "hook").stderr
