"""A configuration file with the place of each key, so that every error has its line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from leakwatch.errors import ConfigError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")

Place = tuple[str | int, ...]
"""Where a value stands: section, number of the table, key."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """One file being read. What it names is relative to `base`, the folder of the main file."""

    path: Path
    text: str
    base: Path

    def error(self, at: Place, message: str) -> ConfigError:
        """What is wrong at a place, to be raised."""
        named = ".".join(str(part) if isinstance(part, str) else str(part + 1) for part in at)
        return ConfigError(message, file=str(self.path), line=self._line(at), field=named)

    def known(self, told: Mapping[str, Any], known: set[str], at: Place) -> None:
        """Raises: ConfigError for a key that is not known."""
        for key in told:
            if key not in known:
                raise self.error((*at, key), f"unknown key {key!r}" + nearest(key, known))

    def asked(self, at: Place, judge: Callable[[], object]) -> None:
        """Let the owner of a setting judge it now, so that `config check` names its line."""
        try:
            judge()
        except ConfigError as error:
            part = error.field.rpartition(".")[2]
            at = (*at, part) if at == ("swarm",) and part else at
            raise self.error(at, error.message.removeprefix(f"{error.field}: ")) from None

    def tables(self, told: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        """The [[tables]] of one name; none where there are none."""
        value = told.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.error((name,), f"expected [[{name}]] tables")
        return value

    def unique(self, names: list[str], section: str, taken: Sequence[str] = ()) -> None:
        """Raises: ConfigError for a name that is used twice."""
        for index, name in enumerate(names):
            if name in names[:index] or name in taken:
                raise self.error((section, index, "name"), f"the name {name!r} is used twice")

    def _line(self, at: Place) -> int:
        """The line of a key, or of the innermost table around it that has a line of its own."""
        lines = self.text.splitlines()
        headers = headers_of(lines)
        for cut in range(len(at), 0, -1):
            if at[:cut] not in headers:
                continue
            start = headers[at[:cut]]
            ends = min((line for line in headers.values() if line > start), default=len(lines) + 1)
            keys = [re.escape(one) for one in at[cut : cut + 1] if isinstance(one, str)]
            inside = range(start, ends - 1)
            found = (
                n + 1 for n in inside for key in keys if re.match(rf"\s*[\"']?{key}[\"']?\s*=", lines[n])
            )
            return next(found, start)
        section = re.escape(str(at[0])) if at else ""
        loose = rf"\s*\[*\s*[\"']?{section}\b"
        return next((n for n, line in enumerate(lines, 1) if section and re.match(loose, line)), 0)

    def toml(self) -> dict[str, Any]:
        """The file's tables. Raises: ConfigError with the line where it is no TOML."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"at line (\d+)", str(error))
            raise ConfigError(str(error), file=str(self.path), line=int(line[1]) if line else 0) from error


def headers_of(lines: Sequence[str]) -> dict[Place, int]:
    """The line of each [table] and [[table]]; the second [[a.b]] of the first [[a]] is ("a", 0, "b", 1)."""
    found: dict[Place, int] = {}
    last: dict[str, Place] = {}
    for number, line in enumerate(lines, 1):
        header = re.match(r"\s*(\[\[?)\s*([\w.-]+)\s*\]\]?", line)
        if header is None:
            continue
        outer, _, name = header[2].rpartition(".")
        place = (*last.get(outer, tuple(outer.split(".")) if outer else ()), name)
        if header[1] == "[[":
            count = sum(one[: len(place)] == place and len(one) == len(place) + 1 for one in found)
            place = (*place, count)
        last[header[2]] = place
        found[place] = number
    return found


def is_web_address(url: str) -> bool:
    """Whether this is an http or https address with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def nearest(name: str, known: set[str]) -> str:
    """The end of a message about an unknown name: the one that was meant, or all that there are."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(sorted(known))}"
