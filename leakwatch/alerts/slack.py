"""Slack by an incoming webhook: `payload` is pure, `send` is not.

Source: docs.slack.dev, "Sending messages using incoming webhooks": the body `ok`, or an error in plain text; about
one message a second.
"""

from __future__ import annotations

import json
from typing import Any

from leakwatch.alerts._blocks import alert_blocks, fallback
from leakwatch.alerts._facts import host_of, retry_after_s
from leakwatch.alerts._pace import Pace
from leakwatch.display import clean
from leakwatch.errors import AddressRefused, DeliveryError, FetchFailed
from leakwatch.model.alert import Delivery, Receipt
from leakwatch.ports import Fetcher

_PERMANENT = frozenset({400})
_CLOSING = frozenset({401, 403, 404, 410})


def payload(delivery: Delivery) -> dict[str, Any]:
    """The message for one alert."""
    return {
        "text": fallback(delivery.alert),
        "blocks": alert_blocks(delivery),
        "unfurl_links": False,
        "unfurl_media": False,
    }


class SlackNotifier:
    """Posts to one incoming webhook."""

    def __init__(self, url: str, fetcher: Fetcher, pace_s: float = 1.0) -> None:
        self._url, self._fetcher, self._pace = url, fetcher, Pace(pace_s)

    async def send(self, delivery: Delivery) -> Receipt:
        """Post one alert. The webhook has no idempotency key: a repeat after a crash says so itself."""
        body = json.dumps(payload(delivery), ensure_ascii=False).encode("utf-8", "replace")
        headers = {"content-type": "application/json; charset=utf-8"}
        await self._pace.turn()
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
