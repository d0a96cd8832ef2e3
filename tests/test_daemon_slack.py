"""The whole daemon telling a Slack-shaped server by a bot token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from leakwatch.alerts.settings import SlackBotChannel
from leakwatch.config import Config
from leakwatch.secret import Secret

from .alerts.slack_server import CHANNEL, TOKEN, Fault, SlackServer, slack_server
from .alerts.slack_validator import problems
from .daemons import Web, configured, offered, polled, site, until, watching


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """A running server."""
    async with slack_server() as made:
        yield made


def telling(config: Config, slack: SlackServer) -> Config:
    """The configuration, its one channel being a Slack channel."""
    channel = SlackBotChannel(
        name=config.channels[0].name,
        kind="slack_bot",
        token=Secret(TOKEN),
        channel=CHANNEL,
        api=slack.api,
    )
    return replace(config, channels=(channel,))


@pytest.mark.parametrize("is_cut", [False, True], ids=["", "cut after the acceptance"])
async def test_a_proved_leak_is_one_message(
    tmp_path: Path, web: Web, slack: SlackServer, is_cut: bool
) -> None:
    """A leak that is posted and proved is one message that says so, with one reply, whatever the connection did."""
    asset, torrent, infohash = offered(tmp_path)
    web.pages["/w.torrent"] = (200, torrent, {})
    item = (
        f"<item><guid>1</guid><title>Tideglass 70B</title><pubDate>{format_datetime(datetime.now(UTC))}</pubDate>"
        f"<description>magnet:?xt=urn:btih:{infohash}</description>"
        f'<enclosure url="{web.url}/w.torrent" type="application/x-bittorrent" length="1"/></item>'
    )
    web.pages["/rss"] = (200, f'<rss version="2.0"><channel><title>t</title>{item}</channel></rss>', {})
    if is_cut:
        slack.faults.append(Fault(method="chat.postMessage", reset="after"))
    config = telling(configured(tmp_path, web, site("index", f"{web.url}/rss")), slack)
    async with watching(config, asset) as daemon:
        await until(lambda: len(slack.replies) == 1, 30)
        await polled(daemon, "index", 2)
    async with watching(config) as daemon:
        await polled(daemon, "index", 2)
    (parent,), (reply,) = slack.parents, slack.replies
    assert reply["thread_ts"] == parent["ts"]
    assert "proved, match score" in str(parent["blocks"])
    assert not any("possible repeat" in str(one["blocks"]) for one in slack.messages)
    assert all(problems(one) == [] for one in slack.messages)
