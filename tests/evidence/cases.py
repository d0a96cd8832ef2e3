"""A case for tests of packs: a post with a magnet, taken by the real pipeline, and metadata that is really judged."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from leakwatch.assetfiles import Found, fingerprint
from leakwatch.crawl.vault import FileVault
from leakwatch.evidence.keeping import keep_metadata
from leakwatch.matching.index import build_index
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Finding
from leakwatch.model.observation import Observation
from leakwatch.model.route import Routing
from leakwatch.model.swarm import SampleMethod, SwarmSample
from leakwatch.pipeline import Brain, conclude, take_page
from leakwatch.proof import Hasher, TableHasher, prove
from leakwatch.service import load_rules, load_weights
from leakwatch.sources._kind import Exchange, Page, Payload, Request
from leakwatch.store.repository import SqlRepository
from leakwatch.torrent.bencode import encode
from leakwatch.torrent.magnet import Magnet
from leakwatch.torrent.metainfo import parse_info

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PIECE = 64 * 1024
HOSTILE = "\u202eTideglass 70B <script>alert(1)</script>\x1b[2J"


@dataclass
class Scene:
    """A database with one asset, whose file and torrent are real, and pages that come in."""

    repository: SqlRepository
    vault: FileVault
    asset: Asset
    brain: Brain
    raw_info: bytes

    @property
    def magnet(self) -> str:
        """The torrent's magnet URI."""
        info = parse_info(self.raw_info)
        return str(Magnet(info.infohashes))

    async def take(
        self,
        title: str,
        native_id: str = "1",
        site: str = "board",
        minute: int = 0,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """A post on a site, as a page over HTTP, with these headers beside its type."""
        async with self.repository.reading() as work:
            state = await work.sites.get(site)
        assert state
        at = NOON + timedelta(minutes=minute)
        url = f"https://{site}.example/thread/{native_id}"
        exchange = Exchange(
            method="GET",
            sent=(("accept", "*/*"),),
            reason="OK",
            headers=(("Content-Type", "text/html"), *headers),
            server="192.0.2.7",
        )
        payload = Payload(
            request=Request(url=url),
            url=url,
            status=200,
            headers={"content-type": "text/html"} | {name.lower(): value for name, value in headers},
            body=f"<h1>{title}</h1><p>{self.magnet}".encode(),
            fetched_at=at,
            exchange=exchange,
        )
        seen = Observation(
            site=site,
            native_id=native_id,
            title=title,
            text=self.magnet,
            url=url,
            author="somebody !trip",
            published_at=at - timedelta(minutes=1),
            fetched_at=at,
        )
        await take_page(Page(observations=(seen,)), payload, state, self.brain, self.repository, self.vault)

    async def judge(self, hasher: Hasher | None = None) -> None:
        """The metadata comes in and is judged, by the asset's piece tables if nothing else is given."""
        info = parse_info(self.raw_info)
        async with self.repository.reading() as work:
            tasks = await work.findings.proof_tasks(info.infohashes.swarm_keys[0].hex())
            files = await work.catalogue.with_tables(self.asset.files, info.piece_length)
        at = NOON + timedelta(minutes=2)
        kept = await keep_metadata(self.raw_info, info.infohashes, at, self.vault)
        proof = prove(info, files, hasher or TableHasher(), random.Random(1))
        for task in tasks:
            await conclude(task, proof, kept, at, self.brain, self.repository)

    async def count(self) -> None:
        """The swarm grows."""
        key = parse_info(self.raw_info).infohashes.swarm_keys[0].hex()
        samples = [
            SwarmSample(
                swarm_key=key,
                at=NOON + timedelta(minutes=10 * step),
                method=method,
                source=source,
                seeds=int(2 + step**1.7 * share),
                leechers=step,
            )
            for step in range(24)
            for method, source, share in (
                (SampleMethod.TRACKER, "tracker.example", 1.0),
                (SampleMethod.DHT, "dht", 0.8),
                (SampleMethod.INDEX, "board", 0.5),
            )
        ]
        async with self.repository.writing() as work:
            await work.swarms.add(samples)

    async def finding(self) -> Finding:
        """The one case."""
        async with self.repository.reading() as work:
            (found,) = await work.findings.list()
        return found


def _info(data: bytes, root: bytes | None, *, is_v2: bool) -> dict[bytes, Any]:
    if is_v2:
        leaf = {b"": {b"length": len(data), b"pieces root": root}}
        return {
            b"file tree": {b"weights.bin": leaf},
            b"meta version": 2,
            b"name": b"w",
            b"piece length": PIECE,
        }
    pieces = b"".join(hashlib.sha1(data[at : at + PIECE]).digest() for at in range(0, len(data), PIECE))
    return {b"length": len(data), b"name": b"weights.bin", b"piece length": PIECE, b"pieces": pieces}


async def scene(repository: SqlRepository, folder: Path, *, is_v2: bool = False, **changes: bool) -> Scene:
    """An asset of one file of 20 pieces, and the v1 or v2 torrent of it."""
    data = random.Random(7).randbytes(20 * PIECE - 5)
    path = folder / "weights.bin"
    path.write_bytes(data)
    file = fingerprint(Found("weights.bin", path), lambda _: None)
    asset = Asset(id=AssetId("tideglass"), title="Tideglass 70B", critical=True, files=(file,), **changes)
    info = _info(data, file.pieces_root, is_v2=is_v2)
    async with repository.writing() as work:
        await work.catalogue.save(replace(asset), NOON)
        await work.sites.sync(
            [("board", "imageboard", "board.example"), ("index", "feed", "i.example")], NOON
        )
    brain = Brain(build_index([asset]), load_weights(), load_rules(None), Routing())
    return Scene(repository, FileVault(folder / "evidence"), asset, brain, encode(info))
