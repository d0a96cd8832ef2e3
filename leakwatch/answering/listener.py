"""Does what people press under Slack's messages, and says there what was done, or to him alone why it was not."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import structlog

from leakwatch.alerts._blocks import escape
from leakwatch.alerts._slack_api import SlackApi
from leakwatch.alerts.settings import SlackBotChannel
from leakwatch.answering.envelope import Envelope
from leakwatch.answering.now import lines, sentence
from leakwatch.answering.press import Deed, Press, blocks_after, is_his, read_press, with_message
from leakwatch.display import clean
from leakwatch.errors import ConfigError, DeliveryError, InputError, StoreError
from leakwatch.ports import Clock, Deeds, Fetcher
from leakwatch.secret import Secret

log = structlog.get_logger()

SILENCE = timedelta(hours=4)
_WAITING = 200
_LONGEST_S = 60.0
_DRAIN_S = 5.0
"""How long a stop waits for what was pressed; closing the connection takes up to four seconds more."""


Over = Callable[[str, str], AbstractAsyncContextManager[None]]
"""A guard over one press, by kind and key: one that fails must not deafen the others."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a press: `text` to him alone; `shows` where the message is brought up to date."""

    press: Press
    channel: SlackBotChannel
    text: str = ""
    shows: bool = True


class SlackListener:
    """Listens for the buttons of all channels of one app: Slack tells a press to one connection of the app only."""

    def __init__(
        self,
        channels: Sequence[SlackBotChannel],
        app_token: Secret,
        fetcher: Fetcher,
        deeds: Deeds,
        clock: Clock,
        over: Over,
        ping_s: float = 5.0,
    ) -> None:
        self._names = ", ".join(one.name for one in channels)
        _check_library(self._names)
        self._channels = {one.channel: one for one in reversed(channels)}
        self._base, self._app_token = channels[0].api, app_token
        self._deeds, self._clock, self._over, self._ping_s = deeds, clock, over, ping_s
        self._api = SlackApi(self._base, fetcher)
        self._presses: asyncio.Queue[Envelope] = asyncio.Queue(_WAITING)
        self._answers: asyncio.Queue[Answer] = asyncio.Queue(_WAITING)
        self._teams: dict[Secret, str] = {}
        self._asked = 0
        self._stopping = asyncio.Event()

    async def run(self, stopping: asyncio.Event) -> None:
        """Listen until told to stop, and do what was pressed until then.

        A connection that is lost or refused is tried again, ever more rarely.
        """
        from leakwatch.answering._sdk import Socket  # noqa: PLC0415 - the extra `slack`

        self._stopping = stopping
        socket = Socket(self._address, self._hello, self._heard, self._ping_s)
        working = [asyncio.create_task(one) for one in (self._answer_all(), self._show_all())]
        try:
            await self._connected(socket.open)
            await stopping.wait()
            await self._drain()
        finally:
            for one in working:
                one.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            self._leave_rest()
            await socket.close()

    async def _drain(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                await self._presses.join()
                await self._answers.join()

    def _leave_rest(self) -> None:
        """What was not done in time: who pressed sees that, unless he had to be told before that it was taken."""
        while not self._presses.empty():
            envelope = self._presses.get_nowait()
            envelope.leave()
            log.warning("slack_press_left", channel=self._names, taken=envelope.taken)

    async def _connected(self, connect: Callable[[], Awaitable[None]]) -> None:
        """Connect for the first time; afterwards the library does so by itself."""
        while not self._stopping.is_set():
            with contextlib.suppress(DeliveryError):
                await connect()
                return

    async def _address(self) -> str:
        """The address of the next connection. Raises: DeliveryError if Slack does not give one, or we stop."""
        wait = random.uniform(0.5, 1.0) * min(_LONGEST_S, 2.0**self._asked) if self._asked else 0.0  # noqa: S311
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), wait or 0.001)
        if self._stopping.is_set():
            raise DeliveryError("leakwatch stops")
        self._asked = min(self._asked + 1, 10)
        try:
            answer = await self._api.call("apps.connections.open", self._app_token, {}, form=True)
            return _checked(str(answer.get("url", "")), self._base)
        except DeliveryError as error:
            log.warning("slack_not_heard", channel=self._names, error=error.message)
            raise

    def _hello(self) -> None:
        self._asked = 0
        log.info("slack_heard", channel=self._names)

    def _heard(self, payload: Mapping[str, Any], taken: Callable[[], None]) -> None:
        """Take a press, if there is room for it and time: of one that is not taken Slack says so to the person."""
        if self._stopping.is_set() or self._presses.full():
            log.warning("slack_press_dropped", channel=self._names)
            return
        self._presses.put_nowait(Envelope(payload, taken))

    async def _answer_all(self) -> None:
        while True:
            envelope = await self._presses.get()
            try:
                async with self._over("press", self._names):
                    await self._answer(envelope)
            finally:
                envelope.leave()
                self._presses.task_done()

    async def _answer(self, envelope: Envelope) -> None:
        """Do what was pressed, once; what is no press of our buttons in our channels is passed over."""
        press = read_press(envelope.payload)
        channel = self._channels.get(press.channel) if press else None
        if press is None or channel is None:
            envelope.take()
            return
        refusal = await self._refusal(press, channel)
        if refusal:
            await self._deeds.refused(press.finding, press.actor, press.key, self._clock.now(), refusal)
            answer = Answer(press, channel, refusal, shows=False)
        else:
            answer = await self._done(press, channel)
        envelope.take()
        await self._answers.put(answer)

    async def _done(self, press: Press, channel: SlackBotChannel) -> Answer:
        """Have it done. Raises: StoreError, once he was told that it is not."""
        try:
            await self._do(press)
        except InputError:
            now = await self._deeds.now(press.finding, self._clock.now())
            is_his_own = now is not None and is_his(press, now)
            return Answer(press, channel, "" if is_his_own else sentence(now, press.finding))
        except StoreError as error:
            await self._answers.put(Answer(press, channel, error.message, shows=False))
            raise
        log.info("slack_press_done", deed=press.deed.name.lower(), finding=press.finding, user=press.user)
        return Answer(press, channel)

    async def _refusal(self, press: Press, channel: SlackBotChannel) -> str:
        """Why this person may not; "" if he may: one of those who are named, or anybody of the app's workspace."""
        if channel.allowed_users:
            is_named = press.user in channel.allowed_users
            return "" if is_named else "You are not among those who may do this; ask who runs leakwatch."
        try:
            team = self._teams.get(channel.token) or await self._own_team(channel.token)
        except DeliveryError as error:
            return f"It cannot be checked whether you may do this: {error.message}"
        return "" if press.team == team else "Only members of the workspace that owns the app may do this."

    async def _own_team(self, token: Secret) -> str:
        answer = await self._api.call("auth.test", token, {}, form=True)
        team = answer.get("team_id")
        if not isinstance(team, str) or not team:
            raise DeliveryError("slack: auth.test names no workspace")
        self._teams[token] = team
        return team

    async def _do(self, press: Press) -> None:
        told = (press.finding, press.actor, press.key, self._clock.now())
        match press.deed:
            case Deed.ACKNOWLEDGE:
                await self._deeds.acknowledge(*told)
            case Deed.FALSE_POSITIVE:
                await self._deeds.false_positive(*told)
            case Deed.SILENCE:
                await self._deeds.silence(*told, SILENCE)

    async def _show_all(self) -> None:
        """Answer one after the other: Slack may be slow, and deeds do not wait for it."""
        while True:
            answer = await self._answers.get()
            try:
                async with self._over("press", self._names):
                    await self._show(answer)
            finally:
                self._answers.task_done()

    async def _show(self, answer: Answer) -> None:
        """Let the message show what the case is; where it cannot, he who pressed is told."""
        press, channel, text = answer.press, answer.channel, answer.text
        now = await self._deeds.now(press.finding, self._clock.now()) if answer.shows else None
        if now is not None:
            press = await self._as_it_stands(press, channel)
            told = {"channel": press.channel, "ts": press.stamp, "text": press.text}
            try:
                await self._api.call(
                    "chat.update", channel.token, told | {"blocks": blocks_after(press, now)}
                )
            except DeliveryError as error:
                log.warning("slack_message_not_updated", finding=press.finding, error=error.message)
                text = text or f"Done. {press.finding}: {'; '.join(lines(now))}."
        if text:
            await self._whisper(press, channel, text)

    async def _as_it_stands(self, press: Press, channel: SlackBotChannel) -> Press:
        """The press with what its message shows by now: news may have come since; as it was where we may not read it."""
        wanted = {"channel": press.channel, "oldest": press.stamp, "latest": press.stamp}
        wanted |= {"inclusive": "true", "limit": "1"}
        try:
            answer = await self._api.call("conversations.history", channel.token, wanted, form=True)
        except DeliveryError:
            return press
        return with_message(press, answer.get("messages"))

    async def _whisper(self, press: Press, channel: SlackBotChannel, text: str) -> None:
        """Say something that only he who pressed reads."""
        told = {"channel": press.channel, "user": press.user, "text": escape(clean(text, 500))}
        try:
            await self._api.call("chat.postEphemeral", channel.token, told)
        except DeliveryError as error:
            log.warning("slack_whisper_failed", finding=press.finding, error=error.message)


def _checked(url: str, api: str) -> str:
    """An address that the library encrypts; without encryption only on the host of an unencrypted interface.

    Raises: DeliveryError for any other: the library would speak in the clear on other ports than 443.
    """
    try:
        told, own = urlsplit(url), urlsplit(api)
        is_safe = told.scheme == "wss" and (told.port or 443) == 443
        is_own = told.scheme == "ws" and own.scheme == "http" and told.netloc == own.netloc
    except ValueError:
        is_safe = is_own = False
    if not (is_safe or is_own):
        raise DeliveryError("slack: apps.connections.open named an address that is not encrypted")
    return url


def _check_library(channel: str) -> None:
    if find_spec("slack_sdk") is None:
        raise ConfigError(
            f"the buttons of channel {channel} need a library: pip install 'leakwatch[slack]'; or leave out app_token"
        )
