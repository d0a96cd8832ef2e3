"""Much at once, through the real pipeline and the real store: a storm of fakes, a first run on an old index, a look back."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leakwatch.crawl.vault import FileVault
from leakwatch.matching.index import build_index
from leakwatch.model.alert import Alert, DigestAlert, DigestEvent
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.duration import Duration
from leakwatch.model.finding import FileProof, Proof, Verdict
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.model.route import Route, Routing
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.pipeline import Brain, conclude, look_back, take_page
from leakwatch.service import load_rules, load_weights
from leakwatch.sources._kind import Page, Payload, Request
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.telling import Telling, tell_due

from .conftest import Desk  # type: ignore[import-not-found]

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FAKES = int(os.environ.get("LEAKWATCH_STORM", "400"))
DIGEST = b"\x11" * 32
ASSET = Asset(
    id=AssetId("tideglass"),
    title="Tideglass 70B",
    critical=True,
    files=(AssetFile(path="w.bin", size_bytes=3_000_001, sha256=DIGEST),),
)
PAGE = 100


@dataclass
class Pipeline(Desk):
    """Pages that come in, on a database of its own."""

    vault: FileVault = None  # type: ignore[assignment]
    brain: Brain = None  # type: ignore[assignment]

    async def take(self, *seen: Observation) -> None:
        """Take a page of one site."""
        async with self.repository.reading() as work:
            state = await work.sites.get(seen[0].site)
        assert state is not None
        payload = Payload(
            request=Request(url="x"), url="x", status=200, headers={}, body=b"page", fetched_at=self.at
        )
        await take_page(Page(observations=seen), payload, state, self.brain, self.repository, self.vault)


@pytest.fixture
async def pipeline(tmp_path: Path) -> AsyncIterator[Pipeline]:
    """An asset, a site that was read before and one that was not."""
    url = f"sqlite:///{tmp_path / 'storm.db'}"
    await upgrade(url)
    repository = SqlRepository.open(url)
    routing = Routing.to("slack")
    brain = Brain(build_index([ASSET]), load_weights(), load_rules(None), routing)
    made = Pipeline(repository, routing, vault=FileVault(tmp_path / "evidence"), brain=brain)
    async with repository.writing() as work:
        await work.catalogue.save(ASSET, NOON)
        await work.sites.sync([(name, "feed", "h") for name in ("known", "new")], NOON)
        window = CoverageWindow(site="known", started_at=NOON, ended_at=NOON, verdict=Coverage.OK)
        await work.sites.close_poll(window, NOON, 0, None)
    yield made
    await repository.close()


def fake(number: int, site: str = "known", published_at: datetime | None = NOON) -> Observation:
    """A post that names the asset, with a torrent of its own."""
    text = f"magnet:?xt=urn:btih:{number + 1:040x}"
    return Observation(
        site=site,
        native_id=str(number),
        title="Tideglass 70B",
        text=text,
        fetched_at=NOON,
        published_at=published_at,
    )


def exact(site: str = "known", published_at: datetime | None = NOON) -> Observation:
    """A repository with the asset's own file: proved by the host's digest."""
    file = ObservedFile(path="w.bin", size_bytes=3_000_001, sha256=DIGEST.hex())
    where = Locator(LocatorKind.REPOSITORY, "https://hub.example/x/y")
    return Observation(
        site=site,
        native_id="x/y",
        title="x/y",
        fetched_at=NOON,
        files=(file,),
        locators=(where,),
        published_at=published_at,
    )


@pytest.mark.parametrize("repeat", [0, 600])
async def test_storm(pipeline: Pipeline, repeat: float) -> None:
    """Thousands of fakes and three real ones in an hour: at most 12 messages, and the real ones are on top of theirs.

    So it is where what nobody acknowledges is told again every ten minutes.
    """
    route = Route(channels=("slack",), group_interval=Duration(0), repeat=Duration(repeat))
    pipeline.routing = Routing(routes=(route,))
    pipeline.brain = replace(pipeline.brain, routes=pipeline.routing)
    chance = random.Random(7)
    numbers = list(range(FAKES))
    real = set(chance.sample(numbers, 2))
    chance.shuffle(numbers)
    pages = [numbers[start : start + PAGE] for start in range(0, len(numbers), PAGE)]
    step = timedelta(minutes=50) / len(pages)
    proof = Proof(Verdict.PROVED, "v1", (FileProof("w", "other.bin", 3, 3, 9),), "3 of 3 pieces agree")
    for count, page in enumerate(pages):
        posts = [replace(fake(number), fetched_at=pipeline.at) for number in page]
        posts += [replace(exact(), fetched_at=pipeline.at)] if count == len(pages) // 2 else []
        await pipeline.take(*posts)
        await pipeline.tell()
        for number in real & set(page):
            async with pipeline.repository.reading() as work:
                (task,) = await work.findings.proof_tasks(f"{number + 1:040x}")
            await conclude(task, proof, None, pipeline.at, pipeline.brain, pipeline.repository)
            await pipeline.tell()
        await pipeline.later(seconds=step.total_seconds())
    in_hour = await pipeline.alerts()
    assert len(in_hour) <= 12
    await pipeline.later(minutes=45)
    told = await pipeline.alerts()
    async with pipeline.repository.reading() as work:
        found = await work.findings.list()
        proved = {one.id for one in found if one.verdict is Verdict.PROVED}
    assert (len(found), len(proved)) == (FAKES + 1, 3)
    on_top: set[str] = set()
    for one in told:
        entries = one.entries if isinstance(one, DigestAlert) else (one,)
        verdicts = [e.verdict is Verdict.PROVED for e in entries if isinstance(e, Alert)]
        assert verdicts == sorted(verdicts, reverse=True), "what is proved comes before what is not"
        on_top |= {e.finding for e in entries if isinstance(e, Alert) and e.verdict is Verdict.PROVED}
    assert on_top == proved
    counted = sum(one.more + len(one.entries) if isinstance(one, DigestAlert) else 1 for one in told)
    assert counted >= FAKES + 1, "none is lost"


async def test_first_run_on_an_old_index(pipeline: Pipeline) -> None:
    """What a new site showed before is one digest when its first run is over; what was posted today is told at once."""
    count = min(FAKES, 5000)
    for start in range(0, count, PAGE):
        old = [
            fake(n, "new", None if n % 2 else NOON - timedelta(days=900)) for n in range(start, start + PAGE)
        ]
        await pipeline.take(*(replace(one, fetched_at=pipeline.at) for one in old))
        assert await pipeline.later(seconds=20) == 0
    await pipeline.take(replace(fake(count, "new", NOON - timedelta(hours=3)), fetched_at=pipeline.at))
    assert await pipeline.tell() == 1
    assert await pipeline.later(seconds=10) == 1
    fresh, digest = await pipeline.alerts()
    assert isinstance(fresh, Alert)
    assert isinstance(digest, DigestAlert)
    assert (digest.event, len(digest.entries) + digest.more) == (DigestEvent.FIRST_RUN, count)
    assert await pipeline.later(days=1) == 0


async def test_one_run_through_everything_does_not_wait(pipeline: Pipeline) -> None:
    """With `run --once` the first run is told at its end."""
    await pipeline.take(fake(1, "new", None), fake(2, "new", None))
    assert await pipeline.tell() == 0
    assert await pipeline.tell(settle=False) == 1


async def test_look_back_is_one_digest(pipeline: Pipeline) -> None:
    """What is found of an asset in what was stored before it was registered is one digest."""
    nobody = replace(pipeline.brain, index=build_index([]))
    brain, pipeline.brain = pipeline.brain, nobody
    await pipeline.take(*(fake(number) for number in range(30)))
    await look_back(ASSET.id, brain, pipeline.repository)
    assert await pipeline.tell() == 0
    assert await pipeline.later(minutes=1) == 1
    (digest,) = await pipeline.alerts()
    assert isinstance(digest, DigestAlert)
    assert (digest.event, digest.more + len(digest.entries)) == (DigestEvent.BACKFILL, 30)


async def test_a_channel_has_a_budget_of_its_own(desk: Desk) -> None:
    """Many assets at once are more than one channel gets: what is beyond is one message of many assets."""
    desk.limits = replace(desk.limits, per_channel=6)
    from .conftest import ASSET as FILM  # type: ignore[import-not-found]
    from .conftest import finding  # type: ignore[import-not-found]

    for number in range(20):
        asset = replace(FILM, id=AssetId(f"film{number}"), title=f"Film {number}")
        await desk.event(case=finding(number, asset=asset.id), asset=asset)
    assert await desk.tell() == 3
    last = (await desk.alerts())[-1]
    assert isinstance(last, DigestAlert)
    assert (last.event, last.more + len(last.entries)) == (DigestEvent.FLOOD, 18)
    telling = Telling(routing=desk.routing, limits=desk.limits)
    assert await tell_due(telling, desk.repository, desk.at) == 0


async def test_no_budget_keeps_a_drill_back(desk: Desk) -> None:
    """A drill is told at once where the hour's messages are used up, and uses up none of them."""
    from .conftest import finding  # type: ignore[import-not-found]

    for number in range(30):
        await desk.event(case=finding(number))
        await desk.tell()
    used_up = len(await desk.alerts())
    await desk.event(case=finding(40, drill=True), drill="yes")
    assert await desk.tell() == 1
    assert [one.subject for one in (await desk.alerts())[used_up:]] == ["LW-40"]
    await desk.later(hours=2)  # what was held is told
    await desk.later(hours=2)
    for number in range(50, 58):
        await desk.event(case=finding(number, drill=True), drill="yes")
    assert await desk.tell() == 8
    before = len(await desk.alerts())
    for number in range(60, 66):
        await desk.event(case=finding(number))
        await desk.tell()
    assert [one.subject for one in (await desk.alerts())[before:]] == [f"LW-{n}" for n in range(60, 66)]
