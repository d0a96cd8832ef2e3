"""What a site's pages look like: shares of items that have a field, and the usual size of what is in it. Pure.

Each share is one of good items, so that only a fall is a sign. A number is the logarithm of a size, so that a change
of units is a jump. Both are remembered as a running mean and its usual deviation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from leakwatch.model.observation import Observation
from leakwatch.polling.signs import FIELDS, FORMS, KEYS, KNOWN_AFTER, NUMBERS, SHAPED, SHAPES, shape

_ALPHA = 0.1
_ENOUGH = 8
_MAX_FORMS = 200


@dataclass(frozen=True, slots=True)
class Usual:
    """A running mean with its usual deviation, over so many polls. `good` of `of` items are not counted in it yet."""

    mean: float
    deviation: float = 0.0
    polls: int = 1
    good: int = 0
    of: int = 0

    def with_value(self, value: float) -> Usual:
        """The mean with one more poll; the first ones weigh the same."""
        step = max(_ALPHA, 1.0 / (self.polls + 1))
        deviation = (1 - step) * self.deviation + step * abs(value - self.mean) if self.polls else 0.0
        return Usual(self.mean + step * (value - self.mean), deviation, self.polls + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a site's pages usually look like. `suspects` looked odd in the last poll.

    `forms` are the beginnings and builds that ids and addresses have had, and digests of the authors, those of the last
    polls first: a field read from elsewhere has others.
    """

    items: int = 0
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    shares: Mapping[str, Usual] = field(default_factory=dict[str, Usual])
    numbers: Mapping[str, Usual] = field(default_factory=dict[str, Usual])
    suspects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What one poll's items look like: good items of how many, logarithms (base 2) of sizes, forms of addresses."""

    items: int
    shares: Mapping[str, tuple[int, int]]
    numbers: Mapping[str, float]
    forms: Mapping[str, tuple[str, ...]]


def look(items: Sequence[Observation], rows: int | None) -> Look:
    """What items look like. `rows`: how many there are, for a kind whose pages always show about as many."""
    shares: dict[str, tuple[int, int]] = {}
    for name, test in FIELDS.items():
        told = [good for good in map(test, items) if good is not None]
        shares[name] = (sum(told), len(told))
    for name, key in KEYS.items():
        keys = [one for one in map(key, items) if one is not None]
        shares[f"different {name}"] = (len(set(keys)), len(keys))
        shares[f"repeated {name}"] = (len(keys) - len(set(keys)), len(keys))
    for name, key in SHAPED.items():
        shapes = [shape(one) for one in map(key, items) if one]
        shares |= {f"{name} as {one}": (shapes.count(one), len(shapes)) for one in SHAPES}
    shares |= _order(items)
    numbers: dict[str, float] = {}
    for name, value in NUMBERS.items():
        values = [one for one in map(value, items) if one is not None]
        if len(values) >= _ENOUGH:
            numbers[name] = math.log2(median(values))
    if rows is not None:
        numbers["rows"] = math.log2(1 + rows)
    forms = {name: tuple(one for one in map(form, items) if one) for name, form in FORMS.items()}
    return Look(len(items), shares, numbers, forms)


def _order(items: Sequence[Observation]) -> dict[str, tuple[int, int]]:
    """How many dates follow a later one, and how many an earlier one: a date of another kind has another order."""
    dates = [one.published_at for one in items if one.published_at is not None]
    falls = [after < before for before, after in pairwise(dates) if before != after]
    count = len(falls)
    return {"dates newest first": (sum(falls), count), "dates oldest first": (count - sum(falls), count)}


def against(profile: Profile, seen: Look) -> Look:
    """What items look like beside a profile: how many of their addresses have a form that is known."""
    shares = dict(seen.shares)
    for name, shown in seen.forms.items():
        known = profile.forms.get(name, ())
        if known and profile.items >= KNOWN_AFTER.get(name, 0):
            forms = tuple(dict.fromkeys(shown)) if name in KNOWN_AFTER else shown  # one may fill a page
            shares[name] = (sum(form in known for form in forms), len(forms))
    return replace(seen, shares=shares)


def learned(profile: Profile, seen: Look, suspects: Sequence[str]) -> Profile:
    """The profile with one more poll; what looks odd in it is not learned."""
    shares, numbers = dict(profile.shares), dict(profile.numbers)
    for name, (good, of) in seen.shares.items():
        if of and (good or name in shares) and name not in suspects:
            shares[name] = _with_share(shares.get(name), good, of)
    for name, value in seen.numbers.items():
        if name not in suspects:
            known = numbers.get(name)
            numbers[name] = known.with_value(value) if known else Usual(value)
    forms = dict(profile.forms)
    for name, some in seen.forms.items():
        forms[name] = tuple(dict.fromkeys((*some, *forms.get(name, ()))))[:_MAX_FORMS]
    return Profile(
        items=min(profile.items + seen.items, 10**9),
        forms=forms,
        shares=shares,
        numbers=numbers,
        suspects=tuple(suspects),
    )


def _with_share(known: Usual | None, good: int, of: int) -> Usual:
    """A share is one poll's if it is of enough items; else it waits for more."""
    good, of = good + (known.good if known else 0), of + (known.of if known else 0)
    if of < _ENOUGH:
        mean, deviation, polls = (known.mean, known.deviation, known.polls) if known else (0.0, 0.0, 0)
        return Usual(mean, deviation, polls, good, of)
    return known.with_value(good / of) if known and known.polls else Usual(good / of)
