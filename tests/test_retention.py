"""What goes with time, and what stays whatever its age: over the real store, of both kinds."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from leakwatch.config import load_config
from leakwatch.config.sections import EvidenceConfig
from leakwatch.crawl.vault import FileVault
from leakwatch.daemon.keeper import Keeper
from leakwatch.errors import ConfigError
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import (
    Finding,
    FindingId,
    Match,
    Severity,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.observation import Observation
from leakwatch.model.route import Routing
from leakwatch.persons import report
from leakwatch.ports.retention import Aging
from leakwatch.retention import LEAST_DAYS, RetentionConfig, sweep
from leakwatch.store import tables
from leakwatch.store.repository import SqlRepository

from .pollers import Clock as SetClock

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=3000)
ASSET = Asset(id=AssetId("a"), title="Tideglass 70B")
KEEP = RetentionConfig()


def case(ident: str, state: State, at: datetime = OLD) -> Finding:
    closed = at if state in (State.REMOVED, State.FALSE_POSITIVE, State.ALLOWED) else None
    return Finding(
        id=FindingId(ident),
        asset=ASSET.id,
        state=state,
        verdict=Verdict.LIKELY,
        severity=Severity.HIGH,
        tier=Tier.AUTO,
        score=0.9,
        opened_at=at,
        updated_at=at,
        closed_at=closed,
        title="t",
    )


def item(number: int, at: datetime = OLD, site: str = "s", evidence: str | None = None) -> Observation:
    return Observation(site=site, native_id=str(number), title=f"t{number}", fetched_at=at, evidence=evidence)


async def rows(repository: SqlRepository, table: sa.Table, *columns: str) -> list[Any]:
    async with repository.engine.connect() as connection:
        query = sa.select(*(table.c[name] for name in columns)).order_by(table.c.id)
        told = (await connection.execute(query)).all()
    return [one[0] if len(columns) == 1 else tuple(one) for one in told]


async def put(repository: SqlRepository, table: sa.Table, some: Sequence[dict[str, Any]]) -> None:
    async with repository.engine.begin() as connection:
        await connection.execute(sa.insert(table), list(some))


async def start(repository: SqlRepository, *cases: Finding) -> None:
    async with repository.writing() as work:
        await work.catalogue.save(ASSET, OLD)
        for one in cases:
            await work.findings.save(one)


async def test_items_without_a_finding(repository: SqlRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old ones go with what the store keeps beside them; sightings stay whatever the state, and each site's newest."""
    monkeypatch.setattr("leakwatch.store.retention.NEWEST_OF_SITE", 3)
    await start(repository, case("LW-1", State.NEW), case("LW-2", State.REMOVED))
    async with repository.writing() as work:
        ids = [*(await work.findings.store([item(n) for n in range(10)])).values()]
        await work.findings.add_sighting(
            FindingId("LW-1"), ids[0], item(0), Match(ASSET.id, 0.9, Tier.AUTO, ())
        )
        await work.findings.add_sighting(
            FindingId("LW-2"), ids[1], item(1), Match(ASSET.id, 0.9, Tier.AUTO, ())
        )
        await work.findings.suppress(ASSET.id, ids[2], "x", OLD)
        await work.findings.store([item(n, NOW, "young") for n in range(5)])
        await work.findings.store([item(n, OLD, "quiet") for n in range(2)])
    swept = await sweep(KEEP, repository, NOW)
    found = await rows(repository, tables.observation, "site", "native_id")
    assert [ident for site, ident in found if site == "s"] == ["0", "1", "7", "8", "9"]
    assert [ident for site, ident in found if site == "young"] == list("01234")
    assert [ident for site, ident in found if site == "quiet"] == ["0", "1"]
    assert swept.gone == {"observations": 5}
    assert await rows(repository, tables.suppressed, "id") == []
    assert (await sweep(KEEP, repository, NOW)).gone == {"observations": 0}


async def test_what_is_swept_by_mistake_of_time(repository: SqlRepository) -> None:
    """An item that became a sighting between the look and the deed stays."""
    await start(repository, case("LW-1", State.NEW))
    async with repository.writing() as work:
        ids = [*(await work.findings.store([item(n) for n in range(300)])).values()]
    before = NOW - timedelta(days=365)
    async with repository.reading() as work:
        old = await work.retention.old(Aging.OBSERVATIONS, before, 0, 50)
    assert old == sorted(ids)[:50]
    async with repository.writing() as work:
        await work.findings.add_sighting(
            FindingId("LW-1"), ids[0], item(0), Match(ASSET.id, 0.9, Tier.AUTO, ())
        )
        assert await work.retention.drop(Aging.OBSERVATIONS, old, before) == 49
    assert ids[0] in await rows(repository, tables.observation, "id")


async def test_windows(repository: SqlRepository) -> None:
    """Old windows go, but not a hole that nobody has repaired."""
    told = {"site": "s", "started_at": OLD, "verdict": "ok", "pages": 1, "items": 1, "new_items": 0}
    await put(
        repository,
        tables.coverage_window,
        [
            told | {"ended_at": OLD, "hole_from": None, "repaired_at": None},
            told | {"ended_at": OLD, "hole_from": OLD, "repaired_at": None},
            told | {"ended_at": OLD, "hole_from": OLD, "repaired_at": OLD},
            told | {"ended_at": NOW, "hole_from": None, "repaired_at": None},
        ],
    )
    assert (await sweep(KEEP, repository, NOW)).gone == {"coverage": 2}
    assert await rows(repository, tables.coverage_window, "id") == [2, 4]


def proof(number: int, finding: str, verdict: str = "likely", digest: str | None = None) -> dict[str, Any]:
    return {
        "finding_id": finding,
        "swarm_key": f"{number:040x}",
        "infohashes": [f"{number:040x}", None],
        "state": "done",
        "attempts": 1,
        "next_try_at": OLD,
        "verdict": verdict,
        "files": [],
        "updated_at": OLD,
        "metadata_digest": digest,
    }


async def test_proofs_samples_and_evidence_follow_their_cases(repository: SqlRepository) -> None:
    """What belongs to an open case, or to one that was closed lately, stays at any age."""
    lately = replace(case("LW-3", State.REMOVED), closed_at=NOW - timedelta(days=10))
    old = (
        case("LW-1", State.CONFIRMED),
        case("LW-2", State.FALSE_POSITIVE),
        lately,
        case("LW-4", State.MERGED),
    )
    await start(repository, *old)
    await put(
        repository,
        tables.proof,
        [proof(n, f"LW-{n}", digest=f"{n:064x}") for n in (1, 2, 3, 4)] + [proof(5, "LW-1", "refuted")],
    )
    sample = {"at": OLD, "method": "tracker", "source": "t", "seeds": 1}
    await put(
        repository, tables.swarm_sample, [sample | {"swarm_key": f"{n:040x}"} for n in (1, 2, 3, 4, 5, 6)]
    )
    page = {"site": "s", "status": 200, "headers": {}, "captured_at": OLD, "request": {}}
    await put(
        repository,
        tables.evidence,
        [
            page | {"digest": f"{n:064x}", "url": f"https://x.example/{n}", "parser": "metadata/1"}
            for n in (1, 2, 3)
        ]
        + [page | {"digest": d * 64, "url": f"https://x.example/{d}", "parser": "feed/1"} for d in "abc"],
    )
    async with repository.writing() as work:
        await work.findings.store([item(1, NOW, evidence="a" * 64)])
    await put(
        repository,
        tables.recheck,
        [
            {
                "finding_id": "LW-1",
                "url": "https://x.example/b",
                "site": "s",
                "native_id": "1",
                "step": "1",
                "state": "done",
                "due_at": OLD,
            }
        ],
    )
    swept = await sweep(KEEP, repository, NOW)
    assert [key[-1] for key in await rows(repository, tables.swarm_sample, "swarm_key")] == ["1", "3"]
    assert await rows(repository, tables.proof, "finding_id") == ["LW-1", "LW-3", "LW-1"]
    assert [one[-1] for one in await rows(repository, tables.evidence, "digest")] == ["1", "3", "a", "b"]
    assert swept.gone == {"samples": 4, "proofs": 2, "evidence": 2}


async def test_what_was_said(repository: SqlRepository) -> None:
    """Alerts that were sent go, those that were not stay; what was to be told of open cases stays."""
    await start(repository, case("LW-1", State.NEW), case("LW-2", State.REMOVED))
    alert = {"channel": "c", "alert": {}, "due_at": OLD, "created_at": OLD, "attempts": 1}
    states = [("LW-1", "sent"), ("LW-2", "sent"), ("LW-2", "dead"), ("LW-2", "pending"), ("LW-9", "sent")]
    await put(
        repository,
        tables.outbox,
        [
            alert | {"key": f"{n:064d}", "finding_id": finding, "state": state}
            for n, (finding, state) in enumerate(states)
        ],
    )
    names = {column.name for column in tables.announcement.columns}
    told = {"route": "r", "channel": "c", "group_key": "g", "urgency": 1, "due_at": OLD, "created_at": OLD}
    told |= {name: "" for name in ("asset", "why") if name in names}
    await put(
        repository,
        tables.announcement,
        [
            told | {"key": f"{n:064d}", "subject": finding, "state": state}
            for n, (finding, state) in enumerate(
                [
                    ("LW-1", "told"),
                    ("LW-2", "told"),
                    ("LW-2", "waiting"),
                    ("LW-1", "settled"),
                    ("LW-2", "settled"),
                ]
            )
        ],
    )
    assert (await sweep(KEEP, repository, NOW)).gone == {"sent": 3, "announcements": 2}
    assert await rows(repository, tables.outbox, "id") == [3, 4]
    assert await rows(repository, tables.announcement, "id") == [1, 3, 4]


async def keyed(repository: SqlRepository, table: sa.Table, column: str) -> set[Any]:
    async with repository.engine.connect() as connection:
        return set((await connection.execute(sa.select(table.c[column]))).scalars())


async def test_what_remembers_messages(repository: SqlRepository) -> None:
    """When messages went out, threads and repeats go; those of open cases, and young ones, stay."""
    await start(repository, case("LW-1", State.NEW), case("LW-2", State.REMOVED))
    sent = {"route": "r", "channel": "c", "group_key": "g", "asset": "a", "kind": "k", "urgency": 1}
    await put(
        repository,
        tables.told_message,
        [sent | {"key": f"{n:064d}", "at": at} for n, at in enumerate((OLD, OLD, NOW))],
    )
    thread = {"channel": "c", "recipient": "ann@mail.example", "reference": "x"}
    threads = [("LW-1", OLD), ("LW-2", OLD), ("LW-2b", NOW), ("gone", OLD)]
    await put(repository, tables.message_thread, [thread | {"subject": s, "at": at} for s, at in threads])
    repeat = {"route": "r", "first_at": OLD, "last_at": OLD, "next_at": OLD}
    await put(repository, tables.standing, [repeat | {"subject": one} for one in ("LW-1", "LW-2")])
    assert (await sweep(KEEP, repository, NOW)).gone == {"messages": 2, "threads": 2, "standings": 1}
    assert await rows(repository, tables.told_message, "id") == [3]
    assert await keyed(repository, tables.message_thread, "subject") == {"LW-1", "LW-2b"}
    assert await keyed(repository, tables.standing, "subject") == {"LW-1"}


async def test_many_threads_go_in_batches(repository: SqlRepository) -> None:
    """What has no number goes in batches, too, until none is left."""
    thread = {"channel": "c", "recipient": "r", "reference": "x", "at": OLD}
    await put(repository, tables.message_thread, [thread | {"subject": f"s{n}"} for n in range(700)])
    swept = await sweep(KEEP, repository, NOW)
    assert swept.gone == {"threads": 700}
    assert swept.batches > 2


async def test_swarms_that_nobody_counts(repository: SqlRepository) -> None:
    """A swarm is known for as long as a case that is open, or was closed lately, has it."""
    await start(repository, case("LW-1", State.NEW), case("LW-2", State.REMOVED))
    await put(repository, tables.proof, [proof(1, "LW-1"), proof(2, "LW-2")])
    known = {"infohashes": [], "trackers": [], "next_sample_at": OLD, "failures": 0}
    some = [(1, OLD), (2, OLD), (3, OLD), (4, NOW)]
    await put(repository, tables.swarm, [known | {"swarm_key": f"{n:040x}", "since": at} for n, at in some])
    assert (await sweep(KEEP, repository, NOW)).gone == {"swarms": 2, "proofs": 1}
    assert {key[-1] for key in await keyed(repository, tables.swarm, "swarm_key")} == {"1", "4"}


async def test_looks_and_screenshots_go_with_their_cases(repository: SqlRepository) -> None:
    """Of open cases, of parts of them, and of what is still to be done they stay, with the pages that they name."""
    part = replace(case("LW-4", State.MERGED), merged_into=FindingId("LW-1"))
    await start(repository, case("LW-1", State.NEW), case("LW-2", State.REMOVED), part)
    look = {"url": "https://x.example/p", "site": "s", "native_id": "1", "due_at": OLD, "state": "done"}
    looks = [("LW-1", OLD, "a", "b"), ("LW-2", OLD, "c", "d"), ("LW-4", OLD, "e", ""), ("LW-2", None, "", "")]
    for number, (ident, done, page, diff) in enumerate(looks):
        detail = {"evidence": page * 64, "diff": diff * 64}
        row = look | {"finding_id": ident, "step": str(number), "done_at": done, "detail": detail}
        await put(repository, tables.recheck, [row])
    shot = {"digest": "0" * 64, "site": "s", "url": "u", "captured_at": OLD, "state": "made"}
    await put(
        repository,
        tables.screenshot,
        [
            shot | {"finding_id": ident, "picture": picture * 64}
            for ident, picture in (("LW-1", "1"), ("LW-2", "2"), ("LW-4", "3"))
        ],
    )
    page = {"site": "s", "status": 200, "headers": {}, "captured_at": OLD, "request": {}, "parser": "x/1"}
    await put(
        repository,
        tables.evidence,
        [page | {"digest": d * 64, "url": f"https://api.example/{d}"} for d in "abcde123"],
    )
    assert (await sweep(KEEP, repository, NOW)).gone == {"looks": 1, "screenshots": 1, "evidence": 3}
    assert await rows(repository, tables.recheck, "finding_id") == ["LW-1", "LW-4", "LW-2"]
    assert await rows(repository, tables.screenshot, "finding_id") == ["LW-1", "LW-4"]
    assert [one[0] for one in await rows(repository, tables.evidence, "digest")] == list("abe13")


async def test_parts_of_parts_keep_what_they_have_shown(repository: SqlRepository) -> None:
    """A case that was closed long ago, merged, and merged again: its looks and pictures are the open survivor's."""
    middle = replace(case("LW-4", State.MERGED), merged_into=FindingId("LW-1"))
    part = replace(case("LW-5", State.MERGED), merged_into=middle.id, closed_at=OLD)
    await start(repository, case("LW-1", State.NEW), middle, part)
    look = {"finding_id": "LW-5", "url": "https://x.example/p", "site": "s", "native_id": "1", "step": "+1m"}
    look |= {"due_at": OLD, "done_at": OLD, "state": "done", "detail": {"evidence": "a" * 64}}
    await put(repository, tables.recheck, [look])
    shot = {"finding_id": "LW-5", "digest": "a" * 64, "site": "s", "url": "u", "captured_at": OLD}
    await put(repository, tables.screenshot, [shot | {"state": "made", "picture": "b" * 64}])
    page = {"site": "s", "url": "u", "status": 200, "headers": {}, "captured_at": OLD, "request": {}}
    await put(repository, tables.evidence, [page | {"digest": d * 64, "parser": "x/1"} for d in "ab"])
    assert (await sweep(KEEP, repository, NOW)).gone == {}
    async with repository.reading() as work:
        assert {"a" * 64, "b" * 64} <= await work.evidence.needed(NOW, by_false=True)
        assert await work.evidence.merged(FindingId("LW-1")) == ["LW-4", "LW-5"]
        assert [one.digest for one in await work.evidence.of(FindingId("LW-1"))] == ["a" * 64, "b" * 64]
        assert len(await work.looks.of(FindingId("LW-1"))) == 1
        assert len(await work.screenshots.of(FindingId("LW-1"))) == 1


async def test_bytes_of_closed_cases_go(repository: SqlRepository, tmp_path: Path) -> None:
    """After `evidence_days` the bytes that only closed cases need go, and their rows say so; others stay at any age."""
    cases = {
        "open": case("LW-1", State.NEW),
        "removed": case("LW-2", State.REMOVED),
        "removed lately": case("LW-3", State.REMOVED, NOW - timedelta(days=10)),
        "false": case("LW-4", State.FALSE_POSITIVE),
        "false lately": case("LW-5", State.FALSE_POSITIVE, NOW - timedelta(days=10)),
    }
    await start(repository, *cases.values())
    clock = SetClock(OLD)
    vault = FileVault(tmp_path / "evidence")
    digests: dict[str, str] = {}
    for number, (name, one) in enumerate(cases.items()):
        digests[name] = vault.put(name.encode())
        seen = item(number, OLD, evidence=digests[name])
        async with repository.writing() as work:
            (row,) = (await work.findings.store([seen])).values()
            await work.findings.add_sighting(one.id, row, seen, Match(ASSET.id, 0.9, Tier.AUTO, ()))
    digests["orphan"] = vault.put(b"orphan")
    for file in (tmp_path / "evidence").glob("??/*"):
        os.utime(file, (OLD.timestamp(), OLD.timestamp()))
    clock.at = NOW
    digests["young orphan"] = vault.put(b"young orphan")
    for file in (tmp_path / "evidence").glob(f"??/{digests['young orphan']}"):
        os.utime(file, (NOW.timestamp(), NOW.timestamp()))
    page = {"site": "s", "url": "u", "status": 200, "headers": {}, "captured_at": OLD, "request": {}}
    await put(repository, tables.evidence, [page | {"digest": d, "parser": "x/1"} for d in digests.values()])
    fetcher: Any = None
    keeper = Keeper(EvidenceConfig(), repository, vault, fetcher, Routing(), clock)
    assert await keeper.forget(KEEP.evidence_days) == 3
    left = {one.digest for one in vault.files()}
    assert {name for name, digest in digests.items() if digest not in left} == {"removed", "false", "orphan"}
    gone = await rows(repository, tables.evidence, "digest", "evicted_at")
    assert {digest for digest, at in gone if at} == set(digests.values()) - left
    assert await keeper.forget(KEEP.evidence_days) == 0


async def test_every_table_is_told(repository: SqlRepository) -> None:
    """`privacy report` has each table of the database, so that no new one is forgotten."""
    told = [name for one in await report("pseudonym", KEEP, repository) for name in one.tables]
    assert set(told) == set(tables.metadata.tables)
    assert all(one.how_long for one in await report("plain", KEEP, repository))


async def test_the_audit_stays(repository: SqlRepository) -> None:
    """No setting speaks of it, and no sweep touches it."""
    async with repository.writing() as work:
        await work.audit.append("ann", "x", "y", {}, OLD)
    await sweep(RetentionConfig(**LEAST_DAYS), repository, NOW + timedelta(days=40_000))
    async with repository.reading() as work:
        assert len(await work.audit.entries()) == 1


async def test_others_write_meanwhile(repository: SqlRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many batches, and somebody who writes all the time waits for none of them for long."""
    monkeypatch.setattr("leakwatch.store.retention.NEWEST_OF_SITE", 0)
    async with repository.writing() as work:
        await work.findings.store([item(n) for n in range(3000)])
    waited: list[float] = []
    done = asyncio.Event()

    async def write() -> None:
        number = 0
        while not done.is_set():
            began = time.perf_counter()
            async with repository.writing() as work:
                waited.append(time.perf_counter() - began)
                await work.findings.store([item(number, NOW, "busy")])
            number += 1
            await asyncio.sleep(0.01)

    writing = asyncio.create_task(write())
    swept = await sweep(KEEP, repository, NOW)
    done.set()
    await writing
    assert swept.gone["observations"] == 3000
    assert swept.batches > 5
    assert len(waited) > 5
    assert max(waited) < 1.0  # this machine may be busy; benchmarks/sweeping.py measures


@pytest.mark.parametrize("name", sorted(LEAST_DAYS))
def test_least_values(tmp_path: Path, name: str) -> None:
    """Less than leakwatch needs is a mistake of the configuration, with its line."""
    file = tmp_path / "leakwatch.toml"
    text = '[http]\ncontact = "mailto:a@b.example"\n[retention]\n'
    file.write_text(f"{text}{name} = {LEAST_DAYS[name] - 1}\n")
    with pytest.raises(ConfigError, match=str(LEAST_DAYS[name])) as told:
        load_config(file)
    assert told.value.line == 4
    file.write_text(f"{text}{name} = {LEAST_DAYS[name]}\n")
    assert getattr(load_config(file).retention, name) == LEAST_DAYS[name]
