"""Listens to what people answer where they were told: the buttons of Slack's messages, over Socket Mode.

`press` reads what was pressed and is pure; `listener` has it done by `deeds`; `_sdk` is the only importer of Slack's library.
"""

from __future__ import annotations

from collections.abc import Iterable

from leakwatch.alerts import Channel
from leakwatch.alerts.settings import SlackBotChannel
from leakwatch.answering.deeds import CaseDeeds
from leakwatch.answering.listener import Over, SlackListener
from leakwatch.ports import Clock, Deeds, Fetcher
from leakwatch.secret import Secret

__all__ = ["CaseDeeds", "SlackListener", "listeners_for"]


def listeners_for(
    channels: Iterable[Channel], fetcher: Fetcher, deeds: Deeds, clock: Clock, over: Over
) -> list[SlackListener]:
    """A listener for each app whose messages have buttons. Raises: ConfigError if Slack's library is missing.

    `over` is what each press is done under.
    """
    apps: dict[tuple[str, Secret], list[SlackBotChannel]] = {}
    for one in channels:
        if isinstance(one, SlackBotChannel) and one.app_token is not None:
            apps.setdefault((one.api, one.app_token), []).append(one)
    return [SlackListener(own, token, fetcher, deeds, clock, over) for (_, token), own in apps.items()]
