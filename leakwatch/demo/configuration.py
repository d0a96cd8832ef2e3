"""The `leakwatch.toml` of the replay: an ordinary one, as an operator would write it for these six sites."""

from __future__ import annotations

import json
from dataclasses import dataclass

from leakwatch.demo.sinks import HOOK_PATH, SLACK_PATH
from leakwatch.demo.world import BOARD_NAME, LOOPBACK

DATA_DIR = "data"
_EVERY = "2s"
_COUNT_EVERY_S = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The addresses that the daemon must know."""

    base: str
    mail_port: int
    bootstrap: str
    repository: str
    secret: str


def configuration(surroundings: Surroundings) -> str:
    """The configuration as TOML."""
    base = surroundings.base
    board = {"url": f"{base}/board", "web_url": f"{base}/board", "boards": [BOARD_NAME]}
    mail = {
        "host": LOOPBACK,
        "port": surroundings.mail_port,
        "tls": "none",
        "sender": "leakwatch@demo.invalid",
        "recipients": ["security@demo.invalid"],
    }
    sections = [
        _section("[daemon]", data_dir=DATA_DIR),
        _section("[http]", contact="mailto:demo@leakwatch.invalid", allow_hosts=[LOOPBACK]),
        _section(
            "[swarm]",
            enabled=True,
            listen="127.0.0.9:0",
            dht_bootstrap=[surroundings.bootstrap],
            allow_networks=["127.0.0.0/8"],
            deadline_s=20,
            count_every_s=_COUNT_EVERY_S,
        ),
        _site("board", "imageboard", **board),
        _site("index", "feed", url=f"{base}/index/rss.xml"),
        _site("torznab", "torznab", url=f"{base}/torznab/api"),
        _site("code", "github", url=f"{base}/github", repositories=[surroundings.repository]),
        _site("hub", "huggingface", url=f"{base}/hub"),
        _site("news", "feed", url=f"{base}/news/rss.xml"),
        _channel("slack", "slack", url=base + SLACK_PATH),
        _channel("mail", "email", **mail),
        _channel("hook", "webhook", url=base + HOOK_PATH, secret=surroundings.secret),
        _section("[[routes]]", channels=["slack", "mail", "hook"], group_interval=_EVERY),
    ]
    return "\n".join(sections)


def _site(name: str, kind: str, **settings: object) -> str:
    return _section("[[sites]]", name=name, kind=kind, every=_EVERY, min_interval_s=0.05, **settings)


def _channel(name: str, kind: str, **settings: object) -> str:
    return _section("[[channels]]", name=name, kind=kind, **settings)


def _section(heading: str, **settings: object) -> str:
    """A table of strings, numbers, truths and lists of strings; JSON writes all of them as TOML does."""
    lines = (f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    return f"{heading}\n{''.join(lines)}"
