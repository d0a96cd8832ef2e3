"""Whose turn it is: the most wanted first, within a rank as they came, and never more waiting than may."""

from __future__ import annotations

import asyncio

import pytest

from leakwatch.errors import SwarmError
from leakwatch.swarm.turns import Turns


async def test_most_wanted_come_first() -> None:
    """With one turn at a time, waiters are served by rank, and equals in the order they came."""
    turns, served = Turns(1, 100), list[tuple[int, int]]()
    go = asyncio.Event()

    async def wait(rank: int, number: int) -> None:
        async with turns.turn(rank):
            served.append((rank, number))
            await go.wait()

    tasks = [asyncio.create_task(wait(rank, number)) for number, rank in enumerate([9, 2, 0, 2, 1, 0])]
    while turns.waiting < 5:
        await asyncio.sleep(0)
    go.set()
    await asyncio.gather(*tasks)
    assert served == [(9, 0), (0, 2), (0, 5), (1, 4), (2, 1), (2, 3)]


async def test_least_wanted_is_refused() -> None:
    """Where too many wait, the last of the least wanted is refused, and the others keep their place."""
    turns, go = Turns(1, 2), asyncio.Event()

    async def wait(rank: int) -> int:
        async with turns.turn(rank):
            await go.wait()
            return rank

    tasks = [asyncio.create_task(wait(rank)) for rank in (0, 3, 3, 1)]
    while not any(task.done() for task in tasks):
        await asyncio.sleep(0)
    go.set()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [one if isinstance(one, int) else type(one) for one in ended] == [0, 3, SwarmError, 1]


@pytest.mark.parametrize("when", ["waiting", "served"])
async def test_cancelled_waiter_gives_its_turn_on(when: str) -> None:
    """A waiter that is cancelled, before its turn or in the moment it comes, holds nobody up."""
    turns, go = Turns(1, 10), asyncio.Event()

    async def hold() -> None:
        async with turns.turn(0):
            await go.wait()

    holder, first, second = (asyncio.create_task(hold()) for _ in range(3))
    while turns.waiting < 2:
        await asyncio.sleep(0)
    if when == "served":
        go.set()
        await holder
    first.cancel()
    go.set()
    await asyncio.wait_for(second, 1)
    await asyncio.gather(holder, first, return_exceptions=True)
    async with turns.turn(0):
        assert turns.waiting == 0
