"""Packs and other works under embargo: what names them is told by code name, and is left out where that is wanted."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from leakwatch.evidence.archive import read, write
from leakwatch.evidence.checking import verify
from leakwatch.evidence.dossier import Dossier, gather
from leakwatch.evidence.others import Names, named_in, texts_that_name, without_others
from leakwatch.evidence.pack import build
from leakwatch.matching.index import build_index
from leakwatch.model.asset import Asset, AssetId
from leakwatch.store.repository import SqlRepository

from .cases import NOON, Scene, scene
from .test_pack import sealed

OTHER = Asset(
    id=AssetId("quiet-harbour-ep1"),
    title="Quiet Harbour Episode One",
    aliases=("静かな港",),
    codename="Heron",
    embargoed=True,
)


@pytest.fixture
async def case(repository: SqlRepository, tmp_path: Path) -> Scene:
    """One page of its own, one that names another work under embargo too, and a second work that is nobody's secret."""
    made = await scene(repository, tmp_path)
    public = Asset(id=AssetId("public"), title="Copper Meadow", aliases=("weights",))
    async with repository.writing() as work:
        await work.catalogue.save(OTHER, NOON)
        await work.catalogue.save(public, NOON)
    made.brain = replace(made.brain, index=build_index([made.asset]))
    await made.take("Tideglass 70B weights")
    await made.take("Tideglass 70B, and Quiet.Harbour.Episode.One too", "2", "index", 1)
    await made.judge()
    return made


async def gathered(case: Scene) -> Dossier:
    """All about the one case."""
    return await gather((await case.finding()).id, case.repository, case.vault)


async def test_what_names_another_work_is_told_by_its_code_name(case: Scene) -> None:
    """The body and the documents that name it are told; the code name stands for it, and public works are none."""
    dossier = await gathered(case)
    names, named = await named_in(dossier, case.repository)
    (digest,) = named
    assert b"Quiet.Harbour" in dossier.blobs[digest]
    assert named[digest] == {"Heron"}
    assert texts_that_name(dossier, names).keys() >= {"finding.json"}


async def test_a_pack_without_others(case: Scene) -> None:
    """Nothing in it names the other work; it verifies, says what is left out and why, and is the same bytes each time."""
    dossier = await gathered(case)
    names, named = await named_in(dossier, case.repository)
    pack = build(without_others(dossier, names, named))
    assert pack == build(without_others(dossier, names, named))
    members = read(pack).members
    for name, data in members.items():
        lowered = data.lower()
        assert b"harbour" not in lowered, name
    (digest,) = named
    left = {one["sha256"]: one for one in json.loads(members["manifest.json"])["left_out"]}
    (warc,) = [one.warc for one in dossier.captures if one.digest == digest]
    assert left.keys() == {digest, warc}
    assert left[digest]["size_bytes"] == len(dossier.blobs[digest])
    assert "Heron" in left[digest]["why"]
    checked = verify(pack)
    assert checked.problems == []
    assert sum(note.startswith("left out: ") for note in checked.notes) == 2
    assert b"left out because they name other works" in members["report.html"]
    assert sum(name.startswith("bodies/") for name in members) == 1


@pytest.mark.parametrize("where", ["url", "header"])
async def test_a_record_that_names_it_by_its_address_alone(case: Scene, where: str) -> None:
    """A page whose body says nothing of the other work is left out where its record does, by address or header."""
    if where == "url":
        await case.take("Tideglass 70B weights once more", "Quiet-Harbour%20Episode-One", "index", 2)
    else:
        told = (("Content-Disposition", 'attachment; filename="Quiet.Harbour.Episode.One.torrent"'),)
        await case.take("Tideglass 70B weights once more", "3", "index", 2, headers=told)
    dossier = await gathered(case)
    names, named = await named_in(dossier, case.repository)
    pack = build(without_others(dossier, names, named))
    assert verify(pack).problems == []
    for name, data in read(pack).members.items():
        told_in_it = gzip.decompress(data) if name.startswith("warc/") else data
        assert b"harbour" not in told_in_it.lower(), name


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "\\u9759\\u304b\\u306a\\u6e2f"}',
        b"<p>Quiet.Har<wbr>bour.<b>Episode</b>.One</p>",
        b"<p>&#38745;&#12363;&#12394;&#28207;</p>",
    ],
)
async def test_names_in_escapes_and_markup_are_found(case: Scene, body: bytes) -> None:
    """A body may spell a name by JSON escapes or entities, or have tags in the middle of it."""
    dossier = await gathered(case)
    _, named = await named_in(dossier, case.repository)
    other = next(one.digest for one in dossier.captures if one.site == "board" and one.digest not in named)
    _, named = await named_in(replace(dossier, blobs={**dossier.blobs, other: body}), case.repository)
    assert named[other] == {"Heron"}


async def test_the_record_that_a_revisit_refers_to_is_left_out(case: Scene) -> None:
    """It holds the body that names the other work, whichever capture wrote it."""
    dossier = await gathered(case)
    names, named = await named_in(dossier, case.repository)
    (digest,) = named
    earlier = "ef" * 32
    captures = tuple(
        replace(one, refers_to=earlier) if one.digest == digest else one for one in dossier.captures
    )
    dossier = replace(dossier, captures=captures, blobs={**dossier.blobs, earlier: b"a record"})
    cut = without_others(dossier, names, named)
    assert earlier not in cut.blobs
    assert earlier in {one.digest for one in cut.left_out}


async def test_left_out_is_no_excuse(case: Scene) -> None:
    """What is said to be left out must not be there, and what is not said to be left out must be."""
    dossier = await gathered(case)
    names, named = await named_in(dossier, case.repository)
    members = dict(read(build(without_others(dossier, names, named))).members)
    (digest,) = named
    both = sealed({**members, f"bodies/{digest}": dossier.blobs[digest]})
    told = json.loads(read(both).members["manifest.json"])
    assert any(digest in one for one in verify(both).problems)
    told["left_out"] = []
    silent = {**members, "manifest.json": json.dumps(told).encode()}
    problems = verify(write(silent)).problems
    assert any(f"bodies/{digest}: missing" in one for one in problems)


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("quiet harbour episode one", True),
        ("QUIET_HARBOUR-EPISODE.ONE.2160p", True),
        ("QuietHarbourEpisodeOne", True),
        ("look: 静かな港", True),
        ("a quiet harbour", False),
        ("Tideglass 70B", False),
    ],
)
def test_how_names_are_found(text: str, is_named: bool) -> None:
    """As words or as letters in a row, in any case and script; a part of a name is none."""
    names = Names.of(Asset(id=AssetId("a"), title="Tideglass 70B"), [OTHER])
    assert names.found_in(text) == ({"Heron"} if is_named else set())


def test_the_own_name_is_no_news() -> None:
    """A work under embargo whose name is part of this one's is not named by this one's own name."""
    other = replace(OTHER, title="Tideglass", aliases=())
    names = Names.of(Asset(id=AssetId("a"), title="Tideglass 70B"), [other])
    assert names.found_in("Tideglass 70B is here") == set()
    assert names.found_in("Tideglass 70B and Tideglass") == {"Heron"}
    assert Names.of(other, [other]).found_in("Tideglass") == set()


async def test_a_body_that_is_evidence_of_both(case: Scene) -> None:
    """A page that is evidence of another case names its work, whatever words it has for it."""
    case.brain = replace(
        case.brain,
        index=build_index([case.asset, replace(OTHER, title="Zander", aliases=(), infohashes=())]),
    )
    async with case.repository.writing() as work:
        await work.catalogue.save(replace(OTHER, title="Tideglass", aliases=("Tideglass 70B",)), NOON)
    case.brain = replace(
        case.brain,
        index=build_index([case.asset, replace(OTHER, title="Tideglass", aliases=("Tideglass 70B",))]),
    )
    await case.take("Tideglass 70B once more", "3", "board", 5)
    dossier = await gathered_of(case)
    _, named = await named_in(dossier, case.repository)
    last = max(dossier.captures, key=lambda one: one.captured_at)
    assert named[last.digest] == {"Heron"}


async def gathered_of(case: Scene) -> Dossier:
    """All about the case of the scene's own asset."""
    async with case.repository.reading() as work:
        (found,) = [one for one in await work.findings.list() if one.asset == case.asset.id]
    return await gather(found.id, case.repository, case.vault)
