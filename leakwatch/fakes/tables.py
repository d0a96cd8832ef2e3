"""The tables of the fake score as a value: bits, limits, what endings mean, what each kind of work looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from leakwatch.errors import ConfigError

UNKNOWN = "unknown"
"""The class of an ending that no class lists, and of a name without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTable:
    """What torrents of one kind of work look like.

    Shape:  `expected`, `possible` and `odd` name classes of endings; a class in none of them cannot be the work.
    Units:  `least` (by resolution, `any` without one) and `most` in bytes of the whole; shares are of the asset's
            own bytes; `season` counts episodes; `least_program` in bytes of a lone program or archive.
    """

    name: str
    expected: frozenset[str]
    possible: frozenset[str]
    odd: frozenset[str]
    least: Mapping[str, float]
    most: float
    least_share: float
    most_share: float
    season: float = 1
    least_program: float = 0
    is_software: bool = False
    with_programs: bool = False


@dataclass(frozen=True, slots=True)
class FakeTables:
    """All tables. `classes` is by ending, `kinds` by every name of a kind, both in lower case."""

    bits: Mapping[str, float]
    limits: Mapping[str, float]
    classes: Mapping[str, str]
    kinds: Mapping[str, KindTable]

    def class_of(self, ending: str) -> str:
        """The class of an ending in lower case; volumes of an archive (`r00`, `z01`, `001`) are archives."""
        known = self.classes.get(ending)
        if known is None:
            return "archive" if _is_volume(ending) else UNKNOWN
        return known


def _is_volume(ending: str) -> bool:
    return len(ending) == 3 and ending[1:].isdecimal() and ending.isascii() and ending[0] in "rsz0"


def parse_fakes(text: str, file: str = "fakes.yaml") -> FakeTables:
    """Read the tables. Raises: ConfigError with file, and line or field."""
    try:
        told = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        raise ConfigError("this is not YAML", file=file, line=mark.line + 1 if mark else 0) from error
    top = _Fields(told, file, "")
    classes: dict[str, str] = {}
    for name in top.fields("classes").names():
        for ending in top.fields("classes").words(name):
            if classes.setdefault(ending, name) != name:
                raise ConfigError(
                    f"{ending!r} is in {classes[ending]!r} too", file=file, field=f"classes.{name}"
                )
    known = frozenset(classes.values()) | {UNKNOWN}
    kinds: dict[str, KindTable] = {}
    for name in top.fields("kinds").names():
        one = top.fields("kinds").fields(name)
        for alias in (name, *one.words("also")):
            if alias in kinds:
                raise ConfigError(f"{alias!r} is another kind, too", file=file, field=f"kinds.{name}")
            kinds[alias] = _kind(name, one, known)
    return FakeTables(top.fields("bits").numbers(), top.fields("limits").numbers(), classes, kinds)


def _kind(name: str, told: _Fields, known: frozenset[str]) -> KindTable:
    least = told.fields("least").numbers()
    if "any" not in least:
        raise ConfigError("expected a number for 'any'", file=told.file, field=f"kinds.{name}.least")
    return KindTable(
        name=name,
        expected=told.classes("expected", known),
        possible=told.classes("possible", known),
        odd=told.classes("odd", known),
        least=least,
        most=told.number("most"),
        least_share=told.number("least_share"),
        most_share=told.number("most_share"),
        season=told.number("season", 1),
        least_program=told.number("least_program", 0),
        is_software=told.flag("is_software"),
        with_programs=told.flag("with_programs"),
    )


class _Fields:
    """A mapping of the file, read field by field; what is wrong is told with its place."""

    __slots__ = ("_told", "_where", "file")

    def __init__(self, told: object, file: str, where: str) -> None:
        if not isinstance(told, dict):
            raise ConfigError("expected names and values", file=file, field=where)
        self._told = {str(name): value for name, value in told.items()}
        self.file, self._where = file, where

    def names(self) -> tuple[str, ...]:
        return tuple(self._told)

    def fields(self, name: str) -> _Fields:
        return _Fields(self._told.get(name), self.file, self._place(name))

    def words(self, name: str) -> tuple[str, ...]:
        value = self._told.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "words")
        return tuple(value.split())

    def classes(self, name: str, known: frozenset[str]) -> frozenset[str]:
        words = frozenset(self.words(name))
        if not words <= known:
            raise self._wrong(name, f"classes; there is no {min(words - known)!r}")
        return words

    def number(self, name: str, default: float | None = None) -> float:
        value = self._told.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e18:
            raise self._wrong(name, "a number")
        return float(value)

    def numbers(self) -> Mapping[str, float]:
        return {name: self.number(name) for name in self._told}

    def flag(self, name: str) -> bool:
        value = self._told.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def _wrong(self, name: str, expected: str) -> ConfigError:
        return ConfigError(f"expected {expected}", file=self.file, field=self._place(name))

    def _place(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name
