"""Rules against a text: pure look-ups of folded tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from leakwatch.extract.names import readings, tokens
from leakwatch.rulepack.schema import Rule, RulePack

_CHUNK = 1000


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """Every token of every reading of some texts, and each pair of neighbours written as one."""
    found: set[str] = set()
    for text in texts:
        for start in range(0, min(len(text), 200_000), _CHUNK):
            for reading in readings(text[start : start + _CHUNK]):
                split = tokens(reading)
                found.update(split)
                found.update(a + b for a, b in pairwise(split))
    return frozenset(found)


def hits(words: frozenset[str], pack: RulePack) -> Iterator[tuple[Rule, str]]:
    """Rules that hold for these words, each with the word that decided."""
    for rule in pack.rules:
        every = _folded(rule.all_tokens)
        if not every <= words:
            continue
        some = _folded(rule.any_tokens) & words
        if some or not rule.any_tokens:
            yield rule, min(some or every)


@lru_cache(maxsize=4096)
def _folded(told: tuple[str, ...]) -> frozenset[str]:
    return frozenset("".join(tokens(readings(one)[0])) for one in told)
