"""`leakwatch audit`: a chain that is checked from outside, with anchors."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leakwatch.cli import app
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration, and a database with three entries."""
    (tmp_path / "leakwatch.toml").write_text('[http]\ncontact = "mailto:a@b.example"\n')
    monkeypatch.setenv("LEAKWATCH_CONFIG", str(tmp_path / "leakwatch.toml"))
    (tmp_path / "leakwatch-data").mkdir()
    url = f"sqlite:///{tmp_path / 'leakwatch-data' / 'leakwatch.db'}"

    async def fill() -> None:
        await upgrade(url)
        opened = SqlRepository.open(url)
        async with opened.writing() as work:
            for number in (1, 2, 3):
                await work.audit.append(
                    "somebody", "noted", f"LW-{number % 2}", {"who": "Zoë", "n": number}, NOON
                )
        await opened.close()

    asyncio.run(fill())
    return tmp_path


def run(*arguments: str) -> Result:
    """One command."""
    return CliRunner().invoke(app, ["audit", *arguments])


def change(home: Path, statement: str) -> None:
    """Somebody with access to the database changes it."""
    with closing(sqlite3.connect(home / "leakwatch-data" / "leakwatch.db")) as database:
        database.execute(statement)
        database.commit()


def sha256(*told: str | int) -> str:
    """As docs/cli.md tells it."""
    return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()


def test_digests_can_be_computed_from_the_list(home: Path) -> None:
    """A detail is an object, and with what docs/cli.md says each digest comes out of it; one that is none is its text."""
    previous = "0" * 64
    for told in map(json.loads, run("list", "--json").stdout.splitlines()):
        assert told["detail"] == {"n": told["seq"], "who": "Zoë"}
        at = datetime.fromisoformat(told["at"]).astimezone(UTC).isoformat(timespec="microseconds")
        detail = json.dumps(told["detail"], sort_keys=True, separators=(",", ":"))
        content = sha256(at, told["actor"], told["action"], told["subject"], detail)
        assert told["digest"] == sha256(told["seq"], content, previous)
        previous = told["digest"]
    change(home, "UPDATE audit SET detail = '{broken' WHERE seq = 2")
    assert json.loads(run("list", "--json").stdout.splitlines()[1])["detail"] == "{broken"


def test_listed_and_verified(home: Path) -> None:
    """Entries are listed, of one subject too; an untouched chain is said to be whole."""
    assert home.is_dir()
    assert [json.loads(line)["seq"] for line in run("list", "--json").stdout.splitlines()] == [1, 2, 3]
    assert run("list", "--subject", "LW-1").stdout.count("noted") == 2
    anchor = run("head").stdout.strip()
    assert json.loads(run("head", "--json").stdout)["seq"] == 3
    result = run("verify", "--anchor", anchor)
    assert (result.exit_code, result.stderr) == (0, "3 entries hang together\n")
    assert run("verify", "--anchor", "three").exit_code != 0


def test_changes_are_named(home: Path) -> None:
    """A changed, a missing and a rebuilt entry: each is told by its number."""
    anchor = run("head").stdout.strip()
    change(home, "update audit set actor = 'nobody' where seq = 2")
    result = run("verify")
    assert result.exit_code == 1
    assert "entry 2 was changed" in result.stderr
    change(home, "delete from audit where seq = 2")
    assert "entry 3" in run("verify").stderr
    change(home, "delete from audit where seq = 3")
    assert run("verify").exit_code == 0
    result = run("verify", "--anchor", anchor)
    assert result.exit_code == 1
    assert "there is no entry 3" in result.stderr
