"""Several alerts as one: what is told first, what is counted, and that the name of a message is its content's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from leakwatch.model.alert import Alert, BlindSite, DigestAlert, DigestEvent, SiteAlert, SiteEvent
from leakwatch.model.announcement import Waiting
from leakwatch.model.finding import EventKind, FindingId, Severity, Verdict
from leakwatch.routing.fold import MOST_ENTRIES, content_of, fold_finding, fold_many, fold_sites, in_full
from leakwatch.routing.urgency import level, severity_of, urgency

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ALERT = Alert(
    finding=FindingId("LW-1"),
    event=EventKind.OPENED,
    asset_id="film",
    asset="GULL",
    headline="GULL: possible leak on board",
    severity=Severity.HIGH,
    verdict=Verdict.UNKNOWN,
    verdict_detail="",
    score=0.5,
    since="2026-11-20T12:00:00+00:00",
    at="2026-11-20T12:00:00.000+00:00",
    content="opened",
)
SITED = replace(
    ALERT, event=EventKind.SIGHTED, headline="GULL: the same leak is now on hub too", content="site:hub"
)
PROVED = replace(
    ALERT,
    event=EventKind.VERDICT,
    headline="GULL: proved",
    verdict=Verdict.PROVED,
    severity=Severity.CRITICAL,
    content="verdict:proved",
)


def waiting(number: int, urgency: int, subject: str | None = None) -> Waiting:
    """An announcement."""
    return Waiting(
        id=number,
        key=f"k{number}",
        route="r",
        channel="c",
        group="g",
        subject=subject or f"LW-{number}",
        asset="film",
        urgency=urgency,
        due_at=NOON,
        at=NOON,
    )


def test_one_finding_as_it_stands_now() -> None:
    """News of one finding keep the first thing that matters as their event, and the last state of everything else."""
    assert fold_finding([ALERT], ["a"]) is ALERT
    told = fold_finding([SITED, ALERT, PROVED], ["a", "b", "c"])
    assert told.headline == "GULL: possible leak on board; the same leak is now on hub too; proved"
    assert (told.event, told.verdict, told.severity) == (EventKind.OPENED, Verdict.PROVED, Severity.CRITICAL)
    assert told.content == content_of(["c", "a", "b"])
    many = [replace(SITED, headline=f"GULL: the same leak is now on s{n} too") for n in range(5)]
    assert fold_finding([ALERT, *many], ["x"]).headline.endswith("s1 too; and 3 more changes")


def test_sites_together() -> None:
    """Sites that fail at the same time are one message, each site once, with what can be done."""
    one = SiteAlert(
        event=SiteEvent.BLIND,
        headline="I am blind on a since 2026-11-20 11:00 UTC, because it is overdue",
        severity=Severity.MEDIUM,
        at="2026-11-20T12:00:00.000+00:00",
        sites=(
            BlindSite(name="a", since="2026-11-20T11:00:00+00:00", because="it is overdue", remedy="wait"),
        ),
        content="blind:1",
    )
    two = replace(
        one, sites=(replace(one.sites[0], name="b", since="2026-11-20T10:30:00+00:00", remedy="look"),)
    )
    assert fold_sites([one], ["a"]) is one
    told = fold_sites([one, two, one], ["a", "b", "c"])
    assert (told.headline, told.advice) == ("I am blind on 2 sites since 2026-11-20 10:30 UTC", "wait; look")
    assert [site.name for site in told.sites] == ["a", "b"]
    assert told.subject == "sites"


def test_many_findings() -> None:
    """A message of many counts each finding once by its worst severity, and says how many it does not tell in full."""
    rows = [waiting(n, 1000 + n) for n in range(30)] + [
        waiting(90, 3400, "LW-90"),
        waiting(91, 1000, "LW-90"),
    ]
    subjects = in_full(rows)
    assert (subjects[0], len(subjects)) == ("LW-90", MOST_ENTRIES)
    entries = [replace(ALERT, finding=FindingId(one)) for one in subjects]
    told = fold_many(DigestEvent.FLOOD, "film", rows, entries, NOON)
    assert isinstance(told, DigestAlert)
    assert (told.severity, told.more, told.subject) == (Severity.CRITICAL, 11, "digest:film")
    assert told.counts == (("critical", 1), ("medium", 30))
    assert told.headline == "31 more findings, told together because there are so many"
    proved = fold_many(DigestEvent.DIGEST, "r", rows[:1], [PROVED], NOON)
    assert proved.headline == "digest: 1 finding, 1 proved"
    heard = replace(ALERT, event=EventKind.REMINDER)
    assert (
        fold_many(DigestEvent.GROUP, "r", rows[:2], [heard], NOON).headline
        == "2 findings that nobody has acknowledged"
    )


@given(st.lists(st.text(max_size=5), min_size=1, max_size=6), st.randoms())
def test_content_is_of_what_is_in_it(keys: list[str], chance: object) -> None:
    """The order in which announcements are read does not matter to the name of their message."""
    turned = sorted(keys, reverse=True)
    assert content_of(keys) == content_of(turned)
    assert content_of(keys) != content_of([*keys, "\x00more"])


def test_urgency_orders() -> None:
    """The more severe comes first, then proved before likely before unknown, then what a hash speaks for."""
    exact = [("infohash", "agrees", 40.0)]
    ordered = [
        urgency(replace(ALERT, severity=Severity.MEDIUM, verdict=Verdict.PROVED), exact, is_auto=True),
        urgency(replace(ALERT, verdict=Verdict.REFUTED)),
        urgency(replace(ALERT, verdict=Verdict.UNPROVED)),
        urgency(ALERT),
        urgency(ALERT, is_auto=True),
        urgency(ALERT, exact),
        urgency(ALERT, exact, is_auto=True),
        urgency(replace(ALERT, verdict=Verdict.LIKELY)),
        urgency(replace(ALERT, verdict=Verdict.PROVED)),
        urgency(replace(ALERT, severity=Severity.CRITICAL)),
    ]
    assert ordered == sorted(ordered)
    assert [severity_of(one) for one in ordered[:2]] == [Severity.MEDIUM, Severity.HIGH]
    assert level(ordered[3]) == level(ordered[4]) < level(ordered[5]) == level(ordered[6])
