"""How often the matcher is right on names that it was not fitted to, and how often it raises what is nobody's.

    LEAKWATCH_SHARED_DATA=../shared/data python benchmarks/matching_quality.py [--fitting] [--limit ROWS]

Prints recall, precision and reliability on the labelled names of odd SHA-256 against 50,000 works and the expected titles, by kind and
script; then review items per million on the odd background rows that name no work of the catalogue, at 1,000 and 50,000 works.
`--fitting` does the same with the even rows, which the weights were fitted to.
"""

from __future__ import annotations

import argparse
import math
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from matching_data import Namers, background, catalogue_with_titles, is_even, letters, names_of, titles, works

from leakwatch.matching.engine import match_all
from leakwatch.matching.index import Index, build_index
from leakwatch.model.finding import Match
from leakwatch.model.observation import Observation
from leakwatch.service import load_weights

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_CHUNK = 4096
_BINS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97, 0.99, 1.01)
_BUDGET_RECALL, _BUDGET_PRECISION, _BUDGET_PER_MILLION = 0.98, 0.99, 200


def wilson(good: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if not total:
        return 0.0, 1.0
    z, share = 1.96, good / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return middle - half, middle + half


def matched(names: Sequence[str], index: Index) -> list[tuple[Match, ...]]:
    """Matches of names, as the command makes them."""
    weights, out = load_weights(), []
    for start in range(0, len(names), _CHUNK):
        seen = [
            (Observation(site="x", native_id="", title=name, fetched_at=_AT), ())
            for name in names[start : start + _CHUNK]
        ]
        out += match_all(seen, index, weights)
    return out


def share(good: int, total: int) -> str:
    """A share with its interval."""
    low, high = wilson(good, total)
    return f"{good}/{total} = {100 * good / max(1, total):.2f} % ({100 * low:.1f} to {100 * high:.1f})"


def script_of(title: str) -> str:
    """The script of most letters of a title."""
    counted = Counter(unicodedata.name(char, "?").split()[0] for char in title if char.isalpha())
    return counted.most_common(1)[0][0].title() if counted else "None"


def reliability(judged: Sequence[tuple[float, bool]]) -> None:
    """How often the best candidate is right, by its score. Nearly all labelled names do name a work: posts at large do not."""
    print("\n| score of the best candidate | names | right |\n| --- | --- | --- |")
    for low, high in pairwise(_BINS):
        some = [right for score, right in judged if low <= score < high]
        if some:
            print(f"| {low} to {min(high, 1)} | {len(some)} | {share(sum(some), len(some))} |")


def labelled(fitting: bool) -> bool:
    """Recall and precision on labelled names; whether the budgets hold."""
    assets = catalogue_with_titles()
    names = {asset.id: names_of(asset) for asset in assets}
    index = build_index(assets)
    rows = [row for row in titles() if is_even(row[0]) is fitting]
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    judged: list[tuple[float, bool]] = []
    for (_, expected, kind), found in zip(rows, matched([row[0] for row in rows], index), strict=True):
        wanted = {letters(title) for title in expected.split(" | ")}
        best = found[0] if found and found[0].tier else None
        outcome = "none" if best is None else "right" if wanted & names[best.asset] else "wrong"
        candidate = any(wanted & names[one.asset] for one in found)
        judged += [(found[0].score, bool(wanted & names[found[0].asset]))] if found else []
        for group in ("all", f"kind {kind or '-'}", f"script {script_of(expected)}"):
            groups[group][outcome] += 1
            groups[group]["candidate"] += candidate
    print("| names | recall | precision | among the candidates |\n| --- | --- | --- | --- |")
    for group, told in sorted(groups.items()):
        total = told["right"] + told["wrong"] + told["none"]
        print(
            f"| {group} | {share(told['right'], total)} | {share(told['right'], told['right'] + told['wrong'])}"
            f" | {100 * told['candidate'] / total:.1f} % |"
        )
    reliability(judged)
    told = groups["all"]
    total = told["right"] + told["wrong"] + told["none"]
    return (
        told["right"] / total >= _BUDGET_RECALL
        and told["right"] / max(1, told["right"] + told["wrong"]) >= _BUDGET_PRECISION
    )


def foreign(fitting: bool, limit: int) -> bool:
    """Review items per million background rows; whether the budget holds at 1,000 works."""
    sets = {
        name: [row for row in rows if is_even(row) is fitting][:limit] for name, rows in background().items()
    }
    print(
        "\n| works | set | rows | review or auto, per million | of those, rows that name no work |\n| --- | --- | --- | --- | --- |"
    )
    holds = True
    for count, file in ((1000, "assets/assets_1k.jsonl"), (50_000, "assets/assets_50k.jsonl.zst")):
        assets = works(file)
        index, namers = build_index(assets), Namers(assets)
        totals = Counter[str]()
        for name, rows in sets.items():
            raised = [
                row for row, found in zip(rows, matched(rows, index), strict=True) if found and found[0].tier
            ]
            strangers = [row for row in raised if not namers.names_one(row, name)]
            others = len(rows) - sum(namers.names_one(row, name) for row in rows)
            totals += Counter(rows=len(rows), raised=len(raised), strangers=len(strangers), others=others)
            print(
                f"| {count} | {name} | {len(rows)} | {per_million(len(raised), len(rows))} | {per_million(len(strangers), others)} |"
            )
        print(
            f"| {count} | all | {totals['rows']} | {per_million(totals['raised'], totals['rows'])} | {per_million(totals['strangers'], totals['others'])} |"
        )
        if count == 1000:
            holds = 1e6 * totals["strangers"] / totals["others"] <= _BUDGET_PER_MILLION
    return holds


def per_million(count: int, total: int) -> str:
    """A rate with its interval."""
    low, high = wilson(count, total)
    return f"{1e6 * count / max(1, total):,.0f} ({1e6 * low:,.0f} to {1e6 * high:,.0f}; {count})"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fitting", action="store_true")
    parser.add_argument("--limit", type=int, default=10**9)
    told = parser.parse_args()
    began = time.monotonic()
    holds = labelled(told.fitting)
    quiet = foreign(told.fitting, told.limit)
    print(
        f"\nbudgets: names {'met' if holds else 'MISSED'}, background {'met' if quiet else 'MISSED'}; {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
