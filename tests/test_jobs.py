"""The engine behind its port: no wake-up is lost, no key runs twice at once."""

from __future__ import annotations

import asyncio
import random

import pytest

from leakwatch.jobs import Jobs


@pytest.mark.parametrize("pause_s", [0.0, 0.001, 0.02])
async def test_no_wake_up_is_lost(pause_s: float) -> None:
    """Whatever is submitted at whatever moment of a key's run is seen by a run that begins afterwards."""
    jobs = Jobs()
    box = {"wanted": 0, "seen": 0, "inside": 0, "most": 0}

    async def handle(_key: str) -> None:
        box["inside"] += 1
        box["most"] = max(box["most"], box["inside"])
        box["seen"] = box["wanted"]
        await asyncio.sleep(pause_s)
        box["inside"] -= 1

    jobs.handler("deliver", handle)
    working = asyncio.create_task(jobs.run())
    chance = random.Random(7)
    for number in range(1, 200):
        box["wanted"] = number
        await jobs.submit("deliver", ["mail"])
        await asyncio.sleep(chance.choice([0.0, 0.0, 0.001, 0.003, pause_s]))
        if number % 20 == 0:
            ends = asyncio.get_running_loop().time() + 1.0
            while box["seen"] != number:
                assert asyncio.get_running_loop().time() < ends, "a wake-up was lost"
                await asyncio.sleep(0.002)
    jobs.stop()
    await working
    assert box["most"] == 1


async def test_stop_awaits_what_runs() -> None:
    """After `stop` the running handler ends in its own time, and nothing new begins."""
    jobs = Jobs()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def handle(key: str) -> None:
        assert key == "a"
        begun.set()
        await asyncio.sleep(0.2)
        ended.set()

    jobs.handler("crawl", handle)
    working = asyncio.create_task(jobs.run())
    await jobs.submit("crawl", ["a"])
    await begun.wait()
    jobs.stop()
    await jobs.submit("crawl", ["b"])
    await working
    assert ended.is_set()


async def test_a_failing_handler_can_run_again() -> None:
    """A handler that raises does not block its key."""
    jobs = Jobs()
    runs = 0

    async def handle(_key: str) -> None:
        nonlocal runs
        runs += 1
        raise RuntimeError

    jobs.handler("prove", handle)
    working = asyncio.create_task(jobs.run())
    for wanted in (1, 2):
        await jobs.submit("prove", ["x"])
        ends = asyncio.get_running_loop().time() + 2.0
        while runs < wanted:
            assert asyncio.get_running_loop().time() < ends
            await asyncio.sleep(0.01)
    jobs.stop()
    await working


async def test_most_wanted_of_the_newest_offer_comes_next() -> None:
    """A slot that becomes free goes to the first of what was offered last, not to who has waited longest."""
    jobs = Jobs()
    begun, gates = list[str](), dict[str, asyncio.Event]()

    async def handle(key: str) -> None:
        begun.append(key)
        gates[key] = asyncio.Event()
        await gates[key].wait()

    async def has_begun(*keys: str) -> None:
        async with asyncio.timeout(5):
            while set(begun) != set(keys):
                await asyncio.sleep(0.01)

    jobs.handler("prove", handle, 2)
    working = asyncio.create_task(jobs.run())
    await jobs.offer("prove", ["a", "b", "c", "d"])
    await has_begun("a", "b")
    await jobs.offer("prove", ["urgent", "a", "b", "c", "d"])
    gates["b"].set()
    await has_begun("a", "b", "urgent")
    gates["a"].set()
    await has_begun("a", "b", "urgent", "c")
    await jobs.offer("prove", [])
    for gate in gates.values():
        gate.set()
    jobs.stop()
    await working
    assert begun == [*sorted(begun[:2]), "urgent", "c"]


async def test_what_is_due_while_it_runs_is_not_run_twice() -> None:
    """A key that is offered again and again during its run has run once; offered afterwards it runs again."""
    jobs = Jobs()
    begun, gate = list[str](), asyncio.Event()

    async def handle(key: str) -> None:
        begun.append(key)
        await gate.wait()

    jobs.handler("prove", handle, 2)
    working = asyncio.create_task(jobs.run())
    async with asyncio.timeout(5):
        while not begun:
            await jobs.offer("prove", ["a"])
            await asyncio.sleep(0.01)
        await jobs.offer("prove", ["a"])
        gate.set()
        await jobs.offer("prove", ["a", "b"])
        while "b" not in begun:
            await asyncio.sleep(0.01)
        assert begun == ["a", "b"]
        while begun.count("a") == 1:
            await asyncio.sleep(0.01)
            await jobs.offer("prove", ["a"])
    jobs.stop()
    await working


async def test_jobs_that_are_done_leave_nothing_behind() -> None:
    """After many jobs the engine remembers none of them: a daemon runs for months."""
    jobs = Jobs()
    done = 0

    async def handle(_key: str) -> None:
        nonlocal done
        done += 1

    jobs.handler("deliver", handle)
    working = asyncio.create_task(jobs.run())
    async with asyncio.timeout(20):
        for number in range(300):
            await jobs.submit("deliver", [str(number)])
        while done < 300 or await jobs._queue.queue_size():
            await asyncio.sleep(0.01)
        await jobs.submit("deliver", ["last"])
    assert len(await jobs._queue.queue_log()) <= 1
    assert not await jobs._queue.log_statistics(None)
    jobs.stop()
    await working
