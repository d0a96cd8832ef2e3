"""What Slack takes for a message and what it refuses, from the documented limits of Block Kit and of metadata.

Source: docs.slack.dev, reference of blocks, block elements, composition objects, and "Message metadata". Each problem
is told with its place; an empty list means that the message is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

_MAX_BLOCKS = 50


def problems(message: Mapping[str, Any]) -> list[str]:
    """All that is wrong with the text, blocks and metadata of a message."""
    return list(_problems(message))


def _problems(message: Mapping[str, Any]) -> Iterator[str]:
    text, blocks = message.get("text", ""), message.get("blocks", [])
    if not isinstance(text, str) or len(text) > 40_000:
        yield "text: not a text of at most 40000 characters"
    if not text and not blocks:
        yield "text: no_text"
    if not isinstance(blocks, list) or len(blocks) > _MAX_BLOCKS:
        yield f"blocks: not a list of at most {_MAX_BLOCKS}"
        return
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        at = f"blocks[{number}]"
        yield from _block(block, at)
        ident = block.get("block_id") if isinstance(block, dict) else None
        if ident is not None:
            if ident in seen:
                yield f"{at}.block_id: used twice"
            seen.add(ident)
    yield from _metadata(message.get("metadata"))


def _block(block: Any, at: str) -> Iterator[str]:
    check = _BLOCKS.get(block.get("type")) if isinstance(block, dict) else None
    if check is None:
        yield f"{at}: no block of a known type"
        return
    ident = block.get("block_id", "x")
    if not isinstance(ident, str) or not 0 < len(ident) <= 255:
        yield f"{at}.block_id: not 1 to 255 characters"
    yield from check({name: value for name, value in block.items() if name not in ("type", "block_id")}, at)


def _known(told: Mapping[str, Any], names: set[str], at: str) -> Iterator[str]:
    for name in set(told) - names:
        yield f"{at}.{name}: not known"


def _text(told: Any, at: str, most: int, *, is_plain: bool = False) -> Iterator[str]:
    """A text object: `plain_text` with or without emoji, or `mrkdwn`."""
    kinds = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}
    kind = told.get("type") if isinstance(told, dict) else None
    if kind not in kinds or (is_plain and kind != "plain_text"):
        yield f"{at}: no {'plain ' if is_plain else ''}text object"
        return
    yield from _known(told, kinds[kind], at)
    if not isinstance(told.get("text"), str) or not 0 < len(told["text"]) <= most:
        yield f"{at}.text: not 1 to {most} characters"
    if not isinstance(told.get("emoji", True), bool):
        yield f"{at}.emoji: no boolean"


def _header(told: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _known(told, {"text"}, at)
    yield from _text(told.get("text"), f"{at}.text", 150, is_plain=True)


def _section(told: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _known(told, {"text", "fields"}, at)
    fields = told.get("fields", [])
    if "text" not in told and not fields:
        yield f"{at}: neither text nor fields"
    if "text" in told:
        yield from _text(told["text"], f"{at}.text", 3000)
    if not isinstance(fields, list) or len(fields) > 10:
        yield f"{at}.fields: not a list of at most 10"
        return
    for number, one in enumerate(fields):
        yield from _text(one, f"{at}.fields[{number}]", 2000)


def _context(told: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _known(told, {"elements"}, at)
    elements = told.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
        yield f"{at}.elements: not 1 to 10"
        return
    for number, one in enumerate(elements):
        yield from _text(one, f"{at}.elements[{number}]", 3000)


def _actions(told: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _known(told, {"elements"}, at)
    elements = told.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 25:
        yield f"{at}.elements: not 1 to 25"
        return
    names = [one.get("action_id") for one in elements if isinstance(one, dict)]
    if len(set(names)) != len(names):
        yield f"{at}.elements: an action_id is used twice"
    for number, one in enumerate(elements):
        yield from _button(one, f"{at}.elements[{number}]")


def _button(told: Any, at: str) -> Iterator[str]:
    if not isinstance(told, dict) or told.get("type") != "button":
        yield f"{at}: no button"
        return
    yield from _known(told, {"type", "text", "action_id", "value", "style", "confirm"}, at)
    yield from _text(told.get("text"), f"{at}.text", 75, is_plain=True)
    for name, most in (("action_id", 255), ("value", 2000)):
        if not isinstance(told.get(name, ""), str) or len(told.get(name, "")) > most:
            yield f"{at}.{name}: not at most {most} characters"
    if told.get("style", "primary") not in ("primary", "danger"):
        yield f"{at}.style: neither primary nor danger"
    if "confirm" in told:
        yield from _confirm(told["confirm"], f"{at}.confirm")


def _confirm(told: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _known(told, {"title", "text", "confirm", "deny"}, at)
    for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        yield from _text(told.get(name), f"{at}.{name}", most, is_plain=True)


def _rich_text(told: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _known(told, {"elements"}, at)
    elements = told.get("elements")
    if not isinstance(elements, list) or not elements:
        yield f"{at}.elements: none"
        return
    for number, one in enumerate(elements):
        yield from _rich_part(one, f"{at}.elements[{number}]")


def _rich_part(told: Any, at: str) -> Iterator[str]:
    kind = told.get("type") if isinstance(told, dict) else None
    if kind == "rich_text_list":
        yield from _known(told, {"type", "style", "elements", "indent"}, at)
        if told.get("style") not in ("bullet", "ordered"):
            yield f"{at}.style: neither bullet nor ordered"
        for number, one in enumerate(told.get("elements") or [None]):
            yield from _rich_part(one, f"{at}.elements[{number}]")
    elif kind == "rich_text_section":
        yield from _known(told, {"type", "elements"}, at)
        for number, one in enumerate(told.get("elements") or [None]):
            yield from _rich_text_of(one, f"{at}.elements[{number}]")
    else:
        yield f"{at}: no part of a rich text"


def _rich_text_of(told: Any, at: str) -> Iterator[str]:
    """The text elements; links, mentions and emoji are known to Slack, and are none of ours."""
    if not isinstance(told, dict) or told.get("type") != "text":
        yield f"{at}: no text"
        return
    yield from _known(told, {"type", "text", "style"}, at)
    if not isinstance(told.get("text"), str) or not 0 < len(told["text"]) <= 3000:
        yield f"{at}.text: not 1 to 3000 characters"
    style = told.get("style", {})
    is_style = isinstance(style, dict) and all(isinstance(one, bool) for one in style.values())
    if not is_style or set(style) - {"bold", "italic", "strike", "code"}:
        yield f"{at}.style: no style"


def _divider(told: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _known(told, set(), at)


def _metadata(told: Any) -> Iterator[str]:
    if told is None:
        return
    if not isinstance(told, dict) or set(told) != {"event_type", "event_payload"}:
        yield "metadata: not event_type and event_payload"
        return
    if not isinstance(told["event_type"], str) or not told["event_type"]:
        yield "metadata.event_type: no text"
    payload = told["event_payload"]
    if not isinstance(payload, dict) or any(isinstance(one, dict | list) for one in payload.values()):
        yield "metadata.event_payload: not a flat object"


_BLOCKS: Mapping[Any, Callable[[Mapping[str, Any], str], Iterator[str]]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "rich_text": _rich_text,
    "divider": _divider,
}
