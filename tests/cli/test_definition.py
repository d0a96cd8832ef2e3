"""`leakwatch source definition`, and `source parse` by a definition."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leakwatch.cli import app
from leakwatch.errors import ConfigError

FOLDER = Path(__file__).parents[1] / "sources" / "cardigann"
LANTERN = FOLDER / "definitions" / "lantern.yml"


def run(*arguments: str | Path) -> Result:
    """One command."""
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_a_good_definition(tmp_path: Path) -> None:
    """A definition that loads ends with 0 and says nothing under --check; without it, what it is."""
    result = run("source", "definition", LANTERN, "--check")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    shown = run("source", "definition", LANTERN).stdout
    assert (
        shown
        == "lantern\tLantern Index\t1 links, 2 paths, html, a request every 3 s\tsettings: sort, keepyear\n"
    )


def test_a_broken_definition(tmp_path: Path) -> None:
    """Each problem is a line on stderr with file, line and field, and the end is 2."""
    file = tmp_path / "x.yml"
    text = (
        LANTERN.read_text("utf-8")
        .replace("requestDelay: 3", "colour: red")
        .replace("name: timeago", "name: shout")
    )
    file.write_text(text, "utf-8")
    result = run("source", "definition", file, "--check")
    assert result.exit_code == 2
    first, second = result.stderr.splitlines()
    assert first.startswith(f"leakwatch: {file}:9: colour: unknown key")
    assert "search.fields.date_new: not supported: the filter 'shout'" in second


def test_a_definition_with_a_sign_in(tmp_path: Path) -> None:
    """A sign-in is said to be not supported; the definition loads all the same."""
    file = tmp_path / "x.yml"
    text = LANTERN.read_text("utf-8").replace(
        "search:\n", "login:\n  path: in.php\n  method: post\nsearch:\n", 1
    )
    file.write_text(text, "utf-8")
    result = run("source", "definition", file, "--check")
    assert result.exit_code == 0
    assert "login: not supported: sign-in by post" in result.stderr


def test_a_page_by_a_definition() -> None:
    """A saved page is read by its definition; its addresses are the definition's unless --site says others."""
    result = run("source", "parse", "cardigann", FOLDER / "html_rows.html", "--definition", LANTERN, "--json")
    assert result.exit_code == 0
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["url"] for one in told] == [
        f"https://lantern.example/item/{number}" for number in (71, 72, 73)
    ]


@pytest.mark.parametrize("arguments", [["cardigann"], ["feed", "--definition", str(LANTERN)]])
def test_a_definition_goes_with_its_kind(arguments: list[str]) -> None:
    """`cardigann` needs a definition, and no other kind takes one."""
    kind, *more = arguments
    result = run("source", "parse", kind, FOLDER / "html_rows.html", *more)
    assert isinstance(result.exception, ConfigError)
    assert "--definition" in result.exception.message
