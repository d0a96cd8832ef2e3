"""Words, signs, quoted texts and numbers of the expression language, each with its place."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, cast

_LEXEME = re.compile(r'\s+|(?P<quoted>"[^"\n]*")|(?P<sign><=|>=|==|!=|[<>()\[\],])|(?P<word>[\w.+-]+)')


class ConditionError(ValueError):
    """The text is no condition. `at` counts characters from 0."""

    def __init__(self, message: str, at: int) -> None:
        self.at = at
        super().__init__(message)


class Lexeme(NamedTuple):
    """One of them, and the character where it begins."""

    kind: Literal["quoted", "sign", "word", "end"]
    text: str
    at: int


def split(text: str) -> list[Lexeme]:
    """The lexemes of a text, and its end. Raises: ConditionError with the place."""
    found: list[Lexeme] = []
    at = 0
    while at < len(text):
        one = _LEXEME.match(text, at)
        if one is None:
            hint = "a quote that is not closed" if text[at] == '"' else f"unexpected {text[at]!r}"
            raise ConditionError(hint, at)
        kind = one.lastgroup
        if kind:
            found.append(Lexeme(cast("Literal['quoted', 'sign', 'word']", kind), one[0], at))
        at = one.end()
    return [*found, Lexeme("end", "the end", len(text))]
