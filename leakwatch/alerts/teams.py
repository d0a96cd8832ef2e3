"""Microsoft Teams by a webhook of Workflows: `payload` is pure, `send` is not.

Source: learn.microsoft.com, "Create incoming webhooks with Workflows", "Format cards in Microsoft Teams" (28 KB a message),
adaptivecards.io (TextBlock reads markdown and {{DATE()}}; TextRun reads neither markdown nor links). Text of strangers
stands only in TextRun, and no two braces stand together anywhere.
"""

from __future__ import annotations

from typing import Any

from leakwatch.alerts._facts import advice, facts, footer, heading, place_lines, reason_lines
from leakwatch.alerts._posting import Answer, encoded, post_json
from leakwatch.model.alert import Delivery, Receipt
from leakwatch.model.finding import Severity
from leakwatch.ports import Clock, Fetcher

_MOST_BYTES = 24_000
"""Some below the limit of 28 KB, which counts what Teams adds."""
_COLOURS = {
    Severity.CRITICAL: "attention",
    Severity.HIGH: "warning",
    Severity.MEDIUM: "accent",
    Severity.LOW: "default",
}


def payload(delivery: Delivery) -> dict[str, Any]:
    """The message for one alert; of many or long lines as many as there is room for."""
    for limit in (2000, 600, 200, 80):
        made = _message(delivery, limit)
        if len(encoded(made)) <= _MOST_BYTES:
            return made
    return _message(delivery, 40)


def _message(delivery: Delivery, limit: int) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": _body(delivery, limit),
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _body(delivery: Delivery, limit: int) -> list[dict[str, Any]]:
    alert = delivery.alert
    body = [
        _text(
            _run(heading(alert), 300, weight="bolder", size="large", color=_COLOURS[alert.severity]),
        )
    ]
    body += [
        _text(_run(f"{name}: ", 60, weight="bolder"), _run(value, limit)) for name, value in facts(alert)
    ]
    for name, lines in (("Where", place_lines(alert)), ("Why", [f"• {one}" for one in reason_lines(alert)])):
        if lines:
            body.append(_text(_run(name, 20, weight="bolder"), spacing="medium"))
            body += [_text(_run(line, limit), spacing="none") for line in lines]
    body.append(
        _text(_run("Next: ", 20, weight="bolder"), _run(advice(alert), limit), spacing="medium"),
    )
    return [*body, _text(_run(footer(delivery), 300, size="small", isSubtle=True), spacing="medium")]


def _text(*runs: dict[str, Any], spacing: str = "small") -> dict[str, Any]:
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": list(runs)}


def _run(text: str, limit: int, **looks: Any) -> dict[str, Any]:
    """Text as it stands; Teams replaces expressions in double braces, so that no two stand together."""
    shown = text.replace("{", "{ ").replace("}", " }") if "{{" in text or "}}" in text else text
    return {"type": "TextRun", "text": shown if len(shown) <= limit else shown[: limit - 1] + "…", **looks}


class TeamsNotifier:
    """Posts to one workflow, which has no idempotency key: a repeat says so itself."""

    def __init__(self, url: str, fetcher: Fetcher, clock: Clock) -> None:
        self._url, self._fetcher, self._clock = url, fetcher, clock

    async def send(self, delivery: Delivery) -> Receipt:
        """Post one alert."""
        body = encoded(payload(delivery))
        answer = await post_json("teams", self._url, body, self._fetcher, self._clock.now())
        if not answer.is_accepted or _has_failed(answer):
            raise answer.error()
        return answer.receipt(answer.headers.get("x-ms-workflow-run-id", "")[:64])


def _has_failed(answer: Answer) -> bool:
    """The older connectors answer 200 and say in the text that they could not deliver."""
    return answer.status == 200 and b"failed" in answer.body[:2000].lower()
