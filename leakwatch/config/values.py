"""TOML values -> the types that settings want: dataclasses, secrets, durations, files, addresses."""

from __future__ import annotations

import dataclasses
import math
import os
import re
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_origin

from leakwatch.config.located import NAME, ConfigFile, Place
from leakwatch.errors import ConfigError
from leakwatch.model.asset import MAX_PRIOR_BITS
from leakwatch.model.opening import Opening
from leakwatch.model.route import LEAST_BUDGET
from leakwatch.polling import Duration
from leakwatch.retention import LEAST_DAYS
from leakwatch.secret import Secret
from leakwatch.sources._kind import FileText

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\Z")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST_S = 366 * 86400.0
_BOUNDS: Mapping[str, tuple[float | None, float | None]] = {
    "pace_s": (0, 60),
    "port": (1, 65535),
    "concurrency": (4, 1000),
    "per_channel": (LEAST_BUDGET, 1000),
    "budget": (LEAST_BUDGET, 1000),
    "max_requests": (1, None),
    "prior_bits": (-MAX_PRIOR_BITS, MAX_PRIOR_BITS),
    "max_per_hour": (0, 1_000_000),
    "questions_per_poll": (1, 100),
    "max_threads": (1, None),
    "limit": (1, 1000),
    "packets_per_s": (1, 1000),
    "count_every_s": (3, 3600),
    "min_interval_s": (0, 86400),
    "deadline_s": (1, 3600),
    "total_deadline_s": (1, 3600),
    "timeout_s": (1, 600),
    "raw_cap_bytes": (1024, None),
    "decoded_cap_bytes": (1024, None),
    "max_bytes": (2**20, None),
    "keep_days": (0, 36_500),
    "min_free_bytes": (0, None),
    **{name: (least, 36_500) for name, least in LEAST_DAYS.items()},
}
_MAX_FILE_TEXT = 2**20
_WORDS: Mapping[type, str] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    float: "a number",
    Path: "text",
}


def duration(text: str) -> Duration:
    """Seconds from `500ms`, `30s`, `5m`, `2h` or `1d`. Raises: ValueError."""
    found = _DURATION.match(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else math.inf
    if seconds > _LONGEST_S:
        raise ValueError("expected a duration such as 30s, 5m or 2h")
    return Duration(seconds)


def table(file: ConfigFile, cls: type, told: Any, at: Place, **ready: Any) -> Any:
    """A frozen dataclass from a table: unknown keys, missing keys and wrong types are located errors."""
    if not isinstance(told, dict):
        raise file.error(at, "expected a table")
    hints = typing.get_type_hints(cls)
    wanted = {one.name: one for one in dataclasses.fields(cls) if one.name not in ready}
    tables = {name for name in wanted if hints[name] == Mapping[str, Secret]}
    secrets = {name for name in wanted if Secret in (hints[name], *get_args(hints[name]))} - tables
    files = {f"{name}_{how}" for name in secrets for how in ("file", "env")}
    file.known(told, {*(name.rstrip("_") for name in wanted), *files}, at)
    told = {f"{key}_" if f"{key}_" in wanted else key: value for key, value in told.items()}  # `continue`
    values: dict[str, Any] = dict(ready)
    for name, one in wanted.items():
        secret = secret_of(file, told, name, at) if name in secrets else None
        if secret is not None:
            values[name] = secret
        elif name in tables and name in told:
            values[name] = _addresses(file, told[name], (*at, name))
        elif name in told:
            values[name] = _value(file, hints[name], told[name], (*at, name))
            least, most = _BOUNDS.get(name, (None, None))
            if least is not None and not least <= values[name] <= (most or math.inf):
                bound = f"from {least} to {most}" if most else f"of at least {least}"
                raise file.error((*at, name), f"expected a number {bound}, got {told[name]!r}")
        elif one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
            raise file.error(at, f"{name} is missing")
    return _made(file, cls, values, at)


def _made(file: ConfigFile, cls: type, values: Mapping[str, Any], at: Place) -> Any:
    """The dataclass; what it refuses itself is told with its place here, or in the file that it read."""
    try:
        return cls(**values)
    except ConfigError as error:
        if error.file:
            raise
        part = (error.field,) if error.field else ()
        raise file.error((*at, *part), error.message.removeprefix(f"{error.field}: ")) from None


def secret_of(file: ConfigFile, told: Mapping[str, Any], name: str, at: Place) -> Secret | None:
    """The secret of a name, given as itself, by file or by environment; None where it is not given."""
    given = [key for key in (name, f"{name}_file", f"{name}_env") if key in told]
    if len(given) > 1:
        raise file.error((*at, given[1]), f"give only one of {', '.join(given)}")
    if not given:
        return None
    value = told[given[0]]
    if not isinstance(value, str) or not value:
        raise file.error((*at, given[0]), "expected text")
    if given[0].endswith("_file") and given[0] != name:
        try:
            secret = (file.base / value).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise file.error((*at, given[0]), f"the secret cannot be read: {error}") from error
        if not secret:
            raise file.error((*at, given[0]), f"the file {value} is empty")
        return Secret(secret)
    if given[0].endswith("_env") and given[0] != name:
        if not os.environ.get(value):
            raise file.error((*at, given[0]), f"the environment variable {value} is not set")
        return Secret(os.environ[value])
    return Secret(value)


def _addresses(file: ConfigFile, told: Any, at: Place) -> dict[str, Secret]:
    """A table of secret addresses by name, each with `url`, `url_file` or `url_env`."""
    if not isinstance(told, dict):
        raise file.error(at, "expected a table: name = { url_env = ... }")
    found: dict[str, Secret] = {}
    for name, one in told.items():
        if not isinstance(one, dict) or not NAME.match(name):
            raise file.error((*at, name), "expected a table with url, url_file or url_env")
        file.known(one, {"url", "url_file", "url_env"}, (*at, name))
        secret = secret_of(file, one, "url", (*at, name))
        if secret is None:
            raise file.error((*at, name), "expected url, url_file or url_env")
        found[name] = secret
    return found


def _value(file: ConfigFile, hint: Any, value: Any, at: Place) -> Any:
    """A TOML value as the type that the field wants."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _value(file, next(arg for arg in args if arg is not type(None)), value, at)
    if origin in (tuple, frozenset):
        if not isinstance(value, list):
            raise file.error(at, "expected a list")
        deep = dataclasses.is_dataclass(args[0])
        return origin(_value(file, args[0], one, (*at, i) if deep else at) for i, one in enumerate(value))
    if origin is typing.Literal:
        if value not in args:
            raise file.error(at, f"expected one of {', '.join(map(str, args))}")
        return value
    if origin is Mapping:
        return _texts(file, value, at)
    if hint is FileText:
        return _file_text(file, value, at)
    if hint is not Opening and dataclasses.is_dataclass(hint):
        return table(file, typing.cast("type", hint), value, at)
    return _scalar(file, getattr(hint, "__supertype__", hint), value, at)


def _texts(file: ConfigFile, value: Any, at: Place) -> dict[str, str]:
    """A table of texts; numbers and true or false are taken as they are written."""
    if not isinstance(value, dict):
        raise file.error(at, "expected a table")
    if not all(isinstance(one, str | int | float) for one in value.values()):
        raise file.error(at, "expected texts, numbers, true or false")
    return {key: str(one).lower() if isinstance(one, bool) else str(one) for key, one in value.items()}


def _file_text(file: ConfigFile, value: Any, at: Place) -> FileText:
    """The text of a file named relative to the configuration."""
    if not isinstance(value, str) or not value:
        raise file.error(at, "expected text")
    try:
        with (file.base / value).open("rb") as opened:
            body = opened.read(_MAX_FILE_TEXT + 1)
        text = body.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise file.error(at, f"the file cannot be read: {error}") from error
    if len(body) > _MAX_FILE_TEXT:
        raise file.error(at, f"the file is larger than {_MAX_FILE_TEXT} bytes")
    return FileText(value, text)


def _scalar(file: ConfigFile, hint: Any, value: Any, at: Place) -> Any:
    if hint is Duration:
        try:
            return duration(f"{value}s" if _is_number(value) else str(value))
        except ValueError as error:
            raise file.error(at, str(error)) from error
    if hint is float and _is_number(value):
        return float(value)
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint is Opening and isinstance(value, str):
        file.asked(at, lambda: Opening.parse(value))
        return Opening.parse(value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        if value not in list(hint):
            raise file.error(at, f"expected one of {', '.join(hint)}")
        return hint(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise file.error(at, f"expected {_WORDS.get(hint, hint.__name__)}, got {value!r}")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
