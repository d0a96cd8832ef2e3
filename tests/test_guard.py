"""The guard over what the daemon does, and the rounds that it goes."""

from __future__ import annotations

import asyncio

import pytest

from leakwatch.daemon.guard import Guard
from leakwatch.daemon.rounds import Round, Rounds
from leakwatch.errors import InputError, StoreError
from leakwatch.logs import configure


async def test_the_guard_tells_errors_apart() -> None:
    """A refusal of the database is noted, a fault of ours has the key put off, and neither comes out."""
    refused, crashed = [], []

    async def put_off(key: str) -> None:
        crashed.append(key)

    guard = Guard(lambda: refused.append(1), {"crawl": put_off})
    for error in (InputError("no"), StoreError("full"), ZeroDivisionError()):

        async def fail(_: str, error: Exception = error) -> None:
            raise error

        await guard.guarded("crawl", fail)("index.example")
        await guard.guarded("prove", fail)("00ff")
    assert refused == [1, 1]
    assert crashed == ["index.example"]


async def test_the_log_does_not_name_an_asset(capsys: pytest.CaptureFixture[str]) -> None:
    """The id of an asset may be made from its title: a job about one is logged by what alerts call it under embargo."""
    configure("json")
    guard = Guard(lambda: None, veiled=frozenset({"look_back"}))

    async def fail(_: str) -> None:
        raise InputError("no")

    await guard.guarded("look_back", fail)("quiet-harbour")
    await guard.guarded("crawl", fail)("index.example")
    logged = capsys.readouterr().err
    assert "quiet-harbour" not in logged
    assert "look_back:asset-" in logged
    assert "crawl:index.example" in logged


async def test_the_guard_lets_itself_be_cancelled() -> None:
    """Being told to stop is no error."""
    guard = Guard(lambda: None)
    with pytest.raises(asyncio.CancelledError):
        async with guard.over("crawl"):
            raise asyncio.CancelledError


async def test_a_chore_that_fails_stops_neither_its_round_nor_another() -> None:
    """What fails is done again, what comes after it in the round is done, and so is what is beside it."""
    done: list[str] = []

    async def fail() -> None:
        done.append("fail")
        raise ZeroDivisionError

    async def note(name: str) -> None:
        done.append(name)

    rounds = Rounds(
        [
            Round(0.01, (("a", fail), ("b", lambda: note("after")))),
            Round(0.01, (("c", lambda: note("beside")),), 0.0),
        ],
        Guard(lambda: None),
    )
    async with asyncio.timeout(10):
        while min(done.count(name) for name in ("fail", "after", "beside")) < 3:
            await asyncio.sleep(0.01)
    await rounds.stop()
    count = len(done)
    await asyncio.sleep(0.05)
    assert len(done) == count
