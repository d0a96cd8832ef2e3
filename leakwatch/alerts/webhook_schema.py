"""The JSON Schema of what a webhook is sent, made from the same types; docs/webhook.schema.json is a copy of it."""

from __future__ import annotations

import dataclasses
import types
import typing
from enum import StrEnum
from typing import Any, get_args, get_origin

from leakwatch.model.alert import Alert, DigestAlert, SiteAlert

_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
}


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the body of a webhook. Receivers must take fields that they do not know."""
    defs: dict[str, Any] = {}
    data = [_ref(cls, defs) for cls in (Alert, SiteAlert, DigestAlert)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What leakwatch sends to a webhook",
        "description": "Text is as its source wrote it: clean it before you show it. New fields may be added.",
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {
                "type": "string",
                "description": "test, or finding.EVENT, site.EVENT, channel.EVENT, digest.EVENT",
            },
            "timestamp": {"type": "string", "description": "when it happened: ISO 8601, UTC"},
            "data": {"anyOf": data},
        },
        "$defs": dict(sorted(defs.items())),
    }


def _ref(cls: type, defs: dict[str, Any]) -> dict[str, Any]:
    """A reference to a class's table, which is made where it is not there yet."""
    if cls.__name__ not in defs:
        defs[cls.__name__] = {}
        hints = typing.get_type_hints(cls)
        names = [one.name for one in dataclasses.fields(cls)]
        defs[cls.__name__] = {
            "type": "object",
            "description": (cls.__doc__ or "").strip().splitlines()[0],
            "required": names,
            "properties": {name: _type(hints[name], defs) for name in names},
        }
    return {"$ref": f"#/$defs/{cls.__name__}"}


def _type(hint: Any, defs: dict[str, Any]) -> dict[str, Any]:
    origin, args = get_origin(hint), get_args(hint)
    plain = getattr(hint, "__supertype__", hint)
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [_type(one, defs) for one in args]}
    if origin is tuple and args[-1] is Ellipsis:
        return {"type": "array", "items": _type(args[0], defs)}
    if origin is tuple:
        return {"type": "array", "prefixItems": [_type(one, defs) for one in args], "items": {}}
    if dataclasses.is_dataclass(plain):
        return _ref(typing.cast("type", plain), defs)
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return {"enum": [one.value for one in plain]}
    return _SCALARS[plain]
