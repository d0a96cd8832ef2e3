"""Allow lists from the command line to the case: what is hidden, what informs, and what still wakes somebody."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from leakwatch.catalogue import asset_from_json, asset_json, parse_catalogue
from leakwatch.cli import app
from leakwatch.errors import InputError
from leakwatch.matching.index import build_index
from leakwatch.model.allow import allow_from_json
from leakwatch.model.finding import EventKind, State
from leakwatch.pipeline import look_back
from leakwatch.service import hidden
from leakwatch.store.migrate import upgrade

from .test_pipeline import ASSET, Desk, desk, hub_copy, magnet, post

__all__ = ["desk"]
HUB = {"what": "repository", "value": "https://hub.example/x/y", "reason": "our own"}


def allowing(desk: Desk, *entries: dict[str, str]) -> None:
    """Let the desk's asset allow something."""
    asset = replace(ASSET, allow=tuple(allow_from_json(one) for one in entries))
    desk.brain = replace(desk.brain, index=build_index([asset]))


async def test_what_is_suppressed_is_counted_and_makes_no_case(desk: Desk) -> None:
    """A hidden item is no finding and no alert; it is counted once, under the entry that hid it."""
    allowing(desk, HUB | {"effect": "suppress"})
    taken = await desk.take(hub_copy())
    await look_back(ASSET.id, desk.brain, desk.repository)
    assert (taken.suppressed, taken.alerts) == (1, 0)
    assert await desk.findings() == []
    ((entry, count, _),) = await hidden(ASSET.id, desk.repository)
    assert (entry, count) == ("repository https://hub.example/x/y", 1)


async def test_what_came_to_light_is_hidden_no_more(desk: Desk) -> None:
    """When an entry was taken off, what it hid becomes cases and is counted no longer."""
    allowing(desk, HUB | {"effect": "suppress"})
    await desk.take(hub_copy())
    allowing(desk)
    await look_back(ASSET.id, desk.brain, desk.repository)
    assert len(await desk.findings()) == 1
    assert await hidden(ASSET.id, desk.repository) == []


async def test_what_is_too_weak_is_not_counted_as_hidden(desk: Desk) -> None:
    """An item that would have been no finding is none that was hidden."""
    allowing(desk, {"what": "site", "value": "a", "effect": "suppress"})
    assert (await desk.take(post("1", "Tideglass 70B in the news"))).suppressed == 0
    assert (await desk.take(post("2", "Tideglass 70B", magnet(1)))).suppressed == 1


async def test_what_informs_is_an_allowed_case_that_wakes_nobody(desk: Desk) -> None:
    """An official copy is a case in the state `allowed`, with the entry in its history, and asks nothing of a swarm."""
    allowing(desk, {"what": "site", "value": "a", "reason": "our tracker"})
    taken = await desk.take(post("1", "Tideglass 70B", magnet(1)))
    assert (taken.alerts, taken.proofs, taken.suppressed) == (0, 0, 0)
    (found,) = await desk.findings()
    assert found.state is State.ALLOWED
    async with desk.repository.reading() as work:
        (event,) = await work.findings.events(found.id)
    assert event.kind is EventKind.OPENED
    assert (event.detail["allowed"], event.detail["reason"]) == ("site a", "our tracker")
    edited = post("1", "Tideglass 70B, again", magnet(1))
    await desk.take(edited)
    assert [one.sightings for one in await desk.findings()] == [2]


async def test_a_leak_does_not_hide_behind_an_official_copy(desk: Desk) -> None:
    """The same file or torrent elsewhere is a case of its own that alerts, also after an allowed one."""
    allowing(desk, HUB)
    await desk.take(hub_copy())
    leaked = replace(
        hub_copy("a"), locators=(replace(hub_copy().locators[0], value="https://evil.example/x/y"),)
    )
    taken = await desk.take(leaked)
    assert taken.alerts == 1
    assert sorted(one.state for one in await desk.findings()) == [State.ALLOWED, State.NEW]


async def test_an_item_is_judged_again_when_its_entry_has_gone(desk: Desk) -> None:
    """Once the entry is gone, an edit of the same item opens a case that alerts."""
    allowing(desk, HUB)
    await desk.take(hub_copy())
    allowing(desk)
    assert (await desk.take(replace(hub_copy(), title="x/y, edited"))).alerts == 1
    assert sorted(one.state for one in await desk.findings()) == [State.ALLOWED, State.NEW]


def test_a_catalogue_line_carries_allow_list_and_prior() -> None:
    """Both are read from a catalogue line and written to one."""
    told: dict[str, Any] = {
        "id": "a",
        "title": "A title",
        "prior_bits": -1.5,
        "allow": [HUB | {"effect": "suppress"}],
    }
    assert (
        asset_json(asset_from_json(told)) == told | {"aliases": []}
        or asset_json(asset_from_json(told)) == told
    )


@pytest.mark.parametrize(
    "told",
    [
        {"prior_bits": 7},
        {"prior_bits": "2"},
        {"prior_bits": True},
        {"allow": {}},
        {"allow": ["x"]},
        {"allow": [{"what": "host"}]},
        {"allow": [HUB, HUB]},
        {"allows": []},
    ],
)
def test_a_mistake_in_a_catalogue_names_its_line(told: dict[str, Any]) -> None:
    """What is no prior or no entry is refused with file, line and field."""
    good = json.dumps({"id": "a", "title": "A title"})
    bad = json.dumps({"id": "b", "title": "B title", **told})
    with pytest.raises(InputError) as raised:
        parse_catalogue(f"{good}\n{bad}\n", "c.jsonl")
    assert (raised.value.file, raised.value.line, raised.value.field) == ("c.jsonl", 2, next(iter(told)))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and a catalogue of one asset."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leakwatch-data").mkdir()
    asyncio.run(upgrade(f"sqlite:///{tmp_path / 'leakwatch-data' / 'leakwatch.db'}"))
    (tmp_path / "leakwatch.toml").write_text('[http]\ncontact = "mailto:a@b.example"\n')
    (tmp_path / "c.jsonl").write_text('{"id": "tg", "title": "Tideglass 70B"}\n')
    run("import", "c.jsonl")
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    """An `asset` command that ends with this code."""
    result = CliRunner().invoke(app, ["asset", *arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.mark.usefixtures("home")
def test_of_many_expired_entries_twenty_are_told() -> None:
    """A long list does not bury what else is told."""
    entry = {"what": "host", "until": "2020-01-31"}
    entries = [entry | {"value": f"h{number}.example"} for number in range(25)]
    line = json.dumps({"id": "tg", "title": "Tideglass 70B", "allow": entries})
    Path("c.jsonl").write_text(f"{line}\n")
    run("import", "c.jsonl", "--replace")
    told = CliRunner().invoke(app, ["config", "check"]).stderr
    assert told.count("without effect") == 20
    assert "note: 5 more entries of allow lists have expired\n" in told


def test_config_check_says_what_it_did_not_look_at(home: Path) -> None:
    """A server is not asked, a file that is no database is told, and neither is an error of the configuration."""
    (home / "leakwatch-data" / "leakwatch.db").write_bytes(b"no database" * 1000)
    checked = CliRunner().invoke(app, ["config", "check"])
    assert checked.exit_code == 0
    assert "note: allow lists were not looked at: " in checked.stderr
    with (home / "leakwatch.toml").open("a") as file:
        file.write('[store]\nurl = "postgresql://db.invalid/leakwatch"\n')
    checked = CliRunner().invoke(app, ["config", "check"])
    assert checked.exit_code == 0
    assert "`leakwatch doctor` asks it" in checked.stderr


@pytest.mark.usefixtures("home")
def test_entries_come_and_go_by_command() -> None:
    """`asset allow` adds or changes an entry, `asset show`, `doctor` and `config check` tell its expiry, `disallow` removes it."""
    run("allow", "tg", "--host", "Hub.Example", "--reason", "ours", "--until", "2020-01-31", "--suppress")
    shown = run("show", "tg").stdout
    assert "allow: host hub.example (suppress until 2020-01-31) EXPIRED, without effect: ours" in shown
    assert "allow list expired" in run("list").stdout
    run("allow", "tg", "--host", "live.example", "--reason", "ours", "--until", "2999-01-01")
    told = "allow list of tg: host hub.example expired on 2020-01-31, without effect"
    doctor, check = (CliRunner().invoke(app, words) for words in (["doctor"], ["config", "check"]))
    assert (doctor.exit_code, check.exit_code) == (0, 0)
    assert f"ok   {told}\n" in doctor.stderr
    assert f"note: {told}\n" in check.stderr
    assert "live.example" not in doctor.stderr + check.stderr
    run("disallow", "tg", "--host", "live.example")
    run("allow", "tg", "--host", "hub.example", "--reason", "still ours")
    told = json.loads(run("show", "tg", "--json").stdout)
    assert told["allow"] == [
        {"what": "host", "value": "hub.example", "effect": "inform", "reason": "still ours"}
    ]
    run("disallow", "tg", "--host", "hub.example")
    for option, value in (
        ("--author", "github.com:ann"),
        ("--item", "a/1"),
        ("--page", "https://a.example/1"),
    ):
        run("allow", "tg", option, value, "--reason", "x")
        assert f"{option[2:]} {value} (inform)" in run("show", "tg").stdout
        run("disallow", "tg", option, value)
    assert "allow" not in json.loads(run("show", "tg", "--json").stdout)
    with pytest.raises(InputError):
        CliRunner().invoke(app, ["asset", "disallow", "tg", "--host", "x.example"], catch_exceptions=False)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "options", [[], ["--host", "a.example", "--site", "b"], ["--host", "not a host"], ["--url", "a.example"]]
)
def test_a_mistaken_entry_is_a_usage_error(options: list[str]) -> None:
    """None, two or a broken place end with 2 and change nothing."""
    run("allow", "tg", "--reason", "x", *options, code=2)
    assert "allow" not in json.loads(run("show", "tg", "--json").stdout)


@pytest.mark.usefixtures("home")
def test_a_prior_is_set_by_command() -> None:
    """`asset prior` sets it within its bounds."""
    run("prior", "tg", "2.5")
    assert json.loads(run("show", "tg", "--json").stdout)["prior_bits"] == 2.5
    run("prior", "tg", "7", code=2)
