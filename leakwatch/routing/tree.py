"""The tree of routes: which legs news take, how each tells, and why the others do not. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leakwatch.model.route import Facts, Matchers, Policy, Route

ROOT = Policy()
_OF_FINDINGS = (
    ("findings", "finding"),
    ("assets", "asset"),
    ("kinds", "kind"),
    ("owners", "owner"),
    ("verdicts", "verdict"),
    ("tiers", "tier"),
    ("states", "state"),
    ("events", "event"),
)
_OF_PLACES = ("sites", "source_kinds", "hosts")
_FLAGS = ("embargoed", "in_release_window")
_POLICY = tuple(one.name for one in dataclasses.fields(Policy))


@dataclass(frozen=True, slots=True)
class Leg:
    """One route that news take: its name, and how it tells."""

    route: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Step:
    """One route as it is looked at: `why` it is not taken, "" where it is."""

    leg: Leg
    depth: int
    source: Route
    why: str


def differs(matchers: Matchers, facts: Facts) -> str:
    """The first reason why news are not as the matchers want them; "" if they match."""
    if matchers.watch and facts.watch not in matchers.watch:
        return f"it is no news of the watch ({_told(matchers.watch)})"
    for wanted, name in _OF_FINDINGS:
        values, value = getattr(matchers, wanted), getattr(facts, name)
        if values and value not in values:
            return f"{name} {value or 'none'} is not {_told(values)}"
    if matchers.min_severity and facts.severity.rank < matchers.min_severity.rank:
        return f"severity {facts.severity.value} is below {matchers.min_severity.value}"
    for name in _OF_PLACES:
        values, value = getattr(matchers, name), getattr(facts, name)
        if values and not values & value:
            return f"{name} {_told(value)} is not {_told(values)}"
    for name in _FLAGS:
        value = getattr(matchers, name)
        if value is not None and (facts.watch is not None or value is not getattr(facts, name)):
            return f"{name} is not {str(value).lower()}"
    return ""


def _told(values: frozenset[str]) -> str:
    return " or ".join(sorted(str(one) for one in values)) or "none"


def legs_of(routes: Sequence[Route], facts: Facts) -> list[Leg]:
    """The routes that news take, each with what it inherits, in the order of the configuration."""
    return _taken(list(named(routes)), facts)


def named(routes: Sequence[Route], around: Policy = ROOT, place: str = "") -> Iterator[tuple[Route, Leg]]:
    """Routes beside each other with their legs; one without a name is called by its place, such as `2.1`."""
    for number, route in enumerate(routes, 1):
        where = f"{place}.{number}" if place else str(number)
        yield route, Leg(route.name or where, inherited(around, route))


def inherited(around: Policy, route: Route) -> Policy:
    """How a route tells: by what it says itself, and for the rest as the one around it."""
    said = {name: getattr(route, name) for name in _POLICY if getattr(route, name) is not None}
    return dataclasses.replace(around, **said)


def _taken(routes: Sequence[tuple[Route, Leg]], facts: Facts, place: str = "") -> list[Leg]:
    """A route that nobody is told by (no channel, and no child that matches) is passed over, lest news be lost."""
    found: list[Leg] = []
    for number, (route, leg) in enumerate(routes, 1):
        if differs(route.match, facts):
            continue
        where = f"{place}.{number}" if place else str(number)
        inner = _taken(list(named(route.routes, leg.policy, where)), facts, where)
        taken = inner or ([leg] if leg.policy.channels else [])
        found += taken
        if taken and not route.continue_:
            break
    return found


def steps_of(routes: Sequence[Route], facts: Facts | None) -> list[Step]:
    """Every route of the tree in order, and why each is not taken; without facts only the routes."""
    taken = {leg.route for leg in legs_of(routes, facts)} if facts else set[str]()
    return list(_steps(routes, facts, taken, ROOT, "", 0, ""))


def _steps(
    routes: Sequence[Route],
    facts: Facts | None,
    taken: set[str],
    around: Policy,
    place: str,
    depth: int,
    outer: str,
) -> Iterator[Step]:
    passed = ""
    for number, (route, leg) in enumerate(named(routes, around, place), 1):
        where = f"{place}.{number}" if place else str(number)
        why = outer or passed or (differs(route.match, facts) if facts else "")
        inside = list(
            _steps(
                route.routes,
                facts,
                taken,
                leg.policy,
                where,
                depth + 1,
                why and "the route around it is not taken",
            )
        )
        is_on = leg.route in taken or any(not one.why for one in inside)
        if facts and not why and leg.route not in taken:
            why = "a route inside it is" if is_on else "it has no channel"
        yield Step(leg, depth, route, why)
        yield from inside
        if facts and is_on and not route.continue_ and not passed:
            passed = f"{leg.route} comes first, and does not continue"


def every_leg(routes: Sequence[Route], around: Policy = ROOT, place: str = "") -> Iterator[tuple[Route, Leg]]:
    """All routes of the tree, from top to bottom."""
    for number, (route, leg) in enumerate(named(routes, around, place), 1):
        yield route, leg
        yield from every_leg(route.routes, leg.policy, f"{place}.{number}" if place else str(number))


def policy_of(routes: Sequence[Route], name: str) -> Policy | None:
    """How the route of this name tells; None if there is none any more."""
    return next((leg.policy for _, leg in every_leg(routes) if leg.route == name), None)


def channels_of(routes: Sequence[Route]) -> list[str]:
    """All channels that routes lead to, each once; those of escalations last."""
    told = [channel for _, leg in every_leg(routes) for channel in leg.policy.channels]
    later = [
        channel for _, leg in every_leg(routes) for step in leg.policy.escalate for channel in step.channels
    ]
    return list(dict.fromkeys([*told, *later]))
