"""How like two models are, judged by their headers alone.

same         names, shapes, dtypes and the cutting into files agree.
resharded    names, shapes and dtypes agree, the files differ; or the names differ and all else agrees.
requantised  the shapes agree and the dtypes, or the formats, differ.
related      one is a part of the other: a shard, an adapter (LoRA), a fine-tune with some tensors more.
different    anything else; another depth or width of the same family too.

What no header can tell: a fine-tune of the same architecture has the same names, shapes and dtypes as the model it
began with. `same` therefore means "the same architecture, to the tensor", and is evidence, never proof. The public
base of a private fine-tune is `same` as well: let an allow list take it out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from leakwatch.headers.adapters import adapter_share
from leakwatch.headers.prints import HeaderPrint
from leakwatch.headers.roles import role_of
from leakwatch.headers.tensor import Tensor

Kind = Literal["same", "resharded", "requantised", "related", "different"]
Shapes = Counter[tuple[int, ...]]

ALIKE_SHARE = 0.998
"""Elements that must lie in matrices of common shapes. One layer of the deepest public model (126) is 0.8 %; what
converters leave out or add (rotary tables, scales) stays under 0.1 %."""
MERGED_SHARE = 0.9995
"""The same, where only the lengths of rows are compared, because tensors were merged: it says less, so asks more."""
RELATED_SHARE = 0.5
"""Elements of the asset that a fine-tune must have kept by name and shape, if it has all the asset's names: where words
were added the embeddings differ, and in a small model they are up to a third of all."""
PART_SHARE = 0.01
"""The least part of the asset by which a shard is known: below, it may be a tokenizer's or another model's head."""
MOST_WORDS_MORE = 2
"""How many times as long a fine-tune's vocabulary may be: those for other scripts add seven tenths. Families that
share all but the vocabulary (Mistral 7B and Llama 3 8B) differ by four, and by less words than the asset's."""
LEAST_ELEMENTS = 1_000_000
"""Below this many elements shapes agree by chance: toy models and heads of classifiers are all alike."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A judgement. `share` is the part of the asset's elements (0 to 1) that it rests on; `reason` names no tensor."""

    kind: Kind
    share: float
    reason: str


def likeness(one: HeaderPrint, other: HeaderPrint) -> Likeness:
    """Judge `other`, a suspect, against `one`, the asset's."""
    if one.digest == other.digest:
        return _same_names(one, other)
    adapted = adapter_share(one, other) if one.elements >= LEAST_ELEMENTS else 0.0
    if adapted:
        reason = f"an adapter: {adapted:.0%} of its pairs fit the asset's tensors by name and shape"
        return Likeness("related", min(1.0, other.elements / one.elements), reason)
    if min(one.elements, other.elements) < LEAST_ELEMENTS:
        return Likeness("different", 0.0, "too few elements to be compared by shape")
    shapes = _shared_shapes(one, other)
    if shapes >= ALIKE_SHARE:
        return _same_shapes(one, other, shapes, "of the elements lie in tensors of common shapes")
    related = _related(one, other)
    if related:
        return related
    rows = _share(_by_row(one), _by_row(other))
    if rows >= MERGED_SHARE:
        return _same_shapes(
            one, other, rows, "of the elements lie in rows of common lengths: tensors were merged"
        )
    return Likeness("different", shapes, f"{shapes:.1%} of the elements lie in tensors of common shapes")


def tied_elements(print_: HeaderPrint) -> int:
    """Elements of the word embedding that the output shares, or can: files have it once or twice."""
    return max((line.each for line in print_.histogram if line.role in ("embedding", "output")), default=0)


def _same_names(one: HeaderPrint, other: HeaderPrint) -> Likeness:
    count = f"all {one.tensor_count} tensors have the asset's names and shapes"
    if one.tensors != other.tensors or one.format != other.format:
        return Likeness("requantised", 1.0, f"{count}, in other dtypes or another format")
    if one.parts != other.parts:
        return Likeness(
            "resharded", 1.0, f"{count} and dtypes, in {len(other.parts)} files for {len(one.parts)}"
        )
    return Likeness("same", 1.0, f"{count} and dtypes, file by file")


def _same_shapes(one: HeaderPrint, other: HeaderPrint, share: float, why: str) -> Likeness:
    reason = f"{share:.2%} {why}; {other.tensor_count} tensors for {one.tensor_count}"
    if one.format == other.format and _dtypes(one) == _dtypes(other):
        return Likeness("resharded", share, f"{reason}, under other names")
    return Likeness("requantised", share, f"{reason}, in other dtypes or another format")


def _dtypes(print_: HeaderPrint) -> set[str]:
    return {line.dtype for line in print_.histogram if len(line.shape) > 1}


def _matrices(print_: HeaderPrint) -> Shapes:
    """Elements by canonical shape, without vectors (less than a thousandth) and buffers."""
    told: Shapes = Counter()
    for line in print_.histogram:
        if len(line.shape) > 1 and line.role != "dropped":
            told[line.shape] += line.elements
    return told


def _by_row(print_: HeaderPrint) -> Shapes:
    """Elements by length of row: it stays where matrices are stacked, or joined below one another."""
    told: Shapes = Counter()
    for line in print_.histogram:
        if len(line.shape) > 1 and line.role != "dropped":
            told[(line.row,)] += line.elements
    return told


def _shared_shapes(one: HeaderPrint, other: HeaderPrint) -> float:
    """The common part by shape; experts unstacked, and an embedding that one side has once more left out."""
    mine, theirs = _matrices(one), _matrices(other)
    mine, theirs = _unstacked(mine, theirs), _unstacked(theirs, mine)
    for print_ in (one, other):
        for line in print_.histogram:
            apart = abs(mine[line.shape] - theirs[line.shape])
            if (
                line.role in ("embedding", "output")
                and apart == line.each
                and mine[line.shape]
                and theirs[line.shape]
            ):
                mine[line.shape] = theirs[line.shape] = min(mine[line.shape], theirs[line.shape])
    return _share(mine, theirs)


def _unstacked(mine: Shapes, theirs: Shapes) -> Shapes:
    """Stacked matrices counted as single ones, where the other side has them single."""
    told: Shapes = Counter()
    for shape, elements in mine.items():
        single = (shape[:place] + shape[place + 1 :] for place in range(len(shape)))
        known = [cut for cut in single if cut in theirs] if shape not in theirs and len(shape) > 2 else []
        told[known[0] if known else shape] += elements
    return told


def _share(mine: Shapes, theirs: Shapes) -> float:
    union = sum((mine | theirs).values())
    return sum((mine & theirs).values()) / union if union else 0.0


def _related(one: HeaderPrint, other: HeaderPrint) -> Likeness | None:
    """A part, or a fine-tune with more."""
    known = {tensor.name: tensor.shape for tensor in one.tensors}
    common = [tensor for tensor in other.tensors if known.get(tensor.name) == tensor.shape]
    held = sum(tensor.elements for tensor in common)
    share = held / one.elements
    if held >= ALIKE_SHARE * other.elements and _lacks_a_part(one, other) and share >= PART_SHARE:
        return Likeness(
            "related", share, f"a part: {len(common)} of the asset's {one.tensor_count} tensors, no other"
        )
    names = {tensor.name for tensor in other.tensors}
    lost = {role_of(tensor.name) for tensor in one.tensors if tensor.name not in names}
    has_all = lost <= {"output", "dropped"} and _same_depth(one, other)
    if share >= RELATED_SHARE and has_all and _grown(known, other):
        more = other.tensor_count - len(common)
        return Likeness(
            "related", share, f"{len(common)} of the asset's {one.tensor_count} tensors, and {more} more"
        )
    return None


def _grown(known: dict[str, tuple[int, ...]], other: HeaderPrint) -> bool:
    """Whether tensors of a common name have the asset's shape, or more rows of it: words added to the vocabulary."""
    for tensor in other.tensors:
        shape = known.get(tensor.name, tensor.shape)
        if len(shape) != len(tensor.shape) or shape[1:] != tensor.shape[1:]:
            return False
        if shape and not shape[0] <= tensor.shape[0] <= MOST_WORDS_MORE * shape[0]:
            return False
    return True


def _patterns(tensors: tuple[Tensor, ...]) -> dict[str, set[str]]:
    """Names by what is left of them without numbers."""
    told: dict[str, set[str]] = {}
    for tensor in tensors:
        pattern = "".join("#" if part.isdigit() else part + "." for part in tensor.name.split("."))
        told.setdefault(pattern, set()).add(tensor.name)
    return told


def _lacks_a_part(one: HeaderPrint, other: HeaderPrint) -> bool:
    """Whether a kind of tensor is missing: a whole model of fewer layers has every kind."""
    return bool(_patterns(one.tensors).keys() - _patterns(other.tensors).keys())


def _same_depth(one: HeaderPrint, other: HeaderPrint) -> bool:
    """Whether tensors of every common kind are equally many: one layer more makes another architecture."""
    mine, theirs = _patterns(one.tensors), _patterns(other.tensors)
    return all(mine[pattern] == theirs[pattern] for pattern in mine.keys() & theirs.keys())
