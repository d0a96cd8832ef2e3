"""Several alerts -> one: of one finding, of sites, or of many findings, the most urgent first. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from leakwatch.model.alert import Alert, AnyAlert, DigestAlert, DigestEvent, SiteAlert
from leakwatch.model.announcement import Waiting
from leakwatch.model.finding import EventKind, Severity
from leakwatch.routing.urgency import severity_of
from leakwatch.routing.wording import site_headline

MOST_ENTRIES = 20
_MOST_CHANGES = 3
_TOPICS = {
    DigestEvent.GROUP: "{n} finding{s}",
    DigestEvent.DIGEST: "digest: {n} finding{s}",
    DigestEvent.FLOOD: "{n} more finding{s}, told together because there are so many",
    DigestEvent.FIRST_RUN: "{n} finding{s} that were there before the watch began",
    DigestEvent.BACKFILL: "{n} finding{s} in what was stored before",
    DigestEvent.AFTER_QUIET: "{n} finding{s} from the quiet hours",
}
_UNHEARD = frozenset({EventKind.REMINDER, EventKind.ESCALATED})
_WEIGHT = (
    EventKind.OPENED,
    EventKind.VERDICT,
    EventKind.STATE,
    EventKind.SEVERITY,
    EventKind.ESCALATED,
    EventKind.REMINDER,
    EventKind.SIGHTED,
)


def content_of(keys: Iterable[str]) -> str:
    """The name of a message made of announcements: the same whenever the same are folded."""
    return "fold:" + hashlib.sha256("\0".join(sorted(keys)).encode()).hexdigest()[:32]


def fold_finding(alerts: Sequence[Alert], keys: Sequence[str]) -> Alert:
    """Several news of one finding, oldest first, as one: how it stands now, and all that has changed."""
    last = alerts[-1]
    if len(alerts) == 1:
        return last
    first = min(alerts, key=_weight)
    prefix = f"{last.asset}: "
    ordered = [first, *(one for one in alerts if one is not first)]
    changes = list(dict.fromkeys(one.headline.removeprefix(prefix) for one in ordered))
    told = "; ".join(changes[:_MOST_CHANGES])
    more = len(changes) - _MOST_CHANGES
    headline = f"{prefix}{told}" + (f"; and {more} more changes" if more > 0 else "")
    merged = tuple(dict.fromkeys(newer for one in alerts for newer in one.merged))
    return replace(last, event=first.event, headline=headline, content=content_of(keys), merged=merged)


def _weight(alert: Alert) -> int:
    return _WEIGHT.index(alert.event) if alert.event in _WEIGHT else len(_WEIGHT)


def fold_sites(alerts: Sequence[SiteAlert], keys: Sequence[str]) -> SiteAlert:
    """News of several sites, all of one kind, as one."""
    last = alerts[-1]
    if len(alerts) == 1:
        return last
    sites = tuple({(site.name, site.since): site for one in alerts for site in one.sites}.values())
    advice = "; ".join(list(dict.fromkeys(site.remedy for site in sites if site.remedy))[:4])
    return replace(
        last,
        headline=site_headline(last.event, sites),
        sites=sites,
        advice=advice or last.advice,
        content=content_of(keys),
    )


def fold_many(
    event: DigestEvent, topic: str, rows: Sequence[Waiting], entries: Sequence[Alert], now: datetime
) -> AnyAlert:
    """News of many findings as one. `rows` are all, `entries` one alert for each finding told in full, most urgent first."""
    highest: dict[str, int] = {}
    for row in rows:
        highest[row.subject] = max(row.urgency, highest.get(row.subject, 0))
    count = Counter(severity_of(one) for one in highest.values())
    worst = max(count, key=lambda one: one.rank)
    proved = sum(one.verdict.value == "proved" for one in entries)
    number = len(highest)
    what = _TOPICS[event].format(n=number, s="" if number == 1 else "s")
    if all(one.event in _UNHEARD for one in entries):
        what += " that nobody has acknowledged"
    elif all(one.event is EventKind.SEVERITY for one in entries):
        what += ", more severe now"
    return DigestAlert(
        event=event,
        topic=topic,
        headline=what + (f", {proved} proved" if proved else ""),
        severity=worst,
        at=now.isoformat(timespec="milliseconds"),
        since=min((one.since for one in entries), default=now.isoformat(timespec="seconds")),
        entries=tuple(entries),
        more=number - len(entries),
        counts=tuple((one.value, count[one]) for one in reversed(Severity) if count[one]),
        advice="The first are the most urgent: begin there. `leakwatch finding list` shows all.",
        content=content_of(row.key for row in rows),
        drill=bool(entries) and all(one.drill for one in entries),
    )


def in_full(rows: Sequence[Waiting]) -> list[str]:
    """The findings that are told in full where there are many: the most urgent, of equals the first."""
    best: dict[str, tuple[int, int]] = {}
    for row in rows:
        rank = (-row.urgency, row.id)
        best[row.subject] = min(rank, best.get(row.subject, rank))
    return sorted(best, key=lambda subject: best[subject])[:MOST_ENTRIES]
