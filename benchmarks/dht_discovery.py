"""Unknown infohashes by sampling (BEP 51): the product's discovery, and bare libtorrent beside it.

`product` is the one place that knows `leakwatch.swarm.discovery`; where there is none, nothing is measured.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from importlib import import_module
from importlib.util import find_spec

import libtorrent as lt
from loopback import DHT, World

from leakwatch.demo.swarm import loopback_session

_ADDRESS = "127.253.1.1"
_IN_FLIGHT = 100
_PATIENCE_S = 2.0


def has_product() -> bool:
    """Whether there is a discovery to measure."""
    return find_spec("leakwatch.swarm.discovery") is not None


async def product(bootstrap: Sequence[str], seconds: float) -> AsyncIterator[bytes]:
    """Swarm keys as the product finds them. To be adapted to `leakwatch.swarm.discovery` in these lines alone."""
    discovery = import_module("leakwatch.swarm.discovery")
    async for key in discovery.sampled(tuple(bootstrap), seconds):
        yield bytes(key)


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
