"""Triage: what becomes of a match, what changed about a case, and that nothing changes twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files as package_files
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.catalogue import parse_catalogue
from leakwatch.extract.links import locate
from leakwatch.matching.engine import match
from leakwatch.matching.index import build_index
from leakwatch.matching.weights import parse_weights
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import (
    OPEN_STATES,
    STATE_CHANGES,
    EventKind,
    Fake,
    Finding,
    FindingId,
    Match,
    Proof,
    Severity,
    Signal,
    SignalKind,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.observation import Locator, LocatorKind, Observation
from leakwatch.severity import severity_of
from leakwatch.triage import (
    News,
    Triage,
    finding_id,
    judged,
    merged,
    proved_by_host,
    stronger_verdict,
    triage,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ASSET = Asset(id=AssetId("m7"), title="Northwind Model 7B")
CRITICAL = replace(ASSET, critical=True)
NEAR = replace(ASSET, release_at=NOON + timedelta(days=14))
"""Its release window begins at noon."""
MAGNET = Locator(LocatorKind.MAGNET, "magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a")
NAME = Signal(SignalKind.TITLE, "'Northwind Model 7B' is the name", 24.0)
DIGEST = Signal(SignalKind.SHA256, "'a.bin' has the sha256 of 'm7.bin'", 40.0)
SMALL = Signal(SignalKind.SHA256, "'LICENSE' has the sha256 of 'LICENSE'", 5.0)


def seen(site: str = "board", native_id: str = "1", *, hours: int = 0, located: bool = True) -> Observation:
    """An observation of one item, with or without a magnet."""
    return Observation(
        site=site,
        native_id=native_id,
        title="a post",
        fetched_at=NOON + timedelta(hours=hours),
        locators=(MAGNET,) if located else (),
    )


def matched(tier: Tier | None = Tier.REVIEW, *signals: Signal, score: float = 0.9) -> Match:
    """A match of the asset."""
    return Match(ASSET.id, score, tier, signals or (NAME,))


def case(**fields: object) -> Finding:
    """A case that was opened an hour ago on another site."""
    return replace(
        Finding(
            id=FindingId("LW-1"),
            asset=ASSET.id,
            state=State.NEW,
            verdict=Verdict.UNKNOWN,
            severity=Severity.MEDIUM,
            tier=Tier.REVIEW,
            score=0.6,
            opened_at=NOON - timedelta(hours=1),
            updated_at=NOON - timedelta(hours=1),
            title="first post",
            sites=frozenset({"board"}),
            sightings=1,
        ),
        **fields,
    )


def did(result: Triage) -> list[tuple[EventKind, str]]:
    """What happened, as kind and content."""
    return [(event.kind, event.content) for event in result.events]


def outcome(one: Match, item: Observation, finding: Finding | None = None, asset: Asset = ASSET) -> Triage:
    """What triage makes of a match that it does not drop."""
    result = triage(one, item, finding, asset)
    assert result is not None
    return result


@pytest.mark.parametrize("finding", [None, case()])
@pytest.mark.parametrize(
    ("one", "located", "dropped"),
    [
        (matched(None), True, True),
        (matched(None, DIGEST), True, True),
        (matched(Tier.REVIEW), False, True),
        (matched(Tier.AUTO), False, False),
        (matched(Tier.REVIEW), True, False),
        (matched(Tier.AUTO, DIGEST), False, False),
        (matched(Tier.AUTO, DIGEST), True, False),
    ],
)
def test_mentions_and_weak_matches_are_dropped(
    one: Match, located: bool, dropped: bool, finding: Finding | None
) -> None:
    """A match without a tier adds nothing, and one for review only where it says how the content can be had."""
    assert (triage(one, seen(located=located), finding, ASSET) is None) is dropped


def test_a_new_case_is_opened() -> None:
    """The first sighting opens a case with everything that is known, and one event."""
    result = outcome(matched(Tier.AUTO, NAME, score=0.97), seen())
    finding = result.finding
    assert (finding.state, finding.verdict, finding.tier) == (State.NEW, Verdict.UNKNOWN, Tier.AUTO)
    assert (finding.score, finding.sightings, finding.sites) == (0.97, 1, frozenset({"board"}))
    assert finding.opened_at == finding.updated_at == NOON
    assert did(result) == [(EventKind.OPENED, "opened")]
    assert result.events[0].detail["site"] == "board"


def test_a_case_without_a_title_is_named_by_its_item() -> None:
    """A post without a title gives the case the item's own name."""
    assert outcome(matched(), replace(seen(native_id="po/1"), title="")).finding.title == "po/1"


def test_the_same_first_sighting_opens_the_same_case() -> None:
    """Opening is idempotent: same item, same asset, same name of the case; any other gives another."""
    assert outcome(matched(), seen()) == outcome(matched(), seen())
    names = {
        finding_id(matched(), seen()),
        finding_id(matched(), seen("index")),
        finding_id(matched(), seen(native_id="2")),
        finding_id(replace(matched(), asset=AssetId("film")), seen()),
    }
    assert len(names) == 4


TIERS = st.sampled_from([Tier.REVIEW, Tier.AUTO])
MATCHES = st.builds(
    lambda tier, signals, score: matched(tier, *signals, score=score),
    TIERS,
    st.lists(st.sampled_from([NAME, DIGEST, SMALL]), min_size=1, max_size=3),
    st.floats(0.5, 1),
)
CASES = st.builds(
    case,
    state=st.sampled_from(State),
    verdict=st.sampled_from(Verdict),
    tier=TIERS,
    score=st.floats(0.5, 1),
    sites=st.sampled_from([frozenset({"board"}), frozenset({"index"})]),
)


@given(MATCHES, CASES, st.booleans(), st.sampled_from(["board", "index"]))
def test_a_sighting_that_is_repeated_changes_nothing_more(
    one: Match, finding: Finding, critical: bool, site: str
) -> None:
    """Triage is idempotent: the second time only the count moves, and no event that anybody is told of."""
    asset = CRITICAL if critical else ASSET
    first = outcome(one, seen(site), finding, asset)
    again = outcome(one, seen(site), first.finding, asset)
    assert replace(again.finding, sightings=first.finding.sightings) == first.finding
    assert did(again) == [(EventKind.SIGHTED, f"item:{site}/1")]


@given(MATCHES, CASES, st.sampled_from(["board", "index"]))
def test_a_sighting_never_weakens_a_case(one: Match, finding: Finding, site: str) -> None:
    """Tier, verdict, score, sites and count of a case only grow, and a judged state stays."""
    after = outcome(one, seen(site), finding).finding
    assert (after.tier is Tier.AUTO) >= (finding.tier is Tier.AUTO)
    assert stronger_verdict(after.verdict, finding.verdict) is after.verdict
    assert after.score == max(finding.score, one.score)
    assert after.sites == finding.sites | {site}
    assert after.sightings == finding.sightings + 1
    assert (after.id, after.opened_at, after.title) == (finding.id, finding.opened_at, finding.title)
    newly_proved = after.verdict is Verdict.PROVED is not finding.verdict
    may_return = (State.FALSE_POSITIVE, State.REPORTED)
    back = finding.state is State.REMOVED or (finding.state in may_return and newly_proved)
    assert after.state is (State.REOPENED if back else finding.state)


@pytest.mark.parametrize(
    ("finding", "one", "site", "asset", "events"),
    [
        (case(), matched(), "board", ASSET, ["sighted item:board/1"]),
        (case(), matched(), "index", ASSET, ["sighted site:index"]),
        (case(), matched(Tier.AUTO), "board", ASSET, ["sighted severity:high"]),
        (case(), matched(Tier.AUTO), "board", CRITICAL, ["sighted severity:critical"]),
        (case(), matched(), "board", NEAR, ["sighted severity:high"]),
        (case(updated_at=NOON), matched(), "board", NEAR, ["sighted item:board/1"]),
        (case(verdict=Verdict.PROVED), matched(Tier.AUTO), "board", ASSET, ["sighted item:board/1"]),
        (case(), matched(Tier.AUTO), "index", ASSET, ["sighted site:index"]),
        (case(tier=Tier.AUTO), matched(Tier.AUTO), "board", ASSET, ["sighted item:board/1"]),
        (
            case(),
            matched(Tier.AUTO, DIGEST),
            "board",
            ASSET,
            ["sighted item:board/1", "verdict_changed verdict:proved"],
        ),
        (
            case(verdict=Verdict.REFUTED),
            matched(Tier.AUTO, DIGEST),
            "index",
            ASSET,
            ["sighted site:index", "verdict_changed verdict:proved"],
        ),
        (
            case(state=State.REMOVED),
            matched(),
            "board",
            ASSET,
            ["sighted item:board/1", "state_changed reopened:2026-11-20T12:00:00+00:00"],
        ),
        (case(state=State.FALSE_POSITIVE), matched(), "board", ASSET, ["sighted item:board/1"]),
        (case(state=State.ALLOWED), matched(), "index", ASSET, ["sighted site:index"]),
        (case(state=State.CONFIRMED), matched(), "index", ASSET, ["sighted site:index"]),
    ],
)
def test_what_a_sighting_changes(
    finding: Finding, one: Match, site: str, asset: Asset, events: list[str]
) -> None:
    """A further site, a case grown sure, a verdict of the host and a return after removal are told apart."""
    assert [f"{kind} {content}" for kind, content in did(outcome(one, seen(site), finding, asset))] == events


def test_a_removed_case_is_reopened() -> None:
    """Content that comes back after its removal reopens the case, and the events say so."""
    result = outcome(matched(), seen(hours=5), case(state=State.REMOVED))
    assert result.finding.state is State.REOPENED
    assert State.REOPENED in STATE_CHANGES[State.REMOVED]
    assert result.finding.updated_at == NOON + timedelta(hours=5)


def test_each_return_is_an_event_of_its_own() -> None:
    """A second removal and return is told again, under another content."""
    contents = {did(outcome(matched(), seen(hours=h), case(state=State.REMOVED)))[1] for h in (1, 2)}
    assert len(contents) == 2


@pytest.mark.parametrize(
    ("signals", "proved"),
    [
        ((DIGEST,), True),
        ((NAME, replace(DIGEST, kind=SignalKind.SHA1)), True),
        ((replace(DIGEST, kind=SignalKind.PIECES_ROOT),), True),
        ((replace(DIGEST, kind=SignalKind.GIT_BLOB),), True),
        ((Signal(SignalKind.ELEMENTS, "the hub's counts agree", 30.0),), False),
        ((replace(DIGEST, kind=SignalKind.MD5),), False),
        ((replace(DIGEST, kind=SignalKind.INFOHASH),), False),
        ((NAME, SMALL), False),
        ((NAME,), False),
    ],
)
def test_a_host_proves_by_its_digest(signals: tuple[Signal, ...], proved: bool) -> None:
    """A host's SHA or root of a large file proves; MD5, a small file, a name and an infohash do not."""
    assert proved_by_host(matched(Tier.AUTO, *signals)) is proved
    verdict = outcome(matched(Tier.AUTO, *signals), seen()).finding.verdict
    assert verdict is (Verdict.PROVED if proved else Verdict.UNKNOWN)


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ([], Verdict.UNKNOWN),
        ([Verdict.UNKNOWN], Verdict.UNKNOWN),
        ([Verdict.REFUTED], Verdict.REFUTED),
        ([Verdict.REFUTED, Verdict.REFUTED], Verdict.REFUTED),
        ([Verdict.REFUTED, Verdict.UNKNOWN], Verdict.UNKNOWN),
        ([Verdict.REFUTED, Verdict.UNPROVED], Verdict.UNPROVED),
        ([Verdict.UNPROVED, Verdict.UNKNOWN], Verdict.UNPROVED),
        ([Verdict.LIKELY, Verdict.REFUTED], Verdict.LIKELY),
        ([Verdict.REFUTED, Verdict.PROVED, Verdict.UNKNOWN], Verdict.PROVED),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_case_is_refuted_only_if_every_torrent_is(
    told: list[Verdict], verdict: Verdict, turned: bool
) -> None:
    """The strongest verdict of all torrents counts in any order, and one still open keeps it from `refuted`."""
    proofs = [Proof(one, "v1") for one in (reversed(told) if turned else told)]
    result = judged(case(), proofs, ASSET, NOON)
    assert result.finding.verdict is verdict
    wanted = [] if verdict is Verdict.UNKNOWN else [(EventKind.VERDICT, f"verdict:{verdict.value}")]
    assert did(result) == wanted


def test_another_v2_root_does_not_stand_a_case_down() -> None:
    """One changed byte gives another root: for the case that is *unproved*, not *refuted*."""
    result = judged(case(), [Proof(Verdict.REFUTED, "v2")], ASSET, NOON)
    assert result.finding.verdict is Verdict.UNPROVED
    assert judged(case(), [Proof(Verdict.REFUTED, "v1")], ASSET, NOON).finding.verdict is Verdict.REFUTED


@given(st.lists(st.sampled_from(Verdict), max_size=5), st.booleans())
def test_a_verdict_is_told_once(told: list[Verdict], critical: bool) -> None:
    """Judging again by the same proofs changes nothing and tells nothing."""
    asset = CRITICAL if critical else ASSET
    proofs = [Proof(one, "v1") for one in told]
    first = judged(case(), proofs, asset, NOON)
    again = judged(first.finding, proofs, asset, NOON)
    assert again == Triage(first.finding, ())
    assert first.finding.severity is severity_of(asset, Tier.REVIEW, first.finding.verdict)


def test_what_is_proved_stays_proved() -> None:
    """A later torrent that refutes or says nothing takes no proof back."""
    proved = case(verdict=Verdict.PROVED)
    for one in Verdict:
        assert judged(proved, [Proof(one, "v1")], ASSET, NOON).finding.verdict is Verdict.PROVED


@pytest.mark.parametrize(
    ("tier", "verdict", "critical", "severity"),
    [
        (Tier.REVIEW, Verdict.UNKNOWN, False, Severity.MEDIUM),
        (Tier.REVIEW, Verdict.UNKNOWN, True, Severity.HIGH),
        (Tier.AUTO, Verdict.UNKNOWN, False, Severity.HIGH),
        (Tier.AUTO, Verdict.UNPROVED, True, Severity.CRITICAL),
        (Tier.REVIEW, Verdict.PROVED, False, Severity.HIGH),
        (Tier.REVIEW, Verdict.PROVED, True, Severity.CRITICAL),
        (Tier.REVIEW, Verdict.LIKELY, False, Severity.MEDIUM),
        (Tier.AUTO, Verdict.REFUTED, False, Severity.LOW),
        (Tier.AUTO, Verdict.REFUTED, True, Severity.LOW),
    ],
)
def test_severity_follows_certainty_and_asset(
    tier: Tier, verdict: Verdict, critical: bool, severity: Severity
) -> None:
    """What is sure or proved comes first, a critical asset is one step up, what is refuted comes last."""
    assert severity_of(CRITICAL if critical else ASSET, tier, verdict) is severity


def test_a_release_that_is_near_is_as_good_as_critical() -> None:
    """By the time that the case was opened, or is seen; what happens outside the window is not urgent."""
    opened = triage(matched(), seen(), None, NEAR)
    before = triage(matched(), seen(hours=-1), None, NEAR)
    assert opened
    assert before
    assert (opened.finding.severity, before.finding.severity) == (Severity.HIGH, Severity.MEDIUM)
    later = NOON + timedelta(days=60)
    assert judged(opened.finding, [], NEAR, later).finding.severity is Severity.HIGH
    assert judged(before.finding, [], NEAR, later).finding.severity is Severity.MEDIUM
    fake = [Proof(Verdict.UNPROVED, "v1", fake=Fake(0.99, 2, ("x",)))]
    assert judged(opened.finding, fake, NEAR, later).finding.severity is Severity.MEDIUM


def test_severities_have_an_order() -> None:
    """Severity goes from low to critical."""
    assert [one.rank for one in Severity] == [0, 1, 2, 3]
    assert Severity.CRITICAL.rank == 3


@given(CASES, CASES)
def test_two_cases_become_one(older: Finding, newer: Finding) -> None:
    """The older case keeps its name and takes the stronger of everything, the sum of sightings, all sites."""
    newer = replace(newer, id=FindingId("LW-2"), sightings=4)
    result = merged(older, newer, ASSET, NOON)
    joined = result.finding
    is_back = older.state in (State.REMOVED, State.FALSE_POSITIVE) and newer.state in OPEN_STATES
    state = State.REOPENED if is_back else older.state
    assert (joined.id, joined.opened_at, joined.state) == (older.id, older.opened_at, state)
    assert (joined.tier is Tier.AUTO) is (Tier.AUTO in (older.tier, newer.tier))
    assert joined.verdict is stronger_verdict(older.verdict, newer.verdict)
    assert joined.severity is severity_of(ASSET, joined.tier, joined.verdict)
    assert (joined.score, joined.sightings) == (max(older.score, newer.score), 5)
    assert joined.sites == older.sites | newer.sites
    assert did(result)[0] == (EventKind.MERGED, "merged:LW-2")
    assert len(result.events) == 1 + is_back
    assert result.events[0].detail["merged"] == "LW-2"


def test_state_changes_are_a_closed_table() -> None:
    """Every state has its legal changes, a merge can only be undone, and no state changes into itself."""
    assert STATE_CHANGES.keys() == set(State)
    assert STATE_CHANGES[State.MERGED] == {State.REOPENED}
    assert not [state for state, others in STATE_CHANGES.items() if state in others]
    assert all(State.NEW not in others for others in STATE_CHANGES.values())


def test_recorded_discussions_open_nothing(shared_data: Path) -> None:
    """Of 2,000 recorded discussions of leaks without a locator none opens a case, though some name a work."""
    weights = parse_weights((package_files("leakwatch.matching") / "weights.yaml").read_text("utf-8"))
    index = build_index(parse_catalogue((shared_data / "assets/assets_1k.jsonl").read_text("utf-8")).assets)
    packed = (shared_data / "mentions/leak_mentions.tsv.zst").read_bytes()
    with zstandard.ZstdDecompressor().stream_reader(packed) as stream:
        rows = [line.split("\t") for line in stream.read().decode("utf-8").splitlines()[1:]]
    posts = [
        locate(Observation(site="forum", native_id=str(number), title=row[1], text=row[5], fetched_at=NOON))
        for number, row in enumerate(rows)
    ]
    mentions = [post for post in posts if not post.locators][:2000]
    found = [(post, one) for post in mentions for one in match(post, index, weights)]
    opened = [(post.title, one) for post, one in found if triage(one, post, None, index.assets[one.asset])]
    named = [one for _, one in found if one.tier]
    assert (len(mentions), opened) == (2000, [])
    assert named, "no discussion names a work: the test would pass with any triage"
    assert not [one for one in named if one.tier is Tier.AUTO]
    offered = [
        one
        for post, one in found
        if triage(one, replace(post, locators=(MAGNET,)), None, index.assets[one.asset])
    ]
    assert len(offered) == len(named), "the same posts with a magnet would open a case"


@pytest.mark.parametrize(
    ("verdict", "steps", "critical", "severity"),
    [
        (Verdict.UNPROVED, [2], False, Severity.LOW),
        (Verdict.UNPROVED, [1], False, Severity.MEDIUM),
        (Verdict.UNPROVED, [2, 0], False, Severity.HIGH),
        (Verdict.UNPROVED, [2], True, Severity.HIGH),
        (Verdict.LIKELY, [2], False, Severity.HIGH),
        (Verdict.PROVED, [2], False, Severity.HIGH),
    ],
)
def test_fakes_lower_the_severity(
    verdict: Verdict, steps: list[int], critical: bool, severity: Severity
) -> None:
    """By the least suspect torrent; never what is proved or likely, and a critical asset by one step at most."""
    proofs = [Proof(verdict, "v1", fake=Fake(0.99, one, ("x",))) for one in steps]
    found = replace(case(), tier=Tier.AUTO)
    assert judged(found, proofs, replace(ASSET, critical=critical), NOON).finding.severity is severity


SAME_CLASS, NEW_CLASS, OUTSIDE = News(), News(is_new_class=True), News(is_outside=True)


@pytest.mark.parametrize(
    ("state", "one", "news", "back"),
    [
        (State.REMOVED, matched(), SAME_CLASS, True),
        (State.REPORTED, matched(), SAME_CLASS, False),
        (State.REPORTED, matched(), NEW_CLASS, True),
        (State.FALSE_POSITIVE, matched(), NEW_CLASS, False),
        (State.FALSE_POSITIVE, matched(Tier.AUTO, replace(DIGEST, kind=SignalKind.MD5)), SAME_CLASS, False),
        (State.FALSE_POSITIVE, matched(Tier.AUTO, replace(DIGEST, kind=SignalKind.MD5)), NEW_CLASS, True),
        (State.FALSE_POSITIVE, matched(Tier.AUTO, DIGEST), SAME_CLASS, True),
        (State.ALLOWED, matched(Tier.AUTO, DIGEST), NEW_CLASS, False),
        (State.ALLOWED, matched(), OUTSIDE, True),
        (State.CONFIRMED, matched(Tier.AUTO, DIGEST), NEW_CLASS, False),
        (State.ACKNOWLEDGED, matched(), NEW_CLASS, False),
    ],
)
def test_what_opens_a_case_again(state: State, one: Match, news: News, back: bool) -> None:
    """Each closed state has its own reasons to be opened again; nobody has acknowledged the case then."""
    before = case(state=state, acknowledged_by="ann", acknowledged_at=NOON, closed_at=NOON)
    result = triage(one, seen("index"), before, ASSET, news=news)
    assert result is not None
    assert (result.finding.state is State.REOPENED) is back
    assert (result.finding.acknowledged_by is None) is back
    changes = [event for event in result.events if event.kind is EventKind.STATE]
    assert [event.detail["from"] for event in changes] == [state.value] * back
    assert all(event.reason and State.REOPENED in STATE_CHANGES[state] for event in changes)


@pytest.mark.parametrize(
    ("state", "verdict", "back"),
    [
        (State.REMOVED, Verdict.PROVED, True),
        (State.REMOVED, Verdict.LIKELY, False),
        (State.FALSE_POSITIVE, Verdict.PROVED, True),
        (State.FALSE_POSITIVE, Verdict.LIKELY, False),
        (State.REPORTED, Verdict.PROVED, True),
        (State.ALLOWED, Verdict.PROVED, False),
    ],
)
def test_a_proof_opens_again_what_was_not_allowed(state: State, verdict: Verdict, back: bool) -> None:
    """A torrent that is proved later opens a removed, reported or false case again, and no other verdict does."""
    result = judged(case(state=state), [Proof(verdict, "v1")], ASSET, NOON)
    assert (result.finding.state is State.REOPENED) is back


@pytest.mark.parametrize("closed", [State.REMOVED, State.FALSE_POSITIVE])
def test_an_open_case_opens_the_closed_one_that_it_joins(closed: State) -> None:
    """An open case is not hidden by becoming part of a closed one; a closed one opens nothing."""
    newer = replace(case(), id=FindingId("LW-2"))
    joined = merged(case(state=closed), newer, ASSET, NOON)
    assert joined.finding.state is State.REOPENED
    assert [event.kind for event in joined.events] == [EventKind.MERGED, EventKind.STATE]
    both = merged(case(state=closed), replace(newer, state=closed), ASSET, NOON)
    assert both.finding.state is closed
