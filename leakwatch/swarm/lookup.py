"""Walks through the DHT to the nodes nearest to a swarm's key.

Source: BEP 5, "Routing Table" and `get_peers`. One node for each address (of IPv6: each /64), so that one host
cannot be all the neighbours; a node whose id is the key itself is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from leakwatch.swarm.dht_client import DhtClient
from leakwatch.swarm.hosts import Endpoint, place_of
from leakwatch.swarm.krpc import Ask, Node, Question, Reply, distance
from leakwatch.torrent.infohash import SwarmKey

NEAREST = 8
"""Nodes that keep a swarm's peers (the K of BEP 5)."""
MAX_QUESTIONS = 96
_AT_ONCE = 8


async def nearest_nodes(
    client: DhtClient, key: SwarmKey, start: Sequence[Endpoint], hear: Callable[[Reply], None]
) -> list[Node]:
    """The nodes nearest to a key that answered `get_peers`, nearest first; `hear` is told each answer.

    Ends when the nearest known nodes were all asked, or after 96 questions.
    """
    walk = _Walk(client, key, hear)
    running = {asyncio.create_task(walk.visit(endpoint)) for endpoint in start[:NEAREST]}
    try:
        while running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            while len(running) < _AT_ONCE and (node := walk.next_node()):
                running.add(asyncio.create_task(walk.visit(node.endpoint)))
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return walk.nearest()


class _Walk:
    """What one look-up knows: bounded by its number of questions and the nodes that one answer may name."""

    def __init__(self, client: DhtClient, key: SwarmKey, hear: Callable[[Reply], None]) -> None:
        self._client, self._key, self._hear = client, key, hear
        self._unasked: dict[str, Node] = {}
        self._asked: set[str] = set()
        self._answered: list[Node] = []

    def nearest(self) -> list[Node]:
        """The nearest nodes that answered."""
        return sorted(self._answered, key=self._distance)[:NEAREST]

    def next_node(self) -> Node | None:
        """The nearest node not asked yet, if it is nearer than the farthest of the nearest that answered."""
        if not self._unasked or len(self._asked) >= MAX_QUESTIONS:
            return None
        place, node = min(self._unasked.items(), key=lambda item: self._distance(item[1]))
        nearest = self.nearest()
        if len(nearest) == NEAREST and self._distance(node) > self._distance(nearest[-1]):
            return None
        self._asked.add(place)
        return self._unasked.pop(place)

    async def visit(self, endpoint: Endpoint) -> None:
        """Ask a node, and learn of others."""
        self._asked.add(place_of(endpoint[0]))
        reply = await self._client.ask(endpoint, Question(Ask.GET_PEERS, self._key))
        if not isinstance(reply, Reply) or reply.ident == self._key:
            return
        self._answered.append(Node(reply.ident, endpoint))
        self._hear(reply)
        for node in reply.nodes:
            place = place_of(node.endpoint[0])
            if place not in self._asked and node.ident not in (self._key, self._client.own_id):
                self._unasked.setdefault(place, node)

    def _distance(self, node: Node) -> int:
        return distance(node.ident, self._key)
