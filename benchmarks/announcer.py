"""Announces peers to the nodes of a loopback DHT, living and dead ones, with a KRPC client of its own (BEP 5).

Only a benchmark's own world announces; the product never does. Each address has a socket of its own, for a node
believes the address that a packet comes from. Queries say `ro` (BEP 43): no node takes us for one.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import cast

Endpoint = tuple[str, int]
_NEAREST = 8
_IN_FLIGHT = 200
_PATIENCE_S = 2.0
_ATTEMPTS = 5
_ID = os.urandom(20)
_TOKEN = re.compile(rb"5:token(\d+):")


@dataclass(slots=True)
class _Line(asyncio.DatagramProtocol):
    """A socket at one address, and the queries it waits for."""

    waiting: dict[bytes, asyncio.Future[bytes]] = field(default_factory=dict[bytes, "asyncio.Future[bytes]"])
    transport: asyncio.DatagramTransport | None = None
    last: int = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)  # asyncio's own is none by class

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002
        """A reply: `t` is four bytes, and its place in the dictionary is known."""
        at = data.rfind(b"1:t4:")
        waiter = self.waiting.get(data[at + 5 : at + 9])
        if waiter and not waiter.done():
            waiter.set_result(data)

    async def ask(self, node: Endpoint, name: bytes, arguments: bytes) -> bytes:
        """One query, sent again if it is lost. Raises: TimeoutError."""
        for _ in range(_ATTEMPTS):
            self.last += 1
            number = self.last.to_bytes(4, "big")
            self.waiting[number] = asyncio.get_running_loop().create_future()
            query = b"d1:ad2:id20:%b%be1:q%d:%b2:roi1e1:t4:%b1:y1:qe" % (
                *(_ID, arguments, len(name), name, number),
            )
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    if self.transport:
                        self.transport.sendto(query, node)
                    return await self.waiting[number]
            except TimeoutError:
                continue
            finally:
                del self.waiting[number]
        raise TimeoutError(f"a node does not answer {name.decode()}")


@dataclass(frozen=True, slots=True)
class Announcement:
    """A peer of one torrent, as the DHT is to know it."""

    key: bytes
    peer: Endpoint


async def announce_all(announcements: Sequence[Announcement], nodes: Sequence[Endpoint]) -> int:
    """Tell each torrent's peers to the eight nodes nearest to it; returns how many times a node was told."""
    loop = asyncio.get_running_loop()
    lines: dict[str, _Line] = {}
    for host in {one.peer[0] for one in announcements}:
        _, lines[host] = await loop.create_datagram_endpoint(_Line, local_addr=(host, 0))
    first = next(iter(lines.values()))
    names = {await _node_id(first, node): node for node in nodes}
    work = iter([(one, node) for one in announcements for node in nearest(one.key, names)])
    told = await asyncio.gather(*(_tell(work, lines) for _ in range(_IN_FLIGHT)))
    for line in lines.values():
        if line.transport:
            line.transport.close()
    return sum(told)


def nearest(key: bytes, names: dict[int, Endpoint]) -> list[Endpoint]:
    """The nodes whose ids are nearest to an infohash."""
    number = int.from_bytes(key, "big")
    return [names[name] for name in nsmallest(_NEAREST, names, key=lambda name: name ^ number)]


async def _node_id(line: _Line, node: Endpoint) -> int:
    reply = await line.ask(node, b"ping", b"")
    at = reply.index(b"2:id20:")
    return int.from_bytes(reply[at + 7 : at + 27], "big")


async def _tell(work: Iterator[tuple[Announcement, Endpoint]], lines: dict[str, _Line]) -> int:
    told = 0
    for one, node in work:
        line = lines[one.peer[0]]
        reply = await line.ask(node, b"get_peers", b"9:info_hash20:" + one.key)
        found = _TOKEN.search(reply)
        if not found:
            raise ValueError("a node gave no token")
        token = reply[found.end() : found.end() + int(found[1])]
        arguments = b"9:info_hash20:%b4:porti%de5:token%d:%b" % (one.key, one.peer[1], len(token), token)
        await line.ask(node, b"announce_peer", arguments)
        told += 1
    return told
