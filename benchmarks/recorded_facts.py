"""What is known of the items of a recorded answer without our readers, beside what our readers say.

Known by `expected.json` (feedparser, lxml, the tests of the programs that recorded it), or by the raw JSON itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from leakwatch.errors import LeakwatchError, Refused
from leakwatch.extract.links import locate
from leakwatch.model.observation import Observation
from leakwatch.sources._kind import Page
from leakwatch.torrent.infohash import parse_v1

_SHORT_DIGEST = 12


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is known, and what we say of it."""

    name: str
    theirs: object
    ours: object

    @property
    def agrees(self) -> bool:
        """Whether both are the same."""
        return self.theirs == self.ours


def facts_of(
    file: str, expected: Mapping[str, Any], body: bytes, page: Page | LeakwatchError, url: str
) -> list[Fact]:
    """The facts of one answer that a kind reads."""
    seen = (
        [one for one in page.observations if not one.native_id.endswith("#page")]
        if isinstance(page, Page)
        else []
    )
    folder = file.partition("/")[0]
    if folder in _BY_JSON:
        return list(_BY_JSON[folder](json.loads(body), seen))
    if expected.get("root") == "error":
        told = page.message if isinstance(page, Refused) else ""
        return [Fact("refusal says why", True, expected["error"]["description"] in told)]
    if expected.get("root") == "caps":
        return list(_capabilities(body, page))
    if "root" in expected:
        return [*_feed(expected, seen, url), *_upstream(expected, seen)]
    if file.endswith(".json"):
        return [*_results(json.loads(body), seen), *_upstream(expected, seen)]
    return [*_list(expected, seen), *_upstream(expected, seen)]


def when(text: str) -> datetime:
    """A recorded date by the standard library."""
    told = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)


def infohash(seen: Observation) -> str | None:
    """The infohash of an item, as `source parse --json` has it."""
    located = [one.infohashes for one in locate(seen).locators if one.infohashes]
    return seen.infohash_v1 or next((one.v1.hex() for one in located if one.v1), None)


def _feed(expected: Mapping[str, Any], seen: Sequence[Observation], url: str) -> Iterator[Fact]:
    """A feed: how many, all titles, the facts of the first item. One that is no XML is counted as feedparser does."""
    well = expected["well_formed"]
    yield Fact("items", expected["item_count"] if well else expected["feedparser"]["entries"], len(seen))
    if "titles_sha256" in expected and well:
        titles = hashlib.sha256("\n".join(one.title for one in seen).encode()).hexdigest()
        yield Fact("titles", expected["titles_sha256"][:_SHORT_DIGEST], titles[:_SHORT_DIGEST])
        yield Fact("last title", expected["last_title"] or "", seen[-1].title if seen else None)
        yield Fact("infohashes", expected["items_with_infohash"], sum(bool(one.infohash_v1) for one in seen))
    if "first_item" in expected and seen:
        yield from _first(expected["first_item"], seen[0], url)


def _first(first: Mapping[str, Any], seen: Observation, url: str) -> Iterator[Fact]:
    link, size, enclosure = first.get("link", ""), first.get("size_raw", ""), first.get("enclosure", {})
    yield Fact("1. title", first.get("title") or "", seen.title)
    if "guid" in first:
        yield Fact("1. guid", first["guid"], seen.native_id)
    if link:
        is_magnet = link.startswith("magnet:")
        yield Fact(
            "1. link", link if is_magnet else urljoin(url, link), seen.magnet if is_magnet else seen.url
        )
    if "pubDate" in first:
        yield Fact("1. date", when(first["pubDate"]), seen.published_at)
    if size.isdigit() and size != "0":
        yield Fact("1. size", int(size), seen.size_bytes)
    if "infohash" in first:
        yield Fact("1. infohash", parse_v1(first["infohash"]).hex(), seen.infohash_v1)
    if "bittorrent" in enclosure.get("type", "") and not enclosure["url"].startswith("magnet:"):
        yield Fact("1. torrent", urljoin(url, enclosure["url"]), seen.torrent_url)


def _capabilities(body: bytes, page: Page | LeakwatchError) -> Iterator[Fact]:
    """What an index says that it can do."""
    root = ET.fromstring(body)
    limits, search = root.find("limits"), root.find("searching/search")
    told = page.cursor if isinstance(page, Page) else {}
    yield Fact("items", 0, len(page.observations) if isinstance(page, Page) else None)
    if limits is not None:
        yield Fact("most at a time", int(limits.get("max", "0")), told.get("most"))
    if search is not None:
        yield Fact("can be searched", search.get("available") == "yes", told.get("searches"))


def _list(expected: Mapping[str, Any], seen: Sequence[Observation]) -> Iterator[Fact]:
    """A list of torrents in HTML: a row has one magnet URI, or one .torrent link, or is one row of the one table."""
    magnets = expected["magnet_links"]
    if magnets:
        yield Fact("items", magnets, len(seen))
        yield Fact("magnets", magnets, sum(bool(one.magnet) for one in seen))
        yield Fact("different", expected["distinct_infohashes"], len({one.infohash_v1 for one in seen}))
        first = parse_v1(expected["first_magnet_infohash"]).hex()
        yield Fact("1. infohash", first, seen[0].infohash_v1 if seen else None)
    elif expected["tables"] == 1:
        yield Fact("items", expected["tr"] - 1, len(seen))  # without its heading
    elif expected["torrent_links"] and not expected["tables"]:
        yield Fact("items", expected["torrent_links"], len(seen))


def _upstream(expected: Mapping[str, Any], seen: Sequence[Observation]) -> Iterator[Fact]:
    """The first results that the recording program's own test expects.

    Its times are of its own clock, its addresses often made up by it, -1 is no size, and a site without peers gets 0 or 1.
    """
    for number, row in enumerate(expected.get("upstream_test_expects", {}).get("results", [])):
        if number >= len(seen):
            return
        one, at = seen[number], f"{number + 1}."
        yield Fact(f"{at} title", row["title"], one.title)
        if row["size"] > 0:
            yield Fact(f"{at} size", row["size"], one.size_bytes)
        if one.seeders is not None:
            yield Fact(f"{at} peers", (row["seeders"], row["leechers"]), (one.seeders, one.leechers))
        if row["link"].startswith("magnet:"):
            wanted = row["link"].partition("btih:")[2].partition("&")[0]
            yield Fact(f"{at} infohash", parse_v1(wanted).hex(), infohash(one))


_NAMES = {
    "title": ("title", "f", "name"),
    "size": ("size", "t", "Size"),
    "date": ("pubdate", "u", "upload_date", "UploadTime"),
    "seeders": ("seeders", "s", "Seeders"),
    "leechers": ("leechers", "l", "Leechers"),
    "magnet": ("download", "d"),
    "torrent": ("download_link", "Link"),
}


def _results(told: Any, seen: Sequence[Observation]) -> Iterator[Fact]:
    """A JSON API: every item with all that the raw JSON says of it."""
    if isinstance(told, dict) and "Groups" in told:
        items = [
            {**one, "title": group["SeriesName"]} for group in told["Groups"] for one in group["Torrents"]
        ]
    else:
        items = told["torrent_results"] if isinstance(told, dict) else told
    yield Fact("items", len(items), len(seen))
    for number, (item, one) in enumerate(zip(items, seen, strict=False)):
        raw = {name: next((item[key] for key in keys if key in item), None) for name, keys in _NAMES.items()}
        at = f"{number + 1}."
        yield Fact(f"{at} title", raw["title"], one.title)
        yield Fact(f"{at} size", int(raw["size"]), one.size_bytes)
        yield Fact(f"{at} date", when(raw["date"]), one.published_at)
        peers = (int(raw["seeders"]), int(raw["leechers"]))
        yield Fact(f"{at} peers", peers, (one.seeders, one.leechers))
        if raw["magnet"]:
            yield Fact(f"{at} magnet", raw["magnet"], one.magnet)
        else:
            yield Fact(f"{at} torrent", raw["torrent"], one.torrent_url)


def _github(told: Any, seen: Sequence[Observation]) -> Iterator[Fact]:
    items = told if isinstance(told, list) else told.get("items", [told])
    yield Fact("items", len(items), len(seen))
    for number, (item, one) in enumerate(zip(items, seen, strict=False)):
        at = f"{number + 1}."
        if "commit" in item:
            yield Fact(f"{at} text", item["commit"]["message"], one.text)
        else:
            yield Fact(f"{at} title", item.get("full_name") or item["title"], one.title)
            yield Fact(f"{at} date", when(item["created_at"]), one.published_at)
        if "html_url" in item:
            yield Fact(f"{at} url", item["html_url"], one.url)


def _reddit(told: Any, seen: Sequence[Observation]) -> Iterator[Fact]:
    things = [
        thing
        for one in (told if isinstance(told, list) else [told])
        for thing in one["data"]["children"]
        if thing["kind"] != "more"
    ]
    by_id = {one.native_id: one for one in seen}
    for thing in things:
        data = thing["data"]
        name = f"{thing['kind']}_{data['id']}"
        one = by_id.get(name)
        yield Fact(f"{name} is there", True, one is not None)
        if one is not None:
            yield Fact(f"{name} date", datetime.fromtimestamp(data["created_utc"], UTC), one.published_at)
            if data.get("title"):
                yield Fact(f"{name} title", data["title"], one.title)


def _mastodon(told: Any, seen: Sequence[Observation]) -> Iterator[Fact]:
    statuses = [one.get("reblog") or one for one in (told if isinstance(told, list) else [told])]
    yield Fact("items", len(statuses), len(seen))
    for number, (status, one) in enumerate(zip(statuses, seen, strict=False)):
        at = f"{number + 1}."
        yield Fact(f"{at} id", status["uri"], one.native_id)
        yield Fact(f"{at} date", when(status["created_at"]), one.published_at)
        yield Fact(f"{at} text is there", True, status["content"] in (one.text or ""))
        yield Fact(f"{at} author is there", True, status["account"]["acct"] in (one.author or ""))


def _board(told: Any, seen: Sequence[Observation]) -> Iterator[Fact]:
    threads = [one for page in told for one in page["threads"]]
    yield Fact("items", len(threads), len(seen))
    for thread, one in zip(threads, seen, strict=False):
        at = str(thread["no"])
        yield Fact(f"{at} id", f"/{at}", one.native_id)
        yield Fact(f"{at} date", datetime.fromtimestamp(thread["time"], UTC), one.published_at)


_BY_JSON = {"github": _github, "reddit": _reddit, "mastodon": _mastodon, "imageboard": _board}
