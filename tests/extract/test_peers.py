"""Peers that a post names: read for the one connection, and cut out of what is kept."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.extract.links import locate
from leakwatch.extract.peers import cut_peers, peers, without_peers
from leakwatch.model.observation import Observation
from leakwatch.torrent.infohash import Infohashes, parse_v1

KEY = "cd" * 20
URI = f"magnet:?xt=urn:btih:{KEY}"
ASKED = Infohashes(v1=parse_v1(KEY))
SEEN = Observation(site="s", native_id="1", title="t", fetched_at=datetime(2026, 1, 1, tzinfo=UTC))


def seen(text: str | None = None, title: str = "t", magnet: str | None = None) -> Observation:
    """A located item."""
    return locate(replace(SEEN, text=text, title=title, magnet=magnet))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"{URI}&x.pe=93.184.216.34:6881&dn=a", f"{URI}&x.pe=&dn=a"),
        (f"{URI}&X.PE=93.184.216.34%3A6881 and more", f"{URI}&X.PE= and more"),
        (f"{URI}&amp;x.pe=93.184.216.34:6881&amp;dn=a", f"{URI}&amp;x.pe=&amp;dn=a"),
        (f"{URI}&x.pe=[2001:db8::7]:6881", f"{URI}&x.pe="),
        (f"{URI}&x.pe=93.184.<wbr>216.34:68<b>81</b><br>next", f"{URI}&x.pe=</b><br>next"),
        (f"{URI}&x&#46;pe=93&#46;184.216.34:688&#49;&amp;dn=a", f"{URI}&x&#46;pe=&amp;dn=a"),
        (f'<a href="{URI}&amp;x.pe=93.184.216.34&#58;6881">m</a>', f'<a href="{URI}&amp;x.pe=">m</a>'),
        (f"<a href={URI}&x.pe=93.184.216.34:6881>m</a> {URI}", f"<a href={URI}&x.pe=>m</a> {URI}"),
        ("https://t.example/?u=magnet%3A%26x.pe%3D93.184.216.34%3A6881%26dn", "https://t.example/?u=magnet%3A%26x.pe%3D%26dn"),
        ("https://t.example/?u=a%2526x%252Epe%253D93.184.216.34%253A6881%2526dn", "https://t.example/?u=a%2526x%252Epe%253D%2526dn"),
        (
            f"ed2k://|file|a|5|{'ab' * 16}|/|sources,93.184.216.34:4662|/",
            f"ed2k://|file|a|5|{'ab' * 16}|/|sources,|/",
        ),
        ("matrix.pe=1, and sources, 5 of them", "matrix.pe=1, and sources, 5 of them"),
    ],
)  # fmt: skip
def test_named_peers_are_cut(text: str, kept: str) -> None:
    """What a reader, an attribute or a link in a link says of peers is cut, and nothing else."""
    found = without_peers(seen(text, title=text))
    assert (found.text, found.title) == (kept, kept)
    assert "184" not in f"{found.text}"
    assert found.locators == seen(text, title=text).locators


def test_an_item_without_peers_is_left_as_it_is() -> None:
    """Nothing is written anew where nobody is named."""
    for one in (seen("a <b>text</b> &amp; more"), seen(None), seen(f"<p>{URI}&amp;tr=udp://t.example:1</p>")):
        assert without_peers(one) is one


@pytest.mark.parametrize("is_field", [False, True])
def test_peers_are_read_from_text_and_field(is_field: bool) -> None:
    """A magnet names peers in a text as in a field of its own; at most twenty, each once, of the torrent asked for."""
    uri = URI + "".join(f"&x.pe=93.184.216.{n}:6881" for n in (*range(1, 31), 1))
    one = seen(magnet=uri) if is_field else seen(f"see {uri}")
    expected = tuple((f"93.184.216.{n}", 6881) for n in range(1, 21))
    assert peers(without_peers(one), ASKED) == expected
    assert peers(one, Infohashes(v1=parse_v1("ab" * 20))) == ()


@given(st.text("x.pe=&#46;%3d26<b>/|sources,1:\"'aмg \n", max_size=60))
def test_cutting_adds_nothing(text: str) -> None:
    """Whatever the text, what is left are letters of it in their order."""
    kept = cut_peers(text)
    letters = iter(text)
    assert all(one in letters for one in kept)


@pytest.mark.parametrize("text", ["x.pe=" * 40_000, "<b " * 70_000, "&x.pe=1" * 30_000, "%2525" * 40_000])
def test_hostile_text_costs_little(text: str) -> None:
    """A text made to be slow is read in about the time that finding its links takes."""
    begun = time.process_time()
    seen(text)
    found = time.process_time()
    cut_peers(text)
    assert time.process_time() - found < 5 * (found - begun) + 0.5
