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
    """An address that takes signed JSON (Standard Webhooks); the secret is `whsec_` and base64.

    While a secret is changed, `secret_before` is the one that some receivers still know: both sign then.
    """

    name: str
    kind: Literal["webhook"]
    url: str
    secret: Secret
    secret_before: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDutyChannel:
    """An integration of PagerDuty (Events API v2) by its key; `url` is another one for accounts in the EU."""

    name: str
    kind: Literal["pagerduty"]
    routing_key: Secret
    url: str = "https://events.pagerduty.com/v2/enqueue"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsChannel:
    """A workflow of Microsoft Teams that posts what its webhook is sent; the address is a secret."""

    name: str
    kind: Literal["teams"]
    url: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordChannel:
    """A webhook of Discord; its address is a secret."""

    name: str
    kind: Literal["discord"]
    url: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseChannel:
    """Any other service, by an address of Apprise, which is a secret; needs the extra `apprise`."""

    name: str
    kind: Literal["apprise"]
    url: Secret
    timeout_s: float = 60.0
