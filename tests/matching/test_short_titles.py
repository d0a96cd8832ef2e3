"""Short and ambiguous titles: whatever stands around them, a name alone is never sure."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from leakwatch.catalogue import asset_from_json
from leakwatch.extract.fold import fold
from leakwatch.extract.links import locate
from leakwatch.matching.engine import match_all
from leakwatch.matching.index import build_index
from leakwatch.model.asset import AssetFile
from leakwatch.model.finding import Tier
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.service import load_rules

from .structure.test_sizes import WEIGHTS, seen

MAGNET = "magnet:?xt=urn:btih:" + "ab" * 20


def short(title: str) -> bool:
    """Whether a title is ambiguous: of one word, or of at most eight letters."""
    return len(fold(title).split()) == 1 or len(fold(title)) <= 8


def files(number: int) -> tuple[AssetFile, ...]:
    """Files of one asset: shards in a folder of its own, one of a telling size."""
    sizes = {"ash": 31_000_001 + number, "birch": 64 * 2**20, "elm": 1000, "oak": 4_699_979_776}
    return tuple(
        AssetFile(path=f"work{number}/{word}{number}-{n:05}-of-00012.gguf", size_bytes=size)
        for n, (word, size) in enumerate(sizes.items())
    )


def post(title: str, name: str, own: tuple[AssetFile, ...]) -> Observation:
    """All that can stand beside a name and is no digest, infohash or telling size."""
    listed = tuple(ObservedFile(path=one.path, size_bytes=5_000_000_001) for one in own)
    text = f"full leak of {name}, download here: {MAGNET} 31 MB"
    return locate(replace(seen([], title), text=text, files=listed))


@pytest.mark.parametrize("form", ["{0}.2019.1080p.WEB-DL.x264-GRP", "[leak] {0} torrent"])
def test_no_short_title_is_sure_by_its_name(form: str, shared_data: Path) -> None:
    """With priors, leak words, a magnet, shards, a like tree and a size in words, none of them is *auto*."""
    lines = (shared_data / "assets" / "assets_1k.jsonl").read_text("utf-8").splitlines()
    assets = [
        replace(asset_from_json(json.loads(line)), files=files(number), prior_bits=6.0)
        for number, line in enumerate(lines)
    ]
    names = [(one, one.title) for one in assets if short(one.title)]
    names += [(one, next(filter(short, one.aliases))) for one in assets if any(map(short, one.aliases))]
    assert len(names) > 800
    posts = [(post(form.format(name), name, asset.files), ()) for asset, name in names]
    found = match_all(posts, build_index(assets), WEIGHTS, load_rules(None), {"s": 6.0})
    assert not [one for some in found for one in some if one.tier is Tier.AUTO]
    looked_at = [
        any(one.asset == asset.id and one.tier for one in some)
        for (asset, _), some in zip(names, found, strict=True)
    ]
    assert sum(looked_at) > 0.9 * len(names)
