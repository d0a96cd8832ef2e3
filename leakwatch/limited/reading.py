"""One page read by its kind, wherever that happens."""

from __future__ import annotations

from dataclasses import replace

from leakwatch.display import clean
from leakwatch.errors import LayoutChanged
from leakwatch.sources._asked import Asked
from leakwatch.sources._kind import Page, Payload, PolledKind

_PARSER_FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def parsed(kind: PolledKind, payload: Payload) -> Page:
    """What a page holds, and what it has under the names that its objects were asked for.

    A parser that stumbles over hostile input has met a page that is not what it expects.
    """
    payload = replace(payload, asked=Asked())
    try:
        page = kind.parse(payload)
    except _PARSER_FAULTS as error:
        told = clean(f"{type(error).__name__}: {error}", 200)
        raise LayoutChanged(f"{payload.url} cannot be read as {kind.name}: {told}") from error
    return replace(page, fields=payload.asked.fields())
