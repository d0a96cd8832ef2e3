"""Changes of JSON answers: each is a function from one document to another, the same for all documents of a poll."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

Change = Callable[[bytes], bytes]
ONE_ROW = "one row only"
_LONG, _MOJIBAKE = 12, "Ð¡Ð»Ð¸Ñ‚Ð°Ñ "


def draw_json(rng: random.Random, page: bytes) -> tuple[str, Change] | None:
    """A change of one key or two, wherever they are, or of a list of objects."""
    return rng.choice(_MAKERS)(rng, json.loads(page))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(one)


def _keys(value: Any, of: tuple[type, ...]) -> list[str]:
    """Names of keys that somewhere have such a value."""
    return sorted({key for one in _objects(value) for key, told in one.items() if isinstance(told, of)})


def _at_objects(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    def of(value: Any) -> Any:
        if isinstance(value, list):
            return [of(one) for one in value]
        return change({key: of(one) for key, one in value.items()}) if isinstance(value, dict) else value

    return lambda page: json.dumps(of(json.loads(page))).encode()


def _at_key(key: str, change: Callable[[Any], Any]) -> Change:
    return _at_objects(
        lambda one: {name: change(told) if name == key else told for name, told in one.items()}
    )


def _renamed(rng: random.Random, page: Any) -> tuple[str, Change] | None:
    key = rng.choice(_keys(page, (object,)))
    new = rng.choice((f"x_{key}", key.title().replace("_", "") + "Value"))
    change = _at_objects(lambda one: {new if name == key else name: told for name, told in one.items()})
    return f"key {key} renamed", change


def _removed(rng: random.Random, page: Any) -> tuple[str, Change] | None:
    key = rng.choice(_keys(page, (object,)))
    return f"key {key} removed", _at_objects(
        lambda one: {name: told for name, told in one.items() if name != key}
    )


def _emptied(rng: random.Random, page: Any) -> tuple[str, Change] | None:
    key, new = rng.choice(_keys(page, (str, int, float))), rng.choice((None, ""))
    return f"key {key} as {new!r}", _at_key(key, lambda _: new)


def _wrapped(rng: random.Random, page: Any) -> tuple[str, Change] | None:
    key = rng.choice(_keys(page, (str, int, list)))
    return f"key {key} as an object", _at_key(key, lambda told: {"value": told})


def _swapped(rng: random.Random, page: Any) -> tuple[str, Change] | None:
    """Two keys of one object whose values are of one type change places."""
    some = [one for one in _objects(page) if len(one) > 1]
    one = rng.choice(some)
    a = rng.choice(sorted(one))
    others = sorted(name for name in one if name != a and type(one[name]) is type(one[a]))
    if not others or isinstance(one[a], (bool, type(None))):
        return None
    b = rng.choice(others)
    names = {a: b, b: a}

    def change(told: dict[str, Any]) -> dict[str, Any]:
        if a not in told or b not in told:
            return told
        return {names.get(name, name): value for name, value in told.items()}

    return f"keys {a} and {b} swapped", _at_objects(change)


def _same(rng: random.Random, page: Any) -> tuple[str, Change] | None:
    key = rng.choice(_keys(page, (str,)))
    return f"key {key} as one text for all", _at_key(
        key, lambda told: "Download" if isinstance(told, str) else told
    )


def _dated(rng: random.Random, page: Any) -> tuple[str, Change] | None:
    """Times in words, in milliseconds, or in 1970."""
    names = [
        key
        for key in _keys(page, (str, int))
        if key in ("time", "created_utc") or key.endswith(("_at", "At"))
    ]
    if not names:
        return None
    key, new = rng.choice(names), rng.choice(("2 hours ago", 0, 1_763_640_000_000, "1970-01-01T00:00:00Z"))
    return f"{key} as {new!r}", _at_key(key, lambda told: told if told is None else new)


def _units(rng: random.Random, page: Any) -> tuple[str, Change] | None:
    names = [key for key in _keys(page, (int,)) if key in ("fsize", "size", "total", "BF16")]
    if not names:
        return None
    key, by = rng.choice(names), rng.choice((2**10, 2**20))
    return f"{key} by {by}", _at_key(key, lambda told: told // by if isinstance(told, int) else told)


def _texts(page: Any) -> list[str]:
    """Keys whose values are words."""
    return sorted(
        {
            key
            for one in _objects(page)
            for key, told in one.items()
            if isinstance(told, str) and len(told) > _LONG and " " in told
        }
    )


def _broken(rng: random.Random, page: Any) -> tuple[str, Change] | None:
    names = _texts(page)
    if not names:
        return None
    key = rng.choice(names)
    return f"{key} in a wrong encoding", _at_key(
        key, lambda told: _MOJIBAKE + told if isinstance(told, str) else told
    )


def _escaped(rng: random.Random, page: Any) -> tuple[str, Change] | None:
    names = _texts(page)
    if not names:
        return None
    key = rng.choice(names)
    return f"{key} escaped twice", _at_key(
        key, lambda told: escape(escape(f"<b>{told}</b>")) if isinstance(told, str) else told
    )


def _one_row(rng: random.Random, page: Any) -> tuple[str, Change] | None:  # noqa: ARG001
    def of(value: Any) -> Any:
        if isinstance(value, list):
            return [of(one) for one in value[:1]]
        return {key: of(one) for key, one in value.items()} if isinstance(value, dict) else value

    return ONE_ROW, lambda page: json.dumps(of(json.loads(page))).encode()


_MAKERS: tuple[Callable[[random.Random, Any], tuple[str, Change] | None], ...] = (
    _renamed, _removed, _emptied, _wrapped, _swapped, _same, _dated, _units, _broken, _escaped, _one_row,
)  # fmt: skip
