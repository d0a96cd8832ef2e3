"""What a release's name says that it is: resolution, season, number of weights, mere trailer."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RESOLUTION = re.compile(r"(?<!\d)(480|576|720|1080|1440|2160|4320)[pi](?![a-z])|\b(4k|uhd|8k)\b")
_NAMED = {"4k": 2160, "uhd": 2160, "8k": 4320}
_EPISODE = re.compile(r"s\d{1,2}[ ._-]*e\d|\b\d{1,2}x\d{2,3}\b|\bepisode\b|\bep?[ ._]?\d{1,3}\b")
_SEASON = re.compile(
    r"(?<![a-z0-9])(?:s\d{1,2}(?![a-z0-9])|season|staffel|saison|temporada|complete|сезон)|第.{1,3}季"
)
_PART = re.compile(
    r"(?<![a-z])(?:trailer|teaser|sample|clip|preview|snippet|featurette|deleted[ ._]scenes?|update|patch|crack|dlc|demo"
    r"|sound ?track|ost|subs|subtitles?)(?![a-z])"
)
_ADAPTER = re.compile(
    r"(?<![a-z])(?:q?lora|adapter|peft|delta|diff|embeddings?|vocab|tokenizer|config|mmproj|draft|imatrix|vector)s?(?![a-z])"
)
_WEIGHTS = re.compile(r"(?<![a-z0-9.])(?:(\d{1,2})x)?(\d{1,4}(?:\.\d{1,2})?)b(?![a-z0-9])")
_MODERN = re.compile(r"1080|2160|x26[45]|h\.?26[45]|hevc|\bav1\b|blu.?ray|web.?dl|\buhd\b|\b4k\b")
_MAX_NAME = 1000


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the names say. Units: `resolution` in lines, `weights` counts parameters; None where not said."""

    resolution: int | None
    is_season: bool
    is_part: bool
    is_adapter: bool
    weights: float | None
    is_modern: bool


def read_claimed(name: str, title: str) -> Claimed:
    """Read the torrent's name and the item's title; where both say a thing, the lesser claim counts."""
    text = f"{name[:_MAX_NAME]} \n {title[:_MAX_NAME]}".lower().replace("_", " ")
    lines = [int(one[0]) if one[0] else _NAMED[one[1]] for one in _RESOLUTION.findall(text)]
    return Claimed(
        resolution=min(lines, default=None),
        is_season=_SEASON.search(text) is not None and _EPISODE.search(text) is None,
        is_part=_PART.search(text) is not None,
        is_adapter=_ADAPTER.search(text) is not None,
        weights=min(weights_in(text), default=None),
        is_modern=_MODERN.search(text) is not None,
    )


def weights_in(text: str) -> list[float]:
    """Numbers of parameters such as 70B or 8x7B; of a mixture the experts share about a sixth."""
    found = _WEIGHTS.findall(text[: 2 * _MAX_NAME + 3].lower().replace("_", " "))
    return [
        float(size) * 1e9 * (float(experts) * 0.8 if experts else 1) for experts, size in found if float(size)
    ]
