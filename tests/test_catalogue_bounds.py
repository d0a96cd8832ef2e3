"""Catalogues that are too much: refused by file and line, or taken and bounded."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from leakwatch.catalogue import parse_catalogue
from leakwatch.errors import InputError
from leakwatch.matching.engine import match_all
from leakwatch.matching.index import build_index
from leakwatch.model.finding import Tier

from .matching.structure.test_sizes import WEIGHTS, seen

GOOD = json.dumps({"id": "good", "title": "Copper Kettle"})


def line(**told: Any) -> str:
    """A catalogue line."""
    return json.dumps({"id": "big", "title": "Tideglass", **told})


@pytest.mark.parametrize(
    ("told", "field", "says"),
    [
        (line(aliases=[f"name {n}" for n in range(1_000_000)]), "aliases", "at most 10000"),
        (line(infohashes=["ab" * 20] * 20_000), "infohashes", "at most 10000"),
        (line(title="x" * 2**20), "title", "1048576 characters"),
        (line(aliases=["fine", "né" * 2**19]), "aliases", "1048576 characters"),
        (line(files=[{"path": f"{n}"} for n in range(1_000_001)]), "files", "at most 1000000"),
        (line(files=[{"path": "x/" * 2**19}]), "path", "1048576 characters"),
        (GOOD, "id", "'good' was used in line 1"),
        (line(files=[{"path": "a"}, {"path": "a"}]), "files", "every path once"),
    ],
    ids=["aliases", "infohashes", "title", "alias", "files", "path", "id twice", "path twice"],
)
def test_what_is_too_much_is_refused(told: str, field: str, says: str) -> None:
    """The message says how much is taken and where too much stands, in few words, and nothing is read."""
    with pytest.raises(InputError) as raised:
        parse_catalogue(f"{GOOD}\n{told}\n", "c.jsonl")
    found = raised.value
    assert (found.file, found.line, found.field) == ("c.jsonl", 2, field)
    assert says in found.message
    assert len(found.message) < 400


def test_ten_thousand_aliases_and_a_hundred_thousand_files_are_taken() -> None:
    """What is allowed is read and indexed in time that grows with it, and the last name of it is found."""
    start = time.perf_counter()
    told = line(
        aliases=[f"Quartz Lantern of the year {n}" for n in range(10_000)],
        files=[{"path": f"d{n % 10}/f{n}.bin", "size_bytes": 2**21 + n} for n in range(100_000)],
    )
    index = build_index(parse_catalogue(told).assets)
    (found,) = match_all([(seen([], "Quartz Lantern of the year 9999"), ())], index, WEIGHTS)
    assert found[0].tier is Tier.REVIEW
    assert time.perf_counter() - start < 60


@pytest.mark.parametrize("alias", ["x", "7", "M", "怪", "é"])
def test_an_alias_of_one_letter_stands_for_nothing_else(alias: str) -> None:
    """Works of one letter exist, so the alias is taken; it is found where it is a whole name, and never in sentences."""
    index = build_index(parse_catalogue(line(aliases=[alias])).assets)
    texts = (f"what is {alias} about", f"{alias}-rated news of today", f"The {alias} Factor S01E02 720p HDTV")
    found = match_all([(seen([], text, text=text), ()) for text in texts], index, WEIGHTS)
    assert not [one for some in found for one in some if one.tier]
    whole = match_all([(seen([], f"{alias}.1080p.WEB-DL.x264-GRP"), ())], index, WEIGHTS)[0]
    assert all(one.tier is not Tier.AUTO for one in whole)
