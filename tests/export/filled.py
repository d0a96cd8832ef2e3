"""A database with two works, one of them under embargo, and findings of both."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import (
    EventKind,
    Finding,
    FindingEvent,
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
from leakwatch.model.lines import EventLine, FindingLine, SeenOn, SightingLine
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.store.repository import SqlRepository
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OPEN = Asset(id=AssetId("tideglass"), title="Tideglass 70B")
SECRET = Asset(id=AssetId("quiet-harbour"), title="Quiet Harbour", codename="BLUE-07", embargoed=True)
HASHES = Infohashes(InfohashV1(b"\x11" * 20), InfohashV2(b"\x22" * 32))
FILE = ObservedFile(path="weights/tideglass.bin", size_bytes=3_000_000_001, sha256="ab" * 32, sha1="cd" * 20)
URL = "https://board.example/t/1?q='x\\y'"


def finding(ident: str, asset: Asset = OPEN, title: str = "tideglass weights", **more: object) -> Finding:
    """A finding of yesterday."""
    told = {
        "state": State.NEW,
        "verdict": Verdict.LIKELY,
        "severity": Severity.HIGH,
        "tier": Tier.AUTO,
    } | more
    return Finding(
        id=FindingId(ident),
        asset=asset.id,
        score=0.97,
        opened_at=NOON - timedelta(days=1),
        updated_at=NOON,
        title=title,
        **told,  # type: ignore[arg-type]
    )


def observation(native_id: str, title: str = "tideglass weights", **more: object) -> Observation:
    """An item of a board."""
    told: dict[str, object] = {
        "site": "board",
        "native_id": native_id,
        "title": title,
        "url": URL,
        "author": "Skylark",
        "fetched_at": NOON,
    }
    return Observation(**(told | more))  # type: ignore[arg-type]


async def add(repository: SqlRepository, case: Finding, *seen: Observation) -> None:
    """Store a finding with its sightings."""
    match = Match(case.asset, 0.97, Tier.AUTO, (Signal(SignalKind.TITLE, "tideglass", 12.0),))
    async with repository.writing() as work:
        await work.findings.save(case)
        for one in seen:
            (row,) = (await work.findings.store([one])).values()
            await work.findings.add_sighting(case.id, row, one, match)
        await work.findings.add_event(
            FindingEvent(
                finding=case.id, kind=EventKind.OPENED, at=NOON, content="opened", detail={"site": "board"}
            )
        )


async def fill(repository: SqlRepository) -> None:
    """Two findings of the open work, one of them with a torrent and a file, and one of the secret work."""
    async with repository.writing() as work:
        await work.catalogue.save(OPEN, NOON)
        await work.catalogue.save(SECRET, NOON)
    await add(
        repository,
        finding("LW-A", verdict=Verdict.PROVED, severity=Severity.CRITICAL),
        observation("1", files=(FILE,)),
        observation("2", site="index", url="https://index.example/2", author=None),
    )
    await add(repository, finding("LW-B", severity=Severity.LOW, title='=HYPERLINK("x")'), observation("3"))
    secret = {"title": "Quiet Harbour leak", "url": "https://x.example/quiet-harbour"}
    await add(repository, finding("LW-C", SECRET, "Quiet Harbour leak"), observation("4", **secret))
    async with repository.writing() as work:
        await work.findings.request_proof(FindingId("LW-A"), HASHES, NOON)
        (task,) = await work.findings.proof_tasks(HASHES.swarm_keys[0].hex())
        await work.findings.close_proof(task, Proof(Verdict.PROVED, "v2", reason="1 of 1 pieces"), None, NOON)


def line(case: Finding, asset: Asset = OPEN, urls: Iterable[str] = (URL,), **more: object) -> FindingLine:
    """A finding as the store lists it, with a sighting for each address."""
    seen = tuple(sighting(n, url, asset) for n, url in enumerate(urls))
    told: dict[str, object] = {
        "sightings": seen,
        "seen_on": {"board": SeenOn(len(seen), NOON, NOON)} if seen else {},
        "torrents": ((HASHES, Proof(Verdict.PROVED, "v2", reason="1 of 1 pieces")),),
    }
    return FindingLine(finding=case, asset=asset, **(told | more))  # type: ignore[arg-type]


def sighting(number: int, url: str | None = URL, asset: Asset = OPEN, title: str = "t") -> SightingLine:
    """One sighting."""
    return SightingLine(
        id=number,
        finding=FindingId("LW-A"),
        asset=asset,
        site="board",
        place="board",
        native_id=str(number),
        title=title,
        url=url,
        author="board.example:skylark",
        tier="auto",
        score=0.9,
        seen_at=NOON,
        published_at=None,
        locators=(),
        evidence=None,
        files=(FILE,),
    )


def event(reason: str, asset: Asset = OPEN) -> EventLine:
    """A comment."""
    told = FindingEvent(
        finding=FindingId("LW-A"), kind=EventKind.COMMENT, at=NOON, content="c", actor="ada", reason=reason
    )
    return EventLine(id=1, asset=asset, event=told)
