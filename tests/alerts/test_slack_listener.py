"""The buttons over a real WebSocket of a Slack-shaped server, with deeds that write to a real database."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from leakwatch.alerts.settings import SlackBotChannel, SlackChannel
from leakwatch.answering import CaseDeeds, listeners_for
from leakwatch.answering.listener import SlackListener, _checked
from leakwatch.cases import move
from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.daemon.guard import Guard
from leakwatch.errors import ConfigError, DeliveryError, InputError
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Finding, FindingId, Severity, State, Tier, Verdict
from leakwatch.ports import Deeds, Repository
from leakwatch.secret import Secret
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

from .presses import pressed
from .samples import NOW
from .slack_server import APP_TOKEN, CHANNEL, TOKEN, Fault, SlackServer, refusal, slack_server

OVER = Guard(lambda: None).over
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Still:
    """A clock that stands still."""

    def now(self) -> datetime:
        """Noon."""
        return NOW


@dataclass
class Written:
    """Deeds that append an audit entry each, once a key, and refuse what was acknowledged before."""

    store: SqlRepository
    acknowledged: set[str] = field(default_factory=set)
    broken: bool = False

    async def _write(
        self, action: str, finding: FindingId, actor: str, key: str, at: datetime, **more: str
    ) -> None:
        async with self.store.writing() as work:
            if not any(f'"{key}"' in one.detail for one in await work.audit.entries(finding)):
                await work.audit.append(actor, action, finding, {"key": key, **more}, at)

    async def acknowledge(self, finding: FindingId, actor: str, key: str, at: datetime) -> str:
        """Note it, unless somebody has."""
        if self.broken:
            raise ZeroDivisionError
        if finding in self.acknowledged:
            raise InputError(f"{finding} is acknowledged already")
        self.acknowledged.add(finding)
        await self._write("finding.acknowledge", finding, actor, key, at)
        return "acknowledged"

    async def false_positive(self, finding: FindingId, actor: str, key: str, at: datetime) -> str:
        """Note it."""
        await self._write("finding.false_positive", finding, actor, key, at)
        return "a false positive"

    async def silence(
        self, finding: FindingId, actor: str, key: str, at: datetime, how_long: timedelta
    ) -> str:
        """Note it with its end."""
        await self._write("silence.add", finding, actor, key, at, until=(at + how_long).isoformat())
        return "silenced"

    async def refused(self, finding: FindingId, actor: str, key: str, at: datetime, why: str) -> None:
        """Note it."""
        await self._write("finding.refused", finding, actor, key, at, why=why)

    async def entries(self) -> list[tuple[str, str, str]]:
        """Actor, action and finding of all entries."""
        async with self.store.reading() as work:
            return [(one.actor, one.action, one.subject) for one in await work.audit.entries()]


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """A running server."""
    async with slack_server() as made:
        made.messages.append({"ts": "1700000001.000001", "channel": CHANNEL, "blocks": [], "text": "x"})
        yield made


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy from."""
    file = tmp_path_factory.mktemp("listener") / "empty.db"
    asyncio.run(upgrade(f"sqlite:///{file}"))
    return file


@pytest.fixture
async def deeds(empty_database: Path, tmp_path: Path) -> AsyncIterator[Written]:
    """Deeds over an empty database."""
    file = tmp_path / "leakwatch.db"
    shutil.copy(empty_database, file)
    opened = SqlRepository.open(f"sqlite:///{file}")
    yield Written(opened)
    await opened.close()


@asynccontextmanager
async def listening(slack: SlackServer, deeds: Deeds, **changes: Any) -> AsyncIterator[SlackListener]:
    """A listener whose connection stands."""
    told: dict[str, Any] = {"name": "slack", "kind": "slack_bot", "token": Secret(TOKEN), "channel": CHANNEL}
    told |= {"app_token": Secret(APP_TOKEN), "api": slack.api}
    channel = SlackBotChannel(**(told | changes))
    others = [SlackBotChannel(**(told | {"name": "other", "channel": "C0SECOND1"}))]
    settings = DoorSettings(contact="mailto:a@example.org", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=str, clock=Still(), tls=NO_TLS) as door:
        listener = SlackListener(
            [channel, *others], Secret(APP_TOKEN), door, deeds, Still(), OVER, ping_s=0.3
        )
        stopping = asyncio.Event()
        running = asyncio.create_task(listener.run(stopping))
        try:
            await until(lambda: bool(slack.sockets))
            yield listener
        finally:
            stopping.set()
            for one in slack.sockets:
                one.close()  # the library reads for three seconds before it looks whether it is to stop
            await asyncio.wait_for(running, 10)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something, ten seconds at most."""
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


async def until_async(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something, ten seconds at most."""
    async with asyncio.timeout(10):
        while not await holds():
            await asyncio.sleep(0.01)


def envelope(payload: dict[str, Any], ident: str = "e1") -> dict[str, Any]:
    """A payload as it comes over the WebSocket."""
    return {
        "type": "interactive",
        "envelope_id": ident,
        "payload": payload,
        "accepts_response_payload": False,
    }


@pytest.mark.parametrize(
    ("deed", "action", "words"),
    [
        ("acknowledge", "finding.acknowledge", "Acknowledged by ana"),
        ("false_positive", "finding.false_positive", "Marked as a false positive by ana"),
        ("silence", "silence.add", "Silenced for 4 h by ana"),
    ],
)
async def test_button_does_its_deed(
    slack: SlackServer, deeds: Written, deed: str, action: str, words: str
) -> None:
    """A press is acknowledged at once, done with the person as actor and an audit entry, and shown in the message."""
    async with listening(slack, deeds):
        began = time.monotonic()
        slack.say(envelope(pressed(deed)))
        answer = await asyncio.wait_for(slack.heard.get(), 5)
        assert answer == {"envelope_id": "e1"}
        assert time.monotonic() - began < 3
        await until(lambda: words in str(slack.messages[0]["blocks"]))
    assert await deeds.entries() == [("slack:U012A3CDE (ana)", action, "LW-7")]
    assert slack.whispered == []


async def test_one_connection_serves_all_channels_of_an_app(slack: SlackServer, deeds: Written) -> None:
    """Slack tells a press to one connection of the app, so one listener answers for every channel of it."""
    async with listening(slack, deeds):
        slack.say(envelope(pressed("acknowledge", channel="C0SECOND1")))
        await until_async(lambda: _has(deeds, 1))
    assert slack.opened == 1
    nobody: Any = None
    told: dict[str, Any] = {"kind": "slack_bot", "token": Secret(TOKEN)}
    channels = [
        SlackBotChannel(**told, name=name, channel=f"C0{name}", app_token=Secret(token))
        for name, token in (("AA", "xapp-1"), ("BB", "xapp-2"), ("CC", "xapp-1"))
    ]
    assert len(listeners_for(channels, nobody, nobody, Still(), OVER)) == 2


async def test_silence_lasts_four_hours(slack: SlackServer, deeds: Written) -> None:
    """The silence that the button makes ends by itself."""
    async with listening(slack, deeds):
        slack.say(envelope(pressed("silence")))
        await until(lambda: "Silenced" in str(slack.messages[0]["blocks"]))
    async with deeds.store.reading() as work:
        (entry,) = await work.audit.entries()
    assert "2026-11-20T16:00:00+00:00" in entry.detail


async def test_press_that_comes_twice_is_done_once(slack: SlackServer, deeds: Written) -> None:
    """The same press in two envelopes is one deed, and nobody is told of a mistake."""
    async with listening(slack, deeds):
        for ident in ("e1", "e2"):
            slack.say(envelope(pressed("acknowledge"), ident))
        assert {(await slack.heard.get())["envelope_id"] for _ in range(2)} == {"e1", "e2"}
        await until(lambda: "Acknowledged" in str(slack.messages[0]["blocks"]))
        slack.say(envelope(pressed("silence", at="1700000003.000001"), "e3"))
        await until_async(lambda: _has(deeds, 2))
    assert [action for _, action, _ in await deeds.entries()] == ["finding.acknowledge", "silence.add"]
    assert slack.whispered == []


async def _has(deeds: Written, count: int) -> bool:
    return len(await deeds.entries()) == count


async def test_refusal_is_told_to_him_alone(slack: SlackServer, deeds: Written) -> None:
    """Who comes second is told so, where only he reads it; the message stays as it is."""
    deeds.acknowledged.add("LW-7")
    async with listening(slack, deeds):
        slack.say(envelope(pressed("acknowledge", user="U0SECOND1", name="ben")))
        await until(lambda: bool(slack.whispered))
    (whisper,) = slack.whispered
    assert (whisper["channel"], whisper["user"]) == (CHANNEL, "U0SECOND1")
    assert whisper["text"] == "LW-7 is acknowledged already"
    assert slack.messages[0]["blocks"] == []
    assert await deeds.entries() == []


STRANGERS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another workspace": ({"team": "T0OTHER"}, {}, "Only members of the workspace"),
    "not on the list": ({"user": "U0NOTME11"}, {"allowed_users": ("U012A3CDE",)}, "You are not among those"),
    "of the workspace but not on the list": (
        {"user": "U0NOTME11"},
        {"allowed_users": ("U0ELSE111",)},
        "You are not",
    ),
}


@pytest.mark.parametrize(("who", "settings", "words"), STRANGERS.values(), ids=STRANGERS.keys())
async def test_stranger_may_not(
    slack: SlackServer, deeds: Written, who: dict[str, Any], settings: dict[str, Any], words: str
) -> None:
    """Who is not of the workspace, or not on the list, changes nothing, is told so, and is in the audit."""
    async with listening(slack, deeds, **settings):
        slack.say(envelope(pressed("false_positive", **who)))
        await until(lambda: bool(slack.whispered))
    assert words in slack.whispered[0]["text"]
    ((actor, action, finding),) = await deeds.entries()
    assert actor.startswith(f"slack:{who.get('user', 'U012A3CDE')}")
    assert (action, finding) == ("finding.refused", "LW-7")


async def test_named_user_of_another_workspace_may(slack: SlackServer, deeds: Written) -> None:
    """Who is on the list may, also as a guest from a connected workspace."""
    async with listening(slack, deeds, allowed_users=("U0GUEST11",)):
        slack.say(envelope(pressed("acknowledge", user="U0GUEST11", team="T0OTHER")))
        await until(lambda: "Acknowledged" in str(slack.messages[0]["blocks"]))


async def test_workspace_that_cannot_be_told_lets_nobody(slack: SlackServer, deeds: Written) -> None:
    """Where it cannot be found out whose workspace it is, nothing is done."""
    slack.faults.append(refusal("auth.test", "ratelimited"))
    async with listening(slack, deeds):
        slack.say(envelope(pressed("acknowledge")))
        await until(lambda: bool(slack.whispered))
    assert "cannot be checked" in slack.whispered[0]["text"]
    assert deeds.acknowledged == set()


async def test_other_channels_and_other_payloads_are_passed_over(slack: SlackServer, deeds: Written) -> None:
    """A press in another channel, of another app's button, or a broken payload changes nothing and stops nothing."""
    async with listening(slack, deeds):
        slack.say(envelope(pressed("acknowledge", channel="C0OTHER11"), "e1"))
        slack.say(envelope({"type": "view_submission"}, "e2"))
        slack.say({"type": "events_api", "envelope_id": "e3", "payload": {"event": {"type": "message"}}})
        slack.say(envelope(pressed("acknowledge"), "e4"))
        await until(lambda: "Acknowledged" in str(slack.messages[0]["blocks"]))
        heard = {(await slack.heard.get())["envelope_id"] for _ in range(4)}
    assert heard == {"e1", "e2", "e3", "e4"}
    assert len(await deeds.entries()) == 1


async def test_fault_of_ours_stops_nothing(slack: SlackServer, deeds: Written) -> None:
    """A deed that fails for a reason that nobody expected leaves the listener listening."""
    deeds.broken = True
    async with listening(slack, deeds):
        slack.say(envelope(pressed("acknowledge"), "e1"))
        slack.say(envelope(pressed("silence"), "e2"))
        await until(lambda: "Silenced" in str(slack.messages[0]["blocks"]))


async def test_message_that_cannot_be_updated_is_told_to_him(slack: SlackServer, deeds: Written) -> None:
    """Where the message is gone, the deed is done and its doer is told."""
    slack.messages.clear()
    async with listening(slack, deeds):
        slack.say(envelope(pressed("acknowledge")))
        await until(lambda: bool(slack.whispered))
    assert slack.whispered[0]["text"] == "acknowledged"
    assert len(await deeds.entries()) == 1


@pytest.mark.parametrize("how", ["told to", "closed", "cut"])
async def test_lost_connection_is_renewed(slack: SlackServer, deeds: Written, how: str) -> None:
    """A connection that Slack renews, closes or loses is made anew with an address of its own, and presses arrive."""
    async with listening(slack, deeds):
        first = slack.sockets[0]
        if how == "told to":
            slack.say({"type": "disconnect", "reason": "refresh_requested"})
        elif how == "closed":
            first.write(b"\x88\x02\x03\xe8")
        else:
            first.transport.abort()
        await until(lambda: slack.opened >= 2 and any(one is not first for one in slack.sockets))
        slack.say(envelope(pressed("acknowledge")))
        await until(lambda: "Acknowledged" in str(slack.messages[0]["blocks"]))


async def test_refused_connection_is_tried_again(slack: SlackServer, deeds: Written) -> None:
    """Where Slack gives no address, it is asked again, ever more rarely; nothing waits for it."""
    slack.faults += [
        refusal("apps.connections.open", "internal_error"),
        Fault("apps.connections.open", status=429),
    ]
    async with listening(slack, deeds):
        slack.say(envelope(pressed("acknowledge")))
        await until(lambda: "Acknowledged" in str(slack.messages[0]["blocks"]))
    asked = [at for method, at in slack.times if method == "apps.connections.open"]
    assert len(asked) == 3
    assert asked[2] - asked[1] >= 2 * 0.5 * 2
    assert asked[1] - asked[0] >= 2 * 0.5


async def test_stopping_waits_for_nobody(slack: SlackServer, deeds: Written) -> None:
    """A listener that cannot connect stops at once all the same."""
    slack.faults += [refusal("apps.connections.open", "invalid_auth")] * 50
    told: dict[str, Any] = {"name": "slack", "kind": "slack_bot", "token": Secret(TOKEN), "channel": CHANNEL}
    channel = SlackBotChannel(**told, app_token=Secret(APP_TOKEN), api=slack.api)
    settings = DoorSettings(contact="mailto:a@example.org", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=str, clock=Still(), tls=NO_TLS) as door:
        stopping = asyncio.Event()
        (listener,) = listeners_for([channel, _webhook()], door, deeds, Still(), OVER)
        running = asyncio.create_task(listener.run(stopping))
        await until(lambda: len(slack.times) >= 2)
        stopping.set()
        await asyncio.wait_for(running, 4)


def _webhook() -> SlackChannel:
    return SlackChannel(name="hook", kind="slack", url=Secret("https://hooks.slack.com/x"))


async def test_deeds_reach_the_case(slack: SlackServer, deeds: Written) -> None:
    """A press moves the real case in the real database, once; what the state table forbids is told to him alone."""
    asset = Asset(id=AssetId("model"), title="Tideglass 70B")
    case = Finding(
        id=FindingId("LW-7"),
        asset=asset.id,
        state=State.NEW,
        verdict=Verdict.UNKNOWN,
        severity=Severity.HIGH,
        tier=Tier.AUTO,
        score=0.97,
        opened_at=NOW,
        updated_at=NOW,
        title="tideglass",
    )
    async with deeds.store.writing() as work:
        await work.catalogue.save(asset, NOW)
        await work.findings.save(case)
    hushed: list[tuple[str, datetime, str]] = []

    async def moved(
        state: State, repository: Repository, ident: str, actor: str, reason: str, at: datetime
    ) -> Finding:
        return await move(repository, ident, state, actor, reason, at)

    async def hush(finding: FindingId, until: datetime, actor: str, _reason: str, _at: datetime) -> None:
        hushed.append((finding, until, actor))

    real = CaseDeeds(
        deeds.store, partial(moved, State.ACKNOWLEDGED), partial(moved, State.FALSE_POSITIVE), hush
    )
    async with listening(slack, real):
        for number, deed in enumerate(("acknowledge", "silence", "acknowledge", "false_positive")):
            slack.say(envelope(pressed(deed, at=f"170000000{number}.000001"), f"e{number}"))
        await until(lambda: "false positive by" in str(slack.messages[0]["blocks"]))
    assert hushed == [("LW-7", NOW + timedelta(hours=4), "slack:U012A3CDE (ana)")]
    assert [one["text"].partition(" and can")[0] for one in slack.whispered] == ["LW-7 is acknowledged"]
    async with deeds.store.reading() as work:
        found = await work.findings.get(FindingId("LW-7"))
        events = await work.findings.events(FindingId("LW-7"))
    assert found is not None
    assert found.state is State.FALSE_POSITIVE
    assert [one.detail["actor"] for one in events] == ["slack:U012A3CDE (ana)"] * 2
    await real.refused(FindingId("LW-7"), "slack:U0X1 (eve)", "k", NOW, "a stranger")
    ana, eve = "slack:U012A3CDE (ana)", "slack:U0X1 (eve)"
    assert await deeds.entries() == [
        (ana, "finding.state", "LW-7"),
        (ana, "finding.state", "LW-7"),
        (eve, "finding.refused", "LW-7"),
    ]


@pytest.mark.parametrize(
    ("url", "api", "is_taken"),
    [
        ("wss://wss-primary.slack.com/link/?ticket=1", "https://slack.com/api", True),
        ("wss://wss-primary.slack.com:443/link/", "https://slack.com/api", True),
        ("wss://wss-primary.slack.com:8443/link/", "https://slack.com/api", False),
        ("ws://wss-primary.slack.com/link/", "https://slack.com/api", False),
        ("ws://127.0.0.1:9/link", "http://127.0.0.1:9/api", True),
        ("ws://127.0.0.1:8/link", "http://127.0.0.1:9/api", False),
        ("https://slack.com/", "https://slack.com/api", False),
        ("wss://[", "https://slack.com/api", False),
        ("", "https://slack.com/api", False),
    ],
)
def test_only_encrypted_addresses_are_taken(url: str, api: str, is_taken: bool) -> None:
    """The library speaks in the clear on other ports than 443, so such an address is refused."""
    if is_taken:
        assert _checked(url, api) == url
        return
    with pytest.raises(DeliveryError):
        _checked(url, api)


def test_missing_library_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the buttons name what to install, and what to leave out."""
    monkeypatch.setattr("leakwatch.answering.listener.find_spec", lambda _: None)
    told: dict[str, Any] = {"name": "slack", "kind": "slack_bot", "token": Secret(TOKEN), "channel": CHANNEL}
    channel = SlackBotChannel(**told, app_token=Secret(APP_TOKEN))
    nobody: Any = None
    with pytest.raises(ConfigError, match=r"pip install 'leakwatch\[slack\]'"):
        listeners_for([channel], nobody, nobody, Still(), OVER)
    assert listeners_for([SlackBotChannel(**told), _webhook()], nobody, nobody, Still(), OVER) == []
