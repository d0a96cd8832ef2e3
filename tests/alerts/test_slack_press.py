"""Reading what was pressed, and what the message shows afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.answering.now import sentence
from leakwatch.answering.press import Deed, blocks_after, is_his, read_press, with_message
from leakwatch.model.case_now import CaseNow
from leakwatch.model.finding import FindingId, State

from .presses import pressed
from .samples import NOW
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


def test_message_as_it_stands() -> None:
    """Only the message of the press itself takes the place of what was told with it."""
    press = read_press(pressed("silence"))
    assert press is not None
    row = {"type": "divider"}
    own = {"ts": press.stamp, "text": "news", "blocks": [row, 7]}
    assert with_message(press, [{"ts": "1.1", "blocks": [row]}, own]).blocks == (row,)
    assert with_message(press, [own]).text == "news"
    for odd in (None, 7, [None], [own | {"blocks": []}], [own | {"ts": "1.1"}], [own | {"blocks": "x"}]):
        assert with_message(press, odd) == press


def test_name_is_cleaned() -> None:
    """A person's name is somebody else's text: it steers nothing in the audit or the message."""
    press = read_press(pressed("silence", name="\u202eana\n<!channel> https://evil.example"))
    assert press is not None
    assert "\u202e" not in press.actor
    assert "https://" not in press.actor
    assert "\n" not in press.actor


NEW = CaseNow(finding=FindingId("LW-7"), state=State.NEW)
LATER = NOW + timedelta(hours=4)
SEEN = replace(NEW, state=State.ACKNOWLEDGED, acknowledged_by="slack:U1 (ana)", acknowledged_at=NOW)
CONFIRMED = replace(SEEN, state=State.CONFIRMED, by="ben", since=LATER)
FALSE = replace(NEW, state=State.FALSE_POSITIVE, by="slack:U2 (ben)", since=NOW)
QUIET = replace(NEW, silent_until=LATER, silent_by="slack:U1 (ana)")
PART = replace(NEW, state=State.MERGED, part_of=replace(CONFIRMED, finding=FindingId("LW-9")))
DRILL = replace(FALSE, drill=True, by="leakwatch:drill")
ANA, BEN = "Acknowledged by ana, 2026-11-20 12:00 UTC", "Confirmed by ben, 2026-11-20 16:00 UTC"
ALL = ("acknowledge", "false_positive", "silence")
NOWS: dict[str, tuple[CaseNow, tuple[str, ...], list[str]]] = {
    "new": (NEW, ALL, []),
    "acknowledged": (SEEN, ALL[1:], [ANA]),
    "confirmed by another": (CONFIRMED, ALL[1:], [ANA, BEN]),
    "a false positive": (FALSE, (), ["Marked as a false positive by ben, 2026-11-20 12:00 UTC"]),
    "silent": (QUIET, ALL[:2], ["Silenced until 2026-11-20 16:00 UTC by ana"]),
    "part of another": (PART, (), ["Part of LW-9 now", f"LW-9: {ANA}", f"LW-9: {BEN}"]),
    "a drill that is over": (DRILL, (), ["The drill is over, 2026-11-20 12:00 UTC"]),
    "removed by nobody": (replace(NEW, state=State.REMOVED), (), ["Removed"]),
    "opened again": (replace(NEW, state=State.REOPENED, since=NOW), ALL, ["Reopened, 2026-11-20 12:00 UTC"]),
}


@pytest.mark.parametrize(("now", "left", "said"), NOWS.values(), ids=NOWS.keys())
def test_message_afterwards(now: CaseNow, left: tuple[str, ...], said: list[str]) -> None:
    """The message says who did what when, once, and keeps the buttons that are still of use; Slack takes it."""
    press = read_press(pressed("acknowledge"))
    assert press is not None
    for _ in range(2):
        blocks = blocks_after(press, now)
        assert problems({"text": "x", "blocks": blocks}) == []
        rows = [one["elements"] for one in blocks if one["type"] == "actions"]
        assert tuple(one["action_id"].removeprefix("leakwatch.") for row in rows for one in row) == left
        told = [one for one in blocks if str(one.get("block_id", "")).startswith("leakwatch-said-")]
        assert [one["elements"][0]["text"] for one in told] == said
        assert blocks[-1]["elements"][0]["text"].startswith("LW-7")
        press = replace(press, blocks=tuple(blocks))


def test_message_that_is_full_still_says_it() -> None:
    """Under a message of as many blocks as Slack takes, what was done is said all the same."""
    press = read_press(pressed("acknowledge", blocks=[{"type": "divider"}] * 60))
    assert press is not None
    blocks = blocks_after(press, SEEN)
    assert len(blocks) <= 50
    assert ANA in str(blocks)


def test_sentence_says_what_the_case_is() -> None:
    """Who pressed in vain reads what the case is by now, and where to look."""
    assert sentence(PART, PART.finding) == (
        f"LW-7 is this by now, and nothing was changed: Part of LW-9 now; LW-9: {ANA}; LW-9: {BEN}."
        " Look at LW-9 instead."
    )
    assert sentence(None, NEW.finding) == "There is no case LW-7 any more; nothing was changed."
    assert sentence(NEW, NEW.finding).endswith("nothing was changed: New.")


@pytest.mark.parametrize(
    ("deed", "now", "is_own"),
    [
        ("acknowledge", SEEN, True),
        ("acknowledge", replace(SEEN, acknowledged_by="slack:U2 (ben)"), False),
        ("acknowledge", CONFIRMED, False),
        ("false_positive", replace(FALSE, by="slack:U1 (ana)"), True),
        ("false_positive", FALSE, False),
        ("silence", QUIET, True),
        ("silence", replace(QUIET, silent_by="slack:U11 (ana)"), False),
        ("silence", replace(QUIET, state=State.REMOVED), False),
    ],
)
def test_who_presses_again_is_known(deed: str, now: CaseNow, is_own: bool) -> None:
    """What a person has done already is his own, by whatever name Slack knows him today."""
    press = read_press(pressed(deed, user="U1AAA", name="ana b."))
    assert press is not None
    assert is_his(replace(press, user="U1"), now) is is_own
