"""No payload, by the seeder's own counters: fifty torrents with content on disk, fetched by every path.

    python benchmarks/zero_payload.py [--torrents N] [--mib MIB] [--stay SECONDS] [--folder FOLDER]

The witness is the seeder, in a process of its own: payload bytes given away per torrent, and block requests it
heard. Beside it: bytes that our processes wrote to disk, and files under the folder for temporary ones. Then
torrents of each kind stay in a session whose timer for lifting `upload_mode` runs down every second, beside
controls that show that the counters and the timer can bite. Exit 1 unless all is zero and every control is not.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import libtorrent as lt
from loopback import Cost, World, children, infohashes_of, our_settings, quiet_logs, world

from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.demo.swarm import SEEDER_ADDRESS, loopback_session
from leakwatch.errors import LeakwatchError
from leakwatch.sources._kind import Request
from leakwatch.swarm.metadata import SwarmSettings, checked
from leakwatch.swarm.parser import MetainfoParser
from leakwatch.swarm.quiet import add_torrent, open_session
from leakwatch.swarm.session import SwarmSession
from leakwatch.torrent.magnet import Magnet

KINDS = ("v1", "v2", "hybrid")
_RACE_S = 3.0
"""How long is waited for what a race would still bring."""
_CONTROL_S = 20.0
_CONTROL_ADDRESS = "127.251.1.1"


@dataclass(slots=True)
class Bench:
    """The seeder's world, the folder for temporary files, and what came out."""

    world: World
    temporary: Path
    bad: list[str] = field(default_factory=list[str])

    @property
    def torrents(self) -> list[dict[str, Any]]:
        """What is seeded."""
        return self.world.told["torrents"]

    @property
    def seeder(self) -> tuple[str, int]:
        """Where the seeder listens."""
        host, port = self.world.told["seeder"]
        return host, port

    def row(self, what: str, kind: str, count: str, given: int, *, may_give: bool = False) -> None:
        """Print one line; what should be zero and is not, or the other way round, is kept."""
        print(f"{what:34} {kind:7} {count:>9} {given:>13,} B", flush=True)
        if (given > 0) != may_give:
            self.bad.append(f"{what}, {kind}: {given} bytes")


class Clock:
    """The machine's time."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Doors:
    """What the daemon takes metadata through: the swarm, or the index's own file and the process that reads it."""

    swarm: SwarmSession
    fetcher: HttpFetcher
    parser: MetainfoParser


@asynccontextmanager
async def doors(settings: SwarmSettings) -> AsyncGenerator[Doors]:
    """The doors of one path, closed with the block."""
    door = DoorSettings(contact="bench@leakwatch.example", allow_hosts=frozenset({SEEDER_ADDRESS}))
    swarm, parser = SwarmSession(settings), MetainfoParser()
    async with HttpFetcher(door, secret=lambda ref: ref.name, clock=Clock()) as fetcher:
        try:
            yield Doors(swarm, fetcher, parser)
        finally:
            await swarm.aclose()
            await parser.aclose()


Fetch = Callable[[Bench, Doors, dict[str, Any]], Awaitable[bytes]]


async def by_named_peer(bench: Bench, doors: Doors, torrent: dict[str, Any]) -> bytes:
    """As for a magnet with `x.pe`."""
    return await doors.swarm.metadata(infohashes_of(torrent), peers=[bench.seeder], deadline_s=60)


async def by_dht(_bench: Bench, doors: Doors, torrent: dict[str, Any]) -> bytes:
    """As for a bare infohash."""
    return await doors.swarm.metadata(infohashes_of(torrent), deadline_s=60)


async def by_index_url(_bench: Bench, doors: Doors, torrent: dict[str, Any]) -> bytes:
    """As where an index offers the torrent file: through the door, read by the parser's process."""
    payload = await doors.fetcher.fetch(Request(url=torrent["url"]))
    raw = await doors.parser.raw_info(payload.body)
    return checked(raw, infohashes_of(torrent), len(payload.body))


PATHS: Mapping[str, tuple[Fetch, bool]] = {
    "named peer (x.pe)": (by_named_peer, False),
    "DHT get_peers": (by_dht, True),
    "index's .torrent URL": (by_index_url, False),
}
"""How metadata can come, and whether the path needs the DHT."""


async def fetch_all(bench: Bench, name: str, path: Fetch, *, has_dht: bool) -> None:
    """Fetch every torrent by one path at once, wait, and read the counters."""
    before = bench.world.ask("uploaded")
    bootstrap = bench.world.told["bootstrap"] if has_dht else ()
    async with doors(our_settings(bootstrap)) as open_doors:
        started = time.monotonic()
        got = await asyncio.gather(
            *(path(bench, open_doors, torrent) for torrent in bench.torrents), return_exceptions=True
        )
        took_s = time.monotonic() - started
        await asyncio.sleep(_RACE_S)
        written = Cost.of(*children(without=[bench.world.pid])).written_bytes
        files = sum(1 for place in bench.temporary.rglob("*") if place.is_file())
    after = bench.world.ask("uploaded")
    for kind in KINDS:
        numbers = [n for n, torrent in enumerate(bench.torrents) if torrent["kind"] == kind]
        given = sum(after["uploaded"][n] - before["uploaded"][n] for n in numbers)
        count = sum(isinstance(got[n], bytes) for n in numbers)
        bench.row(name, kind, f"{count} of {len(numbers)}", given)
        if count < len(numbers):
            bench.bad.append(f"{name}, {kind}: metadata of {count} of {len(numbers)}")
    requests = after["requests"] - before["requests"]
    print(f"  {took_s:.2f} s; requests heard {requests}, files {files}, children's bytes on disk {written}")
    if requests or files or written:
        bench.bad.append(f"{name}: {requests} requests, {files} files, {written} bytes on disk")
    for error in got:
        if isinstance(error, BaseException) and not isinstance(error, LeakwatchError):
            raise error


@dataclass(frozen=True, slots=True)
class Stay:
    """Torrents that stay in a session: one of each kind, from this number on."""

    name: str
    first: int
    flags: int | None
    """None: added as the product adds them."""
    may_give: bool


_HELD = lt.torrent_flags.upload_mode | lt.torrent_flags.apply_ip_filter | lt.torrent_flags.duplicate_is_error
STAYS = (
    Stay("stays, the product's flags", 0, None, may_give=False),
    Stay("control: auto_managed kept", 3, _HELD | lt.torrent_flags.auto_managed, may_give=True),
    Stay("control: the default flags", 6, lt.torrent_flags.default_flags, may_give=True),
)


def stay(bench: Bench, seconds: float) -> None:
    """Keep torrents for a while under a timer of one second that lifts `upload_mode` where it can."""
    before = bench.world.ask("uploaded")["uploaded"]
    sessions: list[lt.session] = []
    handles: dict[str, list[lt.torrent_handle]] = {}
    folders = {one.name: tempfile.mkdtemp(dir=bench.temporary) for one in STAYS}
    for one in STAYS:
        session = open_session(our_settings()) if one.flags is None else loopback_session(_CONTROL_ADDRESS)
        session.apply_settings({"optimistic_disk_retry": 1})
        chosen = bench.torrents[one.first : one.first + 3]
        handles[one.name] = [
            _added(bench, session, torrent, one.flags, folders[one.name]) for torrent in chosen
        ]
        sessions.append(session)
    time.sleep(seconds)
    after = bench.world.ask("uploaded")["uploaded"]
    for one in STAYS:
        for number, handle in enumerate(handles[one.name], one.first):
            has_metadata = "has it" if handle.status().has_metadata else "has not"
            given = after[number] - before[number]
            kind = bench.torrents[number]["kind"]
            bench.row(f"{one.name}, {seconds:.0f} s", kind, has_metadata, given, may_give=one.may_give)
            if not handle.status().has_metadata:
                bench.bad.append(f"{one.name}, {kind}: no metadata")
        files = sum(1 for place in Path(folders[one.name]).rglob("*") if place.is_file())
        print(f"  files {files}")
        if bool(files) != one.may_give:
            bench.bad.append(f"{one.name}: {files} files")


def _added(
    bench: Bench, session: lt.session, torrent: dict[str, Any], flags: int | None, folder: str
) -> lt.torrent_handle:
    if flags is None:
        return add_torrent(session, infohashes_of(torrent), [bench.seeder], folder)
    params = lt.parse_magnet_uri(str(Magnet(infohashes_of(torrent))))
    params.flags, params.save_path, params.peers = flags, folder, [bench.seeder]
    return session.add_torrent(params)


def main() -> int:
    """Print the table; 1 if anything is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--torrents", type=int, default=50)
    parser.add_argument("--mib", type=int, default=32)
    parser.add_argument("--stay", type=float, default=60)
    parser.add_argument("--folder", default=None, help="where the payload goes; torrents times MIB")
    options = parser.parse_args()
    quiet_logs()
    with (
        tempfile.TemporaryDirectory(dir=options.folder) as folder,
        tempfile.TemporaryDirectory(dir=options.folder) as temporary,
        world("seeder_world.py", folder, str(options.torrents), str(options.mib)) as seeder,
    ):
        tempfile.tempdir = temporary  # what our own code makes for its child goes there
        bench = Bench(seeder, Path(temporary))
        print(f"{'':34} {'':7} {'metadata':>9} {'payload given':>15}")
        for name, (path, has_dht) in PATHS.items():
            asyncio.run(fetch_all(bench, name, path, has_dht=has_dht))
        stay(bench, options.stay)
    for one in bench.bad:
        print("BAD", one)
    print(
        "payload 0 wherever it must be, and every control gave some" if not bench.bad else "NOT AS IT MUST BE"
    )
    return 1 if bench.bad else 0


if __name__ == "__main__":
    sys.exit(main())
