"""`leakwatch alert`: test a channel."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from leakwatch.cli._shared import DEFAULT_CONFIG, ConfigOption, load, now, run_async, say
from leakwatch.errors import ConfigError, DeliveryError

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
        async with HttpFetcher(
            loaded.door, secret=lambda name: loaded.secrets[name].reveal(), clock=clock
        ) as fetcher:
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
