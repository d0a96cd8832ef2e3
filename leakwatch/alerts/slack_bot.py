"""Slack by a bot token: one message a finding, brought up to date where it stands, with what is new in its thread.

The order is: the old message first, which may be done twice without harm; then the news, whose metadata carries the
delivery's key. After an attempt that nobody knows the end of, the key is looked for before anything is posted again.

Source: docs.slack.dev, chat.postMessage, chat.update, conversations.history and .replies, "Message metadata".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from leakwatch.alerts._blocks import alert_blocks, fallback, news_blocks
from leakwatch.alerts._pace import Pace
from leakwatch.alerts._slack_api import SlackApi, SlackRefused
from leakwatch.alerts.settings import SlackBotChannel
from leakwatch.errors import DeliveryError
from leakwatch.model.alert import Alert, AnyAlert, Delivery, Receipt, SiteAlert, SiteEvent, Thread
from leakwatch.model.finding import EventKind, Severity, Verdict
from leakwatch.ports import Fetcher

EVENT_TYPE = "leakwatch_alert"
_GONE = frozenset({"message_not_found", "thread_not_found"})
_FIXED = frozenset({"cant_update_message", "edit_window_closed"})
_UNHEARD = frozenset({EventKind.REMINDER, EventKind.ESCALATED})
_PAGES, _A_PAGE, _DOUBTS = 20, 15, 1000
_QUIET: Mapping[str, Any] = {"unfurl_links": False, "unfurl_media": False}


class SlackBotNotifier:
    """Posts to one channel of a workspace."""

    def __init__(self, channel: SlackBotChannel, fetcher: Fetcher) -> None:
        self._channel, self._api, self._pace = channel, SlackApi(channel.api, fetcher), Pace(channel.pace_s)
        self._doubtful: dict[str, Delivery] = {}

    async def send(self, delivery: Delivery) -> Receipt:
        """Tell one alert: as a message of its own, or in the thread of what was told of the same matter before."""
        thread = delivery.thread if _belongs(delivery.alert) else None
        if thread is not None:
            try:
                return await self._add(delivery, await self._updated(delivery, thread))
            except SlackRefused as error:
                if error.code not in _GONE:
                    raise
        return await self._begin(delivery)

    async def _begin(self, delivery: Delivery) -> Receipt:
        """A message of its own; unless the first of the matter, which nobody knows the end of, is there after all."""
        found, delivery = await self._earlier(delivery, None)
        adopted = None if found else await self._adopted(delivery)
        if adopted is not None:
            return await self._add(delivery, await self._updated(delivery, adopted))
        try:
            stamp = found or await self._post(delivery, self._whole(delivery), {})
        except DeliveryError as error:
            if error.uncertain:
                self._doubt(delivery)
            raise
        self._doubtful.pop(delivery.alert.subject, None)
        return Receipt(reference=stamp, thread=_thread(delivery, stamp))

    def _doubt(self, delivery: Delivery) -> None:
        self._doubtful.setdefault(delivery.alert.subject, delivery)
        while len(self._doubtful) > _DOUBTS:
            del self._doubtful[next(iter(self._doubtful))]

    async def _adopted(self, delivery: Delivery) -> Thread | None:
        """The message of an earlier alert of the matter that waits for its next attempt, if it is there."""
        first = self._doubtful.get(delivery.alert.subject)
        if first is None or first.key == delivery.key or not _belongs(delivery.alert):
            return None
        stamp, _ = await self._earlier(replace(first, repeat=True), None)
        return _thread(first, stamp) if stamp else None

    async def _add(self, delivery: Delivery, thread: Thread) -> Receipt:
        """News in the thread; where it matters to all, also for those who only read the channel."""
        rises = _rises(delivery.alert, thread)
        found, delivery = await self._earlier(delivery, thread.reference)
        told = {"text": fallback(delivery.alert), "blocks": news_blocks(delivery, whole=rises)}
        where = {"thread_ts": thread.reference, "reply_broadcast": rises}
        stamp = found or await self._post(delivery, told, where)
        return Receipt(reference=stamp, thread=_moved(thread, delivery.alert))

    async def _updated(self, delivery: Delivery, thread: Thread) -> Thread:
        """Bring the first message up to date, unless it shows something newer already."""
        alert = delivery.alert
        if not isinstance(alert, Alert) or alert.at < thread.detail.get("at", ""):
            return thread
        headline = thread.detail.get("headline", "")
        alert = replace(
            alert, event=EventKind.OPENED
        )  # the message tells the whole case, not the last change
        if headline.startswith(f"{alert.asset}:"):
            alert = replace(alert, headline=headline)
        first = replace(delivery, alert=alert, key=thread.detail.get("key", delivery.key), repeat=False)
        told = {
            "channel": self._channel.channel,
            "ts": thread.reference,
            **self._whole(first),
            **_mark(first),
        }
        try:
            await self._api.call("chat.update", self._channel.token, told)
        except SlackRefused as error:
            if error.code not in _FIXED:
                raise
        return thread

    def _whole(self, delivery: Delivery) -> dict[str, Any]:
        blocks = alert_blocks(delivery, buttons=self._channel.app_token is not None)
        return {"text": fallback(delivery.alert), "blocks": blocks}

    async def _post(self, delivery: Delivery, told: Mapping[str, Any], where: Mapping[str, Any]) -> str:
        await self._pace.turn()
        body = {"channel": self._channel.channel, **told, **where, **_mark(delivery), **_QUIET}
        answer = await self._api.call("chat.postMessage", self._channel.token, body, once=True)
        stamp = answer.get("ts")
        if not isinstance(stamp, str) or not stamp:
            raise DeliveryError("slack: chat.postMessage named no message", uncertain=True)
        return stamp

    async def _earlier(self, delivery: Delivery, thread: str | None) -> tuple[str, Delivery]:
        """The message of an earlier attempt, if there is one; else the delivery, a repeat if that cannot be known."""
        if not delivery.repeat:
            return "", delivery
        try:
            found = await self._look_up(delivery, thread)
        except SlackRefused as error:
            if not error.permanent or error.code in _GONE:
                raise
            return "", delivery
        return found or "", replace(delivery, repeat=found is None)

    async def _look_up(self, delivery: Delivery, thread: str | None) -> str | None:
        """The message with our key; "" if there is none, None if there are too many messages to look at."""
        method = "conversations.replies" if thread else "conversations.history"
        oldest = delivery.created_at.timestamp() - 60
        wanted: dict[str, Any] = {
            "channel": self._channel.channel,
            "limit": _A_PAGE,
            "oldest": f"{oldest:.6f}",
        }
        wanted |= {"include_all_metadata": "true"} | ({"ts": thread} if thread else {})
        for _ in range(_PAGES):
            answer = await self._api.call(method, self._channel.token, wanted, form=True)
            for message in answer.get("messages") or ():
                if (stamp := _stamp_of(message, delivery.key)) is not None:
                    return stamp
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return ""
            wanted["cursor"] = cursor
        return None


def _belongs(alert: AnyAlert) -> bool:
    """Whether an alert belongs under what was told before: of a finding, or that sites are read again."""
    if isinstance(alert, SiteAlert):
        return alert.event is SiteEvent.RECOVERED
    return isinstance(alert, Alert)


def _rises(alert: AnyAlert, thread: Thread) -> bool:
    """Whether the whole channel is to see it: it is worse, it is sure now, or nobody has taken care of it."""
    if not isinstance(alert, Alert) or alert.event in _UNHEARD:
        return True
    before = thread.detail.get("severity", "")
    is_worse = before in list(Severity) and alert.severity.rank > Severity(before).rank
    is_sure = alert.verdict is Verdict.PROVED and thread.detail.get("verdict") != Verdict.PROVED.value
    return is_worse or is_sure


def _thread(delivery: Delivery, stamp: str) -> Thread | None:
    """What is remembered of a new message; nothing of tests and digests, under which nothing is ever told."""
    alert = delivery.alert
    if alert.test or not isinstance(alert, Alert | SiteAlert):
        return None
    first = Thread(reference=stamp, detail={"key": delivery.key, "headline": alert.headline[:300]})
    return _moved(first, alert)


def _moved(thread: Thread, alert: AnyAlert) -> Thread:
    """What the first message shows by now; what comes late and is older changes nothing."""
    if alert.at < thread.detail.get("at", ""):
        return thread
    verdict = {"verdict": alert.verdict.value} if isinstance(alert, Alert) else {}
    return Thread(
        reference=thread.reference,
        detail={**thread.detail, "at": alert.at, "severity": alert.severity.value, **verdict},
    )


def _mark(delivery: Delivery) -> dict[str, Any]:
    told = {"key": delivery.key, "subject": delivery.alert.subject[:80]}
    return {"metadata": {"event_type": EVENT_TYPE, "event_payload": told}}


def _stamp_of(message: Any, key: str) -> str | None:
    """The time stamp of a message if it carries our key."""
    if not isinstance(message, dict):
        return None
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    is_ours = isinstance(payload, dict) and payload.get("key") == key
    stamp = message.get("ts")
    return stamp if is_ours and isinstance(stamp, str) and stamp else None
