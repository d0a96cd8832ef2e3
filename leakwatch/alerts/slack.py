"""Slack by an incoming webhook: `payload` is pure, `send` is not.

Source: docs.slack.dev, "Sending messages using incoming webhooks", Block Kit limits (50 blocks, 3000 characters
a section, 150 a header). Untrusted text stands only in `plain_text` and is cleaned; links are defanged.
"""

from __future__ import annotations

import json
from typing import Any

from leakwatch.alerts._facts import facts, heading, host_of, place_lines, reason_lines, retry_after_s, told
from leakwatch.display import clean
from leakwatch.errors import AddressRefused, DeliveryError, FetchFailed
from leakwatch.model.alert import Delivery, Receipt
from leakwatch.ports import Fetcher

_PERMANENT = frozenset({400, 401, 403, 404, 410})
_CLOSING = _PERMANENT - {400}
"""A webhook that was revoked, or whose channel is gone or archived."""
_SECTION = 2900


def payload(delivery: Delivery) -> dict[str, Any]:
    """The message for one alert."""
    alert = delivery.alert
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(heading(alert), 150)}]
    pairs = facts(alert)
    blocks.append(
        {"type": "section", "fields": [_plain(f"{name}\n{value}", 1900) for name, value in pairs[:10]]}
    )
    places = place_lines(alert)
    if places:
        blocks.append({"type": "section", "text": _plain("Where\n" + "\n".join(places), _SECTION)})
    reasons = reason_lines(alert)
    if reasons:
        blocks.append(
            {
                "type": "section",
                "text": _plain("Why\n" + "\n".join(reasons), _SECTION),
            }
        )
    note = f"{told(alert.subject, 80)} · {delivery.key[:16]}" + (
        " · possible repeat: an earlier attempt may have arrived" if delivery.repeat else ""
    )
    blocks.append({"type": "section", "text": _plain(f"Next\n{alert.advice}", _SECTION)})
    blocks.append({"type": "context", "elements": [_plain(note, 300)]})
    return {"text": escape(heading(alert)), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def escape(text: str) -> str:
    """The three characters that Slack's mrkdwn reads as control."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": text[:limit], "emoji": False}


class SlackNotifier:
    """Posts to one incoming webhook."""

    def __init__(self, url: str, fetcher: Fetcher) -> None:
        self._url, self._fetcher = url, fetcher

    async def send(self, delivery: Delivery) -> Receipt:
        """Post one alert. The webhook has no idempotency key: a repeat after a crash says so itself."""
        body = json.dumps(payload(delivery), ensure_ascii=False).encode("utf-8", "replace")
        headers = {"content-type": "application/json; charset=utf-8"}
        try:
            status, answered, text = await self._fetcher.post(self._url, body=body, headers=headers)
        except (FetchFailed, AddressRefused) as error:
            raise DeliveryError(f"slack: {error.message}", permanent=error.permanent) from error
        if status == 200 and text.strip() == b"ok":
            return Receipt()
        told = clean(text.decode("utf-8", "replace"), 200)
        raise DeliveryError(
            f"slack: {host_of(self._url)} answered {status}: {told}",
            permanent=status in _PERMANENT,
            closes=status in _CLOSING,
            retry_after_s=retry_after_s(answered),
        )
