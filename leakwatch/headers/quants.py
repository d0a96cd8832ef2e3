"""How many bytes a model's tensors take up once they are quantised, by the rules of llama.cpp.

`Q4_0` or `Q6_K` name one type for nearly all matrices, `Q4_K_M` a mix: some parts get more bits in all layers, others
in some. Vectors, norms and routers stay F32; a row that no block divides falls back to a type of smaller blocks.
Source: llama.cpp, src/llama-quant.cpp, `llama_tensor_get_type_impl`, `tensor_allows_quantization` and
`tensor_type_fallback`; the makers of files vary these rules, so a recipe has variants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from leakwatch.headers.prints import HeaderPrint, ShapeCount
from leakwatch.headers.roles import Role
from leakwatch.headers.tensor import bytes_of

_NAME = re.compile(
    r"(?<![A-Z0-9])(?:(?P<unsloth>UD-)?(?P<quant>IQ[1-4]_(?:XXS|XS|S|M|NL)|Q[2-8]_K(?:_(?:S|M|L|XL))?|Q[4-8]_[01]"
    r"|TQ[12]_0|MXFP4)|(?P<plain>BF16|FP?16|FP?32))(?![A-Z0-9]|_[0-9KSMLX])",
    re.IGNORECASE,
)
_MORE = "more"
"""The layers that `use_more_bits` picks: the first and the last eighth, and every third between them."""
_EIGHTH, _SIXTEENTH, _TWO, _FOUR = "eighth", "sixteenth", "two", "four"
"""The first of the layers: a part of them, or so many."""
_ALIGNED = 32


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which type a part gets: `base` where nothing else is said; `parts` for all layers, `some` for the named ones."""

    base: str
    parts: Mapping[Role, str] = field(default_factory=dict)
    some: Mapping[Role, tuple[str, str]] = field(default_factory=dict)
    is_mix: bool = True


def _mix(base: str, output: str = "Q6_K", **parts: str) -> Recipe:
    """A recipe from `part=type` and `part=layers:better`, or `part=layers:better/type`."""
    whole: dict[str, str] = {"output": output}
    some: dict[str, tuple[str, str]] = {}
    for part, told in parts.items():
        layers, _, dtypes = told.rpartition(":")
        better, _, dtype = dtypes.partition("/")
        if layers:
            some[part] = (layers, better)
        if dtype or not layers:
            whole[part] = dtype or better
    return Recipe(base, whole, some)  # pyright: ignore[reportArgumentType]


def _plain(dtype: str) -> Recipe:
    return Recipe(dtype, is_mix=False)


_LOW = {"embedding": "Q2_K", "value": "Q4_K", "down": f"{_EIGHTH}:Q2_K"}
RECIPES: dict[str, tuple[Recipe, ...]] = {
    "F32": (_plain("F32"),),
    "F16": (_plain("F16"),),
    "BF16": (_plain("BF16"),),
    "Q8_0": (_plain("Q8_0"),),
    "Q6_K": (_plain("Q6_K"),),
    "Q4_0": (_mix("Q4_0"), _mix("Q4_0", down=f"{_EIGHTH}:Q4_1"), _plain("Q4_0")),
    "Q4_1": (_mix("Q4_1"), _plain("Q4_1")),
    "Q5_0": (_mix("Q5_0"), _mix("Q5_0", down=f"{_EIGHTH}:Q5_1"), _plain("Q5_0")),
    "Q5_1": (_mix("Q5_1"), _plain("Q5_1")),
    "Q2_K": (
        _mix("Q2_K", value="Q4_K", down="Q3_K", attended="Q3_K"),
        _mix("Q2_K", value="Q3_K", down="Q3_K", attended="Q3_K"),
    ),
    "Q2_K_S": (_mix("Q2_K", value="Q4_K", down=f"{_EIGHTH}:Q4_K"), _mix("Q2_K", down=f"{_EIGHTH}:Q4_K")),
    "Q3_K_S": (
        _mix("Q3_K"),
        _mix("Q3_K", value="Q5_K"),
    ),
    "Q3_K_M": (
        _mix(
            "Q3_K", value=f"{_TWO}:Q5_K/Q4_K", down=f"{_SIXTEENTH}:Q5_K/Q4_K", attended="Q4_K", fused="Q4_K"
        ),
        _mix("Q3_K", value="Q5_K", down=f"{_SIXTEENTH}:Q5_K/Q4_K", attended="Q4_K", fused="Q4_K"),
    ),
    "Q3_K_L": (_mix("Q3_K", value="Q5_K", down="Q5_K", attended="Q5_K", fused="Q4_K"),),
    "Q4_K_S": (_mix("Q4_K", value=f"{_FOUR}:Q5_K", down=f"{_EIGHTH}:Q5_K"),),
    "Q4_K_M": (_mix("Q4_K", value=f"{_MORE}:Q6_K", down=f"{_MORE}:Q6_K", fused="Q5_K"),),
    "Q5_K_S": (_mix("Q5_K"),),
    "Q5_K_M": (_mix("Q5_K", value=f"{_MORE}:Q6_K", down=f"{_MORE}:Q6_K", fused="Q6_K"),),
    "IQ1_S": (_mix("IQ1_S", "Q5_K", attended="IQ2_XXS", **_LOW),),
    "IQ1_M": (_mix("IQ1_M", "Q5_K", attended="IQ2_XXS", **_LOW),),
    "IQ2_XXS": (_mix("IQ2_XXS", "Q5_K", **_LOW),),
    "IQ2_XS": (_mix("IQ2_XS", "Q5_K", **_LOW),),
    "IQ2_S": (
        _mix("IQ2_XS", "Q5_K", embedding="IQ3_S", value="Q4_K", down=f"{_EIGHTH}:IQ3_S", attended="IQ3_S"),
    ),
    "IQ2_M": (
        _mix("IQ2_S", "Q5_K", embedding="IQ3_S", value="Q4_K", down=f"{_EIGHTH}:IQ3_S", attended="IQ3_S"),
    ),
    "IQ3_XXS": (
        _mix(
            "IQ3_XXS", "Q5_K", embedding="IQ3_S", value="Q4_K", key="IQ2_S", query="IQ2_S", attended="IQ3_S"
        ),
        _mix(
            "IQ3_XXS", "Q5_K", embedding="IQ3_S", value="IQ3_S", key="IQ2_S", query="IQ2_S", attended="IQ3_S"
        ),
    ),
    "IQ3_S": (_mix("IQ3_S", value="Q4_K"), _mix("IQ3_S")),
    "IQ3_M": (_mix("IQ3_S", value="Q4_K", attended="Q4_K", down=f"{_EIGHTH}:Q4_K", fused="Q4_K"),),
    "IQ4_XS": (
        _mix("IQ4_XS", value="Q5_K"),
        _mix("IQ4_XS", value="Q5_K", down=f"{_EIGHTH}:Q5_K"),
        _mix("IQ4_XS"),
    ),
    "IQ4_NL": (
        _mix("IQ4_NL", value="Q5_K"),
        _mix("IQ4_NL", value="Q5_K", down=f"{_EIGHTH}:Q5_K"),
        _mix("IQ4_NL"),
    ),
    "TQ1_0": (_mix("TQ1_0", embedding="Q4_K"),),
    "TQ2_0": (_mix("TQ2_0", embedding="Q4_K"),),
}
"""File type -> its recipes. Several are for other ratios of heads, or made with an importance matrix, or `--pure`."""
_LARGE = {"Q3_K_XL": "Q3_K_L", "Q4_K_L": "Q4_K_M", "Q5_K_L": "Q5_K_M", "Q6_K_L": "Q6_K"}
"""Some makers' names for a mix whose word embedding and output have eight bits."""
_EIGHT_EXPERTS = frozenset(
    ["Q2_K", "Q3_K_S", "Q3_K_M", "Q4_K_S", "Q4_K_M", "IQ3_XXS", "IQ3_S", "IQ3_M", "IQ4_NL", "IQ4_XS"]
)
"""Types whose projection after attention has five bits in models of eight experts."""
_EIGHT_BITS: dict[Role, str] = {"embedding": "Q8_0", "output": "Q8_0"}
_UNMIXED = ("F32", "F16", "BF16", "Q8_0")
_FALLBACK = {"Q2_K": "Q4_0", "Q3_K": "Q4_0", "TQ1_0": "Q4_0", "TQ2_0": "Q4_0"} | {
    "Q4_K": "Q5_0",
    "Q5_K": "Q5_1",
    "Q6_K": "Q8_0",
}


def quant_named(file_name: str) -> str | None:
    """The file type that a file name gives, as llama.cpp spells it; None if it gives none, or one made to measure.

    `UD-` marks files whose every tensor got a type of its own: their size cannot be foretold.
    """
    found = None
    for found in _NAME.finditer(file_name[-255:]):
        if found["unsloth"]:
            return None
        if found["quant"]:
            break
    if found is None:
        return None
    if found["plain"]:
        return found["plain"].upper().replace("FP", "F")
    told = found["quant"].upper()
    return {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"}.get(told, told)


def expected_bytes(print_: HeaderPrint, quant: str) -> Iterator[tuple[int, bool]]:
    """What the tensors of a GGUF file of this type take up, padding included, by each recipe; whether it is a mix."""
    large = quant in _LARGE
    eight = any(line.role == "kept" and len(line.shape) == 2 and 8 in line.shape for line in print_.histogram)
    for recipe in RECIPES.get(_LARGE.get(quant, quant), ()):
        for told in _of_eight(recipe, quant) if eight and recipe.base not in _UNMIXED else (recipe,):
            one = replace(told, parts=dict(told.parts) | _EIGHT_BITS) if large else told
            yield _sum(print_, one), one.is_mix or large


def _of_eight(recipe: Recipe, quant: str) -> tuple[Recipe, ...]:
    """What becomes of a recipe for a model of eight experts: small parts get more bits.

    The second is how the releases of the first months counted layers: none got the better type.
    """
    parts: dict[Role, str] = dict(recipe.parts)
    parts["value"] = parts["key"] = "Q8_0"
    now = dict(parts)
    if quant in _EIGHT_EXPERTS:
        now["attended"] = "Q5_K"
    some: dict[Role, tuple[str, str]] = dict(recipe.some)
    some.pop("value", None)
    return Recipe(recipe.base, now, some), Recipe(recipe.base, parts)


def _sum(print_: HeaderPrint, recipe: Recipe) -> int:
    lines = [line for line in print_.histogram if line.role != "dropped"]
    has_output = any(line.role == "output" and line.rank > 1 for line in lines)
    layers = sum(line.count for line in lines if line.role in ("value", "fused") and line.rank > 1)
    total = 0
    for line in lines:
        role: Role = "output" if line.role == "embedding" and not has_output else line.role
        if not _is_matrix(line):
            total += _padded("F32", line.each) * line.count
            continue
        dtype = recipe.parts.get(role, recipe.base)
        layered, better = recipe.some.get(role, ("", dtype))
        more = round(line.count * _part(layered, layers or line.count))
        total += _padded(_fitting(dtype, line.row), line.each) * (line.count - more)
        total += _padded(_fitting(better, line.row), line.each) * more
    return total


def _is_matrix(line: ShapeCount) -> bool:
    """Whether converters write it in the file's type, and not in F32."""
    return len(line.shape) > 1 and line.rank > 1 and line.role != "kept"


def _part(layered: str, layers: int) -> float:
    """The part of the layers that gets the better type."""
    if not layered:
        return 0.0
    eighth = layers // 8
    if layered == _MORE:
        last = 7 * layers // 8
        return sum(n < eighth or n >= last or (n - eighth) % 3 == 2 for n in range(layers)) / layers
    return min({_EIGHTH: eighth, _SIXTEENTH: layers // 16, _TWO: 2, _FOUR: 4}[layered], layers) / layers


def _fitting(dtype: str, row: int) -> str:
    """The type, or what stands in for it where the row is no whole number of blocks."""
    if row % 256 and dtype.startswith("IQ") and dtype != "IQ4_NL":
        dtype = "IQ4_NL"
    elif row % 256:
        dtype = _FALLBACK.get(dtype, dtype)
    return "F16" if row % 32 and dtype not in ("F32", "BF16") else dtype


def _padded(dtype: str, elements: int) -> int:
    return -(-bytes_of(dtype, elements) // _ALIGNED) * _ALIGNED
