"""Locators in text and markup: found in every disguise, found where they stand, and not found in commits."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leakwatch.extract.ed2k import parse_ed2k
from leakwatch.extract.links import MAX_TEXT, find_locators, locate, plain
from leakwatch.model.observation import Locator, LocatorKind, Observation
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2, SwarmKey
from leakwatch.torrent.magnet import parse_magnet

V1 = InfohashV1(bytes.fromhex("c12fe1c06bba254a9dc9f519b335aa7c1367a88a"))
V2 = InfohashV2(bytes.fromhex("caf1e1c30e81cb361b9ee167c4aa64228a7fa4fa9f6105232b28ad099f3a302e"))
HEX, HEX2 = V1.hex(), V2.hex()
OTHER = "deadbeef00112233445566778899aabbccddeeff"
BASE32 = base64.b32encode(V1).decode()
MAGNET = f"magnet:?xt=urn:btih:{HEX}"
FULL = f"{MAGNET}&dn=Northwind.M7&tr=udp://t.example:1/announce"


def seen(text: str | None = None, **fields: object) -> Observation:
    """An observation with this text and these fields."""
    told = {"site": "board", "native_id": "1", "title": "", "fetched_at": datetime(2026, 11, 20, tzinfo=UTC)}
    return Observation(**(told | {"text": text} | fields))


def only(text: str) -> Locator:
    """The one locator of a text."""
    found = find_locators(text)
    assert len(found) == 1, found
    return found[0]


def swarms(locators: tuple[Locator, ...]) -> set[SwarmKey]:
    """The swarms that locators name."""
    return {key for one in locators if one.infohashes for key in one.infohashes.swarm_keys}


@pytest.mark.parametrize(
    ("text", "value", "hashes"),
    [
        (MAGNET, MAGNET, Infohashes(v1=V1)),
        (f"MAGNET:?xt=urn:btih:{HEX.upper()}", f"MAGNET:?xt=urn:btih:{HEX.upper()}", Infohashes(v1=V1)),
        (f"magnet:?xt=urn:btih:{BASE32}", f"magnet:?xt=urn:btih:{BASE32}", Infohashes(v1=V1)),
        (f"magnet:?xt=urn:btmh:1220{HEX2}", f"magnet:?xt=urn:btmh:1220{HEX2}", Infohashes(v2=V2)),
        (f"{MAGNET}&xt=urn:btmh:1220{HEX2}", f"{MAGNET}&xt=urn:btmh:1220{HEX2}", Infohashes(v1=V1, v2=V2)),
        (f"magnet:?dn=a&xt=urn:btih:{HEX}", f"magnet:?dn=a&xt=urn:btih:{HEX}", Infohashes(v1=V1)),
    ],
    ids=["hex", "capitals", "base32", "btmh", "hybrid", "topic last"],
)
def test_every_form_of_magnet_is_found(text: str, value: str, hashes: Infohashes) -> None:
    """Each form of magnet URI in plain text is found as it stands, with its infohashes."""
    assert find_locators(f"take {text} now") == (Locator(LocatorKind.MAGNET, value, hashes, 5),)


@pytest.mark.parametrize(
    "written",
    [
        f"mag<wbr>net:?xt=urn:btih:{HEX[:20]}<wbr>{HEX[20:]}&amp;dn=N",
        f"<b>magnet</b>:?xt=urn:<i>btih</i>:{HEX}&dn=N",
        f"magnet:?xt=urn:btih:{HEX[:7]}</span><span class='x'>{HEX[7:]}&amp;dn=N",
        f"m&#97;gnet:?xt=urn&#x3A;btih:{HEX}&amp;dn=N",
        f"magnet:?xt=urn&colon;btih&colon;{HEX}&amp;dn=N",
        f"mag\u200bnet:?xt=urn:bt\u2060ih:{HEX[:9]}\ufeff{HEX[9:]}&dn=N",
        f"mag\u202enet:?xt=urn:btih:{HEX[:9]}\u2066{HEX[9:]}&#8238;&dn=N",
        f"mag&#8203;net:?xt=urn:btih:{HEX[:9]}&shy;{HEX[9:]}&dn=N",
        f"magnet:?xt=urn:btih:<!-- {OTHER} -->{HEX}&dn=N",
    ],
    ids=["wbr", "b", "span", "numeric", "named", "zero width", "bidi", "zero width entities", "comment"],
)
def test_disguise_does_not_hide_a_magnet(written: str) -> None:
    """Markup, entities and invisible characters inside a magnet URI leave no trace in what is read."""
    found = only(f"Grüße: {written} !")
    assert found.value == f"{MAGNET}&dn=N"
    assert found.infohashes == Infohashes(v1=V1)
    assert found.decode_chain == ("html",)
    assert found.offset == 7 + (3 if written.startswith("<b>") else 0)


@pytest.mark.parametrize(
    "written", ["<!-- {} -->", "--><svg onload=x><!--\n{}\n--><svg>", "<!--{}--><!--{}-->"]
)
def test_a_comment_hides_no_magnet(written: str) -> None:
    """What is a comment to HTML is shown by sites that read Markdown: what stands in it counts."""
    assert only(f"text {written.format(FULL, FULL)} text").value == FULL


def test_a_line_break_ends_a_magnet() -> None:
    """A `<br>` is where the line ends, not a gap inside the URI."""
    assert only(f"{MAGNET}<br>seed please").value == MAGNET


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="{}">get it</a>',
        "<a class=x href='{}'>get it</a>",
        '<input value="{}">',
        '<button data-clipboard-text="{}">copy</button>',
        '<meta content="{}">',
        '<a href = "/out?n=1&amp;u={}">get it</a>',
    ],
)
@pytest.mark.parametrize(("written", "chain"), [(MAGNET, ()), (FULL.replace("&", "&amp;"), ("html",))])
def test_a_magnet_in_an_attribute_only_is_found(markup: str, written: str, chain: tuple[str, ...]) -> None:
    """A link that stands in no text is found at its place in the markup, with its entities decoded."""
    text = markup.format(written)
    found = only(text)
    assert found.value == written.replace("&amp;", "&")
    assert found.offset == text.index("magnet:")
    assert found.decode_chain in (chain, ("html",) if "/out?n=1&amp;" in markup else chain)


def test_the_fullest_of_the_same_magnets_is_told() -> None:
    """A magnet that stands in the text and with more fields in `href` is told once, with the fields."""
    found = only(f'<a href="{FULL}">{MAGNET}</a> and infohash {HEX}')
    assert (found.kind, found.value) == (LocatorKind.MAGNET, FULL)


def test_several_magnets_come_in_order() -> None:
    """Each torrent of a text is told once, in the order of the text."""
    text = f"1. magnet:?xt=urn:btih:{OTHER}, 2. {MAGNET}; 3. magnet:?xt=urn:btmh:1220{HEX2}."
    found = find_locators(text)
    assert [str(one.infohashes) for one in found] == [OTHER, HEX, HEX2]
    assert [text[one.offset :][: len(one.value)] for one in found] == [one.value for one in found]


@pytest.mark.parametrize(
    "around", ["{}.", "({})", "[{}]", "{}, then", "**{}**", "{}!", "<{}>", "“{}”…", "`{}`"]
)
@pytest.mark.parametrize(
    "value", [MAGNET, "https://a.example/x.torrent", "http://a.example/x.torrent?passkey=1&n=2"]
)
def test_punctuation_around_is_not_part_of_it(around: str, value: str) -> None:
    """Sentence marks, brackets, quotes and Markdown around a locator are left out."""
    if around.startswith("“") and value == MAGNET:
        around = "“{} ”"  # a curly quote may stand in a URI's display name
    found = only(around.format(value).replace("”", " ”"))
    assert found.value == value
    assert found.offset == around.index("{")


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/x.torrents",
        "https://a.example/x.torrent.html",
        "https://a.example/x.torrent-file",
        "ftp://a.example/x.torrent",
        "x.torrent",
        "https://a.example/ torrent",
    ],
)
def test_what_is_no_torrent_url_is_left_alone(text: str) -> None:
    """Only a web address whose path ends in .torrent is a torrent URL."""
    assert find_locators(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        f"btih: {HEX}",
        f"Infohash {HEX.upper()}",
        f"info_hash={HEX}",
        f"Hash: {HEX}",
        f"хеш торрента: {HEX}",
        f"磁力 {HEX}",
        f"{HEX}.torrent",
        f"{HEX} (torrent)",
        f"urn:btih:{HEX}",
        f"v1 hash\n{HEX}\n",
        f"see commit {OTHER}, torrent {HEX}",
        f"magnet:?xt=urn:btih:{HEX}&dn=%zz",
    ],
)
def test_a_bare_infohash_is_found_by_the_words_around(text: str) -> None:
    """Forty hex digits that the text calls an infohash, or that end in .torrent, are one."""
    found = only(text)
    assert found.kind is LocatorKind.INFOHASH
    assert found.value == HEX
    assert found.infohashes == Infohashes(v1=V1)


@pytest.mark.parametrize(
    "text",
    [
        HEX,
        f"commit {HEX}",
        f"https://github.com/a/b/commit/{HEX}",
        f"Merged {HEX} into main",
        f"git checkout {HEX}",
        f"sha1: {HEX}",
        f"SHA-256 {HEX2}",
        f"torrent sha256 {HEX2}",
        f"the torrent client, fixed in commit {HEX}",
        f"actions/checkout@{HEX}",
        f"cherry picked from {HEX}",
        f"revision {HEX}",
        f"magnet {HEX}0",
        f"magnet x{HEX}",
        "infohash " + "0" * 40,
        "infohash " + "ab" * 20,
    ],
)
def test_a_commit_or_checksum_is_no_infohash(text: str) -> None:
    """Hex digits that are a commit, a checksum, part of a longer word or a filler are left alone."""
    assert find_locators(text) == ()


@pytest.mark.parametrize("text", [f"urn:btmh:1220{HEX2}", f"btmh: {HEX2}", f"v2 infohash 1220{HEX2}"])
def test_a_bare_v2_infohash_is_found(text: str) -> None:
    """Sixty-four hex digits, with or without the multihash prefix, are a v2 infohash where the text says so."""
    found = only(text)
    assert (found.kind, found.value, found.infohashes) == (LocatorKind.INFOHASH, HEX2, Infohashes(v2=V2))


NOISE = st.sampled_from(
    [
        "word",
        "&amp;",
        "<p>",
        "</p>",
        "<i>x</i>",
        "\u200b",
        "<!-- c -->",
        "ß",
        "静か",
        "&#128512;",
        "\n",
        "<br/>",
        "a < b",
    ]
)


@given(st.lists(st.tuples(st.lists(NOISE, max_size=6), st.integers(0, 3)), min_size=1, max_size=5))
@settings(deadline=None, max_examples=150)
def test_offsets_point_to_where_it_stood(parts: list[tuple[list[str], int]]) -> None:
    """Every offset is the place in the text as the source gave it, whatever markup stood before."""
    text, wanted = "", []
    for number, (noise, form) in enumerate(parts):
        text += " ".join(noise) + "\n"
        digits = f"{number:x}" * 4 + HEX[4:]
        written = [
            f"magnet:?xt=urn:btih:{digits}",
            f"mag<wbr>net:?xt=urn:btih:{digits[:8]}\u200b{digits[8:]}&amp;dn=x",
            f"https://a.example/{number}.torrent",
            f"urn:btih:{digits}",
        ][form]
        wanted.append(len(text))
        text += written + "\n"
    assert [one.offset for one in find_locators(text)] == wanted


PIECES = (
    st.sampled_from([MAGNET, FULL, HEX, "infohash ", "<a href='", '"', "'>", "<", ">", "<!--", "-->"])
    | st.sampled_from(["&amp;", "&#x", ";", "magnet:?", "xt=urn:btih:", "urn:btmh:1220", ".torrent"])
    | st.sampled_from(["https://", "\u200b", "\ud800", "%", "&dn=%", " "])
)


@given(st.text(max_size=300) | st.lists(PIECES, max_size=14).map("".join))
@example(f"{MAGNET}&dn=\ud800%20")
@settings(deadline=None, max_examples=300)
def test_any_text_gives_sound_locators(text: str) -> None:
    """Arbitrary text gives locators in order, inside the text, each told once, each magnet readable."""
    found = find_locators(text)
    assert [one.offset for one in found] == sorted(one.offset for one in found)
    assert all(0 <= one.offset < len(text) for one in found)
    assert len({(one.kind, str(one.infohashes or one.value)) for one in found}) == len(found)
    for one in found:
        if one.kind is LocatorKind.MAGNET:
            assert parse_magnet(one.value).infohashes == one.infohashes
    located = locate(seen(text, title=text[:50], magnet=text, infohash_v1=text, infohash_v2=text))
    assert swarms(located.locators) >= swarms(found)


@pytest.mark.parametrize(
    "text",
    [
        "<!--" * 125_000,
        " ".join(f"magnet:?xt=urn:btih:{n:040x}" for n in range(8_000)),
        f"{MAGNET} " * 8_000,
        "href='" * 80_000,
        "<a " * 160_000,
        "&amp" * 120_000,
        f"infohash {HEX}\n" * 10_000,
        f"{MAGNET}&so=0-9999 " * 2_000,
        "ed2k://|file|a%7C5%7C" * 25_000,
        "ed2k://%7Cfile%7C" * 30_000,
        " ".join(f"ed2k://|file|a|{n}|{HEX[:32]}|" for n in range(1, 10_000)),
    ],
    ids=[
        "comments",
        "magnets",
        "one magnet",
        "attributes",
        "tags",
        "entities",
        "infohashes",
        "selections",
        "open links",
        "open links in links",
        "links",
    ],
)
def test_hostile_text_costs_little(text: str) -> None:
    """Half a megabyte of the costliest repetition is read within two seconds of processor time."""
    began = time.process_time()
    assert len(find_locators(text)) <= 1000
    assert time.process_time() - began < 2


ED2K = "31d6cfe0d16ae931b73c59d7e0c089c0"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (f"ed2k://|file|a.bin|5|{ED2K}|/ed2k://|file|b.bin|6|{ED2K}|/", ["a.bin|5", "b.bin|6"]),
        (f"<b>ed2k</b>://|file|a&amp;b.bin|5|{ED2K.upper()}|h=ABC|/", ["a&b.bin|5"]),
        (f"下载ed2k://|file|重%E8.bin|5|{ED2K}|/下载", ["重\ufffd.bin|5"]),
        (f'<a href="ed2k://%7Cfile%7Ca%20b%7C5%7C{ED2K}%7C/">x</a>', ["a b|5"]),
        (f"ed2k://|file|a%3Cb%25%0A.bin|5|{ED2K}|/", ["a%3Cb%25_.bin|5"]),
        (f"ed2k://|file|a.bin|5|{ED2K[1:]}|/", []),
        (f"ed2k://|file|a.bin|5|{ED2K}0|/", []),
        (f"ed2k://|file|a.bin|-5|{ED2K}|/", []),
        (f"ed2k://|file|a.bin|99999999999999|{ED2K}|/", []),
        (f"ed2k://|file| |5|{ED2K}|/", []),
        ("ed2k://|server|198.51.100.7|4661|/", []),
    ],
)
def test_ed2k_links(text: str, values: list[str]) -> None:
    """A link is found in text and markup and kept as name, size and hash; what lacks one of them is none."""
    found = find_locators(text)
    assert [one.value for one in found] == [f"ed2k://|file|{value}|{ED2K}|/" for value in values]
    assert {one.kind for one in found} <= {LocatorKind.ED2K}
    assert all(text[one.offset :].startswith(("ed2k", "<b>ed2k")) for one in found)


@given(st.text(min_size=1), st.integers(1, 2**43 - 1))
@example('%3C|<>"%25\r\n', 9_728_000)
@example("\x1c" + "%" * 700, 1)
def test_an_ed2k_link_is_read_as_it_was_written(name: str, size: int) -> None:
    """Whatever the name, a link that was read once is read again to the same."""
    link = parse_ed2k(f"ed2k://|file|{quote(name.encode('utf-8', 'replace'), safe='')}|{size}|{ED2K}|/")
    if link:
        assert parse_ed2k(str(link)) == link
    else:
        assert not name.strip() or "|" in name or len(quote(name.encode("utf-8", "replace"), safe="")) > 800


def test_what_lies_beyond_the_limit_is_not_read() -> None:
    """Text beyond two million characters is cut off."""
    assert find_locators(" " * MAX_TEXT + MAGNET) == ()
    assert len(find_locators(" " * (MAX_TEXT - len(MAGNET)) + MAGNET)) == 1


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("a<wbr>b", "ab"),
        ("a<br>b</p>c", "a\nb\nc"),
        ("a &lt;b&gt; &amp;amp;", "a <b> &amp;"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<script>x</script>", "x"),
        ("so\u00adft \u202ehy&#8238;phen", "soft hyphen"),
        ("a<!-- b -->c", "ac"),
        ("&xyzzy; &#0;", "&xyzzy; \ufffd"),
    ],
)
def test_plain_is_what_a_reader_sees(markup: str, shown: str) -> None:
    """Tags and comments fall away, breaks end lines, entities are decoded once."""
    assert plain(markup) == shown


def test_fields_become_locators_beside_the_text() -> None:
    """Magnet, infohashes and torrent URL of the fields come first, those of text and title after, each once."""
    torrent = "https://a.example/x.torrent"
    located = locate(
        seen(
            f"mirror: {torrent} and {MAGNET}",
            title=f"btih {OTHER}",
            magnet=FULL,
            infohash_v1=HEX.upper(),
            infohash_v2=HEX2,
            torrent_url=torrent,
        )
    ).locators
    assert [(one.kind.value, str(one.infohashes or one.value)) for one in located] == [
        ("magnet", HEX),
        ("infohash", HEX2),
        ("torrent_url", torrent),
        ("infohash", OTHER),
    ]
    assert [one.offset for one in located] == [-1, -1, -1, 5]
    assert located[0].value == FULL


def test_an_item_that_disagrees_with_itself_keeps_both() -> None:
    """A magnet and an infohash field that name different torrents are both kept."""
    located = locate(seen(magnet=FULL, infohash_v1=OTHER)).locators
    assert [str(one.infohashes) for one in located] == [HEX, OTHER]


def test_locators_are_found_once() -> None:
    """Locating a located observation again changes nothing."""
    once = locate(seen(f"{FULL} https://a.example/x.torrent", magnet=MAGNET, infohash_v1=OTHER))
    twice = locate(once)
    assert [(one.kind, one.value) for one in twice.locators] == [
        (one.kind, one.value) for one in once.locators
    ]


@pytest.mark.parametrize(
    "fields", [{"infohash_v1": "x"}, {"infohash_v2": "zz"}, {"magnet": "magnet:?dn=x"}, {}]
)
def test_broken_fields_are_no_locators(fields: dict[str, str]) -> None:
    """A field that holds no infohash gives none."""
    assert locate(seen(**fields)).locators == ()
