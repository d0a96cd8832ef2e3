"""An alert as blocks of Slack's Block Kit. Pure.

Source: docs.slack.dev, Block Kit: 50 blocks a message; a header has 150 characters, a section 3,000, an element of
an actions block a value of 2,000. What a source wrote stands only in `plain_text` and in the text elements of
`rich_text`: neither knows markup, mentions or links. It is cleaned and its links are defanged before that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from leakwatch.alerts._facts import heading, told, where_to_look
from leakwatch.alerts._glance import banner, details, glance, shortened, where_line
from leakwatch.model.alert import Alert, AnyAlert, Delivery, DigestAlert
from leakwatch.model.finding import OVER_STATES, EventKind, State

Block = dict[str, Any]

SAID = "leakwatch-said-"
ACKNOWLEDGE, FALSE_POSITIVE, SILENCE = (
    "leakwatch.acknowledge",
    "leakwatch.false_positive",
    "leakwatch.silence",
)
_BLOCK = 2900  # of the 3,000 characters that a text has
_MESSAGE = 9000  # what a person reads; also what a request of ours may weigh in any script
_SHORT = 300
_NEWS: Mapping[EventKind, tuple[str, ...]] = {
    EventKind.OPENED: ("Where", "Why", "How sure", "Spread"),
    EventKind.SIGHTED: ("Where", "Spread"),
    EventKind.VERDICT: ("How sure", "Spread"),
    EventKind.SEVERITY: ("How sure", "Spread"),
    EventKind.EDITED: ("Where",),
    EventKind.DELETED: ("Where",),
    EventKind.REMINDER: ("How sure", "Spread", "Next"),
}
"""What a reply tells beside its headline; of what people did the headline tells all."""


def alert_blocks(delivery: Delivery, *, buttons: bool = False) -> list[Block]:
    """The whole message of one alert."""
    alert = delivery.alert
    rows: list[Block] = [_header(heading(alert))]
    if mark := banner(alert):
        rows.append(_labelled([("", mark)]))
    rows.append(_labelled(shortened(glance(alert), _SHORT)))
    if isinstance(alert, DigestAlert):
        rows += _entries(alert)
    for name, lines in details(alert, _SHORT):
        rows += _listed(name, lines)
    rows = _bounded(rows)
    if buttons and isinstance(alert, Alert) and not alert.test:
        rows += _buttons(alert)
    return [*rows, context(_note(delivery))]


def news_blocks(delivery: Delivery, *, whole: bool) -> list[Block]:
    """What is new of a matter that its thread is about; `whole` where those read it who do not see the thread."""
    if whole:
        return alert_blocks(delivery)
    alert = delivery.alert
    wanted = _NEWS.get(alert.event, ()) if isinstance(alert, Alert) else ()
    pairs = [("", heading(alert)), *(pair for pair in glance(alert) if pair[0] in wanted)]
    return [_labelled(pairs), context(_note(delivery))]


def fallback(alert: AnyAlert) -> str:
    """What a notification shows and a screen reader says, with the characters escaped that Slack reads as control."""
    return escape(heading(alert))


def escape(text: str) -> str:
    """The three characters that Slack's mrkdwn reads as control."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def context(text: str, ident: str = "") -> Block:
    """A line in small print."""
    block: Block = {"type": "context", "elements": [plain(text, 1000)]}
    return block | ({"block_id": ident} if ident else {})


def plain(text: str, limit: int) -> Block:
    """A text without any markup."""
    return {"type": "plain_text", "text": text[:limit] or "-", "emoji": False}


def _header(text: str) -> Block:
    return {"type": "header", "text": plain(text, 150)}


def _labelled(pairs: Iterable[tuple[str, str]]) -> Block:
    """A line for each pair, its name in bold; a text without a name is bold itself."""
    elements: list[Block] = []
    room = _BLOCK
    for name, value in pairs:
        line = f"\n{name}" if elements else name
        shown = value[: max(0, min(700, room - len(line) - 10))]
        if not shown:
            break
        room -= len(line) + len(shown) + 2
        elements += [_bold(f"{line} "), _text(shown)] if name else [_bold(shown)]
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": elements or [_text("-")]}],
    }


def _listed(name: str, lines: Sequence[str]) -> list[Block]:
    """A heading and a list under it."""
    kept = _fitting([line[:600] for line in lines if line], _BLOCK - 100)
    if not kept:
        return []
    left_out = len([line for line in lines if line]) - len(kept)
    shown = [*kept, f"… and {left_out} more"] if left_out else kept
    items = [{"type": "rich_text_section", "elements": [_text(line)]} for line in shown]
    head = {"type": "rich_text_section", "elements": [_bold(name)]}
    return [
        {
            "type": "rich_text",
            "elements": [head, {"type": "rich_text_list", "style": "bullet", "elements": items}],
        }
    ]


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        room -= len(line)
        if room < 0:
            break
        kept.append(line)
    return kept


def _entries(alert: DigestAlert) -> list[Block]:
    """One paragraph a finding: severity and headline in bold, then how sure, where and its id."""
    return [_entry(one) for one in alert.entries[:20]] + _left_out(alert)


def _entry(one: Alert) -> Block:
    place = f"\n{where_line(one.places[0])}" if one.places else ""
    rest = f"\n{one.verdict.value}, match score {one.score:.2f} · {told(one.finding, 60)}{place}"
    section = {"type": "rich_text_section", "elements": [_bold(heading(one)), _text(rest[:700])]}
    return {"type": "rich_text", "elements": [section]}


def _left_out(alert: DigestAlert) -> list[Block]:
    more = alert.more + max(0, len(alert.entries) - 20)
    return [context(f"… and {more} more: {where_to_look(alert)}")] if more else []


def _bounded(blocks: Sequence[Block]) -> list[Block]:
    """As many blocks as a message has room for; what is cut off is said to be."""
    kept: list[Block] = []
    room = _MESSAGE
    for block in blocks:
        room -= _length(block)
        if room < 0 or len(kept) == 45:
            return [*kept, context("… the rest is cut off here")]
        kept.append(block)
    return kept


def _length(told_: object) -> int:
    """Characters of text in a block."""
    if isinstance(told_, dict):
        return sum(
            len(value) if name == "text" and isinstance(value, str) else _length(value)
            for name, value in told_.items()
        )
    return sum(_length(one) for one in told_) if isinstance(told_, list) else 0


def _buttons(alert: Alert) -> list[Block]:
    """What can be done about it here; nothing where the case is closed."""
    if alert.state in OVER_STATES:
        return []
    ident = told(alert.finding, 60)
    row = (
        [_button("Acknowledge", ACKNOWLEDGE, ident) | {"style": "primary"}]
        if alert.state in (State.NEW, State.REOPENED)
        else []
    )
    sure = {
        "title": plain("False positive?", 100),
        "text": plain(f"{ident} is closed, and nobody is told of it any more.", 300),
        "confirm": plain("False positive", 30),
        "deny": plain("Cancel", 30),
    }
    row += [_button("False positive", FALSE_POSITIVE, ident) | {"confirm": sure}]
    return [{"type": "actions", "elements": [*row, _button("Silence 4 h", SILENCE, ident)]}]


def _button(label: str, action: str, ident: str) -> Block:
    return {"type": "button", "text": plain(label, 75), "action_id": action, "value": ident}


def _note(delivery: Delivery) -> str:
    alert = delivery.alert
    parts = [told(alert.subject, 80), delivery.key[:16], where_to_look(alert)]
    if delivery.repeat:
        parts.append("possible repeat: an earlier attempt may have arrived")
    return " · ".join(parts)


def _bold(text: str) -> Block:
    return {"type": "text", "text": text, "style": {"bold": True}}


def _text(text: str) -> Block:
    return {"type": "text", "text": text}
