"""The real daemon dies (SIGKILL) at named steps of its work and is started again: what do its channels hear?

Nothing is lost, nothing is told twice where a channel takes a key (the webhook), and Slack and the mail server each
hear at most one repeat. `benchmarks/kills.py` does the same 400 times, and 200 times at random moments.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from killing import Outcome, Trial, told_by_hook

from leakwatch.demo.sinks import Arrival

DEATHS = (
    "fetch, after:1",
    "evidence put, before:1",
    "evidence put, after:1",
    "commit of take_page, before:1",
    "commit of take_page, after:1",
    "commit of take_page, before:3",
    "commit of take_page, after:3",
    "commit of tell_due, after:3",
    "commit of conclude, before:1",
    "commit of conclude, after:1",
    "commit of conclude, after:3",
    "commit of tell_due, before:1",
    "commit of tell_due, after:1",
    "commit of _next, after:2",
    "commit of _next, after:5",
    "post to X, before:1",
    "post to X, after:1",
    "post to hook, before:2",
    "post to hook, after:2",
    "mail, before:1",
    "mail, after:1",
    "commit of _attempt, before:1",
    "commit of _attempt, after:1",
    "commit of _attempt, before:6",
)


@pytest.mark.parametrize("death", DEATHS)
def test_a_death_loses_nothing(death: str, tmp_path: Path) -> None:
    """The step is reached, the daemon dies there, and the promise holds."""
    trial = Trial(tmp_path)
    with trial.running():
        outcome = trial.play(death, 120.0)
    assert outcome.kills == 1, f"no step {death!r} was reached; there are {sorted(set(outcome.steps))}"
    assert outcome.lost == []
    assert outcome.problems == []
    assert outcome.repeated["hook"] == 0
    assert outcome.repeated["slack"] <= 1
    assert outcome.repeated["mail"] <= 1


def test_what_is_lost_is_seen(tmp_path: Path) -> None:
    """A message that a channel never got, or got twice, is told: the judge can fail."""
    trial = Trial(tmp_path)
    with trial.running():
        trial.play()
        arrived = trial.world.sinks.arrivals
        first = next(one for one in arrived if one.channel == "slack")
        arrived.remove(first)
        outcome = trial.judge(Outcome())
        assert [one.split()[0] for one in outcome.lost] == ["slack"]
        arrived += [first, first, first]
        assert trial.judge(Outcome()).repeated["slack"] == 2


def test_several_news_in_one_message_are_told(tmp_path: Path) -> None:
    """A message that a restart made of two says both in its headline; one that leaves something out does not count for it."""
    (tmp_path / "arrivals").mkdir()
    lines = [
        {
            "headers": {"webhook-id": f"msg_{number}"},
            "body": {"data": {"finding": f"LW-{number}", "content": "fold:0", "headline": f"A: {headline}"}},
        }
        for number, headline in ((1, "possible leak on a; proved"), (2, "proved"))
    ]
    (tmp_path / "arrivals" / "hook.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    arrival = Arrival(at=0.0, channel="hook", key="k", text="")
    assert set(told_by_hook([arrival], tmp_path)) == {
        ("LW-1", "opened"),
        ("LW-1", "verdict:proved"),
        ("LW-2", "verdict:proved"),
    }
