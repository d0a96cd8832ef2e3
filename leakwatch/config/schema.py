"""The configuration's JSON Schema, made from the same types that read it; editors complete and check by it."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_origin

from leakwatch.config.sections import CHANNELS, SECTIONS
from leakwatch.model.opening import Opening
from leakwatch.model.route import Inhibit, Route
from leakwatch.polling import SCHEDULE, Duration, SiteConfig
from leakwatch.prover import ProverSettings
from leakwatch.secret import Secret
from leakwatch.sources import KINDS
from leakwatch.sources._kind import FileText, SourceKind, StreamKind

_DURATION = r"^\d+(\.\d+)?\s*(ms|s|m|h|d)$"


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of leakwatch.toml."""
    sites = [_site(name, kind) for name, kind in sorted(KINDS.items())]
    channels = [_table(cls) for _, cls in sorted(CHANNELS.items())]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "leakwatch.toml",
        "type": "object",
        "additionalProperties": False,
        "required": ["http"],
        "properties": {
            **{name: _table(cls) for name, cls in SECTIONS.items()},
            "secrets": {"type": "object", "additionalProperties": {"type": "string"}},
            "sites": {"type": "array", "items": {"oneOf": sites}},
            "channels": {"type": "array", "items": {"oneOf": channels}},
            "routes": {"type": "array", "items": {"$ref": "#/$defs/route"}},
            "inhibit": {"type": "array", "items": _table(Inhibit)},
            "provers": {"type": "array", "items": _table(ProverSettings)},
        },
        "$defs": {"route": _table(Route)},
    }


def _site(name: str, kind: SourceKind) -> dict[str, Any]:
    without = SCHEDULE if isinstance(kind, StreamKind) else frozenset[str]()
    common, own = _table(SiteConfig, without=("settings", *without)), _table(kind.settings)
    names = ["feed", "rss"] if name == "feed" else [name]
    return {
        "type": "object",
        "description": own.get("description", ""),
        "additionalProperties": False,
        "required": sorted({*common["required"], *own["required"]}),
        "properties": {**common["properties"], **own["properties"], "kind": {"enum": names}},
    }


def _table(cls: type, without: tuple[str, ...] = ()) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for one in dataclasses.fields(cls):
        if one.name in without:
            continue
        is_required = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
        told = _type(hints[one.name])
        if told == _SECRET:
            properties |= {f"{one.name}_{how}": {"type": "string"} for how in ("file", "env")}
        elif is_required:
            required.append(one.name)
        properties[one.name.rstrip("_")] = told
    table: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    return table | {"required": required, "description": (cls.__doc__ or "").strip().splitlines()[0]}


_SECRET = {"type": "string", "description": "a secret; better given as _file or _env"}
_ADDRESS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {name: {"type": "string"} for name in ("url", "url_file", "url_env")},
}
_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Path: {"type": "string"},
    FileText: {"type": "string", "description": "a file, relative to the configuration"},
    Secret: _SECRET,
    Duration: {"anyOf": [{"type": "string", "pattern": _DURATION}, {"type": "number", "minimum": 0}]},
    Opening: {"type": "string", "description": "such as `mon-fri 22:00-07:00 Europe/Berlin`"},
    Route: {"$ref": "#/$defs/route"},
}


def _type(hint: Any) -> dict[str, Any]:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _type(next(arg for arg in args if arg is not type(None)))
    if origin in (tuple, frozenset):
        return {"type": "array", "items": _type(args[0])}
    if origin is Mapping and args[1] is Secret:
        return {"type": "object", "additionalProperties": _ADDRESS}
    if origin is typing.Literal:
        return {"enum": list(args)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"enum": [one.value for one in hint]}
    if hint not in _SCALARS and dataclasses.is_dataclass(hint):
        return _table(typing.cast("type", hint))
    return _SCALARS[getattr(hint, "__supertype__", hint)]
