"""The repository contract, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from leakwatch.errors import Conflict, StoreError
from leakwatch.extract.links import find_locators
from leakwatch.model.alert import DeliveryState
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.evidence import Capture
from leakwatch.model.finding import (
    EventKind,
    FileProof,
    Finding,
    FindingEvent,
    FindingId,
    Match,
    Proof,
    Rank,
    Severity,
    Signal,
    SignalKind,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.service import make_test_alert
from leakwatch.store.proofs import MAX_FILES, MAX_PROOFS
from leakwatch.store.repository import SqlRepository
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2, PiecesRoot

NOON = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
MODEL = Asset(
    id=AssetId("model"),
    title="Tideglass 70B",
    aliases=("タイドグラス",),
    year=2026,
    critical=True,
    infohashes=("ab" * 20,),
    files=(
        AssetFile(
            path="a/w.bin",
            size_bytes=5 * 2**40,
            sha256=b"s" * 32,
            sha1=b"1" * 20,
            md5=b"m" * 16,
            ed2k=b"e" * 32,
            pieces_root=PiecesRoot(b"r" * 32),
            local_path="/x",
            mtime_ns=2**60,
            header='{"schema":1}',
        ),
    ),
)
SEEN = Observation(
    site="board",
    native_id="g/1",
    title="weights",
    fetched_at=NOON,
    url="https://b.example/1",
    text="тайна",
    size_bytes=2**40,
    files=(ObservedFile(path="w.bin", size_bytes=3),),
    parameters=(("BF16", 2**50), ("GGUF", 7)),
    locators=(Locator(LocatorKind.INFOHASH, "cd" * 20, Infohashes(v1=InfohashV1(b"\xcd" * 20)), 4),),
)
MATCH = Match(
    AssetId("model"),
    0.97,
    Tier.AUTO,
    (Signal(SignalKind.TITLE, "is the name", 12.5),),
    ("swarm:" + "cd" * 20,),
)
CASE = Finding(
    id=FindingId("LW-1"),
    asset=AssetId("model"),
    state=State.NEW,
    verdict=Verdict.UNKNOWN,
    severity=Severity.CRITICAL,
    tier=Tier.AUTO,
    score=0.97,
    opened_at=NOON,
    updated_at=NOON,
    title="weights",
)


async def open_case(repository: SqlRepository, case: Finding = CASE, seen: Observation = SEEN) -> None:
    """A finding with one sighting and its artefact."""
    async with repository.writing() as work:
        if await work.catalogue.get(MODEL.id) is None:
            await work.catalogue.save(MODEL, NOON)
        ids = await work.findings.store([seen])
        await work.findings.save(case)
        await work.findings.add_sighting(
            case.id, ids[f"{seen.native_id}\n{seen.content_digest}"], seen, MATCH
        )
        await work.findings.add_artefacts(MODEL.id, case.id, ["swarm:" + "cd" * 20, f"item:{seen.native_id}"])


async def test_asset_round_trips(repository: SqlRepository) -> None:
    """An asset comes back as it was saved, and saving it again replaces its files and moves the version on."""
    async with repository.writing() as work:
        await work.catalogue.save(MODEL, NOON)
        first = await work.catalogue.version()
    async with repository.reading() as work:
        assert await work.catalogue.all() == [MODEL]
        assert await work.catalogue.get(MODEL.id) == MODEL
    changed = replace(MODEL, title="Tideglass 71B", files=())
    async with repository.writing() as work:
        await work.catalogue.save(changed, NOON)
    async with repository.reading() as work:
        assert await work.catalogue.get(MODEL.id) == changed
        assert await work.catalogue.version() > first
        assert await work.catalogue.titled("Tideglass 71B") == [MODEL.id]
        assert await work.catalogue.titled(MODEL.title) == []


async def test_removing_an_asset_takes_its_findings(repository: SqlRepository) -> None:
    """A removed asset leaves no findings behind; removing it twice says so."""
    await open_case(repository)
    async with repository.writing() as work:
        assert await work.catalogue.remove(MODEL.id)
        assert not await work.catalogue.remove(MODEL.id)
    async with repository.reading() as work:
        assert await work.findings.list() == []


async def test_failed_transaction_leaves_no_trace(repository: SqlRepository) -> None:
    """What raises inside a transaction undoes all of it."""
    with pytest.raises(RuntimeError):
        async with repository.writing() as work:
            await work.catalogue.save(MODEL, NOON)
            raise RuntimeError
    async with repository.reading() as work:
        assert await work.catalogue.all() == []


async def test_database_errors_are_ours(repository: SqlRepository) -> None:
    """A constraint that is broken is a StoreError, whatever the driver calls it."""
    with pytest.raises(StoreError, match="database refused"):
        async with repository.writing() as work:
            await work.findings.save(CASE)


async def test_observation_is_stored_once(repository: SqlRepository) -> None:
    """The same content is not stored again, an edited item is, and counts are no content."""
    edited = replace(SEEN, text="edited")
    recounted = replace(SEEN, seeders=7, fetched_at=NOON + timedelta(hours=1))
    async with repository.writing() as work:
        assert await work.findings.unseen([SEEN, SEEN]) == ([SEEN], frozenset())
        first = await work.findings.store([SEEN])
        assert await work.findings.store([SEEN]) == first
        both = await work.findings.store([SEEN, replace(SEEN, text="both")])
        assert len(both) == 2
        assert first.items() < both.items()
    async with repository.reading() as work:
        assert await work.findings.unseen([SEEN, edited, recounted]) == ([edited], {"g/1"})
        assert await work.findings.known_items("board", ["g/1", "g/2"]) == {"g/1"}
        assert await work.findings.known_items("board", ["g/2"]) == frozenset()
        assert await work.findings.known_items("other", ["g/1"]) == frozenset()


async def test_finding_round_trips(repository: SqlRepository) -> None:
    """A finding comes back with its sites, sightings, places, signals and keys."""
    await open_case(repository)
    async with repository.reading() as work:
        found = await work.findings.get(CASE.id)
        assert found == replace(CASE, sites=frozenset({"board"}), sightings=1)
        assert await work.findings.list() == [found]
        (place,) = await work.findings.places(CASE.id)
        assert (place.site, place.url, place.locators) == ("board", "https://b.example/1", ("cd" * 20,))
        assert await work.findings.signals(CASE.id) == [("title", "is the name", 12.5)]
        assert await work.findings.keys(CASE.id) == ["item:g/1", "swarm:" + "cd" * 20]
        assert [one.id for one in await work.findings.holders(MODEL.id, ["swarm:" + "cd" * 20])] == ["LW-1"]
        assert await work.findings.holders(AssetId("other"), ["swarm:" + "cd" * 20]) == []


async def test_sighting_is_attached_once(repository: SqlRepository) -> None:
    """The same observation cannot support the same asset's findings twice."""
    await open_case(repository)
    async with repository.writing() as work:
        ids = await work.findings.store([SEEN])
        assert not await work.findings.add_sighting(CASE.id, next(iter(ids.values())), SEEN, MATCH)


async def test_known_artefacts(repository: SqlRepository) -> None:
    """Keys of open findings are known with how sure they are; those of a false positive are not."""
    await open_case(repository)
    key = "swarm:" + "cd" * 20
    async with repository.writing() as work:
        (known,) = await work.findings.known([key, "swarm:00"])
        assert (known.key, known.asset, known.is_sure) == (key, MODEL.id, True)
        await work.findings.save(replace(CASE, tier=Tier.REVIEW))
        assert not (await work.findings.known([key]))[0].is_sure
        await work.findings.save(replace(CASE, state=State.FALSE_POSITIVE))
        assert await work.findings.known([key]) == []


async def test_a_swarm_is_as_sure_as_its_own_proof(repository: SqlRepository) -> None:
    """A second torrent of a proved case is not sure because the first one is; a refuted one is not known."""
    await open_case(repository)
    right, wrong = Infohashes(v1=InfohashV1(b"\xcd" * 20)), Infohashes(v1=InfohashV1(b"\xee" * 20))
    keys = ["swarm:" + "cd" * 20, "swarm:" + "ee" * 20]
    async with repository.writing() as work:
        await work.findings.save(replace(CASE, verdict=Verdict.PROVED))
        await work.findings.add_artefacts(MODEL.id, CASE.id, keys)
        for hashes in (right, wrong):
            assert await work.findings.request_proof(CASE.id, hashes, NOON)
        assert {one.key: one.is_sure for one in await work.findings.known(keys)} == dict.fromkeys(keys, False)
        for key, verdict in zip(keys, (Verdict.PROVED, Verdict.UNPROVED), strict=True):
            (task,) = await work.findings.proof_tasks(key[6:])
            await work.findings.close_proof(task, Proof(verdict, "v1"), "d" * 64, NOON)
        sure = {one.key: one.is_sure for one in await work.findings.known(keys)}
        assert sure == {keys[0]: True}


async def test_proofs_of_a_finding_are_bounded(repository: SqlRepository) -> None:
    """A post that names a thousand magnets does not make a thousand jobs."""
    await open_case(repository)
    async with repository.writing() as work:
        for number in range(MAX_PROOFS + 5):
            hashes = Infohashes(v1=InfohashV1(number.to_bytes(20, "big")))
            assert await work.findings.request_proof(CASE.id, hashes, NOON) is (number < MAX_PROOFS)
        assert len(await work.findings.due_proofs(NOON)) == MAX_PROOFS


async def test_earlier_items_of_a_swarm_are_found(repository: SqlRepository) -> None:
    """An observation that named a swarm before anybody knew it is found by it until it is sighted."""
    await open_case(repository)
    earlier = replace(SEEN, native_id="old/9", title="look")
    async with repository.writing() as work:
        ids = await work.findings.store([earlier])
        ((row, found),) = await work.findings.unsighted(MODEL.id, ["cd" * 20])
        assert (row, found.native_id, found.title) == (
            ids[f"old/9\n{earlier.content_digest}"],
            "old/9",
            "look",
        )
        stored = [one for _, one in await work.findings.stored(2**62, 10)]
        assert [one.native_id for one in stored] == ["old/9", "g/1"]
        assert stored[1].parameters == SEEN.parameters
        await work.findings.add_sighting(CASE.id, row, found, MATCH)
        assert await work.findings.unsighted(MODEL.id, ["cd" * 20]) == []


async def test_registered_assets_are_looked_for_once(repository: SqlRepository) -> None:
    """A new or changed asset has not been searched; once it has, it is left alone."""
    async with repository.writing() as work:
        await work.catalogue.save(MODEL, NOON)
        assert await work.catalogue.unsearched() == [MODEL.id]
        await work.catalogue.searched(MODEL.id)
        assert await work.catalogue.unsearched() == []
        await work.catalogue.save(replace(MODEL, title="other"), NOON)
        assert await work.catalogue.unsearched() == [MODEL.id]


async def test_no_peer_address_is_kept(repository: SqlRepository) -> None:
    """A magnet is kept without the peers and trackers that it names."""
    uri = f"magnet:?xt=urn:btih:{'cd' * 20}&x.pe=198.51.100.7:6881&tr=http://t.example/a"
    await open_case(repository, seen=replace(SEEN, magnet=uri, locators=find_locators(uri)))
    async with repository.reading() as work:
        (place,) = await work.findings.places(CASE.id)
        ((_, stored),) = await work.findings.stored(2**62, 10)
    assert place.locators == (f"magnet:?xt=urn:btih:{'cd' * 20}",)
    assert "198.51.100.7" not in repr(stored)


async def test_merge_moves_everything(repository: SqlRepository) -> None:
    """A merged finding hands over sightings, artefacts, events and proofs, and says where they went."""
    await open_case(repository)
    newer = replace(CASE, id=FindingId("LW-2"), opened_at=NOON + timedelta(minutes=1))
    await open_case(repository, newer, replace(SEEN, native_id="g/2"))
    hashes = Infohashes(v1=InfohashV1(b"\xee" * 20))
    async with repository.writing() as work:
        await work.findings.add_event(
            FindingEvent(
                finding=newer.id, kind=EventKind.OPENED, at=NOON, content="opened", detail={"site": "board"}
            )
        )
        await work.findings.request_proof(newer.id, hashes, NOON)
        await work.findings.merge(CASE, newer, NOON)
    async with repository.reading() as work:
        assert [(one.id, one.sightings) for one in await work.findings.list()] == [("LW-1", 2)]
        gone = await work.findings.get(newer.id)
        assert gone is not None
        assert (gone.state, gone.merged_into, gone.sightings) == (State.MERGED, "LW-1", 0)
        assert "item:g/2" in await work.findings.keys(CASE.id)
        assert [event.content for event in await work.findings.events(CASE.id)] == ["opened"]
        (task,) = await work.findings.proof_tasks((b"\xee" * 20).hex())
        assert (task.finding, task.infohashes) == ("LW-1", hashes)


@pytest.mark.parametrize("judged", ["older", "newer", "both"])
async def test_merged_cases_keep_one_proof_of_a_torrent(repository: SqlRepository, judged: str) -> None:
    """Of a torrent that both cases have the judged proof is kept."""
    await open_case(repository)
    newer = replace(CASE, id=FindingId("LW-2"))
    await open_case(repository, newer, replace(SEEN, native_id="g/2"))
    hashes = Infohashes(v1=InfohashV1(b"\xee" * 20))
    async with repository.writing() as work:
        for case, name in ((CASE, "older"), (newer, "newer")):
            await work.findings.request_proof(case.id, hashes, NOON)
            (task,) = [
                one
                for one in await work.findings.proof_tasks(hashes.swarm_keys[0].hex())
                if one.finding == case.id
            ]
            if judged in (name, "both"):
                await work.findings.close_proof(task, Proof(Verdict.PROVED, "v1", (), name), "d" * 64, NOON)
        await work.findings.merge(CASE, newer, NOON)
    async with repository.reading() as work:
        (proof,) = await work.findings.proofs(CASE.id)
        assert (proof.verdict, proof.reason) == (Verdict.PROVED, "newer" if judged == "newer" else "older")


async def test_proof_is_wanted_once_and_closed(repository: SqlRepository) -> None:
    """A torrent is wanted once for a finding, can be put off, and ends with its verdict."""
    await open_case(repository)
    hashes = Infohashes(v1=InfohashV1(b"\xee" * 20))
    async with repository.writing() as work:
        assert await work.findings.request_proof(CASE.id, hashes, NOON)
        assert not await work.findings.request_proof(CASE.id, hashes, NOON)
        assert await work.findings.due_proofs(NOON) == ["ee" * 20]
        assert await work.findings.awaited() == {"": 1}
        (task,) = await work.findings.proof_tasks("ee" * 20)
        await work.findings.put_off_proof(task, NOON + timedelta(minutes=5), "no peers", NOON)
        assert await work.findings.awaited() == {"no peers": 1}
        assert await work.findings.due_proofs(NOON) == []
        (task,) = await work.findings.proof_tasks("ee" * 20)
        assert task.attempts == 1
        made = Proof(Verdict.PROVED, "v1", (FileProof("w", "a/w.bin", 3, 3, 9, 0, "v1"),), "because")
        assert await work.findings.close_proof(task, made, "d" * 64, NOON) == CASE.id
        assert await work.findings.proof_tasks("ee" * 20) == []
        assert await work.findings.awaited() == {}
        assert await work.findings.proofs(CASE.id) == [made]


async def test_a_torrent_file_is_wanted_by_its_address(repository: SqlRepository) -> None:
    """A .torrent file is wanted once for a finding and of many the first ten; its torrent then takes its place."""
    url = "https://index.example/0.torrent"
    where = Locator(LocatorKind.TORRENT_URL, url)
    await open_case(repository, seen=replace(SEEN, torrent_url=url, locators=(where,)))
    hashes = Infohashes(InfohashV1(b"\xee" * 20), InfohashV2(b"\xdd" * 32))
    async with repository.writing() as work:
        for number in range(MAX_FILES + 2):
            wanted = await work.findings.request_file(
                CASE.id, f"https://index.example/{number}.torrent", NOON, Rank.AUTO
            )
            assert wanted is (number < MAX_FILES)
        assert not await work.findings.request_file(CASE.id, url, NOON, Rank.AUTO)
        keys = await work.findings.due_proofs(NOON)
        tasks = [task for key in keys for task in await work.findings.file_tasks(key)]
        assert len(keys) == len(tasks) == MAX_FILES
        assert [await work.findings.proof_tasks(key) for key in keys] == [[]] * MAX_FILES
        (task,) = [one for one in tasks if one.url == url]
        await work.findings.put_off_proof(task, NOON + timedelta(minutes=1), "status 404", NOON)
        assert [one.attempts for one in await work.findings.file_tasks(task.key)] == [1]
        named = await work.findings.name_torrent(task, CASE.id, hashes, "d" * 64, NOON)
        assert named is not None
        assert (named.infohashes, named.attempts, named.metadata_digest) == (hashes, 0, "d" * 64)
        assert await work.findings.file_tasks(task.key) == []
        assert not await work.findings.request_file(CASE.id, url, NOON, Rank.AUTO)
        assert [one.native_id for one in await work.findings.sighted(CASE.id, ["dd" * 20])] == ["g/1"]
        other = next(one for one in tasks if one.url != url)
        assert await work.findings.name_torrent(other, CASE.id, hashes, "d" * 64, NOON) == named
        assert not await work.findings.request_file(CASE.id, other.url, NOON, Rank.AUTO)
        assert len(await work.findings.proofs(CASE.id)) == MAX_FILES - 1


async def test_an_interim_verdict_is_judged_again(repository: SqlRepository) -> None:
    """A verdict that is not final stays due and its swarm is counted on; judgements are numbered from the first."""
    await open_case(repository)
    hashes, later = Infohashes(v1=InfohashV1(b"\xee" * 20)), NOON + timedelta(minutes=5)
    interim = Proof(Verdict.UNPROVED, "none", (), "the prover is away")
    async with repository.writing() as work:
        await work.findings.request_proof(CASE.id, hashes, NOON)
        await work.swarms.watch(hashes, [], NOON)
        for tries in (1, 2):
            (task,) = await work.findings.proof_tasks("ee" * 20)
            if tries == 1:
                await work.findings.put_off_proof(task, NOON, "no peers", NOON)
                (task,) = await work.findings.proof_tasks("ee" * 20)
            await work.findings.close_proof(task, interim, "d" * 64, NOON, later)
            (task,) = await work.findings.proof_tasks("ee" * 20)
            assert (task.attempts, task.metadata_digest) == (tries, "d" * 64)
        assert (await work.findings.due_proofs(NOON), await work.findings.due_proofs(later)) == (
            [],
            ["ee" * 20],
        )
        assert await work.findings.proofs(CASE.id) == [interim]
        assert await work.swarms.due(NOON) == ["ee" * 20]
        assert await work.findings.metadata_digests(["ee" * 20]) == ["d" * 64]
        await work.findings.close_proof(task, interim, "d" * 64, NOON)
        assert await work.findings.due_proofs(later) == []
        assert await work.swarms.due(NOON) == []


def capture(digest: str, site: str, parser: str) -> Capture:
    """A capture of some page."""
    return Capture(
        digest=digest,
        warc=None,
        site=site,
        url="x",
        status=200,
        headers={},
        captured_at=NOON,
        parser=parser,
    )


async def test_what_the_dht_told_is_found_by_its_swarm(repository: SqlRepository) -> None:
    """Evidence of an observation is metadata only where it was heard in the DHT; a page is not."""
    async with repository.writing() as work:
        for site, digest in (("dht", "a" * 64), ("board", "b" * 64)):
            where = find_locators(f"magnet:?xt=urn:btih:{'cd' * 20}")
            await work.findings.store([replace(SEEN, site=site, locators=where, evidence=digest)])
            parser = f"{'dht' if site == 'dht' else 'feed'}/1"
            await work.evidence.keep(capture(digest, site, parser))
        assert await work.findings.metadata_digests(["cd" * 20]) == ["a" * 64]
        assert await work.findings.metadata_digests(["ee" * 20]) == []


async def test_cursor_is_guarded(repository: SqlRepository) -> None:
    """A stale writer is refused, and a kind that changes starts with an empty cursor."""
    async with repository.writing() as work:
        await work.sites.sync([("board", "imageboard", "b.example")], NOON)
        state = await work.sites.get("board")
        assert state is not None
        assert [one.name for one in await work.sites.due(NOON)] == ["board"]
        assert await work.sites.due_names(NOON) == [("board", "b.example")]
        assert [one.name for one in await work.sites.due(NOON, "b.example")] == ["board"]
        assert await work.sites.due(NOON, "b.example", {"board"}) == []
        assert await work.sites.due(NOON, "a.example") == []
        moved = await work.sites.move_cursor(state, {"g/1": 5}, {})
        assert moved.version == state.version + 1
        with pytest.raises(Conflict):
            await work.sites.move_cursor(state, {"g/1": 4}, {})
        await work.sites.sync([("board", "imageboard", "c.example")], NOON)
        again = await work.sites.get("board")
        assert again is not None
        assert (again.cursor, again.host) == ({"g/1": 5}, "c.example")
        await work.sites.sync([("board", "feed", "c.example")], NOON)
        anew = await work.sites.get("board")
        assert anew is not None
        assert anew.cursor == {}
        await work.sites.sync([], NOON)
        assert await work.sites.all() == []


async def test_poll_is_closed_with_a_window(repository: SqlRepository) -> None:
    """A closed poll leaves a coverage window, a due time and, if it went well, the time it did."""
    window = CoverageWindow(
        site="board", started_at=NOON, ended_at=NOON, verdict=Coverage.OK, pages=2, overlap=None
    )
    later = NOON + timedelta(minutes=1)
    async with repository.writing() as work:
        await work.sites.sync([("board", "feed", "b.example")], NOON)
        await work.sites.close_poll(window, later, 0, None)
        state = await work.sites.get("board")
        assert state is not None
        assert (state.next_due_at, state.failures, state.last_ok_at) == (later, 0, NOON)
        assert await work.sites.due(NOON) == []
        await work.sites.close_poll(replace(window, verdict=Coverage.REFUSED, detail="no"), later, 1, "no")
        state = await work.sites.get("board")
        assert state is not None
        assert (state.failures, state.last_error, state.last_ok_at) == (1, "no", NOON)
        assert [one.verdict for one in await work.sites.windows("board")] == [Coverage.REFUSED, Coverage.OK]
        assert (await work.sites.windows("board"))[1] == window


async def test_alert_is_queued_once(repository: SqlRepository) -> None:
    """The same content for the same channel makes one row; it is leased to one sender only."""
    alert = make_test_alert(NOON)
    async with repository.writing() as work:
        assert await work.outbox.enqueue("slack", alert, NOON)
        assert not await work.outbox.enqueue("slack", alert, NOON)
        assert await work.outbox.enqueue("mail", alert, NOON)
        assert sorted(await work.outbox.due_channels(NOON)) == ["mail", "slack"]
        claimed = await work.outbox.claim("slack", NOON, 60)
        assert claimed is not None
        assert (claimed.alert, claimed.attempts, claimed.repeat) == (alert, 1, False)
        assert await work.outbox.claim("slack", NOON, 60) is None
        assert await work.outbox.settle(claimed, DeliveryState.SENT, NOON)
        assert not await work.outbox.settle(claimed, DeliveryState.SENT, NOON)
        assert await work.outbox.counts() == {"sent": 1, "pending": 1}


async def test_lost_lease_is_uncertain(repository: SqlRepository) -> None:
    """An alert whose sender vanished is sent again, marked as a possible repeat, under the same key."""
    alert = make_test_alert(NOON)
    async with repository.writing() as work:
        await work.outbox.enqueue("slack", alert, NOON)
        first = await work.outbox.claim("slack", NOON, 60)
        again = await work.outbox.claim("slack", NOON + timedelta(seconds=61), 60)
        assert first is not None
        assert again is not None
        assert (again.key, again.repeat, again.attempts) == (first.key, True, 2)
        assert not await work.outbox.settle(first, DeliveryState.SENT, NOON)
        assert await work.outbox.release_leases(NOON) == 1
        third = await work.outbox.claim("slack", NOON, 60)
        assert third is not None
        assert third.repeat


async def test_retry_waits_for_its_time(repository: SqlRepository) -> None:
    """A refused alert comes back when it is due, and a dead one never does."""
    async with repository.writing() as work:
        await work.outbox.enqueue("slack", make_test_alert(NOON), NOON)
        claimed = await work.outbox.claim("slack", NOON, 60)
        assert claimed is not None
        later = NOON + timedelta(seconds=30)
        await work.outbox.settle(claimed, DeliveryState.RETRY, NOON, due_at=later, error="429")
        assert await work.outbox.claim("slack", NOON, 60) is None
        claimed = await work.outbox.claim("slack", later, 60)
        assert claimed is not None
        assert not claimed.repeat
        await work.outbox.settle(claimed, DeliveryState.DEAD, later, error="gone")
        assert await work.outbox.due_channels(later + timedelta(days=2)) == []


async def test_writers_side_by_side(repository: SqlRepository) -> None:
    """Many writers at once all get through, and none sees the database locked."""

    async def write(number: int) -> None:
        async with repository.writing() as work:
            await work.catalogue.save(replace(MODEL, id=AssetId(f"a{number}")), NOON)

    await asyncio.gather(*(write(number) for number in range(25)))
    async with repository.reading() as work:
        assert len(await work.catalogue.all()) == 25
        assert await work.catalogue.version() == 25


async def test_a_server_that_is_away_is_an_error_of_the_store_and_other_errors_are_not() -> None:
    """What cannot be reached is said to be that; an error of what is done meanwhile keeps its name."""
    away = SqlRepository.open("postgresql://leakwatch@127.0.0.1:1/leakwatch")
    for transaction in (away.reading, away.writing):
        with pytest.raises(StoreError, match="cannot be reached"):
            async with transaction():
                pass
    await away.close()


async def test_a_pipe_that_is_closed_is_not_the_fault_of_the_database(repository: SqlRepository) -> None:
    """Whoever reads only the first lines of an export closes the pipe."""
    for transaction in (repository.reading, repository.writing):
        with pytest.raises(BrokenPipeError):
            async with transaction():
                raise BrokenPipeError
