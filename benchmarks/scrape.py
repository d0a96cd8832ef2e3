"""Do our counts agree with the npm package bittorrent-tracker, and what does a scrape cost?

    python benchmarks/scrape.py NODE_FOLDER [SWARMS]

NODE_FOLDER holds node_modules with bittorrent-tracker; the script says how to make it. Peers are registered by
plain announces of this script's own. Beside each rate stands a bare loop over a raw socket that sends the same
questions, the same number of them in flight, and reads nothing of the answers: the limit of the same run.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha1
from pathlib import Path
from urllib.parse import quote_from_bytes

from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.swarm.scrape import Counts, scrape
from leakwatch.swarm.scrape_udp import MAX_HASHES
from leakwatch.swarm.wall import TRACKER_PORTS, Wall
from leakwatch.torrent.infohash import SwarmKey

INSTALL = "npm install --ignore-scripts --prefix {} bittorrent-tracker"
HOST, SECONDS, WINDOW, HTTP_HASHES = "127.0.0.1", 3.0, 8, 25
WALL = Wall(["127.0.0.0/8"], low_ports=TRACKER_PORTS)
SERVER = """
import Server from 'bittorrent-tracker/server'
const server = new Server({udp: true, http: true, ws: false, stats: false})
server.on('error', error => { console.error(error.message); process.exit(1) })
server.on('warning', () => {})
server.listen(PORT, {http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1'}, () => console.log('up'))
"""


class Clock:
    """The time."""

    def now(self) -> datetime:
        """The current time."""
        return datetime.now(UTC)


def free_port() -> int:
    """A port that is free for both TCP and UDP, most likely."""
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def tracker(folder: Path) -> Iterator[int]:
    """Run the npm package's tracker; its port."""
    port = free_port()
    command = ["node", "--input-type=module", "-e", SERVER.replace("PORT", str(port))]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or process.stdout.readline() != "up\n":
                sys.exit("the tracker did not start")
            yield port
        finally:
            process.kill()


def some_swarms(count: int) -> dict[SwarmKey, tuple[int, int]]:
    """Swarms with 0 to 6 seeders and 0 to 4 leechers."""
    keys = (SwarmKey(sha1(str(number).encode(), usedforsecurity=False).digest()) for number in range(count))
    return {key: (number % 7, number % 5) for number, key in enumerate(keys)}


def connect(port: int) -> tuple[socket.socket, bytes]:
    """A socket for a UDP tracker, and a connection id (BEP 15)."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.settimeout(5)
    line.connect((HOST, port))
    line.send(struct.pack(">QII", 0x41727101980, 0, 1))
    return line, line.recv(64)[8:16]


def register(port: int, swarms: Mapping[SwarmKey, tuple[int, int]]) -> None:
    """Announce peers that do not exist, each on a port of its own."""
    line, connection = connect(port)
    with line:
        for key, (seeders, leechers) in swarms.items():
            for number in range(seeders + leechers):
                left = 0 if number < seeders else 1000
                peer = b"-XX0001-" + number.to_bytes(12, "big")
                told = struct.pack(
                    ">II20s20sQQQIIIiH", 1, number, key, peer, 0, left, 0, 2, 0, 0, 0, 2000 + number
                )
                line.send(connection + told)
                if line.recv(2048)[:4] != b"\0\0\0\1":
                    sys.exit("the tracker refused an announce")


def agreement(swarms: Mapping[SwarmKey, tuple[int, int]], found: Mapping[SwarmKey, Counts]) -> str:
    """How many counts are those that were registered. An HTTP tracker leaves out swarms without peers."""
    nobody = Counts(0, 0, 0)
    pairs = {key: found.get(key, nobody) for key in swarms}
    equal = sum((each.seeders, each.leechers) == swarms[key] for key, each in pairs.items())
    return f"{equal} of {len(swarms)} counts equal, {len(found)} told"


async def rate(once: Callable[[], Awaitable[int]]) -> tuple[float, float]:
    """Hashes a second, by the wall's clock and by this process's."""
    began, cpu, hashes = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < SECONDS:
        hashes += await once()
    return hashes / (time.perf_counter() - began), hashes / (time.process_time() - cpu)


async def bare_udp(port: int, keys: list[SwarmKey]) -> tuple[float, float]:
    """The limit over UDP: packets made beforehand, answers counted."""
    line, connection = connect(port)
    head = connection + struct.pack(">II", 2, 7)
    chunks = [keys[start : start + MAX_HASHES] for start in range(0, len(keys), MAX_HASHES)]
    packets = itertools.cycle([(head + b"".join(chunk), len(chunk)) for chunk in chunks])

    async def once() -> int:
        batch = list(itertools.islice(packets, WINDOW))
        for packet, _ in batch:
            line.send(packet)
        for _ in batch:
            line.recv(2048)
        return sum(count for _, count in batch)

    with line:
        return await rate(once)


async def bare_http(port: int, keys: list[SwarmKey]) -> tuple[float, float]:
    """The limit over HTTP: one request after the other on one connection."""
    query = "&".join("info_hash=" + quote_from_bytes(key, safe="") for key in keys[:HTTP_HASHES])
    request = f"GET /scrape?{query} HTTP/1.1\r\nHost: {HOST}:{port}\r\nAccept: */*\r\n\r\n".encode()
    with socket.create_connection((HOST, port), timeout=5) as line:

        async def once() -> int:
            line.sendall(request)
            answer = line.recv(2**16)
            while b"\r\n\r\n" not in answer or not answer.endswith((b"ee", b"0\r\n\r\n")):
                answer += line.recv(2**16)
            return HTTP_HASHES

        return await rate(once)


def told(what: str, ours: tuple[float, float], bare: tuple[float, float]) -> str:
    """One line of the table."""
    return (
        f"{what}: {ours[0]:,.0f} hashes/s (bare loop {bare[0]:,.0f}, ratio {ours[0] / bare[0]:.2f});"
        f" a CPU-second {ours[1]:,.0f} (bare loop {bare[1]:,.0f}, ratio {ours[1] / bare[1]:.2f})"
    )


async def measure(port: int, count: int) -> None:
    """Print agreement and rates over UDP and HTTP."""
    swarms = some_swarms(count)
    keys = list(swarms)
    register(port, swarms)
    settings = DoorSettings("ops@example.org", frozenset({f"{HOST}:{port}"}))
    async with HttpFetcher(
        settings, secret=str, clock=Clock(), tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ) as door:

        async def ask(scheme: str, some: list[SwarmKey]) -> Mapping[SwarmKey, Counts]:
            url = f"{scheme}://{HOST}:{port}/announce"
            return await scrape(url, some, fetcher=door, wall=WALL, min_interval_s=0)

        async def udp() -> int:
            return len(keys) if await ask("udp", keys) else 0

        async def http() -> int:
            return HTTP_HASHES if await ask("http", keys[:HTTP_HASHES]) else 0

        for scheme in ("udp", "http"):
            print(f"{scheme}: {agreement(swarms, await ask(scheme, keys))}")
        print(told("UDP", await rate(udp), await bare_udp(port, keys)))
        print(told("HTTP", await rate(http), await bare_http(port, keys)))


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "node")
    if shutil.which("node") is None:
        sys.exit("node is not installed: apt-get install nodejs npm")
    if not (folder / "node_modules" / "bittorrent-tracker").is_dir():
        sys.exit(f"bittorrent-tracker is missing: {INSTALL.format(folder)}")
    with tracker(folder) as port:
        asyncio.run(measure(port, int(sys.argv[2]) if len(sys.argv) > 2 else 2960))


if __name__ == "__main__":
    main()
