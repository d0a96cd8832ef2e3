"""`leakwatch rule test` and `rule preview` as a person meets them, over a real store."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
import termios
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

import leakwatch
from leakwatch.cli import app
from leakwatch.errors import InputError, RuleError
from leakwatch.extract.links import locate
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.observation import Observation
from leakwatch.service import add_asset
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

NOW = datetime.now(UTC)
ROOT = Path(leakwatch.__file__).parents[1]
HASH = "0123456789abcdef0123456789abcdef012345"
RULE = """\
schema: 1
rules:
  - id: own.gullwing.name
    asset: gullwing
    title: The code name
    confidence: high
    any_tokens: [gullwing]
    sources: [board]
    examples: [{name: gullwing, source: board}]
    counter_examples: [gull, wing mirror]
overrides:
  - override: context.offer.words
    enabled: false
    reason: to see what it does
"""


def run(*arguments: str, code: int = 0, stdin: str = "") -> Result:
    """A command, and that it ends with this code."""
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.stderr
    return result


def test_what_hits_a_text_and_why() -> None:
    """Rules that hit a text from an option or stdin are shown with each condition."""
    for result in (
        run("rule", "test", "--text", "Silent Harbour 2026 DVDSCR"),
        run("rule", "test", stdin="Silent Harbour 2026 DVDSCR\n"),
    ):
        assert (
            "film.early.screener\tsign\thigh\tA copy for juries and press\n    yes any_tokens: dvdscr\n"
            in result.stdout
        )
        assert "rules hit\n" in result.stderr


def test_a_list_of_files_as_json(tmp_path: Path) -> None:
    """A list of files is held against the conditions; one rule is shown even if it does not hit."""
    listing = tmp_path / "list.tsv"
    listing.write_text("7B/consolidated.00.pth\t13476939516\n7B/params.json\t101\n\x1b[31m\n")
    told = [
        json.loads(line)
        for line in run("rule", "test", "--files", str(listing), "--json").stdout.splitlines()
    ]
    assert "weights.llama.files" in {one["rule"] for one in told}
    assert all(one["hit"] for one in told)
    one = json.loads(
        run("rule", "test", "--files", str(listing), "--rule", "weights.hf.shards", "--json").stdout
    )
    assert one["hit"] is False
    assert one["conditions"][0]["found"].startswith("count((name matches")
    listing.write_text("a\tlarge\n")
    for arguments, told_error in (
        (("--files", str(listing)), "1: not a number of bytes: 'large'"),
        (("--text", "x", "--rule", "a.b.c"), "no rule 'a.b.c'"),
    ):
        result = CliRunner().invoke(app, ["rule", "test", *arguments])
        assert isinstance(result.exception, InputError)
        assert result.exception.message == told_error


def test_the_scope_of_own_rules(tmp_path: Path) -> None:
    """A rule for certain sources counts for those, and where no source is named; overrides hold too."""
    own = tmp_path / "own.yaml"
    own.write_text(RULE)
    assert run("rule", "check", str(own)).stderr.endswith("1 switched off, 0 problems\n")
    for arguments, hit in (((), True), (("--source", "board"), True), (("--source", "feed"), False)):
        result = run("rule", "test", str(own), "--text", "gullwing torrent", *arguments)
        assert ("own.gullwing.name" in result.stdout) is hit
        assert "context.offer.words" not in result.stdout


def test_match_with_own_rules(tmp_path: Path) -> None:
    """`match --rules` reads the same pack; a rule that is wrong is told with its place."""
    catalogue, own = tmp_path / "c.jsonl", tmp_path / "own.yaml"
    catalogue.write_text('{"id": "gullwing", "title": "Northwind Model 7"}\n')
    own.write_text(RULE.replace("    sources: [board]\n", ""))
    told = json.loads(
        run("match", "--catalogue", str(catalogue), "--rules", str(own), "--json", stdin="gullwing\n").stdout
    )
    assert [one["asset"] for one in told["candidates"]] == ["gullwing"]
    own.write_text(RULE.replace("[gullwing]", "[gullwing]\n    patterns: ['(?=x)']"))
    result = CliRunner().invoke(app, ["rule", "check", str(own)])
    assert isinstance(result.exception, RuleError)
    assert "own.yaml:8:17: patterns: lookahead" in result.exception.message


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration, and a store with an asset and five hundred items."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leakwatch.toml").write_text(
        '[http]\ncontact = "mailto:a@b.example"\n[daemon]\nrules_dir = "rules"\n'
        '[[sites]]\nname = "board"\nkind = "feed"\nurl = "https://a.example/feed"\n'
    )
    (tmp_path / "rules").mkdir()
    asyncio.run(_fill(tmp_path))
    return tmp_path


def item(number: int, title: str, age: timedelta, text: str = "") -> Observation:
    """An item of the board."""
    return locate(
        Observation(site="board", native_id=str(number), title=title, text=text, fetched_at=NOW - age)
    )


async def _fill(folder: Path) -> None:
    (folder / "leakwatch-data").mkdir()
    url = f"sqlite:///{folder}/leakwatch-data/leakwatch.db"
    await upgrade(url)
    store = SqlRepository.open(url)
    asset = Asset(id=AssetId("gullwing"), title="Northwind Model 7", critical=True)
    await add_asset(asset, store, NOW)
    items = [item(0, "gullwing of long ago", timedelta(days=90), f"magnet:?xt=urn:btih:{HASH}99")]
    items += [item(number, f"other {number}", timedelta(days=9)) for number in range(1, 450)]
    items += [
        item(
            500 + number,
            f"\x1b gullwing {number}",
            timedelta(days=2),
            f"magnet:?xt=urn:btih:{HASH}{number % 3:02}",
        )
        for number in range(30)
    ]
    items.append(item(900, "gullwing seen", timedelta(days=1)))
    async with store.writing() as work:
        await work.findings.store(items)
    await store.close()


def test_preview(home: Path) -> None:
    """Counts, findings, alerts a day and twenty cleaned examples; nothing is written, and old items are left out."""
    (home / "new.yaml").write_text(RULE)
    told = json.loads(run("rule", "preview", "new.yaml", "--days", "30", "--json").stdout)
    assert told["rules"] == {"own.gullwing.name": 31, "context.offer.words": 30}
    assert (told["items"], told["items_hit"]) == (480, 31)
    assert (told["matches_opened"], told["matches_lost"], told["alerts"]) == (30, 0, 3)
    assert told["days"] == pytest.approx(9, abs=0.1)
    assert told["alerts_per_day"] == pytest.approx(3 / 9, abs=0.01)
    assert len(told["examples"]) == 20
    assert {one["asset"] for one in told["examples"]} == {"gullwing", None}
    plain = run("rule", "preview", "new.yaml", "--days", "30").stdout
    assert "480 items of 9.0 days, 31 hit\n      31  own.gullwing.name\n" in plain
    assert "30 would become matches, 0 would be none any more\n3 alerts more, 0.33 a day\n" in plain
    assert f"board: gullwing seen\n{' ' * 16}no match: own.gullwing.name (gullwing)\n" in plain
    assert "\x1b" not in plain
    assert run("finding", "list").stdout == ""


def test_preview_of_a_file_that_is_in_force(home: Path) -> None:
    """A file of the own folder is taken as new; of a short while only what was stored in it is read."""
    (home / "rules" / "own.yaml").write_text(RULE)
    told = json.loads(run("rule", "preview", "rules/own.yaml", "--days", "5", "--json").stdout)
    assert (told["items"], told["matches_opened"], told["alerts"]) == (31, 30, 3)
    (home / "rules" / "own.yaml").write_text("schema: 1\nrules: []\n")
    told = json.loads(run("rule", "preview", "rules/own.yaml", "--json").stdout)
    assert (told["rules"], told["items_hit"], told["alerts_per_day"]) == ({}, 0, 0.0)


def test_long_lines_hang_on_a_narrow_terminal(home: Path) -> None:
    """On a terminal of 60 columns no line is longer, wide letters count twice, and words go on below themselves."""
    (home / "c.jsonl").write_text('{"id": "gullwing", "title": "Northwind Model 7", "year": 2021}\n')
    (home / "new.yaml").write_text(RULE)
    name = f"Northwind Model 7 {'漏' * 40} (2019)"
    for words in (["rule", "explain", name, "--catalogue", "c.jsonl"], ["rule", "preview", "new.yaml"]):
        lines = on_terminal([sys.executable, "-m", "leakwatch", *words], 60)
        assert len(lines) > 8
        assert [line for line in lines if cell_len(line) > 60] == []
        assert any(line.startswith(" " * 16) for line in lines)


def on_terminal(command: list[str], columns: int) -> list[str]:
    """What a command prints on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, columns))
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    done = subprocess.Popen(
        command, stdout=theirs, stderr=theirs, env=environment | {"PYTHONPATH": str(ROOT)}
    )
    os.close(theirs)
    told = bytearray()
    with suppress(OSError):  # a terminal that nobody writes to any more ends so on Linux
        while part := os.read(ours, 4096):
            told += part
    os.close(ours)
    assert done.wait(30) == 0, told.decode()
    return told.decode().replace("\r\n", "\n").rstrip("\n").split("\n")
