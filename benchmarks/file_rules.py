"""What the rules that look at lists of files add to review, of lists that concern nobody.

    LEAKWATCH_SHARED_DATA=../shared/data python benchmarks/file_rules.py [--even] [--unscoped]

Lists are made of the background sets: Debian's paths by package, game files by themselves with their sizes, torrents as one
video of their size. Each is an item with a magnet, once with its own title on an index and once, the worst case, in a post
of an imageboard that names a work of the catalogue in passing. It is judged with all shipped rules, and without those that have a condition on
files; what comes to review only with them is added by them. Catalogue: 1,000 works. Figures are of odd rows, `--even` of even
ones, which were looked at. With `--unscoped` rules on files hold on every site.
"""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from matching_data import is_even, lines, works

from leakwatch.extract.links import locate
from leakwatch.matching.engine import match_all
from leakwatch.matching.index import Index, build_index
from leakwatch.matching.rules import Item, hits
from leakwatch.matching.weights import Weights
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.rulepack.schema import RulePack
from leakwatch.service import load_rules, load_weights

AT = datetime(2026, 1, 1, tzinfo=UTC)
MAGNET = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567"
_BATCH, _MOST = 512, 5_000


def rows(path: str) -> list[list[str]]:
    """Rows of a background set, without its head."""
    return [line.split("\t") for line in lines(path)[1:]]


def listings() -> Iterator[tuple[str, str, tuple[ObservedFile, ...]]]:
    """Set, title and files."""
    packages: dict[str, list[ObservedFile]] = defaultdict(list)
    for path, package, *_ in rows("background/debian_file_paths.tsv.zst"):
        packages[package].append(ObservedFile(path=path))
    for package, found in packages.items():
        yield "debian", package, tuple(found)
    for name, size, *_ in rows("background/game_dat_files.tsv.zst"):
        yield "game", name, (ObservedFile(path=name, size_bytes=int(size) if size.isdigit() else None),)
    for name, size, *_ in rows("background/torrent_names.tsv.zst"):
        told = int(size) if size.isdigit() else None
        yield "torrent", name, (ObservedFile(path=f"{name}.mkv", size_bytes=told),)


def chosen() -> dict[str, list[tuple[str, tuple[ObservedFile, ...]]]]:
    """At most so many of each set, drawn with a fixed seed."""
    found: dict[str, list[tuple[str, tuple[ObservedFile, ...]]]] = defaultdict(list)
    for which, title, files in listings():
        if is_even(title) is ("--even" in sys.argv):
            found[which].append((title, files))
    draw = random.Random(11)
    return {which: draw.sample(some, min(_MOST, len(some))) for which, some in found.items()}


def main() -> None:
    """The table."""
    assets = works("assets/assets_1k.jsonl")
    index, weights, pack = build_index(assets), load_weights(), load_rules(None)
    if "--unscoped" in sys.argv:
        pack = RulePack(tuple(replace(one, sources=()) if one.files else one for one in pack.rules))
    bare = RulePack(tuple(one for one in pack.rules if one.files is None))
    only = RulePack(tuple(one for one in pack.rules if one.files is not None))
    draw = random.Random(12)
    print("| set | lists | shown | a rule on files hits | review without | with | added |")
    print("| --- | --: | --- | --: | --: | --: | --: |")
    by_rule: dict[str, Counter[str]] = defaultdict(Counter)
    for which, some in chosen().items():
        for shown in ("own title", "names a work"):
            items = [
                item(title, files, draw.choice(assets).title if shown != "own title" else "")
                for title, files in some
            ]
            with_rules, without = (reviews(items, index, weights, rules) for rules in (pack, bare))
            hit = [
                {one.rule.id for one in hits(Item(one.title, files=one.files, site=one.site), only)}
                for one in items
            ]
            for number in sorted(with_rules - without):
                by_rule[f"{which}, {shown}"].update(hit[number])
                if "--even" in sys.argv:
                    print("   ", which, shown, items[number].title[:80], sorted(hit[number]), file=sys.stderr)
            told = f"{sum(map(bool, hit))} | {len(without)} | {len(with_rules)} | {len(with_rules - without)}"
            print(f"| {which} | {len(items)} | {shown} | {told} |")
    for which, rules in by_rule.items():
        print(f"\n{which}: {', '.join(f'{rule} {count}' for rule, count in rules.most_common())}")


def reviews(items: list[Observation], index: Index, weights: Weights, pack: RulePack) -> set[int]:
    """The numbers of those that come to review or more."""
    found: set[int] = set()
    for start in range(0, len(items), _BATCH):
        some = [(one, ()) for one in items[start : start + _BATCH]]
        told = match_all(some, index, weights, pack)
        found |= {start + number for number, one in enumerate(told) if one and one[0].tier}
    return found


def item(title: str, files: tuple[ObservedFile, ...], named: str) -> Observation:
    """A list with its magnet; where something is named, a post says so beside."""
    site, text = (
        ("imageboard", f"found while looking for {named}\n\n{MAGNET}") if named else ("torznab", MAGNET)
    )
    return locate(Observation(site=site, native_id="1", title=title, text=text, fetched_at=AT, files=files))


if __name__ == "__main__":
    main()
