"""A worse finding of the same asset keeps news back; when it does so no more, they are told, once and together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from leakwatch.model.announcement import Held
from leakwatch.model.finding import Finding, FindingId, Verdict
from leakwatch.model.route import Facts, Routing
from leakwatch.ports import Repository, Work
from leakwatch.routing.silencing import inhibited_by, inhibitors, silence_of
from leakwatch.routing.timing import due_at
from leakwatch.routing.tree import ROOT, differs, policy_of
from leakwatch.routing.urgency import least_of
from leakwatch.telling.silences import open_facts

HELD = "inhibited"
_EVERYTHING = 0


async def worse_than(facts: Facts, routing: Routing, work: Work) -> str:
    """The finding that keeps this one back, or ""."""
    if facts.watch is not None or not facts.finding or not inhibitors(facts, routing.inhibit):
        return ""
    others: list[Facts] = []
    for ident in await work.announcements.worst_open(facts.asset or "", facts.finding):
        other = await work.findings.get(FindingId(ident))
        if other is not None:
            others.append(as_facts(other, facts, routing))
    found = inhibited_by(facts, routing.inhibit, others)
    return (found.finding or "") if found else ""


def as_facts(other: Finding, facts: Facts, routing: Routing) -> Facts:
    """Another finding of the same asset."""
    return Facts(
        finding=other.id,
        asset=other.asset,
        kind=facts.kind,
        owner=facts.owner,
        severity=other.severity,
        verdict=other.verdict,
        tier=other.tier,
        state=other.state,
        sites=other.sites,
        source_kinds=frozenset(routing.kinds[one] for one in other.sites if one in routing.kinds),
        hosts=frozenset(routing.hosts[one] for one in other.sites if one in routing.hosts),
        embargoed=facts.embargoed,
        in_release_window=facts.in_release_window,
    )


async def free(routing: Routing, repository: Repository, now: datetime) -> int:
    """Let news wait to be told that nothing worse keeps back any more; answers how many.

    What keeps them back may be closed, false, less severe, part of another case, or the rule be gone.
    """
    async with repository.reading() as work:
        found = [
            one
            for one in (await work.announcements.holders()).items()
            if await _lets_go(*one, routing, work, now)
        ]
    released = 0
    for holder, _ in found:
        async with repository.writing() as work:
            await work.announcements.lock()
            least = await _holds_below(holder, routing, work, now)
            released += await _free(holder, await work.announcements.held(holder, least), routing, work, now)
    return released


async def _lets_go(holder: str, urgency: int, routing: Routing, work: Work, now: datetime) -> bool:
    return urgency >= await _holds_below(holder, routing, work, now)


async def _holds_below(holder: str, routing: Routing, work: Work, now: datetime) -> int:
    """The urgency below which a finding keeps others back; 0 where it keeps nothing back."""
    facts = await open_facts(holder, routing, work, now)
    if facts is None or all(differs(one.source, facts) for one in routing.inhibit):
        return _EVERYTHING
    return least_of(facts.severity, facts.verdict or Verdict.UNKNOWN)


async def _free(holder: str, held: Sequence[Held], routing: Routing, work: Work, now: datetime) -> int:
    """Each matter is looked at once: it is over, is kept back by something else, was told since, or is told now."""
    active = await work.silences.active(now)
    released = 0
    for subject in dict.fromkeys(one.subject for one in held):
        rows = [one for one in held if one.subject == subject]
        ids = [one.id for one in rows]
        facts = await open_facts(subject, routing, work, now)
        if facts is None:
            await work.announcements.drop(ids, "it is over")
        elif other := await worse_than(facts, routing, work):
            await work.announcements.hold(ids, other)
        elif silence := silence_of(facts, active, now):
            await work.announcements.hand_over(ids, silence.id, silence.words)
        else:
            released += await _release(holder, rows, facts, routing, work, now)
    return released


async def _release(
    holder: str, rows: Sequence[Held], facts: Facts, routing: Routing, work: Work, now: datetime
) -> int:
    known = [one.id for one in rows if one.is_told]
    await work.announcements.drop(known, "it was told since")
    untold = [one for one in rows if not one.is_told]
    for route in dict.fromkeys(one.route for one in untold):
        due = due_at(policy_of(routing.routes, route) or ROOT, facts.severity, now, None)
        ids = [one.id for one in untold if one.route == route]
        await work.announcements.release(ids, f"{HELD}:{holder}", due.at, due.why, now)
    return len(untold)
