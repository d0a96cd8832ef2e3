"""When a press is taken, and that it is done once: whoever waits, dies, presses again, or presses at the same time."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from leakwatch.alerts._blocks import alert_blocks
from leakwatch.answering.envelope import LATEST_S
from leakwatch.answering.listener import _WAITING
from leakwatch.cases import Act, confirm, mark_false_positive
from leakwatch.cases.telling import record
from leakwatch.drilling import end_drill
from leakwatch.model.finding import FindingId, State

from .presses import pressed
from .pressing import CASE, Broken, Cases, envelope, listening, until
from .samples import NOW, OPENED, PROVED, due
from .slack_server import SlackServer
from .slack_validator import problems

ANA, BEN = "slack:U012A3CDE (ana)", "slack:U0SECOND1 (ben)"
AS_BEN = {"user": "U0SECOND1", "name": "ben", "at": "1700000009.000001"}
DEEDS = {"acknowledge": "finding.state", "false_positive": "finding.state", "silence": "silence.add"}


@contextmanager
def busy(folder: Path) -> Iterator[None]:
    """Nobody else can write to the database."""
    holding = sqlite3.connect(folder / "leakwatch.db", isolation_level=None)
    holding.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holding.close()


async def took(slack: SlackServer) -> str:
    """The envelope that is told next to have been taken."""
    return (await asyncio.wait_for(slack.heard.get(), 10))["envelope_id"]


def shown(slack: SlackServer) -> str:
    """What the message shows."""
    return str(slack.messages[0]["blocks"])


async def test_press_is_taken_when_it_is_done(workspace: SlackServer, cases: Cases, tmp_path: Path) -> None:
    """As long as nothing is committed Slack hears nothing, so that a crash shows; with the commit it hears at once."""
    async with listening(workspace, cases):
        with busy(tmp_path):
            workspace.say(envelope(pressed("acknowledge")))
            await asyncio.sleep(1.0)
            assert workspace.heard.empty()
        assert await took(workspace) == "e1"
        assert (await cases.case()).state is State.ACKNOWLEDGED


async def test_slow_deed_is_taken_in_time(workspace: SlackServer, cases: Cases, tmp_path: Path) -> None:
    """Where the deed takes too long Slack hears of it after 2.5 seconds, before it tells the person that it failed."""
    async with listening(workspace, cases):
        with busy(tmp_path):
            began = time.monotonic()
            workspace.say(envelope(pressed("acknowledge")))
            assert await took(workspace) == "e1"
            assert 2.4 < time.monotonic() - began < 4.0  # a busy machine is late
            assert LATEST_S < 3.0
            assert (await cases.case()).state is State.NEW
        await until(lambda: "Acknowledged by ana" in shown(workspace))
    assert workspace.heard.empty()


async def test_slow_slack_holds_up_no_deed(workspace: SlackServer, cases: Cases) -> None:
    """A message that takes long to be brought up to date keeps no other press from being done."""
    workspace.stalls["chat.update"] = 5.0
    async with listening(workspace, cases):
        began = time.monotonic()
        workspace.say(envelope(pressed("acknowledge"), "e1"))
        workspace.say(envelope(pressed("silence"), "e2"))
        assert [await took(workspace), await took(workspace)] == ["e1", "e2"]
        assert time.monotonic() - began < 4.0
        workspace.stalls.clear()
        await until(lambda: "Silenced" in shown(workspace))


@pytest.mark.parametrize("is_late", [False, True], ids=["told of again", "pressed again"])
@pytest.mark.parametrize("deed", DEEDS)
async def test_press_is_done_once_across_restarts(
    workspace: SlackServer, cases: Cases, deed: str, is_late: bool
) -> None:
    """What was done before a crash is not done again after it, and he who presses again sees that it is done."""
    async with listening(workspace, cases):
        workspace.say(envelope(pressed(deed), "e1"))
        await took(workspace)
    workspace.messages[0]["blocks"] = []  # as if the crash had come before it was shown
    async with listening(workspace, cases):
        again = {"at": "1700000099.000001"} if is_late else {}
        workspace.say(envelope(pressed(deed, **again), "e2"))
        assert await took(workspace) == "e2"
        await until(lambda: "by ana" in shown(workspace))
    assert [action for _, action, _ in await cases.entries()] == [DEEDS[deed]]
    assert len(await cases.presses()) == 1
    assert workspace.whispered == []


@pytest.mark.parametrize("deed", DEEDS)
async def test_two_press_at_once(workspace: SlackServer, cases: Cases, deed: str) -> None:
    """Of two persons one does it; the other is told, where only he reads it, who did. Both envelopes are taken."""
    async with listening(workspace, cases):
        workspace.say(envelope(pressed(deed), "e1"))
        workspace.say(envelope(pressed(deed, **AS_BEN), "e2"))
        assert {await took(workspace), await took(workspace)} == {"e1", "e2"}
        await until(lambda: bool(workspace.whispered))
    assert [(actor, action) for actor, action, _ in await cases.entries()] == [(ANA, DEEDS[deed])]
    (whisper,) = workspace.whispered
    assert whisper["user"] == "U0SECOND1"
    assert "nothing was changed" in whisper["text"]
    assert "by ana" in whisper["text"]
    assert "by ana" in shown(workspace)
    assert "by ben" not in shown(workspace)


async def test_two_deeds_of_two_are_both_shown(workspace: SlackServer, cases: Cases) -> None:
    """Two who press different buttons of the same message, neither having seen the other's deed, are both named."""
    async with listening(workspace, cases):
        workspace.say(envelope(pressed("silence"), "e1"))
        workspace.say(envelope(pressed("acknowledge", **AS_BEN), "e2"))
        await until(lambda: "Acknowledged by ben" in shown(workspace))
    assert "Silenced until 2026-11-20 16:00 UTC by ana" in shown(workspace)
    assert "leakwatch.silence" not in shown(workspace)
    assert "leakwatch.false_positive" in shown(workspace)


@pytest.mark.parametrize("may_read", [True, False])
async def test_news_that_came_meanwhile_stay(workspace: SlackServer, cases: Cases, may_read: bool) -> None:
    """What the message showed since it was pressed is not turned back, where the app may read it; else it is as it was."""
    if not may_read:
        workspace.scopes.clear()
    workspace.messages[0]["blocks"] = alert_blocks(due(PROVED), buttons=True)
    async with listening(workspace, cases):
        workspace.say(envelope(pressed("acknowledge", blocks=alert_blocks(due(OPENED), buttons=True))))
        await until(lambda: "Acknowledged by ana" in shown(workspace))
    assert ("Tideglass 70B: proved" in shown(workspace)) is may_read
    assert problems(workspace.messages[0]) == []


@pytest.mark.parametrize("deed", DEEDS)
async def test_message_of_a_closed_case(workspace: SlackServer, cases: Cases, deed: str) -> None:
    """A press under a message whose case somebody closed elsewhere answers with that, and the message shows it."""
    await mark_false_positive(cases.repository, "LW-7", Act("carla", NOW, "a fan film"))
    async with listening(workspace, cases):
        workspace.say(envelope(pressed(deed)))
        await until(lambda: bool(workspace.whispered))
    said = "Marked as a false positive by carla, 2026-11-20 12:00 UTC"
    (whisper,) = workspace.whispered
    assert whisper["text"] == f"LW-7 is this by now, and nothing was changed: {said}."
    assert said in shown(workspace)
    assert "leakwatch.silence" not in shown(workspace)
    assert await cases.presses() == []


@pytest.mark.parametrize("deed", DEEDS)
async def test_message_of_a_merged_case(workspace: SlackServer, cases: Cases, deed: str) -> None:
    """A press under a message whose case is part of another one by now names that one, and what it is."""
    whole = replace(CASE, id=FindingId("LW-9"))
    part = replace(CASE, state=State.MERGED, merged_into=whole.id)
    async with cases.repository.writing() as work:
        await work.findings.save(whole)
        await work.findings.save(part)
    await confirm(cases.repository, "LW-9", Act("carla", NOW + timedelta(minutes=1), "seen"))
    async with listening(workspace, cases):
        workspace.say(envelope(pressed(deed)))
        await until(lambda: bool(workspace.whispered))
    assert (
        "Part of LW-9 now; LW-9: Confirmed by carla, 2026-11-20 12:01 UTC" in workspace.whispered[0]["text"]
    )
    assert "Part of LW-9 now" in shown(workspace)
    assert (await cases.case("LW-9")).state is State.CONFIRMED
    assert await cases.presses() == []


async def test_drill_is_pressed_as_any_case(workspace: SlackServer, cases: Cases) -> None:
    """Under a drill the buttons do what they do, so that the way is tried; once it is over they say that it is."""
    async with cases.repository.writing() as work:
        await work.findings.save(replace(CASE, drill=True))
    async with listening(workspace, cases):
        workspace.say(envelope(pressed("acknowledge"), "e1"))
        await until(lambda: "Acknowledged by ana" in shown(workspace))
        assert await end_drill(CASE.id, cases.repository, NOW + timedelta(minutes=1), record)
        workspace.say(envelope(pressed("silence", **AS_BEN), "e2"))
        await until(lambda: bool(workspace.whispered))
    assert "The drill is over, 2026-11-20 12:01 UTC." in workspace.whispered[0]["text"]
    assert "The drill is over" in shown(workspace)
    assert len(await cases.presses()) == 1


async def test_case_that_is_gone(workspace: SlackServer, cases: Cases) -> None:
    """A press under a message whose case was thrown away says so."""
    async with listening(workspace, cases):
        workspace.say(envelope(pressed("silence", finding="LW-8")))
        assert await took(workspace) == "e1"
        await until(lambda: bool(workspace.whispered))
    assert workspace.whispered[0]["text"] == "There is no case LW-8 any more; nothing was changed."


async def test_stop_does_what_was_pressed(workspace: SlackServer, cases: Cases, tmp_path: Path) -> None:
    """What was pressed before a stop is done, taken and shown before the connection ends; nothing is afterwards."""
    async with listening(workspace, cases, is_cut=False) as listener:
        with busy(tmp_path):
            for number, deed in enumerate(("silence", "acknowledge", "false_positive")):
                workspace.say(envelope(pressed(deed, at=f"170000000{number}.000001"), f"e{number}"))
            await until(lambda: listener._presses.qsize() == 2)
            listener._stopping.set()
            workspace.say(envelope(pressed("acknowledge", **AS_BEN), "late"))
            await asyncio.sleep(0.2)
        assert [await took(workspace) for _ in range(3)] == ["e0", "e1", "e2"]
    assert (await cases.case()).state is State.FALSE_POSITIVE
    assert len(await cases.presses()) == 3
    assert "Marked as a false positive by ana" in shown(workspace)
    assert workspace.heard.empty()


async def test_more_than_can_wait_is_not_taken(workspace: SlackServer, cases: Cases, tmp_path: Path) -> None:
    """Of presses for which there is no room Slack hears nothing, so that each person sees that it failed."""
    async with listening(workspace, cases) as listener:
        with busy(tmp_path):
            workspace.say(envelope(pressed("acknowledge"), "first"))
            await until(lambda: listener._presses.empty() and not listener._presses._finished.is_set())
            for number in range(_WAITING + 5):
                other = pressed("view", at=f"17{number:08d}.000001")
                workspace.say(envelope(other, f"e{number}"))
            await until(listener._presses.full)
            await asyncio.sleep(0.3)
        taken = {await took(workspace) for _ in range(_WAITING + 1)}
        assert taken == {"first", *(f"e{number}" for number in range(_WAITING))}
        await asyncio.sleep(0.2)
        assert workspace.heard.empty()


async def test_crash_of_a_deed_is_not_taken(workspace: SlackServer, cases: Cases) -> None:
    """Slack never hears of a press whose deed failed, not even after the time in which it waits."""
    async with listening(workspace, Broken(cases.repository)):
        workspace.say(envelope(pressed("acknowledge")))
        await asyncio.sleep(3.2)
        assert workspace.heard.empty()
    assert await cases.presses() == []


async def test_database_that_refuses_is_told(workspace: SlackServer, cases: Cases) -> None:
    """What the database refuses is not done and not taken, and he who pressed is told why."""
    async with cases.repository.engine.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE audit RENAME TO elsewhere"))
    async with listening(workspace, cases):
        workspace.say(envelope(pressed("acknowledge")))
        await until(lambda: bool(workspace.whispered))
        assert workspace.heard.empty()
    assert "the database refused" in workspace.whispered[0]["text"]
    assert (await cases.case()).state is State.NEW
