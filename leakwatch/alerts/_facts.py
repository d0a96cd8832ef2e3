"""What every channel says of an alert, as cleaned lines without links: the seven questions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from leakwatch.display import clean, defang
from leakwatch.model.alert import Alert, AnyAlert, DigestAlert, SiteAlert

_MAX_PLACES, _MAX_SITES = 8, 20
_LINK = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s/?#]*|\bmagnet:|\bwww\.", re.IGNORECASE)


def told(text: str, limit: int) -> str:
    """What a source wrote, cleaned, and with nothing left in it that a client makes a link of."""
    return _LINK.sub(lambda found: "www[.]" if found[0][-1] == "." else defang(found[0]), clean(text, limit))


def heading(alert: AnyAlert) -> str:
    """One line: severity and headline."""
    mark = "[TEST] " if alert.test else ""
    mark += "" if isinstance(alert, SiteAlert) or not alert.drill else "[DRILL] "
    return f"{mark}[{alert.severity.value.upper()}] {told(alert.headline, 180)}"


def facts(alert: AnyAlert) -> list[tuple[str, str]]:
    """Name and value: what, how sure, since when, how far it has spread; of sites since when they are not read."""
    if isinstance(alert, SiteAlert):
        since = min((one.since for one in alert.sites), default=alert.at)
        return [("What", _count(len(alert.sites))), ("Since", _utc(since)), ("Told", _utc(alert.at))]
    if isinstance(alert, DigestAlert):
        counts = ", ".join(f"{count} {name}" for name, count in alert.counts)
        return [("What", counts), ("Since", _utc(alert.since)), ("Told", _utc(alert.at))]
    detail = told(alert.verdict_detail, 600).rstrip(". ")
    score = f"{alert.verdict.value}, match score {alert.score:.2f}"
    pairs = [
        ("What", told(alert.asset, 200)),
        ("How sure", f"{score}. {detail[:1].upper()}{detail[1:]}".rstrip(". ")),
        ("Since", _utc(alert.since)),
        ("Spread", told(alert.spread, 300)),
    ]
    return [(name, value) for name, value in pairs if value]


def place_lines(alert: AnyAlert) -> list[str]:
    """Where it was seen: site, title, defanged link, locators; the oldest are left out where there are many.

    Of sites: which, since when, and why.
    """
    if isinstance(alert, SiteAlert):
        return _site_lines(alert)
    if isinstance(alert, DigestAlert):
        return _entry_lines(alert)
    lines: list[str] = []
    for place in alert.places[:_MAX_PLACES]:
        when = f", posted {_utc(place.published_at)}" if place.published_at else ""
        elsewhere = [one for one in place.locators if one != place.url]
        link = f" {told(place.url, 2000)}" if place.url else ""
        lines.append(
            f"• {told(place.site, 60)}: {told(place.title, 120)}{link} (seen {_utc(place.seen_at)}{when})"
        )
        lines += [f"   {told(one, 2000)[:300]}" for one in elsewhere[:2]]
    if len(alert.places) > _MAX_PLACES:
        lines.append(f"… and {len(alert.places) - _MAX_PLACES} more")
    return lines


def _site_lines(alert: SiteAlert) -> list[str]:
    lines = [
        f"• {told(one.name, 60)}: since {_utc(one.since)}, {told(one.because, 300)}"
        for one in alert.sites[:_MAX_SITES]
    ]
    more = len(alert.sites) - _MAX_SITES
    return lines + ([f"… and {more} more"] if more > 0 else [])


def _entry_lines(alert: DigestAlert) -> list[str]:
    """One line a finding: severity, headline, how sure, where, and its id."""
    lines = []
    for one in alert.entries:
        place = f" at {told(one.places[0].url, 300)}" if one.places and one.places[0].url else ""
        lines.append(
            f"• [{one.severity.value.upper()}] {told(one.headline, 160)} ({one.verdict.value}){place}, "
            f"{told(one.finding, 60)}"
        )
    return lines + ([f"… and {alert.more} more: `leakwatch finding list`"] if alert.more else [])


def _count(sites: int) -> str:
    return f"{sites} site{'s' if sites != 1 else ''} of the watch; this is no finding"


def where_to_look(alert: AnyAlert) -> str:
    """The command that shows more."""
    if isinstance(alert, SiteAlert):
        return "leakwatch source health" + (
            f" {told(alert.sites[0].name, 60)}" if len(alert.sites) == 1 else ""
        )
    if isinstance(alert, DigestAlert):
        return "leakwatch finding list"
    return f"leakwatch finding show {told(alert.finding, 60)}"


def _utc(at: str) -> str:
    """A time as people read it: `2026-11-20T11:59:30+00:00` becomes `2026-11-20 11:59:30 UTC`."""
    return re.sub(r"\.\d+", "", told(at, 40)).replace("T", " ", 1).replace("+00:00", " UTC")


def reason_lines(alert: AnyAlert) -> list[str]:
    """Why it matched; nothing of sites, of which the lines of the place say why."""
    if not isinstance(alert, Alert):
        return []
    return [told(reason, 300) for reason in alert.reasons]


def host_of(url: str) -> str:
    """The host of a channel's address, for error texts: the rest of it may be secret."""
    return urlsplit(url).hostname or ""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The seconds that a channel asks to be left alone, or None."""
    wait = headers.get("retry-after", "")
    return float(wait) if wait.isascii() and wait.isdigit() else None
