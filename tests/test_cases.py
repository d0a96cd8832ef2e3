"""What people and time do to cases, with the real pipeline and store: joining, parting, scopes, life of an asset."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from leakwatch.cases import (
    Act,
    acknowledge,
    assign,
    comment,
    mark_allowed,
    mark_false_positive,
    move,
    record,
    set_due,
)
from leakwatch.cases.assets import due_steps, embargo, official, release, retire
from leakwatch.cases.joining import joined, merge
from leakwatch.cases.scopes import reach_of
from leakwatch.cases.splitting import split, undo_merge
from leakwatch.cases.tending import tell_overdue
from leakwatch.errors import InputError
from leakwatch.extract.canonical import url_key
from leakwatch.matching.index import build_index
from leakwatch.model.allow import AllowEffect, AllowWhat
from leakwatch.model.asset import Asset, QueryMode, Stage
from leakwatch.model.audit import broken_at
from leakwatch.model.duration import Duration
from leakwatch.model.finding import EventKind, Finding, FindingEvent, FindingId, Severity, State, Verdict
from leakwatch.model.notice import Notice, NoticeId, NoticeState
from leakwatch.model.route import Route, Routing
from leakwatch.notices.acts import move as close_notice
from leakwatch.pipeline import Counted, look_back, teller
from leakwatch.ports import Work
from leakwatch.resurfacing import resurface
from leakwatch.service import Case, show_finding
from leakwatch.store import mapping
from leakwatch.telling import Telling, tell_due

from .test_pipeline import ASSET, NOON, PROVED, Desk, desk, hub_copy, magnet, post

__all__ = ["desk"]
LATER = NOON + timedelta(hours=1)
NAME = "Tideglass 70B"
OURS = ("leakwatch:calendar", "leakwatch:allow")


class Heard:
    """Somebody who is told: what, of which case."""

    def __init__(self) -> None:
        self.told: list[tuple[EventKind, FindingId]] = []

    async def __call__(self, event: FindingEvent, finding: Finding, asset: Asset, work: Work, /) -> int:
        """Note it, and write it into the history."""
        self.told.append((event.kind, finding.id))
        return await record(event, finding, asset, work)


async def shown(desk: Desk, ident: str) -> Case:
    """One case."""
    return await show_finding(ident, desk.repository)


async def kinds(desk: Desk, ident: str) -> list[EventKind]:
    """The history of one case, as kinds."""
    return [event.kind for event in (await shown(desk, ident)).events]


async def actions(desk: Desk, subject: str | None = None) -> list[tuple[str, str]]:
    """What people, the calendar and expired entries did, by the audit, whose chain is whole."""
    async with desk.repository.reading() as work:
        entries = await work.audit.entries()
    assert broken_at(entries) is None
    ours = [one for one in entries if one.actor in OURS or not one.actor.startswith("leakwatch:")]
    return [(one.actor, one.action) for one in ours if subject in (None, one.subject)]


async def reloaded(desk: Desk) -> Asset:
    """The asset as it is stored now, and the desk's brain with it."""
    async with desk.repository.reading() as work:
        asset = await work.catalogue.get(ASSET.id)
    assert asset is not None
    desk.brain = replace(desk.brain, index=build_index([asset]))
    return asset


async def wrongly_one(desk: Desk) -> tuple[Finding, int]:
    """Two leaks that a post with both magnets made one: the case, and the number of that post's sighting."""
    await desk.take(post("1", NAME, magnet(1)))
    await desk.take(post("2", NAME, magnet(2), "b"))
    await desk.take(post("3", NAME, f"{magnet(1)} {magnet(2)}", "c"))
    (case,) = await desk.findings()
    return case, (await shown(desk, case.id)).sightings[-1].id


# -- one finding per leak --------------------------------------------------------------------------


async def test_a_wrong_merge_is_undone_and_stays_undone(desk: Desk) -> None:
    """The merged case is back with what it came with, and neither a poll nor an edit merges the two again."""
    await desk.take(post("1", NAME, magnet(1)))
    await desk.take(post("2", NAME, magnet(2), "b"))
    older, newer = sorted(await desk.findings(), key=lambda one: (one.opened_at, one.id))
    await desk.take(post("3", NAME, f"{magnet(1)} {magnet(2)}", "c"))
    left, back = await undo_merge(desk.repository, older.id, newer.id, Act("ann", LATER, "two leaks"))
    assert (left.sightings, back.sightings, back.id, back.state) == (2, 1, newer.id, State.REOPENED)
    assert EventKind.OPENED in await kinds(desk, newer.id)
    assert (await shown(desk, newer.id)).events[-1].actor == "ann"
    await desk.take(post("3", NAME, f"edited: {magnet(1)} {magnet(2)}", "c"))
    await desk.take(post("2", NAME, f"edited: {magnet(2)}", "b"))
    counts = {one.id: one.sightings for one in await desk.findings()}
    assert len(counts) == 2
    assert sum(counts.values()) == 5
    assert ("ann", "finding.split") in await actions(desk, older.id)


async def test_notices_go_back_with_the_case_they_were_drafted_on(desk: Desk) -> None:
    """Undoing a merge gives back its notices and what came of them since, those of what it had taken over, too."""
    for number, site in enumerate("abc", 1):
        await desk.take(post(str(number), NAME, magnet(number), site))
    one, two, three = sorted(await desk.findings(), key=lambda case: (case.opened_at, case.id))
    store = desk.repository
    for case in (one, two, three):
        async with store.writing() as work:
            await work.notices.save(drafted(case))
    await merge(store, two.id, three.id, Act("ann", LATER, "one leak", tell=record))
    await merge(store, one.id, two.id, Act("ann", LATER, "one leak", tell=record))
    for case in (two, three):
        await close_notice(NoticeId(f"LN-{case.id}"), NoticeState.CLOSED, "not sent", store, "ann", LATER)
    assert await holders(desk) == dict.fromkeys((one.id, two.id, three.id), one.id)
    await undo_merge(store, one.id, two.id, Act("ann", LATER, "two leaks"))
    assert await holders(desk) == {one.id: one.id, two.id: two.id, three.id: two.id}
    assert {case.id: case.sightings for case in await desk.findings()} == {one.id: 1, two.id: 2}
    await undo_merge(store, two.id, three.id, Act("ann", LATER, "three leaks"))
    assert await holders(desk) == {case.id: case.id for case in (one, two, three)}
    for case in (two, three):
        assert (await kinds(desk, case.id)).count(EventKind.NOTICE) == 1
    assert EventKind.NOTICE not in await kinds(desk, one.id)


def drafted(case: Finding) -> Notice:
    """A notice about a case, named after it."""
    return Notice(
        id=NoticeId(f"LN-{case.id}"),
        finding=case.id,
        addressee="dmca",
        host="host.example",
        state=NoticeState.DRAFT,
        subject="Notice",
        body="text",
        drafted_by="ann",
        drafted_at=LATER,
    )


async def holders(desk: Desk) -> dict[str, str]:
    """Which case has the notice that was drafted on which."""
    async with desk.repository.reading() as work:
        return {one.id.removeprefix("LN-"): one.finding for one in await work.notices.list()}


async def test_sightings_leave_with_the_keys_and_proofs_that_only_they_hold(desk: Desk) -> None:
    """A case of its own has the sightings, their artefacts and proofs, and new posts find the right case."""
    case, both = await wrongly_one(desk)
    second = next(one.id for one in (await shown(desk, case.id)).sightings if one.native_id == "2")
    await desk.conclude(await desk.task(2), PROVED)
    left, new = await split(desk.repository, case.id, [second, both], Act("ann", LATER, "another leak"))
    assert (left.sightings, new.sightings, new.state) == (1, 2, State.NEW)
    assert (left.verdict, new.verdict) == (Verdict.UNKNOWN, Verdict.PROVED)
    async with desk.repository.reading() as work:
        assert f"swarm:{2:040x}" in await work.findings.keys(new.id)
        assert f"swarm:{1:040x}" in await work.findings.keys(left.id)
    await desk.take(post("4", NAME, magnet(2), "d"))
    await desk.take(post("5", NAME, magnet(1), "e"))
    await desk.take(hub_copy())  # what the torrent that left was proved to carry
    counts = {one.id: one.sightings for one in await desk.findings()}
    assert counts == {left.id: 2, new.id: 4}
    await desk.conclude(await desk.task(1), PROVED)
    assert len(await desk.findings()) == 2


@pytest.mark.parametrize("turned", [False, True])
async def test_a_proof_of_the_same_file_does_not_join_what_was_split(desk: Desk, turned: bool) -> None:
    """Two torrents of the same files that a person keeps apart stay apart, whichever is judged last."""
    case, both = await wrongly_one(desk)
    numbers = (1, 2) if turned else (2, 1)
    await desk.conclude(await desk.task(numbers[0]), PROVED)
    await desk.conclude(await desk.task(numbers[1]), PROVED)
    second = next(one.id for one in (await shown(desk, case.id)).sightings if one.native_id == "2")
    await split(desk.repository, case.id, [second, both], Act("ann", LATER, "apart"))
    await desk.take(hub_copy())
    assert sorted(one.sightings for one in await desk.findings()) == [2, 2]
    await look_back(ASSET.id, desk.brain, desk.repository)
    assert len(await desk.findings()) == 2


async def test_a_merge_by_hand_forgets_what_kept_them_apart(desk: Desk) -> None:
    """Merging again joins for good, and the sightings are all there."""
    case, both = await wrongly_one(desk)
    left, new = await split(desk.repository, case.id, [both], Act("ann", LATER, "x"))
    heard = Heard()
    one = await merge(desk.repository, new.id, left.id, Act("bob", LATER, "it was right", tell=heard))
    assert (one.sightings, (EventKind.MERGED, one.id) in heard.told) == (3, True)
    event = next(e for e in reversed((await shown(desk, one.id)).events) if e.kind is EventKind.MERGED)
    assert (event.actor, event.reason) == ("bob", "it was right")
    await desk.take(post("9", NAME, f"{magnet(1)} {magnet(2)}", "d"))
    assert [each.sightings for each in await desk.findings()] == [4]


async def test_what_keeps_a_case_apart_holds_for_whoever_it_becomes_part_of(desk: Desk) -> None:
    """A case that is merged into a third one brings along what does not join it with the case that was split off."""
    await desk.take(post("0", NAME, magnet(7), "d"))
    (third,) = await desk.findings()
    for number, text, site in (
        (1, magnet(1), "a"),
        (2, magnet(2), "b"),
        (3, f"{magnet(1)} {magnet(2)}", "c"),
    ):
        await desk.take(replace(post(str(number), NAME, text, site), fetched_at=LATER))
    case = next(one for one in await desk.findings() if one.id != third.id)
    second = [one.id for one in (await shown(desk, case.id)).sightings if one.native_id in "23"]
    _, new = await split(desk.repository, case.id, second, Act("ann", LATER, "apart"))
    await merge(desk.repository, third.id, case.id, Act("ann", LATER, "one leak", tell=record))
    await desk.take(post("3", NAME, f"edited: {magnet(1)} {magnet(2)}", "c"))
    counts = {one.id: one.sightings for one in await desk.findings()}
    assert counts == {third.id: 2, new.id: 3}


async def test_what_is_split_again_stays_apart_from_the_first(desk: Desk) -> None:
    """A case that is taken out of one that was split off is no more part of the first than that one is."""
    for number, site in ((1, "a"), (2, "b"), (3, "c")):
        await desk.take(post(str(number), NAME, magnet(1), site))
    (case,) = await desk.findings()
    second, third = [one.id for one in (await shown(desk, case.id)).sightings if one.native_id in "23"]
    _, new = await split(desk.repository, case.id, [second, third], Act("ann", LATER, "apart"))
    await split(desk.repository, new.id, [third], Act("ann", LATER, "apart, too"))
    for number, site in ((2, "b"), (3, "c")):
        await desk.take(post(str(number), NAME, f"edited: {magnet(1)}", site))
    assert sorted(one.sightings for one in await desk.findings()) == [1, 2, 2]


async def test_a_magnet_that_leaves_with_another_part_joins_nothing(desk: Desk) -> None:
    """What two parts were kept apart by in their case keeps them apart when one of them takes it along."""
    case, both = await wrongly_one(desk)
    first = next(one.id for one in (await shown(desk, case.id)).sightings if one.native_id == "1")
    _, one = await split(desk.repository, case.id, [first], Act("ann", LATER, "apart"))
    _, two = await split(desk.repository, case.id, [both], Act("ann", LATER, "apart, too"))
    await desk.take(post("1", NAME, f"edited: {magnet(1)}"))
    counts = {each.id: each.sightings for each in await desk.findings()}
    assert counts == {case.id: 1, one.id: 2, two.id: 1}


@pytest.mark.parametrize("which", [0, 1, 2])
async def test_what_was_split_off_merged_and_taken_out_again_has_what_it_had(desk: Desk, which: int) -> None:
    """Sightings that were taken out by hand are the new case's own, and of shared magnets each has those it held."""
    case, _ = await wrongly_one(desk)
    some = (await shown(desk, case.id)).sightings[which]
    _, new = await split(desk.repository, case.id, [some.id], Act("ann", LATER, "apart"))
    before = [await belongings(desk, one.id) for one in (case, new)]
    left = await merge(desk.repository, case.id, new.id, Act("bob", LATER, "one", tell=record))
    gone = new.id if left.id == case.id else case.id
    await undo_merge(desk.repository, left.id, gone, Act("bob", LATER, "no"))
    assert [await belongings(desk, one.id) for one in (case, new)] == before


async def belongings(desk: Desk, ident: FindingId) -> tuple[list[str], list[int]]:
    """The keys that a case holds, and its sightings."""
    async with desk.repository.reading() as work:
        return await work.findings.keys(ident), [one.id for one in await work.cases.sightings(ident)]


async def test_what_cannot_be_split_or_merged_is_refused(desk: Desk) -> None:
    """All, none or foreign sightings, a case with itself, and a merge that never was are named errors."""
    case, both = await wrongly_one(desk)
    ids = [one.id for one in (await shown(desk, case.id)).sightings]
    for some in ([], ids, [both, 999]):
        with pytest.raises(InputError):
            await split(desk.repository, case.id, some, Act("ann", LATER, "x"))
    with pytest.raises(InputError, match="two different cases"):
        await merge(desk.repository, case.id, case.id, Act("ann", LATER, "x", tell=record))
    with pytest.raises(InputError, match="was not merged"):
        await undo_merge(desk.repository, case.id, "LW-NONE", Act("ann", LATER, "x"))
    assert await actions(desk) == []


@pytest.mark.parametrize(
    ("held", "apart", "wanted"),
    [
        ({"A": {"x"}, "B": {"y"}}, [], {"A", "B"}),
        ({"A": {"x"}, "B": {"y"}}, [("AB", "x")], {"B"}),
        ({"A": {"x", "z"}, "B": {"y"}}, [("AB", "x")], {"A", "B"}),
        ({"A": {"x"}, "B": {"y"}}, [("AB", "x"), ("AB", "y")], {"A"}),
        ({"A": {"x"}, "C": {"y"}}, [("AB", "x")], {"A", "C"}),
        ({"A": {"x"}, "B": {"y"}, "C": {"z"}}, [("AB", "x")], {"B", "C"}),
        ({"A": {"x"}}, [("AB", "x")], {"A"}),
    ],
)
def test_only_keys_that_join_make_one(
    held: dict[str, set[str]], apart: Sequence[tuple[str, str]], wanted: set[str]
) -> None:
    """A key that does not join two cases counts for neither, beside the other one only."""
    told = {FindingId(one): frozenset(keys) for one, keys in held.items()}
    pairs = [(frozenset(map(FindingId, pair)), key) for pair, key in apart]
    assert joined(told, pairs) == wanted


async def test_the_same_author_is_told_on_one_platform(desk: Desk) -> None:
    """Another case of the same login on the same hosts is named; the same name elsewhere is not."""
    url = "https://forum.example.org/1"
    await desk.take(replace(post("1", NAME, magnet(1)), author="Mallow", url=url))
    await desk.take(
        replace(post("2", NAME, magnet(2), "b"), author="mallow", url="https://www.example.org/2")
    )
    await desk.take(replace(post("3", NAME, magnet(3), "c"), author="mallow", url="https://other.example/3"))
    by_site = {one.sites: one.id for one in await desk.findings()}
    case = await shown(desk, by_site[frozenset({"a"})])
    assert dict(case.others) == {"example.org:mallow": [(by_site[frozenset({"b"})], ASSET.id)]}
    assert [node.author for node in case.spreading.nodes] == ["example.org:mallow"]


# -- triage ----------------------------------------------------------------------------------------


async def test_each_act_is_told_and_written_down(desk: Desk) -> None:
    """Acknowledging, giving away, remarking and setting a date each have an event with actor and an audit entry."""
    await desk.take(post("1", NAME, magnet(1)))
    (case,), heard, store = await desk.findings(), Heard(), desk.repository
    due = LATER + timedelta(days=1)
    changed = await acknowledge(store, case.id, Act("ann", LATER, "", tell=heard))
    assert (changed.acknowledged_by, changed.acknowledged_at) == ("ann", LATER)
    await assign(store, case.id, "bob", Act("ann", LATER, tell=heard))
    await comment(store, case.id, "looked at it", Act("bob", LATER, tell=heard))
    changed = await set_due(store, case.id, due, Act("bob", LATER, tell=heard))
    assert (changed.assignee, changed.due_at) == ("bob", due)
    assert [kind for kind, _ in heard.told] == [
        EventKind.STATE,
        EventKind.ASSIGNED,
        EventKind.COMMENT,
        EventKind.DUE,
    ]
    assert await actions(desk, case.id) == [
        ("ann", "finding.state"),
        ("ann", "finding.assign"),
        ("bob", "finding.comment"),
        ("bob", "finding.due"),
    ]
    events = (await shown(desk, case.id)).events[-4:]
    assert [event.actor for event in events] == ["ann", "ann", "bob", "bob"]
    for text in ("", " ", "x" * 5000):
        with pytest.raises(InputError):
            await comment(store, case.id, text, Act("ann", LATER))


async def test_an_acknowledgement_is_taken_back(desk: Desk) -> None:
    """Who acknowledged by mistake opens the case again: nobody has seen it then, it is told, and reminded of anew."""
    desk.brain = replace(
        desk.brain, routes=Routing(routes=(Route(channels=("slack",), repeat=Duration(3600)),))
    )
    await desk.take(post("1", NAME, magnet(1)))
    (case,) = await desk.findings()
    tell = teller(desk.brain, Counted())

    async def told(hours: int) -> int:
        await tell_due(Telling(routing=desk.brain.routes), desk.repository, NOON + timedelta(hours=hours))
        async with desk.repository.reading() as work:
            return len(await work.outbox.list())

    assert await told(0) == 1
    await acknowledge(desk.repository, case.id, Act("ann", LATER, "", tell=tell))
    assert [await told(hours) for hours in (2, 3, 4)] == [2, 2, 2]
    act = Act("ann", NOON + timedelta(hours=5), "by mistake", tell=tell)
    back = await move(desk.repository, case.id, State.REOPENED, act)
    assert (back.state, back.acknowledged_by, back.acknowledged_at) == (State.REOPENED, None, None)
    assert [await told(hours) for hours in (5, 6, 7)] == [3, 4, 5]


async def test_overdue_is_told_once_for_each_date(desk: Desk) -> None:
    """A date that passes is told once, however often one looks; a new date is told again, and a closed case never."""
    await desk.take(post("1", NAME, magnet(1)))
    (case,), heard, store = await desk.findings(), Heard(), desk.repository
    await set_due(store, case.id, LATER, Act("ann", NOON))
    assert await tell_overdue(store, LATER - timedelta(seconds=1), tell=heard) == 0
    told = [await tell_overdue(store, LATER + timedelta(hours=n), tell=heard) for n in range(3)]
    assert told == [1, 0, 0]
    await set_due(store, case.id, LATER + timedelta(days=1), Act("ann", LATER))
    assert [await tell_overdue(store, LATER + timedelta(days=n), tell=heard) for n in (2, 3)] == [1, 0]
    await set_due(store, case.id, LATER + timedelta(days=4), Act("ann", LATER))
    await move(store, case.id, State.REMOVED, Act("ann", LATER, "gone"))
    assert await tell_overdue(store, LATER + timedelta(days=9), tell=heard) == 0
    assert [kind for kind, _ in heard.told] == [EventKind.OVERDUE] * 2


async def test_many_overdue_cases_are_told_one_by_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each of them no other is read: a thousand take a thousand times as long as one, not a million times."""
    await desk.take(*(post(str(number), NAME, magnet(number)) for number in range(1, 31)))
    async with desk.repository.writing() as work:
        for case in await work.findings.list():
            await work.findings.save(replace(case, due_at=LATER))
    read, finding_of = [], mapping.finding_of

    def counted(row: mapping.Row, sites: frozenset[str], sightings: int) -> Finding:
        read.append(row["id"])
        return finding_of(row, sites, sightings)

    monkeypatch.setattr(mapping, "finding_of", counted)
    assert await tell_overdue(desk.repository, LATER) == 30
    assert len(read) <= 30 * 5


async def test_more_sightings_than_are_shown_stay_with_their_case(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case with more sightings than are listed is split by all of them: what the oldest show stays theirs."""
    monkeypatch.setattr("leakwatch.store.cases._MOST", 2)
    for number, site in enumerate("abcd", 1):
        await desk.take(post(str(number), NAME, magnet(9), site))
    await desk.take(post("5", NAME, f"{magnet(9)} {magnet(5)}", "e"))
    (case,) = await desk.findings()
    async with desk.repository.reading() as work:
        *_, last = await work.cases.sightings(case.id)
    left, _ = await split(desk.repository, case.id, [last.id], Act("ann", LATER, "another"))
    assert (left.sightings, left.sites) == (4, frozenset("abcd"))
    async with desk.repository.reading() as work:
        oldest, *_ = await work.cases.sightings(case.id, every=True)
    left, _ = await split(desk.repository, case.id, [oldest.id], Act("ann", LATER, "another"))
    assert left.sightings == 3


@pytest.mark.parametrize(
    ("scope", "what", "value", "words"),
    [
        ("item", AllowWhat.ITEM, "a/1", "the item a/1"),
        ("author", AllowWhat.AUTHOR, "example.org:mallow", "items by example.org:mallow"),
        ("site", AllowWhat.SITE, "a", "items of the site a"),
        ("infohash", AllowWhat.INFOHASH, f"{1:040x}", f"items that offer only the torrent {1:040x}"),
        (
            "url",
            AllowWhat.PAGE,
            "https://forum.example.org/1",
            "items on the page https://forum.example.org/1",
        ),
    ],
)
async def test_a_scope_hides_what_is_like_it(
    desk: Desk, scope: str, what: AllowWhat, value: str, words: str
) -> None:
    """A scope becomes an entry that hides further items of its kind; that is said before, and how many after."""
    one = replace(post("1", NAME, magnet(1)), author="Mallow", url="https://forum.example.org/1")
    await desk.take(one)
    (case,) = await desk.findings()
    until = date(2026, 12, 1)
    reach = await reach_of(scope, case.id, "a mirror", until, desk.repository)
    assert reach.words == f"hides {words} (1 of 1 sighting of this case) until 2026-12-01"
    assert (await reloaded(desk)).allow == ()
    await mark_false_positive(desk.repository, case.id, Act("ann", LATER, "a mirror"), scope, until)
    asset = await reloaded(desk)
    (entry,) = asset.allow
    assert (entry.what, entry.value, entry.effect, entry.until) == (what, value, AllowEffect.SUPPRESS, until)
    again = replace(one, text=f"edited: {magnet(1)}", fetched_at=LATER + timedelta(hours=1))
    assert (await desk.take(again)).suppressed == 1
    hidden = (await shown(desk, case.id)).hidden
    assert hidden is not None
    assert (hidden.entry, hidden.items, hidden.last_at) == (entry.name, 1, again.fetched_at)
    elsewhere = replace(post("7", NAME, magnet(7), "b"), author="mallow", url="https://other.example/7")
    assert (await desk.take(elsewhere)).suppressed == 0


async def test_a_scope_that_says_too_little_is_refused(desk: Desk) -> None:
    """Where a case has several sites the one must be named, and an expiry alone hides nothing."""
    case, _ = await wrongly_one(desk)
    store = desk.repository
    with pytest.raises(InputError, match="more than one site; say one of site:a, site:b, site:c"):
        await mark_false_positive(store, case.id, Act("ann", LATER, "x"), "site")
    with pytest.raises(InputError, match="no site 'z'"):
        await mark_false_positive(store, case.id, Act("ann", LATER, "x"), "site:z")
    with pytest.raises(InputError, match="the case has no author"):
        await mark_allowed(store, case.id, Act("ann", LATER, "x"), "author")
    with pytest.raises(InputError, match="the scope is one of"):
        await mark_allowed(store, case.id, Act("ann", LATER, "x"), "everything")
    with pytest.raises(InputError, match="needs a scope"):
        await mark_allowed(store, case.id, Act("ann", LATER, "x"), None, date(2026, 12, 1))
    assert (await shown(desk, case.id)).finding.state is State.NEW
    changed = await mark_false_positive(store, case.id, Act("ann", LATER, "x"), "site:b")
    assert changed.state is State.FALSE_POSITIVE
    assert (await reloaded(desk)).allow[0].name == "site b"


async def test_what_a_scope_reaches_of_its_own_case(desk: Desk) -> None:
    """Of several sightings those are counted that are like it; an address that was cut to fit is none."""
    case, _ = await wrongly_one(desk)
    for scope, like in (("site:b", 1), (f"infohash:{1:040x}", 2)):
        reach = await reach_of(scope, case.id, "x", None, desk.repository)
        assert (reach.like, reach.sightings) == (like, 3)
        assert reach.words.endswith(f"({like} of 3 sightings of this case) for good")
    with pytest.raises(InputError, match="no finding 'LW-0'"):
        await reach_of("site", "LW-0", "x", None, desk.repository)
    async with desk.repository.writing() as work:
        await work.findings.add_artefacts(case.asset, case.id, [url_key(f"https://f.example/{'a' * 600}")])
    with pytest.raises(InputError, match="the case has no url"):
        await reach_of("url", case.id, "x", None, desk.repository)


async def test_an_expired_scope_shows_what_it_hid(desk: Desk) -> None:
    """When the last day is over, what came meanwhile joins the case, which is opened again by one marked event."""
    await desk.take(post("1", NAME, magnet(1)))
    (case,) = await desk.findings()
    last = NOON.date() + timedelta(days=2)
    await mark_false_positive(desk.repository, case.id, Act("ann", LATER, "x"), "site", last)
    await reloaded(desk)
    for number in (2, 3):
        await desk.take(post(str(number), NAME, magnet(1)))
    await desk.take(post("4", NAME, magnet(9)))
    assert [one.sightings for one in await desk.findings()] == [1]
    on_the_day, after = (datetime.combine(last, NOON.timetz()) + timedelta(days=n) for n in (0, 1))
    assert await resurface(desk.brain, desk.repository, on_the_day) == 0
    assert [one.sightings for one in await desk.findings()] == [1]
    assert await resurface(desk.brain, desk.repository, after) > 0
    found = {one.id: one for one in await desk.findings()}
    assert (found[case.id].state, found[case.id].sightings) == (State.REOPENED, 3)
    assert sorted(one.sightings for one in found.values()) == [1, 3]
    changes = [e for e in (await shown(desk, case.id)).events if e.kind is EventKind.STATE]
    assert [e.detail.get("how") for e in changes] == [None, "backfill"]
    assert "hid 3 items" in (changes[-1].reason or "")
    assert await resurface(desk.brain, desk.repository, after) == 0
    assert ("leakwatch:allow", "asset.allow_expired") in await actions(desk)


async def test_an_expired_scope_that_hid_nothing_changes_nothing(desk: Desk) -> None:
    """A case whose scope is over stays as it was judged while nothing came."""
    await desk.take(post("1", NAME, magnet(1)))
    (case,) = await desk.findings()
    await mark_allowed(desk.repository, case.id, Act("ann", LATER, "x"), "site", NOON.date())
    await reloaded(desk)
    assert await resurface(desk.brain, desk.repository, LATER + timedelta(days=9)) == 0
    assert (await shown(desk, case.id)).finding.state is State.ALLOWED


async def test_what_is_allowed_here_is_a_leak_elsewhere(desk: Desk) -> None:
    """A case that is allowed on one site is opened again by another site; one that is allowed whole is not."""
    await desk.take(post("1", NAME, magnet(1)))
    await desk.take(post("2", NAME, magnet(2)))
    one, whole = await desk.findings()
    await mark_allowed(desk.repository, one.id, Act("ann", LATER, "a partner"), "site:a")
    await mark_allowed(desk.repository, whole.id, Act("ann", LATER, "all of it"))
    await reloaded(desk)
    for number in (1, 2):
        await desk.take(post(f"{number}", NAME, magnet(number), "b"))
    told = {each.id: each.state for each in await desk.findings()}
    assert told == {one.id: State.REOPENED, whole.id: State.ALLOWED}


async def test_a_scope_holds_however_a_case_was_judged_that_became_part_of_it(desk: Desk) -> None:
    """One post joins what was allowed on one site and what was a false positive: it is outside of what was allowed."""
    await desk.take(post("1", NAME, magnet(1)))
    await desk.take(post("2", NAME, magnet(2)))
    one, other = sorted(await desk.findings(), key=lambda case: (case.opened_at, case.id))
    await mark_allowed(desk.repository, one.id, Act("ann", LATER, "a partner"), "site:a")
    await move(desk.repository, other.id, State.FALSE_POSITIVE, Act("ann", LATER, "another thing"))
    await reloaded(desk)
    await desk.take(post("3", NAME, f"{magnet(1)} {magnet(2)}", "b"))
    (left,) = await desk.findings()
    assert (left.id, left.state) == (one.id, State.REOPENED)


@pytest.mark.parametrize(("scope", "state"), [("site", State.REOPENED), (None, State.ALLOWED)])
async def test_an_open_case_does_not_vanish_in_one_that_is_allowed_elsewhere(
    desk: Desk, scope: str | None, state: State
) -> None:
    """Two torrents are proved to carry the same: what was allowed on one site only is open again, and that is told."""
    await desk.take(post("1", NAME, magnet(1)))
    (one,) = await desk.findings()
    await mark_allowed(desk.repository, one.id, Act("ann", LATER, "a partner"), scope)
    await reloaded(desk)
    await desk.take(post("2", NAME, magnet(2), "b"))
    for number in (1, 2):
        await desk.conclude(await desk.task(number), PROVED)
    (left,) = await desk.findings()
    assert (left.state, left.sites, left.verdict) == (state, {"a", "b"}, Verdict.PROVED)
    told = [one for one in await desk.alerts() if "is back (reopened)" in one]
    assert bool(told) is (state is State.REOPENED)


async def test_looking_back_opens_nothing_again(desk: Desk) -> None:
    """What supports a case already is no new sighting when the asset is looked for again in what is stored."""
    await desk.take(post("1", NAME, magnet(1)))
    (case,) = await desk.findings()
    await move(desk.repository, case.id, State.REMOVED, Act("ann", LATER, "gone"))
    await look_back(ASSET.id, desk.brain, desk.repository)
    (after,) = await desk.findings()
    assert (after.state, after.sightings, after.updated_at) == (State.REMOVED, 1, LATER)


async def test_rules_and_sites_are_as_right_as_their_cases(desk: Desk) -> None:
    """Judged cases count once for each rule and site: confirmed, reported and removed as true, open ones not at all."""
    for number in range(1, 7):
        await desk.take(post(str(number), f"{NAME} leaked weights", magnet(number)))
    cases = await desk.findings()
    states = (State.CONFIRMED, State.REPORTED, State.REMOVED, State.FALSE_POSITIVE, State.ACKNOWLEDGED)
    for case, state in zip(cases, states, strict=False):
        await move(desk.repository, case.id, state, Act("ann", LATER, "x"))
    async with desk.repository.reading() as work:
        sites, rules = await work.cases.sites(), await work.cases.rules()
    assert {name: (told.true, told.false) for name, told in sites.items()} == {"a": (3, 1)}
    assert sites["a"].words == "too few judged (3 true, 1 false)"
    assert rules
    assert {(told.true, told.false) for told in rules.values()} == {(3, 1)}
    known = {rule.id for rule in desk.brain.pack.rules}
    assert set(rules) <= known


# -- the life of an asset --------------------------------------------------------------------------


async def test_a_work_that_is_registered_anew_is_news_again(desk: Desk) -> None:
    """Its case has the same name as before it was removed; nothing that was said then keeps that from being told."""
    await desk.take(post("1", NAME, magnet(1)))
    assert len(await desk.alerts()) == 1
    await desk.take(post("2", NAME, magnet(2)))  # this one was still to be told
    async with desk.repository.writing() as work:
        assert await work.catalogue.remove(ASSET.id)
    assert await desk.alerts() == []
    async with desk.repository.writing() as work:
        await work.catalogue.save(ASSET, LATER)
    alerts, _ = await look_back(ASSET.id, desk.brain, desk.repository)
    assert (alerts, len(await desk.findings())) == (2, 2)
    await tell_due(Telling(routing=desk.brain.routes), desk.repository, LATER)
    assert len(await desk.alerts()) == 1  # as one digest


async def urgent(desk: Desk) -> Finding:
    """A case of an asset in its release window, which is critical for that."""
    near = replace(ASSET, critical=False, release_at=NOON + timedelta(days=2), query_mode=QueryMode.DIRECT)
    async with desk.repository.writing() as work:
        await work.catalogue.save(near, NOON)
    await reloaded(desk)
    await desk.take(post("1", NAME, magnet(1)))
    (case,) = await desk.findings()
    assert case.severity is Severity.HIGH
    return case


async def test_a_release_ends_window_and_embargo(desk: Desk) -> None:
    """Official places are allowed, open cases fall without telling anybody, and who did it is written down."""
    case, heard = await urgent(desk), Heard()
    places = [official("hub.example"), official("ab" * 20), official("https://site.example/get")]
    await release(desk.repository, ASSET.id, "ann", LATER, places=places, tell=heard)
    asset = await reloaded(desk)
    assert (asset.stage, asset.embargoed, asset.release_at) == (Stage.RELEASED, False, LATER)
    assert [one.what for one in asset.allow] == [AllowWhat.HOST, AllowWhat.INFOHASH, AllowWhat.URL]
    after = (await shown(desk, case.id)).finding
    assert after.severity is Severity.MEDIUM
    assert heard.told == []
    event = (await shown(desk, case.id)).events[-1]
    assert (event.kind, event.actor, event.detail["from"]) == (EventKind.SEVERITY, "ann", "high")
    assert await actions(desk, f"asset:{ASSET.id}") == [("ann", "asset.release")]
    await desk.take(hub_copy())
    assert {one.state for one in await desk.findings()} == {State.NEW, State.ALLOWED}


async def test_a_release_waits_for_its_day(desk: Desk) -> None:
    """An embargo stands until the release, which comes by itself, once."""
    await urgent(desk)
    store, day = desk.repository, LATER + timedelta(days=3)
    await embargo(store, ASSET.id, "ann", LATER)
    await release(store, ASSET.id, "ann", LATER, when=day)
    asset = await reloaded(desk)
    assert (asset.stage, asset.embargoed) == (Stage.SCHEDULED, True)
    assert await due_steps(store, day - timedelta(seconds=1)) == []
    (done,) = await due_steps(store, day)
    assert (done.stage, done.embargoed, done.release_at) == (Stage.RELEASED, False, day)
    assert await due_steps(store, day + timedelta(days=1)) == []
    assert (await actions(desk, f"asset:{ASSET.id}"))[-1] == ("leakwatch:calendar", "asset.release")


async def test_an_embargo_leaves_the_release_its_day(desk: Desk) -> None:
    """Said after the release, it does not call that off, and one that would last longer is refused."""
    await urgent(desk)
    store, day = desk.repository, LATER + timedelta(days=3)
    await release(store, ASSET.id, "ann", LATER, when=day)
    with pytest.raises(InputError, match="comes out at 2026-11-23 13:00 UTC"):
        await embargo(store, ASSET.id, "ann", LATER, until=day + timedelta(days=1))
    await embargo(store, ASSET.id, "ann", LATER)
    asset = await reloaded(desk)
    assert (asset.stage, asset.embargoed) == (Stage.SCHEDULED, True)
    late = await embargo(store, ASSET.id, "ann", day)
    assert (late.stage, await due_steps(store, day)) == (None, [])
    await release(store, ASSET.id, "ann", LATER, when=day)
    await embargo(store, ASSET.id, "ann", LATER, until=day)
    (done,) = await due_steps(store, day)
    assert (done.stage, done.embargoed) == (Stage.RELEASED, False)


async def test_an_embargo_ends_by_itself(desk: Desk) -> None:
    """Under embargo nobody is asked, whatever was said before; at its end the asset is as any other."""
    await urgent(desk)
    store, end = desk.repository, LATER + timedelta(days=1)
    changed = await embargo(store, ASSET.id, "ann", LATER, until=end)
    assert (changed.asked_as, changed.is_contradictory) == (QueryMode.FEED_ONLY, False)
    (done,) = await due_steps(store, end)
    assert (done.embargoed, done.embargo_until) == (False, None)
    with pytest.raises(InputError, match="in the future"):
        await embargo(store, ASSET.id, "ann", LATER, until=LATER)


async def test_what_is_retired_is_low_and_not_asked_for(desk: Desk) -> None:
    """A retired work's cases are low, and no site is told its name; an embargo takes it back, and that is told."""
    case, heard = await urgent(desk), Heard()
    await retire(desk.repository, ASSET.id, "ann", LATER)
    asset = await reloaded(desk)
    assert (asset.asked_as, asset.is_urgent(NOON)) == (QueryMode.FEED_ONLY, False)
    assert (await shown(desk, case.id)).finding.severity is Severity.LOW
    await desk.take(post("2", NAME, magnet(2)))
    assert {one.severity for one in await desk.findings()} == {Severity.LOW}
    await embargo(desk.repository, ASSET.id, "bob", LATER, tell=heard)
    assert (EventKind.SEVERITY, case.id) in heard.told
    with pytest.raises(InputError, match="asset list"):
        await retire(desk.repository, "none", "ann", LATER)


async def test_a_case_that_is_opened_again_is_as_urgent_as_its_work(desk: Desk) -> None:
    """What happened to the work while the case was closed speaks, and stands in the history."""
    case = await urgent(desk)
    await mark_false_positive(desk.repository, case.id, Act("ann", LATER, "x"))
    await retire(desk.repository, ASSET.id, "ann", LATER)
    assert (await shown(desk, case.id)).finding.severity is Severity.HIGH
    changed = await move(desk.repository, case.id, State.REOPENED, Act("ann", LATER, "y"))
    assert changed.severity is Severity.LOW
    assert (await shown(desk, case.id)).finding == changed
    assert sorted(await kinds(desk, case.id))[-3:] == ["severity_changed", "state_changed", "state_changed"]


@pytest.mark.parametrize("value", ["", "two words", "https://", "http://a\\b"])
def test_an_official_place_is_checked(value: str) -> None:
    """What is neither an infohash, an address nor a host is a named error."""
    with pytest.raises(InputError, match="neither an infohash"):
        official(value)


async def test_severity_follows_places_and_growth(desk: Desk) -> None:
    """A second public kind of place raises a case, its reason says so, and the rise is an event."""
    kinds = {"a": "imageboard", "b": "torznab", "hub": "huggingface"}
    desk.brain = replace(desk.brain, pack=replace(desk.brain.pack, kinds=kinds))
    plain = replace(ASSET, critical=False)
    async with desk.repository.writing() as work:
        await work.catalogue.save(plain, NOON)
    await reloaded(desk)
    for number, site in ((1, "a"), (2, "b")):
        await desk.take(post(str(number), NAME, magnet(1), site))
    (case,) = await desk.findings()
    assert case.severity is Severity.MEDIUM
    await desk.conclude(await desk.task(1), PROVED)
    await desk.take(hub_copy())
    (case,) = await desk.findings()
    assert case.severity is Severity.CRITICAL
    assert "several kinds of places (hub, index)" in (case.severity_why or "")
    events = (await shown(desk, case.id)).events
    rises = [(e.detail["from"], e.detail["to"]) for e in events if e.kind is EventKind.SEVERITY]
    assert rises == [("medium", "high"), ("high", "critical")]
    assert any("now critical" in headline for headline in await desk.alerts())


async def test_two_acts_at_once_are_one_after_the_other(desk: Desk) -> None:
    """Of two people who judge a case at the same moment one is told that the other was first."""
    await desk.take(post("1", NAME, magnet(1)))
    (case,) = await desk.findings()
    done = await asyncio.gather(
        acknowledge(desk.repository, case.id, Act("ann", LATER, "x")),
        acknowledge(desk.repository, case.id, Act("bob", LATER, "x")),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["Finding", "InputError"]
    assert len(await actions(desk, case.id)) == 1
