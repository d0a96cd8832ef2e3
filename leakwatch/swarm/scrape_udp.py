"""Counts from a UDP tracker: connect and scrape, the only two actions that this file can write.

Source: BEP 15, "UDP Tracker Protocol": "Connect", "Scrape", "Errors", "Time outs".
"""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import Sequence

from leakwatch.swarm.hosts import Resolve, addresses_of
from leakwatch.swarm.tracker import Counts, Tracker, checked_counts, problem
from leakwatch.swarm.wall import Wall
from leakwatch.torrent.infohash import SwarmKey

MAX_HASHES = 74
"""Infohashes in one packet, so that it stays below an Ethernet frame (BEP 15)."""
_PROTOCOL = 0x41727101980
_CONNECT, _SCRAPE, _ERROR = 0, 2, 3
_CONNECTION_LIFE_S = 60.0
_WAITS = (1, 2, 4, 8)
"""Shares of the time left between two transmissions: the doubling of BEP 15, shortened to the deadline."""
_WINDOW = 8
"""Packets in flight to one tracker."""
_MAX_ADDRESSES = 2
_UNREACHABLE = b""
"""In place of an answer: the network said that nobody is there."""


async def scrape_udp(
    tracker: Tracker, keys: Sequence[SwarmKey], wall: Wall, resolve: Resolve, deadline_s: float
) -> dict[SwarmKey, Counts]:
    """Ask a UDP tracker for the counts of some swarms; it says zeros for those that it does not know.

    Raises: SwarmError.
    """
    if not tracker.port:
        raise problem("unscrapable", tracker.host)
    loop = asyncio.get_running_loop()
    ends = loop.time() + deadline_s
    try:
        async with asyncio.timeout_at(ends):
            addresses = await addresses_of(tracker.host, tracker.port, wall, resolve)
    except TimeoutError as error:
        raise problem("silent", tracker.host) from error
    failure = problem("silent", tracker.host)
    for left in range(min(len(addresses), _MAX_ADDRESSES), 0, -1):
        address = addresses.pop(0)
        now = loop.time()
        try:
            return await _scrape_at(address, tracker, keys, now + (ends - now) / left)
        except _NobodyThere as error:
            failure = error.args[0]
    raise failure


class _NobodyThere(Exception):
    """The address gave nothing; another one of the host may. Never leaves this file."""


async def _scrape_at(
    address: str, tracker: Tracker, keys: Sequence[SwarmKey], ends: float
) -> dict[SwarmKey, Counts]:
    loop = asyncio.get_running_loop()
    try:
        # Connected, so that the kernel drops what comes from any other address and reports unreachable ones.
        transport, ears = await loop.create_datagram_endpoint(_Ears, remote_addr=(address, tracker.port))
    except OSError as error:
        raise _NobodyThere(problem("unreachable", tracker.host)) from error
    try:
        return await _Talk(transport, ears, tracker.host, ends).scrape(keys)
    finally:
        transport.close()


class _Ears(asyncio.DatagramProtocol):
    """Hands each packet to the question whose transaction id it carries."""

    def __init__(self) -> None:
        self.waiting: dict[bytes, asyncio.Future[bytes]] = {}
        self.strays = 0

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:  # noqa: ARG002
        waiter = self.waiting.get(data[4:8])
        if waiter is None:
            self.strays += 1
        elif not waiter.done():
            waiter.set_result(data)

    def error_received(self, exc: Exception) -> None:  # noqa: ARG002
        for waiter in self.waiting.values():
            if not waiter.done():
                waiter.set_result(_UNREACHABLE)


class _Talk:
    """One conversation with one address of a tracker."""

    def __init__(self, transport: asyncio.DatagramTransport, ears: _Ears, host: str, ends: float) -> None:
        self._transport, self._ears, self._host, self._ends = transport, ears, host, ends
        self._now = asyncio.get_running_loop().time
        self._connecting = asyncio.Lock()
        self._connection, self._connected_at = b"", 0.0

    async def scrape(self, keys: Sequence[SwarmKey]) -> dict[SwarmKey, Counts]:
        """The counts, from as many packets as it takes."""
        window, found = asyncio.Semaphore(_WINDOW), dict[SwarmKey, Counts]()

        async def ask(some: Sequence[SwarmKey]) -> None:
            async with window:
                found.update(await self._scrape_some(some))

        await self._connect()  # alone, so that a dead tracker gets one packet at a time
        try:
            async with asyncio.TaskGroup() as group:
                for start in range(0, len(keys), MAX_HASHES):
                    group.create_task(ask(keys[start : start + MAX_HASHES]))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return {key: found[key] for key in keys}

    async def _scrape_some(self, keys: Sequence[SwarmKey]) -> dict[SwarmKey, Counts]:
        """The counts; a tracker may answer fewer infohashes at once than were asked for, and is asked for the rest.

        Source: chihaya, `max_scrape_infohashes`, 50 if nothing else is set: it passes over those beyond.
        """
        found: dict[SwarmKey, Counts] = {}
        while left := keys[len(found) :]:
            reply = await self._exchange(await self._connect(), _SCRAPE, b"".join(left))
            if len(reply) % 12 != 8 or not 12 <= len(reply) <= 8 + 12 * len(left):
                raise problem("length", self._host)
            # In the order seeders, completed, leechers.
            told = zip(left, struct.iter_unpack(">III", reply[8:]), strict=False)
            found |= {key: checked_counts(each[0], each[2], each[1], self._host) for key, each in told}
        return found

    async def _connect(self) -> bytes:
        """A connection id that is at most a minute old."""
        async with self._connecting:
            if not self._connection or self._now() - self._connected_at >= _CONNECTION_LIFE_S:
                asked_at = self._now()
                reply = await self._exchange(struct.pack(">Q", _PROTOCOL), _CONNECT, b"")
                if len(reply) < 16:
                    raise problem("length", self._host)
                self._connection, self._connected_at = reply[8:16], asked_at
            return self._connection

    async def _exchange(self, head: bytes, action: int, body: bytes) -> bytes:
        """Ask, again and again until the time is up, and check that the answer belongs to the question."""
        transaction = secrets.token_bytes(4)
        waiter: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._ears.waiting[transaction] = waiter
        left_s = self._ends - self._now()
        try:
            for share in _WAITS if left_s > 0 else ():
                self._transport.sendto(head + struct.pack(">I", action) + transaction + body)
                done, _ = await asyncio.wait([waiter], timeout=left_s * share / sum(_WAITS))
                if done:
                    return self._checked(action, waiter.result())
        finally:
            del self._ears.waiting[transaction]
        raise _NobodyThere(problem("unasked" if self._ears.strays else "silent", self._host))

    def _checked(self, asked: int, reply: bytes) -> bytes:
        if reply == _UNREACHABLE:
            raise _NobodyThere(problem("unreachable", self._host))
        action = int.from_bytes(reply[:4], "big")
        if action == _ERROR:
            raise problem("said", self._host, reply[8:])
        if action != asked:
            raise problem("garbage", self._host)
        return reply
