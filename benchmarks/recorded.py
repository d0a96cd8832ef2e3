"""What the source kinds read in recorded answers of real sites, held against what others found in them.

    LEAKWATCH_SHARED_DATA=FOLDER python benchmarks/recorded.py [--all]

FOLDER has `payloads/` with `expected.json`. Facts of items only. Every difference is printed; with --all also how
each answer is read, and what no kind reads with the reason.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from recorded_facts import Fact, facts_of
from recorded_ways import RESULTS, Way, way_of

from leakwatch.errors import LayoutChanged, LeakwatchError
from leakwatch.sources import KINDS
from leakwatch.sources._kind import Page, Payload, Request

URL = "https://site.example/feed.xml"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """One recorded answer: how it is read, how that ended, and its facts; none for what no kind reads."""

    file: str
    way: Way
    outcome: Page | LeakwatchError
    facts: list[Fact]

    @property
    def differences(self) -> list[Fact]:
        """The facts on which others and we differ."""
        return [one for one in self.facts if not one.agrees]

    @property
    def is_as_told(self) -> bool:
        """Read with facts to hold against, or known to be read by nobody and refused as a strange page."""
        if self.way.why:
            return isinstance(self.outcome, LayoutChanged)
        return bool(self.facts)


def held(folder: Path) -> list[Held]:
    """All recorded answers, read."""
    told: list[dict[str, Any]] = json.loads((folder / "expected.json").read_text("utf-8"))
    expectations = {row["file"]: row["expected"] for row in told}
    for file, (other, number) in RESULTS.items():
        results = expectations[other]["upstream_test_expects"]["results"]
        expectations[file]["upstream_test_expects"] = {"results": results[number : number + 1]}
    found: list[Held] = []
    for row in told:
        file, body, way = row["file"], (folder / row["file"]).read_bytes(), way_of(row["file"])
        outcome = read(way, body)
        facts = [] if way.why else facts_of(file, expectations[file], body, outcome, URL)
        found.append(Held(file, way, outcome, facts))
    return found


def read(way: Way, body: bytes) -> Page | LeakwatchError:
    """What a kind makes of an answer."""
    request = Request(url=URL, state=way.state)
    payload = Payload(request=request, url=URL, status=200, headers={}, body=body, fetched_at=NOON)
    try:
        return KINDS[way.kind].parse(payload)
    except LeakwatchError as error:
        return error


def main() -> None:
    """Print a line for each kind, and what differs."""
    found = held(Path(os.environ["LEAKWATCH_SHARED_DATA"]) / "payloads")
    by_kind: dict[str, list[Held]] = defaultdict(list)
    for one in found:
        by_kind[one.way.kind].append(one)
    print(f"{'kind':12}{'answers':>9}{'read':>6}{'agree':>7}{'not of the kind':>17}   facts")
    for kind, many in sorted(by_kind.items()):
        are_read = [one for one in many if one.facts]
        same = sum(not one.differences for one in are_read)
        facts = sum(len(one.facts) for one in many)
        wrong = sum(len(one.differences) for one in many)
        print(
            f"{kind:12}{len(many):9}{len(are_read):6}{same:7}{sum(bool(one.way.why) for one in many):17}"
            f"   {facts - wrong} of {facts}"
        )
    facts = sum(len(one.facts) for one in found)
    wrong = sum(len(one.differences) for one in found)
    print(f"{len(found)} answers, {facts - wrong} of {facts} facts of items agree")
    for one in found:
        if "--all" in sys.argv or one.differences or not one.is_as_told:
            told = one.way.why or f"{len(one.facts)} facts"
            print(f"{one.file}: {one.way.kind}, {type(one.outcome).__name__}: {told}")
        for fact in one.differences:
            print(f"    {fact.name}: {str(fact.theirs)[:90]!r}, here {str(fact.ours)[:90]!r}")


if __name__ == "__main__":
    main()
