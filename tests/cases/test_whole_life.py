"""Posts come in through the real pipeline while people and time do what they like: nothing is lost, silent or unwritten."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from leakwatch.cases import Act, Tell, acknowledge, confirm, mark_allowed, mark_false_positive, move
from leakwatch.cases.assets import due_steps, embargo, official, release, retire
from leakwatch.cases.joining import merge
from leakwatch.cases.splitting import split, undo_merge
from leakwatch.cases.tending import tell_overdue
from leakwatch.crawl.vault import FileVault
from leakwatch.errors import InputError
from leakwatch.matching.index import build_index
from leakwatch.matching.weights import Weights
from leakwatch.model.announcement import Fate
from leakwatch.model.audit import broken_at
from leakwatch.model.finding import EventKind, Finding, FindingId, State
from leakwatch.model.observation import Observation
from leakwatch.model.route import Routing
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.pipeline import Brain, Counted, take_page, teller
from leakwatch.resurfacing import resurface
from leakwatch.rulepack.schema import RulePack
from leakwatch.service import load_rules, load_weights
from leakwatch.sources._kind import Page, Payload, Request
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import announcement, artefact, finding, kept_apart, sighting
from leakwatch.telling import Telling, tell_due

from ..test_pipeline import ASSET, NOON, hub_copy, magnet, post  # noqa: TID252
from .test_machine import empty_database

POSTS = (
    post("1", "Tideglass 70B", magnet(1), "board"),
    post("2", "Tideglass 70B", magnet(2), "index"),
    post("3", "Tideglass 70B", f"{magnet(1)} {magnet(2)}", "forum"),
    replace(post("4", "Tideglass 70B", magnet(3), "board"), author="ann", url="https://board.example/4"),
    hub_copy(),
)
SITES = {"board": "imageboard", "index": "torznab", "forum": "discourse", "hub": "huggingface"}
WHO, NUMBER = st.sampled_from(["ann", "bob"]), st.integers(0, 6)
SCOPES = st.sampled_from([None, "item", "url", "author", "site", "infohash"])
CHANGES = {EventKind.STATE, EventKind.MERGED, EventKind.SPLIT, EventKind.OPENED}


@cache
def shipped() -> tuple[Weights, RulePack]:
    """Weights and rules as they are shipped, read once; the sites are of several kinds."""
    return load_weights(), replace(load_rules(None), kinds=SITES)


@dataclass(frozen=True)
class Picture:
    """All that is stored of the cases."""

    cases: dict[FindingId, Finding]
    sightings: dict[FindingId, frozenset[int]]
    held: dict[FindingId, frozenset[str]]
    events: Counter[tuple[str, str, str]]
    told: Counter[str]
    heard: frozenset[str]
    entries: int


class Life(RuleBasedStateMachine):
    """Five posts that share artefacts, an asset that changes, and people."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="leakwatch-life-"))
        shutil.copy(empty_database(), self.folder / "t.db")
        self.runner = asyncio.Runner()
        self.store = SqlRepository.open(f"sqlite:///{self.folder / 't.db'}")
        self.vault = FileVault(self.folder / "evidence")
        self.now, self.edits, self.posted = NOON, 0, 0

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.runner.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        """An asset, and sites that were read before."""

        async def work() -> None:
            async with self.store.writing() as writing:
                await writing.catalogue.save(ASSET, NOON)
                await writing.sites.sync([(name, kind, name) for name, kind in SITES.items()], NOON)
                for name in SITES:
                    window = CoverageWindow(site=name, started_at=NOON, ended_at=NOON, verdict=Coverage.OK)
                    await writing.sites.close_poll(window, NOON, 0, None)

        self.runner.run(work())

    async def brain(self) -> Brain:
        """What a page is held against now."""
        async with self.store.reading() as work:
            assets = await work.catalogue.all()
        weights, pack = shipped()
        return Brain(build_index(assets), weights, pack, Routing.to("slack"))

    async def picture(self) -> Picture:
        """Everything as it is stored; the audit must be whole."""
        async with self.store.reading() as work:
            found = await work.findings.list(merged=True)
            seen = {one.id: frozenset(s.id for s in await work.cases.sightings(one.id)) for one in found}
            held = {one.id: frozenset(await work.findings.keys(one.id)) for one in found}
            events = [(one.id, event) for one in found for event in await work.findings.events(one.id)]
            entries = await work.audit.entries()
        async with self.store.engine.connect() as connection:
            rows = (await connection.execute(sa.select(announcement.c.subject, announcement.c.state))).all()
        assert broken_at(entries) is None
        counted = Counter((ident, event.kind.value, event.content) for ident, event in events)
        told = Counter(subject for subject, _ in rows)
        heard = frozenset(subject for subject, fate in rows if fate != Fate.SETTLED.value)
        return Picture({one.id: one for one in found}, seen, held, counted, told, heard, len(entries))

    def watch(self, do: Callable[[Tell], Awaitable[Any]]) -> tuple[Picture, Picture, Any]:
        """Do something a minute later; whatever state has changed by it is in history and audit, and a case that opens again is told to who heard of it."""
        self.now += timedelta(minutes=1)

        async def work() -> tuple[Picture, Picture, Any]:
            before = await self.picture()
            try:
                done = await do(teller(await self.brain(), Counted()))
            except InputError as error:
                note(f"refused: {error}")
                assert await self.picture() == before
                return before, before, None
            return before, await self.picture(), done

        before, after, done = self.runner.run(work())
        for ident, one in after.cases.items():
            old = before.cases.get(ident)
            if old is None or old.state is one.state:
                continue
            fresh = after.events - before.events
            into = one.merged_into or ident
            assert any(who in (ident, into) and EventKind(kind) in CHANGES for who, kind, _ in fresh), ident
            assert after.entries > before.entries
            if one.state is State.REOPENED and ident in before.heard:
                assert after.told[ident] > before.told[ident], f"{ident} is open again, and silent"
        return before, after, done

    def pick(self, number: int) -> FindingId:
        """One of the cases."""
        found = sorted(self.runner.run(self.picture()).cases)
        return found[number % len(found)] if found else FindingId("LW-none")

    @rule(which=st.integers(0, len(POSTS) - 1), edited=st.booleans())
    def seen(self, which: int, edited: bool) -> None:
        """A post is read: for the first time, once more as it was, or edited."""
        self.edits += edited
        told = POSTS[which]
        shown = replace(
            told, fetched_at=self.now, text=(told.text or "") + (f" edit {self.edits}" if edited else "")
        )
        self.take(shown)
        self.posted += 1

    def take(self, shown: Observation) -> None:
        """A page with one post."""

        async def do(_: Tell) -> None:
            async with self.store.reading() as work:
                state = await work.sites.get(shown.site)
            assert state is not None
            ask = Request(url="https://x.example/")
            answer = Payload(
                request=ask, url=ask.url, status=200, headers={}, body=b"page", fetched_at=self.now
            )
            page = Page(observations=(replace(shown, fetched_at=self.now),))
            await take_page(page, answer, state, await self.brain(), self.store, self.vault)

        before, after, _ = self.watch(do)
        for ident, some in before.sightings.items():  # what was seen stays seen
            assert some <= frozenset[int]().union(*after.sightings.values()), ident

    @precondition(lambda self: self.posted)
    @rule(number=NUMBER, who=WHO, what=st.sampled_from(["ack", "confirm", "reported", "removed", "reopen"]))
    def judge(self, number: int, who: str, what: str) -> None:
        """Somebody judges a case as it is."""
        ident, now = self.pick(number), self.now + timedelta(minutes=1)
        states = {"reported": State.REPORTED, "removed": State.REMOVED, "reopen": State.REOPENED}

        def do(tell: Tell) -> Awaitable[Finding]:
            if what == "ack":
                return acknowledge(self.store, ident, Act(who, now, "", tell=tell))
            if what == "confirm":
                return confirm(self.store, ident, Act(who, now, "why", tell=tell))
            return move(self.store, ident, states[what], Act(who, now, "why", tell=tell))

        self.watch(do)

    @precondition(lambda self: self.posted)
    @rule(number=NUMBER, who=WHO, scope=SCOPES, days=st.none() | st.integers(0, 3), is_false=st.booleans())
    def hide(self, number: int, who: str, scope: str | None, days: int | None, is_false: bool) -> None:
        """Somebody says that it is none, or may be there, perhaps with its like, perhaps until a day."""
        ident, now = self.pick(number), self.now + timedelta(minutes=1)
        until: date | None = None if days is None else (now + timedelta(days=days)).date()
        judge = mark_false_positive if is_false else mark_allowed
        self.watch(lambda tell: judge(self.store, ident, Act(who, now, "why", tell), scope, until))

    @precondition(lambda self: self.posted > 1)
    @rule(one=NUMBER, other=NUMBER, who=WHO)
    def join_and_undo(self, one: int, other: int, who: str) -> None:
        """Somebody merges two cases and finds that it was wrong: both have again what they had."""
        first, second = self.pick(one), self.pick(other)
        before, _, done = self.watch(
            lambda tell: merge(self.store, first, second, Act(who, self.now, "why", tell=tell))
        )
        if done is None:
            return
        gone = second if done.id == first else first
        _, after, back = self.watch(
            lambda tell: undo_merge(self.store, done.id, gone, Act(who, self.now, "wrong", tell=tell))
        )
        assert back is not None
        for ident in (first, second):
            case, was = after.cases[ident], before.cases[ident]
            assert after.sightings[ident] == before.sightings[ident]
            assert after.held[ident] == before.held[ident]
            assert (case.sites, case.tier, case.merged_into) == (was.sites, was.tier, None)
        assert after.cases[gone].state is State.REOPENED

    async def sightings(self, ident: FindingId) -> list[Any]:
        """Those of one case."""
        async with self.store.reading() as work:
            return list(await work.cases.sightings(ident))

    @precondition(lambda self: self.posted > 1)
    @rule(one=NUMBER, other=NUMBER, who=WHO)
    def join(self, one: int, other: int, who: str) -> None:
        """Somebody merges two cases."""
        first, second = self.pick(one), self.pick(other)
        self.watch(lambda tell: merge(self.store, first, second, Act(who, self.now, "why", tell=tell)))

    @precondition(lambda self: self.posted > 1)
    @rule(number=NUMBER, which=st.sets(st.integers(0, 4), min_size=1, max_size=2), who=WHO)
    def part(self, number: int, which: set[int], who: str) -> None:
        """Somebody takes sightings out."""
        ident = self.pick(number)
        ids = [one.id for one in self.runner.run(self.sightings(ident))]
        some = {ids[one] for one in which if one < len(ids)}
        self.watch(lambda tell: split(self.store, ident, some, Act(who, self.now, "why", tell=tell)))

    @precondition(lambda self: self.posted > 1)
    @rule(number=NUMBER, who=WHO)
    def undo(self, number: int, who: str) -> None:
        """Somebody undoes a merge, if it was one."""
        ident = self.pick(number)
        case = self.runner.run(self.picture()).cases.get(ident)
        into = (case.merged_into if case else None) or ident
        self.watch(lambda tell: undo_merge(self.store, into, ident, Act(who, self.now, "why", tell=tell)))

    @rule(step=st.sampled_from(["release", "later", "retire", "embargo", "until"]), who=WHO)
    def asset(self, step: str, who: str) -> None:
        """The asset's life goes on."""
        now, ident = self.now + timedelta(minutes=1), ASSET.id
        soon = now + timedelta(hours=20)

        def do(tell: Tell) -> Awaitable[Any]:
            match step:
                case "release":
                    places = [official(f"{3:040x}")]
                    return release(self.store, ident, who, now, places=places, tell=tell)
                case "later":
                    return release(self.store, ident, who, now, when=soon, tell=tell)
                case "retire":
                    return retire(self.store, ident, who, now, tell=tell)
                case "until":
                    return embargo(self.store, ident, who, now, until=soon, tell=tell)
                case _:
                    return embargo(self.store, ident, who, now, tell=tell)

        before, after, done = self.watch(do)
        assert done is not None or step == "until", "only an embargo beyond a planned release is refused"
        assert after.entries == before.entries + (done is not None)

    @rule(hours=st.sampled_from([1, 30, 100]))
    def time_passes(self, hours: int) -> None:
        """What waits for its day happens, and once; what is to be told is told."""
        self.now += timedelta(hours=hours)

        async def do(tell: Tell) -> None:
            await tell_overdue(self.store, self.now, tell=tell)
            await due_steps(self.store, self.now, tell=tell)
            await resurface(await self.brain(), self.store, self.now)

        self.watch(do)
        before, after, _ = self.watch(do)
        assert after == before
        telling = Telling(routing=Routing.to("slack"))
        self.runner.run(tell_due(telling, self.store, self.now))

    @invariant()
    def everything_has_its_place(self) -> None:
        """A sighting is of one case that is there; a key is held once; who holds it not is known to be kept apart."""

        async def work() -> None:
            async with self.store.engine.connect() as connection:
                cases = {r.id: r for r in await connection.execute(sa.select(finding))}
                seen = (await connection.execute(sa.select(sighting))).all()
                holder = {r.key: r.finding_id for r in await connection.execute(sa.select(artefact))}
                held = (await connection.execute(sa.select(sa.func.count()).select_from(artefact))).scalar()
                apart = {(r.one, r.other, r.key) for r in await connection.execute(sa.select(kept_apart))}
            assert held == len(holder)
            counts = Counter(one.finding_id for one in seen)
            assert len({(one.asset_id, one.observation_id) for one in seen}) == len(seen)
            for ident, case in cases.items():
                assert (case.merged_into is None) is (case.state != "merged")
                assert bool(counts[ident]) is (case.merged_into is None), ident
            for one in seen:
                for key in one.keys:
                    other = holder.get(key)
                    assert other in cases, key
                    assert cases[other].merged_into is None
                    pair = sorted((other, one.finding_id))
                    is_official = "-A" in f"{other} {one.finding_id}"
                    assert other == one.finding_id or is_official or (*pair, key) in apart, (key, pair)

        self.runner.run(work())


Life.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=12,
    deadline=None,
    report_multiple_bugs=False,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TestLife = Life.TestCase
