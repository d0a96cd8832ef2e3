"""Presses of buttons as Slack tells them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leakwatch.alerts._blocks import alert_blocks

from .samples import OPENED, due
from .slack_server import CHANNEL, TEAM


def pressed(
    deed: str,
    *,
    finding: str = "LW-7",
    user: str = "U012A3CDE",
    name: str = "ana",
    team: str = TEAM,
    channel: str = CHANNEL,
    stamp: str = "1700000001.000001",
    at: str = "1700000001.500000",
    blocks: Sequence[Any] | None = None,
) -> dict[str, Any]:
    """A block_actions payload."""
    shown = list(blocks) if blocks is not None else alert_blocks(due(OPENED), buttons=True)
    return {
        "type": "block_actions",
        "user": {"id": user, "username": name, "name": name, "team_id": team},
        "team": {"id": TEAM, "domain": "owner"},
        "api_app_id": "A1",
        "container": {"type": "message", "message_ts": stamp, "channel_id": channel},
        "channel": {"id": channel, "name": "leaks"},
        "message": {"type": "message", "ts": stamp, "text": "[HIGH] Tideglass", "blocks": shown},
        "actions": [
            {
                "type": "button",
                "action_id": f"leakwatch.{deed}",
                "block_id": "b",
                "value": finding,
                "action_ts": at,
            }
        ],
        "response_url": "https://hooks.slack.com/actions/verysecret",
    }
