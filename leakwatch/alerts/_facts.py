"""What every channel says of an alert, as cleaned lines without links.

An alert of a finding answers seven questions: what, where, why, since when, how sure, how far it has spread, what to
do next. News of its state are short: they name it, what changed, and where it was seen last. A digest has a line a
finding: what, who works on it, where, how sure, and its id. What is not known is said to be so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from leakwatch.display import clean, defang
from leakwatch.model.alert import Alert, AnyAlert, Delivery, DigestAlert, SiteAlert
from leakwatch.model.finding import EventKind, State

_MAX_PLACES, _MAX_SITES = 8, 20
_NOWHERE = "No place is kept; `leakwatch finding show` tells what is known"
_SHORT = frozenset(
    {
        EventKind.STATE,
        EventKind.SEVERITY,
        EventKind.MERGED,
        EventKind.SPLIT,
        EventKind.ASSIGNED,
        EventKind.COMMENT,
        EventKind.DUE,
        EventKind.OVERDUE,
        EventKind.NOTICE,
    }
)
"""News of a case that was told before: whoever reads them knows the rest, or looks it up."""
_LINK = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s/?#]*|\bmagnet:|\bwww\.", re.IGNORECASE)


def told(text: str, limit: int) -> str:
    """What a source wrote, cleaned, and with nothing left in it that a client makes a link of."""
    return _LINK.sub(_dead, clean(text, limit))


def _dead(found: re.Match[str]) -> str:
    """A link that is none: of a host the dots, of any scheme but HTTP's the colon are put into brackets."""
    if found[0][-1] == ".":
        return "www[.]"
    dead = defang(found[0])
    return dead if dead.startswith("hxxp") else dead.replace("://", "[:]//")


def heading(alert: AnyAlert) -> str:
    """One line: severity and headline."""
    mark = "[TEST] " if alert.test else ""
    mark += "" if isinstance(alert, SiteAlert) or not alert.drill else "[DRILL] "
    return f"{mark}[{alert.severity.value.upper()}] {told(alert.headline, 180)}"


def facts(alert: AnyAlert) -> list[tuple[str, str]]:
    """Name and value: what, how sure, since when, how far it has spread, and who works on it, where somebody does.

    Of sites since when they are not read; of several findings how many of each severity.
    """
    if isinstance(alert, SiteAlert):
        since = min((one.since for one in alert.sites), default=alert.at)
        return [("What", _count(alert)), ("Since", _utc(since)), ("Told", _utc(alert.at))]
    if isinstance(alert, DigestAlert):
        counts = ", ".join(f"{count} {name}" for name, count in alert.counts)
        return [("What", counts), ("Since", _utc(alert.since)), ("Told", _utc(alert.at))]
    state = _state(alert)
    if is_short(alert):
        sure = f"{alert.verdict.value}, severity {alert.severity.value}"
        return [
            ("What", told(alert.asset, 200)),
            ("State", state),
            ("How sure", sure),
            ("Since", _utc(alert.since)),
        ]
    pairs = [
        ("What", told(alert.asset, 200)),
        ("How sure", _sureness(alert)),
        ("Since", _utc(alert.since)),
        ("Spread", told(alert.spread, 300) or "not counted yet"),
        ("State", state if alert.state is not State.NEW or alert.assignee else ""),
    ]
    return [(name, value) for name, value in pairs if value]


def is_short(alert: AnyAlert) -> bool:
    """Whether it is news of a case that was told before, and no leak of its own."""
    return isinstance(alert, Alert) and alert.event in _SHORT


def _sureness(alert: Alert) -> str:
    detail = told(alert.verdict_detail, 600).rstrip(". ")
    score = f"{alert.verdict.value}, match score {alert.score:.2f}"
    return f"{score}. {detail[:1].upper()}{detail[1:]}".rstrip(". ")


def _state(alert: Alert) -> str:
    """The state, and who works on it."""
    people = [
        f"{word} {told(name, 80)}"
        for word, name in (("acknowledged by", alert.acknowledged_by), ("assigned to", alert.assignee))
        if name
    ]
    is_said = bool(alert.acknowledged_by) and alert.state is State.ACKNOWLEDGED
    state = [] if is_said else [alert.state.value.replace("_", " ")]
    return ", ".join([*state, *people])


def place_lines(alert: AnyAlert) -> list[str]:
    """Where it was seen: site, title, defanged link, locators; the oldest are left out where there are many.

    Of sites: which, since when, and why.
    """
    if isinstance(alert, SiteAlert):
        return _site_lines(alert)
    if isinstance(alert, DigestAlert):
        return _entry_lines(alert)
    most = 1 if is_short(alert) else _MAX_PLACES
    lines: list[str] = []
    for place in alert.places[:most]:
        when = f", posted {_utc(place.published_at)}" if place.published_at else ""
        elsewhere = [one for one in place.locators if one != place.url]
        link = f" {told(place.url, 2000)}" if place.url else ""
        lines.append(
            f"• {told(place.site, 60)}: {told(place.title, 120)}{link} (seen {_utc(place.seen_at)}{when})"
        )
        lines += [f"   {told(one, 2000)[:300]}" for one in elsewhere[:2]]
    if len(alert.places) > most:
        lines.append(f"… and {len(alert.places) - most} more")
    return lines or [_NOWHERE]


def _site_lines(alert: SiteAlert) -> list[str]:
    lines = [
        f"• {told(one.name, 60)}: since {_utc(one.since)}, {told(one.because, 300)}"
        for one in alert.sites[:_MAX_SITES]
    ]
    more = len(alert.sites) - _MAX_SITES
    return lines + ([f"… and {more} more"] if more > 0 else [])


def _entry_lines(alert: DigestAlert) -> list[str]:
    """One line a finding: severity, headline, how sure, where, who works on it, and its id."""
    lines: list[str] = []
    for one in alert.entries:
        place = f" at {told(one.places[0].url, 300)}" if one.places and one.places[0].url else ""
        who = one.assignee or one.acknowledged_by
        works = f", with {told(who, 60)}" if who else ""
        lines.append(
            f"• [{one.severity.value.upper()}] {told(one.headline, 160)} ({one.verdict.value}){place}{works}, "
            f"{told(one.finding, 60)}"
        )
    return lines + ([f"… and {alert.more} more: `leakwatch finding list`"] if alert.more else [])


def _count(alert: SiteAlert) -> str:
    if alert.event.is_of_channel:
        return "a channel of the watch; this is no finding"
    sites = len(alert.sites)
    return f"{sites} site{'s' if sites != 1 else ''} of the watch; this is no finding"


def where_to_look(alert: AnyAlert) -> str:
    """The command that shows more."""
    if isinstance(alert, SiteAlert) and alert.event.is_of_channel:
        return f"leakwatch outbox list --channel {told(alert.sites[0].name, 60)}"
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
    """Why it matched; nothing of sites, of which the lines of the place say why, and of news of a known case."""
    if not isinstance(alert, Alert) or is_short(alert):
        return []
    return [told(reason, 300) for reason in alert.reasons]


def advice(alert: AnyAlert) -> str:
    """What to do next."""
    return told(alert.advice, 1000) or "Look at it."


def footer(delivery: Delivery) -> str:
    """Where to look, the delivery's own id, and whether it may be there already."""
    note = (
        f"{told(delivery.alert.subject, 80)} · {where_to_look(delivery.alert)} · delivery {delivery.key[:16]}"
    )
    return note + (" · possible repeat: an earlier attempt may have arrived" if delivery.repeat else "")


def text_lines(delivery: Delivery) -> list[str]:
    """All of it as plain lines, for channels that have nothing better."""
    alert = delivery.alert
    lines = [f"{name}: {value}" for name, value in facts(alert)]
    lines += ["", "Where", *place_lines(alert)]
    reasons = reason_lines(alert)
    if reasons:
        lines += ["", "Why", *(f"• {one}" for one in reasons)]
    return [*lines, "", f"Next: {advice(alert)}", "", footer(delivery)]


def host_of(url: str) -> str:
    """The host of a channel's address, for error texts: the rest of it may be secret."""
    return urlsplit(url).hostname or ""


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds that a channel asks to be left alone, or None where it does not, or says nothing that makes sense.

    It may give seconds or a date (RFC 9110 §10.2.3); a date is held against the answer's own one, else against `now`.
    """
    wait = headers.get("retry-after", "").strip()
    if wait.isascii() and wait.isdigit():
        return float(wait[:18])
    until, since = _date(wait), _date(headers.get("date", "")) or now
    return max((until - since).total_seconds(), 0.0) if until and since else None


def _date(text: str) -> datetime | None:
    """A date of HTTP."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
