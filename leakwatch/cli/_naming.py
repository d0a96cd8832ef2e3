"""What is said of names that can hardly be found, and of ids that tell a secret: they are taken, but not in silence."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from leakwatch.cli._shared import say
from leakwatch.display import clean
from leakwatch.model.ident import words_of

if TYPE_CHECKING:
    from leakwatch.model.asset import Asset

_SHOWN = 10


def warn_of_names(assets: Iterable[Asset]) -> None:
    """A line for each such name or id, to stderr, the first ten."""
    found = [told for asset in assets for told in (*_weak(asset), *_telling(asset))]
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


def _telling(asset: Asset) -> Iterator[str]:
    """The id of a work under embargo stands in the audit and in what people write, so it should not tell the title."""
    if asset.embargoed and (told := words_of(asset.names, asset.id)):
        words = ", ".join(clean(word, 40) for word in told[:3])
        yield (
            f"{clean(asset.id)}: the id of a work under embargo tells its title ({words}); "
            "register it with another --id, or with a --codename and none"
        )
