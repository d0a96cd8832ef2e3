"""Channels. `settings.py` says what each needs; `NOTIFIERS` is the one register of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from leakwatch.alerts.email import EmailNotifier, Smtp
from leakwatch.alerts.settings import EmailChannel, SlackBotChannel, SlackChannel, WebhookChannel
from leakwatch.alerts.slack import SlackNotifier
from leakwatch.alerts.slack_bot import SlackBotNotifier
from leakwatch.alerts.webhook import WebhookNotifier
from leakwatch.ports import Clock, Fetcher, Notifier

Channel = SlackChannel | SlackBotChannel | EmailChannel | WebhookChannel


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
    return WebhookNotifier(channel.url, channel.secret.reveal(), fetcher, clock)


NOTIFIERS: Mapping[type, Callable[..., Notifier]] = {
    SlackChannel: _slack,
    SlackBotChannel: _slack_bot,
    EmailChannel: _email,
    WebhookChannel: _webhook,
}


def notifier_for(channel: Channel, fetcher: Fetcher, clock: Clock) -> Notifier:
    """The notifier that a channel's settings ask for."""
    return NOTIFIERS[type(channel)](channel, fetcher, clock)
