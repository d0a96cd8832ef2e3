"""Asks nodes of the DHT, within a budget. It answers nobody and announces nothing.

Source: BEP 5, BEP 43; the limits are those of research/bittorrent.md §3.5.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from dataclasses import dataclass, field, replace
from typing import Self, cast

from leakwatch.errors import ConfigError, SwarmError
from leakwatch.swarm.budget import Budget, Lanes
from leakwatch.swarm.hosts import Endpoint, place_of
from leakwatch.swarm.krpc import ID_BYTES, Question, Refusal, Reply, read_answer, write_question
from leakwatch.swarm.wall import Wall

_MAX_JUNK = 16
"""Unreadable packets of one node, while it is asked, that are looked at."""


@dataclass(frozen=True, slots=True)
class DhtSettings:
    """How the DHT is asked.

    Units:  `packets_per_s` holds for all questions together; `node_interval_s` lies between two questions to
    one address (of IPv6: to one /64); `deadline_s` is that of one question, from when it was sent.
    """

    listen: Endpoint = ("0.0.0.0", 0)  # noqa: S104 - it answers nobody
    packets_per_s: float = 100.0
    node_interval_s: float = 1.0
    deadline_s: float = 3.0
    max_in_flight: int = 256


@dataclass(frozen=True, slots=True)
class Packets:
    """What went over the socket. Strays answer no question; what is unreadable or walled off is not used."""

    sent: int = 0
    received: int = 0
    strays: int = 0
    unreadable: int = 0
    walled: int = 0


@dataclass(slots=True)
class _Asked:
    """The open questions to one endpoint, by transaction id."""

    waiting: dict[bytes, asyncio.Future[Reply | Refusal | None]] = field(
        default_factory=dict[bytes, asyncio.Future[Reply | Refusal | None]]
    )
    junk: int = 0


class DhtClient(asyncio.DatagramProtocol):
    """One UDP socket, one stable node id. Used as `async with DhtClient(...) as client`."""

    def __init__(self, own_id: bytes, wall: Wall, settings: DhtSettings = DhtSettings()) -> None:
        if len(own_id) != ID_BYTES:
            raise ConfigError("a node id has 20 bytes", field="swarm.node_id")
        self._own_id, self._wall, self._settings = own_id, wall, settings
        self._family = ipaddress.ip_address(settings.listen[0]).version
        self._budget, self._lanes = Budget(settings.packets_per_s), Lanes(settings.node_interval_s)
        self._slots = asyncio.Semaphore(settings.max_in_flight)
        self._asked: dict[Endpoint, _Asked] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._packets = Packets()

    @property
    def packets(self) -> Packets:
        """What went over the socket so far."""
        return self._packets

    @property
    def own_id(self) -> bytes:
        """The node id that every question carries."""
        return self._own_id

    async def __aenter__(self) -> Self:
        """Open the socket. Raises: SwarmError."""
        try:
            await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: self, local_addr=self._settings.listen
            )
        except OSError as error:
            raise SwarmError("the DHT client's socket cannot be opened") from error
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close the socket; open questions end without an answer."""
        if self._transport:
            self._transport.close()

    def admits(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint may be asked: past the wall, and of the socket's family."""
        is_ours = self._wall.admits(*endpoint)
        return is_ours and ipaddress.ip_address(endpoint[0]).version == self._family

    async def ask(self, endpoint: Endpoint, question: Question) -> Reply | Refusal | None:
        """Ask one node; None if no valid answer came in time, or if it may not be asked.

        Nodes and peers in the answer are those that may be talked to.
        Raises: SwarmError if the client is closed.
        """
        if not self.admits(endpoint):
            self._count(walled=1)
            return None
        async with self._lanes.turn(place_of(endpoint[0])):
            await self._slots.acquire()
            try:
                await self._budget.take()
                transaction, waiter = self._send(endpoint, question)
            except BaseException:
                self._slots.release()
                raise
        try:
            await asyncio.wait([waiter], timeout=self._settings.deadline_s)
            answer = waiter.result() if waiter.done() else None
        finally:
            self._slots.release()
            self._forget(endpoint, transaction)
        return self._admitted(answer) if isinstance(answer, Reply) else answer

    def _send(
        self, endpoint: Endpoint, question: Question
    ) -> tuple[bytes, asyncio.Future[Reply | Refusal | None]]:
        if self._transport is None or self._transport.is_closing():
            raise SwarmError("the DHT client is closed")
        transaction = secrets.token_bytes(4)
        waiter: asyncio.Future[Reply | Refusal | None] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(endpoint, _Asked()).waiting[transaction] = waiter
        self._transport.sendto(write_question(question, transaction, self._own_id), endpoint)
        self._count(sent=1)
        return transaction, waiter

    def _forget(self, endpoint: Endpoint, transaction: bytes) -> None:
        asked = self._asked[endpoint]
        del asked.waiting[transaction]
        if not asked.waiting:
            del self._asked[endpoint]

    def _admitted(self, reply: Reply) -> Reply:
        nodes = tuple(node for node in reply.nodes if self.admits(node.endpoint))
        peers = tuple(peer for peer in reply.peers if self._wall.admits(*peer))
        self._count(walled=len(reply.nodes) - len(nodes) + len(reply.peers) - len(peers))
        return replace(reply, nodes=nodes, peers=peers)

    def _count(self, **more: int) -> None:
        changed = {name: getattr(self._packets, name) + number for name, number in more.items()}
        self._packets = replace(self._packets, **changed)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Called by the event loop: nobody will answer any more."""
        for asked in self._asked.values():
            for waiter in asked.waiting.values():
                if not waiter.done():
                    waiter.set_result(None)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Called by the event loop. Nothing is parsed that does not come from where a question went."""
        self._count(received=1)
        asked = self._asked.get((addr[0], addr[1]))
        if asked is None or asked.junk >= _MAX_JUNK:
            self._count(strays=1)
            return
        try:
            transaction, answer = read_answer(data)
        except SwarmError:
            asked.junk += 1
            self._count(unreadable=1)
            return
        waiter = asked.waiting.get(transaction)
        if waiter is None:
            asked.junk += 1
            self._count(strays=1)
        elif not waiter.done():
            waiter.set_result(answer)
