"""What each kind of channel needs to know. Secrets may also be given as `<key>_file` or `<key>_env`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from leakwatch.errors import ConfigError
from leakwatch.secret import Secret

_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,20}")
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackChannel:
    """An incoming webhook of Slack; its address is a secret."""

    name: str
    kind: Literal["slack"]
    url: Secret
    pace_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackBotChannel:
    """A channel of a Slack workspace, by an app's bot token: one message a finding, news in its thread.

    With `app_token` messages have buttons; `allowed_users` are the ids of those who may press them, everybody of
    the workspace where none is named.
    """

    name: str
    kind: Literal["slack_bot"]
    token: Secret
    channel: str
    app_token: Secret | None = None
    allowed_users: tuple[str, ...] = ()
    api: str = "https://slack.com/api"
    pace_s: float = 1.0

    def __post_init__(self) -> None:
        if not self.token.reveal().startswith("xoxb-"):
            raise ConfigError("expected a bot token, which begins with xoxb-", field="token")
        if self.app_token is not None and not self.app_token.reveal().startswith("xapp-"):
            raise ConfigError("expected an app-level token, which begins with xapp-", field="app_token")
        if not _CHANNEL.fullmatch(self.channel):
            raise ConfigError(
                "expected the id of a channel, such as C024BE91L: it stands at the end of the channel's details",
                field="channel",
            )
        if not _ADDRESS.fullmatch(self.api):
            raise ConfigError("expected an http or https address", field="api")
        for user in self.allowed_users:
            if not _USER.fullmatch(user):
                raise ConfigError(
                    f"expected ids of users, such as U012A3CDE, not {user!r}", field="allowed_users"
                )


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
