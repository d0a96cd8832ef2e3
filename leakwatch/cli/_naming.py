"""What is said of names that can hardly be found, when an asset is registered: they are taken, but not in silence."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from leakwatch.cli._shared import say
from leakwatch.display import clean

if TYPE_CHECKING:
    from leakwatch.model.asset import Asset

_SHOWN = 10


def warn_of_names(assets: Iterable[Asset]) -> None:
    """A line for each such name, to stderr, the first ten."""
    found = [told for asset in assets for told in _weak(asset)]
    for told in found[:_SHOWN]:
        say(f"warning: {told}")
    if len(found) > _SHOWN:
        say(f"warning: {len(found) - _SHOWN} more such names")


def _weak(asset: Asset) -> Iterator[str]:
    for name in asset.names:
        letters = sum(char.isalnum() for char in unicodedata.normalize("NFKC", name[:100]))
        told = f"{clean(asset.id)}: the name {clean(name, 40)!r}"
        if letters == 0:
            yield f"{told} has neither letters nor digits and is never found"
        elif letters == 1:
            yield f"{told} is one letter: found only as the whole title of a release name, never in a sentence"
