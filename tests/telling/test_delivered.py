"""What people read of a message that was made: whom it reached, and whom it did not and why."""

from __future__ import annotations

from datetime import timedelta

from leakwatch.cli._noted import noted_json, noted_lines
from leakwatch.model.alert import Delivery, DeliveryState
from leakwatch.model.route import Route

from .conftest import Desk


async def settled(desk: Desk, **outcomes: tuple[DeliveryState, str | None]) -> None:
    """Each recipient of the mail channel answers as is said."""
    async with desk.repository.writing() as work:
        for _ in outcomes:
            one = await work.outbox.claim("mail", desk.at, 60.0)
            assert isinstance(one, Delivery)
            state, error = outcomes[one.recipient]
            due = desk.at + timedelta(hours=1)
            await work.outbox.settle(one, state, desk.at, due_at=due, error=error)


async def lines(desk: Desk) -> list[str]:
    """What `finding show` says of each announcement, without its time and headline."""
    async with desk.repository.reading() as work:
        noted = await work.announcements.noted("LW-1")
    return [one[22:].rpartition(": The Harbour")[0] for one in noted_lines(noted)]


async def test_whom_a_message_reached_is_said_of_each(desk: Desk) -> None:
    """Told is what was sent: what is on its way, refused for good or tried again stands as that, by recipient and with why."""
    desk.recipients = {"mail": ("ann", "bob", "cy")}
    desk.route(Route(name="all", channels=("mail",)))
    await desk.event()
    assert (await lines(desk))[0].startswith("mail by all: waiting due ")
    await desk.later(seconds=1)
    on_its_way = ", ".join(f"{one} on its way" for one in ("ann", "bob", "cy"))
    assert await lines(desk) == [f"mail by all: {on_its_way}"]
    refused, slow = (DeliveryState.DEAD, "no such mailbox"), (DeliveryState.RETRY, "mailbox full")
    await settled(desk, ann=(DeliveryState.SENT, None), bob=refused, cy=slow)
    (line,) = await lines(desk)
    assert line == (
        f"mail by all: told {desk.at:%Y-%m-%d %H:%M:%S}, bob NOT told, given up (no such mailbox), "
        "cy NOT told yet, tried again (mailbox full)"
    )
    async with desk.repository.reading() as work:
        (told,) = noted_json(await work.announcements.noted("LW-1"))
    assert [(one["recipient"], one["state"]) for one in told["deliveries"]] == [
        ("ann", "sent"),
        ("bob", "dead"),
        ("cy", "retry"),
    ]


async def test_a_digest_stands_for_all_that_it_tells(desk: Desk) -> None:
    """Where many are one message, each of them stands as that message does."""
    desk.route(Route(name="daily", channels=("slack",), digest="daily", at="13:00"))
    await desk.event()
    await desk.event(content="again", site="index")
    await desk.later(hours=1, minutes=1)
    async with desk.repository.writing() as work:
        one = await work.outbox.claim("slack", desk.at, 60.0)
        assert isinstance(one, Delivery)
        await work.outbox.settle(one, DeliveryState.DEAD, desk.at, error="channel_not_found")
    assert await lines(desk) == ["slack by daily: NOT told, given up (channel_not_found)"] * 2
