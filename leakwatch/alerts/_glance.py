"""The seven questions of an alert at a glance, a line each: what Slack and the mail show before everything else."""

from __future__ import annotations

from itertools import zip_longest

from leakwatch.alerts._facts import facts, is_short, place_lines, reason_lines, told
from leakwatch.model.alert import Alert, AnyAlert, Place, SiteAlert

_LONGEST = 600
_SITES = 20


def glance(alert: AnyAlert) -> list[tuple[str, str]]:
    """What, where, why, since when, how sure, how far it has spread, what to do next; what nobody knows is left out."""
    known = dict(facts(alert))
    if isinstance(alert, Alert):
        known |= {"Where": _where(alert), "Why": _why(alert)}
    known["Next"] = told(alert.advice, _LONGEST)
    order = ("What", "Where", "Why", "Since", "How sure", "Spread")
    names = [*order, *(name for name in known if name not in (*order, "Next")), "Next"]
    return [(name, known[name]) for name in names if known.get(name)]


def shortened(pairs: list[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    """The same with each value cut to so many characters: whoever wants all seven sees all seven at once."""
    return [(name, value if len(value) <= most else value[: most - 1] + "…") for name, value in pairs]


def banner(alert: AnyAlert) -> str:
    """What must be known before anything else: that it is a test or a drill; nothing of a real alert."""
    if alert.test:
        return "This is a test of the channel: nothing has leaked."
    is_drill = not isinstance(alert, SiteAlert) and alert.drill
    return "This is a drill: somebody tries whether alerts arrive. Nothing has leaked." if is_drill else ""


def details(alert: AnyAlert, most: int) -> list[tuple[str, list[str]]]:
    """Headings and lines of what a glance of `most` characters has no room for; of sites each with its remedy."""
    cut = [name for name, value in glance(alert) if len(value) > most]
    known = dict(glance(alert))
    lists: list[tuple[str, list[str]]] = []
    if isinstance(alert, SiteAlert):
        lists = [("Which", _sites(alert))]
    if isinstance(alert, Alert):
        lists = _every(alert, cut)
        cut = [name for name in cut if name not in ("Where", "Why")]
    return [*((f"{name}, in full", [known[name]]) for name in cut), *lists]


def _every(alert: Alert, cut: list[str]) -> list[tuple[str, list[str]]]:
    """All places and all reasons, where the glance does not tell them all; nothing of news of a known case."""
    if is_short(alert):
        return []
    found: list[tuple[str, list[str]]] = []
    if len(alert.places) > 1 or "Where" in cut or any(_elsewhere(place) for place in alert.places):
        found.append(("Every place", _unmarked(place_lines(alert))))
    reasons = reason_lines(alert)
    if len(reasons) > 1 or "Why" in cut:
        found.append(("Every reason", reasons))
    return found


def where_line(place: Place) -> str:
    """One place: site, title, defanged link, or the first locator where there is no link."""
    link = place.url or next(iter(_elsewhere(place)), "")
    parts = (f"{told(place.site, 60)}:", told(place.title, 100), told(link, 300))
    return " ".join(part for part in parts if part)


def _sites(alert: SiteAlert) -> list[str]:
    lines = _unmarked(place_lines(alert))
    remedies = [told(one.remedy, 300) for one in alert.sites[:_SITES]]
    return [
        f"{line}. {remedy}" if remedy else line
        for line, remedy in zip_longest(lines, remedies[: len(lines)], fillvalue="")
    ]


def _where(alert: Alert) -> str:
    if not alert.places:
        return "no place is kept"
    more = len(alert.places) - 1
    return where_line(alert.places[0]) + (f" and {more} more place{'s' if more > 1 else ''}" if more else "")


def _why(alert: Alert) -> str:
    reasons = reason_lines(alert)
    more = len(reasons) - 1
    if more < 0:
        return ""
    return reasons[0] + (f" and {more} more reason{'s' if more > 1 else ''}" if more else "")


def _elsewhere(place: Place) -> list[str]:
    return [one for one in place.locators if one != place.url]


def _unmarked(lines: list[str]) -> list[str]:
    return [line.removeprefix("• ").strip() for line in lines]
