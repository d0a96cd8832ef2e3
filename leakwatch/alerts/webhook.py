"""A signed webhook: `payload` and `sign` are pure, `send` is not.

Source: the Standard Webhooks specification: `webhook-id`, `webhook-timestamp`, `webhook-signature` as
`v1,` + base64 of HMAC-SHA256 over id.timestamp.body, one for each secret while two are in use; 410 means that the
receiver wants no more. Receivers drop what has an id they have seen. The body's schema is docs/webhook.schema.json.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from leakwatch.alerts._posting import GONE, encoded, post_json
from leakwatch.errors import ConfigError
from leakwatch.model.alert import Delivery, Receipt
from leakwatch.ports import Clock, Fetcher


def payload(delivery: Delivery) -> dict[str, Any]:
    """The body for one alert: a type, a time, and the alert as it is, raw text included."""
    alert = dataclasses.asdict(delivery.alert)
    kind = "test" if delivery.alert.test else delivery.alert.kind
    return {"type": kind, "timestamp": delivery.alert.at, "data": alert}


def body_of(delivery: Delivery) -> bytes:
    """The body as JSON in ASCII: whatever steers a terminal or a reader's eye stands there as an escape."""
    return json.dumps(json.loads(encoded(payload(delivery)))).encode()


def message_id(delivery: Delivery) -> str:
    """The idempotency key, the same for every attempt."""
    return f"msg_{delivery.key[:40]}"


def secret_bytes(secret: str) -> bytes:
    """The signing key of a secret such as `whsec_` + base64. Raises: ConfigError if it is not 24 to 64 bytes."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise ConfigError("a webhook's secret is whsec_ and base64 (24 to 64 bytes)", field="channels.secret")
    return key


def sign(secret: bytes, ident: str, timestamp: int, body: bytes) -> str:
    """The signature header."""
    digest = hmac.new(secret, f"{ident}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


class WebhookNotifier:
    """Posts to one address. `secrets` are those that receivers may know: the one in use, and the one before it."""

    def __init__(self, url: str, secrets: Sequence[str], fetcher: Fetcher, clock: Clock) -> None:
        self._url, self._fetcher, self._clock = url, fetcher, clock
        self._secrets = [secret_bytes(one) for one in secrets]

    async def send(self, delivery: Delivery) -> Receipt:
        """Post one alert, signed."""
        body, at = body_of(delivery), self._clock.now()
        ident, now = message_id(delivery), int(at.timestamp())
        headers = {
            "webhook-id": ident,
            "webhook-timestamp": str(now),
            "webhook-signature": " ".join(sign(one, ident, now, body) for one in self._secrets),
        }
        answer = await post_json("webhook", self._url, body, self._fetcher, at, headers)
        if answer.is_accepted:
            return answer.receipt(ident)
        raise answer.error("it wants no more" if answer.status == GONE else "")
