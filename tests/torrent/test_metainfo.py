"""Torrent files: which torrent it is, what it holds, whether it is valid; with libtorrent as the second opinion."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import libtorrent as lt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.errors import LeakwatchError, MetainfoError
from leakwatch.torrent.bencode import Value, encode
from leakwatch.torrent.infohash import Infohashes
from leakwatch.torrent.metainfo import Torrent, TorrentInfo, infohashes_of, parse_info, parse_torrent

KIB = 1024
VERSIONS = pytest.mark.parametrize(
    "version", [lt.create_torrent.v1_only, lt.create_torrent.v2_only, 0], ids=["v1_only", "v2_only", "hybrid"]
)
CONTENTS = {"a/weights.bin": 100_000, "a/Лицензия.txt": 1234, "b.empty": 0, "c.bin": 64 * KIB}
V1: dict[bytes, Value] = {
    b"name": b"release",
    b"piece length": 16 * KIB,
    b"pieces": bytes(40),
    b"files": [{b"length": 20_000, b"path": [b"a"]}, {b"length": 10, b"path": [b"d", b"b"]}],
}
SINGLE: dict[bytes, Value] = {
    b"name": b"one.bin",
    b"piece length": 16 * KIB,
    b"pieces": bytes(20),
    b"length": 5,
}
LEAF: dict[bytes, Value] = {b"": {b"length": 70_000, b"pieces root": b"r" * 32}}
V2: dict[bytes, Value] = {
    b"name": b"release",
    b"piece length": 64 * KIB,
    b"meta version": 2,
    b"file tree": {b"a": LEAF, b"d": {b"b": {b"": {b"length": 0}}}},
}
# libtorrent renames these files so that they can be written to a disk; we keep the names as they came.
RENAMED = frozenset(
    [
        "libtorrent__absolute_filename.torrent",
        "libtorrent__backslash_path.torrent",
        "libtorrent__duplicate_files.torrent",
        "libtorrent__invalid_directory_name.torrent",
        "libtorrent__invalid_filename.torrent",
        "libtorrent__invalid_filename2.torrent",
        "libtorrent__invalid_name2.torrent",
        "libtorrent__slash_path3.torrent",
        "libtorrent__symlink_filtered_path.torrent",
        "libtorrent__v2_invalid_filename.torrent",
    ]
)


def torrent_of(info: Mapping[bytes, Value], **around: Value) -> Torrent:
    """A torrent file with this info dictionary, read."""
    return parse_torrent(
        encode({b"info": dict(info)} | {name.encode(): value for name, value in around.items()})
    )


def made_by_libtorrent(folder: Path, contents: Mapping[str, int], version: int) -> bytes:
    """A torrent file that libtorrent makes of random files of these sizes."""
    top = folder / "release"
    for path, size in contents.items():
        place = top / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(random.Random(path).randbytes(size))
    source = top / next(iter(contents)) if len(contents) == 1 else top
    made = lt.create_torrent(lt.list_files(str(source)), 16 * KIB, version)
    made.add_tracker("udp://tracker.example:6969/announce", 0)
    lt.set_piece_hashes(made, str(source.parent))
    return bytes(lt.bencode(made.generate()))


@VERSIONS
@pytest.mark.parametrize("contents", [{"one.bin": 50_001}, CONTENTS], ids=["one file", "several"])
def test_agrees_with_libtorrent_on_its_own_torrents(
    version: int, contents: dict[str, int], tmp_path: Path
) -> None:
    """Infohashes, name, piece length, trackers and files of each version are what libtorrent says they are."""
    data = made_by_libtorrent(tmp_path, contents, version)
    params = lt.load_torrent_buffer(data)
    theirs, info = params.info_hashes, params.ti
    ours = parse_torrent(data)
    assert ours.problems == ()
    assert ours.info is not None
    assert ours.infohashes == ours.info.infohashes == infohashes_of(ours.raw_info)
    assert ours.infohashes.v1 == (bytes.fromhex(str(theirs.v1)) if theirs.has_v1() else None)
    assert ours.infohashes.v2 == (bytes.fromhex(str(theirs.v2)) if theirs.has_v2() else None)
    assert (ours.info.name, ours.info.piece_length) == (info.name(), info.piece_length())
    assert list(ours.trackers) == params.trackers == ["udp://tracker.example:6969/announce"]
    layout = info.layout()
    pad = lt.file_flags_t.flag_pad_file
    wanted = [
        (layout.file_path(i), layout.file_size(i))
        for i in range(layout.num_files())
        if not layout.file_flags(i) & pad
    ]
    assert [(file.path, file.size_bytes) for file in ours.info.files if not file.is_pad] == wanted
    assert ours.info.size_bytes == sum(contents.values())


@VERSIONS
def test_offsets_and_roots_follow_the_version(version: int, tmp_path: Path) -> None:
    """A v1 list gives offsets that include padding, a v2 tree gives roots, and a hybrid gives both."""
    info = parse_torrent(made_by_libtorrent(tmp_path, CONTENTS, version)).info
    assert info is not None
    real = [file for file in info.files if not file.is_pad]
    has_v1, has_v2 = version != lt.create_torrent.v2_only, version != lt.create_torrent.v1_only
    assert all((file.offset is not None) is has_v1 for file in real)
    assert all((file.pieces_root is not None) is (has_v2 and file.size_bytes > 0) for file in real)
    assert bool(info.pieces) is has_v1
    if has_v1:
        position = 0
        for file in info.files:
            assert file.offset == position
            position += file.size_bytes
    if has_v1 and has_v2:
        assert all((file.offset or 0) % (16 * KIB) == 0 for file in real if file.size_bytes)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({b"piece length": 0}, "piece length"),
        ({b"piece length": -1}, "piece length"),
        ({b"piece length": b"x"}, "piece length"),
        ({b"name": b"\0\0"}, "no name"),
        ({b"name": 1}, "no name"),
        ({b"pieces": bytes(39)}, "pieces is missing"),
        ({b"pieces": bytes(60)}, "do not cover"),
        ({b"pieces": 1}, "pieces is missing"),
        ({b"files": b"x"}, "files is not a list"),
        ({b"files": []}, "names no files"),
        ({b"files": [1]}, "an entry of files"),
        ({b"files": [{b"length": 1}]}, "no path"),
        ({b"files": [{b"length": 1, b"path": []}]}, "path is not a list"),
        ({b"files": [{b"length": 1, b"path": [1]}]}, "path is not a list"),
        ({b"files": [{b"length": -1, b"path": [b"a"]}]}, "length is missing"),
        ({b"files": [{b"length": 2**49, b"path": [b"a"]}]}, "length is missing"),
        ({b"files": [{b"length": 2**48, b"path": [b"a"]}] * 2}, "add up"),
        ({b"files": [{b"attr": b"l", b"path": [b"a"]}]}, "no target"),
        ({b"meta version": 2}, "no file tree"),
        ({b"meta version": 2, b"file tree": {b"a": {b"": {b"length": 1}}}}, "no pieces root"),
        ({b"meta version": 2, b"file tree": {b"a": LEAF}}, "file lists differ"),
        ({b"meta version": 2, b"file tree": {b"a": 1}}, "file tree is not a dictionary"),
        ({b"meta version": 2, b"file tree": {b"": {b"length": 0}}}, "file tree is not a dictionary"),
        (
            {b"meta version": 2, b"file tree": {b"a": {b"": {b"attr": b"p", b"length": 9}}}},
            "marked as padding",
        ),
        ({b"meta version": 2, b"piece length": 24 * KIB}, "power of two"),
    ],
)
def test_a_broken_torrent_still_has_its_infohash(change: dict[bytes, Value], reason: str) -> None:
    """A rule that is broken leaves no content to read, names the rule, and still says which torrent it is."""
    info = V1 | change
    told = torrent_of(info)
    raw = encode(info)
    assert told.info is None
    assert len(told.problems) == 1
    assert reason in told.problems[0]
    assert told.raw_info == raw
    assert told.infohashes.v1 == hashlib.sha1(raw).digest()
    assert told.infohashes.v2 == (hashlib.sha256(raw).digest() if b"meta version" in change else None)
    with pytest.raises(MetainfoError, match=reason):
        parse_info(raw)


@pytest.mark.parametrize(
    "data",
    [b"", b"junk", b"le", b"i1e", b"de", b"d4:infoi1ee", b"d4:infolee", b"d4:info", encode({b"name": b"x"})],
)
def test_without_an_info_dictionary_it_is_no_torrent(data: bytes) -> None:
    """What has no info dictionary to hash is refused."""
    with pytest.raises(MetainfoError):
        parse_torrent(data)


def test_the_bytes_as_written_are_hashed() -> None:
    """Unsorted and repeated keys count as they stand: the reader does not write them anew."""
    raw = b"d6:pieces20:" + bytes(20) + b"12:piece lengthi16384e4:name1:x4:name1:y6:lengthi5ee"
    told = parse_torrent(b"d4:info" + raw + b"8:announce11:udp://a.b:1e")
    assert told.infohashes == Infohashes(v1=hashlib.sha1(raw).digest())
    assert told.info is not None
    assert told.info.name == "x"


def test_an_integer_written_too_long_is_a_problem() -> None:
    """A leading zero makes the torrent invalid for clients; its infohash is told all the same."""
    told = parse_torrent(b"d4:info" + encode(SINGLE).replace(b"i5e", b"i05e") + b"e")
    assert told.info is None
    assert "shortest form" in told.problems[0]


def test_names_stay_raw_and_are_shown_decoded() -> None:
    """Names that are not UTF-8 are kept to the byte and shown with replacement characters."""
    told = torrent_of(
        V1 | {b"name": b"x\xff", b"files": [{b"length": 20_000, b"path": [b"\xfe", b"b"]}]}
    ).info
    assert told is not None
    assert (told.raw_name, told.name) == (b"x\xff", "x\ufffd")
    assert (told.files[0].raw_path, told.files[0].path) == ((b"x\xff", b"\xfe", b"b"), "x\ufffd/\ufffd/b")


def test_utf8_fields_come_first() -> None:
    """Where a writer gave a name twice, the one that says it is UTF-8 counts."""
    entry: dict[bytes, Value] = {b"length": 20_000, b"path": [b"\x82"], b"path.utf-8": ["é".encode()]}
    told = torrent_of(V1 | {b"name.utf-8": "静か".encode(), b"files": [entry]}).info
    assert told is not None
    assert (told.name, told.files[0].path) == ("静か", "静か/é")


@pytest.mark.parametrize(
    "pad",
    [
        {b"length": 12_768, b"attr": b"p", b"path": [b".pad", b"12768"]},
        {b"length": 12_768, b"attr": b"p"},
        {b"length": 12_768, b"path": [b"_____padding_file_0_if you see this file"]},
    ],
    ids=["BEP 47", "without a path", "BitComet"],
)
def test_padding_is_no_content(pad: dict[bytes, Value]) -> None:
    """Padding moves the files behind it and counts neither as a file nor in the size."""
    files: list[Value] = [
        {b"length": 20_000, b"path": [b"a"]},
        pad,
        {b"length": 10, b"path": [b"b"]},
    ]
    told = torrent_of(V1 | {b"files": files, b"pieces": bytes(60)}).info
    assert told is not None
    assert [file.is_pad for file in told.files] == [False, True, False]
    assert told.size_bytes == 20_010
    assert told.files[2].offset == 32_768


def test_symbolic_links_hold_no_bytes() -> None:
    """A link (BEP 47) is listed with size 0, whatever length it claims."""
    link: Value = {b"attr": b"l", b"length": 999, b"path": [b"l"], b"symlink path": [b"a"]}
    told = torrent_of(V1 | {b"files": [{b"length": 20_000, b"path": [b"a"]}, link]}).info
    assert told is not None
    assert [file.size_bytes for file in told.files] == [20_000, 0]


def test_a_v2_tree_is_read_in_order() -> None:
    """Files of a v2 tree stand below the torrent's name, with roots, and without offsets."""
    told = torrent_of(V2).info
    assert told is not None
    assert told.infohashes.v1 is None
    assert [(file.path, file.size_bytes, file.offset) for file in told.files] == [
        ("release/a", 70_000, None),
        ("release/d/b", 0, None),
    ]
    assert told.files[0].pieces_root == b"r" * 32


def test_a_v2_tree_has_order_and_depth() -> None:
    """A tree out of order and a tree without end are refused."""
    unsorted = encode(V2).replace(b"1:ad0:d6:length", b"1:zd0:d6:length")
    with pytest.raises(MetainfoError, match="not sorted"):
        parse_info(unsorted)
    deep: Value = LEAF
    for _ in range(97):
        deep = {b"x": deep}
    with pytest.raises(MetainfoError, match="nested deeper"):
        parse_info(encode(V2 | {b"file tree": {b"x": {b"x": {b"x": deep}}}}))


def layered(pieces: int, layer: bytes | None = None, root: bytes | None = None) -> Torrent:
    """A v2 torrent of one file of so many pieces of 16 KiB, with a piece layer."""
    nodes = [hashlib.sha256(bytes([n])).digest() for n in range(pieces)]
    padded = nodes + [bytes(32)] * (4 - pieces)
    left, right = (hashlib.sha256(padded[i] + padded[i + 1]).digest() for i in (0, 2))
    good = hashlib.sha256(left + right).digest()
    tree: dict[bytes, Value] = {b"a": {b"": {b"length": pieces * 16 * KIB, b"pieces root": good}}}
    info = V2 | {b"piece length": 16 * KIB, b"file tree": tree}
    return torrent_of(info, **{"piece layers": {root or good: b"".join(nodes) if layer is None else layer}})


@pytest.mark.parametrize(
    ("layer", "root", "problem"),
    [
        (None, None, ""),
        (bytes(64), None, "wrong length"),
        (bytes(96), None, "does not hash"),
        (None, bytes(32), "belongs to no file"),
    ],
)
def test_piece_layers_are_checked(layer: bytes | None, root: bytes | None, problem: str) -> None:
    """A piece layer that does not hash to its root is a problem, and the content is told all the same."""
    told = layered(3, layer, root)
    assert told.info is not None
    assert (problem in told.problems[0]) if problem else told.problems == ()


def test_trackers_and_seeds_are_told_once() -> None:
    """Trackers of all tiers come in order, without repeats and without what no tracker speaks."""
    tiers: Value = [[b" udp://a:1 ", b"http://b/"], [b"udp://a:1", b"ftp://c", 5], b"wss://d", 7]
    told = torrent_of(
        SINGLE,
        **{
            "announce": b"http://unused/",
            "announce-list": tiers,
            "url-list": b"http://w/",
            "httpseeds": [b"h", 1],
        },
    )
    assert told.trackers == ("udp://a:1", "http://b/", "wss://d")
    assert told.web_seeds == ("http://w/", "h")
    assert torrent_of(SINGLE, announce=b"udp://only:1").trackers == ("udp://only:1",)


MUTABLE = [encode({b"info": info, b"announce": b"udp://a:1"}) for info in (V1, SINGLE, V2)]


@given(st.sampled_from(MUTABLE), st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=6)), max_size=4))
@settings(deadline=None, max_examples=300)
def test_a_damaged_torrent_is_read_or_refused(data: bytes, changes: list[tuple[int, bytes]]) -> None:
    """Damage anywhere gives a torrent named by the hash of its raw info bytes, or a MetainfoError."""
    for at, instead in changes:
        data = data[: at % len(data)] + instead + data[at % len(data) + len(instead) :]
    try:
        told = parse_torrent(data)
    except MetainfoError:
        return
    assert told.raw_info in data
    assert told.infohashes.v1 in (None, hashlib.sha1(told.raw_info).digest())
    assert told.infohashes.v2 in (None, hashlib.sha256(told.raw_info).digest())
    assert (told.info is None) <= bool(told.problems)


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_a_torrent_or_an_error(data: bytes) -> None:
    """Arbitrary bytes, as a torrent file or as an info dictionary from a peer, give a value or a LeakwatchError."""
    for parse in (parse_torrent, parse_info, infohashes_of):
        try:
            told = parse(data)
        except LeakwatchError:
            continue
        assert isinstance(told, Torrent | TorrentInfo | Infohashes)


INFO_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        name: st.recursive(
            st.sampled_from([0, 1, 2, -1, 16384, 2**48, b"", b"a", b"p", b"l", bytes(20), bytes(32)]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [b"", b"a", b"b", b"length", b"path", b"attr", b"pieces root", b"symlink path"]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=8,
        )
        for name in (
            b"name",
            b"piece length",
            b"pieces",
            b"files",
            b"length",
            b"file tree",
            b"meta version",
            b"private",
            b"name.utf-8",
        )
    },
)


@given(INFO_FIELDS, INFO_FIELDS)
@settings(deadline=None, max_examples=150)
def test_any_info_dictionary_keeps_its_name(info: dict[bytes, Value], layers: dict[bytes, Value]) -> None:
    """Whatever the fields of the info dictionary hold, its infohash is told, and what was wrong with it."""
    told = torrent_of(info, **{"piece layers": layers, "announce-list": list(layers.values())})
    raw = encode(info)
    assert told.infohashes.swarm_keys[0] in (hashlib.sha1(raw).digest(), hashlib.sha256(raw).digest()[:20])
    assert (told.info is None) <= bool(told.problems)


def recorded(shared_data: Path) -> list[tuple[dict[str, Any], bytes]]:
    """Every recorded torrent with what libtorrent says of it."""
    folder = shared_data / "torrents"
    rows = json.loads((folder / "torrents.expected.json").read_text("utf-8"))
    return [(row, (folder / "torrents" / row["file"]).read_bytes()) for row in rows]


def read(data: bytes) -> Torrent | None:
    """The torrent, or None where there is no info dictionary."""
    try:
        return parse_torrent(data)
    except MetainfoError:
        return None


def test_recorded_torrents_have_their_infohash(shared_data: Path) -> None:
    """All 96 recorded info dictionaries hash as recorded, and the 3 files without one are refused."""
    agreed = refused = 0
    for row, data in recorded(shared_data):
        told = read(data)
        if told is None:
            refused += 1
            assert not row["libtorrent"]["loads"], row["file"]
            continue
        sums = (hashlib.sha1(told.raw_info).hexdigest(), hashlib.sha256(told.raw_info).hexdigest())
        wanted = row["raw_info"]
        assert sums == (wanted["sha1"], wanted["sha256"]), row["file"]
        is_v2 = wanted["meta_version"] == 2
        assert told.infohashes.v2 == (bytes.fromhex(sums[1]) if is_v2 else None), row["file"]
        if row["libtorrent"]["loads"]:
            v1 = row["libtorrent"]["v1"]
            assert told.infohashes.v1 == (bytes.fromhex(v1) if v1 else None), row["file"]
        agreed += 1
    assert (agreed, refused) == (96, 3), f"{agreed} of 99 agree, {refused} have no info dictionary"


def test_recorded_torrents_are_valid_as_libtorrent_says(shared_data: Path) -> None:
    """Each of the 99 recorded torrents is valid exactly where libtorrent loads it."""
    differing = []
    rows = recorded(shared_data)
    for row, data in rows:
        told = read(data)
        valid = told is not None and told.info is not None and not told.problems
        if valid is not row["libtorrent"]["loads"]:
            differing.append((row["file"], told.problems if told else "no info dictionary"))
    agreed = len(rows) - len(differing)
    assert (agreed, len(rows)) == (99, 99), f"{agreed} of {len(rows)} agree: {differing}"


def test_recorded_torrents_hold_what_libtorrent_lists(shared_data: Path) -> None:
    """Sizes agree for all 69 that load and paths for the 59 whose names libtorrent leaves as they are."""
    same_sizes = same_paths = same_facts = 0
    for row, data in recorded(shared_data):
        theirs = row["libtorrent"]
        if not theirs["loads"]:
            continue
        told = read(data)
        assert told is not None
        assert told.info is not None, row["file"]
        ours = [(file.path, file.size_bytes) for file in told.info.files if not file.is_pad]
        wanted = [(path, size) for path, size, is_pad in theirs["files"] if not is_pad]
        assert [size for _, size in ours] == [size for _, size in wanted], row["file"]
        assert told.info.size_bytes == sum(size for _, size in wanted), row["file"]
        same_sizes += 1
        assert (ours == wanted) is (row["file"] not in RENAMED), (row["file"], ours[:3], wanted[:3])
        same_paths += ours == wanted
        same_facts += (list(told.trackers), told.info.private) == (theirs["trackers"], theirs["private"])
    assert (same_sizes, same_paths, same_facts) == (69, 59, 69)
