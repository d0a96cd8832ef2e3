"""Hostile texts all the way: from a site through the real daemon to every channel, command, pack, export and log."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from leakwatch.cli import app
from leakwatch.evidence.checking import verify

from .alerts.receivers import check_harmless, strings
from .alerts.services import check_discord, check_pagerduty, check_teams
from .alerts.slack_validator import problems
from .export import test_misp, test_stix
from .export.test_safe import _DANGER
from .hostile_world import PEOPLE, Canary, World, made, steering, texts, title_of

_TAGS = frozenset(
    "html head meta title style body h1 h2 h3 p span dl dt dd table thead tbody tr th td code pre ol ul li footer "
    "strong em b div br section svg g path polyline line text circle rect title desc".split()
)
_DEADLY = re.compile("[\ud800-\udfff]")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The run, once for all tests of this file."""
    with Canary().listening() as canary:
        yield asyncio.run(made(tmp_path_factory.mktemp("hostile"), canary))


def run(world: World, *arguments: str) -> str:
    """What a command prints; nothing of it steers a terminal."""
    result = CliRunner().invoke(app, [*arguments, "--config", str(world.config)])
    assert result.exit_code == 0, result.output
    assert steering(result.stderr) == []
    return result.stdout


def ident_of(world: World, shown: str) -> str:
    """The finding whose places have this address."""
    for body in world.bodies("webhook"):
        if any(shown in (one["url"] or "") for one in body["data"]["places"]):
            return str(body["data"]["finding"])
    raise AssertionError(shown)


def test_everybody_was_told_of_everything_once(world: World) -> None:
    """Each finding was told once on each channel and to each recipient, also after a restart."""
    for channel, told in world.told().items():
        assert len(told) == len(world.items) + 2, channel
        assert set(told.values()) == {1}, channel


def test_nothing_is_lost_on_the_way(world: World) -> None:
    """A program gets each title as it was, but for what no database takes, and a very long one cut."""
    told = {body["data"]["places"][0]["title"] for body in world.bodies("webhook")}
    for item in world.items[: len(texts("")) // 2]:
        wanted = _DEADLY.sub("?", title_of(item.text)[:2000].replace("\0", "\ufffd"))
        assert wanted in told, item.name


def test_channels_that_people_read_show_text_alone(world: World) -> None:
    """What came over the wire keeps each service's limits, and nothing in it is markup, a mention or a link."""
    for body in world.bodies("teams"):
        check_teams(body)
    for body in world.bodies("discord"):
        check_discord(body)
    for body in world.bodies("pagerduty"):
        check_pagerduty(body)
    for body in [*world.slack.hooked, *world.slack.messages]:
        assert problems(body) == []
        assert "mrkdwn" not in json.dumps(body["blocks"])
        for text in strings(body["blocks"]):
            check_harmless(text)
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", body["text"])


def test_headers_of_posts_are_ours(world: World) -> None:
    """No text of a stranger made a header, or a second request."""
    for receiver in world.hooks.values():
        for line, headers, _ in receiver.requests:
            assert line.startswith("POST /")
            assert not {"bcc", "x-evil"} & headers.keys()
            assert all(value.isascii() and value.isprintable() for value in headers.values())


def test_mails_are_whole(world: World) -> None:
    """Each mail has one recipient, one subject, two parts of which neither steers a reader, and no header of a stranger."""
    known = {"from", "to", "subject", "date", "message-id", "list-id", "auto-submitted", "mime-version"}
    known |= {"content-type", "x-leakwatch-finding", "x-leakwatch-event", "x-leakwatch-severity"}
    known |= {"in-reply-to", "references", "x-auto-response-suppress"}
    for to, mail in world.mails():
        assert to in PEOPLE
        assert {name.lower() for name in mail} <= known
        assert [len(mail.get_all(one, [])) for one in ("to", "subject", "from", "message-id")] == [1, 1, 1, 1]
        assert mail["to"] == to
        check_harmless(str(mail["subject"]))
        text, page = [one.get_content() for one in mail.iter_parts()]
        check_harmless(text.replace("\r\n", "\n"))
        assert _odd_markup(page) == []


def test_commands_steer_no_terminal(world: World) -> None:
    """What people look things up with is printable, as text and as JSON, and names every finding."""
    rows = run(world, "finding", "list", "--limit", "0")
    assert steering(rows, "\n\t") == []
    assert len(rows.splitlines()) == len(world.items) + 2
    listed = [json.loads(one) for one in run(world, "finding", "list", "--json").splitlines()]
    assert {one["id"] for one in listed} == {one.split("\t")[0] for one in rows.splitlines()}
    shared = ident_of(world, "/post/1000")
    for ident in (shared, ident_of(world, "/someone/thing"), *(one["id"] for one in listed[::20])):
        shown = run(world, "finding", "show", ident)
        assert steering(shown) == []
        told = run(world, "finding", "show", ident, "--json")
        assert steering(told) == []
        assert json.loads(told)["id"] == ident
        assert ident != shared or shown.count("Tideglass 70B") > len(texts("")) - 5
    for command in (("outbox", "list"), ("route", "explain", listed[0]["id"]), ("audit", "list")):
        assert steering(run(world, *command), "\n\t") == []
        assert steering(run(world, *command, "--json")) == []
    assert steering(run(world, "source", "health")) == []


def test_logs_are_lines_of_ours(world: World) -> None:
    """Every line of the log is one event of ours, as JSON; on a console nothing but our own colours steers it."""
    for line in world.logs["json"].decode().splitlines():
        told = json.loads(line)
        assert re.fullmatch("[a-z_]+", told["event"])
        assert told["event"] != "leak_over"
        assert steering(line) == []
    console = re.sub(r"\x1b\[\d*(?:;\d+)*m", "", world.logs["console"].decode())
    assert steering(console) == []
    for line in console.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z? \[\w+ *\] [a-z_]+", line), line


@pytest.mark.parametrize("what", ["findings", "sightings", "events"])
def test_csv_holds_no_formula(world: World, what: str) -> None:
    """Python's reader finds as many columns in each line as in the first, and no cell begins a formula."""
    told = run(world, "export", what, "--format", "csv")
    first, *rows = csv.reader(io.StringIO(told, newline=""))
    assert rows
    for row in rows:
        assert len(row) == len(first)
        for cell in row:
            assert not _DANGER.search(cell) or re.fullmatch(r"-?\d+(?:\.\d+)?", cell), cell
            assert steering(cell, "\n\t\r") == []


@pytest.mark.parametrize("what", ["findings", "sightings", "events"])
def test_json_lines_and_parquet_agree(world: World, what: str) -> None:
    """A line is a line; Parquet has as many rows, and the same titles."""
    told = run(world, "export", what, "--format", "jsonl")
    assert steering(told) == []
    lines = [json.loads(one) for one in told.splitlines()]
    parquet = pytest.importorskip("pyarrow.parquet")
    file = world.folder / f"{what}.parquet"
    run(world, "export", what, "--format", "parquet", "--output", str(file))
    rows = parquet.read_table(file).to_pylist()
    assert len(rows) == len(lines) >= len(world.items)
    for name in {"title", "url", "author"} & rows[0].keys():
        assert [one[name] for one in rows] == [one[name] for one in lines]


def test_atom_is_a_feed_of_text(world: World) -> None:
    """It is XML with an entry for each finding, and there is no markup of a stranger in it."""
    root = ET.fromstring(run(world, "export", "findings", "--format", "atom"))
    atom = "{http://www.w3.org/2005/Atom}"
    assert len(root.findall(f"{atom}entry")) == len(world.items) + 2
    ours = "feed id title updated author name rights generator entry published category content link"
    for one in root.iter():
        assert one.tag.removeprefix(atom) in ours.split()
        assert one.attrib.keys() <= {"type", "term", "rel", "href"}
        assert steering(one.text or "") == []


def test_stix_and_misp_are_taken(world: World) -> None:
    """The libraries of both formats, and the standard's own rules, find nothing wrong."""
    bundle = json.loads(run(world, "export", "findings", "--format", "stix"))
    test_stix.check(bundle["objects"])
    assert len(test_stix.by_type(bundle["objects"], "report")) == len(world.items) + 2
    pattern = pytest.importorskip("stix2patterns.validator")
    for one in test_stix.by_type(bundle["objects"], "indicator"):
        assert pattern.run_validator(one["pattern"], stix_version="2.1") == []
    told = json.loads(run(world, "export", "findings", "--format", "misp"))
    for one in told if isinstance(told, list) else told["response"]:
        test_misp.check(one["Event"])


def test_notices_quote_no_markup(world: World) -> None:
    """A draft to each addressee can be made of the worst case, and is printable text."""
    shared = ident_of(world, "/post/1000")
    for to in ("dmca", "dsa", "host"):
        assert steering(run(world, "notice", "draft", shared, "--to", to, "--host", "board.example")) == []
    hub = ident_of(world, "/someone/thing")
    assert steering(run(world, "notice", "draft", hub, "--to", "host")) == []


def test_a_pack_is_a_page_that_does_nothing(world: World) -> None:
    """The report of the case that has every text is verified, has only our own markup, and a browser runs nothing of it."""
    file = world.folder / "case.zip"
    run(world, "evidence", "pack", ident_of(world, "/post/1000"), "--output", str(file))
    assert verify(file.read_bytes()).problems == []
    with zipfile.ZipFile(file) as pack:
        assert all(re.fullmatch(r"[A-Za-z0-9._/-]+", one) and ".." not in one for one in pack.namelist())
        page = pack.read("report.html").decode()
    assert _odd_markup(page) == []
    assert page.count("Tideglass 70B") > len(texts("")) - 5
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on this machine; all else of the page is checked")
    bare = re.sub(r"<meta http-equiv=.Content-Security-Policy.[^>]*>", "", page)
    assert bare != page
    for name, shown in (("report.html", page), ("bare.html", bare)):
        (world.folder / name).write_text(shown, "utf-8")
        made = _in_browser(chromium, world.folder / name)
        assert "<title>Evidence report LW-" in made
        assert _odd_markup(made) == []
    assert world.canary.called == []


def test_nobody_was_called(world: World) -> None:
    """No part of it asked for an address that stood only in a stranger's text."""
    assert world.canary.called == []


def _in_browser(chromium: str, file: Path) -> str:
    """The page as it is after a browser has had its time with it."""
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--virtual-time-budget=2000")
    profile = f"--user-data-dir={file.parent / 'profile'}"
    done = subprocess.run(
        [chromium, *flags, profile, "--dump-dom", file.as_uri()], capture_output=True, timeout=60, check=True
    )
    return done.stdout.decode()


def _odd_markup(page: str) -> list[str]:
    """Elements and attributes that are not our own, and characters that steer."""
    odd: list[str] = [ascii(one) for one in steering(page, "\n\r\t")]

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
            if tag not in _TAGS:
                odd.append(tag)
            odd.extend(
                f"{tag} {name}" for name, _ in attrs if name.startswith("on") or name in ("href", "src")
            )

    Reader(convert_charrefs=True).feed(page)
    return odd
