"""What several commands say of channels that take no alerts."""

from __future__ import annotations

from leakwatch.cli._shared import run_async
from leakwatch.display import clean
from leakwatch.model.channel import ChannelHealth


def trouble_of(health: ChannelHealth) -> str:
    """What is wrong with a channel, in a line."""
    because = clean(health.because, 300)
    if health.closed_at is not None:
        since = health.closed_at.strftime("%Y-%m-%d %H:%M UTC")
        return f"closed since {since}: {because}; `leakwatch outbox retry --channel {clean(health.name, 60)}`"
    since = f"{health.failing_since:%Y-%m-%d %H:%M UTC}" if health.failing_since else "a while"
    return f"fails since {since}, {health.failures} times in a row: {because}"


def channels(url: str) -> list[tuple[bool, str]]:
    """Channels that are closed, which is a fault, or fail, for `doctor`."""
    from leakwatch.store.repository import SqlRepository  # noqa: PLC0415

    async def work() -> list[ChannelHealth]:
        opened = SqlRepository.open(url)
        try:
            async with opened.reading() as reading:
                return await reading.channels.all()
        finally:
            await opened.close()

    return [
        (one.closed_at is None, f"channel {clean(one.name, 60)}: {trouble_of(one)}")
        for one in run_async(work)
        if not one.works
    ]


def dead(url: str) -> list[tuple[bool, str]]:
    """How many alerts are dead, for `doctor`; nobody was told of what they say."""
    from leakwatch.store.repository import SqlRepository  # noqa: PLC0415

    async def work() -> int:
        opened = SqlRepository.open(url)
        try:
            async with opened.reading() as reading:
                return (await reading.outbox.counts()).get("dead", 0)
        finally:
            await opened.close()

    count = run_async(work)
    told = f"{count} alerts are dead: `leakwatch outbox list --state dead`"
    return [(False, told)] if count else []
