"""A notice as commands show it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from leakwatch.cli._shared import say
from leakwatch.display import clean
from leakwatch.errors import InputError

if TYPE_CHECKING:
    from leakwatch.model.notice import Notice, NoticeEvent
    from leakwatch.notices.figures import HostFigures

_DAY_S = 86400.0


def say_checks(notice: Notice) -> None:
    """What a draft lacks, must not hold, holds no more, and what its signers should know, to stderr."""
    for one in notice.detail.get("missing", ()):
        say(f"MISSING: {clean(one, 300)}")
    for one in notice.detail.get("forbidden", ()):
        say(f"MUST NOT HOLD: {clean(one, 300)}")
    for one in notice.detail.get("struck", ()):
        say(f"struck out, and not looked at: {clean(one, 300)}")
    for one in notice.detail.get("warnings", ()):
        say(f"warning: {clean(one, 1000)}")


def notice_line(notice: Notice) -> str:
    """One notice on a line."""
    told = [notice.id, notice.state.value, notice.finding, notice.addressee, clean(notice.host, 100)]
    count = len(notice.urls)
    told += [f"{count} address{'es' if count != 1 else ''}", f"drafted {_time(notice.drafted_at)}"]
    if notice.submitted_at:
        told.append(f"submitted {_time(notice.submitted_at)}")
    if notice.removed_at:
        told.append(f"removed {_time(notice.removed_at)}")
    if notice.deadline_at:
        told.append(f"may be restored from {notice.deadline_at:%Y-%m-%d}")
    return "\t".join(told)


def notice_json(notice: Notice, events: Sequence[NoticeEvent] = ()) -> dict[str, Any]:
    """One notice with all that is kept of it."""
    told: dict[str, Any] = {"id": notice.id, "finding": notice.finding, "addressee": notice.addressee}
    told |= {"host": notice.host, "state": notice.state.value, "subject": notice.subject}
    told |= {"body": notice.body, "digest": notice.digest, "detail": dict(notice.detail)}
    told |= {"drafted_by": notice.drafted_by, "signers": list(notice.signers)}
    for name in ("drafted_at", "submitted_at", "removed_at", "deadline_at", "next_check_at"):
        at = getattr(notice, name)
        told[name] = at.isoformat() if at else None
    told["events"] = [
        {"at": e.at.isoformat(), "actor": e.actor, "kind": e.kind, "detail": dict(e.detail)} for e in events
    ]
    return told


def show_notice(notice: Notice, events: Sequence[NoticeEvent]) -> None:
    """One notice for a person, without its text."""
    typer.echo(notice_line(notice))
    typer.echo(f"subject: {clean(notice.subject, 200)}")
    recipient = notice.detail.get("recipient", {})
    ways = [str(recipient.get(name, "")) for name in ("form", "mail") if recipient.get(name)]
    typer.echo(
        f"to: {clean(str(recipient.get('title', '')))}, by hand: {clean(' or '.join(ways) or 'unknown', 300)}"
    )
    typer.echo(f"text: SHA-256 {notice.digest}")
    signers = ", ".join(clean(one, 100) for one in notice.signers) or "nobody"
    typer.echo(f"signed by: {signers} ({len(notice.signers)} of {notice.signatures_needed})")
    for event in events:
        reason = event.detail.get("reason") or event.detail.get("reference") or ""
        seen = " ".join(
            f"{name}={event.detail[name]}"
            for name in ("gone", "up", "moved", "says_gone", "unclear")
            if name in event.detail
        )
        typer.echo(
            f"  {_time(event.at)} {event.kind} by {clean(event.actor, 100)} {seen} {clean(str(reason), 300)}".rstrip()
        )
        for look in event.detail.get("looks", ()):
            typer.echo(f"    {look['seen']}: {clean(look['url'], 300)} ({clean(look['why'], 200)})")


def figures_line(one: HostFigures) -> str:
    """The figures of one host on a line."""
    told = f"{clean(one.host, 100)}\t{one.drafted} drafted, {one.submitted} submitted, {one.removed} removed"
    told += f", {one.refused} refused, {one.counter_notices} counter-notices"
    return f"{told}\tto submission {_days(one.to_submission_s)}\tto removal {_days(one.to_removal_s)}"


def _days(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / _DAY_S:.1f} d"


def _time(at: datetime) -> str:
    return at.isoformat(timespec="minutes").removesuffix("+00:00")


def read_body(file: Path) -> str:
    """The text of a notice that a person wrote. Raises: InputError."""
    from leakwatch.service import read_text  # noqa: PLC0415

    return read_text(file, 2**20).replace("\r\n", "\n")


def refuse_existing(file: Path) -> None:
    """Say before anything is done that a file would be overwritten. Raises: InputError."""
    if file.exists():
        raise InputError("it is there already; it is not overwritten", file=str(file))


def write_new(file: Path, data: bytes) -> None:
    """Write a file that is not there yet. Raises: InputError."""
    try:
        with file.open("xb") as out:
            out.write(data)
    except FileExistsError as error:
        raise InputError("it is there already; it is not overwritten", file=str(file)) from error
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=str(file)) from error
