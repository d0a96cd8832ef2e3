"""PagerDuty by Events API v2: `events` is pure, `send` is not.

Source: developer.pagerduty.com, "Send an Event" and "PD-CEF": event_action, dedup_key (255), payload.summary (1024),
severity (critical, error, warning, info), 512 KB an event, 202 on success, 400 for an event it cannot read. One finding
is one incident: what is said of it again adds to it, an acknowledgement acknowledges it, its end resolves it.
"""

from __future__ import annotations

from typing import Any, Literal

from leakwatch.alerts._facts import advice, facts, footer, heading, place_lines, reason_lines, told
from leakwatch.alerts._posting import Answer, encoded, post_json
from leakwatch.model.alert import Alert, AnyAlert, Delivery, DigestAlert, Receipt, SiteAlert, SiteEvent
from leakwatch.model.finding import Severity, State
from leakwatch.ports import Clock, Fetcher

_SUMMARY, _KEY = 1024, 255
_SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}
_ENDED = frozenset({State.REMOVED, State.FALSE_POSITIVE, State.ALLOWED, State.MERGED})
_IN_HAND = frozenset({State.ACKNOWLEDGED, State.CONFIRMED, State.REPORTED})
_OVER = frozenset({SiteEvent.RECOVERED, SiteEvent.CHANNEL_BACK})
Action = Literal["trigger", "acknowledge", "resolve"]


def action(alert: AnyAlert) -> Action:
    """What an alert does to the incident of its matter."""
    if isinstance(alert, SiteAlert):
        return "resolve" if alert.event in _OVER else "trigger"
    if isinstance(alert, DigestAlert):
        return "trigger"
    if alert.state in _ENDED:
        return "resolve"
    return "acknowledge" if alert.event.value == "state_changed" and alert.state in _IN_HAND else "trigger"


def dedup_key(alert: AnyAlert) -> str:
    """The name of the incident: the finding, or the group, site or channel that is told of."""
    return f"leakwatch:{told(alert.subject, _KEY)}"[:_KEY]


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
    details = dict(facts(alert)) | {
        "Where": "\n".join(place_lines(alert))[:20_000],
        "Why": "\n".join(reason_lines(alert))[:20_000],
        "Next": advice(alert),
        "Delivery": footer(delivery),
    }
    made["payload"] = {
        "summary": heading(alert)[:_SUMMARY],
        "source": "leakwatch",
        "severity": _SEVERITIES[alert.severity],
        "timestamp": alert.at,
        "component": told(alert.asset_id if isinstance(alert, Alert) else alert.subject, 200),
        "class": alert.kind,
        "custom_details": {name: value for name, value in details.items() if value},
    }
    return made | {"client": "leakwatch"}


class PagerDutyNotifier:
    """Sends events to one integration. The deduplication key makes every repeat harmless."""

    def __init__(self, url: str, routing_key: str, fetcher: Fetcher, clock: Clock) -> None:
        self._url, self._key, self._fetcher, self._clock = url, routing_key, fetcher, clock

    async def send(self, delivery: Delivery) -> Receipt:
        """Send one alert. What a test has opened it closes again."""
        receipt = await self._send(delivery)
        if delivery.alert.test:
            await self._send(delivery, "resolve")
        return receipt

    async def _send(self, delivery: Delivery, does: Action | None = None) -> Receipt:
        body = encoded(event(delivery, self._key, does))
        answer = await post_json("pagerduty", self._url, body, self._fetcher, self._clock.now())
        if not answer.is_accepted:
            raise answer.error(_reason(answer), closes=_is_closed(answer))
        return answer.receipt(str(answer.json.get("dedup_key", ""))[:_KEY])


def _reason(answer: Answer) -> str:
    """What it says is wrong, without what it quotes of us."""
    errors = answer.json.get("errors")
    said = [answer.json.get("message", ""), *(errors if isinstance(errors, list) else [])]
    return told("; ".join(str(one) for one in said[:4] if one), 300)


def _is_closed(answer: Answer) -> bool | None:
    """An unknown routing key is a 400 like a bad event; only the text tells them apart."""
    return True if answer.status == 400 and "routing key" in _reason(answer).lower() else None
