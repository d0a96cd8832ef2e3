"""Alerts as rows keep them: JSON, read as a stranger's. What cannot be read is a value of its own and stops nothing.

A field that this version does not know is passed over: a newer version that wrote it may run beside this one, and nobody
should wait for an alert because it says more than can be shown. A value that it does not know makes it unreadable.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any

import sqlalchemy as sa

from leakwatch.display import clean
from leakwatch.model.alert import (
    Alert,
    AnyAlert,
    Delivery,
    DeliveryState,
    DigestAlert,
    OutboxRow,
    SiteAlert,
    Thread,
    Unreadable,
)
from leakwatch.model.channel import Waiting

Row = Mapping[str, Any]
UNREAD = "(cannot be read)"
_TEXT = sa.LargeBinary().with_variant(sa.Text(), "postgresql")


def kept(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """The JSON of a column as it is kept, under its name: read by us, since one bad row must not fail a query of many."""
    return sa.cast(column, _TEXT).label(column.name)


def columns_of(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """All columns of a table, its JSON as it is kept."""
    return [kept(one) if isinstance(one.type, sa.JSON) else one for one in table.c]


def alert_json(alert: AnyAlert) -> dict[str, Any]:
    """An alert as JSON."""
    return dataclasses.asdict(alert)


def alert_of(told: bytes | str | None) -> AnyAlert | Unreadable:
    """An alert from what is kept of it: of sites, of several findings, or of one."""
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else told or ""
    try:
        read = json.loads(told or "")
        if not isinstance(read, dict):
            raise TypeError("it is no JSON object")  # noqa: TRY301
        kind = SiteAlert if "sites" in read else DigestAlert if "entries" in read else Alert
        return _object(kind, read)
    except (LookupError, RecursionError, TypeError, ValueError) as error:
        return Unreadable(clean(f"{type(error).__name__}: {error}", 200), text)


def headline_of(told: AnyAlert | Unreadable) -> str:
    """What an alert says in one line, as far as it can be read."""
    return UNREAD if isinstance(told, Unreadable) else told.headline


@cache
def _fields(kind: type[Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {one.name: hints[one.name] for one in dataclasses.fields(kind)}


def _object(kind: type[Any], told: object) -> Any:
    """A value of ours. Raises: TypeError or ValueError, which name what is missing or not what it should be."""
    if not isinstance(told, dict):
        raise TypeError(f"{kind.__name__} is no object")
    return kind(**{name: _value(hint, told[name]) for name, hint in _fields(kind).items() if name in told})


def _value(hint: Any, told: object) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return _tuple(inner, told)
    if origin in (typing.Union, UnionType):
        return None if told is None else _value(inner[0], told)
    plain = getattr(hint, "__supertype__", hint)
    if dataclasses.is_dataclass(plain):
        return _object(typing.cast("type[Any]", plain), told)
    if issubclass(plain, Enum):
        return plain(told)
    is_number = plain is float and isinstance(told, int)
    if not (isinstance(told, plain) or is_number) or isinstance(told, bool) is not (plain is bool):
        raise TypeError(f"{told!r:.60} is no {plain.__name__}")
    return told


def _tuple(inner: tuple[Any, ...], told: object) -> tuple[Any, ...]:
    if not isinstance(told, list):
        raise TypeError(f"{told!r:.60} is no list")
    if inner[-1] is Ellipsis:
        return tuple(_value(inner[0], one) for one in told)
    return tuple(_value(hint, one) for hint, one in zip(inner, told, strict=True))


def thread_of(row: Row) -> Thread | None:
    """What a channel remembers of a matter; None where it cannot be read, and a new one is begun."""
    try:
        detail = json.loads(row["detail"])
    except (RecursionError, ValueError):
        return None
    is_plain = isinstance(detail, dict) and all(isinstance(one, str) for one in detail.values())
    return Thread(reference=row["reference"], detail=detail) if is_plain else None


def delivery_of(row: Row, alert: AnyAlert, lease_token: str, thread: Thread | None) -> Delivery:
    """A claimed outbox row."""
    return Delivery(
        id=row["id"],
        key=row["key"],
        channel=row["channel"],
        alert=alert,
        attempts=row["attempts"],
        created_at=row["created_at"],
        lease_token=lease_token,
        repeat=row["uncertain"],
        recipient=row["recipient"],
        thread=thread,
        waited_s=row["waited_s"],
    )


def waiting_of(row: Row) -> Waiting | None:
    """An alert that waits, for `squeeze`; None where it cannot be read."""
    alert = alert_of(row["alert"])
    if isinstance(alert, Unreadable):
        return None
    return Waiting(key=row["key"], recipient=row["recipient"], alert=alert, created_at=row["created_at"])


def outbox_row_of(row: Row) -> OutboxRow:
    """Where one alert stands."""
    return OutboxRow(
        id=row["id"],
        key=row["key"],
        channel=row["channel"],
        recipient=row["recipient"],
        route=row["route"],
        finding=row["finding_id"],
        headline=headline_of(alert_of(row["alert"])),
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        due_at=row["due_at"],
        created_at=row["created_at"],
        last_error=row["last_error"],
        sent_at=row["sent_at"],
        reference=row["reference"],
        folded_into=row["folded_into"],
        repeat=row["uncertain"],
    )
