"""[[routes]] and [[inhibit]] -> the tree of routes, and what of it makes sense together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leakwatch.config import values
from leakwatch.config.located import NAME, ConfigFile, Place, nearest
from leakwatch.model.route import Inhibit, Matchers, Policy, Route
from leakwatch.routing.tree import ROOT, inherited
from leakwatch.sources import KINDS

_MOST_NESTED = 8


def read_routes(
    file: ConfigFile, told: Mapping[str, Any], channels: set[str], sites: set[str] | None
) -> tuple[Route, ...]:
    """The tree. `sites` are all that there are, None where not all are known. Raises: ConfigError, located."""
    tables = enumerate(file.tables(told, "routes"))
    routes = tuple(_route(file, one, ("routes", i), channels, sites) for i, one in tables)
    _check_tree(file, routes, ROOT, ("routes",), set())
    return routes


def read_inhibit(file: ConfigFile, told: Mapping[str, Any]) -> tuple[Inhibit, ...]:
    """What keeps lesser news back. Raises: ConfigError, located."""
    rules: list[Inhibit] = []
    for number, one in enumerate(file.tables(told, "inhibit")):
        rule: Inhibit = values.table(file, Inhibit, one, ("inhibit", number))
        _check_matchers(file, rule.source, ("inhibit", number, "source"), None)
        _check_matchers(file, rule.target, ("inhibit", number, "target"), None)
        rules.append(rule)
    return tuple(rules)


def _route(file: ConfigFile, told: Any, at: Place, channels: set[str], sites: set[str] | None) -> Route:
    if not isinstance(told, dict):
        raise file.error(at, "expected a table")
    if len(at) > 2 * _MOST_NESTED:
        raise file.error(at, f"routes stand in routes {_MOST_NESTED} deep at most")
    inside = told.get("routes", [])
    if not isinstance(inside, list):
        raise file.error((*at, "routes"), "expected [[routes.routes]] tables")
    children = tuple(_route(file, one, (*at, "routes", i), channels, sites) for i, one in enumerate(inside))
    own = {key: value for key, value in told.items() if key != "routes"}
    route: Route = values.table(file, Route, own, at, routes=children)
    if route.name and (not NAME.match(route.name) or route.name[0].isdigit()):
        raise file.error(
            (*at, "name"), "expected a letter, then letters, digits, dots and dashes, at most 64"
        )
    named = [("channels", one) for one in route.channels or ()]
    named += [("escalate", one) for step in route.escalate or () for one in step.channels]
    for key, channel in named:
        if channel not in channels:
            raise file.error((*at, key), f"no channel {channel!r}" + nearest(channel, channels))
    _check_matchers(file, route.match, (*at, "match"), sites)
    return route


def _check_matchers(file: ConfigFile, match: Matchers, at: Place, sites: set[str] | None) -> None:
    """Sites and kinds that nobody configured would silently match nothing."""
    for kind in match.source_kinds:
        if kind not in KINDS:
            raise file.error((*at, "source_kinds"), f"no source kind {kind!r}" + nearest(kind, set(KINDS)))
    for site in match.sites:
        if sites is not None and site not in sites:
            raise file.error((*at, "sites"), f"no site {site!r}" + nearest(site, sites))


def _check_tree(
    file: ConfigFile, routes: Sequence[Route], around: Policy, at: Place, taken: set[str]
) -> None:
    """With what each route inherits: it has a channel, its digest a time, its name is its own, and news come to it."""
    for number, route in enumerate(routes):
        policy, here = inherited(around, route), (*at, number)
        if route.name in taken:
            raise file.error((*here, "name"), f"the name {route.name!r} is used twice")
        taken |= {route.name} if route.name else set()
        if any(one.match == Matchers() and not one.continue_ for one in routes[:number]):
            raise file.error(
                here, "no news come here: a route before it takes all; put that last, or let it continue"
            )
        if not policy.channels and not route.routes:
            raise file.error(here, "channels is missing, here and around it")
        if route.at is not None and policy.digest == "none" and not _has_digest(route.routes):
            raise file.error((*here, "at"), "the time of a digest, and none is asked for")
        file.asked((*here, "at"), lambda policy=policy: policy.rhythm)
        _check_tree(file, route.routes, policy, (*here, "routes"), taken)


def _has_digest(routes: Sequence[Route]) -> bool:
    return any(one.digest not in (None, "none") or _has_digest(one.routes) for one in routes)
