"""Discord by a webhook: `payload` is pure, `send` is not.

Source: discord.com/developers, "Execute Webhook", "Embed Limits" (title 256, description 4096, 25 fields of 256 and 1024,
footer 2048, 6000 in all embeds together), "Allowed Mentions", "Rate Limits". Text of strangers stands only where Discord
reads markdown, so that every character with a meaning is escaped; nobody can be mentioned.
"""

from __future__ import annotations

import re
from typing import Any

from leakwatch.alerts._facts import advice, facts, footer, heading, place_lines, reason_lines
from leakwatch.alerts._posting import Answer, encoded, post_json
from leakwatch.model.alert import Delivery, Receipt
from leakwatch.model.finding import Severity
from leakwatch.ports import Clock, Fetcher

_TITLE, _DESCRIPTION, _VALUE, _FOOTER, _TOTAL, _FIELDS = 256, 4096, 1024, 2048, 6000, 25
_COLOURS = {
    Severity.CRITICAL: 0xB3261E,
    Severity.HIGH: 0xB4540A,
    Severity.MEDIUM: 0x8A6D00,
    Severity.LOW: 0x4A5568,
}
_MEANING = re.compile(r"([\\*_~`|<>@\[\]]|:(?=[A-Za-z0-9_+-]{1,40}:))")
_AT_START = re.compile(r"^(\s*)([#+-]|\d+(?=[.)]))", re.MULTILINE)


def escaped(text: str) -> str:
    """Text in which Discord finds no markdown, mention, time or emoji."""
    return _AT_START.sub(r"\1\\\2", _MEANING.sub(r"\\\1", text))


def payload(delivery: Delivery) -> dict[str, Any]:
    """The message for one alert."""
    alert = delivery.alert
    parts = [("Where", place_lines(alert)), ("Why", [f"• {one}" for one in reason_lines(alert)])]
    pairs = [
        (name, _cut(escaped(value.strip() or "–"), _VALUE))
        for name, value in [*facts(alert), ("Next", advice(alert))][:_FIELDS]
    ]
    title, foot = _cut(escaped(heading(alert)), _TITLE), _cut(footer(delivery), 300)
    room = _TOTAL - _length(title + foot) - sum(_length(name + value) for name, value in pairs)
    description = "\n".join(f"**{name}**\n{escaped(chr(10).join(lines))}" for name, lines in parts if lines)
    embed = {
        "title": title,
        "description": _cut(description, min(_DESCRIPTION, room)),
        "color": _COLOURS[alert.severity],
        "fields": [{"name": name, "value": value, "inline": False} for name, value in pairs],
        "footer": {"text": foot},
        "timestamp": alert.at,
    }
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def _cut(text: str, limit: int) -> str:
    """At most so many characters, and no half of an escape at the end."""
    if _length(text) <= limit:
        return text
    kept = text.encode("utf-16-le")[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    slashes = len(kept) - len(kept.rstrip("\\"))
    return kept[: len(kept) - slashes % 2] + "…"


def _length(text: str) -> int:
    """Characters as JavaScript counts them, which is the larger of the two ways to count."""
    return len(text.encode("utf-16-le")) // 2


class DiscordNotifier:
    """Posts to one webhook of Discord, which has no idempotency key: a repeat says so itself."""

    def __init__(self, url: str, fetcher: Fetcher, clock: Clock) -> None:
        self._url, self._fetcher, self._clock = url, fetcher, clock

    async def send(self, delivery: Delivery) -> Receipt:
        """Post one alert; `wait=true` has Discord answer only when the message is there, with its id."""
        url = self._url + ("&" if "?" in self._url else "?") + "wait=true"
        answer = await post_json("discord", url, encoded(payload(delivery)), self._fetcher, self._clock.now())
        if not answer.is_accepted:
            raise answer.error(wait_s=_wait_s(answer))
        return answer.receipt(str(answer.json.get("id", ""))[:64])


def _wait_s(answer: Answer) -> float | None:
    """The seconds to wait that the body names; it is more exact than the header."""
    wait = answer.json.get("retry_after")
    return float(wait) if answer.status == 429 and isinstance(wait, int | float) and 0 <= wait < 1e9 else None
