"""`source health` and `source accept`: which sites are blind, why, what to do; as a table, as JSON, as a page."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leakwatch.cli import app
from leakwatch.cli._health import ago
from leakwatch.cli._health_page import bars
from leakwatch.errors import Failure, InputError
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.polling.ledger import Behind, Hole, Ledger, Mark, ledger_json, ledger_of
from leakwatch.polling.profile import Profile, Usual
from leakwatch.service import add_asset
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
HOSTILE = "<script>alert(1)</script>\x1b[31mred"
CONFIG = """
[http]
contact = "mailto:test@leakwatch.invalid"
"""


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time when the test begins: this file may have been read long before."""
    monkeypatch.setitem(globals(), "NOW", datetime.now(UTC))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three sites: one read well, one refused for two hours, one with a lost, an open and a repaired hole."""
    names = ("calm", "refused", "holed")
    sites = "".join(
        f'[[sites]]\nname = "{one}"\nkind = "feed"\nurl = "https://{one}.example/"\n' for one in names
    )
    database = f"sqlite:///{tmp_path}/leakwatch.db"
    (tmp_path / "leakwatch.toml").write_text(f'[store]\nurl = "{database}"\n{CONFIG}{sites}', "utf-8")
    asyncio.run(fill(database, names))
    return tmp_path


async def fill(database: str, names: tuple[str, ...]) -> None:
    """Windows as polls leave them."""
    await upgrade(database)
    store = SqlRepository.open(database)
    due = NOW + timedelta(minutes=10)

    def window(site: str, hours: float, verdict: Coverage = Coverage.OK) -> CoverageWindow:
        at = NOW - hours * HOUR
        return CoverageWindow(site=site, started_at=at, ended_at=at, verdict=verdict, pages=1)

    async with store.writing() as work:
        await work.sites.sync([(one, "feed", f"{one}.example") for one in names], NOW - 5 * HOUR)
        await work.sites.close_poll(window("calm", 0.01), due, 0, None)
        await work.sites.pace("calm", 300.0, "quiet: nothing new", due)
        await work.sites.close_poll(window("refused", 2), due, 0, None)
        refused = replace(window("refused", 1, Coverage.REFUSED), failure=Failure.REFUSED, detail=HOSTILE)
        await work.sites.close_poll(refused, due, 1, HOSTILE)
        for start, end in ((20.0, 18.0), (10.0, 9.0), (4.0, 3.0)):
            gap = replace(
                window("holed", end, Coverage.GAP), hole_from=NOW - start * HOUR, hole_to=NOW - end * HOUR
            )
            await work.sites.close_poll(gap, due, 0, None)
        await work.sites.repaired("holed", NOW - 10 * HOUR, NOW - 8 * HOUR)
        hole = Hole(
            began=NOW - 4 * HOUR, until=NOW - 3 * HOUR, mark=Mark(), behind=Behind(url="https://x.example/2")
        )
        ledger = Ledger(holes=(hole,), profile=Profile(items=90, shares={"title": Usual(1.0)}))
        await work.sites.close_poll(window("holed", 0.01), due, 0, None, ledger_json(ledger))
    await add_asset(Asset(id=AssetId("lantern"), title="Lantern"), store, NOW)
    await store.close()


def run(home: Path, *arguments: str) -> str:
    """What a command prints; it must end well."""
    told = CliRunner().invoke(app, [*arguments, "--config", str(home / "leakwatch.toml")])
    assert told.exit_code == 0, (told.output, told.exception)
    return told.stdout


def test_table_shows_the_blindest_first(home: Path) -> None:
    """Each site has verdict, last success, blind time, budget, reason and next try; a blind one also what to do."""
    lines = run(home, "source", "health").splitlines()
    table = [re.split(r"\s{2,}", line) for line in lines[:4]]
    names = [
        "site",
        "verdict",
        "last ok",
        "blind for",
        "budget",
        "failure",
        "every",
        "next try",
        "judged true",
    ]
    assert table[0] == names
    assert [row[0] for row in table[1:]] == ["refused", "holed", "calm"]
    assert table[1][1:7] == ["refused", "2.0 h ago", "2.0 h", "30 min", "refused", "60 s"]
    assert table[3][6] == "5 min*"
    assert "calm: *every 5 min: quiet: nothing new" in lines
    assert [row[3] for row in table[2:]] == ["60 min", "-"]
    assert any(
        line.startswith("refused: refused: <script>") and "open the site in a browser" in line
        for line in lines
    )
    assert "\x1b" not in "\n".join(lines)
    assert not any(line.startswith("asset ") for line in lines)


def test_json_has_the_same(home: Path) -> None:
    """One value a site, with times and lengths as numbers."""
    values = [json.loads(line) for line in run(home, "source", "health", "--json").splitlines()]
    told = {one["site"]: one for one in values}
    assert told["refused"]["failure"] == "refused"
    assert 7000 < told["refused"]["blind_for_s"] < 7500
    assert [told[name]["every_s"] for name in ("calm", "refused")] == [300.0, 60.0]
    assert (told["holed"]["open_holes_s"], told["holed"]["lost_24h_s"]) == (3600, 3 * 3600)
    assert (told["calm"]["blind_for_s"], told["calm"]["because"], told["calm"]["budget_s"]) == (0, None, 1800)


def without_calm(home: Path) -> None:
    """Leave the sites that are blind."""
    text = (home / "leakwatch.toml").read_text("utf-8")
    calm, rest = text.index('[[sites]]\nname = "calm"'), text.index('[[sites]]\nname = "refused"')
    (home / "leakwatch.toml").write_text(text[:calm] + text[rest:], "utf-8")


def test_asset_that_nobody_looks_for(home: Path) -> None:
    """An asset is named when every site that would show it is blind."""
    assert "watch: looked for\n" in run(home, "asset", "show", "lantern")
    watch = json.loads(run(home, "asset", "show", "lantern", "--json"))["watch"]
    assert watch == {"blind_for_s": 0, "blind_sites": []}
    without_calm(home)
    watch = json.loads(run(home, "asset", "show", "lantern", "--json"))["watch"]
    assert (watch["blind_for_s"] > 0, watch["blind_sites"]) == (True, ["holed", "refused"])
    values = [json.loads(line) for line in run(home, "source", "health", "--json").splitlines()]
    assert values[-1]["asset"] == "lantern"
    assert values[-1]["sites"] == ["holed", "refused"]
    assert "asset lantern: nobody has looked for it" in run(home, "source", "health")
    told = run(home, "asset", "show", "lantern")
    assert re.search(r"watch: nobody has looked for it for .*; blind: holed, refused\n", told)


def test_holes_of_one_site(home: Path) -> None:
    """A site's holes are told apart: still open, repaired, lost."""
    lines = [line.split("\t") for line in run(home, "source", "health", "holed").splitlines()]
    holes = [line[3].split()[0] for line in lines if line[0] == "hole"]
    assert holes == ["open", "repaired", "lost"]


def test_page_is_whole_and_harmless(home: Path) -> None:
    """The page holds every site, runs nothing, loads nothing, and escapes what a site said."""
    run(home, "source", "health", "--html", str(home / "health.html"))
    page = (home / "health.html").read_text("utf-8")
    assert re.findall(r"<h2>(\w+)</h2>", page) == ["refused", "holed", "calm"]
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(?:src|href)=|url\(|@import", page)
    assert "default-src 'none'" in page
    assert page.count('class="hole"') == 2
    assert page.count('class="repaired"') == 1
    assert "prefers-color-scheme: dark" in page


def test_bars_of_a_busy_site_are_few() -> None:
    """A day of polls a minute apart is as many bars as it has changes."""

    def window(minute: int) -> CoverageWindow:
        at = NOW - timedelta(minutes=1440 - minute)
        verdict = Coverage.ERROR if 600 <= minute < 700 else Coverage.OK
        return CoverageWindow(site="a", started_at=at, ended_at=at, verdict=verdict)

    found = bars(iter([window(minute) for minute in range(1440)]), NOW)
    assert [one.kind for one in found] == ["ok", "no", "ok"]
    assert sum(one.width for one in found) == pytest.approx(960, abs=3)
    assert found[1].width == pytest.approx(960 * 100 / 1440, abs=1)


def test_accepted_layout_is_learned_anew(home: Path) -> None:
    """After `source accept` a site has no profile, and keeps its holes."""
    run(home, "source", "accept", "holed")

    async def ledger() -> Ledger:
        store = SqlRepository.open(f"sqlite:///{home}/leakwatch.db")
        async with store.reading() as work:
            state = await work.sites.get("holed")
        await store.close()
        assert state
        return ledger_of(state.ledger)

    found = asyncio.run(ledger())
    assert found.profile == Profile()
    assert len(found.holes) == 1
    told = CliRunner().invoke(app, ["source", "accept", "nothing", "--config", str(home / "leakwatch.toml")])
    assert isinstance(told.exception, InputError)


def test_nothing_was_read_in_the_future() -> None:
    """What was read while the command was starting is not told as of some seconds to come."""
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert ago(now + timedelta(seconds=3), now) == "0 s ago"
    assert ago(now - timedelta(minutes=3), now) == "3 min ago"
    assert ago(None, now) == "never"
