"""Channels that are not in the configuration any more, while alerts wait for them: dead with the reason, and told elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from leakwatch.alerts.alarms import Addressee, Alarm, raise_alarm
from leakwatch.model.channel import Trouble
from leakwatch.ports import Repository

GRACE = timedelta(minutes=10)
"""So long alerts wait for a channel that nobody knows: another daemon on the same database may know it."""
BECAUSE = "the channel is not in the configuration"


async def bury_unknown(
    known: Sequence[Addressee], repository: Repository, now: datetime
) -> list[tuple[str, int, Alarm | None]]:
    """Give up what waits for channels that are gone; answers them, how much that was, and what was told of it."""
    names = {one.channel for one in known}
    async with repository.reading() as work:
        gone = await work.channels.unknown(names, now - GRACE)
        back = [
            one.name
            for one in await work.channels.all()
            if one.name in names and Trouble.GONE.value in one.told
        ]
    if not gone and not back:
        return []
    async with repository.writing() as work:
        for name in sorted({*back, *gone}):
            await work.channels.lock(name)
        for name in back:
            health = await work.channels.get(name)
            told = {trouble: at for trouble, at in health.told.items() if trouble != Trouble.GONE.value}
            await work.channels.keep(replace(health, told=told, because=""))
        buried: list[tuple[str, int, Alarm | None]] = []
        for name in gone:
            count = await work.channels.bury(name, BECAUSE, lost_before=now)
            health = replace(await work.channels.get(name), because=BECAUSE)
            health, alarm = await raise_alarm(Trouble.GONE, health, known, now, work)
            await work.channels.keep(health)
            buried.append((name, count, alarm))
    return [one for one in buried if one[1] or one[2]]
