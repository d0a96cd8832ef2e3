"""What a site's pages look like: shares of items that have a field, and the usual size of what is in it. Pure.

Each share is one of good items, so that only a fall is a sign. A number is the logarithm of a size, so that a change
of units is a jump. Both are remembered as a running mean and its usual deviation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import fmean

from leakwatch.extract.shapes import SHAPES, shape
from leakwatch.model.observation import Observation
from leakwatch.polling.signs import (
    FIELDS,
    FORMS,
    KEYS,
    KNOWN_AFTER,
    NUMBERS,
    ONCE,
    SHAPED,
    Test,
)
from leakwatch.sources._asked import FIELD_SHAPES, Field, Fields

FIELD = "field "
"""How the signs of an answer's own fields are named; before it stands which sign it is."""
_ALPHA = 0.1
_ENOUGH, _SOME = 8, 5
_MAX_FORMS, _MAX_SIGNS = 200, 1000
_REPEATED = 0.7
"""Where fewer of a site's titles are different, one title is one sign: the posts of a thread have one title."""


_NO_FIELDS: Fields = {}


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
    """What one poll's items look like: good items of how many, logarithms (base 2) of sizes, forms of addresses.

    `once` are shares of a field with every value counted once. `fresh` is the part of them that is new: what waits to
    be counted with them may be the same items else.
    """

    items: int
    shares: Mapping[str, tuple[int, int]]
    numbers: Mapping[str, float]
    forms: Mapping[str, tuple[str, ...]]
    once: Mapping[str, Mapping[str, tuple[int, int]]]
    fresh: float = 1.0


def look(
    items: Sequence[Observation], rows: int | None, fields: Fields = _NO_FIELDS, fresh: float = 1.0
) -> Look:
    """What items look like, and the fields that they were read from.

    `rows`: how many there are, for a kind whose pages always show about as many. `fresh`: what part of the items the
    last poll did not show.
    """
    shares = _tested(items, FIELDS) | _shaped(items, SHAPED)
    for name, key in KEYS.items():
        keys = [one for one in map(key, items) if one is not None]
        shares[f"different {name}"] = (len(set(keys)), len(keys))
        if name == "texts":  # a category, say: dates and authors repeat in one hour and not in the next
            shares[f"repeated {name}"] = (len(keys) - len(set(keys)), len(keys))
    shares |= _order(items)
    numbers: dict[str, float] = {}
    for name, value in NUMBERS.items():
        values = [one for one in map(value, items) if one is not None]
        if len(values) >= _ENOUGH:
            numbers[name] = fmean(map(math.log2, values))
    for name, of in fields.items():
        shares |= _of_field(name, of)
        if of.plain >= _SOME:
            numbers[f"size of {FIELD}{name}"] = of.bits / of.plain
    if rows is not None:
        numbers["rows"] = math.log2(1 + rows)
    forms = {name: tuple(one for one in map(form, items) if one) for name, form in FORMS.items()}
    once = {name: _once(items, name) for name in ONCE}
    return Look(len(items), shares, numbers, forms, once, fresh)


def _of_field(name: str, of: Field) -> dict[str, tuple[int, int]]:
    """Whether a field is there, of what shape it is, and, where it has values, how many are different."""
    told = {f"{FIELD}{name}": (of.there, of.of), f"different {FIELD}{name}": (of.different, of.plain)}
    return told | {f"{FIELD}{name} as {one}": (of.shapes.get(one, 0), of.there) for one in FIELD_SHAPES}


def _tested(items: Sequence[Observation], tests: Mapping[str, Test]) -> dict[str, tuple[int, int]]:
    told = {name: [good for good in map(test, items) if good is not None] for name, test in tests.items()}
    return {name: (sum(some), len(some)) for name, some in told.items()}


def _shaped(
    items: Sequence[Observation], keys: Mapping[str, Callable[[Observation], str | None]]
) -> dict[str, tuple[int, int]]:
    shapes = {name: [shape(one) for one in map(key, items) if one] for name, key in keys.items()}
    return {
        f"{name} as {one}": (some.count(one), len(some)) for name, some in shapes.items() for one in SHAPES
    }


def _once(items: Sequence[Observation], field: str) -> dict[str, tuple[int, int]]:
    """What a field looks like, every value of it counted once."""
    some = list({ONCE[field](one): one for one in items}.values())
    tests = {name: test for name, test in FIELDS.items() if name.startswith((f"{field} ", f"{field}s "))}
    return _tested(some, tests) | _shaped(some, {field: SHAPED[field]})


def _order(items: Sequence[Observation]) -> dict[str, tuple[int, int]]:
    """How many dates follow a later one, and how many an earlier one: a date of another kind has another order."""
    dates = [one.published_at for one in items if one.published_at is not None]
    falls = [after < before for before, after in pairwise(dates) if before != after]
    count = len(falls)
    return {"dates newest first": (sum(falls), count), "dates oldest first": (count - sum(falls), count)}


def against(profile: Profile, seen: Look) -> Look:
    """What items look like beside a profile: how many of their addresses have a form that is known; titles that repeat."""
    shares, numbers = dict(seen.shares), dict(seen.numbers)
    for name, once in seen.once.items():
        usual = profile.shares.get(f"different {name}s")
        if usual is not None and usual.mean < _REPEATED:
            shares |= {sign: (good, of) if of >= _ENOUGH else (0, 0) for sign, (good, of) in once.items()}
            numbers.pop(f"{name} length", None)
    for name, shown in seen.forms.items():
        known = profile.forms.get(name, ())
        if known and profile.items >= KNOWN_AFTER.get(name, 0):
            forms = tuple(dict.fromkeys(shown)) if name in KNOWN_AFTER else shown  # one may fill a page
            shares[name] = (sum(form in known for form in forms), len(forms))
    return replace(seen, shares=shares, numbers=numbers)


def learned(profile: Profile, seen: Look, suspects: Sequence[str], waiting: Sequence[str] = ()) -> Profile:
    """The profile with one more poll; what looks odd in it is not learned, but what of it is `waiting` is counted."""
    shares, numbers = dict(profile.shares), dict(profile.numbers)
    for name, (good, of) in seen.shares.items():
        if name in waiting:
            known = shares[name]
            shares[name] = replace(known, good=known.good + good, of=known.of + of)
        elif of and (name in shares or (good and len(shares) < _MAX_SIGNS)) and name not in suspects:
            shares[name] = _with_share(shares.get(name), good, of)
    for name, value in seen.numbers.items():
        if name not in suspects and (name in numbers or len(numbers) < _MAX_SIGNS):
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
