"""The queue of swarms that wait: bounded, each key once, watched keys first."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from leakwatch.swarm.backlog import Backlog
from leakwatch.torrent.infohash import SwarmKey


def key(number: int) -> SwarmKey:
    """A key by number."""
    return SwarmKey(bytes([number]) * 20)


async def drained(backlog: Backlog) -> list[int]:
    """All that waits, in the order in which it is taken."""
    return [(await backlog.take())[0] for _ in range(len(backlog))]


async def test_watched_first_then_in_order() -> None:
    """Watched keys are taken first; one that waits becomes watched when it is heard of as such; none is there twice."""
    backlog = Backlog(10)
    for number in (1, 2, 3, 2):
        backlog.add(key(number))
    backlog.add(key(9), is_watched=True)
    backlog.add(key(3), is_watched=True)
    backlog.add(key(3))
    assert await drained(backlog) == [9, 3, 1, 2]


async def test_full_backlog_drops_the_oldest() -> None:
    """Where it is full the oldest unwatched key goes and is counted, and a watched one only if there is no other."""
    backlog = Backlog(3)
    assert [backlog.add(key(number)) for number in (1, 2, 3, 4)] == [0, 0, 0, 1]
    assert [backlog.add(key(number), is_watched=True) for number in (5, 6, 7)] == [1, 1, 1]
    assert backlog.add(key(8)) == 1  # it goes itself: only watched ones wait
    assert backlog.add(key(9), is_watched=True) == 1
    assert await drained(backlog) == [6, 7, 9]


async def test_who_waits_is_woken() -> None:
    """Several who wait for a key get one each, as they come."""
    backlog = Backlog(10)
    waiting = [asyncio.create_task(backlog.take()) for _ in range(3)]
    await asyncio.sleep(0)
    for number in (1, 2, 3):
        backlog.add(key(number))
    assert sorted(await asyncio.gather(*waiting)) == [key(1), key(2), key(3)]


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=80), st.integers(1, 8))
def test_nothing_is_lost_uncounted(heard: list[tuple[int, bool]], capacity: int) -> None:
    """Whatever is heard, no more than the capacity waits, and each key waits, or was dropped and counted."""
    backlog, dropped, entered = Backlog(capacity), 0, 0
    for number, is_watched in heard:
        before = len(backlog)
        gone = backlog.add(key(number), is_watched=is_watched)
        entered += len(backlog) - before + gone
        dropped += gone
        assert len(backlog) <= capacity
    assert entered == len(backlog) + dropped
    assert len(set(asyncio.run(drained(backlog)))) == entered - dropped
