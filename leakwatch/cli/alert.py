"""`leakwatch alert`: test a channel, and what webhooks are sent."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli._channels import trouble_of
from leakwatch.cli._shared import DEFAULT_CONFIG, ConfigOption, load, now, run_async, say
from leakwatch.display import clean
from leakwatch.errors import ConfigError, DeliveryError

if TYPE_CHECKING:
    from leakwatch.alerts import Channel
    from leakwatch.config import Config
    from leakwatch.model.channel import ChannelHealth
    from leakwatch.ports import Clock, Fetcher

app = typer.Typer(help="Channels: test them, and what webhooks are sent.", no_args_is_help=True)


@app.callback()
def _alert() -> None:
    """Channels: test them, and what webhooks are sent."""


@app.command()
def test(
    channel: Annotated[
        list[str] | None, typer.Argument(help="Channels to test; all if none is named.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Send a test alert, marked as such, through the real channels; at once, not through the outbox."""
    loaded = load(config)
    names = {one.name for one in loaded.channels}
    unknown = [name for name in channel or () if name not in names]
    if unknown or not names:
        raise ConfigError(
            f"no channel {', '.join(unknown) or 'configured'}; there are: {', '.join(sorted(names)) or 'none'}"
        )
    wanted = [one for one in loaded.channels if not channel or one.name in channel]
    raise typer.Exit(0 if run_async(lambda: _tested(wanted, loaded)) else 1)


async def _tested(channels: list[Channel], config: Config) -> bool:
    """Send one test to each recipient of each channel; whether all were accepted and no channel is closed."""
    from leakwatch.crawl.fetcher import HttpFetcher  # noqa: PLC0415
    from leakwatch.daemon import SystemClock  # noqa: PLC0415

    clock, good = SystemClock(), True
    async with HttpFetcher(config.door, secret=config.secret, clock=clock) as fetcher:
        for one in channels:
            good &= await _test(one, fetcher, clock)
    for health in await _healths(config):
        if health.closed_at is not None and health.name in {one.name for one in channels}:
            say(f"{health.name}: {trouble_of(health)}")
            good = False
    return good


async def _test(channel: Channel, fetcher: Fetcher, clock: Clock) -> bool:
    from leakwatch.alerts import notifier_for  # noqa: PLC0415
    from leakwatch.model.alert import Delivery  # noqa: PLC0415
    from leakwatch.service import make_test_alert  # noqa: PLC0415

    notifier, good = notifier_for(channel, fetcher, clock), True
    for recipient in getattr(notifier, "recipients", ()) or ("",):
        delivery = Delivery(
            id=0,
            key=secrets.token_hex(32),
            channel=channel.name,
            alert=make_test_alert(now()),
            attempts=1,
            created_at=now(),
            recipient=recipient,
        )
        name = f"{channel.name} ({recipient})" if recipient else channel.name
        try:
            receipt = await notifier.send(delivery)
        except DeliveryError as error:
            good = False
            say(f"{name}: {'may have been accepted' if error.uncertain else 'failed'}: {error.message}")
        else:
            told = [receipt.reference, *receipt.detail.values()]
            answered = ", ".join(clean(one, 200) for one in told if one)
            say(f"{name}: accepted{f' ({answered})' if answered else ''}")
    return good


async def _healths(config: Config) -> list[ChannelHealth]:
    """What the database knows of the channels; nothing, where there is none yet or it is of an older version."""
    from leakwatch.store.migrate import current, newest  # noqa: PLC0415
    from leakwatch.store.repository import SqlRepository  # noqa: PLC0415

    if not config.data_dir.is_dir() or await current(config.store_url) != newest():
        return []
    opened = SqlRepository.open(config.store_url)
    try:
        async with opened.reading() as work:
            return await work.channels.all()
    finally:
        await opened.close()


@app.command()
def schema() -> None:
    """Print the JSON Schema of what a webhook is sent."""
    import json  # noqa: PLC0415

    from leakwatch.alerts.webhook_schema import schema as told  # noqa: PLC0415

    typer.echo(json.dumps(told(), indent=2, ensure_ascii=False))
