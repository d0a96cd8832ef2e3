"""Conditions over a list of files, answered in time linear in the list; equal questions are answered once a list."""

from __future__ import annotations

import operator as op
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, assert_never

from leakwatch.model.observation import ObservedFile
from leakwatch.rulepack.condition import (
    Between,
    Both,
    Compare,
    Condition,
    Count,
    Either,
    Ending,
    Every,
    Globbed,
    Named,
    Node,
    Not,
    Number,
    Sized,
    Some,
    Sum,
)
from leakwatch.rulepack.patterns import Pattern, pattern_of

MAX_FILES = 100_000
_MAX_PATH = 1000
_MAX_EXTENSION = 12
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": op.lt,
    "<=": op.le,
    "==": op.eq,
    "!=": op.ne,
    ">=": op.ge,
    ">": op.gt,
}


class Row(NamedTuple):
    """One file in lower case. `size_bytes` is -1 where it is not told."""

    path: str
    name: str
    extension: str
    size_bytes: int


Test = Callable[[Row], bool]


class Listing:
    """A list of files, the first 100,000 of it, and what was answered about it."""

    def __init__(self, files: Sequence[ObservedFile]) -> None:
        self.rows = [_row(file) for file in files[:MAX_FILES]]
        self._by_extension: dict[str, list[Row]] = {}
        self._answers: dict[Node, int] = {}
        for row in self.rows:
            self._by_extension.setdefault(row.extension, []).append(row)

    def holds(self, condition: Condition) -> bool:
        """Whether the condition holds. Of a list without files no condition holds."""
        return bool(self.rows) and bool(self._answer(condition.root))

    def told(self, condition: Condition) -> list[tuple[str, int]]:
        """Each number or question of the condition, and its answer, for a person."""
        return [(_written(node), self._answer(node)) for node in _leaves(condition.root)] if self.rows else []

    def _answer(self, node: Node) -> int:
        known = self._answers.get(node)
        if known is None:
            known = self._answers[node] = self._ask(node)
        return known

    def _ask(self, node: Node) -> int:
        match node:
            case Both(parts):
                return all(self._answer(one) for one in parts)
            case Either(parts):
                return any(self._answer(one) for one in parts)
            case Not(part):
                return not self._answer(part)
            case Compare(left, operator, right):
                return _COMPARE[operator](self._answer(left), self._answer(right))
            case Number(value):
                return value
            case Count(None):
                return len(self.rows)
            case Count(of) if of:
                test = test_of(of)
                return sum(1 for row in self._candidates(of) if test(row))
            case Sum(None):
                return sum(row.size_bytes for row in self.rows if row.size_bytes > 0)
            case Sum(of) if of:
                test = test_of(of)
                return sum(r.size_bytes for r in self._candidates(of) if r.size_bytes > 0 and test(r))
            case Some(of):
                return any(map(test_of(of), self._candidates(of)))
            case Every(of):
                return all(map(test_of(of), self.rows))
            case _:
                raise TypeError(node)

    def _candidates(self, of: Node) -> Iterable[Row]:
        """The files for which a predicate can hold: those of its extensions, where it has any."""
        wanted = _extensions(of)
        if wanted is None:
            return self.rows
        return (row for one in sorted(wanted) for row in self._by_extension.get(one, ()))


def _row(file: ObservedFile) -> Row:
    path = file.path[-_MAX_PATH:].replace("\\", "/").casefold()
    name = path.rpartition("/")[2]
    return Row(path, name, extension_of(name), -1 if file.size_bytes is None else file.size_bytes)


def extension_of(name: str) -> str:
    """What stands behind the last dot, where it is short and something stands before it."""
    stem, dot, extension = name.rpartition(".")
    return extension if dot and stem and len(extension) <= _MAX_EXTENSION else ""


@lru_cache(maxsize=20_000)
def test_of(node: Node) -> Test:
    """A predicate as a function of one file."""
    match node:
        case Ending(extensions):
            return lambda row: row.extension in extensions
        case Named(names):
            return lambda row: row.name in names
        case Globbed(part, glob):
            return _fits(part, glob)
        case Sized(operator, size_bytes):
            compare = _COMPARE[operator]
            return lambda row: row.size_bytes >= 0 and compare(row.size_bytes, size_bytes)
        case Between(low_bytes, high_bytes):
            return lambda row: low_bytes <= row.size_bytes <= high_bytes
        case Both(parts):
            tests = [test_of(one) for one in parts]
            return lambda row: all(test(row) for test in tests)
        case Either(parts):
            tests = [test_of(one) for one in parts]
            return lambda row: any(test(row) for test in tests)
        case Not(part):
            test = test_of(part)
            return lambda row: not test(row)
        case Number() | Count() | Sum() | Some() | Every() | Compare():
            raise TypeError(node)
        case _:
            assert_never(node)


def _fits(part: Literal["name", "path"], glob: str) -> Test:
    """A glob as a function; most files are ruled out by its longest stretch without wildcards."""
    pattern = Pattern(pattern_of(glob))
    literal = max(re.split(r"[*?]+", glob), key=len)
    at = Row._fields.index(part)
    return lambda row: (
        literal in str(row[at]) and pattern.find(str(row[at]).encode("utf-8", "replace")) is not None
    )


def _extensions(node: Node) -> frozenset[str] | None:
    """The extensions that a file must have for the predicate to hold, None where any will do."""
    match node:
        case Ending(extensions):
            return extensions
        case Named(names):
            return frozenset(map(extension_of, names))
        case Globbed(_, glob):
            tail = re.search(r"[^*?/.]\.([^*?/.]{1,12})\Z|[*?]\.([^*?/.]{1,12})\Z", glob)
            return frozenset({tail[1] or tail[2]}) if tail and "/" not in glob else None
        case Both(parts):
            told = [one for one in map(_extensions, parts) if one is not None]
            return min(told, key=len) if told else None
        case Either(parts):
            some = [_extensions(one) for one in parts]
            return None if None in some else frozenset().union(*(one for one in some if one))
        case _:
            return None


def _leaves(node: Node) -> list[Node]:
    match node:
        case Both(parts) | Either(parts):
            return [leaf for part in parts for leaf in _leaves(part)]
        case Not(part):
            return _leaves(part)
        case Compare(left, _, right):
            return [one for one in (left, right) if not isinstance(one, Number)]
        case _:
            return [node]


def _written(node: Node) -> str:
    """A node as it might have been written."""
    match node:
        case Ending(extensions):
            return f"ext in [{', '.join(sorted(extensions))}]"
        case Named(names):
            return f"name in [{', '.join(sorted(names))}]"
        case Globbed(part, glob):
            return f'{part} matches "{glob}"'
        case Sized(operator, size_bytes):
            return f"size {operator} {size_bytes} B"
        case Between(low_bytes, high_bytes):
            return f"size in {low_bytes} B to {high_bytes} B"
        case Both(parts):
            return " and ".join(f"({_written(one)})" for one in parts)
        case Either(parts):
            return " or ".join(f"({_written(one)})" for one in parts)
        case Not(part):
            return f"not ({_written(part)})"
        case Number(value):
            return str(value)
        case Count(of):
            return f"count({_written(of) if of else ''})"
        case Sum(of):
            return f"sum(size where {_written(of)})" if of else "sum(size)"
        case Some(of):
            return f"any({_written(of)})"
        case Every(of):
            return f"all({_written(of)})"
        case Compare(left, operator, right):
            return f"{_written(left)} {operator} {_written(right)}"
        case _:
            assert_never(node)
