"""Whose torrent is looked at next when many are wanted: no flood keeps the others waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Finding, FindingId, Match, Rank, Severity, State, Tier, Verdict
from leakwatch.model.observation import Observation
from leakwatch.ports import Work
from leakwatch.store.repository import SqlRepository
from leakwatch.torrent.infohash import Infohashes, InfohashV1

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FLOODED, OTHER = (
    Asset(id=AssetId("flooded"), title="Tideglass 70B"),
    Asset(id=AssetId("other"), title="Velvet"),
)


def hashes(number: int) -> Infohashes:
    """A torrent by number."""
    return Infohashes(v1=InfohashV1(number.to_bytes(20, "big")))


def key(number: int) -> str:
    """What the torrent is called in the queue."""
    return number.to_bytes(20, "big").hex()


async def case(work: Work, number: int, asset: Asset = FLOODED, site: str = "index") -> FindingId:
    """A case with one sighting on a site."""
    ident = FindingId(f"LW-{number}")
    at = NOON + timedelta(seconds=number)
    seen = Observation(site=site, native_id=str(number), title=asset.title, fetched_at=at)
    made = Finding(
        id=ident,
        asset=asset.id,
        state=State.NEW,
        verdict=Verdict.UNKNOWN,
        severity=Severity.HIGH,
        tier=Tier.REVIEW,
        score=0.9,
        opened_at=at,
        updated_at=at,
        title=asset.title,
    )
    (row,) = (await work.findings.store([seen])).values()
    await work.findings.save(made)
    await work.findings.add_sighting(ident, row, seen, Match(asset.id, 0.9, Tier.REVIEW, (), ()))
    return ident


async def wanted(work: Work, number: int, asset: Asset = FLOODED, site: str = "index") -> None:
    """A case whose torrent is to be looked at."""
    ident = await case(work, number, asset, site)
    await work.findings.request_proof(ident, hashes(number), NOON + timedelta(seconds=number), Rank.REVIEW)


async def test_a_flood_keeps_nobody_else_waiting(repository: SqlRepository) -> None:
    """Behind 300 magnets of one work on one site another site, another work, a file, a retry and the newest come at once."""
    now = NOON + timedelta(hours=1)
    async with repository.writing() as work:
        for asset in (FLOODED, OTHER):
            await work.catalogue.save(asset, NOON)
        for number in range(1, 301):
            await wanted(work, number)
        (task,) = await work.findings.proof_tasks(key(150))
        await work.findings.put_off_proof(task, NOON + timedelta(minutes=10), "no peers", NOON)
        await wanted(work, 400, site="board")
        await wanted(work, 401, OTHER)
        file = await case(work, 402)
        await work.findings.request_file(file, "https://index.example/402.torrent", NOON, Rank.REVIEW)
        await wanted(work, 403)
    async with repository.reading() as work:
        due = await work.findings.due_proofs(now)
        (file_key,) = [one for one in due if await work.findings.file_tasks(one)]
    first = {key(1), key(403), key(150), key(400), key(401), file_key}
    assert set(due[:6]) == first
    assert due[6:10] == [key(2), key(300), key(3), key(299)]
    assert len(due) == 304


async def test_what_is_surer_comes_first_however_many_wait(repository: SqlRepository) -> None:
    """A torrent that is wanted more is not kept waiting by turns, and one of two cases has the better of their places."""
    async with repository.writing() as work:
        for asset in (FLOODED, OTHER):
            await work.catalogue.save(asset, NOON)
        for number in range(1, 6):
            await wanted(work, number)
        sure = await case(work, 9)
        await work.findings.request_proof(sure, hashes(9), NOON + timedelta(seconds=9), Rank.AUTO)
        both = await case(work, 10, OTHER)
        await work.findings.request_proof(both, hashes(3), NOON + timedelta(seconds=3), Rank.REVIEW)
        due = await work.findings.due_proofs(NOON + timedelta(hours=1))
    assert due == [key(9), key(1), key(3), key(5), key(2), key(4)]
