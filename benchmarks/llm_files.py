"""Weight files and their asset: what finds each file of `llm_weight_files.tsv`, and what keeps others out.

    LEAKWATCH_SHARED_DATA=../shared/data python benchmarks/llm_files.py [--even]

The list has 35 files of LLaMA v1 and of Vicuna, with digests; one size. The catalogue is LLaMA with its original files, as
an owner would register it (names, the sizes and digests that the list gives), with or without the 1,000 works beside.

1. Each file by itself, as a site shows one: by its name alone, under its repository's name, by its digest.
2. Each variant as a list of files: by layout alone (what it is called says nothing), with a name, with the sizes.
Files of the owner are to be found by digest; of the conversions no digest is the owner's, so only a name can find them.
Without `--even` all rows count; with it those of even SHA-256 (of the file's path), to be looked at.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from matching_data import is_even, lines, works

from leakwatch.extract.links import locate
from leakwatch.matching.engine import match
from leakwatch.matching.index import Index, build_index
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Match, SignalKind
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.rulepack.schema import RulePack
from leakwatch.service import load_rules, load_weights

AT = datetime(2026, 1, 1, tzinfo=UTC)
MAGNET = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567"
WEIGHTS = load_weights()
NAMES = ("LLaMA", "LLaMA 7B", "LLaMA 13B")


class Row(NamedTuple):
    """A file of the list."""

    model: str
    variant: str
    file: str
    size: int | None
    sha256: str
    origin: str

    @property
    def path(self) -> str:
        """Where it lies in the repository that lists it."""
        return f"{self.origin.rpartition('/')[2]}/{self.file}"


def rows() -> list[Row]:
    """The list."""
    found: list[Row] = []
    for line in lines("llm/llm_weight_files.tsv")[1:]:
        model, variant, file, size, sha256, _, origin = line.split("\t")
        found.append(Row(model, variant, file, int(size) if size else None, sha256, origin))
    return found


def llama(some: Iterable[Row]) -> Asset:
    """The owner's asset: the original files, in the folders in which they left."""
    files = tuple(
        AssetFile(path=f"{row.model}/{row.file}", size_bytes=row.size, sha256=bytes.fromhex(row.sha256))
        for row in some
        if row.variant == "original"
    )
    return Asset(id=AssetId("llama"), title=NAMES[0], aliases=NAMES[1:], kind="model", files=files)


def shown(title: str, files: Iterable[Row] = (), *, digests: bool = False) -> Observation:
    """An item with a magnet, and a list of files; with `digests` as a model hub shows them."""
    listed = tuple(
        ObservedFile(path=row.file, size_bytes=row.size, sha256=row.sha256 if digests else None)
        for row in files
    )
    return locate(
        Observation(site="hub", native_id="1", title=title, fetched_at=AT, files=listed, magnet=MAGNET)
    )


def judged(seen: Observation, index: Index, pack: RulePack) -> Match | None:
    """What the matcher says of LLaMA."""
    return next((one for one in match(seen, index, WEIGHTS, None, pack) if one.asset == "llama"), None)


def told(found: Match | None) -> str:
    """The tier, and by what."""
    if found is None or found.tier is None:
        return f"none ({found.score:.2f})" if found else "none"
    kinds = dict.fromkeys(
        s.kind.value for s in found.signals if s.weight > 0 and s.kind is not SignalKind.WORDS
    )
    return f"{found.tier.value} by {', '.join(kinds)}"


def by_file(some: list[Row], index: Index, pack: RulePack) -> Iterator[tuple[str, str, str]]:
    """Kind of file, how it is shown, and what comes of it."""
    for row in some:
        kind = f"{row.variant} {'side file' if row.file.endswith(('json', 'model')) else 'weights'}"
        yield kind, "name alone", told(judged(shown(row.file), index, pack))
        yield kind, "path in its repository", told(judged(shown(row.path), index, pack))
        yield kind, "digest alone", told(judged(shown("files", [row], digests=True), index, pack))


def by_list(some: list[Row], index: Index, pack: RulePack) -> Iterator[tuple[str, str, str]]:
    """The same of whole repositories."""
    for variant in dict.fromkeys(row.origin for row in some):
        files = [row for row in some if row.origin == variant]
        repository = variant.rpartition("/")[2]
        yield repository, "files, no name", told(judged(shown("files", files), index, pack))
        yield repository, "files and name", told(judged(shown(repository, files), index, pack))
        yield (
            repository,
            "files and digests, no name",
            told(judged(shown("files", files, digests=True), index, pack)),
        )


def main() -> None:
    """The tables."""
    every = rows()
    some = [row for row in every if is_even(row.path)] if "--even" in sys.argv else every
    others = works("assets/assets_1k.jsonl")
    index = build_index([llama(every), *others])
    pack = load_rules(None)
    print(f"{len(some)} files\n\n| what | shown as | came to | files |\n| --- | --- | --- | --: |")
    for (what, how, came), count in sorted(Counter(by_file(some, index, pack)).items()):
        print(f"| {what} | {how} | {came} | {count} |")
    print("\n| list | shown as | came to | without rules |\n| --- | --- | --- | --- |")
    bare = list(by_list(every, index, RulePack()))
    for (what, how, came), (_, _, plain) in zip(by_list(every, index, pack), bare, strict=True):
        print(f"| {what} | {how} | {came} | {plain} |")


if __name__ == "__main__":
    main()
