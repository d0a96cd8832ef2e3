"""What every channel says of an alert, as cleaned lines without links: the seven questions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from leakwatch.display import clean, defang
from leakwatch.model.alert import Alert

_MAX_PLACES = 8
_LINK = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s/?#]*|\bmagnet:|\bwww\.", re.IGNORECASE)


def told(text: str, limit: int) -> str:
    """What a source wrote, cleaned, and with nothing left in it that a client makes a link of."""
    return _LINK.sub(lambda found: "www[.]" if found[0][-1] == "." else defang(found[0]), clean(text, limit))


def heading(alert: Alert) -> str:
    """One line: severity and headline."""
    mark = "[TEST] " if alert.test else ""
    return f"{mark}[{alert.severity.value.upper()}] {told(alert.headline, 180)}"


def facts(alert: Alert) -> list[tuple[str, str]]:
    """Name and value: what, how sure, since when, how far it has spread."""
    detail = told(alert.verdict_detail, 600).rstrip(". ")
    score = f"{alert.verdict.value}, match score {alert.score:.2f}"
    pairs = [
        ("What", told(alert.asset, 200)),
        ("How sure", f"{score}. {detail[:1].upper()}{detail[1:]}".rstrip(". ")),
        ("Since", _utc(alert.since)),
        ("Spread", told(alert.spread, 300)),
    ]
    return [(name, value) for name, value in pairs if value]


def place_lines(alert: Alert) -> list[str]:
    """Where it was seen: site, title, defanged link, locators; the oldest are left out where there are many."""
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


def _utc(at: str) -> str:
    """A time as people read it: `2026-11-20T11:59:30+00:00` becomes `2026-11-20 11:59:30 UTC`."""
    return told(at, 40).replace("T", " ", 1).replace("+00:00", " UTC")


def reason_lines(alert: Alert) -> list[str]:
    """Why it matched."""
    return [told(reason, 300) for reason in alert.reasons]


def host_of(url: str) -> str:
    """The host of a channel's address, for error texts: the rest of it may be secret."""
    return urlsplit(url).hostname or ""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The seconds that a channel asks to be left alone, or None."""
    wait = headers.get("retry-after", "")
    return float(wait) if wait.isascii() and wait.isdigit() else None
