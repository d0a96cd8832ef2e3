"""PagerDuty by Events API v2: `events` is pure, `send` is not.

Source: developer.pagerduty.com, "Send an Event", "Send a Change Event" and "PD-CEF": event_action, dedup_key (255),
payload.summary (1024), severity (critical, error, warning, info), 512 KB an event, 202 on success, 400 for an event it cannot
read; a change event notifies nobody and has no end. One finding is one incident: what is said of it again adds to it, an
acknowledgement acknowledges it, its end resolves it, and so does becoming part of another; each site is one, too. What is
said of many findings is a change event, for no single thing could end it; those in it that must wake somebody are incidents of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from leakwatch.alerts._facts import advice, facts, footer, heading, place_lines, reason_lines, told
from leakwatch.alerts._posting import Answer, encoded, post_json
from leakwatch.errors import DeliveryError
from leakwatch.model.alert import (
    Alert,
    AnyAlert,
    Delivery,
    DigestAlert,
    DigestEvent,
    Receipt,
    SiteAlert,
    SiteEvent,
)
from leakwatch.model.finding import OVER_STATES, EventKind, Severity, State, Verdict
from leakwatch.ports import Clock, Fetcher

_SUMMARY, _KEY = 1024, 255
_SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}
_IN_HAND = frozenset({State.ACKNOWLEDGED, State.CONFIRMED, State.REPORTED})
_OVER = frozenset({SiteEvent.RECOVERED, SiteEvent.CHANNEL_BACK})
_WAKING = frozenset({DigestEvent.GROUP, DigestEvent.AFTER_QUIET, DigestEvent.AFTER_OUTAGE})
"""Digests of news that would have been told one by one: each of them is an incident."""
_ACKNOWLEDGING = frozenset({EventKind.STATE, EventKind.MERGED})
Action = Literal["trigger", "acknowledge", "resolve"]


@dataclass(frozen=True, slots=True)
class Event:
    """One request: an event of an incident, or, with `is_change`, what notifies nobody."""

    body: dict[str, Any]
    is_change: bool = False


def events(delivery: Delivery, routing_key: str) -> list[Event]:
    """What is sent of one alert, in this order; of what a test opens also the end."""
    alert = delivery.alert
    entries: Sequence[AnyAlert] = (alert,)
    if isinstance(alert, DigestAlert):
        entries = alert.entries
    elif isinstance(alert, SiteAlert) and len(alert.sites) > 1:
        entries = [
            replace(alert, sites=(one,), headline=f"{one.name}: {alert.headline}") for one in alert.sites
        ]
    made: list[Event] = []
    for one in entries:
        if isinstance(alert, DigestAlert) and isinstance(one, Alert) and not _concerns_incidents(alert, one):
            continue
        of_one = replace(delivery, alert=one)
        made.append(Event(event(of_one, routing_key)))
        merged = one.merged if isinstance(one, Alert) else ()
        made += [Event(_ends(ident, routing_key)) for ident in merged]
        if alert.test:
            made.append(Event(event(of_one, routing_key, "resolve")))
    if isinstance(alert, DigestAlert):
        made.append(Event(change(delivery, routing_key), is_change=True))
    return made


def _concerns_incidents(digest: DigestAlert, one: Alert) -> bool:
    """Whether what a digest says of a finding opens its incident, or changes it.

    A storm wakes people for what is proved alone: the urgent ones in it have had messages of their own.
    """
    if digest.event in _WAKING or action(one) != "trigger" or one.verdict is Verdict.PROVED:
        return True
    return one.severity is Severity.CRITICAL and digest.event is not DigestEvent.FLOOD


def action(alert: AnyAlert) -> Action:
    """What an alert does to the incident of its matter."""
    if isinstance(alert, SiteAlert):
        return "resolve" if alert.event in _OVER else "trigger"
    if isinstance(alert, DigestAlert):
        return "trigger"
    if alert.state in OVER_STATES:
        return "resolve"
    return "acknowledge" if alert.event in _ACKNOWLEDGING and alert.state in _IN_HAND else "trigger"


def dedup_key(alert: AnyAlert) -> str:
    """The name of the incident: the finding, site or channel that is told of."""
    return _key_of(alert.subject)


def _key_of(subject: str) -> str:
    return f"leakwatch:{told(subject, _KEY)}"[:_KEY]


def _ends(subject: str, routing_key: str) -> dict[str, Any]:
    """The end of a case that is part of another one now."""
    return {"routing_key": routing_key, "event_action": "resolve", "dedup_key": _key_of(subject)}


def event(delivery: Delivery, routing_key: str, does: Action | None = None) -> dict[str, Any]:
    """One event for one alert."""
    alert = delivery.alert
    made: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": does or action(alert),
        "dedup_key": dedup_key(alert),
    }
    if made["event_action"] != "trigger":
        return made
    made["payload"] = {
        "summary": heading(alert)[:_SUMMARY],
        "source": "leakwatch",
        "severity": _SEVERITIES[alert.severity],
        "timestamp": alert.at,
        "component": told(alert.asset_id if isinstance(alert, Alert) else alert.subject, 200),
        "class": alert.kind,
        "custom_details": _details(delivery),
    }
    return made | {"client": "leakwatch"}


def change(delivery: Delivery, routing_key: str) -> dict[str, Any]:
    """A change event for what is said of many findings."""
    payload = {
        "summary": heading(delivery.alert)[:_SUMMARY],
        "source": "leakwatch",
        "timestamp": delivery.alert.at,
        "custom_details": _details(delivery),
    }
    return {"routing_key": routing_key, "payload": payload}


def _details(delivery: Delivery) -> dict[str, str]:
    alert = delivery.alert
    details = dict(facts(alert)) | {
        "Where": "\n".join(place_lines(alert))[:20_000],
        "Why": "\n".join(reason_lines(alert))[:20_000],
        "Next": advice(alert),
        "Delivery": footer(delivery),
    }
    return {name: value for name, value in details.items() if value}


class PagerDutyNotifier:
    """Sends events to one integration. The deduplication key makes every repeat of an incident harmless.

    A change event has none: it may be listed twice, and notifies nobody.
    """

    def __init__(self, url: str, routing_key: str, fetcher: Fetcher, clock: Clock) -> None:
        self._url, self._key, self._fetcher, self._clock = url, routing_key, fetcher, clock

    async def send(self, delivery: Delivery) -> Receipt:
        """Send one alert: what concerns incidents first. What a test has opened it closes again."""
        receipt: Receipt | None = None
        for one in events(delivery, self._key):
            try:
                answer = await self._send(one)
            except DeliveryError as error:
                if one.is_change and error.permanent and receipt is not None:
                    return replace(receipt, detail={**receipt.detail, "change": error.message})
                raise
            receipt = receipt or answer.receipt(str(answer.json.get("dedup_key", ""))[:_KEY])
        return receipt or Receipt()

    async def _send(self, one: Event) -> Answer:
        url = change_url(self._url) if one.is_change else self._url
        answer = await post_json("pagerduty", url, encoded(one.body), self._fetcher, self._clock.now())
        if answer.is_accepted:
            return answer
        error = answer.error(_reason(answer), closes=_is_closed(answer))
        if one.is_change and error.closes:  # an integration may take incidents alone
            raise DeliveryError(error.message, permanent=True)
        raise error


def change_url(url: str) -> str:
    """Where change events are taken, beside the events of incidents."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.removesuffix("/enqueue") + "/change/enqueue"))


def _reason(answer: Answer) -> str:
    """What it says is wrong, without what it quotes of us."""
    errors = answer.json.get("errors")
    said = [answer.json.get("message", ""), *(errors if isinstance(errors, list) else [])]
    return told("; ".join(str(one) for one in said[:4] if one), 300)


def _is_closed(answer: Answer) -> bool | None:
    """An unknown routing key is a 400 like a bad event; only the text tells them apart."""
    return True if answer.status == 400 and "routing key" in _reason(answer).lower() else None
