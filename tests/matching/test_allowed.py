"""Allow lists: what an entry covers, and what it does not however alike it looks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from leakwatch.extract.links import locate
from leakwatch.matching.allowed import allowed_by
from leakwatch.model.allow import Allow, AllowEffect, allow_from_json, allow_json
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.observation import Locator, LocatorKind, Observation

HASH, OTHER = "ab" * 20, "cd" * 20
HUB = "https://hub.example/our/model"


def asset(*entries: dict[str, Any]) -> Asset:
    """An asset with an allow list."""
    return Asset(id=AssetId("a"), title="Tideglass", allow=tuple(allow_from_json(one) for one in entries))


def entry(what: str, value: str, **told: Any) -> dict[str, Any]:
    """An entry as JSON."""
    return {"what": what, "value": value, "reason": "ours", **told}


def seen(*urls: str, kind: LocatorKind = LocatorKind.REPOSITORY, **told: Any) -> Observation:
    """An item with these locators."""
    locators = tuple(Locator(kind, url) for url in urls)
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    return Observation(
        site="board", native_id="1", title="t", fetched_at=at, **({"locators": locators} | told)
    )


def magnet(*hashes: str) -> Observation:
    """A post with magnet URIs."""
    text = " ".join(f"magnet:?xt=urn:btih:{one}" for one in hashes)
    return locate(seen(text=text, locators=()))


@pytest.mark.parametrize(
    ("what", "value", "observation"),
    [
        ("repository", HUB, seen("https://HUB.example/Our/Model/")),
        ("repository", HUB, seen(f"{HUB}.git", f"{HUB}/tree/main")),
        ("host", "hub.example", seen("https://cdn.hub.example/x")),
        ("url", "https://a.example/our/", seen("https://a.example/our/x.zip", kind=LocatorKind.FILE_HOST)),
        ("infohash", HASH.upper(), magnet(HASH)),
        ("uploader", "Anna", seen(HUB, author="ANNA")),
        ("uploader", "board/anna", seen(HUB, author="anna")),
        ("site", "board", magnet(OTHER)),
        ("host", "hub.example", seen(url="https://hub.example/page", locators=())),
    ],
)
def test_an_entry_covers_what_it_names(what: str, value: str, observation: Observation) -> None:
    """Repositories, hosts, addresses, torrents, uploaders and sites are allowed by an entry of their own."""
    found = allowed_by(asset(entry(what, value)), observation)
    assert found is not None
    assert found.what == what


@pytest.mark.parametrize(
    ("what", "value", "observation"),
    [
        ("repository", HUB, seen(f"{HUB}-leaked")),
        ("repository", HUB, seen("https://hub.example.evil.example/our/model")),
        ("repository", HUB, seen("https://hub.example:8443/our/model")),
        ("host", "hub.example", seen("https://nothub.example/x")),
        ("host", "hub.example", seen("https://hub.example@evil.example/x")),
        ("host", "hub.example", seen("https://evil.example\\@hub.example/x")),
        ("host", "hub.example", magnet(HASH)),
        ("host", "hub.example", seen(HUB, "https://evil.example/x")),
        ("url", "https://a.example/our", seen("https://a.example/our/../other")),
        ("url", "https://a.example/our", seen("https://a.example/our/%2e%2e/other")),
        ("infohash", HASH, magnet(HASH, OTHER)),
        ("infohash", HASH, seen(url="https://x.example", locators=())),
        ("uploader", "hub/anna", seen(HUB, author="anna")),
        ("uploader", "anna", seen(HUB)),
        ("site", "boards", seen(HUB)),
    ],
)
def test_an_entry_covers_nothing_else(what: str, value: str, observation: Observation) -> None:
    """Look-alikes, other ports and paths, and one allowed locator beside a foreign one allow nothing."""
    assert allowed_by(asset(entry(what, value)), observation) is None


@pytest.mark.parametrize(("until", "is_allowed"), [("2026-11-19", False), ("2026-11-20", True), (None, True)])
def test_an_expired_entry_has_no_effect(until: str | None, is_allowed: bool) -> None:
    """An entry holds through its last day."""
    found = allowed_by(asset(entry("repository", HUB, until=until)), seen(HUB))
    assert (found is not None) is is_allowed


def test_every_locator_needs_an_entry_and_informing_goes_before_hiding() -> None:
    """Two entries may cover two locators; where one informs, the item is not hidden."""
    both = asset(entry("infohash", HASH, effect="suppress"), entry("infohash", OTHER))
    assert allowed_by(both, magnet(HASH, OTHER)) == both.allow[1]
    assert allowed_by(both, magnet(HASH)) == both.allow[0]


@pytest.mark.parametrize(
    "told",
    [
        "hub.example",
        entry("hosts", "x.example"),
        entry("host", "https://x.example/"),
        entry("host", ""),
        entry("host", 5),
        entry("url", "x.example/y"),
        entry("repository", "our/model"),
        entry("infohash", "ab"),
        entry("host", "x.example", until="soon"),
        entry("host", "x.example", until=2027),
        entry("host", "x.example", effect="hide"),
        entry("host", "x.example", reason=["x"]),
        entry("host", "x.example", untill="2027-01-01"),
        entry("uploader", "x" * 501),
    ],
)
def test_a_mistaken_entry_is_refused(told: Any) -> None:
    """What cannot be compared, or was misspelt, is no entry."""
    with pytest.raises(ValueError, match=r".{10}"):
        allow_from_json(told)


def test_an_entry_round_trips() -> None:
    """JSON and back is the same entry."""
    one = Allow(
        what=allow_from_json(entry("host", "x.example")).what,
        value="x.example",
        effect=AllowEffect.SUPPRESS,
        until=date(2027, 1, 1),
        reason="ours",
    )
    assert allow_from_json(allow_json(one)) == one
