"""Conditions over a list of files as values. `parse.py` makes them from text, `matching/rules/files.py` answers them.

A predicate speaks of one file (`Named`, `Ending`, `Globbed`, `Sized`, `Between`); an aggregate of all that a predicate
holds for (`Count`, `Sum`, `Some`, `Every`); `Compare` holds two numbers together. `Both`, `Either` and `Not` join
either predicates or conditions, never one with the other: the parser sees to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operator = Literal["<", "<=", "==", "!=", ">=", ">"]


@dataclass(frozen=True, slots=True)
class Ending:
    """The extension is one of these: lower case, no dot."""

    extensions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Named:
    """The last part of the path is one of these, in lower case."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Globbed:
    """The name or the whole path fits a glob; `*` and `?` stay inside a folder, `**` does not."""

    part: Literal["name", "path"]
    glob: str


@dataclass(frozen=True, slots=True)
class Sized:
    """The size compares so. A file whose size is not told has no size that compares."""

    operator: Operator
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Between:
    """The size lies between these two, both included."""

    low_bytes: int
    high_bytes: int


@dataclass(frozen=True, slots=True)
class Both:
    """All parts hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node


@dataclass(frozen=True, slots=True)
class Number:
    """A number of files, or of bytes where it was written with a unit."""

    value: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many files, or how many of which the predicate holds."""

    of: Node | None


@dataclass(frozen=True, slots=True)
class Sum:
    """The bytes of all files, or of those of which the predicate holds; sizes that are not told count nothing."""

    of: Node | None


@dataclass(frozen=True, slots=True)
class Some:
    """The predicate holds of a file."""

    of: Node


@dataclass(frozen=True, slots=True)
class Every:
    """The predicate holds of each file."""

    of: Node


@dataclass(frozen=True, slots=True)
class Compare:
    """Two numbers compare so."""

    left: Count | Sum | Number
    operator: Operator
    right: Count | Sum | Number


Node = (
    Ending
    | Named
    | Globbed
    | Sized
    | Between
    | Both
    | Either
    | Not
    | Number
    | Count
    | Sum
    | Some
    | Every
    | Compare
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule asks of the list of files, as it was written and as it was understood."""

    text: str
    root: Node
