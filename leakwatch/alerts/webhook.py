"""A signed webhook: `payload` and `sign` are pure, `send` is not.

Source: the Standard Webhooks specification: `webhook-id`, `webhook-timestamp`, `webhook-signature` as
`v1,` + base64 of HMAC-SHA256 over id.timestamp.body. Receivers drop what has an id they have seen.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import hmac
import json
from typing import Any

from leakwatch.alerts._facts import host_of, retry_after_s
from leakwatch.errors import AddressRefused, ConfigError, DeliveryError, FetchFailed
from leakwatch.model.alert import Delivery, Receipt
from leakwatch.ports import Clock, Fetcher

_GONE = 410
_PERMANENT = frozenset({400, 401, 403, 404, 405, 413, 422})


def payload(delivery: Delivery) -> dict[str, Any]:
    """The body for one alert: a type, a time, and the alert as it is, raw text included."""
    alert = dataclasses.asdict(delivery.alert)
    kind = "test" if delivery.alert.test else delivery.alert.kind
    return {"type": kind, "timestamp": delivery.alert.at, "data": alert}


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
    """Posts to one address."""

    def __init__(self, url: str, secret: str, fetcher: Fetcher, clock: Clock) -> None:
        self._url, self._secret, self._fetcher, self._clock = url, secret_bytes(secret), fetcher, clock

    async def send(self, delivery: Delivery) -> Receipt:
        """Post one alert, signed."""
        body = json.dumps(payload(delivery), ensure_ascii=False, default=str).encode("utf-8", "replace")
        ident, now = message_id(delivery), int(self._clock.now().timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": ident,
            "webhook-timestamp": str(now),
            "webhook-signature": sign(self._secret, ident, now, body),
        }
        try:
            status, answered, _ = await self._fetcher.post(self._url, body=body, headers=headers)
        except (FetchFailed, AddressRefused) as error:
            raise DeliveryError(f"webhook: {error.message}", permanent=error.permanent) from error
        if 200 <= status < 300:
            return Receipt(reference=ident)
        raise DeliveryError(
            f"webhook: {host_of(self._url)} answered {status}"
            + (": it wants no more" if status == _GONE else ""),
            permanent=status in _PERMANENT or status == _GONE,
            retry_after_s=retry_after_s(answered),
        )
