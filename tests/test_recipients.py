"""Copies for recipients: what is their own is registered with where it differs; what is common is passed over."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leakwatch.assetfiles import Found, Wanted, fingerprint
from leakwatch.errors import InputError
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.recipients import add_variant
from leakwatch.store.repository import SqlRepository

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FILM = AssetId("film")
DATA = random.Random(1).randbytes(1_000_000)


def printed(folder: Path, path: str, data: bytes) -> AssetFile:
    """The prints of a file with whole tables."""
    folder.mkdir(exist_ok=True)
    (folder / path).write_bytes(data)
    return fingerprint(Found(path, folder / path), lambda _: None, Wanted(table_bytes=2**30))


@pytest.fixture
async def known(repository: SqlRepository, tmp_path: Path) -> SqlRepository:
    """A database with the common copy of a film."""
    files = (printed(tmp_path / "a", "film.mkv", DATA), printed(tmp_path / "a", "notes.txt", b"hello" * 10))
    async with repository.writing() as work:
        await work.catalogue.save(Asset(id=FILM, title="Film", files=files), NOON)
    return repository


@pytest.mark.parametrize("is_here", [True, False], ids=["by bytes", "by tables"])
async def test_copy_is_registered_with_where_it_differs(
    known: SqlRepository, tmp_path: Path, is_here: bool
) -> None:
    """Only the differing file is kept, with its blocks that differ, whether bytes or only tables are at hand."""
    changed = DATA[:500_000] + b"MARK" + DATA[500_004:]
    files = [
        printed(tmp_path / "b", "film.mkv", changed),
        printed(tmp_path / "b", "notes.txt", b"hello" * 10),
    ]
    here = files if is_here else [replace(one, local_path=None) for one in files]
    made = await add_variant(FILM, " Acme ", here, known, NOON)
    start = 500_000 // 16384 * 16384
    assert [(one.path, one.variant, one.differs) for one in made.own] == [
        ("film.mkv", "Acme", ((start, start + 16384),))
    ]
    assert made.common == 1
    async with known.reading() as work:
        stored = await work.catalogue.get(FILM)
        assert stored is not None
        assert len(stored.files) == 3
        tabled = await work.catalogue.with_tables(stored.files, 16384)
    assert all(one.tables for one in tabled)
    assert stored.files == tabled


async def test_renamed_copy_finds_its_counterpart(known: SqlRepository, tmp_path: Path) -> None:
    """A copy under another name is held against the only common file of its size."""
    file = printed(tmp_path / "b", "film-acme.mkv", b"!" + DATA[1:])
    made = await add_variant(FILM, "Acme", [file], known, NOON)
    assert (made.own[0].path, made.own[0].differs) == ("film.mkv", ((0, 16384),))


@pytest.mark.parametrize(
    ("name", "match"), [("", "printable"), ("a\nb", "printable"), ("x" * 201, "printable")]
)
async def test_recipient_needs_a_name(known: SqlRepository, name: str, match: str) -> None:
    """A recipient without a printable name is refused."""
    with pytest.raises(InputError, match=match):
        await add_variant(FILM, name, [], known, NOON)


async def test_the_common_copy_tells_nothing(known: SqlRepository, tmp_path: Path) -> None:
    """A copy that is the common one, or one of an unknown asset, is refused and nothing is stored."""
    same = printed(tmp_path / "b", "film.mkv", DATA)
    with pytest.raises(InputError, match="common one in every byte"):
        await add_variant(FILM, "Acme", [same], known, NOON)
    with pytest.raises(InputError, match="no asset"):
        await add_variant(AssetId("other"), "Acme", [same], known, NOON)


async def test_tables_live_as_long_as_their_file(known: SqlRepository) -> None:
    """Saved again without tables a file keeps its own; with the last asset they are gone."""
    async with known.writing() as work:
        asset = await work.catalogue.get(FILM)
        assert asset is not None
        await work.catalogue.save(asset, NOON)
        assert all(one.tables for one in await work.catalogue.with_tables(asset.files, 16384))
        await work.catalogue.remove(FILM)
        assert not any(one.tables for one in await work.catalogue.with_tables(asset.files, 16384))
