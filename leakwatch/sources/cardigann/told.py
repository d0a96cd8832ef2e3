"""The parts of a definition's YAML with their lines: what is wrong is said with file, line and field."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NoReturn

from leakwatch.errors import ConfigError
from leakwatch.rulepack.reading import Told

_MAX_ITEMS = 2000


class Reading:
    """One file being read. What can be passed over is collected; what cannot ends the reading."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[ConfigError] = []

    def fail(self, field: str, line: int, message: str) -> NoReturn:
        raise ConfigError(message, file=self.file, line=line, field=field)

    def note(self, field: str, line: int, message: str) -> None:
        self.problems.append(ConfigError(message, file=self.file, line=line, field=field))

    def mapping(self, told: Told, at: str, known: Sequence[str] | None = None) -> dict[str, Told]:
        """The value as a mapping; unknown keys are problems."""
        if told.value == "":
            return {}
        if not isinstance(told.value, dict):
            self.fail(at, told.line, "expected names and values")
        if len(told.value) > _MAX_ITEMS:
            self.fail(at, told.line, f"more than {_MAX_ITEMS} entries")
        for key, one in told.value.items() if known is not None else ():
            if key not in (known or ()):
                close = difflib.get_close_matches(key[:60], known or (), n=1)
                hint = f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known or ())}"
                self.note(f"{at}.{key[:60]}".lstrip("."), one.line, f"unknown key{hint}")
        return told.value

    def items(self, told: Told | None, at: str) -> list[Told]:
        if told is None or told.value == "":
            return []
        if not isinstance(told.value, list):
            self.fail(at, told.line, "expected a list")
        if len(told.value) > _MAX_ITEMS:
            self.fail(at, told.line, f"more than {_MAX_ITEMS} entries")
        return told.value

    def text(self, told: Told | None, at: str, *, may_be_empty: bool = False) -> str:
        if told is None or not isinstance(told.value, str) or not (told.value or may_be_empty):
            self.fail(at, told.line if told else 0, "expected text")
        return told.value

    def flag(self, told: Told | None, at: str, *, default: bool = False) -> bool:
        if told is None:
            return default
        if not isinstance(told.value, str) or told.value.lower() not in ("true", "false", "1", "0"):
            self.note(at, told.line, "expected true or false")
            return default
        return told.value.lower() in ("true", "1")

    def number(self, told: Told | None, at: str, least: float, most: float) -> float:
        if told is None:
            return least
        try:
            value = float(self.text(told, at))
        except ValueError:
            value = -1.0
        if not least <= value <= most:
            self.note(at, told.line, f"expected a number from {least} to {most}")
            return least
        return value

    def is_post(self, told: Told | None, at: str) -> bool:
        method = self.text(told, at).lower() if told else "get"
        if method not in ("get", "post"):
            self.note(at, told.line if told else 0, f"not supported: the method {method[:20]!r}")
        return method == "post"

    def pairs(self, told: Told | None, at: str) -> tuple[tuple[str, str], ...]:
        pairs = self.mapping(told, at) if told else {}
        return tuple((key, self.text(one, f"{at}.{key}", may_be_empty=True)) for key, one in pairs.items())
