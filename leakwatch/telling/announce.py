"""An event -> announcements: one for each route and channel, in the transaction of the event.

What may become of one: it waits, for nothing or for its group, the end of the quiet hours or its digest; or a silence or
something worse keeps it back, and it says so, that `route explain` and `finding show` can tell why nobody was told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from leakwatch.model.alert import Alert, AnyAlert, SiteAlert, SiteEvent, delivery_key
from leakwatch.model.announcement import DRILL, Announcement, Fate
from leakwatch.model.asset import Asset
from leakwatch.model.finding import OVER_STATES, EventKind, Finding, FindingEvent, Severity, State
from leakwatch.model.route import Facts, GroupBy, Routing
from leakwatch.model.swarm import spread_of
from leakwatch.ports import Work
from leakwatch.routing import (
    facts_of,
    is_architecture_alone,
    is_breaking,
    is_followed,
    is_for_all,
    is_told,
    make_alert,
)
from leakwatch.routing.silencing import silence_of
from leakwatch.routing.timing import Due, due_at
from leakwatch.routing.tree import ROOT, Leg, channels_of, legs_of, policy_of
from leakwatch.routing.urgency import urgency
from leakwatch.routing.wording import was_blind
from leakwatch.telling.inhibiting import HELD, worse_than
from leakwatch.triage import severity_of

SETTLE = timedelta(seconds=30)
"""So long nothing more must come of a first run, or a look back, before it is told."""
TOGETHER = frozenset({"first_run", "backfill", "reweighed"})
"""What `detail["how"]` of an event may say: told as one digest, for it was there before, or one thing moved all of it."""
AGAIN, NEXT = "reminder", "escalated"
"""The groups of what is told again to those who know it, and of what others are told since nobody has acknowledged it."""
_WAITED_FOR = frozenset({EventKind.REMINDER, EventKind.ESCALATED})
"""What is said for want of somebody who acknowledges."""
_ALERTING = frozenset({State.NEW, State.REOPENED})


@dataclass(frozen=True, slots=True)
class News:
    """One event with all that decides what becomes of it. `group` is given where it is not told with its like."""

    alert: AnyAlert
    facts: Facts
    urgency: int
    at: datetime
    group: str = ""
    breaks: bool = False
    opens: bool = False

    @property
    def is_drill(self) -> bool:
        """Whether it only tests the way: nothing keeps it back then."""
        return isinstance(self.alert, Alert) and self.alert.drill


async def announce(event: FindingEvent, finding: Finding, asset: Asset, routing: Routing, work: Work) -> int:
    """Write down whom an event is for, and when; answers how many announcements wait because of it."""
    await _follow_up(event, finding, work)
    is_news = is_for_all(event, finding) and is_told(event, finding, asset)
    if not (is_news or is_followed(event)):
        return 0
    signals = await work.findings.signals(finding.id)
    facts = news_facts(event.kind, finding, asset, routing, event.at)
    legs: dict[str, Leg] = {}
    if is_news and not is_architecture_alone(finding, signals):
        legs = _by_channel(legs_of(routing.routes, facts))
    if is_followed(event):
        legs = await _earlier(_told_as(event, finding), routing, work) | legs
    return await announce_to(event, finding, asset, legs, routing, work) if legs else 0


async def announce_to(
    event: FindingEvent,
    finding: Finding,
    asset: Asset,
    legs: Mapping[str, Leg],
    routing: Routing,
    work: Work,
    group: str = "",
) -> int:
    """Write an event down for these channels. `group` is given where it is not told with its like."""
    signals = await work.findings.signals(finding.id)
    alert = make_alert(
        event,
        finding,
        asset,
        await work.findings.places(finding.id),
        signals,
        await work.findings.proofs(finding.id),
        spread_of(await work.swarms.samples(finding.id)),
        asks_swarm=routing.asks_swarm,
    )
    how = event.detail.get("how", "")
    if how in TOGETHER and (how != "first_run" or routing.first_run_apart):
        group = how
    news = News(
        alert,
        news_facts(event.kind, finding, asset, routing, event.at),
        urgency(alert, signals, is_auto=finding.tier.value == "auto"),
        event.at,
        group,
        is_breaking(event, finding),
        event.kind is EventKind.OPENED,
    )
    return await _write(news, legs, routing, work)


def news_facts(kind: EventKind, finding: Finding, asset: Asset, routing: Routing, at: datetime) -> Facts:
    """What a fake score lowered is told less urgently, and to the same people: they are chosen by the severity before."""
    least = severity_of(asset, finding.tier, finding.verdict, finding.opened_at, at)
    severity = max(finding.severity, least, key=lambda one: one.rank)
    return facts_of(finding, asset, kind, severity, at, routing.kinds, routing.hosts)


async def _follow_up(event: FindingEvent, finding: Finding, work: Work) -> None:
    """What an event means for what was to be told before: who acknowledges stops reminders, and what is over is no news."""
    if event.kind is EventKind.MERGED:
        newer = event.detail.get("merged", "")
        if newer:
            await work.announcements.forget(newer, _WAITED_FOR, f"it is part of {finding.id}")
            await work.announcements.rename(newer, finding.id)
            await work.standings.end(newer)
    if event.kind is EventKind.STATE:
        if finding.state not in _ALERTING:
            await work.standings.end(finding.id)
            told = f"it is {finding.state.value.replace('_', ' ')}"
            await work.announcements.forget(finding.id, _WAITED_FOR, told)
        if finding.state in OVER_STATES:
            earlier = await work.announcements.legs([finding.id])
            for route, channel, was_told in earlier:
                if not was_told:
                    why = f"it is {finding.state.value.replace('_', ' ')}"
                    await work.announcements.settle(finding.id, why, route=route, channel=channel)


def _told_as(event: FindingEvent, finding: Finding) -> list[str]:
    """The cases as which it was told before. A split is told once, of the new case: it was part of the other one."""
    if event.kind is not EventKind.SPLIT:
        return [finding.id]
    is_new = event.detail.get("split") == finding.id
    return [finding.id, event.detail.get("from", "")] if is_new else []


async def _earlier(subjects: Sequence[str], routing: Routing, work: Work) -> dict[str, Leg]:
    """The channels that were told of a matter before, or will be."""
    legs = await work.announcements.legs(subjects)
    return {
        channel: Leg(route, policy_of(routing.routes, route) or ROOT) for route, channel, _ in reversed(legs)
    }


def _by_channel(legs: Sequence[Leg]) -> dict[str, Leg]:
    """Each channel once, by the first route that leads to it."""
    return {channel: leg for leg in reversed(legs) for channel in reversed(leg.policy.channels)}


async def _write(news: News, legs: Mapping[str, Leg], routing: Routing, work: Work) -> int:
    silence = None if news.is_drill else silence_of(news.facts, await work.silences.active(news.at), news.at)
    worse = ""
    if not (news.is_drill or silence):
        facts = replace(news.facts, severity=news.alert.severity)
        worse = await worse_than(facts, routing, work)
    waiting = 0
    for channel, leg in legs.items():
        due, group = await _when(news, leg, channel, work)
        fate, why = Fate.WAITING, due.why
        if silence:
            fate, why = Fate.SILENCED, silence.words
        elif worse:
            fate, why, group = Fate.INHIBITED, f"{worse} is open", f"{HELD}:{worse}"
        one = Announcement(
            key=delivery_key(channel, news.alert.subject, news.alert.content),
            route=leg.route,
            channel=channel,
            group=group,
            subject=news.alert.subject,
            asset=news.facts.asset or "",
            alert=news.alert,
            urgency=news.urgency,
            fate=fate,
            due_at=due.at,
            at=news.at,
            why=why,
            silence=silence.id if silence else None,
        )
        is_new = await work.announcements.add(one)
        waiting += is_new and fate is Fate.WAITING
        if is_new and silence:
            await work.silences.count(silence.id)
    return waiting


async def _when(news: News, leg: Leg, channel: str, work: Work) -> tuple[Due, str]:
    """When a leg tells it, and with what."""
    if news.is_drill:
        return Due(news.at), f"{DRILL}{news.alert.subject}"
    group = news.group or group_of(news.facts, leg)
    is_first = news.opens and GroupBy.FINDING in leg.policy.group_by
    last = None
    if not (news.group or is_first):
        last = await work.announcements.last(leg.route, channel, group)
    due = due_at(leg.policy, news.alert.severity, news.at, last, breaks=news.breaks)
    if leg.policy.rhythm is not None and news.facts.watch is None:
        return due, "digest"
    if news.group in TOGETHER:
        return Due(max(due.at, news.at + SETTLE), due.why or news.group), news.group
    if due.why == "quiet" and not news.group and news.facts.watch is None:
        return due, "quiet"
    return due, group


def group_of(facts: Facts, leg: Leg) -> str:
    """What news are told together with, as a text."""
    if facts.watch is not None:
        return f"watch:{facts.watch.value}"
    told = {
        GroupBy.FINDING: facts.finding,
        GroupBy.ASSET: facts.asset,
        GroupBy.OWNER: facts.owner,
        GroupBy.SEVERITY: facts.severity.value,
        GroupBy.VERDICT: facts.verdict.value if facts.verdict else None,
    }
    return " ".join(f"{one.value}={told[one] or ''}" for one in GroupBy if one in leg.policy.group_by)


async def announce_sites(
    alerts: Sequence[tuple[SiteAlert, Facts]], routing: Routing, work: Work, at: datetime
) -> int:
    """Write down whom news of sites are for. Each alert is of one site.

    That a site is blind must reach somebody: where no route takes it, all channels are told. That it sees again hears
    who heard that it was blind; who has not yet is told one thing instead of two: from when to when it was.
    """
    waiting = 0
    for alert, facts in alerts:
        if alert.event is SiteEvent.RECOVERED:
            waiting += await _tell_over(alert, facts, routing, work, at)
            continue
        legs = _by_channel(legs_of(routing.routes, facts)) or {
            channel: Leg("", ROOT) for channel in channels_of(routing.routes)
        }
        waiting += await _write(News(alert, facts, urgency(alert), at), legs, routing, work)
    return waiting


async def _tell_over(alert: SiteAlert, facts: Facts, routing: Routing, work: Work, at: datetime) -> int:
    waiting = 0
    for last in await work.announcements.newest(alert.subject):
        before, said = last.alert, alert
        if not isinstance(before, SiteAlert) or before.event is not SiteEvent.BLIND:
            continue  # this channel knows how the last time ended, or will
        if not last.is_told:
            await work.announcements.drop([last.id], "it is read again")
            said = was_blind(before, alert)
        leg = Leg(last.route, policy_of(routing.routes, last.route) or ROOT)
        waiting += await _write(News(said, facts, urgency(said), at), {last.channel: leg}, routing, work)
    return waiting


def severity_for(event: SiteEvent) -> Severity:
    """How urgent news of a site are."""
    return Severity.MEDIUM if event is SiteEvent.BLIND else Severity.LOW
