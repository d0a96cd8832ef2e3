"""What each kind of channel needs to know. Secrets may also be given as `<key>_file` or `<key>_env`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from leakwatch.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChannel:
    """An incoming webhook of Slack; its address is a secret."""

    name: str
    kind: Literal["slack"]
    url: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChannel:
    """A mail server and who is written to. `tls` is starttls, tls or none."""

    name: str
    kind: Literal["email"]
    host: str
    sender: str
    recipients: tuple[str, ...]
    port: int = 587
    tls: Literal["none", "starttls", "tls"] = "starttls"
    username: str | None = None
    password: Secret | None = None
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChannel:
    """An address that takes signed JSON (Standard Webhooks); the secret is `whsec_` and base64."""

    name: str
    kind: Literal["webhook"]
    url: str
    secret: Secret
