"""Blind time: how long a site has not been read without a hole, why, and who is told.

A site is blind from the end of its last poll that covered until the next one that does. One that rests by its schedule
is not blind; one that is overdue is. Holes that are still to be read add their length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leakwatch.errors import Failure
from leakwatch.model.alert import BlindSite, SiteAlert, SiteEvent
from leakwatch.model.asset import AssetId
from leakwatch.model.route import Facts, Routing
from leakwatch.model.site import Coverage, SiteState
from leakwatch.polling.ledger import ledger_of
from leakwatch.polling.site import SiteConfig
from leakwatch.ports import Clock, Repository
from leakwatch.routing.silencing import inhibited_by
from leakwatch.routing.wording import site_headline
from leakwatch.telling.announce import announce_sites, severity_for

_INTERVALS, _LEAST = 6, timedelta(minutes=30)
_CRON_BUDGET = timedelta(days=1)
_SLACK = timedelta(minutes=5)
_LOOKS_NOWHERE = frozenset({"inbox"})

REMEDIES: Mapping[Failure, str] = {
    Failure.REFUSED: "open the site in a browser; ask it less often (every, min_interval_s) or ask it for access",
    Failure.CHALLENGE: "nothing is bypassed: ask the site for access, or watch its API, feed or mirror instead",
    Failure.RATE_LIMITED: "raise every and min_interval_s of the site and of its neighbours on that host",
    Failure.LOGIN: "check the credential that the site names, and its account",
    Failure.DRIFT: "look at the page: if the site means it, run `leakwatch source accept NAME`; else the kind needs a change",
    Failure.DEAD: "correct its address, or take it out of the configuration",
    Failure.TLS: "its certificate cannot be trusted: look at it in a browser; it is asked again by itself",
    Failure.DNS: "its name cannot be resolved: check the name and your own resolver",
    Failure.TIMEOUT: "it is slow or your network is: it is asked again by itself",
    Failure.CONNECTION: "it, or its proxy, does not answer: check your own network; it is asked again by itself",
    Failure.SERVER: "the server is at fault: it is asked again by itself",
    Failure.EMPTY_BODY: "the server sends nothing: it is asked again by itself",
    Failure.BODY: "its answers pass a limit of http: raise the limit if you trust the site",
    Failure.ADDRESS: "list the host under http.allow_hosts if it is yours; else correct the address",
    Failure.CONFIG: "correct the site's credential",
}
_BY_VERDICT: Mapping[Coverage, str] = {
    Coverage.GAP: "it shows more than is read: poll it more often (every), raise max_requests, or page back",
    Coverage.PUT_OFF: "it has more to read than it is allowed to ask: poll it less often (every), raise max_requests, or "
    "max_per_hour if its host allows more; a token often does",
    Coverage.BLIND: "its canary is missing: look whether the site hides or removes items, or correct canary",
}


@dataclass(frozen=True, slots=True)
class Blindness:
    """How long a site has been blind, of which so long for holes; `since` is None where it sees."""

    total: timedelta
    holes: timedelta
    since: datetime | None

    @property
    def is_blind(self) -> bool:
        """Whether anything is missing."""
        return self.total > timedelta()


def blindness(state: SiteState, now: datetime, began: datetime | None = None) -> Blindness:
    """How blind a site is. `began` is when the watch was started: what merely waits since before is not its fault."""
    until = state.covered_until or now
    holes = timedelta()
    for hole in ledger_of(state.ledger).holes:
        holes += max(min(hole.until, until) - hole.began, timedelta())
    is_seen = state.verdict is None or state.verdict.covers
    due = max(state.next_due_at, began or state.next_due_at)
    if is_seen and now <= due + _SLACK:
        return Blindness(holes, holes, until - holes if holes else None)
    since = max(until, began) if is_seen and began else until
    return Blindness(now - since + holes, holes, since)


def budget(site: SiteConfig) -> timedelta:
    """How long a site may be blind: what is configured, else six intervals and at least half an hour; by cron a day."""
    if site.blind_budget is not None:
        return timedelta(seconds=float(site.blind_budget))
    if site.cron:
        return _CRON_BUDGET
    return max(_INTERVALS * timedelta(seconds=float(site.every)), _LEAST)


def because(state: SiteState, blind: Blindness) -> str:
    """Why a site is blind, in a few words."""
    if state.verdict is None:
        return "it was not read yet"
    if state.verdict.covers:
        return f"{_length(blind.holes)} of it are still to be read" if blind.holes else "it is overdue"
    name = (state.failure or state.verdict).value.replace("_", " ")
    return f"{name}: {state.last_error}" if state.last_error else name


def remedy(state: SiteState) -> str:
    """What a person can do."""
    told = REMEDIES[state.failure] if state.failure else _BY_VERDICT.get(state.verdict or Coverage.OK, "")
    return (told or "see whether leakwatch runs and keeps up: `leakwatch source health`").replace(
        "NAME", state.name
    )


def blind_assets(
    sighted: Mapping[AssetId, frozenset[str]],
    assets: Iterable[AssetId],
    states: Mapping[str, SiteState],
    now: datetime,
) -> dict[AssetId, tuple[timedelta, tuple[str, ...]]]:
    """Assets for which the watch is blind: since all sites that would show one are, for how long, and which.

    The sites that would show an asset are those where it was sighted; all, where it never was. An inbox is none of them:
    it shows what people bring, and looks for nothing.
    """
    blind = {
        name: blindness(state, now) for name, state in states.items() if state.kind not in _LOOKS_NOWHERE
    }
    found: dict[AssetId, tuple[timedelta, tuple[str, ...]]] = {}
    for asset in assets:
        names = sorted(sighted.get(asset, frozenset()) & blind.keys()) or sorted(blind)
        if names and all(blind[name].is_blind for name in names):
            found[asset] = (min(blind[name].total for name in names), tuple(names))
    return found


async def tell_blind(
    sites: Mapping[str, SiteConfig],
    repository: Repository,
    routes: Routing,
    clock: Clock,
    began: datetime | None,
) -> int:
    """Tell of sites whose blind time has passed its budget, and of those that see again: each once an episode.

    One that is inhibited waits: when what inhibits it is over, and it is still blind, it is told. Answers how many
    announcements were written.
    """
    now = clock.now()
    async with repository.reading() as work:
        states = [one for one in await work.sites.all() if one.name in sites]
    blind: list[SiteState] = []
    seeing: list[SiteState] = []
    for state in states:
        found = blindness(state, now, began)
        if state.blind_told_at is None and found.total > budget(sites[state.name]):
            blind.append(state)
        elif state.blind_told_at is not None and not found.is_blind:
            seeing.append(state)
    known = [facts_of_site(SiteEvent.BLIND, one) for one in states if one.blind_told_at is not None]
    blind = [
        one for one in blind if not inhibited_by(facts_of_site(SiteEvent.BLIND, one), routes.inhibit, known)
    ]
    told = await _tell(SiteEvent.BLIND, blind, repository, routes, now, began) if blind else 0
    return told + (await _tell(SiteEvent.RECOVERED, seeing, repository, routes, now, began) if seeing else 0)


async def _tell(
    event: SiteEvent,
    states: Sequence[SiteState],
    repository: Repository,
    routes: Routing,
    now: datetime,
    began: datetime | None,
) -> int:
    async with repository.writing() as work:
        noted = [
            (make_site_alert(event, [one], now, began), facts_of_site(event, one))
            for one in states
            if await work.sites.tell_blind(one, now if event is SiteEvent.BLIND else None)
        ]
        return await announce_sites(noted, routes, work, now)


def facts_of_site(event: SiteEvent, state: SiteState) -> Facts:
    """What a site's news are like, for routes and silences."""
    return Facts(
        severity=severity_for(event),
        watch=event,
        sites=frozenset({state.name}),
        source_kinds=frozenset({state.kind}),
        hosts=frozenset({state.host}),
    )


def make_site_alert(
    event: SiteEvent, states: Sequence[SiteState], now: datetime, began: datetime | None = None
) -> SiteAlert:
    """What there is to say of sites that are blind, or see again."""
    sites = tuple(_told(event, one, now, began) for one in states)
    remedies = list(dict.fromkeys(one.remedy for one in sites if one.remedy))
    if event is SiteEvent.RECOVERED:
        remedies = ["Nothing to do. What was missed meanwhile is in `leakwatch source health`."]
    return SiteAlert(
        event=event,
        headline=site_headline(event, sites),
        severity=severity_for(event),
        at=now.isoformat(timespec="milliseconds"),
        sites=sites,
        advice="; ".join(remedies[:4]),
        content=f"{event.value}:{now.isoformat()}",
    )


def _told(event: SiteEvent, state: SiteState, now: datetime, began: datetime | None) -> BlindSite:
    found = blindness(state, now, began)
    if event is SiteEvent.RECOVERED:
        since = state.blind_told_at or now
        return BlindSite(
            name=state.name,
            since=since.isoformat(timespec="seconds"),
            because="it was blind; it is read again",
        )
    since = found.since or now
    return BlindSite(
        name=state.name,
        since=since.isoformat(timespec="seconds"),
        because=because(state, found),
        remedy=remedy(state),
    )


def _length(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
