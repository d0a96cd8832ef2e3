"""Packs: the same bytes each time, checked elsewhere without a database, and every changed byte is named."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leakwatch.assetfiles.hashing import LocalHasher
from leakwatch.evidence.archive import read, write
from leakwatch.evidence.checking import Checked, captures, verify
from leakwatch.evidence.dossier import PACKED, gather
from leakwatch.evidence.pack import build
from leakwatch.model.audit import make_entry
from leakwatch.store.repository import SqlRepository
from leakwatch.torrent.bencode import encode

from .cases import HOSTILE, NOON, PIECE, Scene, scene


@pytest.fixture
async def case(repository: SqlRepository, tmp_path: Path) -> Scene:
    """Two sightings, a proved torrent, a curve, and another case in the same audit."""
    made = await scene(repository, tmp_path)
    await made.take("Tideglass 70B weights")
    async with repository.writing() as work:
        await work.audit.append(
            "leakwatch:crawl", "captured", "LW-OTHER", {"secret": "of another case"}, NOON
        )
    await made.take(HOSTILE, "2", "index", 1)
    await made.judge()
    await made.count()
    return made


async def packed(case: Scene, *, by_name: bool = False) -> bytes:
    """The pack of the one case."""
    dossier = await gather((await case.finding()).id, case.repository, case.vault)
    return build(dossier, by_name=by_name)


def sealed(members: dict[str, bytes]) -> bytes:
    """Somebody who knows the format changes a pack and makes a new manifest for it."""
    told = json.loads(members["manifest.json"])
    told["files"] = [
        {"name": name, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(members.items())
        if name != "manifest.json"
    ]
    return write({**members, "manifest.json": json.dumps(told).encode()})


def one_of(members: dict[str, bytes], folder: str) -> str:
    """The first member of a folder."""
    return min(name for name in members if name.startswith(folder))


async def test_a_pack_is_whole(case: Scene) -> None:
    """A pack says nothing of other cases, names no author, and every check of it passes; two packs are the same bytes."""
    made = await packed(case)
    async with case.repository.writing() as work:
        await work.audit.append("somebody", PACKED, (await case.finding()).id, {}, NOON)
    assert made == await packed(case)
    checked = verify(made)
    assert checked.problems == []
    assert any("judged again: proved (v1)" in note for note in checked.notes)
    assert any("2 audit entries" in n or "3 audit entries" in n for n in checked.notes)
    members = read(made).members
    documents = b"".join(data for name, data in members.items() if "/" not in name)
    assert b"another case" not in documents
    assert b"!trip" not in documents
    assert b"!trip" in read(await packed(case, by_name=True)).members["finding.json"]
    assert {name.partition("/")[0] for name in members if "/" in name} == {"warc", "bodies", "metadata"}


async def test_each_of_200_flipped_bytes_is_named(case: Scene) -> None:
    """Of 200 bytes all over the pack, also in headers, each flip fails and names the member, or where it is damaged."""
    made, rng = await packed(case), random.Random(11)
    places = sorted(rng.sample(range(len(made)), 140) + rng.sample(range(len(made) - 2500, len(made)), 30))
    heads = [at for at in range(len(made)) if made[at : at + 4] == b"PK\x03\x04"]
    places += [rng.choice(heads) + rng.randrange(30) for _ in range(30)]
    assert len(places) == 200
    for at in places:
        changed = bytearray(made)
        changed[at] ^= 1 << rng.randrange(8)
        problems = verify(bytes(changed)).problems
        assert problems, at
        name = member_at(made, at)
        assert any(name in one or f"damaged at byte {at}," in one for one in problems) or any(
            "the archive itself is damaged" in one for one in problems
        ), (at, problems)
        if name in read(made).members and not is_header(made, at):
            assert any(name in one for one in problems), (at, name, problems)


def layout(made: bytes) -> list[tuple[int, int, int, str]]:
    """Where each member's header and data begin, where it ends, and its name."""
    found: list[tuple[int, int, int, str]] = []
    at = 0
    for name, data in sorted(read(made).members.items()):
        found.append((at, at + 30 + len(name), at + 30 + len(name) + len(data), name))
        at = found[-1][2]
    return found


def member_at(made: bytes, at: int) -> str:
    """The member that a byte belongs to, "" behind them all."""
    return next((name for begins, _, ends, name in layout(made) if begins <= at < ends), "")


def is_header(made: bytes, at: int) -> bool:
    """Whether a byte is no member's data."""
    return not any(data <= at < ends for _, data, ends, _ in layout(made))


async def test_forgeries_are_named(case: Scene) -> None:
    """What is changed by somebody who makes a new manifest is still found, each by another check."""
    members = read(await packed(case)).members

    def forged(name: str, data: bytes | None, **more: bytes) -> str:
        changed = {**members, **more}
        if data is None:
            changed.pop(name)
        else:
            changed[name] = data
        return "\n".join(verify(sealed(changed)).problems)

    body, warc, metadata = (one_of(members, folder) for folder in ("bodies/", "warc/", "metadata/"))
    assert f"{body}: changed" in forged(body, b"other")
    assert f"{body}: missing" in forged(body, None)
    assert f"{warc}: missing" in forged(warc, None)
    assert f"{warc}: changed" in forged(warc, members[warc][:-1])
    assert f"{metadata}: missing" in forged(metadata, None)
    other = b"bodies/" + b"0" * 64
    assert f"{other.decode()}: changed" in forged(other.decode(), b"x")
    chain = members["audit.jsonl"].replace(b'"actor":"leakwatch:crawl"', b'"actor":"nobody"', 1)
    assert "audit.jsonl: an entry was changed" in forged("audit.jsonl", chain)
    lines = members["audit.jsonl"].splitlines(keepends=True)
    assert "audit.jsonl: an entry was changed" in forged("audit.jsonl", b"".join([*lines[:2], *lines[3:]]))
    proofs = json.loads(members["proofs.json"])
    proofs[0]["infohash_v1"] = "0" * 40
    assert "it is not the metadata of" in forged("proofs.json", json.dumps(proofs).encode())
    prints = json.loads(members["prints.json"])
    prints[0]["tables"][0]["digests"] = prints[0]["tables"][0]["digests"][::-1].replace("=", "A")
    assert f"{metadata}: said to be proved" in forged("prints.json", json.dumps(prints).encode())
    for name in ("captures.json", "proofs.json", "audit.jsonl", "stamps.json", "finding.json"):
        for bad in (b"", b"[", b"null", b"[" * 5000, b'{"a":1}'):
            assert forged(name, bad), (name, bad)


def mutated(value: Any, rng: random.Random) -> Any:
    """A document in which one value somewhere is another."""
    strange = [None, -1, 2**70, 1.5, "", "x", "\x1b[2J", "0" * 64, [], {}, [[]], True, "9" * 5000, {"a": 1}]
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(sorted(value))
        if rng.random() < 0.1:
            return {name: one for name, one in value.items() if name != key}
        return {**value, key: mutated(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.85:
        at = rng.randrange(len(value))
        return [*value[:at], mutated(value[at], rng), *value[at + 1 :]]
    return rng.choice(strange)


async def test_hostile_documents_are_read_or_told(case: Scene) -> None:
    """Whatever a forged document holds, the check comes to an end, and prints no control character."""
    members, rng = read(await packed(case)).members, random.Random(3)
    names = ("captures.json", "proofs.json", "prints.json", "stamps.json", "finding.json", "manifest.json")
    for _ in range(400):
        name = rng.choice(names)
        changed = json.dumps(mutated(json.loads(members[name]), rng)).encode()
        made = (
            write({**members, name: changed})
            if name == "manifest.json"
            else sealed({**members, name: changed})
        )
        checked = verify(made)
        assert all(line.isprintable() for line in (*checked.problems, *checked.notes))
    for _ in range(100):
        lines = members["audit.jsonl"].splitlines()
        at = rng.randrange(len(lines))
        lines[at] = json.dumps(mutated(json.loads(lines[at]), rng)).encode()
        checked = verify(sealed({**members, "audit.jsonl": b"\n".join(lines)}))
        assert all(line.isprintable() for line in (*checked.problems, *checked.notes))


async def test_records_that_inflate_without_end(case: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that inflates beyond the limit, and one that is no record, are told by name."""
    monkeypatch.setattr(captures, "_MAX_RECORDS", 2**20)
    members = read(await packed(case)).members
    for data in (gzip.compress(b"\0" * 2**22), b"no gzip", b"", gzip.compress(b"no record")):
        name = f"warc/{hashlib.sha256(data).hexdigest()}.warc.gz"
        problems = verify(sealed({**members, name: data})).problems
        assert any(one.startswith(f"{name}: it is no WARC file") for one in problems) or data == b"", problems


async def test_what_bytes_proved_needs_bytes_again(repository: SqlRepository, tmp_path: Path) -> None:
    """Where the work's file begins within a piece, its tables say nothing: that is noted, and is no failure."""
    made = await scene(repository, tmp_path)
    data = b"read me" + (tmp_path / "weights.bin").read_bytes()
    pieces = b"".join(hashlib.sha1(data[at : at + PIECE]).digest() for at in range(0, len(data), PIECE))
    files = [{b"length": 7, b"path": [b"a.txt"]}, {b"length": len(data) - 7, b"path": [b"weights.bin"]}]
    made.raw_info = encode({b"files": files, b"name": b"w", b"piece length": PIECE, b"pieces": pieces})
    await made.take("Tideglass 70B")
    await made.judge(LocalHasher())
    assert (await made.finding()).verdict.value == "proved"
    checked = verify(await packed(made))
    assert checked.problems == []
    assert any("bytes of the work are needed" in note for note in checked.notes)


async def test_v2_is_judged_by_its_root(repository: SqlRepository, tmp_path: Path) -> None:
    """A v2 torrent is proved again by the root in the pack; another root, or another infohash, is told."""
    made = await scene(repository, tmp_path, is_v2=True)
    await made.take("Tideglass 70B")
    await made.judge()
    pack = await packed(made)
    checked = verify(pack)
    assert checked.problems == []
    assert any("judged again: proved (v2)" in note for note in checked.notes)
    members = read(pack).members
    prints = json.loads(members["prints.json"])
    prints[0]["digests"]["pieces_root"] = "0" * 64
    forged = verify(sealed({**members, "prints.json": json.dumps(prints).encode()}))
    assert any("said to be proved; judged again it is refuted" in one for one in forged.problems)
    proofs = json.loads(members["proofs.json"])
    proofs[0]["infohash_v2"] = "0" * 64
    forged = verify(sealed({**members, "proofs.json": json.dumps(proofs).encode()}))
    assert any("it is not the metadata of" in one for one in forged.problems)


async def test_unsealed_changes_are_named_by_the_manifest(case: Scene) -> None:
    """Missing, extra and changed files are told by name."""
    members = read(await packed(case)).members
    body = one_of(members, "bodies/")
    without = {name: data for name, data in members.items() if name != body}
    assert f"{body}: missing" in verify(write(without)).problems
    assert "extra.txt: not in the manifest" in verify(write({**members, "extra.txt": b"x"})).problems
    assert "report.html: changed" in verify(write({**members, "report.html": b"x"})).problems
    assert verify(write({"report.html": b""})).problems == ["manifest.json: missing"]


async def test_anchors(case: Scene) -> None:
    """An anchor that was kept elsewhere is passed; one of another chain is told."""
    made = await packed(case)
    async with case.repository.reading() as work:
        head = await work.audit.head()
    assert head
    assert verify(made, anchors={head.seq: head.digest}).problems == []
    other = make_entry(head, "x", "y", "z", {}, NOON)
    assert "the anchor names" in verify(made, anchors={head.seq: other.digest}).problems[0]
    later = verify(made, anchors={10**9: "0" * 64})
    assert later.problems == []
    assert any("is not in this part of the audit" in note for note in later.notes)


async def test_without_its_audit_no_anchor_holds(case: Scene) -> None:
    """Who leaves the audit out, or lists a capture otherwise than it says, is found out by an anchor."""
    members = read(await packed(case)).members
    async with case.repository.reading() as work:
        head = await work.audit.head()
    assert head
    anchors = {head.seq: head.digest}
    manifest = json.loads(members["manifest.json"]) | {"audit": None}
    bare = {**members, "audit.jsonl": b"", "manifest.json": json.dumps(manifest).encode()}
    assert verify(sealed(bare), anchors=anchors).problems == [
        "audit.jsonl: empty: no anchor can be held against it"
    ]
    for name, other in (("url", "https://elsewhere.example/"), ("site", "index2"), ("status", 404)):
        captures_ = json.loads(members["captures.json"])
        captures_[0][name] = other
        forged = sealed({**members, "captures.json": json.dumps(captures_).encode()})
        (problem,) = verify(forged, anchors=anchors).problems
        assert f"its {name} is not what the audit says" in problem
    for name in ("report.html", "timeline.txt", "timeline.json", "readme.txt"):
        left = {key: data for key, data in members.items() if key != name}
        assert verify(sealed(left)).problems == [f"{name}: missing"]


async def test_lost_evidence_is_told(case: Scene) -> None:
    """What the vault has lost makes a pack that says so, and is not passed over in silence."""
    dossier = await gather((await case.finding()).id, case.repository, case.vault)
    lost = dossier.captures[0].digest
    path = case.vault._folder / lost[:2] / lost
    path.write_bytes(b"changed on disk")
    again = await gather(dossier.finding.id, case.repository, case.vault)
    assert again.lost == (lost,)
    checked = verify(build(again))
    assert checked.problems == []
    assert any("could not be read when the pack was made" in note for note in checked.notes)


async def test_report_is_inert(case: Scene) -> None:
    """The page has no script, no link, nothing to load, no control character; it says all seven answers."""
    members = read(await packed(case)).members
    page = members["report.html"].decode()
    assert "default-src 'none'" in page
    for bad in ("<script", "href=", "src=", "\u202e", "\x1b", "https://", "javascript:", "url("):
        assert bad not in page, bad
    for question in (
        "What",
        "Where",
        "Why",
        "Since when",
        "How sure",
        "Spreading how fast",
        "What to do next",
    ):
        assert f"<dt>{question}</dt>" in page
    assert page.count("<polyline") == 3
    assert "Embargoed" not in page
    embargoed = replace(
        await gather((await case.finding()).id, case.repository, case.vault),
        asset=replace(case.asset, embargoed=True),
    )
    assert "A drill" not in page
    drill = read(build(replace(embargoed, finding=replace(embargoed.finding, drill=True)))).members
    assert "A drill: nothing has leaked" in drill["report.html"].decode()
    assert json.loads(drill["finding.json"])["drill"] is True
    assert "Embargoed" in read(build(embargoed)).members["report.html"].decode()


async def test_checked_without_our_database(case: Scene, tmp_path: Path) -> None:
    """The command checks a pack in an empty folder, and what it loads has no database, no HTTP and no configuration."""
    if case.repository.engine.dialect.name != "sqlite":
        pytest.skip("the command does not depend on the database")
    made = await packed(case)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "a.zip").write_bytes(made)
    told = (
        "import sys\nfrom leakwatch.cli import app\n"
        "try:\n    app(['evidence', 'verify', 'a.zip'])\nexcept SystemExit as end:\n"
        "    bad = {'sqlalchemy', 'httpx', 'leakwatch.config', 'leakwatch.store', 'libtorrent'} & set(sys.modules)\n"
        "    print(end.code, sorted(bad))\n"
    )
    run = [sys.executable, "-c", told]
    result = subprocess.run(run, cwd=folder, capture_output=True, text=True)
    assert result.stdout == "0 []\n", result.stderr
    (folder / "a.zip").write_bytes(made[:100] + b"X" + made[101:])
    assert subprocess.run(run, cwd=folder, capture_output=True, text=True).stdout == "1 []\n"
    assert isinstance(verify(made), Checked)
