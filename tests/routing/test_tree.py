"""The tree of routes: the first that matches takes the news, its children before itself, with what they inherit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.model.alert import SiteEvent
from leakwatch.model.duration import Duration
from leakwatch.model.finding import EventKind, Severity, State, Tier, Verdict
from leakwatch.model.route import Escalation, Facts, GroupBy, Matchers, Route
from leakwatch.routing.tree import channels_of, differs, every_leg, legs_of, policy_of, steps_of

FACTS = Facts(
    severity=Severity.HIGH,
    finding="LW-1",
    asset="film",
    kind="video",
    owner="Studio",
    verdict=Verdict.LIKELY,
    tier=Tier.AUTO,
    state=State.NEW,
    event=EventKind.OPENED,
    sites=frozenset({"board", "index"}),
    source_kinds=frozenset({"imageboard", "feed"}),
    hosts=frozenset({"board.example"}),
)


def route(*channels: str, routes: tuple[Route, ...] = (), goes_on: bool = False, **match: object) -> Route:
    """A route to channels."""
    return Route(
        match=Matchers(**match),  # type: ignore[arg-type]
        channels=channels or None,
        routes=routes,
        continue_=goes_on,
    )


def taken(*routes: Route, facts: Facts = FACTS) -> list[tuple[str, ...]]:
    """The channels of each leg."""
    return [leg.policy.channels for leg in legs_of(routes, facts)]


@pytest.mark.parametrize(
    ("match", "why"),
    [
        ({}, ""),
        ({"findings": {"LW-1"}, "assets": {"film", "song"}, "kinds": {"video"}, "owners": {"Studio"}}, ""),
        ({"findings": {"LW-2"}}, "finding LW-1 is not LW-2"),
        ({"assets": {"song", "book"}}, "asset film is not book or song"),
        ({"kinds": {"audio"}}, "kind video is not audio"),
        ({"owners": {"Label"}}, "owner Studio is not Label"),
        ({"min_severity": Severity.HIGH}, ""),
        ({"min_severity": Severity.CRITICAL}, "severity high is below critical"),
        ({"verdicts": {Verdict.PROVED}}, "verdict likely is not proved"),
        ({"tiers": {Tier.REVIEW}}, "tier auto is not review"),
        ({"states": {State.REOPENED}}, "state new is not reopened"),
        ({"events": {EventKind.SIGHTED}}, "event opened is not sighted"),
        ({"sites": {"hub", "index"}}, ""),
        ({"sites": {"hub"}}, "sites board or index is not hub"),
        ({"source_kinds": {"dht"}}, "source_kinds feed or imageboard is not dht"),
        ({"hosts": {"x"}}, "hosts board.example is not x"),
        ({"embargoed": False, "in_release_window": False}, ""),
        ({"embargoed": True}, "embargoed is not true"),
        ({"in_release_window": True}, "in_release_window is not true"),
        ({"watch": {SiteEvent.BLIND}}, "it is no news of the watch (blind)"),
    ],
)
def test_matchers(match: dict[str, object], why: str) -> None:
    """All that is given must hold; the first thing that does not is said."""
    told = {name: frozenset(value) if isinstance(value, set) else value for name, value in match.items()}
    assert differs(Matchers(**told), FACTS) == why  # type: ignore[arg-type]


def test_first_match_wins_unless_it_continues() -> None:
    """The first route that matches takes the news; with `continue` those after it are looked at as well."""
    a, b, c = route("a", assets=frozenset({"song"})), route("b"), route("c")
    assert taken(a, b, c) == [("b",)]
    assert taken(a, replace(b, continue_=True), c) == [("b",), ("c",)]
    assert taken(replace(a, continue_=True), b, c) == [("b",)], "what does not match does not continue either"
    assert taken(a) == []


def test_children_come_first_and_inherit() -> None:
    """A child that matches takes the place of the route around it, and says only what is different."""
    inner = Route(match=Matchers(sites=frozenset({"index"})), repeat=Duration(60), group_by=())
    outer = replace(route("a"), budget=4, group_wait=Duration(30), routes=(inner,))
    (leg,) = legs_of([outer], FACTS)
    assert (leg.route, leg.policy.channels, leg.policy.budget, leg.policy.group_wait) == (
        "1.1",
        ("a",),
        4,
        30,
    )
    assert (leg.policy.repeat, leg.policy.group_by) == (60, ())
    (leg,) = legs_of([outer], replace(FACTS, sites=frozenset()))
    assert (leg.route, leg.policy.repeat, leg.policy.group_by) == ("1", 0, (GroupBy.FINDING,))


def test_a_route_without_channels_loses_nothing() -> None:
    """A branch in which nobody is told is passed over, and the next route takes the news."""
    empty = Route(routes=(route("a", assets=frozenset({"song"})),))
    assert taken(empty, route("b")) == [("b",)]
    assert taken(empty, route("b"), facts=replace(FACTS, asset="song")) == [("a",)]


def test_names_and_channels() -> None:
    """A route is called by its name, or its place; channels of escalations are known too."""
    inner = Route(name="night", channels=("b",), escalate=(Escalation(after=Duration(9), channels=("c",)),))
    tree = (route("a", routes=(route("d"), inner)), route("a"))
    assert [leg.route for _, leg in every_leg(tree)] == ["1", "1.1", "night", "2"]
    assert channels_of(tree) == ["a", "d", "b", "c"]
    policy = policy_of(tree, "night")
    assert policy is not None
    assert policy.channels == ("b",)
    assert policy_of(tree, "day") is None


def test_steps_say_why_not() -> None:
    """Of each route it is said why it is not taken: what differs, what came before, or that one inside it is."""
    tree = (
        route("a", assets=frozenset({"song"}), routes=(route("x"),)),
        route("b", routes=(route("c", sites=frozenset({"hub"})), route("d"), route("e"))),
        route("f"),
    )
    assert [(one.leg.route, one.why) for one in steps_of(tree, FACTS)] == [
        ("1", "asset film is not song"),
        ("1.1", "the route around it is not taken"),
        ("2", "a route inside it is"),
        ("2.1", "sites board or index is not hub"),
        ("2.2", ""),
        ("2.3", "2.2 comes first, and does not continue"),
        ("3", "2 comes first, and does not continue"),
    ]
    assert [one.why for one in steps_of(tree, None)] == [""] * 7


assets = st.sampled_from(["film", "song", None])
matchers = st.builds(
    Matchers,
    assets=st.sets(st.sampled_from(["film", "song"]), max_size=1).map(frozenset),
    min_severity=st.none() | st.sampled_from(Severity),
)
routes = st.recursive(
    st.builds(Route, match=matchers, channels=st.tuples(st.sampled_from("abcd")), continue_=st.booleans()),
    lambda inner: st.builds(
        Route,
        match=matchers,
        channels=st.none() | st.tuples(st.sampled_from("abcd")),
        continue_=st.booleans(),
        routes=st.lists(inner, max_size=3).map(tuple),
    ),
    max_leaves=8,
)
trees = st.lists(routes, max_size=4).map(tuple)
news = st.builds(replace, st.just(FACTS), asset=assets, severity=st.sampled_from(Severity))


@given(trees, news)
def test_every_leg_matches_all_around_it(tree: tuple[Route, ...], facts: Facts) -> None:
    """A leg has channels, matches itself and in all routes around it, and has no child that takes the news."""
    matching = {leg.route for route, leg in every_leg(tree) if not differs(route.match, facts)}
    for leg in legs_of(tree, facts):
        parts = leg.route.split(".")
        around = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
        assert leg.policy.channels
        assert around <= matching
        assert policy_of(tree, leg.route) == leg.policy


@given(trees, news)
def test_a_plain_route_at_the_end_misses_nothing(tree: tuple[Route, ...], facts: Facts) -> None:
    """With a route for everything at the end there is always somebody who is told, and each leg is told once."""
    legs = legs_of((*tree, Route(channels=("last",))), facts)
    assert legs
    assert len({leg.route for leg in legs}) == len(legs)


@given(trees, news)
def test_steps_agree_with_legs(tree: tuple[Route, ...], facts: Facts) -> None:
    """The routes that are said to be taken are those that are."""
    said = {one.leg.route for one in steps_of(tree, facts) if not one.why}
    assert said == {leg.route for leg in legs_of(tree, facts)}


@pytest.mark.parametrize("flag", ["embargoed", "in_release_window"])
@pytest.mark.parametrize("value", [True, False])
def test_news_of_a_site_are_of_no_work(flag: str, *, value: bool) -> None:
    """A route for works that are, or are not, under embargo or in their release window takes no blind site."""
    blind = Facts(severity=Severity.MEDIUM, watch=SiteEvent.BLIND, sites=frozenset({"board"}))
    assert differs(Matchers(**{flag: value}), blind)
