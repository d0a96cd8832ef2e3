"""Reading what was pressed, and what the message shows afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.answering.press import Deed, blocks_after, read_press

from .presses import pressed
from .samples import NOW, OPENED, due
from .slack_validator import problems


def test_press_is_read() -> None:
    """Who pressed what, under which message, of which finding."""
    press = read_press(pressed("acknowledge", user="U012A3CDE", name="ana"))
    assert press is not None
    assert (press.deed, press.finding, press.channel) == (Deed.ACKNOWLEDGE, "LW-7", "C024BE91L")
    assert press.actor == "slack:U012A3CDE (ana)"
    assert read_press(pressed("acknowledge", user="U012A3CDE", at="1700000002.000001")) != press


BROKEN: dict[str, Any] = {
    "nothing": None,
    "a list": [],
    "another type": pressed("acknowledge") | {"type": "view_submission"},
    "another button": pressed("delete_everything"),
    "no finding": pressed("acknowledge", finding=""),
    "finding with more": pressed("acknowledge", finding="LW-7; drop"),
    "finding a number": pressed("acknowledge")
    | {"actions": [{"action_id": "leakwatch.acknowledge", "value": 7}]},
    "two at once": pressed("acknowledge") | {"actions": pressed("acknowledge")["actions"] * 2},
    "no action": pressed("acknowledge") | {"actions": []},
    "nobody": pressed("acknowledge") | {"user": {}},
    "user with more": pressed("acknowledge", user="U1 (admin)"),
    "no channel": pressed("acknowledge") | {"channel": None},
    "no message": pressed("acknowledge") | {"message": {}},
    "stamp with more": pressed("acknowledge", stamp="1.1\n"),
}


@pytest.mark.parametrize("payload", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_press_is_none(payload: Any) -> None:
    """A payload of another sort, or with a part that is missing or odd, is no press."""
    assert read_press(payload) is None


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
    )
)
def test_anything_is_a_press_or_none(payload: Any) -> None:
    """No payload makes the reader fail."""
    assert read_press(payload) is None
    assert read_press({"type": "block_actions", "actions": [payload], "user": payload}) is None


def test_name_is_cleaned() -> None:
    """A person's name is somebody else's text: it steers nothing in the audit or the message."""
    press = read_press(pressed("silence", name="\u202eana\n<!channel> https://evil.example"))
    assert press is not None
    assert "\u202e" not in press.actor
    assert "https://" not in press.actor
    assert "\n" not in press.actor


@pytest.mark.parametrize(
    ("deed", "left"),
    [
        ("acknowledge", ["false_positive", "silence"]),
        ("silence", ["acknowledge", "false_positive"]),
        ("false_positive", []),
    ],
)
def test_message_afterwards(deed: str, left: list[str]) -> None:
    """The message says who did what when, and keeps the buttons that are still of use; Slack takes it."""
    press = read_press(pressed(deed, name="ana"))
    assert press is not None
    blocks = blocks_after(press, NOW)
    assert problems({"text": "x", "blocks": blocks}) == []
    rows = [one["elements"] for one in blocks if one["type"] == "actions"]
    assert [one["action_id"].removeprefix("leakwatch.") for row in rows for one in row] == left
    said = [one for one in blocks if str(one.get("block_id", "")).startswith("leakwatch-said-")]
    assert "by ana, 2026-11-20 12:00 UTC" in said[0]["elements"][0]["text"]
    assert blocks[-1]["elements"][0]["text"].startswith("LW-7")


def test_two_deeds_are_both_said() -> None:
    """A message under which two things were done tells both."""
    first = pressed("silence", name="ana")
    press = read_press(first)
    assert press is not None
    second = read_press(pressed("acknowledge", name="ben", blocks=blocks_after(press, NOW)))
    assert second is not None
    blocks = blocks_after(second, NOW)
    assert problems({"text": "x", "blocks": blocks}) == []
    told = str(blocks)
    assert "Silenced for 4 h by ana" in told
    assert "Acknowledged by ben" in told
    assert due(OPENED).alert.finding in told
