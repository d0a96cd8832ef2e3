"""`leakwatch outbox`: what was sent, what waits, what is dead and why; try again, give up."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli._channels import trouble_of
from leakwatch.cli._layout import print_lines, print_table
from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ByOption,
    ConfigOption,
    JsonOption,
    actor,
    emit,
    load,
    now,
    repository,
    run_async,
    say,
)
from leakwatch.display import clean
from leakwatch.errors import InputError
from leakwatch.model.alert import AnyAlert, Delivery, DeliveryState, OutboxRow, Unreadable
from leakwatch.model.channel import ChannelHealth
from leakwatch.ports import Work

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(help="Alerts on their way: what was sent, what waits, what is dead.", no_args_is_help=True)
_MOST_KEPT = 20_000
IdArgument = Annotated[int, typer.Argument(metavar="ID", help="As `outbox list` shows it.")]


@app.callback()
def _outbox() -> None:
    """Alerts on their way: what was sent, what waits, what is dead."""


@app.command("list")
def list_(
    state: Annotated[
        list[DeliveryState] | None, typer.Option("--state", help="Only these; may be repeated.")
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="Only on these; may be repeated.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, help="At most so many, the newest.")
    ] = 200,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """List the alerts with their state, newest first, and the channels that take none."""

    async def work() -> tuple[list[OutboxRow], list[ChannelHealth]]:
        async with repository(config) as opened, opened.reading() as reading:
            rows = await reading.outbox.list(state or (), limit, channels=channel or ())
            return rows, await reading.channels.all()

    rows, healths = run_async(work)
    if as_json:
        for one in rows:
            emit(_row_json(one))
    else:
        print_table([_cells(one) for one in rows])
    for one in healths:
        if not one.works and one.name in (channel or [one.name]):
            say(f"{clean(one.name, 60)}: {trouble_of(one)}")


@app.command()
def show(ident: IdArgument, as_json: JsonOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show one alert: where it stands, and what it says; of one that cannot be read, what is kept of it."""

    async def work() -> tuple[OutboxRow, AnyAlert | Unreadable] | None:
        async with repository(config) as opened, opened.reading() as reading:
            return await reading.outbox.get(ident)

    found = run_async(work)
    if found is None:
        raise InputError(f"no alert {ident}; `leakwatch outbox list` shows them")
    row, alert = found
    if as_json:
        emit(_row_json(row) | {"alert": dataclasses.asdict(alert)})
        return
    facts = [f"{name + ':':<12}{clean(str(value), 500)}" for name, value in _facts(row)]
    print_lines([*facts, "", *_said(row, alert)])


@app.command()
def retry(
    ident: Annotated[int | None, typer.Argument(metavar="[ID]", help="As `outbox list` shows it.")] = None,
    channel: Annotated[
        str | None,
        typer.Option("--channel", help="All that is dead or waits on this channel, which is opened again."),
    ] = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="All that is dead, on every channel.")] = False,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Make alerts due now, and open closed channels; the running daemon sends them within seconds."""
    if sum((ident is not None, channel is not None, all_dead)) != 1:
        raise InputError("name one alert, or --channel, or --all-dead")
    _known(channel, config)
    who = actor(by)
    if ident is None:
        count = run_async(lambda: _retry_many(channel, who, config))
        say(f"{count} alert{'s' if count != 1 else ''} due now")
        return
    if not run_async(lambda: _retry_one(ident, who, config)):
        raise InputError(f"no alert {ident} that is dead or waits; `leakwatch outbox list` shows them")
    say(f"{ident}: due now")


@app.command()
def drop(
    ident: IdArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why nobody needs to be told any more.")],
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Give up an alert that was not sent; it stays in the list with the reason."""
    who = actor(by)

    async def work() -> bool:
        async with repository(config) as opened, opened.writing() as writing:
            done = await writing.outbox.drop(ident, f"dropped by {who}: {reason}")
            if done:
                await writing.audit.append(who, "outbox.drop", f"outbox:{ident}", {"reason": reason}, now())
            return done

    if not run_async(work):
        raise InputError(f"no alert {ident} that was not sent; `leakwatch outbox list` shows them")
    say(f"{ident}: dropped")


async def _retry_one(ident: int, who: str, config: Path) -> bool:
    async with repository(config) as opened, opened.writing() as writing:
        found = await writing.outbox.get(ident)
        done = await writing.outbox.retry(ident, now())
        if done and found is not None:
            await _open(found[0].channel, writing)
            await writing.audit.append(who, "outbox.retry", f"outbox:{ident}", {}, now())
        return done


async def _retry_many(channel: str | None, who: str, config: Path) -> int:
    async with repository(config) as opened, opened.writing() as writing:
        count = await writing.outbox.retry_dead(now(), channel)
        names = [one.name for one in await writing.channels.all()] if channel is None else [channel]
        count += sum([await _open(name, writing, lets_go=name == channel) for name in names])
        subject = f"channel:{channel}" if channel else "outbox"
        await writing.audit.append(who, "outbox.retry", subject, {"alerts": count}, now())
        return count


async def _open(channel: str, work: Work, *, lets_go: bool = False) -> int:
    """Nothing is against a channel any more. What waited because it failed is due with that; answers how much."""
    health = await work.channels.get(channel)
    await work.channels.keep(health.opened())
    return await work.channels.release(channel, now()) if lets_go or health.failures else 0


def _known(channel: str | None, config: Path) -> None:
    names = {one.name for one in load(config).channels}
    if channel is not None and channel not in names:
        raise InputError(f"no channel {channel!r}; there are: {', '.join(sorted(names)) or 'none'}")


def _row_json(row: OutboxRow) -> dict[str, Any]:
    return dataclasses.asdict(row) | {"state": row.state.value}


def _cells(row: OutboxRow) -> list[str]:
    where = row.channel + (f" ({row.recipient})" if row.recipient else "")
    why = f"\t{clean(row.last_error, 200)}" if row.last_error else ""
    told = [str(row.id), row.state.value, clean(where, 100), clean(row.finding, 60)]
    return [*told, clean(row.headline, 100) + why]


def _facts(row: OutboxRow) -> list[tuple[str, object]]:
    told = [
        ("alert", row.id),
        ("state", row.state.value + (", possible repeat" if row.repeat else "")),
        ("channel", row.channel),
        ("recipient", row.recipient),
        ("route", row.route),
        ("about", row.finding),
        ("delivery", row.key),
        ("attempts", row.attempts),
        ("created", row.created_at),
        ("due", row.due_at if row.state in (DeliveryState.PENDING, DeliveryState.RETRY) else ""),
        ("sent", row.sent_at or ""),
        ("reference", row.reference or ""),
        ("told by", f"the digest {row.folded_into[:16]}" if row.folded_into else ""),
        ("last error", row.last_error or ""),
    ]
    return [(name, value) for name, value in told if value != ""]


def _said(row: OutboxRow, alert: AnyAlert | Unreadable) -> list[str]:
    """What it says, as a channel without anything better would show it."""
    if isinstance(alert, Unreadable):
        return [f"It cannot be read: {alert.because}", "What is kept:", clean(alert.kept, _MOST_KEPT)]
    from leakwatch.alerts._facts import heading, text_lines  # noqa: PLC0415

    delivery = Delivery(
        id=row.id,
        key=row.key,
        channel=row.channel,
        alert=alert,
        attempts=row.attempts,
        created_at=row.created_at,
        repeat=row.repeat,
    )
    return [heading(alert), *text_lines(delivery)]
