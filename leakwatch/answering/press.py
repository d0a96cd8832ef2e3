"""What a person pressed under a message of Slack, and what the message shows afterwards. Pure.

Source: docs.slack.dev, "block_actions payloads".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from leakwatch.alerts._blocks import ACKNOWLEDGE, FALSE_POSITIVE, SAID, SILENCE, context
from leakwatch.alerts._facts import told
from leakwatch.answering.now import lines
from leakwatch.model.case_now import CaseNow
from leakwatch.model.finding import FindingId, State

_FINDING = re.compile(r"LW-[A-Za-z0-9-]{1,40}")
_IDENT = re.compile(r"[A-Z][A-Z0-9]{1,30}")
_STAMP = re.compile(r"[0-9]{1,15}\.[0-9]{1,10}")
_MAX_BLOCKS = 49


class Deed(StrEnum):
    """What a button does; the values are the names by which Slack calls them."""

    ACKNOWLEDGE = ACKNOWLEDGE
    FALSE_POSITIVE = FALSE_POSITIVE
    SILENCE = SILENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One press of one button. `stamp` is the message's identity, `blocks` and `text` are what it shows now."""

    deed: Deed
    finding: FindingId
    user: str
    name: str
    team: str
    channel: str
    stamp: str
    key: str
    text: str = ""
    blocks: tuple[Mapping[str, Any], ...] = ()

    @property
    def actor(self) -> str:
        """The person, as the audit names him."""
        return f"slack:{self.user} ({self.name})" if self.name else f"slack:{self.user}"


def read_press(payload: Any) -> Press | None:
    """The press that a payload of Slack tells; None if it is something else, or not what it should be."""
    if _at(payload, "type") != "block_actions":
        return None
    actions = _at(payload, "actions")
    action = actions[0] if isinstance(actions, list) and len(actions) == 1 else None
    deed = _text(action, "action_id")
    found = {
        "finding": (_text(action, "value"), _FINDING),
        "user": (_text(payload, "user", "id"), _IDENT),
        "team": (_text(payload, "user", "team_id") or _text(payload, "team", "id"), _IDENT),
        "channel": (_text(payload, "channel", "id"), _IDENT),
        "stamp": (_text(payload, "message", "ts"), _STAMP),
        "when": (_text(action, "action_ts"), _STAMP),
    }
    if deed not in list(Deed) or not all(pattern.fullmatch(value) for value, pattern in found.values()):
        return None
    value = {name: one for name, (one, _) in found.items()}
    return Press(
        deed=Deed(deed),
        finding=FindingId(value["finding"]),
        user=value["user"],
        name=told(_text(payload, "user", "name") or _text(payload, "user", "username"), 60),
        team=value["team"],
        channel=value["channel"],
        stamp=value["stamp"],
        key=f"slack:{value['channel']}:{value['stamp']}:{value['user']}:{deed}:{value['when']}",
        text=_text(payload, "message", "text"),
        blocks=_blocks(_at(payload, "message", "blocks")),
    )


def with_message(press: Press, messages: Any) -> Press:
    """The press under the message of its identity, if that is among these and shows something."""
    for message in messages if isinstance(messages, list) else ():
        blocks = _blocks(_at(message, "blocks"))
        if _text(message, "ts") == press.stamp and blocks:
            return replace(press, blocks=blocks, text=_text(message, "text") or press.text)
    return press


def _blocks(told_: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(one for one in told_ if isinstance(one, dict)) if isinstance(told_, list) else ()


def is_his(press: Press, now: CaseNow) -> bool:
    """Whether the case is what he wants already, by his own doing: he pressed again since nobody answered him."""
    by = {
        Deed.ACKNOWLEDGE: now.acknowledged_by if now.state is State.ACKNOWLEDGED else "",
        Deed.FALSE_POSITIVE: now.by if now.state is State.FALSE_POSITIVE else "",
        Deed.SILENCE: now.silent_by if not now.is_over else "",
    }[press.deed]
    return by.partition(" ")[0] == press.actor.partition(" ")[0]


def blocks_after(press: Press, now: CaseNow) -> list[Mapping[str, Any]]:
    """The message as the case is now: who did what when, and the buttons that are still of use."""
    useless = _useless(now)
    rows = [row for block in press.blocks if not _says(block) and (row := _without(block, useless))]
    said = [context(line, f"{SAID}{number}") for number, line in enumerate(lines(now))]
    place = max(0, len(rows) - 1)
    rows = rows[: _MAX_BLOCKS - len(said)]
    return [*rows[:place], *said, *rows[place:]]


def _useless(now: CaseNow) -> frozenset[str]:
    if now.is_over:
        return frozenset(Deed)
    useless = set[str]()
    if now.state not in (State.NEW, State.REOPENED):
        useless.add(Deed.ACKNOWLEDGE)
    if now.silent_until is not None:
        useless.add(Deed.SILENCE)
    return frozenset(useless)


def _says(block: Mapping[str, Any]) -> bool:
    return str(block.get("block_id", "")).startswith(SAID)


def _without(block: Mapping[str, Any], names: frozenset[str]) -> Mapping[str, Any] | None:
    """A block without these buttons; None where none is left."""
    elements: Sequence[Any] = block.get("elements") or ()
    if block.get("type") != "actions":
        return block
    kept = [one for one in elements if _text(one, "action_id") not in names]
    return {**block, "elements": kept} if kept else None


def _at(told_: Any, *path: str) -> Any:
    for name in path:
        told_ = told_.get(name) if isinstance(told_, dict) else None
    return told_


def _text(told_: Any, *path: str) -> str:
    found = _at(told_, *path)
    return found if isinstance(found, str) else ""
