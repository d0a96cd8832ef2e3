"""Routing: who is told what of which event; and that an embargoed asset's name stays inside."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.config.reader import load_config
from leakwatch.model.alert import Alert, Place, delivery_key
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import (
    EventKind,
    Fake,
    Finding,
    FindingEvent,
    FindingId,
    Proof,
    Severity,
    State,
    Tier,
    VariantProof,
    Verdict,
)
from leakwatch.routing import is_architecture_alone, is_told, make_alert

NOON = datetime(2026, 11, 20, 12, 0, 0, 123_456, tzinfo=UTC)
TITLE, ALIAS = "Northwind Model 7B", "nw-m7"
URL = "https://hub.example/someone/Northwind-Model-7B"
MAGNET = "magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a&dn=nw-m7"
ASSET = Asset(
    id=AssetId("a-17"),
    title=TITLE,
    aliases=(ALIAS,),
    owner="legal@owner.example",
    codename="GULL",
    files=(AssetFile(path="northwind.pth"),),
)
CRITICAL = replace(ASSET, critical=True)
EMBARGOED = replace(ASSET, embargoed=True)
FINDING = Finding(
    id=FindingId("LW-1"),
    asset=ASSET.id,
    state=State.NEW,
    verdict=Verdict.UNKNOWN,
    severity=Severity.HIGH,
    tier=Tier.AUTO,
    score=0.98764,
    opened_at=NOON,
    updated_at=NOON,
    title=f"[leak] {TITLE} {URL}",
    sites=frozenset({"board", "hub"}),
    sightings=3,
)
PLACE = Place(
    site="hub",
    url=URL,
    title=f"[leak] {TITLE}",
    seen_at="2026-11-20T12:00:00+00:00",
    published_at="2026-11-20T11:59:00+00:00",
    locators=(MAGNET,),
)
SIGNALS = [
    ("title", f"'{TITLE}' is the name", 24.0),
    ("title", f"'{ALIAS}' stands in the text", 9.8),
    ("size", f"the item has the 5 bytes of '{TITLE}.pth'", 14.0),
    ("words", "says where it can be had", 3.0),
    ("rule", "a.b.c: 'leak'", 2.0),
    ("year", "2026 for 2026", 4.0),
    ("file_name", "a file called 'northwind.pth'", 3.0),
]
OWN_DOING = {EventKind.ASSIGNED, EventKind.COMMENT, EventKind.DUE}
TOLD = [kind for kind in EventKind if kind not in OWN_DOING]
CONTENT = {
    EventKind.OPENED: "opened",
    EventKind.SIGHTED: "site:hub",
    EventKind.VERDICT: "verdict:proved",
    EventKind.STATE: "reopened:2026-11-20T12:00:00+00:00",
    EventKind.MERGED: "merged:LW-2",
}


def event(kind: EventKind, content: str | None = None) -> FindingEvent:
    """An event of the finding."""
    detail = {"site": "hub", "merged": "LW-2"}
    return FindingEvent(
        finding=FINDING.id,
        kind=kind,
        at=NOON,
        content=CONTENT.get(kind, kind.value) if content is None else content,
        detail=detail,
    )


def alert(kind: EventKind = EventKind.OPENED, asset: Asset = ASSET, **fields: object) -> Alert:
    """What is said of an event."""
    proofs = (Proof(Verdict.PROVED, "v1", reason="16 of 16 sampled pieces agree"),)
    return make_alert(event(kind), replace(FINDING, **fields), asset, [PLACE], SIGNALS, proofs)


@pytest.mark.parametrize(
    ("tier", "verdict", "asset", "told"),
    [
        (Tier.AUTO, Verdict.UNKNOWN, ASSET, True),
        (Tier.AUTO, Verdict.REFUTED, ASSET, True),
        (Tier.REVIEW, Verdict.UNKNOWN, ASSET, False),
        (Tier.REVIEW, Verdict.LIKELY, ASSET, False),
        (Tier.REVIEW, Verdict.REFUTED, ASSET, False),
        (Tier.REVIEW, Verdict.PROVED, ASSET, True),
        (Tier.REVIEW, Verdict.UNKNOWN, CRITICAL, True),
        (Tier.REVIEW, Verdict.REFUTED, CRITICAL, True),
        (Tier.REVIEW, Verdict.UNKNOWN, replace(ASSET, release_at=NOON + timedelta(days=14)), True),
        (Tier.REVIEW, Verdict.UNKNOWN, replace(ASSET, release_at=NOON + timedelta(days=15)), False),
    ],
)
@pytest.mark.parametrize("kind", TOLD)
def test_a_case_in_the_queue_tells_nobody(
    tier: Tier, verdict: Verdict, asset: Asset, told: bool, kind: EventKind
) -> None:
    """Only a sure or proved case, or any case of a critical asset, is told of."""
    assert is_told(event(kind), replace(FINDING, tier=tier, verdict=verdict), asset) is told


@pytest.mark.parametrize("kind", TOLD)
@pytest.mark.parametrize("state", State)
def test_a_judged_case_tells_nobody(kind: EventKind, state: State) -> None:
    """A false positive, an allowed case and a merged one tell nobody of anything, not even when proved."""
    quiet = state in (State.FALSE_POSITIVE, State.ALLOWED, State.MERGED)
    finding = replace(FINDING, state=state, verdict=Verdict.PROVED)
    assert is_told(event(kind), finding, CRITICAL) is not quiet


@pytest.mark.parametrize("kind", sorted(OWN_DOING))
def test_what_people_do_to_a_case_tells_nobody(kind: EventKind) -> None:
    """Who assigns, comments or splits knows it already."""
    assert is_told(event(kind), replace(FINDING, verdict=Verdict.PROVED), CRITICAL) is False


@pytest.mark.parametrize(
    ("content", "told"),
    [("site:hub", True), ("severity:high", True), ("item:hub/1", False), ("item:site:1", False), ("", False)],
)
def test_of_sightings_only_news_is_told(content: str, told: bool) -> None:
    """A further site and a case grown sure are news, a further item of the same site is not."""
    assert is_told(event(EventKind.SIGHTED, content), FINDING, CRITICAL) is told


def test_an_alert_answers_the_seven_questions() -> None:
    """What, where, why, since when, how sure, how far spread, what to do next."""
    told = alert(verdict=Verdict.PROVED)
    assert told.asset == TITLE
    assert told.places == (PLACE,)
    assert told.reasons[0] == f"title: '{TITLE}' is the name (+24.0 bits)"
    assert len(told.reasons) == 6
    assert told.since == "2026-11-20T12:00:00+00:00"
    assert told.at == "2026-11-20T12:00:00.123+00:00"
    assert (told.verdict, told.score) == (Verdict.PROVED, 0.9876)
    assert told.verdict_detail == "16 of 16 sampled pieces agree"
    assert told.spread == "seen 3 times on 2 sites: board, hub"
    assert told.advice.startswith("Confirm")
    assert (told.finding, told.asset_id, told.content) == ("LW-1", "a-17", "opened")


@pytest.mark.parametrize(
    ("kind", "fields", "headline"),
    [
        (EventKind.OPENED, {}, f"{TITLE}: possible leak on hub"),
        (EventKind.OPENED, {"verdict": Verdict.PROVED}, f"{TITLE}: leaked on hub, proved"),
        (EventKind.SIGHTED, {}, f"{TITLE}: the same leak is now on hub too"),
        (EventKind.VERDICT, {"verdict": Verdict.REFUTED}, f"{TITLE}: refuted"),
        (EventKind.STATE, {"state": State.REOPENED}, f"{TITLE}: is back (reopened)"),
        (EventKind.MERGED, {}, f"{TITLE}: two cases are one, LW-2 is now part of LW-1"),
    ],
)
def test_the_headline_says_what_happened(kind: EventKind, fields: dict[str, object], headline: str) -> None:
    """Each kind of event has words of its own."""
    assert alert(kind, **fields).headline == headline


@pytest.mark.parametrize("kind", EventKind)
@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("asset", [ASSET, EMBARGOED])
def test_a_drill_asks_for_an_answer_only(kind: EventKind, verdict: Verdict, asset: Asset) -> None:
    """Whatever is told of it is marked, and speaks of no page, host, verdict or removal."""
    told = alert(kind, asset, drill=True, verdict=verdict)
    assert told.drill
    assert told.advice.startswith("Nothing leaked. Acknowledge it, or answer whoever drills")
    for word in ("page", "host", "remove", "false positive", "metadata", "owner's yes", "proves"):
        assert word not in f"{told.advice} {told.verdict_detail}"
    assert "Nothing to do" in alert(kind, asset, drill=True, state=State.FALSE_POSITIVE).advice


def test_a_case_grown_sure_is_told_as_new() -> None:
    """Who hears of a case only now is not told of `the same leak`."""
    grown = make_alert(event(EventKind.SIGHTED, "severity:high"), FINDING, ASSET, [PLACE], SIGNALS, ())
    assert "possible leak on hub" in grown.headline


@pytest.mark.parametrize(
    ("verdict", "proofs", "detail"),
    [
        (Verdict.UNKNOWN, [], ""),
        (Verdict.UNKNOWN, [Verdict.UNKNOWN], "being fetched"),
        (Verdict.PROVED, [], "host's own digest"),
        (Verdict.PROVED, [Verdict.REFUTED], "host's own digest"),
        (Verdict.REFUTED, [Verdict.UNKNOWN, Verdict.REFUTED], "because refuted"),
        (Verdict.LIKELY, [], ""),
    ],
)
def test_the_verdict_says_where_it_comes_from(verdict: Verdict, proofs: list[Verdict], detail: str) -> None:
    """The reason of the proof that decided is told, or that the host's digest did, or that it follows."""
    reasons = [Proof(one, "v1", reason=f"because {one.value}") for one in proofs]
    told = make_alert(event(EventKind.OPENED), replace(FINDING, verdict=verdict), ASSET, [], SIGNALS, reasons)
    assert detail in told.verdict_detail
    assert bool(told.verdict_detail) is bool(detail)


@pytest.mark.parametrize(
    ("sightings", "sites", "spread"),
    [(1, {"board"}, "seen once on 1 site: board"), (2, {"board"}, "seen 2 times on 1 site: board")],
)
def test_the_spread_is_told_in_words(sightings: int, sites: set[str], spread: str) -> None:
    """How often and on how many sites, in good English."""
    assert alert(sightings=sightings, sites=frozenset(sites)).spread == spread


SECRETS = [TITLE, ALIAS, URL, MAGNET, "northwind", "http", "magnet:", "someone", "c12fe1c06bba"]


@pytest.mark.parametrize(
    "asset", [EMBARGOED, replace(EMBARGOED, critical=True), replace(EMBARGOED, codename=None)]
)
@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("kind", EventKind)
def test_an_embargoed_asset_is_not_named(kind: EventKind, verdict: Verdict, asset: Asset) -> None:
    """Neither title nor alias nor address of an embargoed asset stands in any field of an alert."""
    told = json.dumps(asdict(alert(kind, asset, verdict=verdict)), default=str).casefold()
    assert [secret for secret in SECRETS if secret.casefold() in told] == []
    assert (asset.codename or asset.shown_id).casefold() in told
    assert asset.id.casefold() not in told.replace((asset.codename or "").casefold(), "")


def test_the_same_alert_without_embargo_says_it_all() -> None:
    """The control: without embargo title, alias and address are told."""
    told = json.dumps(asdict(alert()), default=str)
    assert all(secret in told for secret in (TITLE, ALIAS, URL, MAGNET))


@given(
    st.text("abcXYZ0123 静港", min_size=4, max_size=20).filter(str.strip),
    st.sampled_from(EventKind),
    st.sampled_from(["title", "title_fuzzy", "file_name", "size", "rule"]),
)
def test_whatever_the_title_it_stays_inside(title: str, kind: EventKind, reason: str) -> None:
    """For any title, of an embargoed asset only sites, times, kinds of reasons and the code name are told."""
    marked = f"⟦{title}⟧"
    asset = replace(EMBARGOED, title=marked, aliases=(f"⟪{title}⟫",))
    place = replace(
        PLACE, title=marked, url=f"https://a.example/{marked}", locators=(f"magnet:?dn={marked}",)
    )
    signals = [(reason, f"{marked}: ⟪{title}⟫: {marked}", 1.0)]
    told = make_alert(event(kind), replace(FINDING, title=marked), asset, [place], signals, ())
    said = str(asdict(told))
    assert not set(said) & set("⟦⟧⟪⟫")
    assert told.reasons == (reason,)
    assert told.places[0].site == "hub"
    assert told.places[0].url is None
    assert told.places[0].locators == ()


def test_deliveries_are_keyed_by_channel_case_and_content() -> None:
    """The same news to the same channel has the same key, and anything else another."""
    keys = {
        delivery_key(channel, finding, content)
        for channel in ("slack", "mail")
        for finding in ("LW-1", "LW-2")
        for content in ("opened", "site:hub")
    }
    assert len(keys) == 8
    assert delivery_key("slack", "LW-1", "opened") in keys


def test_whose_copy_it_is_stands_beside_the_verdict() -> None:
    """A single recipient is named, a choice is not, and of an embargoed asset nobody is."""
    proved = replace(FINDING, verdict=Verdict.PROVED)

    def detail(asset: Asset, *names: str) -> str:
        proof = Proof(Verdict.PROVED, "v1", reason="one piece", variant=VariantProof(names, 3))
        return make_alert(event(EventKind.VERDICT), proved, asset, [PLACE], [], [proof]).verdict_detail

    assert detail(ASSET, "Acme") == "one piece. It is the copy that Acme was given"
    assert detail(ASSET, "") == "one piece. It is the common copy, not one that a recipient was given"
    assert "Acme" not in detail(ASSET, "Acme", "Birch")
    assert "Acme" not in detail(EMBARGOED, "Acme")


def test_a_fake_is_said_to_be_one() -> None:
    """An alert on what looks like a fake says so, with its first reason."""
    proof = Proof(
        Verdict.UNPROVED, "none", reason="nothing", fake=Fake(0.97, 1, ("sizes: too small (+9.0 bits)",))
    )
    told = make_alert(
        event(EventKind.VERDICT), replace(FINDING, verdict=Verdict.UNPROVED), ASSET, [PLACE], [], [proof]
    )
    assert told.verdict_detail == "nothing. It looks like a fake (0.97): sizes: too small (+9.0 bits)"


COUNTED = ("elements", "the hub's safetensors counts agree with the header print", 10.4)


@pytest.mark.parametrize(
    ("signals", "changes", "told"),
    [
        ([COUNTED], {}, 0),
        ([COUNTED, ("file_name", "a file called 'config.json'", 0.5)], {}, 0),
        ([COUNTED, ("title", "is the name", -1.0)], {}, 0),
        ([COUNTED, ("title", "is the name", 5.0)], {}, 1),
        ([("title", "is the name", 12.0)], {}, 1),
        ([COUNTED], {"tier": Tier.AUTO}, 1),
        ([COUNTED], {"verdict": Verdict.PROVED}, 1),
    ],
)
def test_an_architecture_alone_wakes_nobody(
    signals: list[tuple[str, str, float]], changes: dict[str, object], told: int
) -> None:
    """Of a critical asset too: a public architecture has thousands of fine-tunes with the same counts."""
    finding = replace(FINDING, **({"tier": Tier.REVIEW} | changes))
    assert is_told(event(EventKind.OPENED), finding, CRITICAL)
    assert is_architecture_alone(finding, signals) is not bool(told)


def test_no_verdict_is_promised_of_an_embargoed_asset() -> None:
    """Whose torrents nobody is asked about is not said to be judged soon; who says yes to that is."""
    waiting = (Proof(Verdict.UNKNOWN, "none", reason="embargoed"),)
    finding = replace(FINDING, verdict=Verdict.UNKNOWN)
    secret = replace(ASSET, embargoed=True)
    told = make_alert(event(EventKind.OPENED), finding, secret, [PLACE], SIGNALS, waiting)
    assert "under embargo" in told.verdict_detail
    assert f"leakwatch finding show {finding.id}" in told.advice
    assert "no verdict follows" in told.advice
    allowed = replace(secret, swarm_lookup=True)
    told = make_alert(event(EventKind.OPENED), finding, allowed, [PLACE], SIGNALS, waiting)
    assert "being fetched" in told.verdict_detail
    assert "a verdict from the torrent's metadata follows" in told.advice


def test_no_verdict_is_promised_that_cannot_come() -> None:
    """Where no torrent is named, the swarm is off, or the case is over, the advice says what is so."""
    waiting = (Proof(Verdict.UNKNOWN, "none"),)
    finding = replace(FINDING, verdict=Verdict.UNKNOWN)
    opened = event(EventKind.OPENED)
    told = make_alert(opened, finding, ASSET, [PLACE], SIGNALS, waiting, asks_swarm=False)
    assert "switched off" in told.advice
    assert "switched off" in told.verdict_detail
    assert "names no torrent" in make_alert(opened, finding, ASSET, [PLACE], SIGNALS, ()).advice
    for state in (State.REMOVED, State.FALSE_POSITIVE, State.ALLOWED, State.MERGED):
        over = make_alert(event(EventKind.STATE), replace(finding, state=state), ASSET, [], SIGNALS, waiting)
        assert over.advice.startswith("Nothing to do")


def test_the_configuration_says_whether_swarms_are_asked(tmp_path: Path) -> None:
    """What alerts promise is what the daemon does."""
    for enabled in (True, False):
        file = tmp_path / "leakwatch.toml"
        file.write_text(
            f'[http]\ncontact = "mailto:a@example.org"\n[swarm]\nenabled = {str(enabled).lower()}\n'
        )
        assert load_config(file).routing.asks_swarm is enabled
