"""Options that several commands share, as a frozen dataclass: each of its fields is an option of the command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import wraps
from typing import Any, cast


def expanded(run: Callable[..., None]) -> Callable[..., None]:
    """The command with the fields of each dataclass among its parameters in that one's place."""
    told = inspect.signature(run, eval_str=True).parameters
    groups: dict[str, Any] = {
        name: one.annotation for name, one in told.items() if is_dataclass(one.annotation)
    }
    inner = {name: inspect.signature(group, eval_str=True).parameters for name, group in groups.items()}
    flat = [
        one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, own in told.items()
        for one in (inner[name].values() if name in groups else [own])
    ]

    @wraps(run)
    def command(**given: Any) -> None:
        run(**{name: _value(name, groups, inner, given) for name in told})

    typed = cast("Any", command)
    typed.__signature__ = inspect.Signature(flat)
    typed.__annotations__ = {one.name: one.annotation for one in flat}
    return command


def _value(
    name: str, groups: Mapping[str, Any], inner: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]
) -> Any:
    if name not in groups:
        return given[name]
    return groups[name](**{field: given[field] for field in inner[name]})
