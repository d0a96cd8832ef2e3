"""`leakwatch alert`: list, retry, test a channel."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    emit,
    load,
    now,
    repository,
    run_async,
    say,
)
from leakwatch.display import clean
from leakwatch.errors import ConfigError, DeliveryError, InputError
from leakwatch.model.alert import DeliveryState, OutboxRow

app = typer.Typer(help="What is sent, and to whom.", no_args_is_help=True)


@app.callback()
def _alert() -> None:
    """What is sent, and to whom."""


@app.command()
def test(
    channel: Annotated[
        list[str] | None, typer.Argument(help="Channels to test; all if none is named.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Send a test alert, marked as such, through the real channels; at once, not through the outbox."""
    from leakwatch.alerts import notifier_for  # noqa: PLC0415
    from leakwatch.crawl.fetcher import HttpFetcher  # noqa: PLC0415
    from leakwatch.daemon import SystemClock  # noqa: PLC0415
    from leakwatch.model.alert import Delivery  # noqa: PLC0415
    from leakwatch.service import make_test_alert  # noqa: PLC0415

    loaded = load(config)
    names = {one.name for one in loaded.channels}
    unknown = [name for name in channel or () if name not in names]
    if unknown or not names:
        raise ConfigError(
            f"no channel {', '.join(unknown) or 'configured'}; there are: {', '.join(sorted(names)) or 'none'}"
        )

    async def work() -> int:
        failed = 0
        clock = SystemClock()
        async with HttpFetcher(loaded.door, secret=loaded.secret, clock=clock) as fetcher:
            for one in loaded.channels:
                if channel and one.name not in channel:
                    continue
                told = make_test_alert(now())
                delivery = Delivery(
                    id=0,
                    key=secrets.token_hex(32),
                    channel=one.name,
                    alert=told,
                    attempts=1,
                    created_at=now(),
                )
                try:
                    await notifier_for(one, fetcher, clock).send(delivery)
                except DeliveryError as error:
                    failed += 1
                    say(f"{one.name}: failed: {error.message}")
                else:
                    say(f"{one.name}: accepted")
        return failed

    raise typer.Exit(1 if run_async(work) else 0)


@app.command("list")
def list_(
    state: Annotated[
        list[DeliveryState] | None, typer.Option("--state", help="Only these; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """List the alerts with their state: sent, waiting, or dead with the reason."""

    async def work() -> list[OutboxRow]:
        async with repository(config) as opened, opened.reading() as reading:
            return await reading.outbox.list(state or ())

    for one in run_async(work):
        if as_json:
            emit({name: getattr(one, name) for name in one.__dataclass_fields__} | {"state": one.state.value})
        else:
            why = f"\t{clean(one.last_error, 200)}" if one.last_error else ""
            typer.echo(
                f"{one.id}\t{one.state.value}\t{one.channel}\t{one.finding}\t{clean(one.headline, 100)}{why}"
            )


@app.command()
def retry(
    ident: Annotated[int, typer.Argument(metavar="ID", help="As `alert list` shows it.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Make a dead or waiting alert due now; the running daemon sends it within seconds."""

    async def work() -> bool:
        async with repository(config) as opened, opened.writing() as writing:
            return await writing.outbox.retry(ident, now())

    if not run_async(work):
        raise InputError(f"no dead or waiting alert {ident}; `leakwatch alert list` shows them")
    say(f"{ident}: due now")


@app.command()
def schema() -> None:
    """Print the JSON Schema of what a webhook is sent."""
    import json  # noqa: PLC0415

    from leakwatch.alerts.webhook_schema import schema as told  # noqa: PLC0415

    typer.echo(json.dumps(told(), indent=2, ensure_ascii=False))
