"""Rows and fields of a JSON answer, by the paths that definitions use for them.

`$`, `data.torrents`, `$[0].id`, `..name` (of the object around the row), and conditions behind a path:
`:has(username:contains(x))`, `:not(...)`, `:contains(x)`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from leakwatch.errors import LayoutChanged
from leakwatch.sources._kind import Json
from leakwatch.sources.cardigann.definition import Rows

_MAX_PATH = 1000
_MAX_DEPTH = 5
_PART = re.compile(r"""\.?(?:([\w\-@ ]+)|\[(\d{1,6})\]|\[\*\]|\[["']([^"'\]]+)["']\])""")
_CONDITION = re.compile(r":(has|not|contains)\(")
_Step: TypeAlias = "str | int"


class PathError(ValueError):
    """A path into JSON that cannot be read."""


@dataclass(frozen=True, slots=True)
class _Path:
    """Steps to a value and the conditions that it must meet. `is_outer`: from the object around the row."""

    steps: tuple[_Step, ...] = ()
    conditions: tuple[tuple[str, str, _Path | None], ...] = ()
    is_outer: bool = False


@dataclass(frozen=True, slots=True)
class JsonRow:
    """One item: its object, and the one around it."""

    value: Json
    outer: Json = None


@lru_cache(maxsize=1000)
def compiled(path: str) -> _Path:
    """A path as steps. Raises: PathError."""
    if len(path) > _MAX_PATH:
        raise PathError(f"a path of more than {_MAX_PATH} characters")
    told, rest = _read(path.strip(), 0)
    if rest:
        raise PathError(f"cannot read {rest[:40]!r} in {path[:80]!r}")
    return told


def _read(text: str, depth: int) -> tuple[_Path, str]:
    if depth > _MAX_DEPTH:
        raise PathError("nested too deeply")
    is_outer = text.startswith("..")
    text = text[2:] if is_outer else text.removeprefix("$")
    steps: list[_Step] = []
    while found := _PART.match(text):
        steps += [int(found[2])] if found[2] else [found[1] or found[3]] if found[1] or found[3] else []
        text = text[found.end() :]
    conditions: list[tuple[str, str, _Path | None]] = []
    while found := _CONDITION.match(text):
        text = text[found.end() :]
        if found[1] == "contains":
            wanted, closing, text = text.partition(")")
            conditions.append(("contains", wanted.strip().strip("\"'"), None))
        else:
            inner, text = _read(text, depth + 1)
            closing, text = text[:1], text[1:]
            conditions.append((found[1], "", inner))
        if closing != ")":
            raise PathError("expected )")
    return _Path(tuple(steps), tuple(conditions), is_outer), text


def value(path: str, row: JsonRow) -> Json:
    """The value that a path leads to, or None. Raises: PathError."""
    return _followed(compiled(path), row)


def _followed(path: _Path, row: JsonRow) -> Json:
    here = row.outer if path.is_outer else row.value
    for step in path.steps:
        if isinstance(step, int):
            here = here[step] if isinstance(here, list) and step < len(here) else None
        else:
            here = here.get(step) if isinstance(here, dict) else None
    return here if all(_meets(here, row, one) for one in path.conditions) else None


def _meets(here: Json, row: JsonRow, condition: tuple[str, str, _Path | None]) -> bool:
    name, text, inner = condition
    if name == "contains" or inner is None:
        return text in text_of(here)
    return (_followed(inner, JsonRow(here, row.outer)) is not None) is (name == "has")


def rows(document: Json, rule: Rows, selector: str) -> Sequence[JsonRow]:
    """The items of an answer. Raises: LayoutChanged where the path does not lead to a list of them."""
    path = compiled(selector)
    found = _followed(_Path(path.steps), JsonRow(document))
    if found is None and rule.missing_is_empty:
        return ()
    listed = (
        list(found.values())
        if isinstance(found, dict) and rule.multiple and rule.attribute is None
        else found
    )
    if not isinstance(listed, list):
        raise LayoutChanged(f"expected a list at {selector[:80]!r}, got {type(found).__name__}")
    outer = [one for one in listed if all(_meets(one, JsonRow(one), c) for c in path.conditions)]
    if rule.attribute is None:
        return [JsonRow(one, document) for one in outer if isinstance(one, dict | list)]
    inner: list[JsonRow] = []
    for one in outer:
        held = _followed(compiled(rule.attribute), JsonRow(one))
        if rule.multiple:
            many = list(held.values()) if isinstance(held, dict) else held if isinstance(held, list) else []
            inner += [JsonRow(each, one) for each in many]
        elif held is not None:
            inner.append(JsonRow(held, one))
    return inner


def text_of(told: Json) -> str:
    """A value as the text that filters work on."""
    if isinstance(told, bool):
        return "True" if told else "False"
    if isinstance(told, list):
        return ",".join(text_of(one) for one in told[:1000] if not isinstance(one, dict | list))
    if isinstance(told, float) and told.is_integer() and abs(told) < 2**63:
        told = int(told)
    return str(told) if isinstance(told, str | int | float) else ""
