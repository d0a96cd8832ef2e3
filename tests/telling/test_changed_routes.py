"""Routes and channels that change while announcements wait for them: nothing is lost, and it is said."""

from __future__ import annotations

from datetime import timedelta

from leakwatch.alerts.alarms import Addressee
from leakwatch.alerts.gone import GRACE, bury_unknown
from leakwatch.model.route import Route

from .conftest import Desk


async def test_channel_goes_while_its_digest_waits(desk: Desk) -> None:
    """What waits for a channel and a route that are gone becomes a message there, dies with the reason, and is told elsewhere."""
    desk.route(Route(name="daily", channels=("old",), digest="daily"))
    assert await desk.event() == 1
    desk.route(Route(name="now", channels=("slack",)))
    assert await desk.later(days=1) == 1
    async with desk.repository.reading() as work:
        assert [one.channel for one in await work.outbox.list()] == ["old"]
    later = desk.at + GRACE + timedelta(minutes=1)
    ((channel, count, alarm),) = await bury_unknown([Addressee("slack")], desk.repository, later)
    assert (channel, count) == ("old", 1)
    assert alarm is not None
    assert alarm.told_on == "slack"
    assert (
        "slack",
        "The channel old is not in the configuration; alerts for it are dead",
    ) in await desk.sent()
