"""`leakwatch export` as a person uses it."""

from __future__ import annotations

import asyncio
import csv
import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leakwatch.cli import app
from leakwatch.errors import InputError
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

from .filled import fill

CONFIG = '[http]\ncontact = "mailto:a@b.example"\n[export]\norganisation = "Example Studio"\n'


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["export", *arguments])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with a filled database."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leakwatch.toml").write_text(CONFIG)
    (tmp_path / "leakwatch-data").mkdir()
    url = f"sqlite:///{tmp_path / 'leakwatch-data' / 'leakwatch.db'}"

    async def prepare() -> None:
        await upgrade(url)
        repository = SqlRepository.open(url)
        await fill(repository)
        await repository.close()

    asyncio.run(prepare())
    return tmp_path


def test_to_stdout(home: Path) -> None:
    """JSON lines are what comes without a format; the talk goes to stderr."""
    result = run("sightings", "--asset", "tideglass", "--since", "2026-11-20")
    told = [json.loads(one) for one in result.stdout.splitlines()]
    assert [one["finding"] for one in told] == ["LW-A", "LW-A", "LW-B"]
    assert "Skylark" not in result.stdout
    assert told[0]["author"].startswith("board.example:author-")
    assert result.stderr == "3 sightings\n"


def test_to_a_file(home: Path) -> None:
    """The file is whole, only its owner may read it, and nothing lies beside it."""
    before = set(home.iterdir())
    assert run("findings", "-f", "csv", "--bom", "-o", "out.csv").exit_code == 0
    file = home / "out.csv"
    assert set(home.iterdir()) - before == {file}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    with file.open(encoding="utf-8-sig", newline="") as told:
        titles = [one["title"] for one in csv.DictReader(told)]
    assert '\'=HYPERLINK("x")' in titles


def test_a_failure_leaves_what_was_there(home: Path) -> None:
    """An export that fails replaces no file."""
    file = home / "out.xml"
    file.write_text("before")
    before = set(home.iterdir())
    result = run("events", "-f", "atom", "-o", "out.xml")
    assert isinstance(result.exception, InputError)
    assert file.read_text() == "before"
    assert set(home.iterdir()) == before


@pytest.mark.parametrize("told", ["yesterday", "2026-13-01", ""])
def test_a_time_that_is_none(home: Path, told: str) -> None:
    """The error names what is expected."""
    result = run("findings", "--since", told or " ")
    assert isinstance(result.exception, InputError)
    assert "--since" in str(result.exception)


def test_names_by_wish(home: Path) -> None:
    """Works under embargo are named only when that is asked for."""
    assert "Quiet Harbour" not in run("findings").stdout
    assert "Quiet Harbour" in run("findings", "--with-names").stdout
