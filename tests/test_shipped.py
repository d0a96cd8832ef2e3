"""The shipped catalogue of sites, and what switching one on and off writes."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from leakwatch.cli import app
from leakwatch.config import load_config
from leakwatch.config.shipped import Shipped, changes_of, shipped, text_of, toml
from leakwatch.errors import ConfigError
from leakwatch.timetable import is_adaptive

from .everywhere import DEFINITION

ENTRIES = shipped()
CONFIG = '[http]\ncontact = "mailto:a@b.example"\n'
SECRETS = "".join(
    f'{name}_env = "LEAKWATCH_TEST_KEY"\n' for name in sorted({e.needs for e in ENTRIES.values() if e.needs})
)
FILLED: dict[str, Any] = {
    "projects": ["some/thing"],
    "channel": "somebody",
    "url": "https://any.example",
    "repositories": ["some/thing"],
    "authors": ["someone"],
    "rows": "li.row",
    "definition": "lantern.yml",
    "folder": "drop",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration that has every secret that an entry may need."""
    monkeypatch.setenv("LEAKWATCH_TEST_KEY", "x")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leakwatch.toml").write_text(f"{CONFIG}[secrets]\n{SECRETS}")
    (tmp_path / "lantern.yml").write_text(DEFINITION)
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    """A command of `leakwatch source`."""
    result = CliRunner().invoke(app, ["source", *arguments])
    if code == 0:
        assert result.exit_code == 0, result.exception
    return result


def fails(*arguments: str) -> ConfigError:
    """The mistake that a command names."""
    error = run(*arguments, code=2).exception
    assert isinstance(error, ConfigError)
    return error


def test_catalogue_is_broad() -> None:
    """There are public sites and templates of many kinds."""
    assert len(ENTRIES) >= 35
    assert len({one.kind for one in ENTRIES.values()}) >= 11


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES.keys())
def test_every_entry_loads(home: Path, entry: Shipped) -> None:
    """The configuration reader takes what switching an entry on writes, and it is polite and says its terms."""
    unset = [f"--set={key}={json.dumps(FILLED[key])}" for key in entry.must_set]
    run("enable", entry.name, *unset)
    (site,) = load_config(home / "leakwatch.toml").sites
    assert (site.name, site.kind, site.enabled) == (entry.name, entry.kind, True)
    assert re.match(r"https://\S+\Z", entry.terms)
    assert len(entry.note) > 20
    text = (home / "sites.d" / f"{entry.name}.toml").read_text()
    assert entry.terms in text
    if site.is_stream:
        return
    assert is_adaptive(site)
    assert float(site.every_min or site.every) >= 30
    assert site.min_interval_s >= (0.2 if site.kind == "hackernews" else 0.7)


def test_nothing_is_shipped_that_is_for_adults() -> None:
    """No shipped board is one that the site itself keeps apart as not safe for work."""
    adult = {
        "s",
        "hc",
        "hm",
        "h",
        "e",
        "u",
        "d",
        "y",
        "t",
        "hr",
        "gif",
        "aco",
        "r",
        "b",
        "r9k",
        "pol",
        "soc",
        "s4s",
    }
    shown = {name for one in ENTRIES.values() if one.kind == "imageboard" for name in one.settings["boards"]}
    assert shown
    assert not shown & adult


def test_all_are_off_until_said(home: Path) -> None:
    """Nothing of the catalogue is watched by itself."""
    assert load_config(home / "leakwatch.toml").sites == ()
    told = [json.loads(line) for line in run("list", "--available", "--json").stdout.splitlines()]
    assert [one["name"] for one in told] == list(ENTRIES)
    assert not any(one["enabled"] for one in told)
    text = run("list", "--available").stdout
    assert all(name in text for name in ENTRIES)
    assert (
        text.splitlines()[0].index("what, and what it needs") <= 48
    )  # half of a narrow terminal is for the words
    assert "secret gitlab, --set projects=…" in text


def test_enable_disable_enable(home: Path) -> None:
    """Off and on again keeps what the operator wrote into the file; the list says which are on."""
    assert "sites.d/nyaa.toml" in run("enable", "nyaa", "--set", "every=7m", "--set", "priority=high").stderr
    file = home / "sites.d" / "nyaa.toml"
    file.write_text(file.read_text() + "# ours\n")
    (site,) = load_config(home / "leakwatch.toml").sites
    assert (float(site.every), site.priority, site.enabled) == (420.0, "high", True)
    run("disable", "nyaa")
    (site,) = load_config(home / "leakwatch.toml").sites
    assert not site.enabled
    assert "within seconds" in run("enable", "nyaa").stderr
    (site,) = load_config(home / "leakwatch.toml").sites
    assert (float(site.every), site.enabled) == (420.0, True)
    assert "# ours" in file.read_text()
    assert "change them there" in fails("enable", "nyaa", "--set", "every=1m").message
    on = [json.loads(line) for line in run("list", "--available", "--json").stdout.splitlines()]
    assert [one["name"] for one in on if one["enabled"]] == ["nyaa"]


def test_a_definition_lies_beside_the_configuration(home: Path) -> None:
    """A site in sites.d names its definition as one in leakwatch.toml does, before and after its file is there."""
    run("enable", "any-cardigann", "--set", "definition=lantern.yml")
    (site,) = load_config(home / "leakwatch.toml").sites
    assert site.settings.definition.text == DEFINITION
    assert (
        "cannot be read"
        in fails("enable", "any-cardigann", "--as", "b", "--set", "definition=no.yml").message
    )


def test_a_template_serves_several_sites(home: Path) -> None:
    """A template needs its settings, and may be used again under other names."""
    assert "--set url=…" in fails("enable", "any-feed").message
    run("enable", "any-feed", "--as", "one", "--set", "url=https://one.example/rss")
    run("enable", "any-feed", "--as", "two", "--set", "url=https://two.example/rss")
    assert [site.name for site in load_config(home / "leakwatch.toml").sites] == ["one", "two"]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("enable", "nyaaa"), "did you mean 'nyaa'?"),
        (("enable", "nyaa", "--set", "evry=5m"), "did you mean 'every'?"),
        (("enable", "nyaa", "--set", "every=often"), "expected a duration"),
        (("enable", "nyaa", "--set", "every"), "expected key=value"),
        (("enable", "nyaa", "--set", "kind=torznab"), "not yours to set"),
        (("enable", "nyaa", "--as", "../x"), "letters, digits, dots and dashes"),
        (("disable", "nyaa"), "no site 'nyaa'"),
    ],
)
def test_mistakes_change_nothing(home: Path, arguments: tuple[str, ...], part: str) -> None:
    """A mistake is named, and no file is written."""
    assert part in fails(*arguments).message
    assert not (home / "sites.d").exists()


def test_a_missing_secret_is_said_first(home: Path) -> None:
    """An entry that needs a key says which line to write before anything is switched on."""
    (home / "leakwatch.toml").write_text(CONFIG)
    message = fails("enable", "github-repositories", "--set", 'repositories=["a/b"]').message
    assert 'github_file = "…" under [secrets]' in message
    assert not (home / "sites.d").exists()


def test_errors_of_sites_d_name_their_file(home: Path) -> None:
    """A mistake in a file of sites.d is told with that file, its line and its field; a name is used once in all files."""
    run("enable", "nyaa")
    file = home / "sites.d" / "nyaa.toml"
    good = file.read_text()
    file.write_text(good.replace("min_interval_s", "min_intervall_s"))
    with pytest.raises(ConfigError, match="did you mean 'min_interval_s'") as caught:
        load_config(home / "leakwatch.toml")
    line = 1 + next(n for n, one in enumerate(file.read_text().splitlines()) if "intervall" in one)
    assert (caught.value.file, caught.value.line) == (str(file), line)
    file.write_text(good)
    (home / "sites.d" / "z.toml").write_text(good)
    with pytest.raises(ConfigError, match="used twice") as caught:
        load_config(home / "leakwatch.toml")
    assert caught.value.file.endswith("z.toml")
    (home / "sites.d" / "z.toml").write_text(CONFIG)
    with pytest.raises(ConfigError, match="unknown key 'http'"):
        load_config(home / "leakwatch.toml")


def test_a_site_of_the_main_file_is_left_to_the_operator(home: Path) -> None:
    """Nobody edits leakwatch.toml but its owner."""
    (home / "leakwatch.toml").write_text(
        f'{CONFIG}[[sites]]\nname = "a"\nkind = "feed"\nurl = "https://a.example"\n'
    )
    error = fails("disable", "a")
    assert "enabled = false by hand" in error.message
    assert error.file.endswith("leakwatch.toml")


SCALARS = (
    st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)


@given(SCALARS | st.lists(SCALARS, max_size=4))
def test_settings_come_back_from_toml(value: Any) -> None:
    """What is written as TOML is read as the same, whatever the text."""
    assert tomllib.loads(f"x = {toml(value)}")["x"] == value


def test_values_of_set() -> None:
    """A value that is TOML is that, any other is text."""
    told = ["a=5m", "b=7", 'c=["x", "y"]', "d=true", "e=https://x.example/?a=b", "f="]
    assert changes_of(told) == {
        "a": "5m",
        "b": 7,
        "c": ["x", "y"],
        "d": True,
        "e": "https://x.example/?a=b",
        "f": "",
    }


def test_a_hostile_setting_is_only_text() -> None:
    """A setting cannot write further keys or tables."""
    text = text_of(ENTRIES["nyaa"], {"url": 'https://x.example/"\n[[sites]]\nname = "y'})
    assert len(tomllib.loads(text)["sites"]) == 1
