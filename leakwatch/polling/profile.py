"""What a site's pages look like: shares of items that have a field, and the usual size of what is in it. Pure.

Each share is one of good items, so that only a fall is a sign. A number is the logarithm of a size, so that a change
of units is a jump. Both are remembered as a running mean and its usual deviation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from statistics import median

from leakwatch.model.observation import Observation

_ALPHA = 0.1
_ENOUGH = 8
_RECENT, _AHEAD, _FIRST_YEAR = timedelta(days=45), timedelta(days=1), 1995
_LONG_TEXT = 40
_FORM, _MAX_FORMS = 24, 40
_NUMBER = re.compile(r"[0-9A-Fa-f]{16,}|[0-9]+")
_WORD = re.compile(r"[^\W\d_]{3}")
_MEASURE = re.compile(
    r"[\d.,:/\s-]*\s*(?:[kmgt]?i?b|bytes|(?:minutes?|hours?|days?|weeks?|months?|years?) ago)?", re.IGNORECASE
)
_BROKEN = re.compile(
    r"[\ufffd\x80-\x9f]|Ã[\x80-\xbf¡-¿]|[ÐÑ][\x80-\xbf¡-¿°±]|â€|</?[a-z]{1,10}[ >]|&(?:amp|lt|gt|quot|#\d+);"
)


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

    `forms` are the beginnings that ids and addresses have had: a field read from elsewhere has another.
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


_BROKEN_TEXT = re.compile(r"[\ufffd\x80-\x9f]|Ã[\x80-\xbf¡-¿]|[ÐÑ][\x80-\xbf¡-¿°±]|â€")

_Test = Callable[[Observation], bool | None]
"""Whether an item is good; None where the question does not arise."""


def _is_words(title: str) -> bool:
    return bool(_WORD.search(title)) and not _MEASURE.fullmatch(title.strip())


def _is_true(one: Observation) -> bool | None:
    if one.published_at is None:
        return None
    return one.published_at.year >= _FIRST_YEAR and one.published_at <= one.fetched_at + _AHEAD


def _is_recent(one: Observation) -> bool | None:
    if one.published_at is None:
        return None
    return abs(one.fetched_at - one.published_at) <= _RECENT


def _has_more(one: Observation) -> bool | None:
    if one.seeders is None or one.leechers is None or one.seeders == one.leechers:
        return None
    return one.seeders > one.leechers


_FIELDS: Mapping[str, _Test] = {
    "title": lambda one: bool(one.title.strip()),
    "url": lambda one: bool(one.url),
    "published_at": lambda one: one.published_at is not None,
    "author": lambda one: bool(one.author),
    "text": lambda one: bool(one.text),
    "size": lambda one: bool(one.size_bytes),
    "torrent_url": lambda one: bool(one.torrent_url),
    "magnet": lambda one: bool(one.magnet),
    "infohash": lambda one: bool(one.infohash_v1 or one.infohash_v2),
    "seeders": lambda one: one.seeders is not None,
    "leechers": lambda one: one.leechers is not None,
    "files": lambda one: bool(one.files),
    "titles that are no urls": lambda one: "://" not in one.title if one.title.strip() else None,
    "title in words": lambda one: _is_words(one.title) if one.title.strip() else None,
    "title without broken characters": lambda one: (
        not _BROKEN.search(one.title) if one.title.strip() else None
    ),
    "text without broken characters": lambda one: (
        not _BROKEN_TEXT.search(one.text[:2000]) if one.text else None
    ),
    "text of a sentence or more": lambda one: len(one.text) >= _LONG_TEXT if one.text else None,
    "ids that are urls": lambda one: "://" in one.native_id,
    "ids that are no urls": lambda one: "://" not in one.native_id,
    "ids of digits": lambda one: one.native_id.isdigit(),
    "url with a host": lambda one: "://" in one.url if one.url else None,
    "published_at that can be true": _is_true,
    "published_at of the last weeks": _is_recent,
    "more seeders than leechers": _has_more,
}
_KEYS: Mapping[str, Callable[[Observation], object]] = {
    "different titles": lambda one: one.title or None,
    "different urls": lambda one: one.url,
    "different dates": lambda one: one.published_at,
    "different ids": lambda one: one.native_id,
    "different authors": lambda one: one.author,
}
_FORMS: Mapping[str, Callable[[Observation], str | None]] = {
    "ids of a known form": lambda one: one.native_id,
    "urls of a known form": lambda one: one.url,
    "torrent_urls of a known form": lambda one: one.torrent_url,
}
_NUMBERS: Mapping[str, Callable[[Observation], float | None]] = {
    "size": lambda one: one.size_bytes or None,
    "title length": lambda one: len(one.title) or None,
    "text length": lambda one: len(one.text) if one.text else None,
    "seeders": lambda one: 1 + one.seeders if one.seeders is not None else None,
}


def look(items: Sequence[Observation], rows: int | None) -> Look:
    """What items look like. `rows`: how many there are, for a kind whose pages always show about as many."""
    shares: dict[str, tuple[int, int]] = {}
    for name, test in _FIELDS.items():
        told = [good for good in map(test, items) if good is not None]
        shares[name] = (sum(told), len(told))
    for name, key in _KEYS.items():
        keys = [one for one in map(key, items) if one is not None]
        shares[name] = (len(set(keys)), len(keys))
    numbers: dict[str, float] = {}
    for name, value in _NUMBERS.items():
        values = [one for one in map(value, items) if one is not None]
        if len(values) >= _ENOUGH:
            numbers[name] = math.log2(median(values))
    if rows is not None:
        numbers["rows"] = math.log2(1 + rows)
    forms = {name: tuple(_form(one) for one in map(key, items) if one) for name, key in _FORMS.items()}
    return Look(len(items), shares, numbers, forms)


def against(profile: Profile, seen: Look) -> Look:
    """What items look like beside a profile: how many of their addresses have a form that is known."""
    shares = dict(seen.shares)
    for name, forms in seen.forms.items():
        known = profile.forms.get(name, ())
        if known:
            shares[name] = (sum(form in known for form in forms), len(forms))
    return replace(seen, shares=shares)


def learned(profile: Profile, seen: Look, suspects: Sequence[str]) -> Profile:
    """The profile with one more poll; what looks odd in it is not learned."""
    shares, numbers = dict(profile.shares), dict(profile.numbers)
    for name, (good, of) in seen.shares.items():
        if of and name not in suspects:
            shares[name] = _with_share(shares.get(name), good, of)
    for name, value in seen.numbers.items():
        if name not in suspects:
            known = numbers.get(name)
            numbers[name] = known.with_value(value) if known else Usual(value)
    forms = dict(profile.forms)
    for name, some in seen.forms.items():
        forms[name] = tuple(dict.fromkeys((*forms.get(name, ()), *some)))[:_MAX_FORMS]
    return Profile(
        items=min(profile.items + seen.items, 10**9),
        forms=forms,
        shares=shares,
        numbers=numbers,
        suspects=tuple(suspects),
    )


def _form(told: str) -> str:
    """How an id or address begins, whatever its numbers and digests are; of one that is no address, what it is made of."""
    if "://" in told or told.startswith("magnet:"):
        return _NUMBER.sub("0", told.partition("://")[2] or "magnet")[:_FORM]
    return "".join(sorted({"0" if one.isdigit() else "a" if one.isalpha() else one for one in told[:200]}))[
        :_FORM
    ]


def _with_share(known: Usual | None, good: int, of: int) -> Usual:
    """A share is one poll's if it is of enough items; else it waits for more."""
    good, of = good + (known.good if known else 0), of + (known.of if known else 0)
    if of < _ENOUGH:
        mean, deviation, polls = (known.mean, known.deviation, known.polls) if known else (0.0, 0.0, 0)
        return Usual(mean, deviation, polls, good, of)
    return known.with_value(good / of) if known and known.polls else Usual(good / of)
