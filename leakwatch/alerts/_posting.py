"""One POST of JSON to a channel, and what its answer means.

Outcomes: the answer of a channel that accepted; else a DeliveryError: 401, 403, 404 and 410 close the channel, 400, 405,
413 and 422 are said of this alert alone, anything else (redirects, which are not followed, 429, 5xx) is tried again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leakwatch.alerts._facts import host_of, retry_after_s
from leakwatch.display import clean
from leakwatch.errors import AddressRefused, DeliveryError, FetchFailed
from leakwatch.model.alert import Receipt
from leakwatch.ports import Fetcher

GONE = 410
CLOSING = frozenset({401, 403, 404, GONE})
REFUSING = frozenset({400, 405, 413, 422})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a channel answered to one POST; the names of `headers` are in lower case."""

    service: str
    host: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    at: datetime

    @property
    def told(self) -> str:
        """The answer as a person may read it, short and cleaned."""
        return clean(self.body.decode("utf-8", "replace").strip(), 200)

    @property
    def json(self) -> Mapping[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def is_accepted(self) -> bool:
        """Whether the channel took it."""
        return 200 <= self.status < 300

    def receipt(self, reference: str = "") -> Receipt:
        """That it was accepted; `reference` is the channel's own id for it."""
        told = f"HTTP {self.status}" + (f" {self.told}" if self.told and not self.json else "")
        return Receipt(reference=reference, detail={"answer": told})

    def error(
        self, reason: str = "", *, closes: bool | None = None, wait_s: float | None = None
    ) -> DeliveryError:
        """Why it did not. `closes` and `wait_s` are what the body says, where the status alone does not."""
        shut = self.status in CLOSING if closes is None else closes
        told = reason or ("it redirects, which is not followed" if 300 <= self.status < 400 else self.told)
        return DeliveryError(
            f"{self.service}: {self.host} answered {self.status}" + (f": {told}" if told else ""),
            permanent=shut or self.status in REFUSING,
            closes=shut,
            retry_after_s=retry_after_s(self.headers, self.at) if wait_s is None else wait_s,
        )


async def post_json(
    service: str,
    url: str,
    body: bytes,
    fetcher: Fetcher,
    at: datetime,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Post through the door. Raises: DeliveryError where no answer came, `uncertain` if it may have arrived."""
    told = {"content-type": "application/json", **(headers or {})}
    try:
        status, answered, text = await fetcher.post(url, body=body, headers=told)
    except (FetchFailed, AddressRefused) as error:
        raise DeliveryError(f"{service}: {error.message}", permanent=error.permanent) from error
    named = {name.lower(): value for name, value in answered.items()}
    return Answer(service, host_of(url), status, named, text, at)


def encoded(payload: Mapping[str, Any]) -> bytes:
    """JSON in UTF-8; half of a surrogate pair, which is no text, becomes a question mark."""
    return json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
