"""One site that is listened to: what was heard waits its turn, is asked for, and is committed as any page is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NoReturn

import structlog

from leakwatch.display import clean
from leakwatch.embargo import is_swarm_silent
from leakwatch.errors import LeakwatchError, StoreError, SwarmError
from leakwatch.model.finding import Rank
from leakwatch.model.site import Coverage, SiteState
from leakwatch.pipeline import Brain, take_page
from leakwatch.ports import Clock, Parser, Repository, Swarm, Vault
from leakwatch.sources._kind import Page, Payload, Request
from leakwatch.sources.dht import heard, page_of
from leakwatch.swarm.backlog import Backlog
from leakwatch.swarm.coverage import Counts, Mark, window
from leakwatch.swarm.discovery import Sampled, Sampler
from leakwatch.torrent.infohash import Infohashes, InfohashV1, SwarmKey
from leakwatch.torrent.magnet import Magnet

log = structlog.get_logger()

_MAX_UNANSWERED = 1000
"""Torrents that wait for a second turn; those beyond have none."""
_NEVER = timedelta(days=3650)
"""A stream is not polled, so its next poll is due when nobody remembers it."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How much is done at once, and how often.

    Units:  `at_once` torrents are asked for side by side, `deadline_s` each; `backlog` more may wait. One that gave
    nothing has a second turn after `second_turn_s`; a watched one, each `ask_again_s` that it is heard of.
    """

    at_once: int = 32
    deadline_s: float = 30.0
    backlog: int = 10_000
    second_turn_s: float = 300.0
    ask_again_s: float = 3600.0
    watched_every_s: float = 60.0
    window_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a stream needs of the daemon. `announce` is told of alerts and proofs after each committed item."""

    brain: Callable[[], Awaitable[Brain]]
    repository: Repository
    vault: Vault
    clock: Clock
    announce: Callable[[int, int], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmSide:
    """What listening to the DHT needs beside that: who gets metadata, and which torrents are watched."""

    swarm: Swarm
    watched: Callable[[], Awaitable[frozenset[SwarmKey]]]


@dataclass(slots=True)
class Stream:
    """One site that is listened to: what waits, what is watched, what the open window has counted.

    `watched` is looked into by the sampler at each sample and changed in place.
    """

    site: str
    around: Surroundings
    side: SwarmSide
    parser: Parser
    limits: StreamLimits
    watched: set[SwarmKey] = field(default_factory=set[SwarmKey])
    _rests_until: dict[SwarmKey, float] = field(default_factory=dict[SwarmKey, float])
    _backlog: Backlog = field(init=False)
    _unanswered: asyncio.Queue[tuple[float, SwarmKey]] = field(init=False)
    counts: Counts = field(default_factory=Counts)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _mark: Mark = field(init=False)

    def __post_init__(self) -> None:
        self._backlog = Backlog(self.limits.backlog)
        self._unanswered = asyncio.Queue(_MAX_UNANSWERED)

    async def begin(self, sampler: Sampler) -> None:
        """Know what is watched before anything is heard, and open the first window. Raises: StoreError."""
        self._mark = Mark(self.around.clock.now(), sampler.statistics)
        await self._state()
        await self._read_watched()
        async with self.around.repository.writing() as work:
            await work.sites.defer(self.site, self.around.clock.now() + _NEVER)
        log.info("stream_started", source=self.site, watched=len(self.watched))

    async def hand_over(self, batch: Sequence[Sampled]) -> None:
        """Take what was sampled; never waits, so that sampling goes on and the oldest goes instead."""
        now = asyncio.get_running_loop().time()
        for one in batch:
            if one.is_watched:
                if now < self._rests_until.get(one.key, now):
                    continue
                self._rests_until[one.key] = now + self.limits.ask_again_s
            self.counts.dropped += self._backlog.add(one.key, is_watched=one.is_watched)

    async def keep_watched(self) -> NoReturn:
        """Read again and again what is watched: assets and findings come and go."""
        while True:
            await asyncio.sleep(self.limits.watched_every_s)
            try:
                await self._read_watched()
            except LeakwatchError as error:
                log.error("stream_watched_unread", source=self.site, error=error.message)

    async def _read_watched(self) -> None:
        found = await self.side.watched()
        self.watched.clear()
        self.watched |= found
        self._rests_until = {key: until for key, until in self._rests_until.items() if key in found}

    async def keep_windows(self, sampler: Sampler) -> NoReturn:
        """Write a coverage window every so often. One that cannot be written is in the log."""
        while True:
            await asyncio.sleep(self.limits.window_s)
            try:
                await self.close_window(sampler)
            except LeakwatchError as error:
                log.error("stream_window_lost", source=self.site, error=error.message)

    async def work(self) -> NoReturn:
        """Ask for one torrent after the other."""
        while True:
            key = await self._backlog.take()
            if not await self._has_answer(key) and not self._unanswered.full():
                due = asyncio.get_running_loop().time() + self.limits.second_turn_s
                self._unanswered.put_nowait((due, key))

    async def ask_again(self) -> NoReturn:
        """Give second turns, one at a time: torrents are announced before anybody answers."""
        while True:
            due, key = await self._unanswered.get()
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            await self._has_answer(key)

    async def _has_answer(self, key: SwarmKey) -> bool:
        """Look at one torrent; false if nobody gave its metadata in time. Its other errors are counted and told."""
        try:
            return await self._look_at(key)
        except LeakwatchError as error:
            self.counts.failed += 1
            log.warning(
                "stream_item_failed", source=self.site, infohash=key.hex(), error=clean(error.message, 300)
            )
        return True

    async def _look_at(self, key: SwarmKey) -> bool:
        """Observe one torrent that was not observed here before; false if nobody gave its metadata in time.

        Raises: MetainfoError, LayoutChanged, SwarmError if it could not be read, StoreError.
        """
        async with self.around.repository.reading() as work:
            if await work.findings.known_items(self.site, [key.hex()]):
                self.counts.known += 1
                return True
        brain = await self.around.brain()
        async with self.around.repository.reading() as work:
            is_silent = await is_swarm_silent([key], brain.index, work)
        if is_silent:
            at = self.around.clock.now()
            magnet = str(Magnet(Infohashes(v1=InfohashV1(bytes(key)))))
            page = Page(observations=(heard(key, self.site, at),))
            await self._take(page, self._payload(key, magnet.encode()), brain)
            return True
        rank = Rank.WATCHED if key in self.watched else Rank.SAMPLE
        try:
            raw = await _metadata(self.side.swarm, key, self.limits.deadline_s, rank)
        except SwarmError:
            self.counts.without += 1
            return False
        self.counts.with_metadata += 1
        payload = self._payload(key, raw)
        page = await asyncio.to_thread(page_of, await self.parser.info(raw), payload)
        await self._take(page, payload, brain)
        return True

    def _payload(self, key: SwarmKey, body: bytes) -> Payload:
        url = str(Magnet(Infohashes(v1=InfohashV1(bytes(key)))))
        request = Request(url=url, state={"site": self.site, "infohash": key.hex()})
        return Payload(
            request=request, url=url, status=200, headers={}, body=body, fetched_at=self.around.clock.now()
        )

    async def _take(self, page: Page, payload: Payload, brain: Brain) -> None:
        """Commit one item and count it, to the end: who stops the stream meanwhile finds both or neither in its window."""
        await asyncio.shield(self._commit(page, payload, brain))

    async def _commit(self, page: Page, payload: Payload, brain: Brain) -> None:
        """One at a time: each commit moves the site's version on."""
        around = self.around
        async with self._turn:
            state = await self._state()
            taken = await take_page(page, payload, state, brain, around.repository, around.vault)
            self.counts.stored += len(taken.new_items)
        if taken.alerts or taken.proofs:
            await around.announce(taken.alerts, taken.proofs)

    async def _state(self) -> SiteState:
        async with self.around.repository.reading() as work:
            state = await work.sites.get(self.site)
        if state is None:
            raise StoreError(f"the site {self.site!r} is not in the database")
        return state

    async def close_window(self, sampler: Sampler, error: Exception | None = None) -> None:
        """Write down what was covered since the last window, and open the next. Raises: StoreError."""
        async with self._turn:  # what is being committed belongs to this window
            now = self.around.clock.now()
            closed = window(self.site, self._mark, sampler.statistics, self.counts, now, error)
            self.counts, self._mark = Counts(), Mark(now, sampler.statistics)
        log.info(
            "stream_window_closed",
            source=self.site,
            verdict=closed.verdict.value,
            new_items=closed.new_items,
            detail=closed.detail,
        )
        failures = (await self._state()).failures + 1 if closed.verdict is Coverage.ERROR else 0
        async with self.around.repository.writing() as work:
            told = closed.detail if failures else None
            await work.sites.close_poll(closed, now + _NEVER, failures, told)


async def _metadata(swarm: Swarm, key: SwarmKey, deadline_s: float, rank: Rank) -> bytes:
    """The info dictionary of a swarm. What the DHT tells may be half of a v2 infohash; `checked` takes it for one."""
    return await swarm.metadata(Infohashes(v1=InfohashV1(bytes(key))), deadline_s=deadline_s, rank=rank)
