"""Any order of acts on any cases: the state table holds, every change is told and written down, no sighting is lost."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from leakwatch.cases import Act, assign, comment, move, record, set_due
from leakwatch.cases.joining import merge, united
from leakwatch.cases.splitting import split, undo_merge
from leakwatch.cases.tending import tell_overdue
from leakwatch.errors import InputError
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.audit import broken_at
from leakwatch.model.finding import (
    STATE_CHANGES,
    Finding,
    FindingEvent,
    FindingId,
    Match,
    Signal,
    SignalKind,
    State,
    Tier,
)
from leakwatch.model.observation import Locator, LocatorKind, Observation
from leakwatch.model.place import PlaceClass
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.triage import triage

T = TypeVar("T")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ASSET = Asset(id=AssetId("m7"), title="Northwind Model 7B")
NAME = Signal(SignalKind.TITLE, "'Northwind Model 7B' is the name", 24.0)
ACTORS, TORRENTS = st.sampled_from(["ann", "bob"]), st.sets(st.integers(1, 4), min_size=1, max_size=2)
_EMPTY: list[Path] = []


def empty_database() -> Path:
    """A migrated database to copy from, made once."""
    if not _EMPTY:
        file = Path(tempfile.mkdtemp(prefix="leakwatch-machine-")) / "empty.db"
        asyncio.run(upgrade(f"sqlite:///{file}"))
        atexit.register(shutil.rmtree, file.parent, ignore_errors=True)
        _EMPTY.append(file)
    return _EMPTY[0]


@dataclass(frozen=True)
class Picture:
    """All cases, with what must not be lost, and what was written down."""

    findings: dict[FindingId, Finding]
    sightings: Counter[tuple[str, str]]
    events: list[FindingEvent]
    entries: int


class Triage(RuleBasedStateMachine):
    """Sightings come in, and people do what they like."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="leakwatch-machine-"))
        shutil.copy(empty_database(), self.folder / "t.db")
        self.runner = asyncio.Runner()
        self.store = SqlRepository.open(f"sqlite:///{self.folder / 't.db'}")
        self.now, self.items = NOON, 0

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.runner.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @initialize()
    def asset(self) -> None:
        """There is an asset."""

        async def work() -> None:
            async with self.store.writing() as writing:
                await writing.catalogue.save(ASSET, NOON)

        self.runner.run(work())

    async def picture(self) -> Picture:
        """Everything as it is stored."""
        async with self.store.reading() as work:
            found = await work.findings.list(merged=True)
            every = [one for each in found for one in await work.cases.sightings(each.id)]
            events = [event for each in found for event in await work.findings.events(each.id)]
            entries = await work.audit.entries()
        assert broken_at(entries) is None
        seen = Counter(one.item for one in every)
        return Picture({one.id: one for one in found}, seen, events, len(entries))

    async def pick(self, number: int) -> FindingId:
        """One of the cases."""
        async with self.store.reading() as work:
            found = sorted(one.id for one in await work.findings.list(merged=True))
        return found[number % len(found)]

    @rule(torrents=TORRENTS, site=st.sampled_from(["a", "b"]))
    def sighting(self, torrents: set[int], site: str) -> None:
        """Somebody posts one or two magnets."""
        self.items += 1
        where = tuple(Locator(LocatorKind.MAGNET, f"magnet:?xt=urn:btih:{one:040x}") for one in torrents)
        seen = Observation(
            site=site, native_id=str(self.items), title="a post", fetched_at=self.now, locators=where
        )
        keys = [f"swarm:{one:040x}" for one in torrents] + [f"item:{site}/{self.items}"]

        async def work() -> None:
            async with self.store.writing() as writing:
                ids = await writing.findings.store([seen])
                case = await united(ASSET, keys, self.now, writing, record)
                result = triage(one := Match(ASSET.id, 0.9, Tier.AUTO, (NAME,)), seen, case, ASSET)
                assert result is not None
                await writing.findings.save(result.finding)
                await writing.findings.add_sighting(
                    result.finding.id, *ids.values(), seen, one, keys, PlaceClass.BOARD
                )
                await writing.findings.add_artefacts(ASSET.id, result.finding.id, keys)
                for event in result.events:
                    await writing.findings.add_event(event)

        self.runner.run(work())

    def act(self, kind: str, actor: str, do: Callable[[], Awaitable[T]]) -> tuple[Picture, Picture, T | None]:
        """Do something; if it is refused nothing has changed, else it has an event and one entry by this actor."""
        self.now += timedelta(minutes=1)

        async def work() -> tuple[Picture, Picture, T | None]:
            before = await self.picture()
            try:
                done = await do()
            except InputError:
                after = await self.picture()
                assert after == before
                return before, after, None
            return before, await self.picture(), done

        before, after, done = self.runner.run(work())
        if done is not None:
            fresh = after.events[:]
            for event in before.events:
                if event in fresh:
                    fresh.remove(event)
            assert any(event.kind.value == kind and event.actor == actor for event in fresh), kind
            assert after.entries == before.entries + 1
        assert after.sightings == before.sightings
        for ident, one in after.findings.items():
            old = before.findings.get(ident)
            if old is not None and old.state is not one.state:
                assert one.state in STATE_CHANGES[old.state]
        return before, after, done

    @precondition(lambda self: self.items)
    @rule(number=st.integers(0, 20), state=st.sampled_from(State), actor=ACTORS)
    def judge(self, number: int, state: State, actor: str) -> None:
        """Somebody moves a case; exactly the legal steps are made."""
        ident = self.runner.run(self.pick(number))
        before, after, done = self.act(
            "state_changed", actor, lambda: move(self.store, ident, state, Act(actor, self.now, "why"))
        )
        old = before.findings[ident]
        is_legal = state in STATE_CHANGES[old.state] - {State.MERGED} and not old.merged_into
        assert (done is not None) is is_legal
        assert after.findings[ident].state is (state if is_legal else old.state)

    @precondition(lambda self: self.items)
    @rule(number=st.integers(0, 20), actor=ACTORS, what=st.sampled_from(["assigned", "comment", "due"]))
    def work_on(self, number: int, actor: str, what: str) -> None:
        """Somebody takes a case, remarks, or sets a date."""
        ident = self.runner.run(self.pick(number))
        due = self.now + timedelta(minutes=3)
        acts: dict[str, Callable[[], Awaitable[Finding]]] = {
            "assigned": lambda: assign(self.store, ident, "cy", Act(actor, self.now)),
            "comment": lambda: comment(self.store, ident, "text", Act(actor, self.now)),
            "due": lambda: set_due(self.store, ident, due, Act(actor, self.now)),
        }
        self.act(what, actor, acts[what])

    @precondition(lambda self: self.items)
    @rule(one=st.integers(0, 20), other=st.integers(0, 20), actor=ACTORS)
    def join(self, one: int, other: int, actor: str) -> None:
        """Somebody merges two cases."""
        first, second = self.runner.run(self.pick(one)), self.runner.run(self.pick(other))
        self.act(
            "merged",
            actor,
            lambda: merge(self.store, first, second, Act(actor, self.now, "why", tell=record)),
        )

    @precondition(lambda self: self.items)
    @rule(number=st.integers(0, 20), which=st.sets(st.integers(0, 5), max_size=3), actor=ACTORS)
    def part(self, number: int, which: set[int], actor: str) -> None:
        """Somebody takes sightings out of a case."""
        ident = self.runner.run(self.pick(number))

        async def do() -> tuple[Finding, Finding]:
            async with self.store.reading() as work:
                ids = [one.id for one in await work.cases.sightings(ident)]
            some = {ids[one] for one in which if one < len(ids)}
            return await split(self.store, ident, some, Act(actor, self.now, "why"))

        _, after, done = self.act("split", actor, do)
        if done is not None:
            left, new = (after.findings[one.id] for one in done)
            assert min(left.sightings, new.sightings) > 0

    @precondition(lambda self: self.items)
    @rule(number=st.integers(0, 20), actor=ACTORS)
    def undo(self, number: int, actor: str) -> None:
        """Somebody undoes a merge."""
        ident = self.runner.run(self.pick(number))
        into = self.runner.run(self.picture()).findings[ident].merged_into or ident
        self.act("split", actor, lambda: undo_merge(self.store, into, ident, Act(actor, self.now, "why")))

    @rule()
    def time_passes(self) -> None:
        """Due dates that pass are told once."""
        self.now += timedelta(minutes=5)
        self.runner.run(tell_overdue(self.store, self.now))
        assert self.runner.run(tell_overdue(self.store, self.now)) == 0

    @invariant()
    def nothing_hangs_on_what_is_gone(self) -> None:
        """Sightings and artefacts belong to cases that are there; every open case has a sighting."""

        async def work() -> None:
            async with self.store.reading() as reading:
                for one in await reading.findings.list(merged=True):
                    held = await reading.findings.keys(one.id)
                    assert (one.state is State.MERGED) is bool(one.merged_into)
                    assert bool(one.sightings) is (one.state is not State.MERGED)
                    assert not (held and one.merged_into)

        self.runner.run(work())


Triage.TestCase.settings = settings(
    max_examples=200, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)
TestTriage = Triage.TestCase
