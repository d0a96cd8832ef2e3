"""What keeps news back: silences and inhibition. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from leakwatch.model.alert import SiteEvent
from leakwatch.model.announcement import Silence
from leakwatch.model.finding import EventKind, Severity, State, Tier, Verdict
from leakwatch.model.route import Facts, Inhibit, Matchers
from leakwatch.routing.tree import differs
from leakwatch.routing.urgency import SURENESS

_TYPES: Mapping[str, type] = {
    "verdicts": Verdict,
    "tiers": Tier,
    "states": State,
    "events": EventKind,
    "watch": SiteEvent,
}


def silence_of(facts: Facts, silences: Sequence[Silence], at: datetime) -> Silence | None:
    """The silence that news fall under, of several the one that lasts longest."""
    found = [one for one in silences if one.is_active(at) and not differs(one.matchers, facts)]
    return max(found, key=lambda one: (one.ends_at, one.id), default=None)


def inhibitors(facts: Facts, rules: Sequence[Inhibit]) -> list[Inhibit]:
    """The rules by which news could be kept back, if there is something that does."""
    return [one for one in rules if not differs(one.target, facts)]


def inhibited_by(facts: Facts, rules: Sequence[Inhibit], others: Sequence[Facts]) -> Facts | None:
    """What of the others keeps news back, or None."""
    for rule in rules:
        for other in others:
            if _is_equal(rule, facts, other) and not differs(rule.source, other) and _is_lesser(facts, other):
                return other
    return None


def _is_equal(rule: Inhibit, facts: Facts, other: Facts) -> bool:
    if rule.equal == "host":
        return bool(facts.hosts & other.hosts)
    return facts.asset is not None and facts.asset == other.asset


def _is_lesser(facts: Facts, other: Facts) -> bool:
    """Only strictly lesser news are kept back, so that two never silence each other; of sites the later ones."""
    if facts.watch is not None:
        return facts.sites != other.sites
    if facts.finding == other.finding or facts.verdict is None or other.verdict is None:
        return False
    mine, its = (
        (one.severity.rank, SURENESS.index(one.verdict or Verdict.UNKNOWN)) for one in (facts, other)
    )
    return mine < its


def matchers_json(matchers: Matchers) -> dict[str, Any]:
    """Matchers as JSON: what is given, lists sorted."""
    told: dict[str, Any] = {}
    for one in fields(Matchers):
        value = getattr(matchers, one.name)
        if isinstance(value, frozenset):
            told |= {one.name: sorted(str(item) for item in value)} if value else {}
        elif value is not None:
            told[one.name] = str(value) if isinstance(value, Severity) else value
    return told


def matchers_of(told: Mapping[str, Any]) -> Matchers:
    """Matchers from their JSON."""
    values: dict[str, Any] = {}
    for name, value in told.items():
        if isinstance(value, list):
            values[name] = frozenset(_TYPES.get(name, str)(one) for one in value)
        else:
            values[name] = Severity(value) if name == "min_severity" else value
    return Matchers(**values)


def words(matchers: Matchers) -> str:
    """Matchers as people read them: `assets=gull severity>=high`; everything, where nothing is given."""
    told = [
        f"{name}={','.join(value) if isinstance(value, list) else str(value).lower()}"
        if name != "min_severity"
        else f"severity>={value}"
        for name, value in matchers_json(matchers).items()
    ]
    return " ".join(told) or "everything"
