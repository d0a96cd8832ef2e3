"""Magnet URIs: every form that names a torrent, and every form that does not."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.errors import MagnetError
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2
from leakwatch.torrent.magnet import MAX_LENGTH, Magnet, parse_magnet

V1 = InfohashV1(bytes(range(0x10, 0x24)))
V2 = InfohashV2(bytes(range(0x40, 0x60)))
HEX = V1.hex()
BASE32 = base64.b32encode(V1).decode()
MULTIHASH = "1220" + V2.hex()
START = f"magnet:?xt=urn:btih:{HEX}"

HASHES = st.builds(
    Infohashes,
    st.none() | st.binary(min_size=20, max_size=20).map(InfohashV1),
    st.binary(min_size=32, max_size=32).map(InfohashV2),
) | st.builds(Infohashes, st.binary(min_size=20, max_size=20).map(InfohashV1), st.none())
PARTS = st.lists(
    st.sampled_from(
        [
            f"xt=urn:btih:{HEX}",
            f"xt=urn:btih:{BASE32}",
            f"xt=urn:btmh:{MULTIHASH}",
            "xt=urn:btih:",
            "dn=a%20b",
            "dn=%",
            "so=1-3",
            "so=0-999999999",
            "x.pe=1.2.3.4:5",
            "xl=12",
            "tr.1=udp://a:1",
            "=",
            "\ud800%41",
        ]
    )
    | st.text(max_size=20),
    max_size=6,
).map(lambda parts: "magnet:?" + "&".join(parts))


@pytest.mark.parametrize(
    ("topics", "hashes"),
    [
        (f"xt=urn:btih:{HEX}", Infohashes(v1=V1)),
        (f"xt=urn:btih:{HEX.upper()}", Infohashes(v1=V1)),
        (f"xt=urn:btih:{BASE32}", Infohashes(v1=V1)),
        (f"xt=urn:btih:{BASE32.lower()}", Infohashes(v1=V1)),
        (f"XT=URN:BTIH:{HEX}", Infohashes(v1=V1)),
        (f"xt=urn%3Abtih%3A{HEX}", Infohashes(v1=V1)),
        (f"dn=x&xt.1=urn:btih:{HEX}", Infohashes(v1=V1)),
        (f"xt=urn:btmh:{MULTIHASH}", Infohashes(v2=V2)),
        (f"xt=urn:btih:{HEX}&xt=urn:btmh:{MULTIHASH}", Infohashes(v1=V1, v2=V2)),
        (f"xt.1=urn:btmh:{MULTIHASH}&xt.2=urn:btih:{BASE32}", Infohashes(v1=V1, v2=V2)),
        (f"xt=urn:ed2k:a0a9277894123b27945224fbac8366c9&xt=urn:btih:{HEX}", Infohashes(v1=V1)),
    ],
)
def test_every_form_of_topic_is_read(topics: str, hashes: Infohashes) -> None:
    """Hex, base32, multihash, hybrid, escaped and numbered topics all name their torrent."""
    assert parse_magnet("magnet:?" + topics).infohashes == hashes
    assert parse_magnet("MAGNET:?" + topics).infohashes == hashes


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "magnet:",
        "magnet:?",
        f"magnet?xt=urn:btih:{HEX}",
        f"http://example.com/?xt=urn:btih:{HEX}",
        "magnet:?dn=name",
        "magnet:?xt=urn:btih:",
        f"magnet:?xt=urn:btih:{HEX[:-1]}",
        f"magnet:?xt=urn:btih:{HEX}0",
        f"magnet:?xt=urn:btih:{HEX}&xt=urn:btmh:{V2.hex()}",
        f"magnet:?xt=urn:sha1:{BASE32}",
        f"{START}&dn=%",
        f"{START}&dn=%4",
        f"{START}&dn=%zz",
        f"{START}&dn=%-1",
        f"{START}&dn=%²³",
    ],
)
def test_what_names_no_torrent_is_refused(uri: str) -> None:
    """No magnet, no infohash, a wrong infohash or a broken escape is a MagnetError."""
    with pytest.raises(MagnetError):
        parse_magnet(uri)


def test_length_has_a_limit() -> None:
    """A URI of the longest length is read and one character more is refused."""
    padded = START + "&dn=" + "x" * (MAX_LENGTH - len(START) - 4)
    assert len(parse_magnet(padded).name) == MAX_LENGTH - len(START) - 4
    with pytest.raises(MagnetError, match="longer than"):
        parse_magnet(padded + "x")


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ("dn=Silent+Harbour%202021", "name", "Silent Harbour 2021"),
        ("dn=%E9%9D%99%E3%81%8B", "name", "静か"),
        ("dn=%FF", "name", "\ufffd"),
        ("dn=&dn=second", "name", "second"),
        ("xl=13476939516", "size_bytes", 13476939516),
        ("xl=-1&xl=many&xl=7", "size_bytes", 7),
        ("xl=" + "9" * 30, "size_bytes", None),
        ("tr=udp%3A%2F%2Fa%3A1&tr.2=wss://b&tr=ftp://c", "trackers", ("udp://a:1", "wss://b")),
        ("ws=https://a.example/f", "web_seeds", ("https://a.example/f",)),
        ("x.pe=10.0.0.1:80&x.pe=[2001:db8::1]:81", "peers", (("10.0.0.1", 80), ("2001:db8::1", 81))),
        ("x.pe=tracker.example:80", "peers", ()),
        ("x.pe=10.0.0.1:0&x.pe=10.0.0.1:65536&x.pe=10.0.0.1", "peers", ()),
        ("dht=router.example:6881", "dht_nodes", (("router.example", 6881),)),
        ("so=0,2-4,3-5", "selected_files", (0, 2, 3, 4, 5)),
        ("so=7-4,a,-4,3-,%221%22,1", "selected_files", (1,)),
        ("so=0-99999999", "selected_files", ()),
        ("so=" + "9" * 5000, "selected_files", ()),
    ],
)
def test_every_field_is_read_as_it_claims(fields: str, name: str, value: object) -> None:
    """Names, sizes, trackers, seeds, peers and selections are read, and what is out of range is left out."""
    assert getattr(parse_magnet(f"{START}&{fields}"), name) == value


def test_selections_do_not_add_up_to_a_burden() -> None:
    """Hundreds of wide ranges in one URI name no more files than one range may."""
    uri = f"{START}&so=" + ",".join(f"{n}-9999" for n in range(700))
    assert len(parse_magnet(uri).selected_files) <= 10_000


@given(HASHES, st.text(max_size=60))
@settings(deadline=None)
def test_a_magnet_comes_back_from_its_text(hashes: Infohashes, name: str) -> None:
    """Infohashes and any display name survive being written and read."""
    assert parse_magnet(str(Magnet(hashes, name))) == Magnet(hashes, name)


@given(PARTS | st.text(max_size=200))
@settings(deadline=None, max_examples=300)
def test_any_text_is_a_magnet_or_an_error(uri: str) -> None:
    """Arbitrary text, lone surrogates included, gives a magnet that can be written again, or a MagnetError."""
    try:
        magnet = parse_magnet(uri)
    except MagnetError:
        return
    assert parse_magnet(str(magnet)).infohashes == magnet.infohashes


def test_lone_surrogates_are_survived() -> None:
    """A name with half a surrogate pair, as JSON can carry it, is read and written without an error."""
    assert parse_magnet(f"{START}&dn=\ud800%20x").name.endswith(" x")
    assert str(parse_magnet(f"{START}&dn=\ud800")).startswith(START)


def facts(magnet: Magnet) -> dict[str, Any]:
    """A magnet in the words of libtorrent's expectation."""
    hashes = magnet.infohashes
    return {
        "valid": True,
        "v1": hashes.v1.hex() if hashes.v1 else None,
        "v2": hashes.v2.hex() if hashes.v2 else None,
        "dn": magnet.name,
        "tr": list(magnet.trackers),
        "ws": list(magnet.web_seeds),
        "so": list(magnet.selected_files),
        "x_pe": [list(one) for one in magnet.peers],
        "dht": [list(one) for one in magnet.dht_nodes],
    }


def test_recorded_magnets_agree_with_libtorrent(shared_data: Path) -> None:
    """All 68 recorded magnets are valid or not as libtorrent says, and every field of the valid ones agrees."""
    rows = json.loads((shared_data / "torrents/magnets.expected.json").read_text("utf-8"))
    differing: list[tuple[str, object]] = []
    for row in rows:
        try:
            told = facts(parse_magnet(row["uri"]))
        except MagnetError:
            told = {"valid": False}
        wanted = {name: row["libtorrent"].get(name) for name in told}
        if told != wanted:
            differing.append((row["uri"], told))
    agreed = len(rows) - len(differing)
    assert (agreed, len(rows)) == (68, 68), f"{agreed} of {len(rows)} magnets agree: {differing}"
