"""What the pages of docs/sources tell one to write is taken by the configuration reader, and names all there is to set."""

from __future__ import annotations

import re
import shutil
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leakwatch.cli import app
from leakwatch.config import load_config
from leakwatch.sources import KINDS

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "sources").glob("*.md"))
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
]
CONTACT = 'contact = "mailto:watch@owner.example"'
LANTERN = ROOT / "tests" / "sources" / "cardigann" / "definitions" / "lantern.yml"
SECRET = re.compile(r'^(?:token|apikey|app|key) = "([^"]+)"', re.MULTILINE)


def with_the_rest(block: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A block with what every configuration has: a contact, the secrets that it names, the files that it means."""
    text = block
    if CONTACT not in text:
        text = (
            text.replace("[http]", f"[http]\n{CONTACT}") if "[http]" in text else f"[http]\n{CONTACT}\n{text}"
        )
    for name in re.findall(r'_env = "([^"]+)"', text):
        monkeypatch.setenv(name, "socks5h://127.0.0.1:9")
    for file in re.findall(r'_file = "([^"]+)"', text):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("x")
    missing = {name for name in SECRET.findall(text) if f"{name}_" not in text}
    if missing:
        monkeypatch.setenv("LEAKWATCH_TEST_KEY", "x")
        told = "".join(f'{name}_env = "LEAKWATCH_TEST_KEY"\n' for name in sorted(missing))
        text = (
            text.replace("[secrets]", f"[secrets]\n{told}")
            if "[secrets]" in text
            else f"[secrets]\n{told}{text}"
        )
    for file in re.findall(r'^definition = "([^"]+)"', text, re.MULTILINE):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(LANTERN, folder / file)
    return text


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_the_docs_loads(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied word for word into a configuration, `config check` takes it, and there are the sites that it tells."""
    file = tmp_path / "leakwatch.toml"
    file.write_text(with_the_rest(block, tmp_path, monkeypatch), "utf-8")
    result = CliRunner().invoke(app, ["config", "check", "--config", str(file)])
    assert result.exit_code == 0, (result.exception, result.output)
    names = re.findall(r'^name = "([^"]+)"', block, re.MULTILINE)
    assert [site.name for site in load_config(file).sites] == names
    assert names


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_page_tells_every_setting_of_its_kind(kind: str) -> None:
    """A page has a block of its kind, and a word on each of its own settings."""
    text = (ROOT / "docs" / "sources" / f"{kind}.md").read_text("utf-8")
    assert f'kind = "{kind}"' in text
    names = [one.name for one in fields(KINDS[kind].settings)]
    untold = [
        name
        for name in names
        if f"`{name}`" not in text and not re.search(rf"^(?:# )?{name} = ", text, re.MULTILINE)
    ]
    assert untold == []


def test_the_front_page_lists_every_kind_once() -> None:
    """docs/sources/README.md has one row for each kind, which leads to its page."""
    text = (ROOT / "docs" / "sources" / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z]+)`.*\| \[[a-z]+\]\(([a-z]+)\.md\) \|$", text, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(KINDS)
    assert all(name == page for name, page in rows)
