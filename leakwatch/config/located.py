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
        """The line of a key: the n-th [[table]] or the [table], then the key inside it."""
        section = str(at[0]) if at else ""
        wanted = at[1] + 1 if len(at) > 1 and isinstance(at[1], int) else 1
        key = str(at[-1]) if len(at) > 1 and isinstance(at[-1], str) else ""
        seen = found = 0
        for number, line in enumerate(self.text.splitlines(), 1):
            header = re.match(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?", line)
            if header:
                if found:
                    break
                seen += header[1] == section
                found = number if seen == wanted and header[1] == section else 0
            elif (found and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line)) or (
                not found and not key and re.match(rf"\s*{re.escape(section)}\s*=", line) and section
            ):
                return number
        loose = rf"\s*\[*\s*[\"']?{re.escape(section)}\b"
        lines = enumerate(self.text.splitlines(), 1)
        return found or next((number for number, line in lines if section and re.match(loose, line)), 0)

    def toml(self) -> dict[str, Any]:
        """The file's tables. Raises: ConfigError with the line where it is no TOML."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"at line (\d+)", str(error))
            raise ConfigError(str(error), file=str(self.path), line=int(line[1]) if line else 0) from error


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
