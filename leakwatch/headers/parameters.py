"""What a model hub counts in a repository against a header print: elements by dtype, and nothing else.

A hub's API tells `safetensors: {"parameters": {"BF16": n}}` or `gguf: {"total": n}` without a file being fetched.
These numbers are the same for every fine-tune of an architecture, and for its public base: they cannot tell the
asset from any of them, only from other architectures and sizes. Counts of packed weights (GPTQ, AWQ: I32) fit nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from leakwatch.headers.likeness import Likeness, tied_elements
from leakwatch.headers.prints import HeaderPrint

LEAST_COUNTED = 50_000_000
"""Below so many elements totals agree by chance: small models come in round sizes, and there are very many."""
EXTRA_ELEMENTS = 4096
"""What converters add: GGUF's table of rotary frequencies (64 to 256), a scale or a bias."""
GGUF = "GGUF"
"""The key under which a caller gives the total of GGUF files, for which hubs tell no dtypes."""
_MAX_DTYPES = 64
_MAX_COUNT = 2**50


@dataclass(frozen=True, slots=True)
class ElementCounts:
    """What of a print a hub's counts are compared with: small, so that a whole catalogue of it can be kept.

    Shape:  `totals` are those that files of the same model can have, each with the words for it.
    """

    by_dtype: tuple[tuple[str, int], ...]
    elements: int
    totals: tuple[tuple[int, str], ...]


def element_counts(print_: HeaderPrint) -> ElementCounts:
    """The counts of a print."""
    by_dtype = tuple(sorted(_by_dtype(print_).items()))
    return ElementCounts(by_dtype, print_.elements, tuple(_totals(print_)))


def by_parameters(model: ElementCounts, parameters: Mapping[str, int]) -> Likeness | None:
    """Judge a hub's counts of elements by dtype against the asset's print.

    same         equally many elements of every dtype: the same architecture, so the asset, a fine-tune or the base.
    requantised  equally many elements in other dtypes, also if the output that shares the word embedding, or
                 buffers, are counted on one side only.
    None         another total, or too few elements; it does not mean `different` where files hold other things too.
    """
    counts = _checked(parameters)
    total = sum(counts.values())
    if min(total, model.elements) < LEAST_COUNTED:
        return None
    if tuple(sorted(counts.items())) == model.by_dtype:
        return Likeness("same", 1.0, f"{total:,} elements, as many of every dtype; fine-tunes have the same")
    spare = EXTRA_ELEMENTS if counts.keys() == {GGUF} else 0
    for wanted, words in model.totals:
        if 0 <= total - wanted <= spare:
            told = f"{total:,} elements, as the asset{words}, in other dtypes; fine-tunes have the same"
            return Likeness("requantised", min(1.0, wanted / model.elements), told)
    return None


def _checked(parameters: Mapping[str, int]) -> Counter[str]:
    """The counts that are counts; a hub's answer is anybody's text."""
    if len(parameters) > _MAX_DTYPES:
        return Counter()
    if not all(type(count) is int and 0 <= count <= _MAX_COUNT for count in parameters.values()):
        return Counter()
    return +Counter(parameters)


def _by_dtype(print_: HeaderPrint) -> Counter[str]:
    told: Counter[str] = Counter()
    for line in print_.histogram:
        told[line.dtype] += line.elements
    return +told


def _totals(print_: HeaderPrint) -> Iterator[tuple[int, str]]:
    """Totals that files of the same model can have."""
    kept = sum(line.elements for line in print_.histogram if line.role != "dropped")
    tied = tied_elements(print_)
    for total, words in {print_.elements: "", kept: " without its buffers"}.items():
        yield total, words
        if tied:
            yield total - tied, f"{words} without the output"
            yield total + tied, f"{words} with the output once more"
