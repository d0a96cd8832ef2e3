"""Why somebody was told, or nobody: the legs that news would take now, when, what keeps them back, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from leakwatch.errors import InputError
from leakwatch.model.announcement import MessageKind, Noted
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import EventKind, FindingId, Severity, State, Tier, Verdict
from leakwatch.model.route import Facts, Routing
from leakwatch.ports import Repository, Work
from leakwatch.routing.budget import HOUR, repeats_of, shares
from leakwatch.routing.silencing import silence_of
from leakwatch.routing.timing import Due, due_at
from leakwatch.routing.tree import Leg, Step, legs_of, steps_of
from leakwatch.telling.announce import news_facts
from leakwatch.telling.inhibiting import worse_than


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One channel that would be told: when, what it waits for, and how many single messages its budget has left."""

    route: str
    channel: str
    due: Due
    left: int
    budget: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What would become of news. `kept_back` says what keeps them back, "" for nothing; `noted` is what became of those before."""

    facts: Facts
    steps: tuple[Step, ...]
    ways: tuple[Way, ...]
    kept_back: str
    noted: tuple[Noted, ...] = ()


async def explain_finding(ident: str, routing: Routing, repository: Repository, at: datetime) -> Explained:
    """What becomes of news of a finding. Raises: InputError if there is none."""
    async with repository.reading() as work:
        finding = await work.findings.get(FindingId(ident))
        asset = await work.catalogue.get(finding.asset) if finding else None
        if finding is None or asset is None:
            raise InputError(f"no finding {ident!r}; `leakwatch finding list` shows them")
        facts = news_facts(EventKind.OPENED, finding, asset, routing, at)
        noted = await work.announcements.noted(ident)
        return await _explained(facts, finding.severity, routing, work, at, noted)


async def explain_news(
    asset: str,
    severity: Severity,
    verdict: Verdict,
    tier: Tier,
    sites: frozenset[str],
    routing: Routing,
    repository: Repository,
    at: datetime,
) -> Explained:
    """What would become of a new finding of an asset. Raises: InputError if there is no such asset."""
    async with repository.reading() as work:
        known = await work.catalogue.get(AssetId(asset))
        if known is None:
            raise InputError(f"no asset {asset!r}; `leakwatch asset list` shows them")
        facts = Facts(
            finding="(new)",
            asset=known.id,
            kind=known.kind,
            owner=known.owner,
            severity=severity,
            verdict=verdict,
            tier=tier,
            state=State.NEW,
            event=EventKind.OPENED,
            sites=sites,
            source_kinds=frozenset(routing.kinds[one] for one in sites if one in routing.kinds),
            hosts=frozenset(routing.hosts[one] for one in sites if one in routing.hosts),
            embargoed=known.embargoed,
            in_release_window=known.in_release_window(at),
        )
        return await _explained(facts, severity, routing, work, at, [])


async def _explained(
    facts: Facts, severity: Severity, routing: Routing, work: Work, at: datetime, noted: Sequence[Noted]
) -> Explained:
    legs = legs_of(routing.routes, facts)
    seen: set[str] = set()
    ways: list[Way] = []
    for leg in legs:
        for channel in leg.policy.channels:
            if channel not in seen:
                seen.add(channel)
                ways.append(await _way(leg, channel, replace(facts, severity=severity), work, at))
    return Explained(
        facts=facts,
        steps=tuple(steps_of(routing.routes, facts)),
        ways=tuple(ways),
        kept_back=await _kept_back(replace(facts, severity=severity), routing, work, at),
        noted=tuple(noted),
    )


async def _way(leg: Leg, channel: str, facts: Facts, work: Work, at: datetime) -> Way:
    told = await work.announcements.messages(channel, at - HOUR)
    used = sum(
        one.kind is MessageKind.SINGLE and (one.route, one.asset) == (leg.route, facts.asset)
        for one in told
        if one.at <= at
    )
    share = shares(leg.policy.budget, repeats_of(leg.policy))
    return Way(
        route=leg.route,
        channel=channel,
        due=due_at(leg.policy, facts.severity, at, None),
        left=max(0, share.singles - used),
        budget=leg.policy.budget,
    )


async def _kept_back(facts: Facts, routing: Routing, work: Work, at: datetime) -> str:
    silence = silence_of(facts, await work.silences.active(at), at)
    if silence:
        return f"silence {silence.id} by {silence.actor} until {silence.ends_at:%Y-%m-%d %H:%M} UTC: {silence.reason}"
    worse = await worse_than(facts, routing, work)
    return f"{worse} of the same asset is open and worse ([[inhibit]])" if worse else ""
