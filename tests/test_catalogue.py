"""Catalogue files: assets, prints and checksum lists, each error with its line and field."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.catalogue import (
    Imported,
    asset_from_json,
    asset_json,
    file_from_json,
    file_json,
    parse_catalogue,
    with_files,
)
from leakwatch.errors import InputError
from leakwatch.headers.prints import print_of
from leakwatch.headers.stored import to_text
from leakwatch.headers.tensor import Header, Tensor
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.torrent.infohash import PiecesRoot

HEADER = to_text(print_of(Header("safetensors", (Tensor("a.1", "F16", (2, 3)),), 100)))
TEXT = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)


def digest(size: int) -> st.SearchStrategy[bytes | None]:
    """No digest, or one of this many bytes."""
    return st.none() | st.binary(min_size=size, max_size=size)


FILES = st.builds(
    AssetFile,
    path=TEXT,
    size_bytes=st.none() | st.integers(0, 2**60),
    sha256=digest(32),
    sha1=digest(20),
    md5=digest(16),
    pieces_root=digest(32).map(lambda root: PiecesRoot(root) if root else None),
    local_path=st.none() | TEXT,
    mtime_ns=st.none() | st.integers(0, 2**62),
    header=st.none() | st.just(HEADER),
)
ASSETS = st.builds(
    Asset,
    id=TEXT.map(AssetId),
    title=TEXT,
    aliases=st.lists(TEXT, max_size=3, unique=True).map(tuple),
    year=st.none() | st.integers(1, 9999),
    kind=st.none() | TEXT,
    owner=st.none() | TEXT,
    codename=st.none() | TEXT,
    embargoed=st.booleans(),
    critical=st.booleans(),
    swarm_lookup=st.booleans(),
    release_at=st.none() | st.datetimes(datetime(1990, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    release_window_days=st.integers(1, 366),
    infohashes=st.lists(
        st.binary(min_size=20, max_size=20).map(bytes.hex)
        | st.binary(min_size=32, max_size=32).map(bytes.hex),
        max_size=2,
        unique=True,
    ).map(tuple),
    files=st.lists(FILES, max_size=3, unique_by=lambda file: file.path).map(tuple),
)


@given(st.lists(ASSETS, max_size=4, unique_by=lambda asset: asset.id))
@settings(deadline=None)
def test_assets_come_back_from_their_lines(assets: list[Asset]) -> None:
    """A catalogue that is written and read again holds the same assets in the same order."""
    text = "\n".join(json.dumps(asset_json(asset), ensure_ascii=False) for asset in assets)
    assert parse_catalogue(text) == Imported(assets=tuple(assets))


@given(FILES)
def test_prints_come_back_from_their_line(file: AssetFile) -> None:
    """One file's prints survive being written and read, and are read as files where they stand alone."""
    assert file_from_json(file_json(file)) == file
    assert parse_catalogue(json.dumps(file_json(file))).files == (file,)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = (
    st.sampled_from(["id", "title", "aliases", "year", "kind", "owner", "codename", "embargoed"])
    | st.sampled_from(["infohashes", "files", "path", "size_bytes", "sha256", "sha1", "md5"])
    | st.sampled_from(["pieces_root", "local_path", "mtime_ns", "header"])
)
FIELDS = st.dictionaries(KEYS, JSON | st.text("0123456789abcdef", min_size=30, max_size=64))


@given(
    st.text(max_size=200)
    | st.lists(
        FIELDS.map(json.dumps) | st.just('{"id":"a","title":"b"}') | st.just("\ufeff"), max_size=3
    ).map("\n".join)
)
@settings(deadline=None, max_examples=150)
def test_any_text_is_a_catalogue_or_an_error(text: str) -> None:
    """Arbitrary text and arbitrary JSON lines are imported, or refused with the line they fail in."""
    try:
        told = parse_catalogue(text, "c.jsonl")
    except InputError as error:
        told, named = Imported(), error.file
    else:
        named = "c.jsonl"
    assert named == "c.jsonl"
    assert not (told.assets and told.files)


def test_all_but_id_and_title_may_be_left_out() -> None:
    """The shortest line is an asset with nothing else known."""
    assert parse_catalogue('\ufeff{"id":"a","title":" Silent Harbour "}\r\n\n').assets == (
        Asset(id=AssetId("a"), title="Silent Harbour"),
    )


def test_a_full_line_is_read() -> None:
    """Every field of a line lands in its place, repeated aliases once."""
    line = {
        "id": "nw",
        "title": "Northwind M7",
        "aliases": ["nw-m7", "nw-m7", "ノースウインド"],
        "year": 2026,
        "kind": "model",
        "owner": "legal@example.com",
        "codename": "GULL",
        "embargoed": True,
        "critical": True,
        "swarm_lookup": True,
        "infohashes": ["0" * 40, "A" * 32, "f" * 64, "1220" + "f" * 64],
        "files": [{"path": "a.bin", "size_bytes": 7, "sha256": "AB" * 32, "md5": "cd" * 16}],
    }
    asset = parse_catalogue(json.dumps(line)).assets[0]
    assert asset.names == ("Northwind M7", "nw-m7", "ノースウインド")
    assert (asset.year, asset.kind, asset.owner) == (2026, "model", "legal@example.com")
    assert asset.embargoed
    assert asset.critical
    assert asset.swarm_lookup
    assert asset.shown_name == "GULL"
    assert len(asset.infohashes) == 4
    assert asset.files == (AssetFile(path="a.bin", size_bytes=7, sha256=b"\xab" * 32, md5=b"\xcd" * 16),)


def test_checksum_lists_are_read() -> None:
    """Lines of sha256sum, text and binary mode alike, become files with a digest and no size."""
    text = f"{'ab' * 32}  a/one.bin\n{'CD' * 32} *two words.bin\n"
    assert parse_catalogue(text).files == (
        AssetFile(path="a/one.bin", sha256=b"\xab" * 32),
        AssetFile(path="two words.bin", sha256=b"\xcd" * 32),
    )


A = '{"id":"a","title":"A"}'


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("hello", 1, ""),
        (f"{A}\n{{broken", 2, ""),
        ("{" * 5000, 1, ""),
        (f"{A}\n\n{A}", 3, "id"),
        ('{"id":"a"}', 1, "title"),
        ('{"title":"A"}', 1, "id"),
        ('{"id":"a b","title":"A"}', 1, "id"),
        ('{"id":"","title":"A"}', 1, "id"),
        ('{"id":"a","title":"  "}', 1, "title"),
        ('{"id":"a","title":5}', 1, "title"),
        ('{"id":"a","title":"A","aliases":"b"}', 1, "aliases"),
        ('{"id":"a","title":"A","aliases":[1]}', 1, "aliases"),
        ('{"id":"a","title":"A","year":"2021"}', 1, "year"),
        ('{"id":"a","title":"A","year":true}', 1, "year"),
        ('{"id":"a","title":"A","year":0}', 1, "year"),
        ('{"id":"a","title":"A","kind":1}', 1, "kind"),
        ('{"id":"a","title":"A","infohashes":["x"]}', 1, "infohashes"),
        ('{"id":"a","title":"A","files":{"a":1}}', 1, "files"),
        ('{"id":"a","title":"A","files":[{"path":"a"},{"path":"a"}]}', 1, "files"),
        ('{"id":"a","title":"A","files":[{"path":"a","size_bytes":-1}]}', 1, "size_bytes"),
        ('{"id":"a","title":"A","files":[{"path":"a","sha256":"ab"}]}', 1, "sha256"),
        ('{"id":"a","title":"A","files":[{"path":"a","md5":"xy"}]}', 1, "md5"),
        ('{"id":"a","title":"A","files":[{"path":"a","sha1":5}]}', 1, "sha1"),
        ('{"id":"a","title":"A","files":[{"path":"a","header":{"schema":1}}]}', 1, "header"),
        ('{"path":"a","header":"{}"}', 1, "header"),
        ('{"path":"a","header":"{"}', 1, "header"),
        (json.dumps({"path": "a", "header": HEADER.replace("[2,3]", "[3,2]")}), 1, "header"),
        ('{"path":""}', 1, ""),
        ('{"path":"a"}\n{"path":"a","size_bytes":1}', 2, ""),
        (f'{A}\n{{"path":"a"}}', 0, ""),
    ],
)
def test_a_mistake_is_named_by_line_and_field(text: str, line: int, field: str) -> None:
    """The first mistake is told with file, line and field, and nothing is imported."""
    with pytest.raises(InputError) as caught:
        parse_catalogue(text, "c.jsonl")
    assert (caught.value.file, caught.value.line, caught.value.field) == ("c.jsonl", line, field)
    assert "c.jsonl" in caught.value.message


@pytest.mark.parametrize("told", [{"id": "x" * 201, "title": "a"}, {"id": None, "title": "a"}, {}])
def test_an_asset_without_a_usable_id_is_refused(told: dict[str, Any]) -> None:
    """An id is text of at most two hundred characters."""
    with pytest.raises(InputError):
        asset_from_json(told)


def test_files_are_added_by_path() -> None:
    """Added files replace those of the same path and leave the others alone."""
    old = (AssetFile(path="a", size_bytes=1), AssetFile(path="b", size_bytes=2))
    new = (AssetFile(path="b", size_bytes=3), AssetFile(path="c", size_bytes=4))
    asset = with_files(Asset(id=AssetId("x"), title="X", files=old), new)
    assert [(file.path, file.size_bytes) for file in asset.files] == [("a", 1), ("b", 3), ("c", 4)]


@pytest.mark.parametrize(
    ("told", "hour"),
    [("2027-03-01", 0), ("2027-03-01T18:00", 18), ("2027-03-01T18:00:00+02:00", 16)],
)
def test_release_is_a_time(told: str, hour: int) -> None:
    """A release is a date, which begins at midnight in UTC, or a time with or without a zone."""
    asset = asset_from_json({"id": "a", "title": "A", "release_at": told, "release_window_days": 3})
    release = datetime(2027, 3, 1, hour, tzinfo=UTC)
    assert asset.release_at == release
    assert asset.in_release_window(release - timedelta(days=3))
    assert asset.in_release_window(release + timedelta(days=3))
    assert not asset.in_release_window(release + timedelta(days=3, seconds=1))
    assert not asset_from_json({"id": "a", "title": "A"}).in_release_window(release)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("release_at", "soon"),
        ("release_at", 20270301),
        ("release_window_days", 0),
        ("release_window_days", True),
        ("release_window_days", 1000),
        ("release", "2027-03-01"),
    ],
)
def test_no_release(field: str, value: object) -> None:
    """What is no date, no number of days or nearly the right key is an error that names the field."""
    with pytest.raises(InputError) as caught:
        asset_from_json({"id": "a", "title": "A", field: value})
    assert caught.value.field == field
