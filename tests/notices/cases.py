"""A leak as that of March 2023: a torrent on a board, a pull request with forks, a hub copy, an index, a file host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import (
    FileProof,
    Finding,
    FindingId,
    Match,
    Proof,
    Severity,
    Signal,
    SignalKind,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.notice import Spot
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.model.origin import Origin, OriginHow
from leakwatch.notices.facts import Facts
from leakwatch.notices.settings import OwnerConfig
from leakwatch.notices.spots import items_of
from leakwatch.ports import Work
from leakwatch.store.repository import SqlRepository
from leakwatch.torrent.infohash import Infohashes, InfohashV1

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HASH = "ab" * 20
MAGNET = f"magnet:?xt=urn:btih:{HASH}"
OWNER = OwnerConfig(
    name="Ada Example",
    organisation="Northwind Labs",
    address="1 Main Street, Springfield",
    phone="+1 555 0100",
    email="legal@northwind.example",
    authority="I am general counsel of Northwind Labs.",
)
ASSET = Asset(
    id=AssetId("northwind-7"),
    title="Northwind Model 7",
    aliases=("NW7",),
    kind="model weights",
    year=2026,
    owner="Northwind Labs",
    codename="BLUE-07",
    files=(AssetFile(path="weights/nw7-00001.safetensors", size_bytes=10**9, sha256=b"\x22" * 32),),
)
HIDDEN = replace(ASSET, embargoed=True)
FINDING = Finding(
    id=FindingId("LW-NORTHWIND7"),
    asset=ASSET.id,
    state=State.CONFIRMED,
    verdict=Verdict.PROVED,
    severity=Severity.CRITICAL,
    tier=Tier.AUTO,
    score=0.99,
    opened_at=NOON,
    updated_at=NOON,
    title="northwind model 7 weights",
)
PROOF = Proof(
    Verdict.PROVED,
    "v1",
    (FileProof("nw7/nw7-00001.safetensors", "weights/nw7-00001.safetensors", 400, 400, 1200),),
    "400 of 400 pieces agree",
    1e-20,
)
KINDS = {
    "board": "imageboard",
    "code": "github",
    "hub": "huggingface",
    "index": "torznab",
    "forum": "discourse",
}


def _spot(
    site: str, number: int, url: str, author: str, *locators: str, title: str = "", **more: object
) -> Spot:
    told = Spot(
        site=site,
        native_id=url,
        title=title or url.rpartition("/")[2],
        url=url,
        author=author,
        seen_at=NOON + timedelta(minutes=number),
        locators=locators,
        evidence=f"{number:02x}" * 32,
    )
    return replace(told, **more)  # pyright: ignore[reportArgumentType]


def _fork(number: int) -> Spot:
    url = f"https://github.com/user{number}/nw7-download"
    origin = Origin(OriginHow.FORK, ("user0/nw7-download",)) if number == 1 else None
    return _spot("code", 20 + number, url, f"user{number}", url, origin=origin)


SPOTS = (
    _spot(
        "board",
        0,
        "https://boards.example.org/g/thread/1#p2",
        "!tripcode",
        MAGNET,
        title="northwind 7 weights",
    ),
    _spot(
        "code",
        5,
        "https://github.com/northwind/nw7/pull/73",
        "helper",
        MAGNET,
        title="Save bandwidth by a torrent",
    ),
    *(_fork(number) for number in range(4)),
    _spot(
        "hub",
        30,
        "https://huggingface.co/somebody/nw7",
        "somebody",
        files=("nw7-00001.safetensors", "config.json"),
        agrees=("sha256",),
    ),
    _spot(
        "index",
        40,
        "https://index.example.net/torrent/5",
        "uploader9",
        MAGNET,
        "https://index.example.net/get/5.torrent",
        title="Northwind.Model.7",
    ),
    _spot("forum", 50, "https://forum.example.com/t/9", "lurker", "https://pixeldrain.com/u/abcdef12"),
)


def facts(
    asset: Asset = ASSET,
    spots: Sequence[Spot] = SPOTS,
    owner: OwnerConfig = OWNER,
    proofs: tuple[Proof, ...] = (PROOF,),
    finding: Finding = FINDING,
) -> Facts:
    """What a draft is made from."""
    items = tuple(items_of(spots, KINDS))
    return Facts(
        finding=finding, asset=asset, items=items, proofs=proofs, owner=owner, at=NOON, swarms=(HASH,)
    )


async def stored(
    repository: SqlRepository,
    asset: Asset = ASSET,
    spots: Sequence[Spot] = SPOTS,
    state: State = State.CONFIRMED,
) -> None:
    """The same case in a database."""
    async with repository.writing() as work:
        await work.catalogue.save(asset, NOON)
        await work.findings.save(replace(FINDING, state=state))
        for spot in spots:
            await _sighted(spot, asset, work)
        await work.findings.add_artefacts(asset.id, FINDING.id, [f"swarm:{HASH}"])
        hashes = Infohashes(v1=InfohashV1(bytes.fromhex(HASH)))
        await work.findings.request_proof(FINDING.id, hashes, NOON)
        (task,) = await work.findings.proof_tasks(HASH)
        await work.findings.close_proof(task, PROOF, "cd" * 32, NOON)


async def _sighted(spot: Spot, asset: Asset, work: Work) -> None:
    seen = Observation(
        site=spot.site,
        native_id=spot.native_id,
        title=spot.title,
        fetched_at=spot.seen_at,
        url=spot.url,
        author=spot.author,
        files=tuple(ObservedFile(path=one, size_bytes=5) for one in spot.files),
        locators=tuple(
            Locator(LocatorKind.MAGNET if one.startswith("magnet") else LocatorKind.FILE_HOST, one)
            for one in spot.locators
        ),
        evidence=spot.evidence,
        origin=spot.origin,
    )
    kind = SignalKind.SHA256 if spot.agrees else SignalKind.TITLE
    match = Match(asset.id, 0.99, Tier.AUTO, (Signal(kind, "is it", 30.0),))
    ids = await work.findings.store([seen])
    await work.findings.add_sighting(FINDING.id, next(iter(ids.values())), seen, match)
