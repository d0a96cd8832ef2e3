"""Unknown infohashes by sampling (BEP 51): the product's sampler, and bare libtorrent beside it."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import libtorrent as lt
from loopback import DHT, OUR_ADDRESS, World

from leakwatch.demo.swarm import loopback_session
from leakwatch.swarm.dht_client import DhtClient, DhtSettings
from leakwatch.swarm.discovery import Sampled, Sampler, SamplerSettings
from leakwatch.swarm.hosts import Endpoint
from leakwatch.swarm.wall import Wall

_ADDRESS = "127.253.1.1"
_IN_FLIGHT = 100
_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the product asks."""

    name: str
    dht: DhtSettings
    sampler: SamplerSettings


_OURS = (OUR_ADDRESS, 0)
PACES = (
    Pace("as it ships", DhtSettings(_OURS), SamplerSettings()),
    Pace(
        "without its pauses",
        DhtSettings(_OURS, packets_per_s=100_000, node_interval_s=0, max_in_flight=_IN_FLIGHT),
        SamplerSettings(least_interval_s=0.001, at_once=_IN_FLIGHT),
    ),
)
"""As strangers are asked: 100 packets a second, and each node once a minute; and as the rival asks, for its cost."""


async def product(bootstrap: Sequence[str], seconds: float, enough: int, pace: Pace) -> dict[str, float]:
    """Sample until `enough` keys are known or time is up. Raises: what the sampler raises."""
    found, is_enough = set[bytes](), asyncio.Event()

    async def start() -> list[Endpoint]:
        return [(host, int(port)) for host, _, port in (node.rpartition(":") for node in bootstrap)]

    async def take(batch: Sequence[Sampled]) -> None:
        found.update(bytes(one.key) for one in batch)
        if len(found) >= enough:
            is_enough.set()

    started, cpu = time.monotonic(), time.process_time()
    async with DhtClient(os.urandom(20), Wall(["127.0.0.0/8"]), pace.dht) as client:
        sampler = Sampler(client, start, take, settings=pace.sampler)
        work = asyncio.create_task(sampler.run())
        waiter = asyncio.create_task(is_enough.wait())
        await asyncio.wait({work, waiter}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        took_s, cpu_s = time.monotonic() - started, time.process_time() - cpu
        waiter.cancel()
        if not work.cancel():
            await work  # it ended by itself, which it never should: its error is raised here
        await asyncio.wait({work})
    return {
        "found": len(found),
        "asked": sampler.statistics.nodes_asked,
        "took_s": took_s,
        "cpu_s": cpu_s,
    }


def bare(world: World, seconds: float, enough: int) -> dict[str, float]:
    """Ask node after node, each again only when its interval is over, until `enough` are known or time is up."""
    session = loopback_session(
        _ADDRESS, 0, lt.alert_category.dht_operation | lt.alert_category.dht, **DHT, dht_read_only=True
    )
    found, sweep = set[bytes](), _Sweep(session, world.told["bootstrap"])
    started, cpu = time.monotonic(), time.process_time()
    while len(found) < enough and time.monotonic() - started < seconds:
        sweep.ask()
        session.wait_for_alert(50)
        for alert in session.pop_alerts():
            if isinstance(alert, lt.dht_sample_infohashes_alert):
                found.update(sweep.hear(alert))
    return {
        "found": len(found),
        "asked": sweep.asked,
        "took_s": time.monotonic() - started,
        "cpu_s": time.process_time() - cpu,
    }


class _Sweep:
    """Whom to ask next, and who has not answered yet."""

    def __init__(self, session: lt.session, bootstrap: Sequence[str]) -> None:
        self._session, self.asked = session, 0
        nodes = [node.rpartition(":") for node in bootstrap]
        self._queue = deque((0.0, (host, int(port))) for host, _, port in nodes)
        self._seen = {node for _, node in self._queue}
        self._waiting: dict[tuple[str, int], float] = {}

    def ask(self) -> None:
        """Fill the window with nodes that may be asked now; a dead node gives no alert and is given up."""
        now = time.monotonic()
        self._waiting = {node: at for node, at in self._waiting.items() if now - at < _PATIENCE_S}
        for _ in range(len(self._queue)):
            if len(self._waiting) >= _IN_FLIGHT:
                return
            due, node = self._queue.popleft()
            if due > now:
                self._queue.append((due, node))
                continue
            self._waiting[node] = now
            self.asked += 1
            self._session.dht_sample_infohashes(node, lt.sha1_hash(os.urandom(20)))

    def hear(self, alert: lt.dht_sample_infohashes_alert) -> list[bytes]:
        """The samples; its neighbours are asked too, and the node again after its interval."""
        node = alert.endpoint
        self._waiting.pop(node, None)
        self._queue.append((time.monotonic() + alert.interval.total_seconds(), node))
        for other in alert.nodes:
            endpoint = other["endpoint"]
            if endpoint not in self._seen:
                self._seen.add(endpoint)
                self._queue.append((0.0, endpoint))
        return [sample.to_bytes() for sample in alert.samples]
