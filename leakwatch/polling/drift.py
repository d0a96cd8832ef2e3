"""Layout drift: a poll whose items no longer look as the site's items do, named by field. Pure.

Outcomes for one sign: nothing; *odd*, which must come twice running to count; *drift*, where a field that was usual
is all but gone, or a size has jumped by more than its site's ever do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from leakwatch.polling.profile import FIELD, Look, Profile, Usual, against, learned
from leakwatch.polling.signs import SOUND

_POLLS, _ITEMS = 3, 20
_USUAL, _GONE, _ODD, _ODD_SOUND = 0.3, 0.1, 0.35, 0.15
_UNLIKELY, _DOUBTFUL, _RARE, _FEW_DEVIATIONS = 1e-6, 1e-2, 0.15, 3.0
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
_JUMP_BITS_OF_FIELD = 2.0
_FALLS_ONLY = frozenset({"rows"})
_ALIKE, _SAME, _NAMES_ITS_ITEM = frozenset({"different dates"}), f"different {FIELD}", 0.95
_WHIMS = frozenset({"dates newest first", "dates oldest first", "repeated texts"})
"""What may be another for a while where many items come at once."""
_MANY = 10
"""Items that come together share seconds: dates are drift only where so many items, and all of a poll, have the same."""


class _Weight(Enum):
    """What a sign is worth: nothing yet, if it comes again, or at once.

    Of a field that few items have, FEW are without it by chance as well; they wait, and are counted with those of the
    next poll until they are ENOUGH.
    """

    FEW = 1
    ENOUGH = 2
    ODD = 3
    DRIFT = 4


@dataclass(frozen=True, slots=True)
class _Sign:
    weight: _Weight
    told: str


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
    signs = {
        name: sign
        for name, (good, of) in seen.shares.items()
        if of and (sign := _of_share(name, profile.shares.get(name), good, of, seen.fresh))
    }
    for name, value in seen.numbers.items():
        usual = profile.numbers.get(name)
        if usual is not None and usual.polls >= _POLLS and _has_jumped(name, usual, value):
            told = f"{name}: was about {_size(name, usual.mean)}, now {_size(name, value)}"
            signs[name] = _Sign(_once(name), told)
    drift = [
        one.told
        for name, one in signs.items()
        if one.weight is _Weight.DRIFT or _is_again(name, one, profile)
    ]
    if drift:
        return Judged(tuple(drift), replace(profile, suspects=tuple(signs)))
    waiting = [name for name, one in signs.items() if one.weight in (_Weight.FEW, _Weight.ENOUGH)]
    return Judged((), learned(profile, seen, tuple(signs), waiting))


def _is_again(name: str, sign: _Sign, profile: Profile) -> bool:
    return sign.weight is not _Weight.FEW and name in profile.suspects


def _once(name: str) -> _Weight:
    """How much a sign weighs that is sure by its numbers: one of a field that was not read may be a whim of the site."""
    return _Weight.ODD if FIELD in name or name in _WHIMS else _Weight.DRIFT


def _of_share(name: str, usual: Usual | None, good: int, of: int, fresh: float) -> _Sign | None:
    if usual is None or usual.polls < _POLLS:
        return None
    if name in _ALIKE and (good > 1 or of < _MANY):
        return None
    if name.startswith(_SAME) and (good > 1 or of < _MANY or usual.mean < _NAMES_ITS_ITEM):
        return None
    good, of = good + round(usual.good * fresh), of + round(usual.of * fresh)
    share, fall = good / of, usual.mean - good / of
    if fall <= 0:
        return None
    chance = _chance(good, of, min(usual.mean, _STEADY))
    deviation = max(usual.deviation, _LEAST_DEVIATION)
    is_gone, is_unlikely = share <= _GONE * usual.mean, chance <= _UNLIKELY
    told = f"{name}: was {_percent(usual.mean)}, now {_percent(share)}"
    if is_unlikely and is_gone and usual.mean >= _USUAL and fall >= _GONE_DEVIATIONS * deviation:
        return _Sign(_once(name), told)
    if is_unlikely and fall >= max(_ODD_SOUND if name.endswith(SOUND) else _ODD, _ODD_DEVIATIONS * deviation):
        return _Sign(_Weight.ODD, told)
    if is_gone and usual.mean >= _RARE and chance <= _DOUBTFUL and fall >= _FEW_DEVIATIONS * deviation:
        return _Sign(_Weight.ENOUGH if is_unlikely else _Weight.FEW, told)
    return None


def _has_jumped(name: str, usual: Usual, value: float) -> bool:
    jump = usual.mean - value if name in _FALLS_ONLY else abs(usual.mean - value)
    scatter = _GONE_DEVIATIONS if name == "rows" and value <= 0 else _JUMP_DEVIATIONS
    return jump >= max(_JUMP_BITS.get(name, _JUMP_BITS_OF_FIELD), scatter * usual.deviation)


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
