"""What every channel says of an alert, as cleaned lines: the seven questions."""

from __future__ import annotations

from leakwatch.display import clean, defang
from leakwatch.model.alert import Alert

_MAX_PLACES = 8


def heading(alert: Alert) -> str:
    """One line: severity and headline."""
    mark = "[TEST] " if alert.test else ""
    return f"{mark}[{alert.severity.value.upper()}] {clean(alert.headline, 180)}"


def facts(alert: Alert) -> list[tuple[str, str]]:
    """Name and value: what, how sure, since when, how far it has spread."""
    score = f"{alert.verdict.value}, match score {alert.score:.2f}"
    told = [
        ("What", clean(alert.asset, 200)),
        ("How sure", f"{score}. {clean(alert.verdict_detail, 600)}".rstrip(". ")),
        ("Since", alert.since),
        ("Spread", clean(alert.spread, 300)),
    ]
    return [(name, value) for name, value in told if value]


def place_lines(alert: Alert) -> list[str]:
    """Where it was seen: site, title, defanged link, locators; the oldest are left out where there are many."""
    lines: list[str] = []
    for place in alert.places[:_MAX_PLACES]:
        when = f", posted {place.published_at}" if place.published_at else ""
        link = f" {defang(place.url)}" if place.url else ""
        lines.append(
            f"• {clean(place.site, 60)}: {clean(place.title, 120)}{link} (seen {place.seen_at}{when})"
        )
        lines += [f"   {defang(one)[:300]}" for one in place.locators[:2]]
    if len(alert.places) > _MAX_PLACES:
        lines.append(f"… and {len(alert.places) - _MAX_PLACES} more")
    return lines
