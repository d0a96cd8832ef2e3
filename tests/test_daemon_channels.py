"""The real daemon with channels that fail: nothing is lost, and somebody is told on another channel."""

from __future__ import annotations

import json
from pathlib import Path

from leakwatch.model.alert import DeliveryState

from .alerts.receivers import Receiver, http, receiving
from .daemons import ASSET, MAGNET, Web, configured, polled, site, until, watching


def teams(name: str, receiver: Receiver) -> str:
    """A further channel and a route to it."""
    return (
        f'[[channels]]\nname = "{name}"\nkind = "teams"\nurl = "{receiver.url}"\n'
        f'[[routes]]\nchannels = ["{name}"]\nmatch = {{ owners = ["nobody"] }}\n'
    )


async def test_receiver_that_wants_no_more_is_told_of_elsewhere(tmp_path: Path, web: Web) -> None:
    """410 closes the channel: its alert is dead with the reason, no further one is sent, another channel hears of it."""
    web.answer_posts = 410
    web.feed("/rss", ("1", "Tideglass 70B", MAGNET))
    async with receiving() as receiver:
        receiver.answers = [http(202)]
        config = configured(tmp_path, web, site("index", f"{web.url}/rss"), teams("people", receiver))
        async with watching(config, ASSET) as daemon:
            await until(lambda: len(receiver.requests) == 1)
            web.feed("/rss", ("2", "Tideglass 70B", MAGNET.replace("0", "9")))
            await polled(daemon, "index", 2)

            async def both_dead() -> bool:
                async with daemon.repository.reading() as work:
                    return len(await work.outbox.list([DeliveryState.DEAD])) == 2

            await until(both_dead)
            async with daemon.repository.reading() as work:
                dead = await work.outbox.list([DeliveryState.DEAD])
                health = await work.channels.get("hook")
    assert health.closed_at is not None
    assert all("it wants no more" in (one.last_error or "") for one in dead)
    assert web.posted == []
    (body,) = [body.decode() for _, _, body in receiver.requests]
    assert "The channel hook takes no alerts any more" in body
    assert "outbox retry --channel hook" in body
    assert "Tideglass" not in body
    assert json.loads(body)["type"] == "message"


async def test_channel_that_stumbles_gets_everything(tmp_path: Path, web: Web) -> None:
    """A channel that answers 503, cuts the line and asks for a second of patience has every alert in the end."""
    web.feed("/rss", *((str(one), "Tideglass 70B", MAGNET.replace("0", str(one))) for one in range(1, 5)))
    async with receiving() as receiver:
        receiver.answers = [http(503), b"", http(429, Retry_After="1"), http(202)]
        config = configured(
            tmp_path,
            web,
            site("index", f"{web.url}/rss"),
            teams("people", receiver).replace('match = { owners = ["nobody"] }', ""),
        )
        async with watching(config, ASSET) as daemon:

            async def all_sent() -> bool:
                async with daemon.repository.reading() as work:
                    rows = await work.outbox.list(channels=["people"])
                return len(rows) == 4 and {one.state for one in rows} == {DeliveryState.SENT}

            await until(all_sent, 60)
    headings = [
        json.loads(body)["attachments"][0]["content"]["body"][0]["inlines"][0]["text"]
        for _, _, body in receiver.requests
    ]
    assert len(headings) == 7
    assert sum(b"possible repeat" in body for _, _, body in receiver.requests) == 1
