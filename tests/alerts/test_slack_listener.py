"""The buttons over a real WebSocket of a Slack-shaped server, with deeds that write to a real database."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from leakwatch.alerts.settings import SlackBotChannel, SlackChannel
from leakwatch.answering import listeners_for
from leakwatch.answering.listener import _checked
from leakwatch.errors import ConfigError, DeliveryError
from leakwatch.model.finding import State
from leakwatch.secret import Secret

from .presses import pressed
from .pressing import OVER, Broken, Cases, Still, app, door, envelope, listening, until
from .samples import NOW
from .slack_server import APP_TOKEN, CHANNEL, TOKEN, Fault, SlackServer, refusal

ANA = "slack:U012A3CDE (ana)"


@pytest.mark.parametrize(
    ("deed", "action", "words"),
    [
        ("acknowledge", "finding.state", "Acknowledged by ana, 2026-11-20 12:00 UTC"),
        ("false_positive", "finding.state", "Marked as a false positive by ana, 2026-11-20 12:00 UTC"),
        ("silence", "silence.add", "Silenced until 2026-11-20 16:00 UTC by ana"),
    ],
)
async def test_button_does_its_deed(
    workspace: SlackServer, cases: Cases, deed: str, action: str, words: str
) -> None:
    """A press is done with the person as actor and an audit entry, taken in time, and shown in the message."""
    async with listening(workspace, cases):
        began = time.monotonic()
        workspace.say(envelope(pressed(deed)))
        answer = await asyncio.wait_for(workspace.heard.get(), 5)
        assert answer == {"envelope_id": "e1"}
        assert time.monotonic() - began < 3
        await until(lambda: words in str(workspace.messages[0]["blocks"]))
    ((actor, done, _),) = await cases.entries()
    assert (actor, done) == (ANA, action)
    assert len(await cases.presses()) == 1
    assert workspace.whispered == []


async def test_one_connection_serves_all_channels_of_an_app(workspace: SlackServer, cases: Cases) -> None:
    """Slack tells a press to one connection of the app, so one listener answers for every channel of it."""
    async with listening(workspace, cases):
        workspace.say(envelope(pressed("acknowledge", channel="C0SECOND1")))
        await until(lambda: _has(cases, 1))
    assert workspace.opened == 1
    nobody: Any = None
    told: dict[str, Any] = {"kind": "slack_bot", "token": Secret(TOKEN)}
    channels = [
        SlackBotChannel(**told, name=name, channel=f"C0{name}", app_token=Secret(token))
        for name, token in (("AA", "xapp-1"), ("BB", "xapp-2"), ("CC", "xapp-1"))
    ]
    assert len(listeners_for(channels, nobody, nobody, Still(), OVER)) == 2


async def test_silence_lasts_four_hours(workspace: SlackServer, cases: Cases) -> None:
    """The silence that the button makes ends by itself."""
    async with listening(workspace, cases):
        workspace.say(envelope(pressed("silence")))
        await until(lambda: "Silenced" in str(workspace.messages[0]["blocks"]))
    async with cases.repository.reading() as work:
        (silence,) = await work.silences.active(NOW)
    assert (silence.ends_at, silence.actor) == (NOW + timedelta(hours=4), ANA)


async def test_press_that_comes_twice_is_done_once(workspace: SlackServer, cases: Cases) -> None:
    """The same press in two envelopes is one deed, and nobody is told of a mistake."""
    async with listening(workspace, cases):
        for ident in ("e1", "e2"):
            workspace.say(envelope(pressed("acknowledge"), ident))
        assert {(await workspace.heard.get())["envelope_id"] for _ in range(2)} == {"e1", "e2"}
        await until(lambda: "Acknowledged" in str(workspace.messages[0]["blocks"]))
        workspace.say(envelope(pressed("silence", at="1700000003.000001"), "e3"))
        await until(lambda: _has(cases, 2))
    assert [action for _, action, _ in await cases.entries()] == ["finding.state", "silence.add"]
    assert workspace.whispered == []


async def _has(cases: Cases, count: int) -> bool:
    return len(await cases.entries()) == count


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
    workspace: SlackServer, cases: Cases, who: dict[str, Any], settings: dict[str, Any], words: str
) -> None:
    """Who is not of the workspace, or not on the list, changes nothing, is told so, and is in the audit."""
    async with listening(workspace, cases, **settings):
        workspace.say(envelope(pressed("false_positive", **who)))
        await until(lambda: bool(workspace.whispered))
    assert words in workspace.whispered[0]["text"]
    ((actor, action, finding),) = await cases.entries()
    assert actor.startswith(f"slack:{who.get('user', 'U012A3CDE')}")
    assert (action, finding) == ("finding.refused", "LW-7")


async def test_named_user_of_another_workspace_may(workspace: SlackServer, cases: Cases) -> None:
    """Who is on the list may, also as a guest from a connected workspace."""
    async with listening(workspace, cases, allowed_users=("U0GUEST11",)):
        workspace.say(envelope(pressed("acknowledge", user="U0GUEST11", team="T0OTHER")))
        await until(lambda: "Acknowledged" in str(workspace.messages[0]["blocks"]))


async def test_workspace_that_cannot_be_told_lets_nobody(workspace: SlackServer, cases: Cases) -> None:
    """Where it cannot be found out whose workspace it is, nothing is done."""
    workspace.faults.append(refusal("auth.test", "ratelimited"))
    async with listening(workspace, cases):
        workspace.say(envelope(pressed("acknowledge")))
        await until(lambda: bool(workspace.whispered))
    assert "cannot be checked" in workspace.whispered[0]["text"]
    assert (await cases.case()).state is State.NEW


async def test_other_channels_and_other_payloads_are_passed_over(
    workspace: SlackServer, cases: Cases
) -> None:
    """A press in another channel, of another app's button, or a broken payload changes nothing and stops nothing."""
    async with listening(workspace, cases):
        workspace.say(envelope(pressed("acknowledge", channel="C0OTHER11"), "e1"))
        workspace.say(envelope({"type": "view_submission"}, "e2"))
        workspace.say({"type": "events_api", "envelope_id": "e3", "payload": {"event": {"type": "message"}}})
        workspace.say(envelope(pressed("acknowledge"), "e4"))
        await until(lambda: "Acknowledged" in str(workspace.messages[0]["blocks"]))
        heard = {(await workspace.heard.get())["envelope_id"] for _ in range(4)}
    assert heard == {"e1", "e2", "e3", "e4"}
    assert len(await cases.entries()) == 1


async def test_fault_of_ours_stops_nothing(workspace: SlackServer, cases: Cases) -> None:
    """A deed that fails for a reason that nobody expected was never taken, and leaves the listener listening."""
    async with listening(workspace, Broken(cases.repository)):
        workspace.say(envelope(pressed("acknowledge"), "e1"))
        workspace.say(envelope(pressed("silence"), "e2"))
        await until(lambda: "Silenced" in str(workspace.messages[0]["blocks"]))
        assert await asyncio.wait_for(workspace.heard.get(), 10) == {"envelope_id": "e2"}
        assert workspace.heard.empty()


async def test_message_that_cannot_be_updated_is_told_to_him(workspace: SlackServer, cases: Cases) -> None:
    """Where the message is gone, the deed is done and its doer is told."""
    workspace.messages.clear()
    async with listening(workspace, cases):
        workspace.say(envelope(pressed("acknowledge")))
        await until(lambda: bool(workspace.whispered))
    assert workspace.whispered[0]["text"] == "Done. LW-7: Acknowledged by ana, 2026-11-20 12:00 UTC."
    assert len(await cases.entries()) == 1


@pytest.mark.parametrize("how", ["told to", "closed", "cut"])
async def test_lost_connection_is_renewed(workspace: SlackServer, cases: Cases, how: str) -> None:
    """A connection that Slack renews, closes or loses is made anew with an address of its own, and presses arrive."""
    async with listening(workspace, cases):
        first = workspace.sockets[0]
        if how == "told to":
            workspace.say({"type": "disconnect", "reason": "refresh_requested"})
        elif how == "closed":
            first.write(b"\x88\x02\x03\xe8")
        else:
            first.transport.abort()
        await until(lambda: workspace.opened >= 2 and any(one is not first for one in workspace.sockets))
        workspace.say(envelope(pressed("acknowledge")))
        await until(lambda: "Acknowledged" in str(workspace.messages[0]["blocks"]))


async def test_refused_connection_is_tried_again(workspace: SlackServer, cases: Cases) -> None:
    """Where Slack gives no address, it is asked again, ever more rarely; nothing waits for it."""
    workspace.faults += [
        refusal("apps.connections.open", "internal_error"),
        Fault("apps.connections.open", status=429),
    ]
    async with listening(workspace, cases):
        workspace.say(envelope(pressed("acknowledge")))
        await until(lambda: "Acknowledged" in str(workspace.messages[0]["blocks"]))
    asked = [at for method, at in workspace.times if method == "apps.connections.open"]
    assert len(asked) == 3
    assert asked[2] - asked[1] >= 2 * 0.5 * 2
    assert asked[1] - asked[0] >= 2 * 0.5


async def test_stopping_waits_for_nobody(workspace: SlackServer, cases: Cases) -> None:
    """A listener that cannot connect stops at once all the same."""
    workspace.faults += [refusal("apps.connections.open", "invalid_auth")] * 50
    async with door() as fetcher:
        stopping = asyncio.Event()
        (listener,) = listeners_for([app(workspace), _webhook()], fetcher, cases, Still(), OVER)
        running = asyncio.create_task(listener.run(stopping))
        await until(lambda: len(workspace.times) >= 2)
        stopping.set()
        await asyncio.wait_for(running, 4)


def _webhook() -> SlackChannel:
    return SlackChannel(name="hook", kind="slack", url=Secret("https://hooks.slack.com/x"))


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
