"""The 56 definitions beside the project, and pages written by six of them: facts are set by hand from the definition."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leakwatch.sources._kind import FileText, Page, Payload, Request
from leakwatch.sources.cardigann import KIND, examine, saved_state

PAGES = Path(__file__).parent / "pages"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ONE, TWO = "46a5570b31bb906a70cc0d0f17bad081b463aced", "f32739e7f4d85533f0176f30927c1cac86592a8d"


def definition(shared_data: Path, name: str) -> FileText:
    """A definition beside the project."""
    return FileText(f"{name}.yml", (shared_data / "cardigann" / f"{name}.yml").read_text("utf-8"))


def page_of(shared_data: Path, name: str, body: bytes, state: dict[str, Any] | None = None) -> Page:
    """What the kind reads in a page by the definition of this name."""
    told = saved_state(definition(shared_data, name)) | {"site": "s"}
    url = str(told["job"]["link"])
    request = Request(url=url, state=told | (state or {}))
    return KIND.parse(Payload(request=request, url=url, status=200, headers={}, body=body, fetched_at=NOON))


def test_all_definitions_load(shared_data: Path) -> None:
    """Each of the 56 definitions loads, and 20 of them say that their members sign in."""
    files = sorted((shared_data / "cardigann").glob("*.yml"))
    told = {file.stem: examine(file.read_text("utf-8"), file.name) for file in files}
    assert {name: [str(one) for one in found] for name, (_, found) in told.items() if found} == {}
    assert len(files) == 56
    assert sum(bool(one and one.login) for one, _ in told.values()) == 20


FACTS: dict[str, list[dict[str, Any]]] = {
    "nyaasi.html": [
        {
            "title": "[Reedbed] Tidal Gardens - 04 [1080p]",
            "url": "https://nyaa.si/view/501",
            "infohash_v1": ONE,
            "published_at": datetime(2026, 11, 19, 22, 18, tzinfo=UTC),
            "size_bytes": int(609.6 * 2**20),
            "seeders": 41,
            "leechers": 0,
        },
        {
            "title": "The.Copper.Weir.2025.1080p.WEB",
            "infohash_v1": TWO,
            "size_bytes": 1610612736,
            "seeders": 0,
            "leechers": 12,
        },
    ],
    "rutor.html": [
        {
            "url": "https://rutor.info/torrent/61/stekljannyj-sad",
            "infohash_v1": ONE,
            "published_at": datetime(2026, 10, 26, 21, 0, tzinfo=UTC),
            "size_bytes": int(2.18 * 2**30),
            "seeders": 14,
            "leechers": 3,
            "torrent_url": "https://d.rutor.example/download/61",
        }
    ],
    "thepiratebay.json": [
        {
            "title": "Harbour Lights S02 1080p -NOVICE",
            "url": "https://thepiratebay.org/description.php?id=7001",
            "infohash_v1": ONE,
            "published_at": datetime.fromtimestamp(1795000000, UTC),
            "size_bytes": 9663676416,
            "size_is_exact": True,
            "seeders": 31,
            "leechers": 5,
            "text": "Uploader: invented<br>Harbour Lights Season 2 Complete 1080p - NOVICE",
        },
        {"title": "Plain Loaf (bread) PDF", "infohash_v1": TWO, "seeders": 0, "leechers": 0},
    ],
    "torrentcore.html": [
        {
            "title": "Wooden Clocks Volume 1",
            "published_at": datetime(2026, 11, 18, 9, 15, tzinfo=UTC),
            "size_bytes": int(1.2 * 2**30),
            "seeders": None,
            "torrent_url": None,
        },
        {
            "title": "Tin Drum Lessons",
            "published_at": datetime(2026, 11, 17, 23, 59, 30, tzinfo=UTC),
            "size_bytes": 88 * 2**20,
        },
    ],
    "torrentby.html": [
        {
            "infohash_v1": ONE,
            "published_at": datetime(2026, 11, 20, 0, 0, tzinfo=UTC),
            "size_bytes": 700 * 2**20,
            "seeders": 5,
            "leechers": 2,
        },
        {
            "title": "Paper Ships S2E03 of 10",
            "infohash_v1": TWO,
            "published_at": datetime(2026, 11, 17, 21, 0, tzinfo=UTC),
        },
    ],
    "mikan.html": [
        {
            "title": "[灯笼组] 纸船 / Paper Ships [04][1080p]",
            "infohash_v1": ONE,
            "published_at": datetime(2026, 11, 19, 12, 5, tzinfo=UTC),
            "size_bytes": int(512.3 * 2**20),
        }
    ],
}


@pytest.mark.parametrize("file", sorted(FACTS))
def test_pages_by_their_definitions(shared_data: Path, file: str) -> None:
    """A page written as the definition has it gives the facts that the definition means."""
    page = page_of(shared_data, file.partition(".")[0], (PAGES / file).read_bytes())
    assert len(page.observations) == len(FACTS[file])
    for seen, wanted in zip(page.observations, FACTS[file], strict=True):
        assert {name: getattr(seen, name) for name in wanted} == wanted
    assert page.incomplete == ""


def test_the_page_of_an_item_gives_its_infohash(shared_data: Path) -> None:
    """A row without a magnet leads to its page, by the download block, and what is read there is not asked again."""
    rows = page_of(shared_data, "torrentcore", (PAGES / "torrentcore.html").read_bytes())
    assert [one.url.rpartition("/")[2] for one in rows.next_requests] == ["abc", "def"]
    state = dict(rows.next_requests[0].state)
    item = page_of(shared_data, "torrentcore", (PAGES / "torrentcore_item.html").read_bytes(), state)
    assert [(one.title, one.infohash_v1) for one in item.observations] == [("Wooden Clocks Volume 1", ONE)]
    known = {key.removeprefix("d/"): value for key, value in item.cursor.items()}
    again = saved_state(definition(shared_data, "torrentcore"))
    again["job"]["known"] = known
    rows = page_of(shared_data, "torrentcore", (PAGES / "torrentcore.html").read_bytes(), again)
    assert [one.url.rpartition("/")[2] for one in rows.next_requests] == ["def"]


RECORDED = [
    ("limetorrents", "indexer_html/limetorrents__daily.html", 50),
    (
        "limetorrents",
        "indexer_html/limetorrents__backlog.html",
        32,
    ),  # 37 rows of tables, 2 of headings, 3 of advertisements
    ("bitmagnet", "indexer_api/bitmagnet__result1.xml", 7),
    ("animetosho-xyz", "indexer_api/Torznab__torznab_animetosho.xml", 2),
    ("pandacd", "indexer_api/Torznab__torznab_animetosho.xml", 2),
]


@pytest.mark.parametrize(("name", "file", "items"), RECORDED)
def test_recorded_pages_by_their_definitions(shared_data: Path, name: str, file: str, items: int) -> None:
    """Recorded pages of the same sites give every item, and the titles and infohashes that others found in them."""
    told = json.loads((shared_data / "payloads" / "expected.json").read_text("utf-8"))
    expected = next(row["expected"] for row in told if row["file"] == file)
    page = page_of(shared_data, name, (shared_data / "payloads" / file).read_bytes())
    titles = [one.title for one in page.observations]
    assert len(titles) == items
    if "item_count" in expected:
        assert items == expected["item_count"]
        digest = hashlib.sha256("\n".join(titles).encode()).hexdigest()
        assert digest == expected["titles_sha256"]
    first = page.observations[0]
    if "items_with_infohash" in expected:
        found = sum(bool(one.infohash_v1) for one in page.observations)
        assert found == (7 if name == "bitmagnet" else expected["items_with_infohash"])  # 5 by links alone
        assert first.infohash_v1 == expected["first_item"].get("infohash", first.infohash_v1)
        assert str(first.size_bytes) == expected["first_item"]["size_raw"]
    for seen, wanted in zip(
        page.observations, expected.get("upstream_test_expects", {}).get("results", []), strict=False
    ):
        assert seen.size_bytes == wanted["size"]
        assert (seen.infohash_v1 or "") == wanted["link"].partition("btih:")[2][:40].lower()
        assert (seen.seeders, seen.leechers) == (wanted["seeders"], wanted["leechers"])
        plain = wanted["title"].replace("&Aacute;", "").replace("-", " ").split()
        assert seen.title.replace("Aacute ", "").split() == plain
