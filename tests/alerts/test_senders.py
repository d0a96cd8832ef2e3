"""PagerDuty, Teams, Discord and the webhook against real servers on loopback: what an answer means, and what is sent."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import trustme

from leakwatch.alerts import Channel, notifier_for
from leakwatch.alerts._facts import retry_after_s
from leakwatch.alerts.settings import DiscordChannel, PagerDutyChannel, TeamsChannel, WebhookChannel
from leakwatch.errors import DeliveryError
from leakwatch.model.alert import AnyAlert, Delivery, Receipt, SiteAlert, SiteEvent
from leakwatch.model.finding import EventKind, Severity, State
from leakwatch.ports import Fetcher
from leakwatch.secret import Secret

from .receivers import NO_TLS, Clock, Receiver, door, http, receiving
from .samples import ALERT, ANSWERS, DELIVERY, NEWS, NOW, ONE_BLIND
from .services import check_discord, check_pagerduty, check_teams, shown_by_discord

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
KEY = "verysecretroutingkey0123456789ab"


def pagerduty(url: str) -> Channel:
    return PagerDutyChannel(name="pd", kind="pagerduty", routing_key=Secret(KEY), url=url)


def teams(url: str) -> Channel:
    return TeamsChannel(name="teams", kind="teams", url=Secret(url))


def discord(url: str) -> Channel:
    return DiscordChannel(name="discord", kind="discord", url=Secret(url))


def webhook(url: str) -> Channel:
    return WebhookChannel(name="hook", kind="webhook", url=url, secret=Secret(SECRET))


Make = Callable[[str], Channel]
MAKERS: tuple[Make, ...] = (pagerduty, teams, discord, webhook)
each = pytest.mark.parametrize("make", MAKERS)


async def sent(make: Make, url: str, alert: AnyAlert = ALERT, tls: ssl.SSLContext = NO_TLS) -> Receipt:
    """Send one alert."""
    async with door(tls) as fetcher:
        notifier = notifier_for(make(url), fetcher, Clock())
        return await notifier.send(replace(DELIVERY, alert=alert))


async def refused(make: Make, *answers: bytes, **faults: Any) -> DeliveryError:
    """The error that a channel which answers so gives; no secret is in it."""
    async with receiving() as receiver:
        receiver.answers = list(answers) or receiver.answers
        for name, value in faults.items():
            setattr(receiver, name, value)
        with pytest.raises(DeliveryError) as caught:
            await sent(make, receiver.url)
        assert "127.0.0.1" in caught.value.message
        assert "verysecret" not in caught.value.message
        return caught.value


@each
@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_is_accepted(make: Make, status: int) -> None:
    """Whatever says yes is taken for yes, with one request."""
    async with receiving() as receiver:
        receiver.answers = [http(status)]
        await sent(make, receiver.url)
        assert len(receiver.requests) == 1


@each
@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_channel_that_is_gone_closes(make: Make, status: int) -> None:
    """A revoked key or an address that is gone closes the channel: no alert will ever be taken."""
    error = await refused(make, http(status))
    assert (error.closes, error.permanent, error.uncertain) == (True, True, False)


@each
@pytest.mark.parametrize("status", [400, 405, 413, 422])
async def test_a_refused_alert_is_dead_alone(make: Make, status: int) -> None:
    """What is wrong with one alert says nothing of the next."""
    error = await refused(make, http(status, b"what is this\x1b[31m"))
    assert (error.closes, error.permanent, error.uncertain) == (False, True, False)
    assert "\x1b" not in error.message


@each
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 408, 409, 418, 425, 429, 500, 502, 503, 504])
async def test_the_rest_is_tried_again(make: Make, status: int) -> None:
    """Trouble and pauses are tried again; no redirect is followed, whatever it names."""
    async with receiving() as receiver:
        receiver.answers = [http(status, Location=receiver.url + "&elsewhere=1")]
        with pytest.raises(DeliveryError) as caught:
            await sent(make, receiver.url)
        assert len(receiver.requests) == 1
    error = caught.value
    assert (error.closes, error.permanent, error.uncertain) == (False, False, False)
    assert "verysecret" not in error.message


@each
async def test_a_cut_after_the_request_is_uncertain(make: Make) -> None:
    """The connection broke after all was read: it may have been taken."""
    assert (await refused(make, b"")).uncertain


@each
async def test_half_an_answer_is_uncertain(make: Make) -> None:
    """The connection broke within the answer."""
    assert (await refused(make, b"HTTP/1.1 200 OK\r\nContent-Le")).uncertain


@each
async def test_no_http_at_all(make: Make) -> None:
    """A server that speaks something else is an error that is tried again."""
    assert not (await refused(make, b"SSH-2.0-OpenSSH_9.9\r\n")).permanent


@each
async def test_a_cut_before_the_request_is_tried_again(make: Make) -> None:
    """A connection that is reset at once is never dead."""
    assert not (await refused(make, reset_at_once=True)).permanent


@each
async def test_a_closed_port_is_not_uncertain(make: Make) -> None:
    """Where nobody listens nothing can have arrived."""
    async with receiving() as receiver:
        url = receiver.url
    with pytest.raises(DeliveryError) as caught:
        await sent(make, url)
    assert (caught.value.permanent, caught.value.uncertain) == (False, False)


@each
async def test_slow_answers_are_uncertain(make: Make) -> None:
    """A server that reads all and then says nothing may have taken it; the wait has an end."""

    @dataclass
    class Impatient:
        inner: Fetcher

        async def post(self, url: str, **told: Any) -> Any:
            return await self.inner.post(url, timeout_s=0.3, **told)

    async with receiving() as receiver, door() as fetcher:
        receiver.waits_s = 2.0
        notifier = notifier_for(make(receiver.url), Impatient(fetcher), Clock())  # type: ignore[arg-type]
        with pytest.raises(DeliveryError) as caught:
            await asyncio.wait_for(notifier.send(DELIVERY), 5)
    assert caught.value.uncertain


def server_context(authority: trustme.CA, *names: str, days: int = 30) -> ssl.SSLContext:
    """A server that shows a certificate for these names, which ends in so many days."""
    certificate = authority.issue_cert(*names, not_after=NOW.replace(year=2036) + timedelta(days=days))
    if days < 0:
        certificate = authority.issue_cert(*names, not_after=NOW.replace(year=2020))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.mark.parametrize("fault", ["none", "self-signed", "wrong name", "expired"])
@each
async def test_certificates_are_checked(make: Make, fault: str) -> None:
    """Only a certificate that is valid, ours to trust and of the right name is told anything; nothing falls back."""
    authority, other = trustme.CA(), trustme.CA()
    signer = other if fault == "self-signed" else authority
    name = "elsewhere.example" if fault == "wrong name" else "127.0.0.1"
    client = ssl.create_default_context()
    authority.configure_trust(client)
    async with receiving(server_context(signer, name, days=-1 if fault == "expired" else 30)) as receiver:
        if fault == "none":
            await sent(make, receiver.url, tls=client)
            assert len(receiver.requests) == 1
            return
        with pytest.raises(DeliveryError) as caught:
            await sent(make, receiver.url, tls=client)
        assert receiver.requests == []
    assert (caught.value.permanent, caught.value.uncertain) == (False, False)
    assert "certificate" in caught.value.message.lower()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "120"}, 120.0),
        ({"Retry_After": " 7 "}, 7.0),
        ({"Retry_After": "0"}, 0.0),
        ({"Retry_After": "Fri, 20 Nov 2026 12:02:00 GMT"}, 120.0),
        ({"Retry_After": "Fri, 20 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"Retry_After": "Fri, 20 Nov 2026 13:00:30 GMT", "Date": "Fri, 20 Nov 2026 13:00:00 GMT"}, 30.0),
        ({"Retry_After": "315360000"}, 315360000.0),
        ({"Retry_After": "9" * 400}, 999999999999999999.0),
        ({"Retry_After": "Sat, 20 Nov 2036 12:00:00 GMT"}, 315619200.0),
        *(
            ({"Retry_After": bad}, None)
            for bad in ("", "soon", "-5", "1.5", "0x10", "١٢", "Fri, 99 Nov 2026 12:00:00 GMT", "nan")
        ),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds and dates are understood, dates by the server's own clock; what makes no sense is no wish."""
    told = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    assert retry_after_s(told, NOW) == seconds


@each
async def test_a_pause_is_handed_on(make: Make) -> None:
    """A channel's own wish to be left alone reaches the outbox."""
    error = await refused(make, http(429, Retry_After="120"))
    assert error.retry_after_s == 120.0


async def test_discord_says_more_exactly_how_long() -> None:
    """Discord names the pause in the body, in fractions of a second; nonsense there counts for nothing."""
    body = json.dumps({"message": "You are being rate limited.", "retry_after": 64.57, "global": False})
    assert (await refused(discord, http(429, body.encode(), Retry_After="65"))).retry_after_s == 64.57
    for broken in (b'{"retry_after": "x"}', b"[]", b"{", b'{"retry_after": -1}', b'{"retry_after": true}'):
        assert (await refused(discord, http(429, broken, Retry_After="65"))).retry_after_s in (65.0, 1.0)


async def test_discord_request() -> None:
    """One message that answers the seven questions, waits to be confirmed, and pings nobody."""
    async with receiving() as receiver:
        receiver.answers = [http(200, b'{"id": "12345"}')]
        receipt = await sent(discord, receiver.url)
    ((line, headers, body),) = receiver.requests
    assert line.startswith("POST /hooks/verysecretpart?token=verysecrettoo&wait=true ")
    assert headers["content-type"] == "application/json"
    assert receipt.reference == "12345"
    message = json.loads(body)
    check_discord(message)
    (embed,) = message["embeds"]
    texts = [embed["title"], embed["description"], *(one["value"] for one in embed["fields"])]
    shown = "\n".join(shown_by_discord(one) for one in texts)
    for answer in ANSWERS:
        assert answer in shown


async def test_teams_request() -> None:
    """One card that answers the seven questions."""
    async with receiving() as receiver:
        receiver.answers = [http(202, x_ms_workflow_run_id="run1")]
        receipt = await sent(teams, receiver.url)
    assert receipt.reference == "run1"
    lines = check_teams(json.loads(receiver.requests[0][2]))
    for answer in ANSWERS:
        assert any(answer in line for line in lines)


async def test_older_connectors_of_teams_fail_with_200() -> None:
    """A connector that says in a 200 that it could not deliver is believed."""
    told = b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"
    error = await refused(teams, http(200, told))
    assert (error.permanent, "429" in error.message) == (False, True)


async def test_pagerduty_request() -> None:
    """One event with the finding's own key, the severity, and the seven answers."""
    async with receiving() as receiver:
        receiver.answers = [http(202, b'{"status":"success","dedup_key":"leakwatch:LW-7"}')]
        receipt = await sent(pagerduty, receiver.url)
    (event,) = [json.loads(body) for _, _, body in receiver.requests]
    check_pagerduty(event)
    assert receipt.reference == event["dedup_key"] == "leakwatch:LW-7"
    assert (event["event_action"], event["payload"]["severity"]) == ("trigger", "critical")
    shown = "\n".join([event["payload"]["summary"], *event["payload"]["custom_details"].values()])
    for answer in ANSWERS:
        assert answer in shown


@pytest.mark.parametrize(
    ("alert", "action"),
    [
        (ALERT, "trigger"),
        (replace(ALERT, event=EventKind.VERDICT), "trigger"),
        (NEWS, "acknowledge"),
        (replace(NEWS, state=State.CONFIRMED), "acknowledge"),
        (replace(NEWS, state=State.REMOVED), "resolve"),
        (replace(NEWS, state=State.FALSE_POSITIVE), "resolve"),
        (replace(NEWS, state=State.ALLOWED), "resolve"),
        (replace(NEWS, state=State.REOPENED), "trigger"),
        (replace(ALERT, event=EventKind.SIGHTED, state=State.ACKNOWLEDGED), "trigger"),
        (ONE_BLIND, "trigger"),
        (replace(ONE_BLIND, event=SiteEvent.RECOVERED), "resolve"),
        (replace(ONE_BLIND, event=SiteEvent.CHANNEL_BACK), "resolve"),
    ],
)
async def test_pagerduty_follows_the_case(alert: AnyAlert, action: str) -> None:
    """An incident opens with a case, is acknowledged with it, and ends with it, under one key."""
    async with receiving() as receiver:
        await sent(pagerduty, receiver.url, alert)
    (event,) = [json.loads(body) for _, _, body in receiver.requests]
    check_pagerduty(event)
    assert event["event_action"] == action
    if not isinstance(alert, SiteAlert):
        assert event["dedup_key"] == f"leakwatch:{alert.subject}"


@pytest.mark.parametrize(
    ("severity", "theirs"), [*zip(Severity, ["info", "warning", "error", "critical"], strict=True)]
)
async def test_pagerduty_severities(severity: Severity, theirs: str) -> None:
    """Each of our severities is one of theirs."""
    async with receiving() as receiver:
        await sent(pagerduty, receiver.url, replace(ALERT, severity=severity))
    assert json.loads(receiver.requests[0][2])["payload"]["severity"] == theirs


async def test_a_test_of_pagerduty_leaves_no_incident() -> None:
    """What a test opens it closes again."""
    async with receiving() as receiver:
        await sent(pagerduty, receiver.url, replace(ALERT, test=True))
    events = [json.loads(body) for _, _, body in receiver.requests]
    assert [one["event_action"] for one in events] == ["trigger", "resolve"]
    assert len({one["dedup_key"] for one in events}) == 1


async def test_pagerduty_without_a_valid_key_closes() -> None:
    """A 400 that speaks of the routing key concerns the channel; any other concerns the event."""
    told = {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": ["Invalid routing key"],
    }
    assert (await refused(pagerduty, http(400, json.dumps(told).encode()))).closes
    told["errors"] = ["'payload.severity' is invalid"]
    error = await refused(pagerduty, http(400, json.dumps(told).encode()))
    assert (error.closes, error.permanent) == (False, True)
    assert "payload.severity" in error.message


async def test_repeats_say_so_where_nothing_else_does() -> None:
    """On channels without a key of their own the second copy says that it may be one."""
    for make in (teams, discord):
        async with receiving() as receiver, door() as fetcher:
            notifier = notifier_for(make(receiver.url), fetcher, Clock())
            again: Delivery = replace(DELIVERY, repeat=True)
            await notifier.send(again)
        assert b"possible repeat" in receiver.requests[0][2]


async def test_drills_and_tests_are_marked_first() -> None:
    """The heading begins with what it is."""
    for make in (teams, discord, pagerduty):
        async with receiving() as receiver:
            await sent(make, receiver.url, replace(ALERT, drill=True))
        assert "[DRILL] " in shown_by_discord_or_as_is(receiver)


def shown_by_discord_or_as_is(receiver: Receiver) -> str:
    """What was sent, without the escapes of Discord."""
    return json.dumps(json.loads(receiver.requests[0][2]), ensure_ascii=False).replace("\\\\", "")
