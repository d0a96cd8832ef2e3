"""Is what the daemon wrote down true? Coverage windows, observations and pace against the fleet's own log. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Row = Mapping[str, Any]

_NUMBER: Mapping[str, tuple[str, int]] = {
    "feed": (r"s\d+-i(\d+)\Z", 0),
    "torznab": (r"s\d+-i(\d+)\Z", 0),
    "huggingface": (r"org/s\d+-i(\d+)\Z", 0),
    "imageboard": (r"s\d+/(\d+)\Z", 1),
    "mastodon": (r"http://[\d.]+/s\d+/statuses/(\d+)\Z", 1),
    "lemmy": (r"http://[\d.]+/s\d+/post/(\d+)\Z", 1),
    "github": (r"org/s\d+/issues/(\d+)\Z", 1),
    "page": (r"http://[\d.:]+/s\d+/item/(\d+)\Z", 0),
    "cardigann": (r"http://[\d.:]+/s\d+/item/(\d+)\Z", 0),
    "reddit": (r"t3_s\d+i(\d+)\Z", 0),
}
_WINDOWED = frozenset({"feed", "torznab", "lemmy", "page", "reddit", "cardigann"})
_COVERS = frozenset({"ok", "unchanged", "empty"})
_FAILS: Mapping[str, tuple[str, frozenset[str]]] = {
    "500": ("error", frozenset({"server"})),
    "reset": ("error", frozenset({"connection"})),
    "truncated": ("error", frozenset({"connection", "body"})),
    "429": ("refused", frozenset({"rate_limited"})),
    "bomb": ("error", frozenset({"body"})),
    "endless": ("error", frozenset({"body", "timeout"})),
    "nested": ("drift", frozenset({"drift"})),
}
_WHOLE_S = 1.0
TOLERANCE_S = 0.01
"""By so much two requests may come too close: the jitter of the machine."""


@dataclass(slots=True)
class Coverage:
    """What was held against the log: so many of so many are right, and each difference in words."""

    windows: int = 0
    true: int = 0
    verdicts: Counter[str] = field(default_factory=Counter[str])
    gaps_missed: int = 0
    gaps_told: int = 0
    gaps_right: int = 0
    sites: int = 0
    sites_right: int = 0
    items: int = 0
    drifted: int = 0
    drift_found: int = 0
    unasked: int = 0
    false_drift: Counter[str] = field(default_factory=Counter[str])
    differences: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class _Known:
    """What is known of a site as its windows go by: what was read, and what was never shown."""

    read: set[int] = field(default_factory=set[int])
    missed: set[int] = field(default_factory=set[int])
    gaps: list[tuple[Row, set[int]]] = field(default_factory=list[tuple[Row, set[int]]])
    drifts: int = 0

    def newly_missed(self, visible: int) -> set[int]:
        """Items that are there and were not shown, beyond those that are known to be missed."""
        first = min(self.read, default=visible)
        return set(range(first, visible)) - self.read - self.missed


def number_of(kind: str, native_id: str | None) -> int | None:
    """The number that the fleet gave an item; None for what is no item of it."""
    pattern, base = _NUMBER[kind]
    found = re.match(pattern, native_id or "")
    return int(found[1]) - base if found else None


def judge(
    sites: Mapping[str, Row], log: Sequence[Row], windows: Sequence[Row], seen: Mapping[str, set[int]]
) -> Coverage:
    """Hold every window, and what is stored of every site, against the log."""
    told, asked, polls = Coverage(), defaultdict[str, list[Row]](list), defaultdict[str, list[Row]](list)
    for row in log:
        if row["path"] and row["site"] in sites:
            asked[row["site"]].append(row)
    for window in windows:
        polls[window["site"]].append(window)
    for name, site in sites.items():
        _judge_site(site, sorted(asked[name], key=_at), polls[name], seen.get(name, set()), told)
    return told


def _at(row: Row) -> float:
    return row["at"]


def _judge_site(site: Row, log: list[Row], polls: Sequence[Row], seen: set[int], told: Coverage) -> None:
    known = _Known()
    for window in sorted(polls, key=lambda one: one["started_at"]):
        mine = [one for one in log if window["started_at"] <= one["at"] <= window["ended_at"]]
        told.windows += 1
        told.verdicts[window["verdict"]] += 1
        if not mine:
            told.unasked += 1
        wrong = _judge_window(site, window, _without_repeats(mine), known, told) if mine else ["no request"]
        told.true += not wrong
        what = f"{site['name']} ({site['kind']}{', ' + site['does'] if site['does'] else ''})"
        told.differences += [
            f"{what} {window['started_at']:.2f}: {one} [{window['detail']}]" for one in wrong
        ]
    _judge_repairs(site, known, told)
    told.drifted += known.drifts > 1 and site["does"] == "drift"
    served = {k for one in log for k in one.get("items", ())}
    lost, invented = known.read - seen, seen - served
    told.sites += 1
    told.sites_right += not lost and not invented
    told.items += len(seen)
    if lost or invented:
        told.differences.append(
            f"{site['name']}: {len(lost)} items read and not stored, {len(invented)} never shown"
        )


def _without_repeats(rows: list[Row]) -> list[Row]:
    """Answers of a poll; one that broke and was asked for again at once is the second one's."""
    return [
        one
        for one, following in zip(rows, [*rows[1:], None], strict=True)
        if not (one["does"] == "reset" and following and following["path"] == one["path"])
    ]


def _judge_window(site: Row, window: Row, rows: list[Row], known: _Known, told: Coverage) -> list[str]:
    """What is wrong with one window; `known` moves on."""
    good = [one for one in rows if one["does"] in ("", "slow")]
    if any(one.get("drifted") for one in good):
        return _judge_drift(window, good, known, told)
    fails = [_FAILS[one["does"]] for one in rows if one["does"] in _FAILS and one.get("step") != "back"]
    items = [k for one in good for k in one.get("items", ())]
    if site["kind"] == "huggingface":  # a listing tells of models only what has changed
        items = [k for k in items if k not in known.read]
    before = set(known.read)
    fresh = set(items) - before
    known.read |= set(items)
    listing = next((one for one in good if one["step"] in ("list", "catalog")), None)
    missed = set[int]() if fails or listing is None else known.newly_missed(listing["visible"])
    known.missed |= missed
    # a page that begins just where the one before ended: nothing is missed, and nobody can know it
    is_edge = bool(items and before) and not before & set(items) and not missed
    wrong = (
        []
        if is_edge and window["verdict"] == "gap"
        else _wrong_verdict(site, window, fails, good, items, missed)
    )
    if window["verdict"] == "drift" and not any(verdict == "drift" for verdict, _ in fails):
        told.false_drift[site["name"]] += 1
    if window["verdict"] == "gap":
        known.gaps.append((window, missed))
        told.gaps_told += 1
    told.gaps_missed += bool(missed)
    told.gaps_right += bool(missed) and window["verdict"] == "gap"
    for name, is_count in (("items", len(items)), ("new_items", len(fresh))):
        if window[name] != is_count:
            wrong.append(f"{name} {window[name]}, by the log {is_count}")
    ends = [(items[0], "first_item"), (items[-1], "last_item")] if items else []
    for expected, name in ends:
        if number_of(site["kind"], window[name]) != expected:
            wrong.append(f"{name} {window[name]}, by the log number {expected}")
    return wrong + _wrong_hole(site, window, missed)


def _wrong_verdict(
    site: Row,
    window: Row,
    fails: Sequence[tuple[str, frozenset[str]]],
    good: Sequence[Row],
    items: Sequence[int],
    missed: set[int],
) -> list[str]:
    verdicts = [verdict for verdict, _ in fails]
    if fails:
        expected = next((one for one in verdicts if one != "error"), "error")
    elif missed:
        expected = "gap"
    elif good and all(one["status"] == 304 for one in good):
        expected = "unchanged"
    else:
        expected = "ok" if items or site["kind"] not in _WINDOWED else "empty"
    if window["verdict"] != expected:
        return [f"verdict {window['verdict']}, by the log {expected} ({len(missed)} missed)"]
    if fails and not any(window["failure"] in names for _, names in fails):
        return [f"failure {window['failure']}, by the log {[sorted(names) for _, names in fails]}"]
    return []


def _judge_drift(window: Row, good: list[Row], known: _Known, told: Coverage) -> list[str]:
    """A page that has changed must be told in the second poll of it at the latest; what it stores is not judged."""
    known.drifts += 1
    if window["verdict"] == "drift" and known.drifts <= 2:
        told.drift_found += 1
        known.drifts = max(known.drifts, 2)
    known.read.clear()
    is_late = window["verdict"] not in ("drift", "unchanged", "refused", "error") and known.drifts > 2
    return [f"drift told as {window['verdict']}: {len(good)} pages"] if is_late else []


def _wrong_hole(site: Row, window: Row, missed: set[int]) -> list[str]:
    if window["verdict"] != "gap" or not missed:
        return []
    dates = site["dates"]
    begins, ends = dates[min(missed)], dates[max(missed)]
    holds = window["hole_from"] <= begins + _WHOLE_S and ends - _WHOLE_S <= window["hole_to"]
    return [] if holds else ["the hole does not hold what was missed"]


def _judge_repairs(site: Row, known: _Known, told: Coverage) -> None:
    for window, missed in known.gaps:
        is_repaired = missed <= known.read
        if missed and site["does"] != "drift" and bool(window["repaired_at"]) != is_repaired:
            told.differences.append(
                f"{site['name']}: gap repaired: {bool(window['repaired_at'])}, by the log {is_repaired}"
            )


@dataclass(frozen=True, slots=True)
class Pace:
    """How close two requests to one host came.

    `early` are pairs closer than the pace by more than the fleet was late with its note of the first, `excused` those
    that are closer only by its note; `after_reset` are those of `early` that repeat a request whose connection was reset; `least_else_s` is without such repeats. `too_soon`: sites asked before their Retry-After was
    over, `neighbours`: other sites of their host asked meanwhile.
    """

    least_s: float
    pairs: int
    early: int
    excused: int
    after_reset: int
    least_else_s: float
    limited: int
    too_soon: int
    neighbours: int


def _meanwhile(limited: Row, rows: Sequence[Row], retry_after_s: float) -> int:
    ends = limited.get("ended", limited["at"]) + retry_after_s
    return sum(limited["at"] < row["at"] < ends and row["site"] != limited["site"] for row in rows)


def pace_of(log: Sequence[Row], pace_s: float, tolerance_s: float, retry_after_s: float) -> Pace:
    """The pace by the fleet's clock; what is early by less than the tolerance is jitter of the machine."""
    hosts, sites = defaultdict[str, list[Row]](list), defaultdict[str, list[Row]](list)
    for row in sorted(log, key=_at):
        hosts[row["host"]].append(row)
        sites[row["site"]].append(row)
    pairs = [pair for rows in hosts.values() for pair in pairwise(rows)]
    again = [
        (a, b) for a, b in pairs if a["does"] == "reset" and b["site"] == a["site"] and b["path"] == a["path"]
    ]
    repeated = {id(b) for _, b in again}
    others = [b["at"] - a["at"] for a, b in pairs if id(b) not in repeated]
    close = [(a, b) for a, b in pairs if b["at"] - a["at"] < pace_s - tolerance_s]
    early = [(a, b) for a, b in close if b["at"] - a["at"] + a.get("late", 0.0) < pace_s - tolerance_s]
    limited = [(a, b) for rows in sites.values() for a, b in pairwise(rows) if a["does"] == "429"]
    return Pace(
        least_s=min((b["at"] - a["at"] for a, b in pairs), default=0.0),
        pairs=len(pairs),
        early=len(early),
        excused=len(close) - len(early),
        after_reset=sum(id(b) in repeated for _, b in early),
        least_else_s=min(others, default=0.0),
        limited=len(limited),
        neighbours=sum(
            _meanwhile(row, hosts[row["host"]], retry_after_s) for row in log if row["does"] == "429"
        ),
        too_soon=sum(b["at"] - a.get("ended", a["at"]) < retry_after_s for a, b in limited),
    )
