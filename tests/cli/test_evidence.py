"""`leakwatch evidence`: a pack as a person makes it, checks it and computes it again by hand."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leakwatch.cli import app
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

from ..evidence.cases import HOSTILE, scene  # noqa: TID252 - tests are no package that could be named


@pytest.fixture
def finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A configuration, and a case with two sightings and a verdict."""
    data = tmp_path / "leakwatch-data"
    data.mkdir()
    (tmp_path / "leakwatch.toml").write_text('[http]\ncontact = "mailto:a@b.example"\n')
    monkeypatch.setenv("LEAKWATCH_CONFIG", str(tmp_path / "leakwatch.toml"))
    monkeypatch.chdir(tmp_path)

    async def fill() -> str:
        url = f"sqlite:///{data / 'leakwatch.db'}"
        await upgrade(url)
        opened = SqlRepository.open(url)
        made = await scene(opened, data)
        await made.take("Tideglass 70B")
        await made.take(HOSTILE, "2", "index", 1)
        await made.judge()
        found = (await made.finding()).id
        await opened.close()
        return found

    return asyncio.run(fill())


def run(*arguments: str) -> Result:
    """One command."""
    return CliRunner().invoke(app, list(arguments))


def test_packed_checked_and_told(finding: str, tmp_path: Path) -> None:
    """The same case packs to the same bytes; the pack passes; a changed one names what is changed; the audit knows of both."""
    first = run("evidence", "pack", finding, "--by", "somebody")
    assert first.exit_code == 0, first.output
    made = (tmp_path / f"{finding}.zip").read_bytes()
    assert (tmp_path / f"{finding}.zip").stat().st_mode & 0o077 == 0
    assert first.stdout == f"{hashlib.sha256(made).hexdigest()}  {finding}.zip\n"
    assert run("evidence", "pack", finding, "-o", "b.zip").stdout.split()[0] == first.stdout.split()[0]
    anchor = run("audit", "head").stdout.strip()
    good = run("evidence", "verify", "b.zip", "--anchor", anchor)
    assert good.exit_code == 0, good.output
    assert "ok: " in good.stderr
    listed = run("audit", "list", "--json").stdout.splitlines()
    packs = [json.loads(line) for line in listed if '"packed"' in line]
    assert packs[0]["actor"] == "somebody"
    assert packs[0]["detail"]["sha256"] == first.stdout.split()[0]
    broken = made.replace(b"Evidence report", b"Evidence repoXt", 1)
    (tmp_path / "c.zip").write_bytes(broken)
    bad = run("evidence", "verify", "c.zip", "--json")
    assert bad.exit_code == 1
    assert any(one.startswith("report.html: changed") for one in json.loads(bad.stdout)["problems"])
    assert run("evidence", "verify", "nowhere.zip").exit_code != 0
    assert run("evidence", "pack", "LW-NONE").exit_code != 0


def test_usage(finding: str) -> None:
    """All that is kept of an open case is needed."""
    assert finding
    told = json.loads(run("evidence", "usage", "--json").stdout)
    assert told["files"] == told["needed_files"] == 6
    assert told["has_room"]
    assert "needed by findings" in run("evidence", "usage").stdout


def test_report_commands_work(finding: str, tmp_path: Path) -> None:
    """The commands that the report prints give what it says they give, and prove the torrent anew."""
    run("evidence", "pack", finding, "-o", "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as pack:
        pack.extractall(tmp_path / "unpacked")
    folder = tmp_path / "unpacked"
    page = (folder / "report.html").read_text()
    lines = re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)
    assert lines
    told = lines[1].replace("&#39;", "'").replace("&gt;", ">").replace("&amp;", "&").strip().splitlines()
    info, torrent, piece = told
    assert _shell(info, folder).split()[0] == info.rpartition("gives ")[2]
    make = torrent.partition("; leakwatch")[0]
    _shell(make, folder)
    data = str(tmp_path / "leakwatch-data")
    proved = run("torrent", "prove", str(folder / "a.torrent"), "--asset-path", data, "--json")
    assert json.loads(proved.stdout)["verdict"] == "proved"
    piece = piece.replace("ASSET_FILE", f"{data}/weights.bin")
    assert _shell(piece, folder).split()[0] == piece.rpartition(": ")[2]


def _shell(command: str, folder: Path) -> str:
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def test_the_case_says_what_became_of_its_places(finding: str) -> None:
    """`finding show` tells of each place whether it was looked at again."""
    assert "2 places not looked at again yet" in run("finding", "show", finding).stdout
    shown = json.loads(run("finding", "show", finding, "--json").stdout)
    assert {one["now"] for one in shown["places"]} == {"not looked at again yet"}


def test_other_works_under_embargo(finding: str, tmp_path: Path) -> None:
    """A pack that names another work under embargo warns by its code name, and is made without it when asked."""
    (tmp_path / "other.bin").write_bytes(b"of another work")
    secret = ("--embargo", "--codename")
    kept = run("asset", "add", "other.bin", "--title", "Quiet Harbour", "--id", "other", *secret, "Heron")
    assert kept.exit_code == 0, kept.output
    told = run("evidence", "pack", finding)
    assert told.exit_code == 0, told.output
    assert "another work under embargo" not in told.output
    named = run("asset", "add", "other.bin", "--title", "alert", "--id", "another", *secret, "Plover")
    assert named.exit_code == 0, named.output
    told = run("evidence", "pack", finding)
    assert "names Plover, another work under embargo" in told.output
    assert "--redact-others" in told.output
    told = run("evidence", "pack", finding, "--redact-others", "-o", "less.zip")
    assert told.exit_code == 0, told.output
    assert "left out, because it names Plover" in told.output
    checked = run("evidence", "verify", "less.zip")
    assert checked.exit_code == 0, checked.output
    assert "left out: " in checked.output
    assert "Plover" in checked.output
    with zipfile.ZipFile(tmp_path / "less.zip") as pack:
        assert not [name for name in pack.namelist() if b"alert(1)" in pack.read(name)]
