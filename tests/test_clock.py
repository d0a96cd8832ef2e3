"""The clock is put back, or on, while the daemon is stopped: what waits is due in its own time, and nothing is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from leakwatch.cases import record
from leakwatch.daemon.clock import put_right
from leakwatch.daemon.upkeep import Upkeep
from leakwatch.errors import Failure
from leakwatch.model.alert import DeliveryState
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.channel import ChannelHealth
from leakwatch.model.finding import Finding, FindingId, Rank, Severity, State, Tier, Verdict
from leakwatch.model.notice import Notice, NoticeId, NoticeState
from leakwatch.model.route import Matchers
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.notices.life import after_check
from leakwatch.polling import Duration, SiteConfig
from leakwatch.polling.blind import blindness
from leakwatch.ports import Work
from leakwatch.service import make_test_alert
from leakwatch.sources.feed import FeedSite
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import metadata, outbox, proof, recheck, stamp, swarm
from leakwatch.torrent.infohash import Infohashes, InfohashV1

from .daemons import ASSET, MAGNET, Web, configured, polled, site, until, watching

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
JUMPS = pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=1), timedelta(days=700)])
SITE = SiteConfig(
    name="board", kind="feed", settings=FeedSite(url="https://board.example/rss"), every=Duration(60)
)
HASHES = Infohashes(v1=InfohashV1(b"\x07" * 20), v2=None)
CASE = Finding(
    id=FindingId("LW-1"),
    asset=AssetId("film"),
    state=State.NEW,
    verdict=Verdict.UNKNOWN,
    severity=Severity.HIGH,
    tier=Tier.AUTO,
    score=0.9,
    opened_at=NOON,
    updated_at=NOON,
    title="The.Harbour.2026",
    sites=frozenset({"board"}),
    sightings=1,
)
Write = Callable[[Work, datetime], Awaitable[object]]
Due = Callable[[Work], Awaitable[datetime | None]]


def window(at: datetime, verdict: Coverage = Coverage.OK) -> CoverageWindow:
    """A poll that ended at a time."""
    return CoverageWindow(site="board", started_at=at, ended_at=at, verdict=verdict)


async def begin(store: SqlRepository, at: datetime) -> None:
    """A case, and a site that was read at a time that is the future afterwards."""
    async with store.writing() as work:
        await work.catalogue.save(Asset(id=CASE.asset, title="The Harbour"), at)
        await work.findings.save(CASE)
        await work.sites.sync([("board", "feed", "board.example")], at)
        await work.sites.close_poll(window(at), at + timedelta(seconds=60), 0, None)


def column(of: sa.Column[datetime]) -> Callable[[SqlRepository], Awaitable[datetime]]:
    """When the only row of a table is due that waits."""

    async def read(store: SqlRepository) -> datetime:
        async with store.engine.connect() as connection:
            return (await connection.execute(sa.select(sa.func.min(of, type_=of.type)))).scalar_one()

    return read


async def _proof(work: Work, at: datetime) -> None:
    await work.findings.request_proof(CASE.id, HASHES, at, Rank.REVIEW)
    (task,) = await work.findings.proof_tasks(HASHES.swarm_keys[0].hex())
    await work.findings.put_off_proof(task, at + timedelta(minutes=5), "no peers", at)


async def _swarm(work: Work, at: datetime) -> None:
    await work.swarms.watch(HASHES, (), at)
    await work.swarms.keep(HASHES.swarm_keys[0].hex(), (), at + timedelta(minutes=10), 0)


async def _look(work: Work, at: datetime) -> None:
    await work.looks.plan(CASE.id, "https://board.example/1", "board", "1", at)


async def _stamp(work: Work, at: datetime) -> None:
    await work.stamps.want("ab" * 32, "https://stamps.example", at)
    (wanted,) = await work.stamps.due(at)
    await work.stamps.put_off(wanted, "it is away", timedelta(minutes=5), at)


async def _leased(work: Work, at: datetime) -> None:
    await work.outbox.enqueue("slack", make_test_alert(at), at)
    assert await work.outbox.claim("slack", at, 120.0)


async def _put_off(work: Work, at: datetime) -> None:
    await work.outbox.enqueue("slack", make_test_alert(at), at)
    claimed = await work.outbox.claim("slack", at, 120.0)
    assert claimed is not None
    due = at + timedelta(minutes=30)
    await work.outbox.settle(claimed, DeliveryState.RETRY, at, due_at=due)  # type: ignore[arg-type]


@JUMPS
@pytest.mark.parametrize(
    ("write", "due", "minutes"),
    [
        (_proof, column(proof.c.next_try_at), 5),
        (_swarm, column(swarm.c.next_sample_at), 10),
        (_look, column(recheck.c.due_at), 1),
        (_stamp, column(stamp.c.next_try_at), 5),
        (_leased, column(outbox.c.lease_until), 2),
        (_put_off, column(outbox.c.due_at), 0),
    ],
)
async def test_each_table_is_due_in_its_own_time(
    repository: SqlRepository,
    write: Write,
    due: Callable[[SqlRepository], Awaitable[datetime]],
    minutes: int,
    jump: timedelta,
) -> None:
    """What was put off before the clock was put back is due no later than it would have been, counted from now."""
    await begin(repository, NOON + jump)
    async with repository.writing() as work:
        await write(work, NOON + jump)
    assert await put_right(repository, {"board": SITE}, NOON) == jump
    assert NOON <= await due(repository) <= NOON + timedelta(minutes=minutes)
    assert await put_right(repository, {"board": SITE}, NOON) in (jump, timedelta())
    assert NOON <= await due(repository) <= NOON + timedelta(minutes=minutes)


async def test_another_daemon_whose_clock_differs_a_little_moves_nothing(repository: SqlRepository) -> None:
    """What it wrote half a minute ahead is no clock that was put back: all that waits is due when it was."""
    ahead = NOON + timedelta(seconds=30)
    await begin(repository, ahead)
    async with repository.writing() as work:
        await _proof(work, ahead)
    assert await put_right(repository, {"board": SITE}, NOON) == timedelta()
    assert await column(proof.c.next_try_at)(repository) == ahead + timedelta(minutes=5)


async def test_severities_are_weighed_after_the_clock_was_put_back(repository: SqlRepository) -> None:
    """A release window opens by the new time: nobody waits until it is as late again as when they were weighed last."""
    parts: dict[str, Any] = dict.fromkeys(one.name for one in fields(Upkeep))
    upkeep = Upkeep(**parts | {"repository": repository, "weighed_at": {}})
    for now in (NOON, NOON - timedelta(days=1)):
        await upkeep._weigh(now, record)
        assert set(upkeep.weighed_at.values()) == {now}


@pytest.mark.parametrize("write", [_proof, _swarm, _look, _stamp, _leased])
async def test_without_any_poll_nothing_waits_for_years(repository: SqlRepository, write: Write) -> None:
    """Where nothing says by how much the clock was put back, what lies beyond the longest pause is due at once."""
    far = NOON + timedelta(days=700)
    async with repository.writing() as work:
        await work.catalogue.save(Asset(id=CASE.asset, title="The Harbour"), far)
        await work.findings.save(CASE)
        await write(work, far)
    await put_right(repository, {}, NOON)
    tables = {_proof: proof.c.next_try_at, _swarm: swarm.c.next_sample_at, _look: recheck.c.due_at}
    tables |= {_leased: outbox.c.lease_until}
    assert await column(tables.get(write, stamp.c.next_try_at))(repository) == NOON


@JUMPS
async def test_sites(repository: SqlRepository, jump: timedelta) -> None:
    """A site is due by its own interval; one that is left alone after failures by its own wait; and blindness counts on."""
    await begin(repository, NOON + jump)
    async with repository.writing() as work:
        await work.sites.sync([("board", "feed", "board.example"), ("dead", "feed", "dead.example")], NOON)
        failed = replace(window(NOON + jump, Coverage.ERROR), site="dead", failure=Failure.DEAD)
        await work.sites.close_poll(failed, NOON + jump + timedelta(hours=24), 5, "gone")
    await put_right(repository, {"board": SITE, "dead": replace(SITE, name="dead")}, NOON)
    async with repository.reading() as work:
        board, dead = await work.sites.get("board"), await work.sites.get("dead")
    assert board is not None
    assert dead is not None
    assert board.next_due_at <= NOON + timedelta(seconds=60)
    assert NOON < dead.next_due_at <= NOON + timedelta(hours=24)
    later = NOON + timedelta(minutes=40)
    assert blindness(board, later).total == timedelta(minutes=40)


@pytest.mark.parametrize(("failures", "most"), [(0, timedelta(seconds=60)), (3, timedelta(days=1))])
async def test_sites_by_their_schedule_alone(
    repository: SqlRepository, failures: int, most: timedelta
) -> None:
    """Only the due time lies ahead, as nothing can put it: it gives way to the schedule, or to the longest wait."""
    await begin(repository, NOON)
    async with repository.writing() as work:
        verdict = Coverage.ERROR if failures else Coverage.OK
        due = NOON + timedelta(days=3)
        await work.sites.close_poll(window(NOON, verdict), due, failures, "x" if failures else None)
    await put_right(repository, {"board": SITE}, NOON)
    async with repository.reading() as work:
        (state,) = await work.sites.all()
    assert NOON < state.next_due_at <= NOON + most


async def test_what_a_site_asked_for_is_kept(repository: SqlRepository) -> None:
    """A restart with a right clock shortens no wait: neither a refusal's nor that of a budget."""
    await begin(repository, NOON)
    for failures, wait in ((4, timedelta(hours=24)), (0, timedelta(minutes=50))):
        async with repository.writing() as work:
            await work.sites.close_poll(window(NOON, Coverage.OK), NOON + wait, failures, None)
        assert await put_right(repository, {"board": SITE}, NOON) == timedelta()
        async with repository.reading() as work:
            (state,) = await work.sites.all()
        assert state.next_due_at == NOON + wait


@JUMPS
async def test_notices(repository: SqlRepository, jump: timedelta) -> None:
    """A notice is looked at an hour after, as ever, and after that look again in its series, not at the old time."""
    await begin(repository, NOON + jump)
    at = NOON + jump
    notice = Notice(
        id=NoticeId("LWN-1"),
        finding=CASE.id,
        addressee="host",
        host="board.example",
        state=NoticeState.SUBMITTED,
        subject="s",
        body="b",
        drafted_by="mara",
        drafted_at=at,
        detail={"checks_from": at.isoformat(), "checks": 0},
        next_check_at=at + timedelta(hours=1),
    )
    async with repository.writing() as work:
        await work.notices.save(notice)
    await put_right(repository, {"board": SITE}, NOON)
    async with repository.reading() as work:
        kept = await work.notices.get(notice.id)
    assert kept is not None
    assert kept.next_check_at == NOON + timedelta(hours=1)
    assert after_check(kept, NOON + timedelta(hours=1)).next_check_at == NOON + timedelta(days=1)


@JUMPS
async def test_silences_and_resting_channels(repository: SqlRepository, jump: timedelta) -> None:
    """A silence of four hours is over in four hours, and a channel's rest of a minute in a minute."""
    await begin(repository, NOON + jump)
    at = NOON + jump
    async with repository.writing() as work:
        await work.silences.add(Matchers(), at, at + timedelta(hours=4), "mara", "we know", at)
        health = ChannelHealth(
            name="slack", failures=3, failing_since=at, rests_until=at + timedelta(minutes=1)
        )
        await work.channels.keep(health)
    for _ in range(2):
        await put_right(repository, {"board": SITE}, NOON)
    async with repository.reading() as work:
        assert len(await work.silences.active(NOON)) == 1
        assert await work.silences.active(NOON + timedelta(hours=4)) == []
        health = await work.channels.get("slack")
    assert health.rests_until is not None
    assert health.rests_until <= NOON + timedelta(minutes=1)
    assert health.failing_since == NOON


async def _shift(store: SqlRepository, by: timedelta) -> None:
    """Every time in the database is as much later: the clock that wrote them went as much ahead."""
    for table in metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        times = [one for one in table.c if type(one.type).__name__ == "UtcDateTime"]
        async with store.engine.begin() as connection:
            rows = (await connection.execute(sa.select(*keys, *times))).all()
            for row in rows:
                told = dict(zip([*keys, *times], row, strict=True))
                changes = {one.name: told[one] + by for one in times if told[one] is not None}
                mine = sa.and_(*(key == told[key] for key in keys))
                if changes:
                    await connection.execute(sa.update(table).where(mine).values(changes))


@pytest.mark.parametrize("by", [timedelta(days=1), timedelta(days=-1)])
async def test_daemon_after_the_clock_was_put_right(tmp_path: Path, web: Web, by: timedelta) -> None:
    """It ran with a clock a day ahead, or behind: when that is put right all sites are read within seconds, a new leak told once."""
    names = ("one", "two", "three")
    for name in names:
        web.feed(f"/{name}", ("0", "nothing of note", "none"))
    web.feed("/one", ("1", "Tideglass 70B", MAGNET))
    more = site("slow", f"{web.url}/two").replace('every = "100ms"', 'every = "2h"')
    told = "".join(site(name, f"{web.url}/{name}") for name in names) + more
    config = configured(tmp_path, web, told, 'repeat = "4h"\n')
    async with watching(config, ASSET) as daemon:
        for name in names:
            await polled(daemon, name, 2)
        await until(lambda: len(web.posted) == 1)
    store = SqlRepository.open(daemon.repository.engine.url.render_as_string(hide_password=False))
    await _shift(store, by)
    await store.close()
    async with watching(config) as daemon:
        for name in names:
            await polled(daemon, name, 2)
        web.feed("/three", ("2", "Tideglass 70B", MAGNET.replace("0123", "9999")))
        reminders = by < timedelta()
        await until(lambda: len(web.posted) == 2 + reminders, 15)
        async with daemon.repository.reading() as work:
            slow = await work.sites.get("slow")
        assert slow is not None
        assert slow.next_due_at <= datetime.now(UTC) + timedelta(hours=2)
        await polled(daemon, "one", 10)
    kinds = sorted(body["type"] for _, body in web.posted)
    assert kinds == ["finding.opened"] * 2 + ["finding.reminder"] * reminders
