"""What a kind asks the objects of an answer for, and what they have of it. Pure.

What was read does not tell of every loss: a kind may find another field in the place of one that is gone. So an answer
remembers by which names its objects were asked, and all objects of that place are counted by these names afterwards.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from leakwatch.extract.shapes import BROKEN, SHAPES, shape

MAX_NAMES = 100
_MAX_OBJECTS, _MAX_NAME = 100, 60
_MAX_DIGITS, _READ = 18, 300
_ABSENT: Any = object()
FIELD_SHAPES = (*SHAPES, "yes or no", "more", "nothing", "broken characters")


@dataclass(frozen=True, slots=True)
class Field:
    """What the objects of one place have under one name: so many of them, `there`, of such shapes.

    `different` are the different ones of its texts and numbers, of which there are `plain`.
    Units:  `bits` is how large these are together: the logarithm of each number, or of the length of each text.
    """

    of: int
    there: int
    shapes: Mapping[str, int]
    different: int = 0
    plain: int = 0
    bits: float = 0.0

    def __add__(self, other: Field) -> Field:
        """Both answers' objects together. What is the same in both counts twice among the different."""
        return Field(
            self.of + other.of,
            self.there + other.there,
            Counter(self.shapes) + Counter(other.shapes),
            self.different + other.different,
            self.plain + other.plain,
            self.bits + other.bits,
        )


Fields = Mapping[str, Field]
"""Of all the names that a kind asked for; those of an object in another are `outer.inner`."""


@dataclass(slots=True)
class Asked:
    """The names that the objects of an answer were asked for, by the place of the objects."""

    names: dict[str, dict[str, None]] = field(default_factory=dict[str, dict[str, None]])
    objects: dict[str, list[Told]] = field(default_factory=dict[str, list["Told"]])

    def told(self, value: Mapping[str, Any]) -> Told:
        """An object of the answer."""
        made = Told(value)
        made.asked = self
        return made

    def fields(self) -> Fields:
        """What is under each name that was asked for."""
        found: dict[str, Field] = {}
        for place, names in self.names.items():
            for name in names:
                values = [dict.get(one, name, _ABSENT) for one in self.objects[place]]  # without noting it
                found[f"{place}{name}"] = _field(values)
        return found


class Told(dict[str, Any]):
    """An object of an answer. Where it is asked for a name, its answer notes that; `place` is where it stands in it."""

    __slots__ = ("asked", "is_noted", "place")

    asked: Asked
    place: str
    is_noted: bool

    def __init__(self, value: Mapping[str, Any]) -> None:
        super().__init__(value)
        self.place, self.is_noted = "", False

    def get(self, key: str, default: Any = None) -> Any:
        """As of any dictionary."""
        self._note(key)
        value = super().get(key, default)
        if isinstance(value, (Told, list)):
            self._place(value, key)
        return value

    def __getitem__(self, key: str) -> Any:
        """As of any dictionary."""
        self._note(key)
        value = super().__getitem__(key)
        if isinstance(value, (Told, list)):
            self._place(value, key)
        return value

    def _note(self, name: str) -> None:
        asked, place = self.asked, self.place
        if not isinstance(name, str) or (self.is_noted and name in asked.names.get(place, ())):
            return
        if not self.is_noted:
            self.is_noted = True
            objects = asked.objects.setdefault(place, [])
            if len(objects) < _MAX_OBJECTS:
                objects.append(self)
        if sum(map(len, asked.names.values())) < MAX_NAMES and len(name) <= _MAX_NAME:
            asked.names.setdefault(place, {})[name] = None

    def _place(self, value: Told | list[Any], name: str) -> None:
        place = f"{self.place}{name}."[-_MAX_NAME:]
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, Told):
                one.place = place


def together(pages: Iterable[Fields]) -> Fields:
    """The fields of several answers."""
    found: dict[str, Field] = {}
    for page in pages:
        for name, one in page.items():
            found[name] = found[name] + one if name in found else one
    return found


def _field(values: list[Any]) -> Field:
    there = [one for one in values if one is not _ABSENT]
    plain = [
        one for one in there if isinstance(one, (str, int, float)) and not isinstance(one, bool) and one != ""
    ]
    return Field(
        of=len(values),
        there=len(there),
        shapes=Counter(map(_shape, there)),
        different=len({one[:_READ] if isinstance(one, str) else one for one in plain}),
        plain=len(plain),
        bits=sum(map(_bits, plain)),
    )


def _bits(value: str | float) -> float:
    if isinstance(value, str):
        is_number = value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS
        value = int(value) if is_number else len(value)
    return math.log2(1 + min(abs(value), 10**_MAX_DIGITS))


def _shape(value: Any) -> str:
    if isinstance(value, bool):
        return "yes or no"
    if value in (None, "", [], {}, ()):
        return "nothing"
    if isinstance(value, (int, float)):
        return "a number"
    if not isinstance(value, str):
        return "more"
    return "broken characters" if BROKEN.search(value[:_READ]) else shape(value)
