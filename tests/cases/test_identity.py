"""One spelling for one address, and one name for one author on one platform."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.extract.canonical import canonical_repository, canonical_url
from leakwatch.matching.engine import artefact_keys
from leakwatch.model.author import author_of, host_family
from leakwatch.model.observation import Locator, LocatorKind, Observation

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "address",
    [
        "https://Host.example/a/B.torrent",
        "http://host.example:80/a/B.torrent/",
        "https://host.example:443/a/B.torrent?utm_source=x&fbclid=1",
        "HTTPS://host.example./a/%42.torrent#top",
    ],
)
def test_one_address_has_one_spelling(address: str) -> None:
    """Case of the host, usual ports, tracking, fragment, slash and needless escapes make no other artefact."""
    assert canonical_url(address) == "https://host.example/a/B.torrent"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://host.example/a", "https://host.example/A"),
        ("https://host.example/a?id=1", "https://host.example/a?id=2"),
        ("https://host.example/a%2Fb", "https://host.example/a/b"),
        ("https://host.example/a", "https://host.example:8443/a"),
        ("https://a.host.example/x", "https://host.example/x"),
        ("https://host.example/a?utmost=1", "https://host.example/a"),
    ],
)
def test_different_addresses_stay_apart(one: str, other: str) -> None:
    """Whatever may lead elsewhere is another artefact."""
    assert canonical_url(one) != canonical_url(other)


@given(st.text(max_size=60) | st.builds(lambda path: f"https://h.example/{path}", st.text(max_size=40)))
def test_a_canonical_address_stays_as_it_is(text: str) -> None:
    """Any text has a spelling, and that spelling is its own."""
    assert canonical_url(canonical_url(text)) == canonical_url(text)


def test_a_repository_is_one_and_its_fork_another() -> None:
    """Case and .git make no other repository; an owner does."""
    told = canonical_repository("https://github.com/Ann/Weights.git")
    assert told == canonical_repository("http://github.com/ann/weights/")
    assert told != canonical_repository("https://github.com/bob/weights")


def test_the_number_of_a_repository_is_a_key() -> None:
    """It joins what has it under whatever name, and is no content: an item does not change by it."""
    seen = Observation(site="s", native_id="ann/w", title="w", fetched_at=NOON)
    told = replace(seen, repository_id="github.com/5")
    assert artefact_keys(told) == ("repo:github.com/5",)
    assert told.content_digest == seen.content_digest


def test_keys_of_an_item_are_canonical() -> None:
    """Two spellings of a file's address and of a repository give the same artefact keys."""
    spellings = [
        ("https://h.example/x.torrent", "https://github.com/Ann/W"),
        ("http://H.example/x.torrent?utm_medium=rss", "https://github.com/ann/w.git"),
    ]
    told = {
        artefact_keys(
            Observation(
                site="s",
                native_id="1",
                title="t",
                fetched_at=NOON,
                locators=(Locator(LocatorKind.TORRENT_URL, url), Locator(LocatorKind.REPOSITORY, place)),
            )
        )
        for url, place in spellings
    }
    assert told == {("url:https://h.example/x.torrent", "repository:https://github.com/ann/w")}


def seen(
    author: str | None, url: str | None = "https://boards.example.org/b/1", site: str = "s"
) -> Observation:
    """A post by somebody."""
    return Observation(site=site, native_id="1", title="t", fetched_at=NOON, author=author, url=url)


@pytest.mark.parametrize(
    ("author", "url", "identity"),
    [
        ("Anonymous !Ep8pui8Vw2", "https://boards.example.org/b/1", "example.org:!Ep8pui8Vw2"),
        ("Somebody !!aB3/dEf", "https://boards.example.org/b/1", "example.org:!!aB3/dEf"),
        ("Anonymous", "https://boards.example.org/b/1", None),
        ("", "https://boards.example.org/b/1", None),
        (None, "https://boards.example.org/b/1", None),
        ("[deleted]", "https://forum.example/1", None),
        ("Ann", "https://github.com/ann/x", "github.com:ann"),
        ("ann", "https://api.github.com/repos/ann/x", "github.com:ann"),
        ("ann", "https://www.example.co.uk/x", "example.co.uk:ann"),
        ("ann", "http://127.0.0.1:8080/x", "127.0.0.1:8080:ann"),
        ("ann", None, "site s:ann"),
        ("ann", "https://[broken", "site s:ann"),
    ],
)
def test_an_author_is_somebody_on_one_platform(
    author: str | None, url: str | None, identity: str | None
) -> None:
    """A tripcode or a login names somebody within a family of hosts; nameless posts name nobody."""
    assert author_of(seen(author, url)) == identity


def test_the_same_name_elsewhere_is_somebody_else() -> None:
    """Names are never compared across platforms, and tripcodes are not folded."""
    one = author_of(seen("ann", "https://one.example/1"))
    assert one != author_of(seen("ann", "https://two.example/1"))
    assert one == author_of(replace(seen("Ann", "https://one.example/2"), site="other"))
    assert author_of(seen("x !abcdef")) != author_of(seen("x !ABCDEF"))


@given(st.text(max_size=300), st.text(max_size=200))
def test_any_author_and_address_has_a_bounded_identity(author: str, url: str) -> None:
    """Whatever a site calls its authors and pages, the identity is a short text or none."""
    told = author_of(seen(author, url))
    assert told is None or (0 < len(told) <= 300)


@pytest.mark.parametrize(
    ("host", "family"),
    [
        ("www.old.reddit.com", "reddit.com"),
        ("boards.4chan.org", "4chan.org"),
        ("gardens.forumotion.com", "gardens.forumotion.com"),
        ("ann.github.io", "ann.github.io"),
        ("t.me", "t.me"),
        ("example.com", "example.com"),
        ("10.0.0.1", "10.0.0.1"),
        ("x", "x"),
    ],
)
def test_hosts_have_families(host: str, family: str) -> None:
    """Views of one platform belong together; forums and pages below one name are their own."""
    assert host_family(host) == family
