"""The expression language of `files:`, read by recursive descent. Closed: no names but its own, no calls, no eval.

    condition := or                        predicate := the same, over a file
    or        := and ("or" and)*           test      := ext in [..] | ext == E | name in [..] | name == N
    and       := not ("and" not)*                     | name matches "G" | path matches "G"
    not       := "not" not | "(" or ")"               | size OP SIZE | size in SIZE to SIZE
               | any(predicate) | all(predicate)
               | number OP number
    number    := count() | count(predicate) | sum(size) | sum(size where predicate) | INT | SIZE

A name with anything but letters, digits and _.+- stands in quotes. A size has a unit: B, KB, MB, GB, TB, KiB, MiB,
GiB, TiB. `docs/rules.md` is the page for people.
"""

from __future__ import annotations

import re
from collections.abc import Callable

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
    Operator,
    Sized,
    Some,
    Sum,
)
from leakwatch.rulepack.lexemes import ConditionError, Lexeme, split
from leakwatch.rulepack.patterns import Pattern, PatternError, pattern_of

MAX_LENGTH = 2000
MAX_DEPTH = 20
MAX_PARTS = 100
MAX_GLOB = 200
_AMOUNT = re.compile(r"(\d{1,15})(?:\.(\d{1,3}))?([A-Za-z]*)\Z", re.ASCII)
_UNITS = {
    "b": 1,
    **{f"{p}b": 1000**n for n, p in enumerate("kmgt", 1)},
    **{f"{p}ib": 1024**n for n, p in enumerate("kmgt", 1)},
}
_OPERATORS = ("<", "<=", "==", "!=", ">=", ">")


def parse_condition(text: str) -> Condition:
    """A condition from its text. Raises: ConditionError with the place."""
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"longer than {MAX_LENGTH} characters", MAX_LENGTH)
    return Condition(text.strip(), _Parser(text).whole())


def bytes_of(text: str) -> int | None:
    """The bytes that a size such as `1.4 GiB` stands for, or None if it is none."""
    try:
        parser = _Parser(text[:MAX_LENGTH])
        return parser.only_bytes()
    except ConditionError:
        return None


class _Parser:
    """One pass over the lexemes; every method leaves `self._next` behind what it has read."""

    def __init__(self, text: str) -> None:
        self._lexemes = split(text)
        self._next = 0
        self._parts = 0
        self._depth = 0

    def whole(self) -> Node:
        """The condition, and nothing behind it."""
        root = self._either(self._condition)
        if self._see().kind != "end":
            raise self._error(f"expected `and`, `or` or the end, not {self._see().text!r}")
        return root

    def only_bytes(self) -> int:
        """A size, and nothing behind it."""
        found = self._bytes()
        if self._see().kind != "end":
            raise self._error("expected the end")
        return found

    # -- and, or, not: the same over files and over one file

    def _either(self, leaf: Callable[[], Node]) -> Node:
        parts = [self._both(leaf)]
        while self._take("or"):
            parts.append(self._both(leaf))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self, leaf: Callable[[], Node]) -> Node:
        parts = [self._not(leaf)]
        while self._take("and"):
            parts.append(self._not(leaf))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _not(self, leaf: Callable[[], Node]) -> Node:
        self._parts += 1
        self._depth += 1
        if self._parts > MAX_PARTS:
            raise self._error(f"more than {MAX_PARTS} parts")
        if self._depth > MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH}")
        if self._take("not"):
            found: Node = Not(self._not(leaf))
        elif self._take("("):
            found = self._either(leaf)
            self._expect(")")
        else:
            found = leaf()
        self._depth -= 1
        return found

    # -- over all files

    def _condition(self) -> Node:
        for word, kind in (("any", Some), ("all", Every)):
            if self._take(word):
                self._expect("(")
                of = self._either(self._test)
                self._expect(")")
                return kind(of)
        start = self._see()
        left, is_bytes = self._number()
        operator = self._operator()
        right_at = self._see()
        right, is_also_bytes = self._number()
        if isinstance(left, Number) and isinstance(right, Number):
            raise ConditionError("compares two numbers; one side is count(..) or sum(size)", start.at)
        if is_bytes != is_also_bytes:
            told = "a size needs a unit, such as 1 GiB" if is_bytes else "a number of files has no unit"
            raise ConditionError(told, right_at.at if not isinstance(right, Count | Sum) else start.at)
        return Compare(left, operator, right)

    def _number(self) -> tuple[Count | Sum | Number, bool]:
        """A number, and whether it counts bytes."""
        if self._take("count"):
            self._expect("(")
            of = None if self._see().text == ")" else self._either(self._test)
            self._expect(")")
            return Count(of), False
        if self._take("sum"):
            self._expect("(")
            self._expect("size")
            of = self._either(self._test) if self._take("where") else None
            self._expect(")")
            return Sum(of), True
        if self._see().kind != "word" or not _AMOUNT.match(self._see().text):
            known = "count(..), sum(size), any(..), all(..) or a number"
            raise self._error(f"expected {known}, not {self._see().text!r}")
        return self._amount()

    # -- over one file

    def _test(self) -> Node:
        one = self._see()
        if self._take("ext"):
            wanted = self._texts("ext")
            return Ending(frozenset(text.removeprefix(".") for text in wanted))
        if self._take("size"):
            return self._size()
        for part in ("name", "path"):
            if self._take(part):
                if self._take("matches"):
                    return Globbed(part, self._glob())
                if part == "path":
                    raise self._error("expected `matches`; `path matches` takes a glob in quotes")
                return Named(self._texts("name"))
        raise ConditionError(f"expected ext, name, path or size, not {one.text!r}", one.at)

    def _size(self) -> Node:
        if not self._take("in"):
            operator = self._operator()
            return Sized(operator, self._bytes())
        at = self._see().at
        low = self._bytes()
        self._expect("to")
        high = self._bytes()
        if high < low:
            raise ConditionError("the range ends before it begins", at)
        return Between(low, high)

    def _bytes(self) -> int:
        at = self._see().at
        found, is_bytes = self._amount()
        if not is_bytes:
            raise ConditionError("a size needs a unit, such as 1 GiB", at)
        return found.value

    def _amount(self) -> tuple[Number, bool]:
        one = self._see()
        told = _AMOUNT.match(one.text) if one.kind == "word" else None
        if told is None:
            raise self._error(f"expected a number, not {one.text!r}")
        self._next += 1
        unit = told[3].lower()
        if not unit and self._see().text.lower() in _UNITS:
            unit = self._see().text.lower()
            self._next += 1
        if unit and unit not in _UNITS:
            raise ConditionError(f"no unit {told[3]!r}: B, KiB, MiB, GiB, TiB, KB, MB, GB, TB", one.at)
        if not unit and told[2]:
            raise ConditionError("a number of files has no fraction; a size needs a unit", one.at)
        thousandths = int(told[1]) * 1000 + int((told[2] or "0").ljust(3, "0"))
        return Number(thousandths * _UNITS.get(unit, 1) // 1000), bool(unit)

    def _texts(self, of: str) -> frozenset[str]:
        if self._take("=="):
            return frozenset({self._text()})
        if not self._take("in"):
            raise self._error(f"expected `in [..]` or `==` behind {of}, not {self._see().text!r}")
        self._expect("[")
        found = {self._text()}
        while self._take(","):
            found.add(self._text())
        self._expect("]")
        self._parts += len(found) // 10
        return frozenset(found)

    def _text(self) -> str:
        one = self._see()
        text = one.text.strip('"').casefold() if one.kind == "quoted" else one.text.casefold()
        if one.kind not in ("quoted", "word") or not text:
            raise self._error(f"expected a name, not {one.text!r}")
        self._next += 1
        return text

    def _glob(self) -> str:
        one = self._see()
        if one.kind != "quoted" or len(one.text) < 3:
            raise self._error(f"expected a glob in quotes, not {one.text!r}")
        if len(one.text) > MAX_GLOB:
            raise self._error(f"a glob longer than {MAX_GLOB} characters")
        self._next += 1
        glob = one.text.strip('"').casefold()
        try:
            Pattern(pattern_of(glob))
        except PatternError as error:
            raise ConditionError(f"the glob {glob!r}: {error}", one.at) from error
        return glob

    def _operator(self) -> Operator:
        one = self._see()
        if one.text not in _OPERATORS:
            raise self._error(f"expected one of {' '.join(_OPERATORS)}, not {one.text!r}")
        self._next += 1
        return one.text

    # -- lexemes

    def _see(self) -> Lexeme:
        return self._lexemes[self._next]

    def _take(self, text: str) -> bool:
        one = self._see()
        if one.kind in ("quoted", "end") or one.text != text:
            return False
        self._next += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._error(f"expected {text!r}, not {self._see().text!r}")

    def _error(self, message: str) -> ConditionError:
        return ConditionError(message, self._see().at)
