"""The commands as a person meets them: help, documentation, exit codes, set-up, findings, alerts."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import typer
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from typer.testing import CliRunner, Result

import leakwatch
from leakwatch.cli import app
from leakwatch.config import load_config
from leakwatch.errors import ConfigError, InputError, LeakwatchError, StoreError
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import (
    EventKind,
    Finding,
    FindingEvent,
    FindingId,
    Match,
    Proof,
    Severity,
    Signal,
    SignalKind,
    State,
    Tier,
    Verdict,
)
from leakwatch.model.observation import Observation
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.store.migrate import newest, upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.torrent.infohash import Infohashes, InfohashV1

ROOT = Path(leakwatch.__file__).parents[1]
DOCS = (ROOT / "docs" / "cli.md").read_text("utf-8")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOSTILE = "\x1b[31mred\x9b2J\x7f\u202egnp\u2066\x1b]8;;https://evil.example\x07"
CONFIG = '[http]\ncontact = "mailto:a@b.example"\n'
CANARY = "canary-5f0c2b7e"


def commands() -> dict[str, Any]:
    """Every command of the click tree by its full name."""
    found: dict[str, Any] = {}

    def walk(command: Any, name: str) -> None:
        for part, inner in getattr(command, "commands", {}).items():
            walk(inner, f"{name} {part}")
        if not hasattr(command, "commands"):
            found[name] = command

    walk(typer.main.get_command(app), "leakwatch")
    return found


def options(name: str) -> list[Any]:
    """The options of a command, without its arguments."""
    return [one for one in COMMANDS[name].params if one.param_type_name == "option"]


COMMANDS = commands()


def run(*arguments: str, code: int = 0, stdin: str = "") -> Result:
    """A command, and that it ends with this code by itself."""
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.stderr
    return result


def fails(kind: type[LeakwatchError], *arguments: str) -> str:
    """The message of a command that fails with such an error and prints no data."""
    result = CliRunner().invoke(app, list(arguments))
    assert isinstance(result.exception, kind), result.exception
    assert result.stdout == ""
    return result.exception.message


def command(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """The real command, in a process of its own: exit code, stdout, stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "leakwatch", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def values(text: str) -> list[Any]:
    """JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


def check_harmless(text: str) -> None:
    """Nothing on the terminal but lines and tabs of visible characters."""
    odd = {char for char in text if not char.isprintable() and char not in "\n\t"}
    assert not odd, ascii(odd)


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy from, which is much faster than to make one."""
    file = tmp_path_factory.mktemp("cli") / "empty.db"
    asyncio.run(upgrade(f"sqlite:///{file}"))
    return file


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and no database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEAKWATCH_CONFIG", raising=False)
    (tmp_path / "leakwatch.toml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def database(home: Path, empty_database: Path) -> str:
    """An empty database where that configuration has it; its address."""
    (home / "leakwatch-data").mkdir()
    shutil.copy(empty_database, home / "leakwatch-data" / "leakwatch.db")
    return f"sqlite:///{home}/leakwatch-data/leakwatch.db"


# -- help and documentation ------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_command_has_help(name: str) -> None:
    """Each command says in a sentence what it does, and says it of each option too."""
    one = COMMANDS[name]
    assert one.help.splitlines()[0].endswith(".")
    assert [option.name for option in options(name) if not option.help] == []
    result = run(*name.split()[1:], "--help")
    assert one.help.split(".")[0].split()[0] in result.stdout
    assert result.stdout == run(*name.split()[1:], "-h").stdout


def section(name: str) -> str:
    """What docs/cli.md says of a command."""
    found = re.search(rf"^### {re.escape(name)}\n(.*?)(?=^##|\Z)", DOCS, re.MULTILINE | re.DOTALL)
    assert found, f"docs/cli.md has no section '### {name}'"
    return found[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_documented(name: str) -> None:
    """Each command has a section in docs/cli.md that names all its options and shows an example of it."""
    told = section(name)
    named = [text for option in options(name) for text in (*option.opts, *option.secondary_opts)]
    assert [text for text in named if text.startswith("--") and f"`{text}`" not in told] == []
    example = re.search(r"```\n(.*?)```", told, re.DOTALL)
    assert example
    assert name in example[1]


def test_documentation_names_no_other_command() -> None:
    """A section in docs/cli.md without a command is a leftover."""
    assert set(re.findall(r"^### (.+)$", DOCS, re.MULTILINE)) == set(COMMANDS)


def test_examples_of_the_documentation_are_commands() -> None:
    """The options in every example are options of its command."""
    for name in COMMANDS:
        example = cast("re.Match[str]", re.search(r"```\n(.*?)```", section(name), re.DOTALL))[1]
        known = {text for option in options(name) for text in (*option.opts, *option.secondary_opts)}
        assert set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", example.partition(name)[2])) <= known


def test_version_and_bare_command() -> None:
    """--version prints the version; without a command the help is shown and the usage was wrong."""
    assert run("--version").stdout == f"{leakwatch.__version__}\n"
    assert "Usage" in run(code=2).output
    assert "asset" in run("--help").stdout


# -- exit codes and streams of the real process ----------------------------------------------------


def test_exit_codes(home: Path) -> None:
    """0 done, 2 usage or configuration; errors are one line on stderr, and nothing is on stdout."""
    assert command(home, "config", "check")[:2] == (0, "")
    (home / "leakwatch.toml").write_text(CONFIG + "contract = 5\n")
    code, out, err = command(home, "asset", "list")
    assert (code, out) == (2, "")
    assert (
        err == "leakwatch: leakwatch.toml:3: http.contract: unknown key 'contract'; did you mean 'contact'?\n"
    )
    code, out, err = command(home, "config", "chekc")
    assert (code, out) == (2, "")
    assert "chekc" in err


def test_import_of_the_commands_is_light(home: Path) -> None:
    """The help needs neither the database layer nor the HTTP client nor libtorrent."""
    heavy = (
        "{'sqlalchemy', 'httpx', 'libtorrent', 'apscheduler', 'lxml', 'rich.progress', 'alembic', 'jinja2'}"
    )
    code = f"import sys; import leakwatch.cli; print(sorted({heavy} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=60)
    assert done.stdout == b"[]\n"


# -- init, doctor, config, db ----------------------------------------------------------------------


def test_init_writes_a_configuration_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that is written loads, has the contact, and passes the check; nothing goes to stdout."""
    monkeypatch.chdir(tmp_path)
    result = run("init", "new/folder", "--contact", "mailto:security@owner.example")
    assert result.stdout == ""
    assert "leakwatch.toml is written" in result.stderr
    config = load_config(tmp_path / "new" / "folder" / "leakwatch.toml")
    assert config.http.contact == "mailto:security@owner.example"
    assert not any(site.enabled for site in config.sites)
    assert ": ok" in run("config", "check", "-c", "new/folder/leakwatch.toml").stderr


def test_init_asks_for_the_contact(tmp_path: Path) -> None:
    """Without --contact the command asks; without an answer it ends and writes nothing."""
    run("init", str(tmp_path / "a"), stdin="https://owner.example/contact\n")
    assert load_config(tmp_path / "a" / "leakwatch.toml").http.contact == "https://owner.example/contact"
    run("init", str(tmp_path / "b"), code=1)
    assert not (tmp_path / "b").exists()


def test_init_does_not_overwrite(home: Path) -> None:
    """A configuration that is there stays byte for byte as it is."""
    assert fails(InputError, "init", "--contact", "mailto:x@y").endswith(
        "is there already; it was left as it is"
    )
    assert (home / "leakwatch.toml").read_text() == CONFIG


@pytest.mark.parametrize(
    "contact",
    [
        "",
        "a@b.example",
        "http://x.example/",
        'mailto:"',
        "mailto:a\\",
        "mailto:a\r\nb",
        "mailto:jörg@x",
        "mailto:\x1b[31m",
    ],
)
def test_init_refuses_odd_contacts(tmp_path: Path, contact: str) -> None:
    """A contact that would not do in the file or in a header is refused, and nothing is written."""
    message = fails(InputError, "init", str(tmp_path / "x"), "--contact", contact)
    assert "a contact is mailto:… or https://…" in message
    assert not (tmp_path / "x").exists()


def test_init_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A folder that cannot be made is an error with its name, not a traceback."""
    (tmp_path / "file").write_text("x")
    for place in ("file", "file/deeper"):
        assert "cannot be written" in fails(
            InputError, "init", str(tmp_path / place), "--contact", "mailto:x@y"
        )


def test_config_check_ends_with_two_for_a_mistake(home: Path) -> None:
    """A mistake, and a file that is not there, are configuration errors with the file's name."""
    (home / "leakwatch.toml").write_text("[http]\n")
    assert fails(ConfigError, "config", "check") == "leakwatch.toml:1: http: contact is missing"
    assert "`leakwatch init` writes one" in fails(ConfigError, "config", "check", "-c", "nowhere.toml")


def test_what_a_configuration_leaves_undone(home: Path) -> None:
    """A daemon that watches nothing, or tells nobody, says so before anybody waits for it."""
    told = run("config", "check").stderr
    assert "note: no site is enabled, so nothing is watched" in told
    assert "note: without [[routes]] nobody is alerted" in told
    logged = run("run", "--once", "--log-format", "json").stderr
    assert logged.count('"event": "configuration_gap"') == told.count("note: ")


def test_configuration_by_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LEAKWATCH_CONFIG names the file; --config wins over it."""
    (home / "leakwatch.toml").rename(home / "other.toml")
    monkeypatch.setenv("LEAKWATCH_CONFIG", str(home / "other.toml"))
    assert "other.toml: 0 sites" in run("config", "check").stderr
    fails(ConfigError, "config", "check", "--config", "leakwatch.toml")


def test_doctor_of_a_healthy_installation(home: Path) -> None:
    """Every check is a line on stderr, all are ok, and an absent database is no fault."""
    result = run("doctor")
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert all(line.startswith("ok   ") for line in lines)
    for part in (
        "Python",
        "rules",
        "alembic",
        "libtorrent",
        "configuration: 0 sites",
        "data folder",
        "database",
    ):
        assert any(part in line for line in lines), part


def test_doctor_names_what_is_wrong(home: Path) -> None:
    """A mistake in the file, a data folder that is a file, a database that is none: each is told."""
    (home / "leakwatch.toml").write_text("[http]\n")
    assert "FAIL leakwatch.toml:1: http: contact is missing" in run("doctor", code=1).stderr
    (home / "leakwatch.toml").write_text(CONFIG)
    (home / "leakwatch-data").write_text("x")
    assert f"FAIL data folder {home}/leakwatch-data: File exists" in run("doctor", code=1).stderr
    (home / "leakwatch-data").unlink()
    (home / "leakwatch-data").mkdir()
    (home / "leakwatch-data" / "leakwatch.db").write_bytes(b"no database" * 1000)
    assert "file is not a database" in run("doctor", code=1).stderr


def test_db_upgrade_and_status(home: Path) -> None:
    """Before the upgrade the status is 1, after it 0, and a second upgrade changes nothing."""
    assert "revision none" in run("db", "status", code=1).stderr
    assert f"revision {newest()}" in run("db", "upgrade").stderr
    status = run("db", "status")
    assert (status.stdout, status.stderr) == (
        "",
        f"the database is at revision {newest()}, this release wants {newest()}\n",
    )
    run("db", "upgrade")
    assert "FAIL" not in run("doctor").stderr


def set_revision(home: Path, revision: str) -> None:
    """Pretend that the database is at another revision."""
    with closing(sqlite3.connect(home / "leakwatch-data" / "leakwatch.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


@pytest.mark.parametrize(
    "arguments", [("db", "upgrade"), ("asset", "list"), ("finding", "list"), ("source", "list")]
)
def test_database_that_cannot_be_used(home: Path, database: str, arguments: tuple[str, ...]) -> None:
    """A newer database, a file that is none, and a folder that cannot be made are one-line errors."""
    set_revision(home, "9999")
    assert "Can't locate revision identified by '9999'" in fails(StoreError, *arguments)
    (home / "leakwatch-data" / "leakwatch.db").write_bytes(b"no database" * 1000)
    assert fails(StoreError, *arguments) == "the database cannot be opened: file is not a database"
    shutil.rmtree(home / "leakwatch-data")
    (home / "leakwatch-data").write_text("x")
    assert "cannot be made: File exists" in fails(StoreError, *arguments)


# -- findings and sources --------------------------------------------------------------------------

MODEL = Asset(id=AssetId("model"), title="Tideglass 70B")
CASE = Finding(
    id=FindingId("LW-1"),
    asset=MODEL.id,
    state=State.NEW,
    verdict=Verdict.PROVED,
    severity=Severity.HIGH,
    tier=Tier.AUTO,
    score=0.97,
    opened_at=NOON,
    updated_at=NOON,
    title="weights",
)


async def fill(url: str, *cases: Finding, text: str = "weights") -> None:
    """Findings with a sighting, a proof and an event, in which a source wrote `text`."""
    store = SqlRepository.open(url)
    async with store.writing() as work:
        await work.catalogue.save(replace(MODEL, title=text), NOON)
        for case in cases:
            seen = Observation(
                site="board",
                native_id=case.id,
                title=text,
                fetched_at=NOON,
                url=f"https://b.example/{text}",
                author=text,
            )
            match = Match(case.asset, case.score, case.tier, (Signal(SignalKind.TITLE, text, 12.5),))
            ids = await work.findings.store([seen])
            await work.findings.save(replace(case, title=text))
            await work.findings.add_sighting(case.id, *ids.values(), seen, match)
            event = FindingEvent(
                finding=case.id,
                kind=EventKind.OPENED,
                at=NOON,
                content="opened",
                detail={"site": "board", "x": text},
            )
            await work.findings.add_event(event)
            hashes = Infohashes(v1=InfohashV1(b"\xee" * 20))
            await work.findings.request_proof(case.id, hashes, NOON)
            for task in await work.findings.proof_tasks("ee" * 20):
                await work.findings.close_proof(task, Proof(Verdict.PROVED, "v1", (), text), "d" * 64, NOON)
    await store.close()


async def want(url: str, reason: str) -> None:
    """Two torrents that are wanted: one was looked for in vain, for this reason."""
    store = SqlRepository.open(url)
    async with store.writing() as work:
        for number in (1, 2):
            hashes = Infohashes(v1=InfohashV1(bytes([number]) * 20))
            await work.findings.request_proof(CASE.id, hashes, NOON)
        (task,) = await work.findings.proof_tasks("01" * 20)
        await work.findings.put_off_proof(task, NOON, reason, NOON)
    await store.close()


def test_doctor_says_what_is_looked_for(home: Path, database: str) -> None:
    """Torrents that wait are counted by what the last look gave; that is no fault."""
    asyncio.run(fill(database, CASE))
    assert "wait for a look" not in run("doctor").stderr
    asyncio.run(want(database, "nobody answered"))
    told = [line for line in run("doctor").stderr.splitlines() if "wait for a look" in line]
    assert told == [
        "ok   torrents that wait for a look: 1, not looked for yet",
        "ok   torrents that wait for a look: 1, nobody answered",
    ]


def test_finding_list(home: Path, database: str) -> None:
    """Findings are listed newest first; as JSON with all their fields, for people as one line each."""
    newer = replace(CASE, id=FindingId("LW-2"), opened_at=NOON + timedelta(hours=1), severity=Severity.LOW)
    asyncio.run(fill(database, CASE, newer))
    told = values(run("finding", "list", "--json").stdout)
    assert [one["id"] for one in told] == ["LW-2", "LW-1"]
    assert told[1] == {
        "id": "LW-1",
        "asset": "model",
        "state": "new",
        "verdict": "proved",
        "severity": "high",
        "severity_why": None,
        "assignee": None,
        "acknowledged_by": None,
        "due_at": None,
        "drill": False,
        "tier": "auto",
        "score": 0.97,
        "title": "weights",
        "sites": ["board"],
        "sightings": 1,
        "opened_at": NOON.isoformat(),
        "updated_at": NOON.isoformat(),
    }
    line = run("finding", "list").stdout.splitlines()[1]
    assert line.split("\t") == ["LW-1", "high", "proved", "new", "model", "1 on board", "weights"]


def test_finding_list_of_nothing(home: Path, database: str) -> None:
    """No findings is said on stderr; stdout stays empty."""
    result = run("finding", "list")
    assert (result.stdout, result.stderr) == ("", "no findings\n")
    assert run("finding", "list", "--json", "--fail-at", "low").stdout == ""


@pytest.mark.parametrize(
    ("state", "severity", "code"),
    [
        (State.NEW, "high", 10),
        (State.NEW, "low", 10),
        (State.NEW, "critical", 0),
        (State.REOPENED, "high", 10),
        (State.CONFIRMED, "low", 0),
        (State.FALSE_POSITIVE, "low", 0),
    ],
)
def test_fail_at(home: Path, database: str, state: State, severity: str, code: int) -> None:
    """--fail-at prints as usual and ends with 10 for a new or reopened finding that is so severe."""
    asyncio.run(fill(database, replace(CASE, state=state)))
    assert len(run("finding", "list", "--json", "--fail-at", severity, code=code).stdout.splitlines()) == 1


def test_a_drill_is_marked_and_fails_nothing(home: Path, database: str) -> None:
    """The case of a drill says so in the list, alone and for programs, and --fail-at passes it over."""
    asyncio.run(fill(database, replace(CASE, drill=True)))
    assert "\tDRILL: weights" in run("finding", "list", "--fail-at", "low").stdout
    assert run("finding", "show", CASE.id).stdout.startswith("DRILL: nothing has leaked\n")
    assert json.loads(run("finding", "list", "--json").stdout.splitlines()[0])["drill"] is True


def test_fail_at_misspelt(home: Path) -> None:
    """A severity that there is not is a wrong usage."""
    assert "urgent" in run("finding", "list", "--fail-at", "urgent", code=2).stderr


def test_finding_show_and_set(home: Path, database: str) -> None:
    """A finding is shown with places, reasons, proofs and history; a change of state joins them."""
    asyncio.run(fill(database, CASE))
    result = run("finding", "set", "LW-1", "confirmed", "--reason", "seen it")
    assert (result.stdout, result.stderr) == ("", "LW-1: confirmed\n")
    (told,) = values(run("finding", "show", "LW-1", "--json").stdout)
    assert told["state"] == "confirmed"
    assert [place["url"] for place in told["places"]] == ["https://b.example/weights"]
    assert told["signals"] == [{"kind": "title", "detail": "weights", "weight": 12.5}]
    (proof,) = told["proofs"]
    assert (proof["verdict"], proof["method"], proof["reason"]) == ("proved", "v1", "weights")
    assert told["spread"] is None
    assert [event["kind"] for event in told["events"]] == ["opened", "state_changed"]
    assert told["events"][1]["detail"]["reason"] == "seen it"
    text = run("finding", "show", "LW-1").stdout
    for part in (
        "LW-1  high  proved  confirmed  score 0.97 (auto)",
        "asset: weights (model)",
        "board: weights hxxps://b[.]example/weights",
        "+12.5 bits  title: weights",
        "proof: proved (v1): weights",
        "reason=seen it",
        "told: nobody; `leakwatch route explain LW-1` says who is told of what",
    ):
        assert part in text


def test_finding_set_refuses(home: Path, database: str) -> None:
    """An illegal step, an empty reason and an unknown finding are errors; an unknown state is usage."""
    asyncio.run(fill(database, CASE))
    assert "LW-1 is new and can become" in fails(
        InputError, "finding", "set", "LW-1", "reopened", "--reason", "x"
    )
    assert "say why" in fails(InputError, "finding", "set", "LW-1", "confirmed", "--reason", " ")
    assert "finding list" in fails(InputError, "finding", "set", "LW-9", "confirmed", "--reason", "x")
    run("finding", "set", "LW-1", "gone", "--reason", "x", code=2)
    run("finding", "set", "LW-1", "confirmed", code=2)
    assert values(run("finding", "show", "LW-1", "--json").stdout)[0]["state"] == "new"
    assert "finding list" in fails(InputError, "finding", "show", "LW-9")


def test_hostile_finding_does_not_steer_the_terminal(home: Path, database: str) -> None:
    """What a source wrote reaches stdout as visible escapes, without links; JSON keeps it as it was."""
    asyncio.run(fill(database, CASE, text=HOSTILE))
    for arguments in (("list",), ("show", "LW-1")):
        text = run("finding", *arguments).stdout
        check_harmless(text)
        assert "\\x1b[31mred" in text
    assert "https://b" not in text
    assert values(run("finding", "list", "--json").stdout)[0]["title"] == HOSTILE


SITES = """
[[sites]]
name = "board"
kind = "imageboard"
boards = ["g"]

[[sites]]
name = "index"
kind = "feed"
url = "https://index.example/rss"
every = "5m"
enabled = false
"""


async def polled(url: str) -> None:
    """A site that was read once and then refused us."""
    store = SqlRepository.open(url)
    window = CoverageWindow(
        site="board", started_at=NOON, ended_at=NOON, verdict=Coverage.OK, pages=2, items=9, new_items=3
    )
    async with store.writing() as work:
        await work.sites.sync([("board", "imageboard", "a.4cdn.org")], NOON)
        await work.sites.close_poll(window, NOON, 0, None)
        await work.sites.pace("board", 90.0, "quiet: nothing new", NOON)
        refused = replace(window, verdict=Coverage.REFUSED, detail=HOSTILE)
        await work.sites.close_poll(refused, NOON, 1, HOSTILE)
    await store.close()


def test_source_list_and_health(home: Path, database: str) -> None:
    """Sites are listed with how they fare, and their last polls newest first; errors steer no terminal."""
    (home / "leakwatch.toml").write_text(CONFIG + SITES)
    assert run("source", "list").stdout.splitlines() == [
        "board\timageboard\ta.4cdn.org\tevery 60s\tnot read yet",
        "index\tfeed\tindex.example\tevery 5m\toff",
    ]
    asyncio.run(polled(database))
    text = run("source", "list").stdout
    check_harmless(text)
    assert text.startswith(
        "board\timageboard\ta.4cdn.org\tevery 90s (quiet: nothing new)\tfailing: \\x1b[31mred"
    )
    told = values(run("source", "list", "--json").stdout)
    assert [(one["name"], one["enabled"], one["every_s"], one["failures"]) for one in told] == [
        ("board", True, 60.0, 1),
        ("index", False, 300.0, 0),
    ]
    health = run("source", "health", "board").stdout
    check_harmless(health)
    assert [line.split("\t")[1:4] for line in health.splitlines()] == [
        ["refused", "2 pages", "3 new of 9"],
        ["ok", "2 pages", "3 new of 9"],
    ]
    assert [one["verdict"] for one in values(run("source", "health", "board", "--json").stdout)] == [
        "refused",
        "ok",
    ]
    assert "leakwatch source list" in fails(InputError, "source", "health", "nothing")


# -- alert test ------------------------------------------------------------------------------------


class Post:
    """A mail server's behaviour."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuse one recipient."""
        if address.startswith("nobody"):
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        self.mails.append(envelope.original_content or b"")
        return "250 ok"


class Server(Controller):
    """A mail server on a free port."""

    def _trigger_server(self) -> None:
        self.port = cast("asyncio.Server", self.server).sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    """A running mail server and its port."""
    handler = Post()
    server = Server(handler, hostname="127.0.0.1", port=0)
    server.start()
    yield handler, server.port
    server.stop()


def mail_channel(name: str, port: int, recipient: str) -> str:
    """A mail channel in the configuration."""
    return (
        f'[[channels]]\nname = "{name}"\nkind = "email"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
        f'sender = "leakwatch@owner.example"\nrecipients = ["{recipient}"]\npassword = "{CANARY}"\n'
    )


def test_alert_test(home: Path, post: tuple[Post, int]) -> None:
    """Each channel is tried with a marked alert; one that refuses makes it 1, after the others."""
    handler, port = post
    channels = mail_channel("bad", port, "nobody@owner.example") + mail_channel(
        "good", port, "a@owner.example"
    )
    (home / "leakwatch.toml").write_text(CONFIG + channels)
    result = run("alert", "test", code=1)
    assert result.stdout == ""
    bad, good = result.stderr.splitlines()
    assert bad == "bad (nobody@owner.example): failed: 127.0.0.1 refuses the recipient (550: unknown)"
    assert re.fullmatch(r"good \(a@owner\.example\): accepted \(<[0-9a-f]{40}@owner\.example>, .*\)", good)
    (mail,) = handler.mails
    assert b"Subject: [TEST] [LOW] Test alert" in mail
    assert run("alert", "test", "good").stderr.startswith("good (a@owner.example): accepted (<")
    assert CANARY not in result.output
    assert not (home / "leakwatch-data").exists()


def test_alert_test_without_channels(home: Path) -> None:
    """A channel that there is not, or none at all, is a mistake in the configuration."""
    assert "no channel configured" in fails(ConfigError, "alert", "test")
    (home / "leakwatch.toml").write_text(CONFIG + mail_channel("mail", 25, "a@b.example"))
    message = fails(ConfigError, "alert", "test", "mial")
    assert message == "no channel mial; there are: mail"


# -- rules -----------------------------------------------------------------------------------------


def test_rule_check(tmp_path: Path) -> None:
    """The shipped rules keep to their own examples; a folder that is not there is named."""
    result = run("rule", "check")
    assert result.stdout == ""
    assert re.fullmatch(r"\d+ rules, 0 problems\n", result.stderr)
    assert "no such folder of rules" in fails(InputError, "rule", "check", str(tmp_path / "nowhere"))
