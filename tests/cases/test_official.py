"""A release allows what is seen at official places only, and what is seen elsewhere opens it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from leakwatch.cases import Act, acknowledge, move
from leakwatch.cases.assets import due_steps, official, release
from leakwatch.cases.joining import merge
from leakwatch.cases.splitting import undo_merge
from leakwatch.matching.allowed import Judge
from leakwatch.matching.index import build_index
from leakwatch.model.finding import EventKind, Finding, State
from leakwatch.model.observation import Locator, LocatorKind, Observation
from leakwatch.pipeline import Counted, teller
from leakwatch.service import load_hosts
from leakwatch.telling import Telling, tell_due

from ..test_pipeline import ASSET, NOON, Desk, desk, hub_copy, magnet, post  # noqa: TID252 - no package to be named

__all__ = ["desk"]
LATER = NOON + timedelta(hours=1)
NAME = "Tideglass 70B"
HASH = f"{1:040x}"
JUDGE = Judge(load_hosts())


def copy(name: str) -> Observation:
    """The same file in another repository of the hub."""
    where = Locator(LocatorKind.REPOSITORY, f"https://hub.example/{name}")
    return replace(hub_copy(), native_id=name, title=name, locators=(where,))


async def released(desk: Desk, *places: str, when: datetime | None = None) -> None:
    """The work is out, and offered at these places; pages are held against that from now on."""
    asset = await release(
        desk.repository,
        ASSET.id,
        "ann",
        LATER,
        when=when,
        places=[official(one) for one in places],
        tell=teller(desk.brain, Counted()),
        judge=JUDGE,
    )
    desk.brain = replace(desk.brain, index=build_index([replace(asset, files=ASSET.files)]))


async def states(desk: Desk) -> dict[str, State]:
    """Where each case stands, by its title."""
    return {one.title: one.state for one in await desk.findings()}


async def case(desk: Desk) -> Finding:
    """The one case."""
    (found,) = await desk.findings()
    return found


async def test_a_case_at_official_places_only_is_allowed(desk: Desk) -> None:
    """By an infohash, an address and a host; with the reason in history and audit, and told where it was told."""
    await desk.take(post("1", f"{NAME} one", magnet(1)), post("2", f"{NAME} two", magnet(2)))
    await desk.take(post("3", f"{NAME} one again", magnet(1), "b"))
    elsewhere = (Locator(LocatorKind.REPOSITORY, "https://x.studio.example/get"),)
    await desk.take(copy("studio/weights"), replace(copy("x"), locators=elsewhere))
    assert len(await desk.alerts()) == 3
    await released(desk, HASH, "https://hub.example/studio", "studio.example")
    assert await states(desk) == {
        f"{NAME} one": State.ALLOWED,
        f"{NAME} two": State.NEW,
        "studio/weights": State.ALLOWED,
    }
    one = next(each for each in await desk.findings() if each.title == f"{NAME} one")
    async with desk.repository.reading() as work:
        event = (await work.findings.events(one.id))[-1]
        entries = [each for each in await work.audit.entries(one.id) if each.actor == "ann"]
        (step,) = await work.audit.entries(f"asset:{ASSET.id}")
        assert await work.standings.list(one.id) == []
    assert (event.kind, event.actor, event.detail["scope"]) == (EventKind.STATE, "ann", f"infohash {HASH}")
    assert event.reason == f"the work is released, and this is official: infohash {HASH}"
    assert [each.action for each in entries] == ["finding.state"]
    assert one.id in step.detail
    await tell_due(Telling(routing=desk.brain.routes), desk.repository, LATER + timedelta(minutes=1))
    assert [one.partition(": ")[2] for one in (await desk.alerts())[3:]] == ["allowed by ann"] * 2


async def test_what_is_seen_elsewhere_opens_it_again(desk: Desk) -> None:
    """The same file in a repository that is not official is outside of the scope; in one that is, it changes nothing."""
    await desk.take(copy("studio/weights"))
    await released(desk, "https://hub.example/studio")
    await desk.take(copy("studio/more"))
    assert (await states(desk))["studio/weights"] is State.ALLOWED
    await desk.take(copy("thief/weights"))
    assert (await states(desk))["studio/weights"] is State.REOPENED


@pytest.mark.parametrize("text", [magnet(2), "https://mega.nz/file/AbCdEfGh", "https://gofile.io/d/AbCdEf"])
async def test_one_other_place_keeps_it_open(desk: Desk, text: str) -> None:
    """A post that names an official magnet, and another one or a file host beside it, is still a leak."""
    await desk.take(post("1", NAME, f"{magnet(1)} {text}"))
    await released(desk, HASH)
    assert (await case(desk)).state is State.NEW


async def test_one_other_sighting_keeps_it_open(desk: Desk) -> None:
    """Of a case that was seen at an official place and elsewhere, the whole stays open."""
    await desk.take(copy("studio/weights"))
    await desk.take(copy("thief/weights"))
    await released(desk, "https://hub.example/studio")
    assert (await case(desk)).state is State.NEW


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.ACKNOWLEDGED, State.ALLOWED),
        (State.CONFIRMED, State.ALLOWED),
        (State.REPORTED, State.REPORTED),
        (State.REMOVED, State.REMOVED),
    ],
)
async def test_only_legal_steps(desk: Desk, before: State, after: State) -> None:
    """Whoever reported a case to a host goes on with it; what is closed stays closed."""
    await desk.take(post("1", NAME, magnet(1)))
    ident = (await case(desk)).id
    if before is State.ACKNOWLEDGED:
        await acknowledge(desk.repository, ident, Act("bob", NOON, ""))
    else:
        await move(desk.repository, ident, before, Act("bob", NOON, "because"))
    await released(desk, HASH)
    found = await case(desk)
    assert found.state is after
    assert found.acknowledged_by == "bob"


async def test_a_release_to_come_allows_on_its_day(desk: Desk) -> None:
    """Before its day the case is as it was; on it the calendar allows it, and once."""
    await desk.take(post("1", NAME, magnet(1)))
    day = NOON + timedelta(days=9)
    await released(desk, HASH, when=day)
    assert (await case(desk)).state is State.NEW
    assert await due_steps(desk.repository, day - timedelta(hours=1), judge=JUDGE) == []
    assert len(await due_steps(desk.repository, day, judge=JUDGE)) == 1
    found = await case(desk)
    assert (found.state, found.closed_at, found.acknowledged_by) == (State.ALLOWED, day, None)
    async with desk.repository.reading() as work:
        (entry,) = [one for one in await work.audit.entries(found.id) if one.action == "finding.state"]
    assert entry.actor == "leakwatch:calendar"
    assert await due_steps(desk.repository, day, judge=JUDGE) == []


async def test_what_is_official_goes_on_where_it_was_after_a_merge_is_undone(desk: Desk) -> None:
    """The next version of an official post is of the official case, not of the leak that it was merged with by mistake."""
    await desk.take(post("1", NAME, magnet(2)))
    leak = await case(desk)
    await released(desk, HASH)
    shown = replace(post("2", NAME, magnet(1), "b"), fetched_at=LATER)
    await desk.take(shown)
    (allowed,) = [one for one in await desk.findings() if one.id != leak.id]
    act = Act("ann", LATER, "by mistake", tell=teller(desk.brain, Counted()))
    await merge(desk.repository, leak.id, allowed.id, act)
    await undo_merge(desk.repository, leak.id, allowed.id, act)
    await desk.take(replace(shown, text=f"edited: {magnet(1)}"))
    assert {one.id: one.sightings for one in await desk.findings()} == {leak.id: 1, allowed.id: 2}
