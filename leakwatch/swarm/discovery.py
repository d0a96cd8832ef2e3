"""Hears of new swarms: asks the nodes of the DHT, in breadth, for samples of the infohashes that they keep.

Each node is asked as seldom as it wants. It learns keys and nothing of the peers behind them.
Source: BEP 51, "DHT Infohash Indexing".
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass

import structlog

from leakwatch.errors import SwarmError
from leakwatch.swarm.dht_client import DhtClient
from leakwatch.swarm.hosts import Endpoint
from leakwatch.swarm.krpc import ID_BYTES, MAX_INTERVAL_S, Ask, Node, Question, Refusal, Reply
from leakwatch.swarm.nodes import Known, NodeTable
from leakwatch.swarm.seen import SeenFilter
from leakwatch.torrent.infohash import SwarmKey

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sampled:
    """A swarm that somebody in the DHT keeps peers of."""

    key: SwarmKey
    is_watched: bool = False


HandOver = Callable[[Sequence[Sampled]], Awaitable[None]]
Bootstrap = Callable[[], Awaitable[Sequence[Endpoint]]]
"""The nodes to begin with, resolved anew each time. Raises: SwarmError."""


@dataclass(frozen=True, slots=True)
class SamplerSettings:
    """How the DHT is sampled.

    Units:  `least_interval_s` is the rest of nodes that ask for less; `rejoin_s` lies between two requests to
    the bootstrap nodes, made only when there is nobody else to ask; a batch goes out when it is full or
    `batch_wait_s` old.
    """

    max_nodes: int = 20_000
    seen_capacity: int = 1_000_000
    at_once: int = 256
    batch: int = 200
    batch_wait_s: float = 1.0
    least_interval_s: float = 60.0
    rejoin_s: float = 60.0


@dataclass(frozen=True, slots=True)
class SamplerStatistics:
    """What a sampler did.

    Units:  `nodes_asked` counts a node each time; `nodes_known` is the size of the table. `samples` are keys as
    they came, `new` those not seen before, `watched` those that are watched, each time.
    """

    nodes_known: int
    nodes_asked: int
    nodes_dead: int
    packets_sent: int
    packets_received: int
    samples: int
    new: int
    watched: int


class Sampler:
    """Samples until it is cancelled. Where its consumer is slow, it asks more slowly."""

    def __init__(
        self,
        client: DhtClient,
        bootstrap: Bootstrap,
        hand_over: HandOver,
        *,
        watched: AbstractSet[SwarmKey] = frozenset(),
        settings: SamplerSettings = SamplerSettings(),
    ) -> None:
        """`watched` is looked into at each sample, so its owner may change it; its keys are always handed on."""
        self._client, self._bootstrap, self._hand_over = client, bootstrap, hand_over
        self._watched, self._settings = watched, settings
        self._now = asyncio.get_running_loop().time
        self._table = NodeTable(settings.max_nodes, self._now())
        self._seen = SeenFilter(settings.seen_capacity)
        self._queue: asyncio.Queue[Sampled] = asyncio.Queue(2 * settings.batch)
        self._table_changed = asyncio.Event()
        self._join_at = self._now()
        self._asked = self._dead = self._samples = self._new = self._watched_seen = 0

    @property
    def statistics(self) -> SamplerStatistics:
        """What was done so far."""
        packets = self._client.packets
        return SamplerStatistics(
            nodes_known=len(self._table),
            nodes_asked=self._asked,
            nodes_dead=self._dead,
            packets_sent=packets.sent,
            packets_received=packets.received,
            samples=self._samples,
            new=self._new,
            watched=self._watched_seen,
        )

    async def run(self) -> None:
        """Sample for ever. Raises: what the consumer raises; SwarmError if the client is closed."""
        slots = asyncio.Semaphore(self._settings.at_once)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._deliver())
                while True:
                    await slots.acquire()
                    visit = group.create_task(self._visit(await self._due_node()))
                    visit.add_done_callback(lambda _: slots.release())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _due_node(self) -> Known:
        """Wait for a node that may be asked now."""
        while (node := self._table.next(self._now())) is None:
            if self._now() >= self._join_at:
                await self._join()
                continue
            wait_s = self._table.wait_s(self._now())
            until_join_s = max(self._join_at - self._now(), 0.0)
            self._table_changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(until_join_s if wait_s is None else min(wait_s, until_join_s)):
                    await self._table_changed.wait()
        return node

    async def _join(self) -> None:
        """Ask the bootstrap nodes for nodes. They may be routers that give no samples."""
        self._join_at = self._now() + self._settings.rejoin_s
        try:
            start = await self._bootstrap()
        except SwarmError as error:
            log.warning("dht_join_failed", reason=error.message)
            return
        question = Question(Ask.FIND_NODE, secrets.token_bytes(ID_BYTES))
        replies = await asyncio.gather(*(self._client.ask(each, question) for each in start))
        for endpoint, reply in zip(start, replies, strict=True):
            if isinstance(reply, Reply):
                self._learn((*reply.nodes, Node(reply.ident, endpoint)))

    async def _visit(self, node: Known) -> None:
        """Ask a node for samples, or only for nodes where it is known to give none."""
        self._asked += 1
        ask = Ask.FIND_NODE if node.has_samples is False else Ask.SAMPLE
        answer = await self._ask(node, ask)
        if ask is Ask.SAMPLE and answer is not None:
            node.has_samples = isinstance(answer, Reply) and answer.samples is not None
            if isinstance(answer, Refusal):
                answer = await self._ask(node, Ask.FIND_NODE)
        if isinstance(answer, Reply):
            self._table.rest(node, self._now() + max(answer.interval_s, self._settings.least_interval_s))
            self._learn(answer.nodes)
            self._table_changed.set()
            await self._take(answer.samples or ())
        elif isinstance(answer, Refusal):
            self._table.rest(node, self._now() + MAX_INTERVAL_S)
        else:
            self._dead += self._table.failed(node, self._now())
            self._table_changed.set()

    async def _ask(self, node: Known, ask: Ask) -> Reply | Refusal | None:
        # A new target each time: the nodes named are those nearest to it, so all parts of the DHT are met.
        return await self._client.ask(node.endpoint, Question(ask, secrets.token_bytes(ID_BYTES)))

    def _learn(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            if node.ident != self._client.own_id:
                self._table.learn(node.endpoint, self._now())

    async def _take(self, samples: Sequence[SwarmKey]) -> None:
        """Hand on what is new or watched; waits while the consumer has enough to do."""
        for key in samples:
            self._samples += 1
            is_new, is_watched = self._seen.add(key), key in self._watched
            self._new += is_new
            self._watched_seen += is_watched
            if is_new or is_watched:
                await self._queue.put(Sampled(key, is_watched))

    async def _deliver(self) -> None:
        while True:
            batch = [await self._queue.get()]
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.batch_wait_s):
                    while len(batch) < self._settings.batch:
                        batch.append(await self._queue.get())
            await self._hand_over(tuple(batch))
