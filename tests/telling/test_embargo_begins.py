"""An asset that is put under embargo while its alerts wait: what is told then says nothing of it any more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from leakwatch.alerts.deliver import Attempt, deliver
from leakwatch.model.alert import Alert, Delivery, DigestAlert, DigestEvent, Place, Receipt
from leakwatch.model.finding import EventKind, FindingEvent, Verdict
from leakwatch.model.route import Route
from leakwatch.routing import make_alert
from leakwatch.routing.veil import veiled

from .conftest import ASSET, NOON, Desk, finding

SECRET = replace(ASSET, embargoed=True, codename="Blue Heron")


class Listener:
    """A channel that takes everything."""

    def __init__(self, desk: Desk) -> None:
        self.taken: list[Delivery] = []
        self._desk = desk

    def now(self) -> datetime:
        """The time of the desk."""
        return self._desk.at

    async def send(self, delivery: Delivery) -> Receipt:
        """Take it."""
        self.taken.append(delivery)
        return Receipt()


async def embargoed(desk: Desk) -> None:
    """The asset is a secret from now on."""
    async with desk.repository.writing() as work:
        await work.catalogue.save(SECRET, NOON)


def says_nothing(told: Sequence[object]) -> bool:
    """Whether neither the title nor the id that is made of it is told, nor what a source wrote."""
    text = json.dumps([asdict(one) for one in told], default=str).lower()  # type: ignore[call-overload]
    return bool(told) and not any(word in text for word in ("harbour", '"film"', "board.example"))


async def test_of_what_waits_for_its_digest(desk: Desk) -> None:
    """One case with news from before and after, and one that was written before."""
    desk.route(Route(channels=("slack",), digest="daily"))
    await desk.event()
    await desk.event(case=finding(2))
    await embargoed(desk)
    proved = finding(verdict=Verdict.PROVED)
    await desk.event(EventKind.VERDICT, proved, content="verdict:proved", asset=SECRET)
    assert await desk.later(days=1) == 1
    (digest,) = await desk.alerts()
    assert isinstance(digest, DigestAlert)
    assert {one.headline.partition(": ")[0] for one in digest.entries} == {"Blue Heron"}
    assert says_nothing([digest])


async def test_of_what_waits_in_the_outbox(desk: Desk) -> None:
    """Single alerts and a digest that were written before, for a channel that could not be reached."""
    desk.route(Route(channels=("slack",), continue_=True), Route(channels=("mail",), digest="hourly"))
    await desk.event()
    await desk.event(case=finding(2))
    await desk.tell()
    await desk.later(hours=1)
    await embargoed(desk)
    told = Listener(desk)
    attempts: list[Attempt] = []
    for channel in ("slack", "mail"):
        await deliver(channel, told, desk.repository, told, attempts.append, lambda: False)
    alerts = [one.alert for one in told.taken]
    assert [type(one) for one in alerts] == [Alert, Alert, DigestAlert]
    assert all("Blue Heron: " in one.headline for one in alerts if isinstance(one, Alert))
    assert says_nothing(alerts)


def test_what_a_source_wrote_is_left_out() -> None:
    """Places, reasons and whose copy it is; of another asset in the same message everything is told."""
    place = Place(site="board", url="https://board.example/harbour", title="The.Harbour", seen_at="now")
    said = {"places": (place,), "reasons": ("title: the harbour (+9.0 bits)",), "verdict_detail": "of Mara"}
    one = make_alert(finding_opened(), finding(), ASSET, [], [], [])
    digest = DigestAlert(
        event=DigestEvent.GROUP,
        topic="film",
        headline="2 findings",
        severity=one.severity,
        at=one.at,
        since=one.since,
        entries=(replace(one, **said), replace(one, asset_id="song", asset="A Song", **said)),
    )
    told = veiled(digest, {"film": SECRET})
    assert isinstance(told, DigestAlert)
    assert told.topic == SECRET.shown_id
    assert says_nothing([told.entries[0]])
    assert "Mara" not in told.entries[0].verdict_detail
    assert told.entries[0].reasons == ("title",)
    assert told.entries[1] == digest.entries[1]


def finding_opened() -> FindingEvent:
    """That the case was opened."""
    return FindingEvent(finding=finding().id, kind=EventKind.OPENED, at=NOON, content="opened")
