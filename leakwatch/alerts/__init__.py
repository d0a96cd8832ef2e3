"""Channels. `settings.py` says what each needs; `NOTIFIERS` is the one register of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from leakwatch.alerts.apprise import AppriseNotifier
from leakwatch.alerts.discord import DiscordNotifier
from leakwatch.alerts.email import EmailNotifier, Smtp
from leakwatch.alerts.pagerduty import PagerDutyNotifier
from leakwatch.alerts.settings import (
    AppriseChannel,
    DiscordChannel,
    EmailChannel,
    PagerDutyChannel,
    SlackBotChannel,
    SlackChannel,
    TeamsChannel,
    WebhookChannel,
)
from leakwatch.alerts.slack import SlackNotifier
from leakwatch.alerts.slack_bot import SlackBotNotifier
from leakwatch.alerts.teams import TeamsNotifier
from leakwatch.alerts.webhook import WebhookNotifier
from leakwatch.ports import Clock, Fetcher, Notifier

Channel = (
    SlackChannel
    | SlackBotChannel
    | EmailChannel
    | WebhookChannel
    | PagerDutyChannel
    | TeamsChannel
    | DiscordChannel
    | AppriseChannel
)


def _slack(channel: SlackChannel, fetcher: Fetcher, _clock: Clock) -> Notifier:
    return SlackNotifier(channel.url.reveal(), fetcher, channel.pace_s)


def _slack_bot(channel: SlackBotChannel, fetcher: Fetcher, _clock: Clock) -> Notifier:
    return SlackBotNotifier(channel, fetcher)


def _email(channel: EmailChannel, _fetcher: Fetcher, clock: Clock) -> Notifier:
    smtp = Smtp(
        host=channel.host,
        port=channel.port,
        sender=channel.sender,
        recipients=channel.recipients,
        tls=channel.tls,
        username=channel.username,
        password=channel.password.reveal() if channel.password else None,
        timeout_s=channel.timeout_s,
    )
    return EmailNotifier(smtp, clock)


def _webhook(channel: WebhookChannel, fetcher: Fetcher, clock: Clock) -> Notifier:
    secrets = [one.reveal() for one in (channel.secret, channel.secret_before) if one]
    return WebhookNotifier(channel.url, secrets, fetcher, clock)


def _pagerduty(channel: PagerDutyChannel, fetcher: Fetcher, clock: Clock) -> Notifier:
    return PagerDutyNotifier(channel.url, channel.routing_key.reveal(), fetcher, clock)


def _teams(channel: TeamsChannel, fetcher: Fetcher, clock: Clock) -> Notifier:
    return TeamsNotifier(channel.url.reveal(), fetcher, clock)


def _discord(channel: DiscordChannel, fetcher: Fetcher, clock: Clock) -> Notifier:
    return DiscordNotifier(channel.url.reveal(), fetcher, clock)


def _apprise(channel: AppriseChannel, _fetcher: Fetcher, _clock: Clock) -> Notifier:
    return AppriseNotifier(channel.url.reveal(), channel.timeout_s)


NOTIFIERS: Mapping[type, Callable[..., Notifier]] = {
    SlackChannel: _slack,
    SlackBotChannel: _slack_bot,
    EmailChannel: _email,
    WebhookChannel: _webhook,
    PagerDutyChannel: _pagerduty,
    TeamsChannel: _teams,
    DiscordChannel: _discord,
    AppriseChannel: _apprise,
}
_MACHINES = (WebhookChannel, PagerDutyChannel)


def notifier_for(channel: Channel, fetcher: Fetcher, clock: Clock) -> Notifier:
    """The notifier that a channel's settings ask for."""
    return NOTIFIERS[type(channel)](channel, fetcher, clock)


def is_read_by_people(channel: Channel) -> bool:
    """Whether people read a channel, who would rather have one digest than a hundred alerts; programs want each."""
    return not isinstance(channel, _MACHINES)
