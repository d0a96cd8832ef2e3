"""Silences: begun and ended by people, each with a reason; what one has hidden is told when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from leakwatch.errors import InputError
from leakwatch.model.alert import SiteAlert, SiteEvent
from leakwatch.model.announcement import DRILL, Silence, Waiting
from leakwatch.model.asset import Asset
from leakwatch.model.finding import OVER_STATES, Finding, FindingId, Severity
from leakwatch.model.route import Facts, Matchers, Routing
from leakwatch.ports import Repository, Work
from leakwatch.routing import facts_of
from leakwatch.routing.silencing import matchers_json, silence_of
from leakwatch.routing.timing import due_at
from leakwatch.routing.tree import ROOT, policy_of

_SITE = "site:"
_SEES_AGAIN = Facts(severity=Severity.LOW, watch=SiteEvent.RECOVERED)


async def begin_silence(
    matchers: Matchers,
    starts_at: datetime,
    ends_at: datetime,
    actor: str,
    reason: str,
    repository: Repository,
    at: datetime,
) -> Silence:
    """Tell nobody of such news for a while. Raises: InputError if it has no reason, or is over before it begins."""
    if not reason.strip():
        raise InputError("say why it is to be silent")
    if ends_at <= max(starts_at, at):
        raise InputError("the silence would be over at once: it must end later than it begins")
    async with repository.writing() as work:
        silence = await work.silences.add(matchers, starts_at, ends_at, actor, reason, at)
        detail = {"matchers": matchers_json(matchers), "until": ends_at.isoformat(), "reason": reason}
        await work.audit.append(actor, "silence.add", f"silence:{silence.id}", detail, at)
    return silence


async def end_silence(ident: int, actor: str, repository: Repository, at: datetime) -> Silence:
    """End a silence before its time. Raises: InputError if there is none, or it has ended."""
    async with repository.writing() as work:
        silence = await work.silences.get(ident)
        if silence is None:
            raise InputError(f"no silence {ident}; `leakwatch silence list` shows them")
        if not await work.silences.end(ident, actor, at):
            raise InputError(f"silence {ident} has ended already")
        await work.audit.append(actor, "silence.end", f"silence:{ident}", {"silenced": silence.silenced}, at)
    return replace(silence, ended_at=at, ended_by=actor)


async def lift(routing: Routing, repository: Repository, now: datetime) -> int:
    """Of silences that have ended: what they hid and is still open is told, as one digest; answers how much that was."""
    async with repository.reading() as work:
        if not await work.silences.over(now):
            return 0
    released = 0
    async with repository.writing() as work:
        await work.announcements.lock()
        active = await work.silences.active(now)
        for silence in await work.silences.over(now):
            released += await _lift(silence, active, routing, work, now)
    return released


async def _lift(
    silence: Silence, active: Sequence[Silence], routing: Routing, work: Work, now: datetime
) -> int:
    """What is open waits to be told, or falls under another silence."""
    matters: dict[tuple[str, str, str], list[int]] = {}
    for ident, subject, route, channel in await work.announcements.hidden(silence.id):
        matters.setdefault((subject, route, channel), []).append(ident)
    released = 0
    for (subject, route, channel), found in matters.items():
        facts = await open_facts(subject, routing, work, now)
        told_as = f"silence:{silence.id}"
        ids = found[-1:] if subject.startswith(_SITE) else found  # of a site how it stands now
        if facts is None and await _knows_it_blind(subject, channel, work):
            facts, told_as = _SEES_AGAIN, f"{told_as}:read again"
        other = silence_of(facts, active, now) if facts else None
        if other is not None:
            await work.announcements.hand_over(ids, other.id, other.words)
        elif facts is not None:
            due = due_at(policy_of(routing.routes, route) or ROOT, facts.severity, now, None)
            await work.announcements.release(ids, told_as, due.at, due.why, now)
            released += len(ids)
    await work.silences.close(silence.id, now)
    return released


async def _knows_it_blind(subject: str, channel: str, work: Work) -> bool:
    """Whether a channel was told that a site is blind, and nothing since: then it is told that it is read again."""
    said = [one.alert for one in await work.announcements.newest(subject) if one.channel == channel]
    return any(isinstance(one, SiteAlert) and one.event is SiteEvent.BLIND for one in said)


async def hush(rows: Sequence[Waiting], routing: Routing, work: Work, now: datetime) -> list[Waiting]:
    """What is due and no silence covers; what one does that began while it waited is hidden, and told when that ends.

    News of what is over are told all the same: when the silence ends, nobody would hear of them.
    """
    active = await work.silences.active(now)
    found: dict[str, list[Waiting]] = {}
    for one in rows:
        if not one.group.startswith(DRILL) and any(_may_cover(silence, one) for silence in active):
            found.setdefault(one.subject, []).append(one)
    hidden: set[int] = set()
    for subject, some in found.items():
        facts = await open_facts(subject, routing, work, now)
        silence = silence_of(facts, active, now) if facts else None
        if silence is not None:
            ids = [one.id for one in some]
            await work.announcements.hand_over(ids, silence.id, silence.words)
            await work.silences.count(silence.id, len(ids))
            hidden.update(ids)
    return [one for one in rows if one.id not in hidden]


def _may_cover(silence: Silence, one: Waiting) -> bool:
    """Whether it is worth a look at the matter itself."""
    match = silence.matchers
    return not (match.assets and one.asset not in match.assets) and not (
        match.findings and one.subject not in match.findings
    )


async def open_facts(subject: str, routing: Routing, work: Work, now: datetime) -> Facts | None:
    """What a matter is like, if it is still open."""
    if subject.startswith(_SITE):
        return await _blind(subject.removeprefix(_SITE), work)
    finding = await work.findings.get(FindingId(subject))
    asset = await work.catalogue.get(finding.asset) if finding else None
    if finding is None or asset is None or finding.state in OVER_STATES:
        return None
    return _facts(finding, asset, routing, now)


def _facts(finding: Finding, asset: Asset, routing: Routing, now: datetime) -> Facts:
    return facts_of(finding, asset, None, finding.severity, now, routing.kinds, routing.hosts)


async def _blind(name: str, work: Work) -> Facts | None:
    state = await work.sites.get(name)
    if state is None or state.blind_told_at is None:
        return None
    return Facts(
        severity=Severity.MEDIUM,
        watch=SiteEvent.BLIND,
        sites=frozenset({name}),
        source_kinds=frozenset({state.kind}),
        hosts=frozenset({state.host}),
    )
