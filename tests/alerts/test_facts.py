"""What every channel says: seven questions of a leak, a line of each finding of a digest, little of mere news."""

from __future__ import annotations

from dataclasses import replace

import pytest
import structlog

from leakwatch.alerts._facts import facts, footer, place_lines, reason_lines, text_lines, told, where_to_look
from leakwatch.alerts.alarms import Alarm
from leakwatch.alerts.deliver import Attempt
from leakwatch.daemon.sending import report
from leakwatch.model.alert import DeliveryState, SiteEvent
from leakwatch.model.channel import Trouble
from leakwatch.model.finding import EventKind

from .samples import ALERT, ANSWERS, DELIVERY, NEWS, ONE_BLIND, THREE


def test_a_leak_answers_seven_questions() -> None:
    """What, where, why, since when, how sure, how far, what next; and what is not known is said."""
    shown = "\n".join([ALERT.headline, *text_lines(DELIVERY)])
    for answer in ANSWERS:
        assert answer in shown
    bare = replace(ALERT, places=(), reasons=(), spread="", advice="", verdict_detail="")
    lines = text_lines(replace(DELIVERY, alert=bare))
    for part in (
        "Spread: not counted yet",
        "Next: Look at it.",
        "No place is kept; `leakwatch finding show`",
    ):
        assert any(part in line for line in lines)


@pytest.mark.parametrize("event", [EventKind.STATE, EventKind.SEVERITY, EventKind.OVERDUE, EventKind.MERGED])
def test_news_are_short(event: EventKind) -> None:
    """News of a case name its state and who works on it, where it was seen last, and no reasons again."""
    news = replace(NEWS, event=event, places=ALERT.places * 5)
    assert dict(facts(news))["State"] == "acknowledged by robin"
    assert len([line for line in place_lines(news) if line.startswith("•")]) == 1
    assert reason_lines(news) == []
    assert len("\n".join(text_lines(replace(DELIVERY, alert=news)))) < 600


def test_reminders_are_long() -> None:
    """Who is told because nobody else acknowledged reads everything."""
    assert reason_lines(replace(ALERT, event=EventKind.ESCALATED)) == list(ALERT.reasons)


def test_a_digest_has_a_line_a_finding() -> None:
    """Severity, what, how sure, where, who works on it, and the id; and how many there are of each severity."""
    first, second, more = place_lines(THREE)
    assert first == (
        "• [CRITICAL] Tideglass 70B: possible leak on board (proved) at "
        "hxxps://board[.]example/g/thread/1, with robin, LW-7"
    )
    assert second.endswith("(unknown) at hxxps://board[.]example/g/thread/1, LW-8")
    assert more == "… and 1 more: `leakwatch finding list`"
    assert dict(facts(THREE))["What"] == "2 critical, 1 high"


def test_a_channel_is_no_site() -> None:
    """An alarm about a channel says so, and leads to the outbox."""
    down = replace(ONE_BLIND, event=SiteEvent.CHANNEL_DOWN)
    assert (down.kind, down.subject) == ("channel.down", "channel:board")
    assert dict(facts(down))["What"] == "a channel of the watch; this is no finding"
    assert where_to_look(down) == "leakwatch outbox list --channel board"
    assert (ONE_BLIND.kind, where_to_look(ONE_BLIND)) == ("site.blind", "leakwatch source health board")


def test_the_footer_names_the_delivery() -> None:
    """The delivery's id, and whether it may be there already."""
    assert footer(DELIVERY) == "LW-7 · leakwatch finding show LW-7 · delivery abababababababab"
    assert "possible repeat" in footer(replace(DELIVERY, repeat=True))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a.example/x", "hxxps://a[.]example/x"),
        ("ftp://a.example", "ftp[:]//a[.]example"),
        ("tg://resolve?x", "tg[:]//resolve?x"),
        ("www.a.example", "www[.]a.example"),
        ("magnet:?xt=1", "magnet[:]?xt=1"),
        ("a: b // c", "a: b // c"),
    ],
)
def test_links_are_none(text: str, shown: str) -> None:
    """No client makes a link of it, and people still read it."""
    assert told(text, 100) == shown


def test_trouble_that_nobody_hears_of_is_an_error_in_the_log() -> None:
    """Where there is no other channel the log says so, loudly; where there is one, it says which."""
    with structlog.testing.capture_logs() as logs:
        report(Attempt(DELIVERY, DeliveryState.DEAD, "gone", Alarm(Trouble.CLOSED, None)))
        report(Attempt(DELIVERY, DeliveryState.DEAD, "gone", Alarm(Trouble.CLOSED, "mail")))
    assert [(one["event"], one["log_level"]) for one in logs] == [
        ("alert_dead", "error"),
        ("channel_trouble_untold", "error"),
        ("alert_dead", "error"),
        ("channel_trouble_told", "warning"),
    ]
