"""PagerDuty keeps an incident for each finding that must wake somebody, and each of them ends; a server plays its part.

The server does as "Send an Alert Event" says: a key's events apply to its open incident, a trigger after the end opens
another, what acknowledges or ends nothing is dropped; change events are listed and notify nobody.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from leakwatch.alerts import notifier_for
from leakwatch.alerts.pagerduty import change_url, events
from leakwatch.alerts.settings import PagerDutyChannel
from leakwatch.errors import DeliveryError
from leakwatch.model.alert import Alert, AnyAlert, DigestEvent, Receipt, SiteEvent
from leakwatch.model.finding import EventKind, FindingId, Severity, State, Verdict
from leakwatch.routing.fold import fold_finding
from leakwatch.secret import Secret

from .receivers import NO_TLS, Clock, Receiver, door, http, receiving
from .samples import ALERT, DELIVERY, ONE_BLIND, THREE
from .services import check_pagerduty, check_pagerduty_change

KEY = "verysecretroutingkey0123456789ab"


@dataclass(slots=True)
class Service:
    """What the service of an integration shows: incidents by key with their states, and changes."""

    incidents: dict[str, list[str]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    woken: int = 0

    def take(self, line: str, event: dict[str, Any]) -> None:
        """One request that was accepted."""
        if "/change/enqueue" in line:
            check_pagerduty_change(event)
            self.changes.append(event["payload"]["summary"])
            return
        check_pagerduty(event)
        mine = self.incidents.setdefault(event["dedup_key"].removeprefix("leakwatch:"), [])
        is_open = bool(mine) and mine[-1] != "resolved"
        match event["event_action"]:
            case "trigger" if not is_open:
                mine.append("triggered")
                self.woken += 1
            case "acknowledge" if is_open:
                mine[-1] = "acknowledged"
            case "resolve" if is_open:
                mine[-1] = "resolved"
            case _:
                pass

    @property
    def open(self) -> dict[str, str]:
        """The incidents that have not ended."""
        return {key: one[-1] for key, one in self.incidents.items() if one and one[-1] != "resolved"}


async def told(receiver: Receiver, *alerts: AnyAlert) -> Receipt:
    """Send some alerts through the door."""
    receipt = Receipt()
    settings = PagerDutyChannel(
        name="pd",
        kind="pagerduty",
        routing_key=Secret(KEY),
        url=f"http://127.0.0.1:{receiver.port}/v2/enqueue",
    )
    async with door(NO_TLS) as fetcher:
        for one in alerts:
            receipt = await notifier_for(settings, fetcher, Clock()).send(replace(DELIVERY, alert=one))
    return receipt


async def service(*alerts: AnyAlert) -> Service:
    """What the service shows after these."""
    found = Service()
    async with receiving() as receiver:
        receiver.answers = [http(202, b'{"status":"success"}')]
        await told(receiver, *alerts)
    for line, _, body in receiver.requests:
        found.take(line, json.loads(body))
    return found


def of(number: int, **changes: Any) -> Alert:
    """An alert of one of several findings."""
    return replace(ALERT, finding=FindingId(f"LW-{number}"), **changes)


def digest(event: DigestEvent, entries: Sequence[Alert]) -> AnyAlert:
    """What is said of several findings."""
    return replace(THREE, event=event, entries=tuple(entries), more=3)


MIXED = (
    of(1, verdict=Verdict.PROVED, severity=Severity.HIGH),
    of(2, verdict=Verdict.LIKELY, severity=Severity.CRITICAL),
    of(3, verdict=Verdict.UNKNOWN, severity=Severity.HIGH),
)


@pytest.mark.parametrize(
    ("event", "waking"),
    [
        (DigestEvent.DIGEST, {"LW-1", "LW-2"}),
        (DigestEvent.FIRST_RUN, {"LW-1", "LW-2"}),
        (DigestEvent.BACKFILL, {"LW-1", "LW-2"}),
        (DigestEvent.FLOOD, {"LW-1"}),
        (DigestEvent.GROUP, {"LW-1", "LW-2", "LW-3"}),
        (DigestEvent.AFTER_QUIET, {"LW-1", "LW-2", "LW-3"}),
    ],
)
async def test_digests_open_nothing_that_cannot_end(event: DigestEvent, waking: set[str]) -> None:
    """A digest is a change, of no incident; who must wake somebody has one of his own, which ends with his case."""
    shown = await service(digest(event, MIXED))
    assert set(shown.open) == waking
    assert len(shown.changes) == 1
    over = [replace(one, event=EventKind.STATE, state=State.REMOVED) for one in MIXED]
    assert (await service(digest(event, MIXED), *over)).open == {}


async def test_what_a_digest_told_of_wakes_people_when_it_is_proved() -> None:
    """A finding that was one of many is an incident as soon as it is proved, and is woken for once."""
    proof = of(3, event=EventKind.VERDICT, verdict=Verdict.PROVED)
    shown = await service(digest(DigestEvent.DIGEST, MIXED[2:]), proof, proof)
    assert (shown.open, shown.woken) == ({"LW-3": "triggered"}, 1)


async def test_what_a_digest_says_of_cases_in_hand() -> None:
    """What was acknowledged, or is over, is so there too, though a digest says it."""
    acknowledged = of(1, event=EventKind.STATE, state=State.ACKNOWLEDGED)
    over = of(2, event=EventKind.STATE, state=State.FALSE_POSITIVE)
    shown = await service(of(1), of(2), digest(DigestEvent.DIGEST, [acknowledged, over]))
    assert shown.open == {"LW-1": "acknowledged"}


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (State.NEW, {"LW-1": "triggered"}),
        (State.ACKNOWLEDGED, {"LW-1": "acknowledged"}),
        (State.REMOVED, {}),
    ],
)
async def test_merged_case_ends_its_incident(state: State, after: dict[str, str]) -> None:
    """Of two cases that turn out to be one the newer's incident ends, and the older's stays as its case is."""
    merged = of(1, event=EventKind.MERGED, merged=("LW-2",), state=state)
    shown = await service(of(1), of(2), merged)
    assert (shown.open, shown.incidents["LW-2"]) == (after, ["resolved"])


async def test_merged_cases_told_as_one_message() -> None:
    """Where three cases become one within a moment, news of it all in one end both incidents."""
    news = [of(1, event=EventKind.MERGED, merged=(f"LW-{n}",), headline=f"{n}") for n in (2, 3)]
    shown = await service(of(1), of(2), of(3), fold_finding([of(1), *news], ["a", "b", "c"]))
    assert shown.open == {"LW-1": "triggered"}


async def test_merged_into_a_case_that_only_a_digest_told_of() -> None:
    """The older case was never an incident, the newer is one: there is one afterwards, of the older."""
    merged = of(3, event=EventKind.MERGED, merged=("LW-4",))
    shown = await service(digest(DigestEvent.DIGEST, MIXED[2:]), of(4), merged)
    assert shown.open == {"LW-3": "triggered"}


@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_refused_change_closes_nothing(status: int) -> None:
    """An integration that takes no change events: what woke somebody counts as sent, else the digest is dead alone."""
    async with receiving() as receiver:
        receiver.answers = [http(202), http(202), http(status, b'{"errors":["Invalid routing key"]}')]
        receipt = await told(receiver, digest(DigestEvent.DIGEST, MIXED))
        assert str(status) in receipt.detail["change"]
        assert len(receiver.requests) == 3
        with pytest.raises(DeliveryError) as caught:
            await told(receiver, digest(DigestEvent.DIGEST, MIXED[2:]))
    assert (caught.value.permanent, caught.value.closes) == (True, False)


async def test_change_that_fails_for_now_is_tried_again() -> None:
    """A server in trouble has the whole digest again, and the incidents are the same."""
    shown = Service()
    async with receiving() as receiver:
        receiver.answers = [http(202), http(202), http(503), http(202)]
        with pytest.raises(DeliveryError) as caught:
            await told(receiver, digest(DigestEvent.DIGEST, MIXED))
        assert not caught.value.permanent
        await told(receiver, digest(DigestEvent.DIGEST, MIXED))
    for line, _, body in receiver.requests:
        shown.take(line, json.loads(body))
    assert (set(shown.open), shown.woken) == ({"LW-1", "LW-2"}, 2)


async def test_test_of_a_digest_leaves_no_incident() -> None:
    """What a test opens it closes, of a digest too."""
    entries = [replace(one, test=True) for one in MIXED]
    shown = await service(replace(digest(DigestEvent.GROUP, entries), test=True))
    assert (shown.open, shown.woken) == ({}, 3)


def test_where_changes_are_taken() -> None:
    """Beside the events of incidents, in each region, and behind a relay with an address of its own."""
    assert change_url("https://events.eu.pagerduty.com/v2/enqueue") == (
        "https://events.eu.pagerduty.com/v2/change/enqueue"
    )
    assert change_url("https://relay.example/pd?key=1") == "https://relay.example/pd/change/enqueue?key=1"


def test_each_site_is_an_incident_of_its_own() -> None:
    """Sites that went blind together see again one by one, and each ends its own incident."""
    names = ("board", "index", "hub")
    blind = replace(ONE_BLIND, sites=tuple(replace(ONE_BLIND.sites[0], name=name) for name in names))
    opened = [one.body for one in events(replace(DELIVERY, alert=blind), "k")]
    assert [one["dedup_key"] for one in opened] == [f"leakwatch:site:{name}" for name in names]
    assert all(name in one["payload"]["summary"] for one, name in zip(opened, names, strict=True))
    for name, started in zip(names, opened, strict=True):
        seen = replace(ONE_BLIND, event=SiteEvent.RECOVERED, sites=(replace(ONE_BLIND.sites[0], name=name),))
        (ended,) = events(replace(DELIVERY, alert=seen), "k")
        assert (ended.body["event_action"], ended.body["dedup_key"]) == ("resolve", started["dedup_key"])
