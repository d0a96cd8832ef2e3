"""Posts on leaks: how many that link nothing raise anything, and whether all do once a magnet of a named work is appended.

    LEAKWATCH_SHARED_DATA=../shared/data python benchmarks/mentions.py [--fitting] [--look]

A post is taken through `locate`, `match_all` and `triage` as a page of a site is, against 1,000 and 50,000 works.
Figures are those of titles of odd SHA-256; `--fitting` takes the even ones, `--look` prints what was raised or missed.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

from matching_data import is_even, lines, works
from matching_quality import share

from leakwatch.extract.links import locate
from leakwatch.matching.engine import match_all
from leakwatch.matching.index import Index, build_index
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Match
from leakwatch.model.observation import Observation
from leakwatch.service import load_hosts, load_rules, load_weights
from leakwatch.triage import triage

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_RULES, _WEIGHTS, _HOSTS = load_rules(None), load_weights(), load_hosts()
_YEAR_AT_END = re.compile(r"\s*\((?:19|20)\d\d\)\s*\Z")
_TAGS = {"game": "-GRP", "film": ".1080p.WEB.x264-GRP", "anime": ".1080p.WEB.x264-GRP"}


@dataclass(frozen=True, slots=True)
class Raised:
    """What a post made of a catalogue: matches of a tier, and those of them that open a finding."""

    tiers: tuple[Match, ...]
    findings: tuple[Match, ...]


def posts(*, fitting: bool) -> list[Observation]:
    """The posts that link no torrent."""
    rows = csv.DictReader(lines("mentions/leak_mentions.tsv.zst"), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [
        Observation(
            site="board", native_id=str(number), title=row["title"], text=row["selftext_1500"], fetched_at=_AT
        )
        for number, row in enumerate(rows)
        if row["links_a_torrent"] == "0" and is_even(row["title"]) is fitting
    ]


def release_name(work: Asset) -> str:
    """The title of a work as a group would write it."""
    title = re.sub(r"\s+", ".", _YEAR_AT_END.sub("", work.title).strip())
    return f"{title}{f'.{work.year}' if work.year else ''}{_TAGS.get(work.kind or '', '-GRP')}"


def with_magnet(post: Observation, assets: Sequence[Asset]) -> tuple[Observation, Asset]:
    """The post with a magnet of a work appended, each chosen by the hash of the title."""
    digest = hashlib.sha1(post.title.encode(), usedforsecurity=False)
    work = assets[int.from_bytes(digest.digest()[:8], "big") % len(assets)]
    magnet = f"magnet:?xt=urn:btih:{digest.hexdigest()}&dn={quote(release_name(work))}"
    return replace(post, text=f"{post.text}\n\n{magnet}"), work


def raised(seen: Sequence[Observation], index: Index) -> list[Raised]:
    """What each post raises."""
    located = [locate(one, _HOSTS) for one in seen]
    out: list[Raised] = []
    for start in range(0, len(located), 1024):
        some = located[start : start + 1024]
        found = match_all([(one, ()) for one in some], index, _WEIGHTS, _RULES)
        for one, matches in zip(some, found, strict=True):
            tiers = tuple(each for each in matches if each.tier)
            findings = tuple(each for each in tiers if triage(each, one, None, index.assets[each.asset]))
            out.append(Raised(tiers, findings))
    return out


def _told(post: Observation, matches: Sequence[Match], index: Index) -> str:
    return f"  {post.title[:90]!r}: " + "; ".join(
        f"{index.assets[one.asset].title!r} {one.score} {[(s.detail, s.weight) for s in one.signals]}"
        for one in matches[:2]
    )


def measure(name: str, seen: Sequence[Observation], *, look: bool) -> None:
    """Print the figures against one catalogue."""
    assets = works(name)
    index = build_index(assets)
    print(f"{name}: {len(assets):,} works, {len(seen):,} posts")
    bare = raised(seen, index)
    kinds = Counter(where.kind.value for post in seen for where in locate(post, _HOSTS).locators)
    print("  locators in posts that link no torrent:", dict(kinds) or "none")
    print("  link nothing, open a finding:", share(sum(bool(one.findings) for one in bare), len(bare)))
    print("  link nothing, have a match of a tier:", share(sum(bool(one.tiers) for one in bare), len(bare)))
    offered = [with_magnet(post, assets) for post in seen]
    after = raised([post for post, _ in offered], index)
    same = _namesakes(assets)
    wanted = [(one, same[_letters(work.title)]) for one, (_, work) in zip(after, offered, strict=True)]
    good = sum(any(each.asset in own for each in one.findings) for one, own in wanted)
    print("  with a magnet of a named work, open its finding:", share(good, len(seen)))
    nameless = sum(not any(map(str.isalnum, work.title)) for _, work in offered)
    print(f"    (works without a letter in their title among them: {nameless})")
    others = sum(any(each.asset not in own for each in one.findings) for one, own in wanted)
    print("  with it, open a finding of another work, too:", share(others, len(seen)))
    if look:
        for post, one in zip(seen, bare, strict=True):
            if one.tiers:
                print(" bare", _told(post, one.tiers, index))
        for (post, work), (one, own) in zip(offered, wanted, strict=True):
            if not any(each.asset in own for each in one.findings):
                print("  missed", release_name(work), work.aliases[:3], _told(post, one.tiers, index))
            if other := [each for each in one.findings if each.asset not in own]:
                print("  other", release_name(work), _told(post, other, index))


def _letters(name: str) -> str:
    return _YEAR_AT_END.sub("", name).casefold()


def _namesakes(assets: Sequence[Asset]) -> dict[str, set[AssetId]]:
    """The works of each name: a name cannot tell them apart."""
    found: dict[str, set[AssetId]] = defaultdict(set)
    for one in assets:
        for name in one.names:
            found[_letters(name)].add(one.id)
    return found


def main() -> None:
    """Measure against both catalogues."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fitting", action="store_true")
    parser.add_argument("--look", action="store_true")
    asked = parser.parse_args()
    seen = posts(fitting=asked.fitting)
    for name in ("assets/assets_1k.jsonl", "assets/assets_50k.jsonl.zst"):
        measure(name, seen, look=asked.look)


if __name__ == "__main__":
    main()
