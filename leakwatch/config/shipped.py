"""The shipped catalogue of public sites, `leakwatch/sites/*.toml`; all are off until the operator switches one on.

An entry is a [[sites]] table with some keys more: `what` it is, where its `terms` stand, when they were `noted` and
in which words (`note`), the secret that it `needs`, and the settings that the operator has to `set`. Switched on, it becomes a
file of its own in `sites.d` beside leakwatch.toml, which anybody can read and change.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from leakwatch.config.reader import SITES_FOLDER, with_sites
from leakwatch.config.sections import Config
from leakwatch.errors import ConfigError

_FOLDER = Path(__file__).resolve().parents[1] / "sites"
_OURS = ("what", "terms", "noted", "note", "needs", "set")
_ENABLED = re.compile(r"^[ \t]*enabled[ \t]*=[^\n]*$", re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\[\[[ \t]*sites[ \t]*\]\][^\n]*$", re.MULTILINE)
_SECRET_MISSING = re.compile(r"no secret '([^']+)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """One public site as it is shipped. `needs` is the secret without which it shows nothing, empty for none."""

    name: str
    kind: str
    what: str
    terms: str
    noted: date
    note: str
    needs: str
    must_set: tuple[str, ...]
    settings: Mapping[str, Any]


def shipped(folder: Path = _FOLDER) -> dict[str, Shipped]:
    """All entries by name. Raises: ConfigError for one that is broken."""
    found: dict[str, Shipped] = {}
    for file in sorted(folder.glob("*.toml")):
        try:
            entries = tomllib.loads(file.read_text("utf-8"))["sites"]
            for told in entries:
                one = _entry(told)
                if one.name in found:
                    raise ConfigError(f"the name {one.name!r} is used twice", file=str(file))
                found[one.name] = one
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"a broken entry: {error!r}", file=str(file)) from error
    return found


def _entry(told: Mapping[str, Any]) -> Shipped:
    return Shipped(
        name=told["name"],
        kind=told["kind"],
        what=told["what"],
        terms=told["terms"],
        noted=told["noted"],
        note=told["note"],
        needs=told.get("needs", ""),
        must_set=tuple(told.get("set", ())),
        settings={key: value for key, value in told.items() if key not in _OURS},
    )


def text_of(entry: Shipped, changes: Mapping[str, Any]) -> str:
    """The entry as a file of sites.d, with these settings in place of its own."""
    lines = [
        f"# {entry.what}",
        f"# Terms: {entry.terms} (noted {entry.noted.isoformat()})",
        f"# {entry.note}",
        "[[sites]]",
    ]
    lines += [f"{key} = {toml(value)}" for key, value in {**entry.settings, **changes}.items()]
    return "\n".join([*lines, "enabled = true", ""])


def toml(value: Any) -> str:
    """A scalar or a list of scalars as TOML writes it."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def changes_of(told: list[str]) -> dict[str, Any]:
    """Settings from `key=value`: a value that is TOML is that, any other is text. Raises: ConfigError."""
    found: dict[str, Any] = {}
    for one in told:
        key, equals, value = one.partition("=")
        if not equals or not re.fullmatch(r"[a-z_0-9]+", key):
            raise ConfigError(f"expected key=value, got {one!r}", field="--set")
        if key in ("name", "kind", "enabled"):
            raise ConfigError(f"{key} is not yours to set here", field="--set")
        try:
            found[key] = tomllib.loads(f"x = {value}")["x"]
        except tomllib.TOMLDecodeError:
            found[key] = value
    return found


def file_of(config: Config, name: str) -> Path:
    """Where a site that was switched on has its settings. Raises: ConfigError for what cannot be a name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
        raise ConfigError("expected letters, digits, dots and dashes, at most 64", field="name")
    return config.file.parent / SITES_FOLDER / f"{name}.toml"


def enable(config: Config, entry: str, changes: Mapping[str, Any], own_name: str | None = None) -> Path:
    """Switch a site on: write its file, or set `enabled` in the one it has. Raises: ConfigError, and changes nothing.

    `own_name` is what it is called instead of by the name of its entry, so that a template serves several sites.
    """
    name = own_name or entry
    file = file_of(config, name)
    if name in {site.name for site in config.sites} or file.exists():
        if changes:
            raise ConfigError(f"{name} has settings already; change them there", file=str(_own(config, name)))
        return _switch(config, name, on=True)
    entries = shipped()
    if entry not in entries:
        nearest = _nearest(entry, entries)
        raise ConfigError(f"no site {entry!r}{nearest}; `leakwatch source list --available` shows all")
    unset = [key for key in entries[entry].must_set if key not in changes]
    if unset:
        more = " ".join(f"--set {key}=…" for key in unset)
        raise ConfigError(f"{entry} is a template: say {more}")
    text = text_of(entries[entry], {"name": name, **changes})
    try:
        with_sites(config, file, text)
    except ConfigError as error:
        missing = _SECRET_MISSING.search(error.message)
        if missing is None:
            raise
        secret = missing[1]
        told = (
            f'{name} needs the secret {secret!r}: write {secret}_file = "…" under [secrets] in {config.file}'
        )
        raise ConfigError(f"{told}, then enable it again; nothing was written") from error
    _write(file, text)
    return file


def disable(config: Config, name: str) -> Path:
    """Switch a site off; its settings stay. Raises: ConfigError where it stands in leakwatch.toml, or nowhere."""
    if name not in {site.name for site in config.sites}:
        raise ConfigError(f"no site {name!r}; `leakwatch source list` shows what is configured")
    return _switch(config, name, on=False)


def _switch(config: Config, name: str, *, on: bool) -> Path:
    """Write `enabled` into the site's own file, and leave all else in it as it is."""
    file = _own(config, name)
    text = file.read_text("utf-8")
    if file == config.file or len(_TABLE.findall(text)) != 1 or len(_ENABLED.findall(text)) > 1:
        raise ConfigError(
            f"{name} does not stand there alone: set enabled = {toml(on)} by hand", file=str(file)
        )
    line = f"enabled = {toml(on)}"
    if _ENABLED.search(text):
        text = _ENABLED.sub(line, text)
    else:
        text = _TABLE.sub(lambda found: f"{found[0]}\n{line}", text)
    _write(file, text)
    return file


def _own(config: Config, name: str) -> Path:
    """The file in which a site stands: its own in sites.d, or else leakwatch.toml."""
    file = file_of(config, name)
    return file if file.exists() else config.file


def _write(file: Path, text: str) -> None:
    """All of it or nothing."""
    try:
        file.parent.mkdir(exist_ok=True)
        fresh = file.with_suffix(".toml.new")
        fresh.write_text(text, "utf-8")
        fresh.replace(file)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=str(file)) from error


def _nearest(name: str, known: Mapping[str, Shipped]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
