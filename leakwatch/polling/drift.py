"""Layout drift: a poll whose items no longer look as the site's items do, named by field. Pure.

Outcomes for one sign: nothing; *odd*, which must come twice running to count; *drift*, where a field that was usual
is all but gone, or a size has jumped by more than its site's ever do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from leakwatch.polling.profile import Look, Profile, Usual, against, learned
from leakwatch.polling.signs import BROKEN

_POLLS, _ITEMS = 3, 20
_USUAL, _GONE, _ODD, _ODD_BROKEN = 0.3, 0.1, 0.35, 0.15
_UNLIKELY = 1e-6
_STEADY = 0.98
_LEAST_DEVIATION = 0.03
_GONE_DEVIATIONS, _ODD_DEVIATIONS, _JUMP_DEVIATIONS = 5.0, 7.0, 10.0
_JUMP_BITS: Mapping[str, float] = {
    "size": 6.0,
    "file size": 6.0,
    "title length": 2.0,
    "text length": 4.0,
    "seeders": 6.0,
    "rows": 2.3,
}
_FALLS_ONLY = frozenset({"rows"})
_ALIKE = frozenset({"different dates"})
_MANY = 10
"""Items that come together share seconds: dates are drift only where so many items, and all of a poll, have the same."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one poll's items say: the drift in words, each with its field, and the profile to remember."""

    drift: tuple[str, ...]
    profile: Profile


def judge(profile: Profile, seen: Look) -> Judged:
    """Compare a poll's items with what is usual. A poll with drift is not learned from: it stays drift until it ends."""
    seen = against(profile, seen)
    if profile.items < _ITEMS:
        return Judged((), learned(profile, seen, ()))
    drift: dict[str, str] = {}
    odd: dict[str, str] = {}
    for name, (good, of) in seen.shares.items():
        usual = profile.shares.get(name)
        if usual is None or usual.polls < _POLLS or not of:
            continue
        _judge_share(name, usual, good, of, drift, odd)
    for name, value in seen.numbers.items():
        usual = profile.numbers.get(name)
        if usual is not None and usual.polls >= _POLLS and _has_jumped(name, usual, value):
            drift[name] = f"{name}: was about {_size(name, usual.mean)}, now {_size(name, value)}"
    drift |= {name: told for name, told in odd.items() if name in profile.suspects}
    if drift:
        return Judged(tuple(drift.values()), replace(profile, suspects=tuple({*drift, *odd})))
    return Judged((), learned(profile, seen, tuple(odd)))


def _judge_share(
    name: str, usual: Usual, good: int, of: int, drift: dict[str, str], odd: dict[str, str]
) -> None:
    if name in _ALIKE and (good > 1 or of < _MANY):
        return
    good, of = good + usual.good, of + usual.of
    share, fall = good / of, usual.mean - good / of
    if fall <= 0 or _chance(good, of, min(usual.mean, _STEADY)) > _UNLIKELY:
        return
    told = f"{name}: was {_percent(usual.mean)}, now {_percent(share)}"
    deviation = max(usual.deviation, _LEAST_DEVIATION)
    if usual.mean >= _USUAL and share <= _GONE * usual.mean and fall >= _GONE_DEVIATIONS * deviation:
        drift[name] = told
    elif fall >= max(_ODD_BROKEN if name.endswith(BROKEN) else _ODD, _ODD_DEVIATIONS * deviation):
        odd[name] = told


def _has_jumped(name: str, usual: Usual, value: float) -> bool:
    jump = usual.mean - value if name in _FALLS_ONLY else abs(usual.mean - value)
    scatter = _GONE_DEVIATIONS if name == "rows" and value <= 0 else _JUMP_DEVIATIONS
    return jump >= max(_JUMP_BITS[name], scatter * usual.deviation)


def _chance(good: int, of: int, share: float) -> float:
    """How likely so few good items are, if the share is what it was: the lower tail of the binomial."""
    if not 0.0 < share < 1.0:
        return 1.0 if share <= 0.0 else 0.0
    total = 0.0
    for k in range(good + 1):
        ways = math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
        total += math.exp(ways + k * math.log(share) + (of - k) * math.log1p(-share))
    return total


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _size(name: str, value: float) -> str:
    number = 2**value - (1 if name in ("rows", "seeders") else 0)
    if not name.endswith("size"):
        return f"{number:.3g}"
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.3g} {unit}"
        number /= 1024
    return f"{number:.3g} TiB"
