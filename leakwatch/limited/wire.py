"""What goes to and from a process that reads pages: JSON, checked field by field on arrival. No pickle.

It is our own code that answers, but it has read what a stranger wrote: of its answer only values of the types of `Page`
are believed, and what a page may hold is bounded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from leakwatch.errors import FetchFailed, InfohashError, LayoutChanged, Refused, SourceError
from leakwatch.sources._asked import MAX_NAMES
from leakwatch.sources._kind import Page, Payload, Request

_LENGTH = 4
_IS_PAGE, _IS_ERROR = b"P", b"E"
_MAX_OBSERVATIONS, _MAX_REQUESTS = 20_000, 5_000
_ERRORS: Mapping[str, type[SourceError]] = {
    one.__name__: one for one in (LayoutChanged, Refused, FetchFailed)
}
_SIZES = {"v1": 20, "v2": 32}
_NOT_TOLD = ("body", "asked", "exchange")
_INFOHASHES = b'"infohashes":{'
_PAYLOAD = TypeAdapter(Payload)
_PAGE = TypeAdapter(Page)


class NoAnswer(ValueError):
    """The answer is not what the process would say in good health."""


def asked(kind: str, payload: Payload) -> bytes:
    """A page to be read by a kind: its facts as JSON, then its bytes."""
    told = {one.name: getattr(payload, one.name) for one in fields(payload) if one.name not in _NOT_TOLD}
    told["request"] = {one.name: getattr(payload.request, one.name) for one in fields(Request)}
    head = json.dumps({"kind": kind, "payload": told}, default=_plain).encode()
    return len(head).to_bytes(_LENGTH, "big") + head + payload.body


def question(data: bytes) -> tuple[str, Payload]:
    """The kind and the page. Raises: ValueError."""
    end = _LENGTH + int.from_bytes(data[:_LENGTH], "big")
    told = json.loads(data[_LENGTH:end])
    return told["kind"], _PAYLOAD.validate_python(told["payload"] | {"body": data[end:]})


def page_told(page: Page) -> bytes:
    """What a page holds; infohashes, which are bytes, in hex."""
    try:
        return _IS_PAGE + to_json(page, bytes_mode="hex")
    except (PydanticSerializationError, UnicodeError):  # half a surrogate pair, which JSON can only escape
        told = json.dumps(_PAGE.dump_python(page), default=_plain, separators=(",", ":"))
        return _IS_PAGE + told.encode()


def error_told(error: SourceError) -> bytes:
    """Why a page holds nothing."""
    status = error.status if isinstance(error, Refused) else 0
    name = next((name for name, cls in _ERRORS.items() if isinstance(error, cls)), "LayoutChanged")
    told = [name, error.message[:2000], error.retry_after_s, status, error.failure.value]
    return _IS_ERROR + json.dumps(told).encode()


def page_of(answer: bytes) -> Page:
    """The page. Raises: the process's SourceError; NoAnswer if it is neither."""
    mark, told = answer[:1], answer[1:]
    try:
        if mark == _IS_ERROR:
            raise _error(json.loads(told))
        if mark != _IS_PAGE:
            raise NoAnswer("the page reader answered what is no answer")
        page = _read(told)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, InfohashError) as error:
        raise NoAnswer("the page reader answered what is no answer") from error
    if len(page.fields) > MAX_NAMES:
        raise NoAnswer("the page reader answered with more fields than it may count")
    if len(page.observations) > _MAX_OBSERVATIONS or len(page.next_requests) > _MAX_REQUESTS:
        raise LayoutChanged(
            f"the page holds more than {_MAX_OBSERVATIONS} items or {_MAX_REQUESTS} links to follow"
        )
    return page


def _read(told: bytes) -> Page:
    if _INFOHASHES in told:  # never in a text: there its quotes are escaped
        return _with_bytes(json.loads(told))
    try:
        return _PAGE.validate_json(told)
    except ValidationError:  # an escaped half of a surrogate pair, or no page at all
        return _with_bytes(json.loads(told))


def _with_bytes(told: dict[str, Any]) -> Page:
    """A page whose infohashes are in hex. Raises: ValueError, TypeError, KeyError."""
    for one in told["observations"]:
        for locator in one["locators"]:
            if locator["infohashes"] is not None:
                hashes = locator["infohashes"].items()
                locator["infohashes"] = {
                    name: value and _digest(value, _SIZES[name]) for name, value in hashes
                }
    return _PAGE.validate_python(told)


def _digest(told: str, size: int) -> bytes:
    digest = bytes.fromhex(told)
    if len(digest) != size:
        raise ValueError("an infohash of another length")
    return digest


def _error(told: Any) -> SourceError:
    name, message, wait, status, failure = told
    cls = _ERRORS[name]
    made = cls(str(message)[:2000], retry_after_s=None if wait is None else float(wait))
    made.failure = type(made.failure)(failure)
    if isinstance(made, Refused):
        made.status = int(status)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset, tuple)):
        return sorted(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(type(value).__name__)
