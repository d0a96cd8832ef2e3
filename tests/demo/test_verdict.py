"""What the replay concludes from what arrived."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leakwatch.demo.aftermath import Growth, Kept
from leakwatch.demo.sinks import Arrival
from leakwatch.demo.verdict import Witness, failures_of, has_all, read_figures

T0 = 1000.0
VISIBLE = {"board": T0, "code": T0 + 5, "hub": T0 + 10}


def arrival(channel: str, at: float, key: str, **facts: object) -> Arrival:
    """An arrival `at` seconds after the leak."""
    return Arrival(channel=channel, at=T0 + at, key=key, text="", **facts)


GOOD = (
    arrival("hook", 1.0, "h1", finding="F", event="opened", verdict="unknown", sites=frozenset({"board"})),
    arrival("slack", 1.1, "s1"),
    arrival("mail", 1.2, "m1", finding="F", event="opened"),
    arrival(
        "hook", 2.0, "h2", finding="F", event="verdict_changed", verdict="proved", sites=frozenset({"board"})
    ),
    arrival(
        "hook", 7.0, "h3", finding="F", event="sighted", verdict="proved", sites=frozenset({"board", "code"})
    ),
    arrival("hook", 12.5, "h4", finding="F", event="sighted", verdict="proved", sites=frozenset({"hub"})),
)


def witness(*arrivals: Arrival, **changes: object) -> Witness:
    """What the world saw of a leak that went as it should, with changes."""
    plain = Witness(
        leak=True,
        arrivals=arrivals,
        visible_at=VISIBLE,
        kills=0,
        uploaded_bytes=0,
        control_bytes=99,
        strangers=0,
        noise_items=50,
        news_items=10,
        daemon_exit_code=0,
    )
    return replace(plain, **changes)


def failures(seen: Witness) -> list[str]:
    """The failures of a witness."""
    return failures_of(seen, read_figures(seen.arrivals, seen.visible_at))


def test_a_good_replay_passes_with_times_from_the_moment_of_visibility() -> None:
    """All facts of a leak give no failure; each site's time counts from when its own item could be seen."""
    figures = read_figures(GOOD, VISIBLE)
    assert has_all(figures)
    assert failures(witness(*GOOD)) == []
    assert figures.first_alert_s == pytest.approx({"slack": 1.1, "mail": 1.2, "hook": 1.0})
    assert figures.proved_alert_s == pytest.approx(2.0)
    assert figures.sighted_s == pytest.approx({"board": 1.0, "code": 2.0, "hub": 2.5})
    assert (figures.leak, figures.findings, figures.false_alerts) == ("F", 1, 0)


@pytest.mark.parametrize("missing", range(len(GOOD)))
def test_each_fact_is_needed(missing: int) -> None:
    """Without any one arrival something that a leak must lead to is missing, but for one that repeats another's."""
    rest = [one for place, one in enumerate(GOOD) if place != missing]
    assert bool(failures(witness(*rest))) is (missing != 3)


def test_alerts_about_anything_else_are_false() -> None:
    """Another finding, an alert before the leak, and any alert in a leakless world are false."""
    other = arrival(
        "hook", 0.5, "x", finding="G", event="opened", verdict="unproved", sites=frozenset({"index"})
    )
    assert failures(witness(other, *GOOD)) == ["2 findings instead of one", "1 false alerts"]
    early = arrival("slack", -1.0, "y")
    assert failures(witness(early, *GOOD)) == ["1 false alerts"]
    assert failures(witness(early, leak=False, visible_at={})) == ["1 false alerts"]
    assert failures(witness(leak=False, visible_at={})) == []


def test_a_mail_that_comes_before_the_webhook_is_no_false_alert() -> None:
    """While only the mail has arrived, the finding that it names is the leak's."""
    assert read_figures([GOOD[2]], VISIBLE).false_alerts == 0
    assert read_figures([GOOD[2], GOOD[0]], VISIBLE).false_alerts == 0


def test_repeats_are_allowed_once_a_kill_and_always_on_the_webhook() -> None:
    """A repeated mail or Slack message fails without a kill and passes with one; the webhook's id is a key."""
    again = (*GOOD, GOOD[1], GOOD[2], GOOD[0], GOOD[0])
    assert read_figures(again, VISIBLE).repeats == {"slack": 1, "mail": 1, "hook": 2}
    assert failures(witness(*again)) == [
        "1 repeats on slack after 0 kills",
        "1 repeats on mail after 0 kills",
    ]
    assert failures(witness(*again, kills=1)) == []


def test_a_swarm_that_was_not_counted_and_lost_evidence_fail() -> None:
    """What is wrong with the growth or the evidence is wrong with the replay."""
    kept = Kept(deleted=True, noticed=True, listed=True, pages=0, files=3, broken=0)
    seen = witness(*GOOD, growth=Growth(planned=2, joined=(1, 2)), kept=kept)
    assert "no evidence shows the deleted post" in failures(seen)
    assert any("do not rise" in one for one in failures(seen))


def test_harm_and_a_blind_witness_fail() -> None:
    """Payload, strangers in the swarm, a dead counter, a forged signature and a bad exit code are failures."""
    forged = replace(GOOD[0], authentic=False)
    harm = witness(forged, *GOOD[1:], uploaded_bytes=1, control_bytes=0, strangers=2, daemon_exit_code=-9)
    assert len(failures(harm)) == 5
