"""Ids of assets: made from a title, and whether one tells of a title."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from leakwatch.model.asset import AssetId

_LEAST_WORD, _LEAST_PART = 4, 5
"""Characters of a word that tells something by itself, and of one that does inside another."""


def slug(title: str) -> AssetId:
    """An id made from a title: lower-case words and dashes; where they say too little or are cut, a digest too."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    digest = hashlib.sha256(title.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    if len(words) > 60:
        return AssetId(f"{words[:49].rstrip('-')}-{digest}")
    return AssetId(words if len(words) > 1 else f"asset-{digest}")


def words_of(names: Iterable[str], ident: str) -> list[str]:
    """Words of names that stand in an id: whole ones of four letters, parts of five, or a whole name."""
    parts = _words(ident)
    squashed = "".join(parts)
    found = [
        word
        for name in names
        for word in [*_words(name), "".join(_words(name))]
        if (len(word) >= _LEAST_WORD and word in parts)
        or (len(word) >= _LEAST_PART and word in squashed)
        or (word and word == squashed)
    ]
    return list(dict.fromkeys(found))


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(char for char in plain if not unicodedata.combining(char))
    return re.findall(r"[^\W_]+", kept)
