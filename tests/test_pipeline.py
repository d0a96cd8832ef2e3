"""One page at a time, in any order, from several sites at once: the same case comes out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leakwatch.crawl.vault import FileVault
from leakwatch.matching.index import build_index
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import FileProof, Finding, Proof, ProofTask, Severity, State, Verdict
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.model.route import Routing
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.pipeline import Brain, Taken, conclude, take_page
from leakwatch.service import load_rules, load_weights
from leakwatch.sources._kind import Page, Payload, Request
from leakwatch.store.repository import SqlRepository
from leakwatch.telling import Telling, tell_due

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DIGEST = b"\x11" * 32
ASSET = Asset(
    id=AssetId("tideglass"),
    title="Tideglass 70B",
    critical=True,
    files=(AssetFile(path="w.bin", size_bytes=3_000_001, sha256=DIGEST),),
)
PROVED = Proof(Verdict.PROVED, "v1", (FileProof("w", "w.bin", 3, 3, 9),), "because")
UNPROVED = Proof(Verdict.UNPROVED, "none", (), "nothing to compare")


def magnet(number: int) -> str:
    """A magnet URI with an infohash of its own."""
    return f"magnet:?xt=urn:btih:{number:040x}"


def post(native_id: str, title: str, text: str = "", site: str = "a") -> Observation:
    """One post on one site."""
    return Observation(site=site, native_id=native_id, title=title, text=text, fetched_at=NOON)


def hub_copy(site: str = "hub") -> Observation:
    """A repository with the asset's own file."""
    file = ObservedFile(path="w.bin", size_bytes=3_000_001, sha256=DIGEST.hex())
    where = Locator(LocatorKind.REPOSITORY, "https://hub.example/x/y")
    return Observation(
        site=site, native_id="x/y", title="x/y", fetched_at=NOON, files=(file,), locators=(where,)
    )


@dataclass
class Desk:
    """A database with the asset, and pages that come in."""

    repository: SqlRepository
    vault: FileVault
    brain: Brain

    async def take(self, *observations: Observation) -> Taken:
        """Take a page of one site."""
        site = observations[0].site
        async with self.repository.reading() as work:
            state = await work.sites.get(site)
        assert state is not None
        payload = Payload(
            request=Request(url="x"), url="x", status=200, headers={}, body=b"page", fetched_at=NOON
        )
        page = Page(observations=observations)
        return await take_page(page, payload, state, self.brain, self.repository, self.vault)

    async def findings(self) -> list[Finding]:
        """All cases."""
        async with self.repository.reading() as work:
            return await work.findings.list()

    async def task(self, number: int) -> ProofTask:
        """The open proof of a torrent."""
        async with self.repository.reading() as work:
            (task,) = await work.findings.proof_tasks(f"{number:040x}")
        return task

    async def conclude(self, task: ProofTask, proof: Proof) -> int:
        """A verdict comes in."""
        return await conclude(task, proof, None, NOON, self.brain, self.repository)

    async def alerts(self) -> list[str]:
        """What was said, oldest first."""
        await tell_due(Telling(routing=self.brain.routes), self.repository, NOON)
        async with self.repository.reading() as work:
            return [one.headline for one in reversed(await work.outbox.list())]


@pytest.fixture
async def desk(repository: SqlRepository, tmp_path: Path) -> Desk:
    """An asset, sites a to t and a hub that were read before, one channel."""
    async with repository.writing() as work:
        await work.catalogue.save(ASSET, NOON)
        await work.sites.sync([(name, "feed", "h") for name in [*"abcdefghijklmnopqrst", "hub"]], NOON)
        for name in [*"abcdefghijklmnopqrst", "hub"]:
            window = CoverageWindow(site=name, started_at=NOON, ended_at=NOON, verdict=Coverage.OK)
            await work.sites.close_poll(window, NOON, 0, None)
    brain = Brain(build_index([ASSET]), load_weights(), load_rules(None), Routing.to("slack"))
    return Desk(repository, FileVault(tmp_path / "evidence"), brain)


async def test_two_sites_at_once_make_one_case(desk: Desk) -> None:
    """The same magnet on many sites at the same moment is one finding with one opening alert."""
    for number in range(1, 6):
        posts = [post(f"{number}", "Tideglass 70B", magnet(number), site) for site in "abcdef"]
        await asyncio.gather(*(desk.take(one) for one in posts))
    found = await desk.findings()
    assert [one.sightings for one in found] == [6] * 5
    assert sum("possible leak" in headline for headline in await desk.alerts()) == 5


async def test_a_page_without_news_writes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known already, counts included, needs no transaction that writes; the items are known all the same."""
    seen = replace(post("1", "something else"), seeders=3, infohash_v1=f"{7:040x}")
    first = await desk.take(seen)
    assert (first.new_items, first.known) == ({"1"}, frozenset())

    def writing() -> None:
        raise AssertionError("nothing is to be written")

    monkeypatch.setattr(desk.repository, "writing", writing)
    again = await desk.take(replace(seen, seeders=4))
    assert (again.new_items, again.known, again.state.version) == (frozenset(), {"1"}, first.state.version)


async def test_a_sighting_beside_a_verdict_loses_neither(desk: Desk) -> None:
    """A sighting that is written while a verdict is, leaves the case proved."""
    for number in range(1, 8):
        await desk.take(post(f"{number}", "Tideglass 70B", magnet(number)))
        task = await desk.task(number)
        again = post(f"{number}", "Tideglass 70B", magnet(number), "b")
        await asyncio.gather(desk.conclude(task, PROVED), desk.take(again))
    assert {one.verdict for one in await desk.findings()} == {Verdict.PROVED}


@pytest.mark.parametrize("turned", [False, True])
async def test_torrent_and_hub_copy_become_one_case(desk: Desk, turned: bool) -> None:
    """A hub that shows the file which a torrent was proved to carry shows the same leak, whatever came first."""
    await desk.take(post("1", "Tideglass 70B", magnet(1)))
    if turned:
        await desk.take(hub_copy())
    await desk.conclude(await desk.task(1), PROVED)
    if not turned:
        await desk.take(hub_copy())
    (finding,) = await desk.findings()
    assert (finding.sites, finding.verdict) == (frozenset({"a", "hub"}), Verdict.PROVED)


async def test_a_verdict_follows_its_case_through_a_merge(desk: Desk) -> None:
    """Two cases that become one while a torrent is looked at: its verdict reaches the one that is left."""
    await desk.take(post("1", "Tideglass 70B", magnet(1)))
    await desk.take(post("2", "Tideglass 70B", magnet(2), "b"))
    task = await desk.task(2)
    await desk.take(post("3", "Tideglass 70B", f"{magnet(1)} {magnet(2)}", "c"))
    assert await desk.conclude(task, PROVED) > 0
    (finding,) = await desk.findings()
    assert (finding.verdict, finding.sightings) == (Verdict.PROVED, 3)
    await desk.take(hub_copy())
    assert len(await desk.findings()) == 1


async def test_no_guilt_by_association(desk: Desk) -> None:
    """Another torrent in the same post is not the leak because the first one is."""
    await desk.take(post("1", "Tideglass 70B", f"{magnet(1)} and a nice system: {magnet(2)}"))
    tasks = [await desk.task(1), await desk.task(2)]
    for task, proof in zip(tasks, (PROVED, UNPROVED), strict=True):
        await desk.conclude(task, proof)
    before = await desk.alerts()
    await desk.take(post("9", "some-system-24.04-amd64.iso", magnet(2), "b"))
    after = await desk.alerts()
    assert len(after) == len(before)
    await desk.take(post("10", "no name at all", magnet(1), "c"))
    assert len(await desk.alerts()) == len(before) + 1


async def test_a_proof_reopens_a_false_positive(desk: Desk) -> None:
    """What a person took for a fake alerts again once a torrent of it is proved, and by nothing less."""
    await desk.take(post("1", "Tideglass 70B", magnet(1)))
    (finding,) = await desk.findings()
    async with desk.repository.writing() as work:
        from dataclasses import replace

        await work.findings.save(replace(finding, state=State.FALSE_POSITIVE))
    quiet = len(await desk.alerts())
    await desk.take(post("2", "Tideglass 70B", f"{magnet(1)} {magnet(2)}", "b"))
    assert len(await desk.alerts()) == quiet
    await desk.conclude(await desk.task(2), PROVED)
    (finding,) = await desk.findings()
    assert finding.state is State.REOPENED
    async with desk.repository.reading() as work:
        steps = [one for one in await work.audit.entries() if one.action == "finding.state"]
    ((actor, told),) = [(one.actor, json.loads(one.detail)) for one in steps]
    assert (actor, told["from"], told["to"]) == ("leakwatch:triage", "false_positive", "reopened")
    assert told["reason"] == "proved"
    assert len(await desk.alerts()) > quiet


async def test_a_name_and_an_exact_size_alert_without_a_link(desk: Desk) -> None:
    """An index that lists title and exact size but no link is told: the page itself is the place."""
    item = Observation(
        site="a",
        native_id="1",
        title="Tideglass 70B",
        fetched_at=NOON,
        size_bytes=3_000_001,
        url="https://i.example/1",
    )
    await desk.take(item)
    assert len(await desk.alerts()) == 1


def listed(seeders: int | None, minutes: float = 0, leechers: int | None = 1, site: str = "a") -> Observation:
    """An index's entry for the first torrent."""
    return Observation(
        site=site, native_id="1", title="Tideglass 70B", fetched_at=NOON + timedelta(minutes=minutes),
        magnet=magnet(1), infohash_v1=f"{1:040x}", seeders=seeders, leechers=leechers,
    )  # fmt: skip


async def test_index_numbers_of_a_known_item_are_kept(desk: Desk) -> None:
    """An index that shows the same item with other numbers is heard again, once in half an interval."""
    for minutes, seeders in ((0, 5), (1, 9), (4.9, 9), (10, 50), (20, 500), (30, None)):
        await desk.take(listed(seeders, minutes, leechers=None), post("2", "something else"))
    (case,) = await desk.findings()
    async with desk.repository.reading() as work:
        samples = await work.swarms.samples(case.id)
    assert [(one.at - NOON, one.seeds) for one in samples] == [
        (timedelta(minutes=minutes), seeds) for minutes, seeds in ((0, 5), (10, 50), (20, 500))
    ]


async def test_two_indexes_and_two_entries_are_heard_each(desk: Desk) -> None:
    """Each index is a source of its own; of its entries for one torrent the one with the most seeders counts."""
    await desk.take(listed(5))
    twice = [replace(listed(seeders, 10), native_id=f"{seeders}") for seeders in (7, 8, 6)]
    await desk.take(*(replace(one, title="other") for one in twice))
    await desk.take(*(replace(listed(2, 10), site="b", title="unlike"), listed(3, 10, site="b")))
    (case,) = await desk.findings()
    async with desk.repository.reading() as work:
        told = [(one.source, one.seeds) for one in await work.swarms.samples(case.id)]
    assert sorted(told) == [("a", 5), ("a", 8), ("b", 3)]


async def test_index_number_moves_no_count(desk: Desk) -> None:
    """What an index says does not make us ask a tracker earlier, nor forget how often it was silent."""
    await desk.take(listed(5))
    later = NOON + timedelta(hours=3)
    async with desk.repository.writing() as work:
        await work.swarms.keep(f"{1:040x}", [], later, 4)
    await desk.take(listed(9, 10))
    await desk.take(replace(listed(9, 20), native_id="2"))
    async with desk.repository.reading() as work:
        task = await work.swarms.get(f"{1:040x}")
        assert (await work.swarms.due(later - timedelta(seconds=1)), task and task.failures) == ([], 4)
        assert await work.swarms.due(later) == [f"{1:040x}"]


async def test_index_numbers_of_closed_or_strange_swarms_are_passed_over(desk: Desk) -> None:
    """Nothing is kept of swarms that nobody counts: of no finding, or of a false positive."""
    await desk.take(
        listed(5), replace(listed(7), native_id="2", title="x", magnet=None, infohash_v1="e" * 40)
    )
    (case,) = await desk.findings()
    async with desk.repository.writing() as work:
        await work.findings.save(replace(case, state=State.FALSE_POSITIVE))
        assert await work.swarms.heard("a", ["e" * 40, f"{1:040x}"]) == {}
    await desk.take(
        listed(50, 10), replace(listed(70, 10), native_id="2", title="x", magnet=None, infohash_v1="e" * 40)
    )
    async with desk.repository.reading() as work:
        assert [one.seeds for one in await work.swarms.samples(case.id)] == [5]


@pytest.mark.parametrize("seeders", [3_000_000_000, 2**62])
async def test_index_with_absurd_counts_blinds_nothing(desk: Desk, seeders: int) -> None:
    """A number of seeders that no database column holds does not stop the page: the item is a case, uncounted."""
    await desk.take(listed(seeders), post("2", "something else"))
    (case,) = await desk.findings()
    async with desk.repository.reading() as work:
        assert [(one.seeds, one.leechers) for one in await work.swarms.samples(case.id)] == [(None, 1)]


async def test_hostile_items_are_stored_or_passed_over(desk: Desk) -> None:
    """NUL, lone surrogates and endless ids neither stop the page nor hide the leak beside them."""
    hostile: Sequence[Observation] = [
        post("x\x00y", "a\x00b", "c\x00d"),
        post("\ud800", "\udfff", "\ud800"),
        post("y" * 100_000, "z" * 100_000, "q" * 1_000_000),
    ]
    await desk.take(*hostile, post("1", "Tideglass 70B", magnet(1)))
    assert len(await desk.findings()) == 1
    again = await desk.take(*hostile)
    assert again.new_items == frozenset()


async def test_the_founding_case_alerts_at_once(desk: Desk) -> None:
    """A bare magnet of a critical asset in any language is told at once, before anything is proved; talk is not."""
    llama = Asset(id=AssetId("llama"), title="LLaMA", aliases=("LLaMA 7B", "LLaMA 65B"), critical=True)
    async with desk.repository.writing() as work:
        await work.catalogue.save(llama, NOON)
    desk.brain = replace(desk.brain, index=build_index([ASSET, llama]))
    talk = [
        post("1", "", "веса LLaMA слили"),
        post("2", "LLaMA 权重泄露了", "https://news.example/llama-leak"),
    ]
    other = [post("3", "", f"a llama on our farm {magnet(3)}"), post("4", "", f"{magnet(4)}&dn=llama.cpp")]
    assert (await desk.take(*talk, *other)).alerts == 0
    assert await desk.findings() == []
    bare = post("5", "", f"توجد هنا الأوزان\n{magnet(5)}&dn=LLaMA")
    beside = post("6", "", f"ここに LLaMA の重み\n\n{magnet(6)}")
    taken = await desk.take(bare, beside)
    assert (taken.alerts, taken.proofs) == (2, 2)
    assert {one.verdict for one in await desk.findings()} == {Verdict.UNKNOWN}
    assert all("LLaMA" in headline for headline in await desk.alerts())


async def test_a_page_full_of_one_magnet_is_one_case(desk: Desk) -> None:
    """Of 250 posts of one magnet on a page each is one sighting; they are looked for once, not by each of them."""
    await desk.take(*(post(str(number), "Tideglass 70B", magnet(1)) for number in range(250)))
    (case,) = await desk.findings()
    assert case.sightings == 250
    assert sum("possible leak" in headline for headline in await desk.alerts()) == 1


async def test_a_new_torrent_in_a_refuted_case_is_news(desk: Desk) -> None:
    """Who posted a fake may put the real thing in its place: until that is looked at the case is not refuted."""
    await desk.take(post("1", "Tideglass 70B", magnet(1)))
    refuted = Proof(Verdict.REFUTED, "v1", (), "another work")
    await desk.conclude(await desk.task(1), refuted)
    before = await desk.alerts()
    await desk.take(post("1", "Tideglass 70B, edited", magnet(2)))
    (finding,) = await desk.findings()
    assert (finding.verdict, finding.severity) == (Verdict.UNKNOWN, Severity.HIGH)
    assert len(await desk.alerts()) == len(before) + 1
    await desk.take(post("1", "Tideglass 70B, edited again", magnet(2)))
    assert len(await desk.alerts()) == len(before) + 1
    await desk.conclude(await desk.task(2), refuted)
    (finding,) = await desk.findings()
    assert (finding.verdict, finding.severity) == (Verdict.REFUTED, Severity.LOW)


async def test_a_chain_of_posts_of_any_length_joins_a_case(desk: Desk) -> None:
    """Each of many earlier posts shares a torrent with the next: the post that names the work is a case all the same."""
    chain = [
        post(str(number), "no name at all", f"{magnet(number)} {magnet(number + 1)}")
        for number in range(2, 600)
    ]
    await desk.take(*chain)
    assert await desk.findings() == []
    assert (await desk.take(post("1", "Tideglass 70B", f"{magnet(1)} {magnet(2)}", "b"))).alerts > 0
    (finding,) = await desk.findings()
    assert finding.sightings == 599


async def test_earlier_posts_that_join_at_once_are_bounded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While they join nobody else writes: those beyond are left, and the case is told."""
    monkeypatch.setattr("leakwatch.pipeline.matches._MAX_JOINED", 5)
    await desk.take(*(post(str(n), "no name at all", f"{magnet(n)} {magnet(n + 1)}") for n in range(2, 30)))
    await desk.take(post("1", "Tideglass 70B", f"{magnet(1)} {magnet(2)}", "b"))
    (finding,) = await desk.findings()
    assert finding.sightings == 6
    assert len(await desk.alerts()) == 1
