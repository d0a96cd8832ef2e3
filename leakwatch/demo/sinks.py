"""Where the alerts arrive: a Slack-shaped webhook, a signed webhook, and a real SMTP server.

Every arrival is kept with the time at which it arrived, in memory and in `<folder>/arrivals/*.jsonl`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, Literal, cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Channel = Literal["slack", "mail", "hook"]
CHANNELS: tuple[Channel, ...] = ("slack", "mail", "hook")
SLACK_PATH = "/slack/services/T/B/X"
HOOK_PATH = "/hook"
_SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix that Standard Webhooks gives every secret
_MAX_BODY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One alert as a channel received it. Facts that a channel does not carry are empty.

    `key` is what shows a repeat: the webhook's id, the mail's Message-ID, for Slack the delivery id in the note
    below the message (a repeat may say that it is one), else the whole message.
    """

    channel: Channel
    at: float
    key: str
    text: str
    finding: str = ""
    event: str = ""
    verdict: str = ""
    sites: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    authentic: bool = True


def _delivery_id(raw: bytes) -> str:
    """Finding and delivery id from the note of a Slack message: `LW-ABCDEFGH · 0123456789abcdef`."""
    text = raw.decode(errors="replace")
    found = re.search(r"LW-[A-Z2-7]+ · [0-9a-f]{16}", text)
    return found[0] if found else text


class Sinks:
    """All three channels. `secret` is the webhook's signing secret, as `whsec_` and base64."""

    def __init__(self, folder: Path, clock: Callable[[], float], secret: str) -> None:
        self.arrivals: list[Arrival] = []
        self.secret = secret
        self._folder = folder / "arrivals"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock

    def routes(self) -> list[Route]:
        """The two HTTP channels."""
        return [
            Route(SLACK_PATH, self._take_slack, methods=["POST"]),
            Route(HOOK_PATH, self._take_hook, methods=["POST"]),
        ]

    def smtp_session(self) -> SMTP:
        """The protocol of one SMTP connection."""
        return SMTP(self, enable_SMTPUTF8=True, ident="leakwatch demo", hostname="mail.demo.invalid")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take one mail."""
        at = self._clock()
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = message_from_bytes(raw, policy=policy.default)
        body = mail.get_body(("plain", "html"))
        arrival = Arrival(
            channel="mail",
            at=at,
            key=str(mail.get("Message-ID", "")),
            text=str(mail.get("Subject", "")),
            finding=str(mail.get("X-Leakwatch-Finding", "")),
            event=str(mail.get("X-Leakwatch-Event", "")).removeprefix("finding."),
        )
        headers = {name: str(value) for name, value in mail.items()}
        text = body.get_content() if body else ""
        self._keep(arrival, {"recipients": envelope.rcpt_tos, "headers": headers, "body": text})
        return "250 OK"

    async def _take_slack(self, request: Request) -> Response:
        at = self._clock()
        raw = await request.body()
        message = _object(raw)
        if not isinstance(message.get("text"), str):
            return PlainTextResponse("no_text", status_code=400)
        text = str(message["text"])
        self._keep(Arrival(channel="slack", at=at, key=_delivery_id(raw), text=text), {"body": message})
        return PlainTextResponse("ok")

    async def _take_hook(self, request: Request) -> Response:
        at = self._clock()
        raw = (await request.body())[:_MAX_BODY_BYTES]
        message = _object(raw)
        data = message.get("data")
        facts = cast(dict[str, Any], data) if isinstance(data, dict) else {}
        arrival = Arrival(
            channel="hook",
            at=at,
            key=request.headers.get("webhook-id", ""),
            text=str(facts.get("headline", "")),
            finding=str(facts.get("finding", "")),
            event=str(message.get("type", "")).removeprefix("finding."),
            verdict=str(facts.get("verdict", "")),
            sites=frozenset(str(place.get("site")) for place in _places(facts)),
            places=frozenset(f"{place.get('site')} {place.get('url')}" for place in _places(facts)),
            authentic=is_authentic(self.secret, request.headers, raw),
        )
        self._keep(arrival, {"headers": dict(request.headers), "body": message})
        return JSONResponse({"received": True})

    def _keep(self, arrival: Arrival, content: Mapping[str, object]) -> None:
        line = json.dumps({"at": arrival.at, **content}, ensure_ascii=False, default=str)
        with (self._folder / f"{arrival.channel}.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        self.arrivals.append(arrival)


def is_authentic(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the signatures is ours over id, timestamp and body.

    Source: Standard Webhooks, "Signature scheme", symmetric.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except binascii.Error:
        return False
    signed = f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(one, expected) for one in headers.get("webhook-signature", "").split())


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError:
        return {}
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _places(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    places = facts.get("places")
    rows = cast(list[Any], places) if isinstance(places, list) else []
    return [cast(dict[str, Any], row) for row in rows if isinstance(row, dict)]
