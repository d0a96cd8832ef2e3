"""`leakwatch notice` from the draft to the figures, as a person uses it."""

from __future__ import annotations

import asyncio
import json
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leakwatch.cli import app
from leakwatch.config import load_config
from leakwatch.errors import ConfigError, InputError
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from tests.notices.cases import FINDING, HIDDEN, stored

OWNER = """
[owner]
name = "Ada Example"
organisation = "Northwind Labs"
address = "1 Main Street, Springfield"
phone = "+1 555 0100"
email = "legal@northwind.example"
authority = "I am general counsel of Northwind Labs."
"""
CONFIG = '[http]\ncontact = "mailto:a@b.example"\n' + "".join(
    f'[[sites]]\nname = "{name}"\nkind = "{kind}"\nurl = "https://{name}.example"\n{more}\n'
    for name, kind, more in (
        ("board", "imageboard", 'boards = ["g"]'),
        ("index", "torznab", ""),
        ("forum", "discourse", ""),
    )
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and the shared case in its database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEAKWATCH_CONFIG", raising=False)
    monkeypatch.setenv("LEAKWATCH_ACTOR", "ada")
    (tmp_path / "leakwatch.toml").write_text(CONFIG + OWNER)
    (tmp_path / "leakwatch-data").mkdir()

    async def fill() -> None:
        url = f"sqlite:///{tmp_path}/leakwatch-data/leakwatch.db"
        await upgrade(url)
        repository = SqlRepository.open(url)
        await stored(repository, HIDDEN)
        await repository.close()

    asyncio.run(fill())
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    """A command, and that it ends with this code by itself."""
    result = CliRunner().invoke(app, ["notice", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.stderr
    return result


def fails(*arguments: str) -> str:
    """The message of a command that the input fails."""
    result = CliRunner().invoke(app, ["notice", *arguments])
    assert isinstance(result.exception, InputError), result.exception
    return result.exception.message


def test_from_the_draft_to_the_figures(home: Path) -> None:
    """A person drafts, edits, two sign, one submits, the host answers; the figures have it."""
    made = run("draft", FINDING.id, "--to", "github", "-o", "n.txt", "--strict")
    assert made.stdout == ""
    assert "WILL BE PUBLIC" in made.stderr
    assert "not legal advice" in made.stderr
    ident = made.stderr.partition(":")[0]
    assert "overwritten" in fails("draft", FINDING.id, "--to", "github", "-o", "n.txt")
    assert len(run("list").stdout.splitlines()) == 1, "a draft that was refused is none"
    text = (home / "n.txt").read_text("utf-8")
    (home / "n.txt").write_text(text.replace("BLUE-07", "BLUE-07 (weights)"), "utf-8")
    run("edit", ident, "--file", "n.txt")
    assert "1 of 2 signed" in run("sign", ident, "--by", "Ada Example").stderr
    assert "another person" in fails("sign", ident, "--by", "ada example")
    assert "ready, 2 of 2" in run("sign", ident, "--by", "Bo Example").stderr
    shown = run("show", ident, "--text").stdout
    assert "BLUE-07 (weights)" in shown
    assert "/s/ Ada Example" in shown
    assert "/s/ Bo Example" in shown
    assert "the first look is at" in run("submit", ident, "--reference", "ticket 7").stderr
    run("set", ident, "waiting")
    run("set", ident, "removed", "--reason", "they wrote so")
    told = run("set", ident, "counter_notice", "--since", "2026-11-20").stderr
    assert "from 2026-11-30 on, and must by 2026-12-10" in told
    assert "can become" in fails("set", ident, "refused", "--reason", "x")
    page = run("show", ident).stdout
    assert "signed by: Ada Example, Bo Example (2 of 2)" in page
    assert "copyright@github.com" in page
    assert "ticket 7" in page
    value = json.loads(run("show", ident, "--json").stdout)
    assert [one["kind"] for one in value["events"]] == [
        "draft", "edited", "signed", "signed", "ready", "submitted", "waiting", "removed", "counter_notice",
    ]  # fmt: skip
    assert {one["actor"] for one in value["events"]} == {"ada", "Ada Example", "Bo Example"}
    assert run("list", "--state", "counter_notice").stdout.startswith(ident)
    assert run("list", "--state", "waiting").stdout == ""
    (figures,) = [json.loads(line) for line in run("stats", "--json").stdout.splitlines()]
    assert (figures["host"], figures["submitted"], figures["removed"]) == ("github.com", 1, 1)
    assert "github.com\t" in run("stats").stdout


def test_gaps_are_named_and_strict_ends_with_1(home: Path) -> None:
    """Without an owner each missing detail is named; the draft is there all the same, and cannot be signed."""
    (home / "leakwatch.toml").write_text(CONFIG)
    made = run("draft", FINDING.id, "--to", "dsa", "--host", "boards.example.org", "--strict", code=1)
    assert "MISSING: (c) your name" in made.stderr
    assert "[MISSING: (c) your e-mail address; set email under [owner]" in made.stdout
    ident = made.stderr.partition(":")[0]
    assert "lacks: (c) your name" in fails("sign", ident)
    run("draft", FINDING.id, "--to", "dsa", "--host", "boards.example.org")


def test_message_file(home: Path) -> None:
    """An unsent message to the host's contact can be opened by a mail program."""
    made = run(
        "draft",
        FINDING.id,
        "--to",
        "host",
        "--host",
        "index.example.net",
        "--mail",
        "abuse@index.example.net",
    )
    ident = made.stderr.partition(":")[0]
    run("show", ident, "--eml", "n.eml")
    mail = message_from_bytes((home / "n.eml").read_bytes(), policy=policy.default)
    assert (mail["To"], mail["X-Unsent"]) == ("abuse@index.example.net", "1")
    assert "BLUE-07" in mail.get_content()


def test_hosts_are_named(home: Path) -> None:
    """Whoever does not say which host learns which there are."""
    assert home
    assert "huggingface.co (1, --to huggingface)" in fails("draft", FINDING.id, "--to", "host")
    assert "there are github, huggingface" in fails("draft", FINDING.id, "--to", "nobody")
    assert "no notice" in fails("show", "LN-NONE")


@pytest.mark.parametrize(
    "line", ['email = "nobody"', 'name = "a\\u202eb"', 'phone = "1\\n2"', f'name = "{"x" * 600}"']
)
def test_bad_owner_is_refused(home: Path, line: str) -> None:
    """What cannot stand in a letter is refused when the configuration is read."""
    (home / "leakwatch.toml").write_text(f"{CONFIG}[owner]\n{line}\n")
    with pytest.raises(ConfigError, match="owner"):
        load_config(home / "leakwatch.toml")
