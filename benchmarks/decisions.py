"""Decisions with stored tables, through a prover, and between recipients' copies: how many, and how many are wrong.

    python benchmarks/decisions.py [--part NAME] [--works N] [--groups N] [--folder FOLDER]

What is right follows from how each torrent was built, its pieces hashed by hashlib and not by the product. Printed
for each kind of torrent: decided right, left open where nothing could decide, missed where something could, wrong.
Exit 1 unless nothing is wrong or missed, and at least 200 positives and 2,000 negatives were decided in each part.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import decisions_content
import decisions_prover
import decisions_variants
from decisions_torrents import BY_BYTES, BY_TABLES, Decision, Outcome

_POSITIVES, _NEGATIVES = 200, 2000
_WRONG_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Part:
    """One way to decisions; `per` names the option that says by how many assets or groups of copies."""

    per: str
    decide: Callable[[int, Path], Iterator[Decision]]


PARTS: Mapping[str, Part] = {
    "tables": Part("works", decisions_content.part(BY_TABLES)),
    "bytes": Part("works", decisions_content.part(BY_BYTES)),
    "variants by tables": Part("groups", decisions_variants.part(BY_TABLES)),
    "variants by bytes": Part("groups", decisions_variants.part(BY_BYTES)),
    "prover": Part("works", decisions_prover.decide),
}


def report(name: str, decisions: Iterator[Decision]) -> bool:
    """Print the table of one part; whether all is as it must be."""
    started = time.monotonic()
    counts: Counter[tuple[bool, str, Outcome]] = Counter()
    notes: Counter[str] = Counter()
    for one in decisions:
        counts[one.is_positive, one.kind, one.outcome] += 1
        if one.outcome in (Outcome.WRONG, Outcome.MISSED):
            notes[f"{one.outcome.value}: {one.kind}: {one.note}"] += 1
    print(f"\n{name}  ({time.monotonic() - started:.0f} s)")
    print(f"  {'':9}{'':44}" + "".join(f"{one.value:>8}" for one in Outcome))
    for is_positive, kind in sorted({key[:2] for key in counts}, reverse=True):
        row = "".join(f"{counts[is_positive, kind, one]:8}" for one in Outcome)
        print(f"  {'positive' if is_positive else 'negative':9}{kind:44}{row}")
    for note, count in notes.most_common(_WRONG_SHOWN):
        print(f"  {count} x {note}")
    return judged(counts)


def judged(counts: Counter[tuple[bool, str, Outcome]]) -> bool:
    """Print the sums of one part."""
    totals: Counter[tuple[bool, Outcome]] = Counter()
    for (is_positive, _, outcome), count in counts.items():
        totals[is_positive, outcome] += count
    for is_positive, least in ((True, _POSITIVES), (False, _NEGATIVES)):
        row = ", ".join(f"{totals[is_positive, one]} {one.value}" for one in Outcome)
        print(
            f"  all {'positives' if is_positive else 'negatives'}: {row} (at least {least} must be decided)"
        )
    enough = totals[True, Outcome.RIGHT] >= _POSITIVES and totals[False, Outcome.RIGHT] >= _NEGATIVES
    wrong = sum(totals[sign, one] for sign in (True, False) for one in (Outcome.WRONG, Outcome.MISSED))
    return enough and not wrong


def main() -> int:
    """Print the tables; 1 if something is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--part", default="", help="only parts whose name has this in it")
    parser.add_argument("--works", type=int, default=145, help="assets")
    parser.add_argument("--groups", type=int, default=100, help="assets that recipients have copies of")
    parser.add_argument("--folder", default=None, help="where to write some 400 MB")
    options = parser.parse_args()
    bad: list[str] = []
    for name, part in PARTS.items():
        if options.part in name:
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                if not report(name, part.decide(getattr(options, part.per), Path(folder))):
                    bad.append(name)
    print("\nas it must be" if not bad else f"\nNOT AS IT MUST BE: {', '.join(bad)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
