"""The product in a DHT of a hundred nodes and five thousand torrents, most of whose peers are dead.

    python benchmarks/dht.py [--nodes N] [--torrents N] [--watched N] [--named N] [--rounds N] [--discover S]

Every watched torrent must be found through the DHT, its metadata fetched and the right asset proved, and nothing
of the others; the world's nodes must hear no announcement and no block request. Printed per round: metadata per
CPU-second of daemon and child, beside bare libtorrent fetching the same set in the same run, in turns; the budget
(DESIGN §12) is a ratio of at least 0.9. Exit 1 if the product missed, mistook, announced or requested something;
what bare libtorrent misses is printed, and lowers its rate.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dht_content import ASSETS, asset
from dht_discovery import PACES, bare, product
from loopback import Cost, World, children, infohashes_of, our_settings, quiet_logs, settle, world

from leakwatch.assetfiles import Found, LocalHasher, fingerprint
from leakwatch.model.asset import AssetFile
from leakwatch.model.finding import Proof, Verdict
from leakwatch.proof import prove
from leakwatch.swarm.session import SwarmSession
from leakwatch.torrent.metainfo import TorrentInfo, parse_info

_BACKGROUND_S = 5.0
_DEADLINE_S = 60.0
Torrent = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fetched:
    """One round: raw metadata by infohash, and what it took."""

    raws: dict[str, bytes]
    took_s: float
    daemon_s: float
    child_s: float
    errors: tuple[str, ...]

    @property
    def cpu_s(self) -> float:
        """Of daemon and child together."""
        return self.daemon_s + self.child_s


def judge(info: TorrentInfo, files: list[AssetFile]) -> Proof:
    """Our verdict."""
    return prove(info, files, LocalHasher())


def own_assets(folder: Path) -> list[AssetFile]:
    """The assets on this machine, with their prints."""
    files: list[AssetFile] = []
    for number in range(ASSETS):
        local = folder / f"{number}.bin"
        local.write_bytes(asset(number))
        files.append(fingerprint(Found(local.name, local), lambda _count: None))
    return files


async def fetch(session: SwarmSession, pid: int, torrents: Sequence[Torrent], *, by_dht: bool) -> Fetched:
    """All at once through the product; the DHT alone, or the named peer alone."""
    before, cpu, started = Cost.of(pid).cpu_s, time.process_time(), time.monotonic()
    got = await asyncio.gather(
        *(
            session.metadata(
                infohashes_of(torrent),
                peers=() if by_dht else (tuple(torrent["peer"]),),
                deadline_s=_DEADLINE_S,
            )
            for torrent in torrents
        ),
        return_exceptions=True,
    )
    pairs = list(zip(torrents, got, strict=True))
    return Fetched(
        {torrent["v1"]: raw for torrent, raw in pairs if isinstance(raw, bytes)},
        time.monotonic() - started,
        time.process_time() - cpu,
        Cost.of(pid).cpu_s - before,
        tuple(str(raw) for raw in got if isinstance(raw, BaseException)),
    )


def judged(raws: dict[str, bytes], torrents: Sequence[Torrent], files: list[AssetFile]) -> list[str]:
    """Mistakes: torrents of which another asset is proved than the world put in, or none, or one too many."""
    mistakes: list[str] = []
    for torrent in torrents:
        raw = raws.get(torrent["v1"])
        if raw is None:
            continue
        proof = judge(parse_info(raw), files)
        proved = {file.asset_path for file in proof.files if file.pieces_ok}
        wanted = set() if torrent["asset"] is None else {f"{torrent['asset']}.bin"}
        if proved != wanted or (proof.verdict is Verdict.PROVED) != bool(wanted):
            mistakes.append(f"{torrent['v1']}: {proof.verdict} {sorted(proved)}, right is {sorted(wanted)}")
    return mistakes


class Run:
    """The measurements, in order."""

    def __init__(self, place: World, options: argparse.Namespace, folder: Path) -> None:
        self._world, self._options, self._folder = place, options, folder
        self._torrents: list[Torrent] = place.told["torrents"]
        self._watched = [torrent for torrent in self._torrents if torrent["asset"] is not None]
        self._bad: list[str] = []

    async def whole(self) -> list[str]:
        """All parts; what is not as it must be."""
        print(json.dumps({key: value for key, value in self._world.told.items() if key != "torrents"}))
        others = [torrent for torrent in self._torrents if torrent["asset"] is None]
        named = others[: self._options.named]
        told = {"bootstrap": self._world.told["bootstrap"], "torrents": [*self._watched, *named]}
        (self._folder / "torrents.json").write_text(json.dumps(told))
        session = SwarmSession(our_settings(self._world.told["bootstrap"]))
        await session.metadata(infohashes_of(self._watched[0]), deadline_s=_DEADLINE_S)  # starts the child
        (pid,) = children(without=[self._world.pid])
        before = self._world.ask("counts")
        raws = await self._watch(session, pid)
        with world("bare_fetch.py", str(self._folder / "torrents.json")) as rival:
            await self._compare(session, pid, rival, "dht", self._watched)
            await session.aclose()
            session = SwarmSession(our_settings())  # with a DHT it would look there too
            first = self._watched[0]
            await session.metadata(infohashes_of(first), peers=[tuple(first["peer"])], deadline_s=_DEADLINE_S)
            (pid,) = children(without=[self._world.pid, rival.pid])
            raws |= await self._compare(session, pid, rival, "named", [*self._watched, *named])
            await session.aclose()
        self._match(raws)
        await self._discover()
        self._witness(before)
        return self._bad

    async def _watch(self, session: SwarmSession, pid: int) -> dict[str, bytes]:
        """Every watched torrent by the DHT alone, with the packets that it costs the nodes."""
        quiet = self._world.ask("counts")
        await asyncio.sleep(_BACKGROUND_S)
        before = self._world.ask("counts")
        fetched = await fetch(session, pid, self._watched, by_dht=True)
        after = self._world.ask("counts")
        found = len(fetched.raws)
        print(f"watched: found {found} of {len(self._watched)} by the DHT in {fetched.took_s:.2f} s")
        for name, key in (
            ("packets of any kind", "dht.dht_messages_in"),
            ("get_peers queries", "dht.dht_get_peers_in"),
            ("connections", "peer.incoming_connections"),
        ):
            idle = (before[key] - quiet[key]) / _BACKGROUND_S
            count = after[key] - before[key] - idle * fetched.took_s
            print(f"  {name} that the nodes received per found torrent: {count / max(found, 1):.1f}")
        self._bad += [f"not found: {error}" for error in fetched.errors]
        return fetched.raws

    async def _compare(
        self, session: SwarmSession, pid: int, rival: World, how: str, torrents: Sequence[Torrent]
    ) -> dict[str, bytes]:
        """Rounds in turns; prints each and the ratio over all of them."""
        ours_s = theirs_s = 0.0
        ours = theirs = 0
        raws = dict[str, bytes]()
        for number in range(self._options.rounds):
            settle()
            fetched = await fetch(session, pid, torrents, by_dht=how == "dht")
            before = Cost.of(rival.pid).cpu_s
            told = rival.ask(how)
            bare_s = Cost.of(rival.pid).cpu_s - before
            ours, ours_s = ours + len(fetched.raws), ours_s + fetched.cpu_s
            theirs, theirs_s = theirs + told["got"], theirs_s + bare_s
            raws |= fetched.raws
            size = sum(map(len, fetched.raws.values())) / max(len(fetched.raws), 1) / 1000
            print(
                f"{how} {number + 1}: product {len(fetched.raws)} of {len(torrents)} ({size:.1f} KB each) in"
                f" {fetched.took_s:.2f} s, CPU daemon {fetched.daemon_s:.2f} + child {fetched.child_s:.2f} s;"
                f" bare {told['got']} in {told['took_s']:.2f} s, CPU {bare_s:.2f} s",
                flush=True,
            )
            self._bad += [f"{how}: {error}" for error in fetched.errors]
        rate, rival_rate = ours / ours_s, theirs / theirs_s
        print(
            f"{how}: product {rate:.0f}, bare {rival_rate:.0f} metadata per CPU-second:"
            f" ratio {rate / rival_rate:.2f} (budget 0.9)"
        )
        return raws

    def _match(self, raws: dict[str, bytes]) -> None:
        files = own_assets(self._folder)
        started = time.monotonic()
        mistakes = judged(raws, self._torrents, files)
        print(f"judged {len(raws)} torrents in {time.monotonic() - started:.1f} s: {len(mistakes)} mistakes")
        self._bad += mistakes

    async def _discover(self) -> None:
        """Sampling; apart from all the rest."""
        seconds, there = self._options.discover, len(self._torrents)
        if not seconds:
            return
        enough = int(there * 0.99)
        self._tell("bare libtorrent", bare(self._world, seconds, enough))
        for pace in PACES:
            told = await product(self._world.told["bootstrap"], seconds, enough, pace)
            self._tell(f"product {pace.name}", told)

    def _tell(self, who: str, told: dict[str, float]) -> None:
        print(
            f"discovery, {who}: {told['found']:.0f} of {len(self._torrents)} in {told['took_s']:.1f} s,"
            f" {told['asked']:.0f} queries, CPU {told['cpu_s']:.2f} s,"
            f" {told['found'] / max(told['cpu_s'], 0.01):.0f} keys per CPU-second"
        )

    def _witness(self, before: dict[str, int]) -> None:
        after = self._world.ask("counts")
        print("the nodes' counters:", json.dumps({key: after[key] - before[key] for key in after}))
        for key in (
            "announces",
            "ses.num_incoming_request",
            "ses.num_incoming_interested",
            "net.sent_payload_bytes",
        ):
            if after[key] - before[key]:
                self._bad.append(f"{key}: {after[key] - before[key]}")


def main() -> int:
    """Print the figures; 1 if something is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--nodes", type=int, default=100)
    parser.add_argument("--torrents", type=int, default=5000)
    parser.add_argument("--watched", type=int, default=200)
    parser.add_argument("--named", type=int, default=1000, help="others that are fetched from named peers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--discover", type=float, default=20, help="seconds of sampling; 0 leaves it out")
    options = parser.parse_args()
    quiet_logs()
    sizes = [f"--{name}={getattr(options, name)}" for name in ("nodes", "torrents", "watched")]
    with tempfile.TemporaryDirectory() as folder, world("dht_world.py", *sizes) as place:
        bad = asyncio.run(Run(place, options, Path(folder)).whole())
    for one in bad:
        print("BAD", one)
    print(f"{os.cpu_count()} cores;", "as it must be" if not bad else f"{len(bad)} NOT AS IT MUST BE")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
