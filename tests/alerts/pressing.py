"""A listener for buttons over a Slack-shaped server, with the real deeds on a real case in a real database."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from leakwatch.alerts.settings import SlackBotChannel
from leakwatch.answering import CaseDeeds
from leakwatch.answering.listener import SlackListener
from leakwatch.cases.telling import record
from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.daemon.guard import Guard
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Finding, FindingId, Severity, State, Tier, Verdict
from leakwatch.ports import Deeds
from leakwatch.secret import Secret
from leakwatch.store.repository import SqlRepository

from .samples import NOW
from .slack_server import APP_TOKEN, CHANNEL, TOKEN, SlackServer

OVER = Guard(lambda: None).over
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
ASSET = Asset(id=AssetId("model"), title="Tideglass 70B")
CASE = Finding(
    id=FindingId("LW-7"),
    asset=ASSET.id,
    state=State.NEW,
    verdict=Verdict.UNKNOWN,
    severity=Severity.HIGH,
    tier=Tier.AUTO,
    score=0.97,
    opened_at=NOW,
    updated_at=NOW,
    title="tideglass",
)


class Still:
    """A clock that stands still."""

    def now(self) -> datetime:
        """Noon."""
        return NOW


class Cases(CaseDeeds):
    """The deeds as they are, and what is in the audit of them."""

    def __init__(self, repository: SqlRepository) -> None:
        super().__init__(repository, record)

    async def entries(self) -> list[tuple[str, str, str]]:
        """Actor, action and finding of all entries but those that name presses."""
        async with self.repository.reading() as work:
            entries = await work.audit.entries()
        return [(one.actor, one.action, one.subject) for one in entries if one.action != "press"]

    async def presses(self) -> list[str]:
        """The deeds of all presses that were done."""
        async with self.repository.reading() as work:
            return [one.detail for one in await work.audit.entries() if one.action == "press"]

    async def case(self, ident: str = "LW-7") -> Finding:
        """The case as it is."""
        async with self.repository.reading() as work:
            found = await work.findings.get(FindingId(ident))
        assert found is not None
        return found


class Broken(Cases):
    """Deeds one of which meets an error that nobody had thought of."""

    async def acknowledge(self, finding: FindingId, actor: str, key: str, at: datetime) -> None:
        """Fail."""
        raise ZeroDivisionError


def app(slack: SlackServer, **changes: Any) -> SlackBotChannel:
    """The channel of the server, with buttons."""
    told: dict[str, Any] = {"name": "slack", "kind": "slack_bot", "token": Secret(TOKEN), "channel": CHANNEL}
    told |= {"app_token": Secret(APP_TOKEN), "api": slack.api}
    return SlackBotChannel(**(told | changes))


def door() -> HttpFetcher:
    """The way out, to this machine too."""
    settings = DoorSettings(contact="mailto:a@example.org", allow_hosts=frozenset({"127.0.0.1"}))
    return HttpFetcher(settings, secret=str, clock=Still(), tls=NO_TLS)


@asynccontextmanager
async def listening(
    slack: SlackServer, deeds: Deeds, *, is_cut: bool = True, **changes: Any
) -> AsyncIterator[SlackListener]:
    """A listener whose connection stands. `is_cut`: the server ends it, for a quick end."""
    channels = [app(slack, **changes), app(slack, **(changes | {"name": "other", "channel": "C0SECOND1"}))]
    async with door() as fetcher:
        listener = SlackListener(channels, Secret(APP_TOKEN), fetcher, deeds, Still(), OVER, ping_s=0.3)
        stopping = asyncio.Event()
        running = asyncio.create_task(listener.run(stopping))
        try:
            await until(lambda: bool(slack.sockets))
            yield listener
        finally:
            stopping.set()
            for one in slack.sockets if is_cut else ():
                one.close()  # the library reads for three seconds before it looks whether it is to stop
            await asyncio.wait_for(running, 10)


async def until(holds: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    """Wait for something, ten seconds at most."""
    async with asyncio.timeout(10):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


def envelope(payload: Mapping[str, Any], ident: str = "e1") -> dict[str, Any]:
    """A payload as it comes over the WebSocket."""
    return {
        "type": "interactive",
        "envelope_id": ident,
        "payload": payload,
        "accepts_response_payload": False,
    }
