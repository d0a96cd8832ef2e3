"""What a site's items say of it: how complete they are, how fast they come, what to be wary of. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from leakwatch.extract.hosts import Hosts
from leakwatch.extract.links import locate
from leakwatch.model.observation import LocatorKind, Observation

FIELDS: tuple[str, ...] = ("title", "date", "size", "infohash", "magnet", "torrent", "author")
_STEPS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600)
_EPOCH_YEAR = 1971
_FEW = 3
_ASLEEP = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the items of a probe show.

    `span` is from the oldest item to the newest; `per_hour` None where that cannot be said. `every_s` is the interval
    that misses nothing at the fastest half of what was shown; `is_window` tells whether anything can be missed.
    """

    items: int
    newest: datetime | None
    oldest: datetime | None
    span: timedelta | None
    per_hour: float | None
    every_s: int
    is_window: bool
    shares: dict[str, float]
    warnings: tuple[str, ...]


def judge(
    seen: Sequence[Observation], hosts: Hosts, *, is_window: bool, first_page: int, incomplete: str
) -> Shown:
    """Judge items. Only times that can be true count; the rest become a warning."""
    dates = [one.published_at for one in seen if one.published_at]
    true = sorted(one for one, item in _dated(seen) if _is_likely(one, item.fetched_at))
    shares = _shares(seen, hosts)
    span = true[-1] - true[0] if len(true) >= _FEW else None
    per_hour = (len(true) - 1) / (span.total_seconds() / 3600) if span else None
    return Shown(
        items=len(seen),
        newest=true[-1] if true else None,
        oldest=true[0] if true else None,
        span=span,
        per_hour=per_hour,
        every_s=_every(true, per_hour, is_window=is_window),
        is_window=is_window,
        shares=shares,
        warnings=tuple(
            _warnings(
                seen,
                shares,
                true[-1] if true else None,
                len(dates) - len(true),
                first_page if is_window else 0,
                incomplete,
            )
        ),
    )


def _dated(seen: Sequence[Observation]) -> list[tuple[datetime, Observation]]:
    return [(one.published_at, one) for one in seen if one.published_at]


def _is_likely(at: datetime, fetched_at: datetime) -> bool:
    return at.year >= _EPOCH_YEAR and at <= fetched_at + timedelta(days=1)


def _shares(seen: Sequence[Observation], hosts: Hosts) -> dict[str, float]:
    """The share of items that have each field; a magnet in a text counts as one."""
    counts: dict[str, int] = dict.fromkeys(FIELDS, 0)
    for one in seen:
        located = locate(one, hosts).locators
        kinds = {found.kind for found in located}
        has = {
            "title": bool(one.title),
            "date": one.published_at is not None,
            "size": one.size_bytes is not None or any(file.size_bytes for file in one.files),
            "infohash": bool(
                one.infohash_v1 or one.infohash_v2 or any(found.infohashes for found in located)
            ),
            "magnet": bool(one.magnet) or LocatorKind.MAGNET in kinds,
            "torrent": bool(one.torrent_url) or LocatorKind.TORRENT_URL in kinds,
            "author": bool(one.author),
        }
        for name, is_there in has.items():
            counts[name] += is_there
    return {name: count / len(seen) if seen else 0.0 for name, count in counts.items()}


def _every(dates: Sequence[datetime], per_hour: float | None, *, is_window: bool) -> int:
    """An interval of the usual steps: of a window half the shortest time in which half of it came, else half of a mean gap."""
    if per_hour is None:
        return 600
    half = len(dates) // 2
    if is_window:
        fastest = min(
            (late - early).total_seconds() for early, late in zip(dates, dates[half:], strict=False)
        )
        wanted = fastest / 2
    else:
        gaps = [(late - early).total_seconds() for early, late in pairwise(dates)]
        wanted = sum(gaps) / len(gaps) / 2
    return max((step for step in _STEPS_S if step <= wanted), default=_STEPS_S[0])


def _warnings(
    seen: Sequence[Observation],
    shares: dict[str, float],
    newest: datetime | None,
    odd: int,
    first_page: int,
    incomplete: str,
) -> list[str]:
    found: list[str] = []
    if newest and max(one.fetched_at for one in seen) - newest > _ASLEEP:
        found.append("nothing was posted for more than a month: it may have been given up")
    if not seen:
        return ["it shows no items now; that may be honest, look again later"]
    if shares["date"] == 0:
        found.append("no dates: when something was posted is only known from when it was seen")
    if odd:
        found.append(f"{odd} of the dates cannot be true (before 1971, or in the future)")
    sizes = [one for one in seen if one.size_bytes is not None]
    if sizes and not any(one.size_is_exact for one in sizes):
        found.append("sizes are rounded: they are compared as near, and corroborate nothing")
    if not max(shares[name] for name in ("infohash", "magnet", "torrent")):
        found.append("no item here says where content can be had: matches will rest on names and sizes")
    if len({one.native_id for one in seen}) < len(seen):
        found.append("some items have the same id, and are taken for one")
    if len({one.title for one in seen}) * 2 < len(seen):
        found.append("most titles are the same")
    if 0 < first_page < 5:
        found.append("very few items are shown at a time: what comes between two polls is missed")
    if incomplete:
        found.append(incomplete)
    return found
