"""What is stored about a person, and that it is gone when he was erased: over the real store, of both kinds."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from leakwatch.cli import app
from leakwatch.crawl.vault import FileVault
from leakwatch.errors import InputError
from leakwatch.evidence.checking import verify
from leakwatch.evidence.dossier import gather
from leakwatch.evidence.keeping import keep_diff, keep_picture
from leakwatch.evidence.pack import build
from leakwatch.matching.index import build_index
from leakwatch.model.allow import Allow, AllowWhat
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.audit import AuditEntry, broken_at
from leakwatch.model.evidence import Capture, Outcome
from leakwatch.model.finding import EventKind, FindingEvent, FindingId
from leakwatch.model.notice import Notice, NoticeId, NoticeState
from leakwatch.model.observation import Observation
from leakwatch.model.route import Routing
from leakwatch.persons import drop_bytes, erase, report, tell_author, tell_mail
from leakwatch.persons.naming import known_as
from leakwatch.pipeline import Brain, take_page
from leakwatch.privacy import PLAIN, Authors
from leakwatch.retention import RetentionConfig
from leakwatch.service import load_rules, load_weights
from leakwatch.sources._kind import Page, Payload, Request
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import metadata

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HIDDEN = Authors("pseudonym", b"k" * 32)
ASSET = Asset(id=AssetId("tideglass"), title="Tideglass 70B", critical=True)
WHO = "board.example:skylark"


def post(
    native_id: str, author: str | None = "Skylark", host: str = "board.example", text: str = ""
) -> Observation:
    magnet = f"magnet:?xt=urn:btih:{int(native_id):040x}"
    return Observation(
        site="board",
        native_id=native_id,
        title="Tideglass 70B weights leaked",
        url=f"https://{host}/{native_id}",
        author=author,
        text=f"{text} {magnet}",
        fetched_at=NOON,
    )


async def take(
    repository: SqlRepository, vault: FileVault, authors: Authors, *pages: list[Observation]
) -> None:
    """Pages of one site, through the real pipeline."""
    async with repository.writing() as work:
        await work.catalogue.save(ASSET, NOON)
        await work.sites.sync([("board", "feed", "h")], NOON)
    brain = Brain(build_index([ASSET]), load_weights(), load_rules(None), Routing(), authors=authors)
    for number, page in enumerate(pages):
        async with repository.reading() as work:
            state = await work.sites.get("board")
        assert state is not None
        body = f"page {number} by Skylark".encode()
        payload = Payload(
            request=Request(url="x"),
            url=f"https://board.example/p{number}",
            status=200,
            headers={},
            body=body,
            fetched_at=NOON,
        )
        await take_page(Page(observations=tuple(page)), payload, state, brain, repository, vault)


async def everything(repository: SqlRepository) -> str:
    """All rows of all tables."""
    async with repository.engine.connect() as connection:
        return "".join(
            [repr((await connection.execute(one.select())).all()) for one in metadata.sorted_tables]
        )


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    return FileVault(tmp_path / "evidence")


async def test_names_are_never_stored(repository: SqlRepository, vault: FileVault) -> None:
    """By default the name of who posted is in no row of any table; his pseudonym joins his posts on one platform."""
    await take(repository, vault, HIDDEN, [post("1"), post("2"), post("3", host="other.example")])
    told = await everything(repository)
    assert "kylark" not in told
    async with repository.reading() as work:
        findings = await work.findings.list()
        authors = [one.author for f in findings for one in await work.cases.sightings(f.id)]
    names = {str(one).partition(":")[2] for one in authors}
    assert len(authors) == 3
    assert len(names) == 2
    assert all(one.startswith("author-") for one in names)


async def test_the_mode_none_keeps_nobody(repository: SqlRepository, vault: FileVault) -> None:
    """Not even a pseudonym."""
    await take(repository, vault, Authors("none"), [post("1")])
    async with repository.engine.connect() as connection:
        for table in ("observation", "sighting"):
            query = sa.select(metadata.tables[table].c.author)
            assert (await connection.execute(query)).scalars().all() == [None]


@pytest.mark.parametrize("authors", [HIDDEN, PLAIN])
async def test_all_about_a_person(repository: SqlRepository, vault: FileVault, authors: Authors) -> None:
    """His posts and the pages they were on, and nobody else's; he is named by his platform and name."""
    pages = [post("1"), post("4", "Tansy")], [post("2")], [post("3", host="other.example"), post("5", None)]
    await take(repository, vault, authors, *pages)
    entry = Allow(what=AllowWhat.UPLOADER, value="Skylark")
    async with repository.writing() as work:
        await work.catalogue.save(replace(ASSET, allow=(entry,)), NOON)
    told = await tell_author("Board.example:SKYLARK", authors, repository)
    assert sorted(one["native_id"] for one in told["observation"]) == ["1", "2"]
    assert [(one["url"][-2:], one["is_shared"]) for one in told["evidence"]] == [("p0", True), ("p1", False)]
    assert told["asset"] == [{"id": "tideglass", "allow": "uploader Skylark"}]
    assert json.loads(json.dumps(told, default=str))["schema"] == "leakwatch.person/1"
    by_pseudonym = await tell_author(told["known_as"][-1], authors, repository)
    assert len(by_pseudonym["observation"]) == 2
    nobody = await tell_author("board.example:nobody", authors, repository)
    assert not nobody["observation"]


@pytest.mark.parametrize("who", ["skylark", ":skylark", "board.example:", ""])
async def test_a_name_without_its_platform(repository: SqlRepository, who: str) -> None:
    """It could be anybody: that is refused."""
    with pytest.raises(InputError, match="PLATFORM:NAME"):
        await tell_author(who, PLAIN, repository)


@pytest.mark.parametrize("authors", [HIDDEN, PLAIN])
async def test_erasing(repository: SqlRepository, vault: FileVault, authors: Authors) -> None:
    """No row has the name or the pseudonym any more, other people's stay, and the audit does not tell who it was."""
    await take(repository, vault, authors, [post("1"), post("4", "Tansy")], [post("2")])
    known = (await tell_author(WHO, authors, repository))["known_as"]
    async with repository.writing() as work:
        (first, *_) = await work.findings.list()
        detail = {"scope": f"author:{known[-1]}"}
        event = FindingEvent(finding=first.id, kind=EventKind.STATE, at=NOON, content="x", detail=detail)
        await work.findings.add_event(event)
    would = await erase(WHO, authors, repository, reason="asked", actor="ann", at=NOON, dry_run=True)
    assert would.rows == {"observation": 2}
    assert len((await tell_author(WHO, authors, repository))["observation"]) == 2
    done = await erase(WHO, authors, repository, reason="he asked for it", actor="ann", at=NOON)
    assert done.rows == {"observation": 2, "sighting": 2, "finding_event": 1}
    assert (len(done.dropped), len(done.kept)) == (0, 2)
    told = await everything(repository)
    for name in known:
        assert name.partition(":")[2] not in told.casefold()
    assert told.count("[erased]") == 3
    async with repository.reading() as work:
        (entry,) = [one for one in await work.audit.entries() if one.action == "person.erased"]
        sightings = [one for f in await work.findings.list() for one in await work.cases.sightings(f.id)]
    assert (entry.actor, entry.subject) == ("ann", "person")
    assert "he asked for it" in entry.detail
    assert sorted(one.author is None for one in sightings) == [False, True, True]
    assert not (await tell_author(WHO, authors, repository))["observation"]


async def test_erasing_with_the_evidence(repository: SqlRepository, vault: FileVault, tmp_path: Path) -> None:
    """Pages that only his posts need go, with their bytes; a page that somebody else's post is on stays."""
    await take(repository, vault, HIDDEN, [post("1"), post("4", "Tansy")], [post("2")])
    shared, own = (hashlib.sha256(f"page {n} by Skylark".encode()).hexdigest() for n in (0, 1))
    done = await erase(WHO, HIDDEN, repository, reason="asked", actor="ann", at=NOON, with_evidence=True)
    assert ([one.digest for one in done.dropped], [one.digest for one in done.kept]) == ([own], [shared])
    assert vault.get(own)
    assert drop_bytes(done.dropped, tmp_path / "evidence") == 2  # the page, and the record of how it came
    assert not (tmp_path / "evidence" / own[:2] / own).exists()
    assert vault.get(shared)
    async with repository.engine.connect() as connection:
        for table in ("evidence", "observation"):
            rows = (await connection.execute(metadata.tables[table].select())).all()
            assert own not in repr(rows)  # the audit tells of it for good


async def seen_again(repository: SqlRepository, vault: FileVault, native_id: str) -> dict[str, str]:
    """A look at a post, with the page that it kept, a diff and a picture of that; answers their digests."""
    page = Capture(
        digest=vault.put(f"page of {native_id}".encode()),
        warc=vault.put(f"record of {native_id}".encode()),
        site="board",
        url=f"https://board.example/{native_id}",
        status=200,
        headers={"content-type": "text/html"},
        captured_at=NOON,
        parser="feed/1",
    )
    diff = await keep_diff(f"-was {native_id}\n+Skylark\n", page, vault)
    picture = await keep_picture(b"\x89PNG" + native_id.encode(), page, NOON, {}, (), vault)
    async with repository.writing() as work:
        for finding in await work.findings.list():
            looks = [one for one in await work.looks.of(finding.id) if one.native_id == native_id]
            if looks:
                for one in (page, diff, picture):
                    await work.evidence.keep(one)
                detail = {"evidence": page.digest, "diff": diff.digest, "read": "page"}
                await work.looks.close(looks[0], Outcome.EDITED, detail, NOON)
                event = FindingEvent(
                    finding=finding.id,
                    kind=EventKind.EDITED,
                    at=NOON,
                    content="e",
                    detail={"diff": diff.digest},
                )
                await work.findings.add_event(event)
                await work.screenshots.want([finding.id], page)
                (shot,) = await work.screenshots.due(1)
                await work.screenshots.close(shot, picture.digest, None, NOON)
    return {"page": page.digest, "diff": diff.digest, "picture": picture.digest}


async def test_pictures_and_diffs(repository: SqlRepository, vault: FileVault, tmp_path: Path) -> None:
    """What looks at his posts have kept, and pictures and diffs of it, are told, and go with the rest; others' stay."""
    await take(repository, vault, HIDDEN, [post("1")], [post("4", "Tansy")])
    mine, other = [await seen_again(repository, vault, ident) for ident in ("1", "4")]
    told = await tell_author(WHO, HIDDEN, repository)
    assert {one["digest"] for one in told["evidence"]} >= set(mine.values())
    assert not {one["digest"] for one in told["evidence"]} & set(other.values())
    assert {one["parser"] for one in told["evidence"]} >= {"diff/1", "screenshot/1"}
    done = await erase(WHO, HIDDEN, repository, reason="asked", actor="ann", at=NOON, with_evidence=True)
    assert {one.digest for one in done.dropped} >= set(mine.values())
    drop_bytes(done.dropped, tmp_path / "evidence")
    left = {one.digest for one in vault.files()}
    assert not left & set(mine.values())
    assert set(other.values()) <= left
    async with repository.reading() as work:
        findings = await work.findings.list()
        shots = [one for f in findings for one in await work.screenshots.of(f.id)]
        needed = await work.evidence.needed(NOON)
        events = [e for f in findings for e in await work.findings.events(f.id) if e.kind is EventKind.EDITED]
    assert {one.picture for one in shots} == {None, other["picture"]}
    assert not needed & set(mine.values())
    assert sorted(len(one.detail) for one in events) == [0, 1]


def notice(ident: str, state: NoticeState, body: str, finding: FindingId) -> Notice:
    return Notice(
        id=NoticeId(ident),
        finding=finding,
        addressee="host",
        host="board.example",
        state=state,
        subject="Notice",
        body=body,
        drafted_by="ann",
        drafted_at=NOON,
    )


async def test_remarks_that_name_him(repository: SqlRepository, vault: FileVault) -> None:
    """What people wrote into the history of his case loses his bare name, as a word; the rest of an event stays."""
    await take(repository, vault, HIDDEN, [post("1", "high")])
    text = "High answered; highlights stay"
    async with repository.writing() as work:
        (finding,) = await work.findings.list()
        for kind, detail in (
            (EventKind.COMMENT, {"text": text}),
            (EventKind.STATE, {"reason": text, "to": "high"}),
        ):
            event = FindingEvent(
                finding=finding.id, kind=kind, at=NOON, content=kind.value, detail=detail, reason=text
            )
            await work.findings.add_event(event)
    done = await erase("board.example:high", HIDDEN, repository, reason="asked", actor="ann", at=NOON)
    assert done.rows["finding_event"] == 2
    async with repository.reading() as work:
        opened, comment, state = await work.findings.events(finding.id)
    clean = "[erased] answered; highlights stay"
    assert (comment.reason, comment.detail) == (clean, {"text": clean})
    assert (state.reason, state.detail) == (clean, {"reason": clean, "to": "high"})
    assert opened.detail["severity"] != "[erased]"


async def test_notices_that_name_him(repository: SqlRepository, vault: FileVault) -> None:
    """Drafts lose his name; what was signed or submitted is what was sent, stays, and is told; addresses stay."""
    await take(repository, vault, PLAIN, [post("1")])
    text = "The account Skylark posted https://board.example/skylark/1 there; SKYLARKS did not."
    async with repository.writing() as work:
        (finding,) = await work.findings.list()
        for ident, state in (("N-1", NoticeState.DRAFT), ("N-2", NoticeState.SUBMITTED)):
            await work.notices.save(notice(ident, state, text, finding.id))
        await work.notices.save(notice("N-3", NoticeState.DRAFT, "nobody", finding.id))
    told = await tell_author(WHO, PLAIN, repository)
    assert [(one["id"], one["is_kept"]) for one in told["notice"]] == [("N-1", False), ("N-2", True)]
    done = await erase(WHO, PLAIN, repository, reason="asked", actor="ann", at=NOON)
    assert done.rows["notice"] == 1
    assert [one.id for one in done.notices] == ["N-2"]
    async with repository.reading() as work:
        bodies = {str(one.id): one.body for one in await work.notices.list()}
    assert bodies["N-1"] == text.replace("account Skylark", "account [erased]")
    assert bodies["N-2"] == text


@pytest.mark.parametrize("name", ["skylark", "Łąka ジョン"])
async def test_the_audit_forgets_him_and_holds(
    repository: SqlRepository, vault: FileVault, name: str
) -> None:
    """Entries that have his name or pseudonym are told by their digests alone; the chain and every anchor still hold."""
    who = f"board.example:{name}"
    names = known_as(who, HIDDEN)
    await take(repository, vault, HIDDEN, [post("1", name)])
    async with repository.writing() as work:
        (finding,) = await work.findings.list()
        for one in names:
            detail = {"scope": f"author:{one}", "reason": "his own"}
            await work.audit.append("ann", "false_positive", finding.id, detail, NOON)
            event = FindingEvent(
                finding=finding.id, kind=EventKind.STATE, at=NOON, content=f"c{len(one)}", detail=detail
            )
            await work.findings.add_event(event)
        await work.audit.append("ann", "comment", finding.id, {"text": "of somebody else"}, NOON)
    async with repository.reading() as work:
        before = await work.audit.entries()
    done = await erase(who, HIDDEN, repository, reason="asked", actor="ann", at=NOON)
    assert (done.rows["audit"], done.rows["finding_event"]) == (len(names), len(names))
    async with repository.reading() as work:
        after = await work.audit.entries()
    assert broken_at(after) is None
    assert [one.digest for one in after[: len(before)]] == [one.digest for one in before]
    erased = [one.seq for one in after if one.is_erased]
    assert len(erased) == len(names)
    assert json.loads(after[-1].detail)["audit_entries"] == erased
    everywhere = json.dumps(
        json.loads(json.dumps(await everything(repository)).replace("\\\\u", "\\u")), ensure_ascii=False
    )
    for one in names:
        assert one.partition(":")[2] not in everywhere
    pack = build(await gather(finding.id, repository, vault))
    assert verify(pack).problems == []
    forged = [replace(one, detail=one.detail.replace("f", "e")) if one.is_erased else one for one in after]
    assert broken_at(forged) in erased


@pytest.mark.parametrize("reason", ["", "  ", "skylark asked", "SKYLARK", "author-"])
@pytest.mark.parametrize("who", [WHO, "board.example:8080:skylark"])
async def test_the_reason_names_nobody(repository: SqlRepository, who: str, reason: str) -> None:
    """What goes into the audit stays there for good; a platform may have a port, which is no part of the name."""
    told = Authors("pseudonym", b"k" * 32).shown(who) or ""
    reason = told.rpartition(":")[2] if reason == "author-" else reason
    with pytest.raises(InputError):
        await erase(who, HIDDEN, repository, reason=reason, actor="ann", at=NOON)


async def test_a_platform_with_a_port(repository: SqlRepository, vault: FileVault) -> None:
    """A tripcode there keeps its case, and a draft that has the bare name loses it."""
    host = "board.example:8080"
    await take(repository, vault, PLAIN, [post("1", "Skylark !AbCd1234xy", host), post("2", "Skylark", host)])
    async with repository.writing() as work:
        (finding, *_) = await work.findings.list()
        await work.notices.save(
            notice("N-1", NoticeState.DRAFT, "The account Skylark posted it.", finding.id)
        )
    done = await erase(f"{host}:!AbCd1234xy", PLAIN, repository, reason="asked", actor="ann", at=NOON)
    assert done.rows["observation"] == 1
    done = await erase(f"{host}:skylark", PLAIN, repository, reason="asked", actor="ann", at=NOON)
    assert (done.rows["observation"], done.rows["notice"]) == (1, 1)


@pytest.mark.parametrize("mail", ["Someone@mail.example", "SOMEONE@MAIL.EXAMPLE"])
async def test_where_a_mail_address_is(repository: SqlRepository, vault: FileVault, mail: str) -> None:
    """Every table is looked through, whatever the case; what only looks like a pattern is none."""
    await take(
        repository,
        vault,
        HIDDEN,
        [post("1", text="write to someone@mail.example")],
        [post("2", text="someoneXmail.example")],
    )
    told = await tell_mail(mail, repository)
    assert [(one["table"], one["columns"]) for one in told["mentions"]] == [("observation", ("text",))]
    assert told["mentions"][0]["row"]["native_id"] == "1"
    assert not (await tell_mail("some_ne@mail.example", repository))["mentions"]
    with pytest.raises(InputError, match="expected a mail address"):
        await tell_mail("someone", repository)


async def test_the_report(repository: SqlRepository, vault: FileVault) -> None:
    """It tells how many are kept how, and for how long."""
    await take(repository, vault, HIDDEN, [post("1"), post("2")])
    told = await report("pseudonym", RetentionConfig(), repository)
    assert "0 by name, 2 by pseudonym, 0 erased" in told[0].what
    assert told[0].how_long.startswith("365 days")
    assert all(one.why and one.where for one in told)
    await erase(WHO, HIDDEN, repository, reason="asked", actor="ann", at=NOON)
    assert "0 by pseudonym, 2 erased" in (await report("pseudonym", RetentionConfig(), repository))[0].what


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that keeps names, and a database with two posts."""
    monkeypatch.chdir(tmp_path)
    text = '[http]\ncontact = "mailto:a@b.example"\n[privacy]\nauthors = "plain"\n'
    (tmp_path / "leakwatch.toml").write_text(text)
    folder = tmp_path / "leakwatch-data"
    folder.mkdir()

    async def prepare() -> None:
        await upgrade(f"sqlite:///{folder / 'leakwatch.db'}")
        repository = SqlRepository.open(f"sqlite:///{folder / 'leakwatch.db'}")
        await take(
            repository, FileVault(folder / "evidence"), PLAIN, [post("1")], [post("2", "Tansy\x1b[31m")]
        )
        await repository.close()

    asyncio.run(prepare())
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["privacy", *arguments])


def test_the_commands(home: Path) -> None:
    """Export, a dry run, erasing with evidence, and the report; as a person uses them."""
    told: dict[str, Any] = json.loads(run("export", "--author", WHO).stdout)
    assert [one["author"] for one in told["observation"]] == ["Skylark"]
    digest = told["evidence"][0]["digest"]
    file = home / "leakwatch-data" / "evidence" / digest[:2] / digest
    arguments = ("erase", "--author", WHO, "--reason", "asked", "--evidence", "--by", "ann")
    would = run(*arguments, "--dry-run")
    assert would.stdout == f"dropped\t{digest}\tboard\thttps://board.example/p0\n"
    assert "would change: 1 observation" in would.stderr
    assert file.exists()
    assert run(*arguments).exit_code == 0
    assert not file.exists()
    assert json.loads(run("export", "--author", WHO).stdout)["observation"] == []
    assert "1 by name, 0 by pseudonym, 1 erased" in run("report").stdout
    assert len(run("report", "--json").stdout.splitlines()) == 15
    hostile = run("export", "--author", "board.example:tansy\x1b[31m")
    assert "\x1b" not in hostile.stdout


def test_one_of_two_questions(home: Path) -> None:
    """Either an author or a mail address."""
    for arguments in ((), ("--author", WHO, "--mail", "a@b.example")):
        assert isinstance(run("export", *arguments).exception, InputError)


def test_an_entry_that_was_emptied_without_a_word(home: Path) -> None:
    """The audit holds after an erasure; an entry that somebody empties beside it is found."""
    file = home / "leakwatch-data" / "leakwatch.db"

    async def entries() -> list[AuditEntry]:
        opened = SqlRepository.open(f"sqlite:///{file}")
        async with opened.writing() as work:
            await work.audit.append("ann", "comment", "LW-1", {"text": f"he is {WHO}"}, NOON)
            found = await work.audit.entries()
        await opened.close()
        return found

    before = asyncio.run(entries())
    assert run("erase", "--author", WHO, "--reason", "asked", "--by", "ann").exit_code == 0
    good = CliRunner().invoke(app, ["audit", "verify"])
    assert good.exit_code == 0, good.output
    with sqlite3.connect(file) as connection:
        told = (before[0].erased().detail, before[0].seq)
        connection.execute("UPDATE audit SET detail = ? WHERE seq = ?", told)
    connection.close()
    bad = CliRunner().invoke(app, ["audit", "verify"])
    assert bad.exit_code == 1
    assert f"entry {before[0].seq} is erased, and no later entry says so" in bad.stderr
