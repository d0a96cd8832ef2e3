"""What a person can do, over the real store: assets in and out, findings shown and moved, files read."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leakwatch.assetfiles import PrintCache, fingerprint_paths
from leakwatch.cases import Act, move
from leakwatch.catalogue import asset_from_json
from leakwatch.errors import InputError, MetainfoError
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import (
    STATE_CHANGES,
    EventKind,
    Finding,
    FindingId,
    Match,
    Severity,
    Signal,
    SignalKind,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.ident import slug, words_of
from leakwatch.model.observation import Observation
from leakwatch.service import (
    add_asset,
    import_catalogue,
    list_findings,
    load_weights,
    make_test_alert,
    read_bytes,
    read_text,
    read_torrent,
    remove_asset,
    show_asset,
    show_finding,
)
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MODEL = Asset(
    id=AssetId("model"),
    title="Tideglass 70B",
    aliases=("TG70",),
    year=2026,
    kind="model",
    owner="security@owner.example",
    codename="BLUE-07",
    infohashes=("ab" * 20,),
    files=(AssetFile(path="a.bin", size_bytes=1, sha256=b"a" * 32), AssetFile(path="b.bin", size_bytes=2)),
)
CASE = Finding(
    id=FindingId("LW-1"),
    asset=MODEL.id,
    state=State.NEW,
    verdict=Verdict.LIKELY,
    severity=Severity.HIGH,
    tier=Tier.AUTO,
    score=0.97,
    opened_at=NOON,
    updated_at=NOON,
    title="tideglass weights",
)


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy from."""
    file = tmp_path_factory.mktemp("service") / "empty.db"
    asyncio.run(upgrade(f"sqlite:///{file}"))
    return file


@pytest.fixture
async def store(empty_database: Path, tmp_path: Path) -> AsyncIterator[SqlRepository]:
    """An empty database."""
    file = tmp_path / "leakwatch.db"
    shutil.copy(empty_database, file)
    opened = SqlRepository.open(f"sqlite:///{file}")
    yield opened
    await opened.close()


async def open_case(store: SqlRepository, case: Finding = CASE) -> None:
    """A finding with one sighting."""
    seen = Observation(
        site="board", native_id=case.id, title=case.title, fetched_at=NOON, url=f"https://b.example/{case.id}"
    )
    match = Match(case.asset, case.score, case.tier, (Signal(SignalKind.TITLE, "is the name", 12.5),))
    async with store.writing() as work:
        await work.catalogue.save(MODEL, NOON)
        ids = await work.findings.store([seen])
        await work.findings.save(case)
        await work.findings.add_sighting(case.id, *ids.values(), seen, match)


@given(st.text())
@example("ᴀ\x00\x1b[31m")
def test_slug_is_a_usable_id(title: str) -> None:
    """Any title gives an id of lower-case words and dashes, always the same, that the catalogue takes."""
    ident = slug(title)
    assert re.fullmatch(r"[a-z0-9-]{2,60}", ident)
    assert slug(title) == ident
    assert asset_from_json({"id": ident, "title": "x"}).id == ident


@pytest.mark.parametrize(
    ("title", "ident"),
    [
        ("Tideglass 70B", "tideglass-70b"),
        ("  L'Été — à deux!  ", "l-ete-a-deux"),
        ("Ｆｕｌｌ ｗｉｄｔｈ", "full-width"),
        ("x" * 100, f"{'x' * 49}-09ecb6ebc8"),
    ],
)
def test_slug_of_a_title(title: str, ident: str) -> None:
    """Accents fall, other marks become dashes, long titles are cut."""
    assert slug(title) == ident


@pytest.mark.parametrize(
    ("names", "ident", "words"),
    [
        (("Quiet Harbour", "Stille"), "quiet-harbour-2", ["quiet", "harbour", "quietharbour"]),
        (("Quiet Harbour",), "the-harbours", ["harbour"]),
        (("L'Été",), "ete", ["ete"]),
        (("Été",), "ete", ["ete"]),
        (("Up",), "up", ["up"]),
        (("Up",), "upland", []),
        (("潮玻璃",), "潮玻璃", ["潮玻璃"]),
        (("The Heron of 1999",), "the-asset-7", []),
        (("Quiet Harbour",), "asset-0f3a9c21d4", []),
    ],
)
def test_words_of_names_in_an_id(names: tuple[str, ...], ident: str, words: list[str]) -> None:
    """Words that tell something are found, in any case and accent; short and common ones alone are not."""
    assert words_of(names, ident) == words


def test_slugs_without_latin_letters_differ() -> None:
    """Titles that have no Latin letters get ids that differ from one another."""
    made = {slug(title) for title in ("潮玻璃", "タイドグラス", "Стекло", "C", "C++", "!", "")}
    assert len(made) == 7
    assert all(one.startswith("asset-") for one in made)


def test_weights_are_shipped() -> None:
    """The shipped weights load, and the thresholds are in order."""
    weights = load_weights()
    assert 0 < weights["review"] < weights["auto"] < 1


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda file: None, "cannot be read: No such file"),
        (lambda file: file.mkdir(), "cannot be read: Is a directory"),
        (lambda file: file.write_bytes(b"x" * 100_001), "larger than 100000 bytes"),
    ],
    ids=["missing", "folder", "large"],
)
def test_file_that_cannot_be_read(tmp_path: Path, make: object, part: str) -> None:
    """A file that cannot be read is an InputError with its name, for text and bytes alike."""
    file = tmp_path / "x"
    assert callable(make)
    make(file)
    for read in (read_text, read_bytes):
        with pytest.raises(InputError, match=part) as caught:
            read(file, 100_000)
        assert caught.value.file == str(file)


def test_text_is_utf_8(tmp_path: Path) -> None:
    """A text that is not UTF-8 is refused with the place of the first wrong byte; bytes are bytes."""
    file = tmp_path / "x"
    file.write_bytes(b"ab\xff")
    with pytest.raises(InputError, match="not UTF-8: invalid start byte at byte 2"):
        read_text(file)
    assert read_bytes(file, 10) == b"ab\xff"


def test_torrent_file(tmp_path: Path) -> None:
    """A torrent is read from its file; what is none is a MetainfoError, what is not there an InputError."""
    file = tmp_path / "x.torrent"
    with pytest.raises(InputError):
        read_torrent(file)
    file.write_bytes(b"<html>")
    with pytest.raises(MetainfoError, match="not a torrent"):
        read_torrent(file)
    file.write_bytes(b"d4:infod6:lengthi1e4:name1:x12:piece lengthi16384e6:pieces20:" + b"p" * 20 + b"ee")
    info = read_torrent(file).info
    assert info is not None
    assert (info.name, info.size_bytes) == ("x", 1)


def test_unreadable_file_does_not_stop_the_others(tmp_path: Path) -> None:
    """A file that changes while it is read is reported, the others are fingerprinted and told one by one."""
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(name.encode())
    steps: list[int] = []

    def disturb(count: int) -> None:
        steps.append(count)
        if len(steps) == 2:
            (tmp_path / "b").write_bytes(b"longer")

    told: list[str] = []
    result = fingerprint_paths([tmp_path], PrintCache(None), disturb, lambda file: told.append(file.path))
    assert [file.path for file in result.files] == told == ["a", "c"]
    (problem,) = result.problems
    assert problem.file == str(tmp_path / "b")


async def test_asset_is_added(store: SqlRepository) -> None:
    """A new asset is stored as it is given."""
    assert await add_asset(MODEL, store, NOON) == MODEL
    assert await show_asset("model", store) == MODEL


async def test_asset_is_added_to(store: SqlRepository) -> None:
    """Adding under a known id adds names, adds or replaces files by path, and takes no mark away."""
    await add_asset(replace(MODEL, critical=True, embargoed=True, swarm_lookup=True), store, NOON)
    more = Asset(
        id=MODEL.id,
        title="Tideglass 71B",
        aliases=("TG71", "TG70"),
        infohashes=("cd" * 20, "ab" * 20),
        files=(AssetFile(path="b.bin", size_bytes=3), AssetFile(path="c.bin", size_bytes=4)),
    )
    added = await add_asset(more, store, NOON)
    assert await show_asset("model", store) == added
    assert (added.title, added.aliases, added.infohashes) == (
        "Tideglass 71B",
        ("TG70", "TG71"),
        ("ab" * 20, "cd" * 20),
    )
    assert [(file.path, file.size_bytes) for file in added.files] == [
        ("a.bin", 1),
        ("b.bin", 3),
        ("c.bin", 4),
    ]
    assert (added.year, added.kind, added.owner, added.codename) == (2026, "model", MODEL.owner, "BLUE-07")
    assert added.critical
    assert added.embargoed
    assert added.swarm_lookup


async def stored(store: SqlRepository) -> dict[str, list[str]]:
    """The paths of every asset."""
    async with store.reading() as work:
        return {one.id: [file.path for file in one.files] for one in await work.catalogue.all()}


async def test_catalogue_is_imported(store: SqlRepository, tmp_path: Path) -> None:
    """Every line of a catalogue becomes an asset; one of a known id is replaced."""
    await add_asset(MODEL, store, NOON)
    file = tmp_path / "c.jsonl"
    lines = [
        {"id": "model", "title": "M", "files": [{"path": "x"}]},
        {"id": "film", "title": "F", "aliases": ["G"], "year": 2025},
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    imported = await import_catalogue(file, None, store, NOON)
    assert [one.id for one in imported] == ["model", "film"]
    assert await stored(store) == {"film": [], "model": ["x"]}
    assert (await show_asset("model", store)).aliases == ()


@pytest.mark.parametrize(
    "bad", ["{", '{"id": "c"}', '{"id": "a", "title": "twice"}', '{"path": "a file"}', "no sum"], ids=str
)
async def test_nothing_is_imported_of_a_broken_catalogue(
    store: SqlRepository, tmp_path: Path, bad: str
) -> None:
    """One mistake in any line, and none of the lines is imported."""
    file = tmp_path / "c.jsonl"
    file.write_text('{"id": "a", "title": "A"}\n{"id": "b", "title": "B"}\n' + bad + "\n")
    with pytest.raises(InputError) as caught:
        await import_catalogue(file, None, store, NOON)
    assert caught.value.file == str(file)
    assert caught.value.line == (0 if "path" in bad else 3)
    assert await stored(store) == {}


async def test_sums_are_imported_as_files(store: SqlRepository, tmp_path: Path) -> None:
    """Output of sha256sum becomes the files of the asset that is named, added to those it has."""
    await add_asset(MODEL, store, NOON)
    file = tmp_path / "SHA256SUMS"
    file.write_text(f"{'0a' * 32}  x/one.bin\n{'0b' * 32} *two.bin\n")
    (imported,) = await import_catalogue(file, Asset(id=MODEL.id, title="Tideglass 70B"), store, NOON)
    assert [one.path for one in imported.files] == ["a.bin", "b.bin", "x/one.bin", "two.bin"]
    assert await stored(store) == {"model": ["a.bin", "b.bin", "two.bin", "x/one.bin"]}


@pytest.mark.parametrize(("text", "part"), [("\n\n", "nothing in it"), (f"{'0a' * 32}  x\n", "with --title")])
async def test_import_without_sense(store: SqlRepository, tmp_path: Path, text: str, part: str) -> None:
    """An empty file, or files that nobody owns, are refused with the reason."""
    file = tmp_path / "x"
    file.write_text(text)
    with pytest.raises(InputError, match=part):
        await import_catalogue(file, None, store, NOON)


async def test_unknown_asset(store: SqlRepository) -> None:
    """An id that nothing has is an error that says where to look, and shows no control characters raw."""
    for act in (show_asset, partial(remove_asset, at=NOON, actor="ann")):
        with pytest.raises(InputError, match="leakwatch asset list") as caught:
            await act("no\x1b[31m", store)
        assert "\x1b" not in caught.value.message


async def test_removed_asset_takes_its_findings(store: SqlRepository) -> None:
    """Removing an asset removes its findings too; the audit keeps who did, and what was open then."""
    await open_case(store)
    (case,) = await list_findings(store)
    await remove_asset("model", store, NOON, "ann")
    assert await stored(store) == {}
    assert await list_findings(store) == []
    async with store.reading() as work:
        (entry,) = await work.audit.entries("asset:model")
    assert (entry.actor, entry.action) == ("ann", "asset.remove")
    assert case.id in entry.detail


async def test_finding_is_shown_with_all_that_belongs_to_it(store: SqlRepository) -> None:
    """A case has its finding, asset, places, signals and history."""
    await open_case(store)
    await move(store, "LW-1", State.CONFIRMED, Act("ann", NOON + timedelta(hours=1), "seen it"))
    case = await show_finding("LW-1", store)
    assert (case.finding.id, case.finding.state, case.asset) == ("LW-1", State.CONFIRMED, MODEL)
    assert [place.url for place in case.places] == ["https://b.example/LW-1"]
    assert case.signals == (("title", "is the name", 12.5),)
    assert case.proofs == ()
    (event,) = case.events
    assert (event.kind, event.at) == (EventKind.STATE, NOON + timedelta(hours=1))
    assert event.detail == {"from": "new", "to": "confirmed", "reason": "seen it", "actor": "ann"}


async def test_merged_finding_leads_to_its_case(store: SqlRepository) -> None:
    """Who asks for a finding that became part of another one, and that of a third, is shown the third."""
    for number in range(1, 4):
        await open_case(
            store, replace(CASE, id=FindingId(f"LW-{number}"), opened_at=NOON + timedelta(hours=number))
        )
    async with store.writing() as work:
        one, two, three = [await work.findings.get(FindingId(f"LW-{number}")) for number in range(1, 4)]
        assert one
        assert two
        assert three
        await work.findings.merge(two, three, NOON)
        await work.findings.merge(one, two, NOON)
    case = await show_finding("LW-3", store)
    assert (case.finding.id, case.finding.sightings, len(case.places)) == ("LW-1", 3, 3)
    assert [one.id for one in await list_findings(store)] == ["LW-1"]
    assert {one.id for one in await list_findings(store, merged=True)} == {"LW-1", "LW-2", "LW-3"}


async def test_findings_are_listed_newest_first(store: SqlRepository) -> None:
    """The newest case is on top."""
    for number in (2, 1, 3):
        await open_case(
            store, replace(CASE, id=FindingId(f"LW-{number}"), opened_at=NOON + timedelta(hours=number))
        )
    assert [one.id for one in await list_findings(store)] == ["LW-3", "LW-2", "LW-1"]


async def test_unknown_finding(store: SqlRepository) -> None:
    """An id that no finding has is an error that says where to look."""
    with pytest.raises(InputError, match="leakwatch finding list"):
        await show_finding("LW-9", store)
    with pytest.raises(InputError, match="leakwatch finding list"):
        await move(store, "LW-9", State.CONFIRMED, Act("ann", NOON, "x"))


@pytest.mark.parametrize("before", [state for state in State if state is not State.MERGED])
async def test_state_moves_only_as_the_table_says(store: SqlRepository, before: State) -> None:
    """From each state every legal step is made and recorded; any other is refused and changes nothing."""
    for after in State:
        await open_case(store, replace(CASE, id=FindingId(f"LW-{after}"), state=before))
        legal = after in STATE_CHANGES[before] and after is not State.MERGED
        if legal:
            changed = await move(store, f"LW-{after}", after, Act("ann", NOON, "why"))
            assert (changed.state, changed.updated_at) == (after, NOON)
        else:
            with pytest.raises(InputError, match=f"is {before} and can become .*, not {after}"):
                await move(store, f"LW-{after}", after, Act("ann", NOON, "why"))
        case = await show_finding(f"LW-{after}", store)
        assert case.finding.state is (after if legal else before)
        assert len(case.events) == legal


def test_test_alert_says_so() -> None:
    """A test alert is marked, concerns no asset, and each one has content of its own."""
    alert = make_test_alert(NOON)
    assert alert.test
    assert "test" in alert.headline.lower()
    assert alert.severity is Severity.LOW
    assert alert.content != make_test_alert(NOON + timedelta(seconds=1)).content
