"""Recorded answers of real sites: what other readers found in them is found here too."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from leakwatch.errors import LayoutChanged, LeakwatchError, Refused
from leakwatch.extract.links import locate
from leakwatch.model.observation import Observation
from leakwatch.sources import KINDS
from leakwatch.sources._kind import FileText, Page, Payload, Request
from leakwatch.sources.cardigann import saved_state
from leakwatch.torrent.infohash import parse_v1

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
URL = "https://site.example/feed.xml"
# A torznab index read as a mere feed: the reader keeps one of an item's many <torznab:attr>, so size and
# infohash are the business of the kind `torznab`.
ATTRIBUTES_ONLY = "indexer_api/Torznab__torznab_animetosho.xml"
INDEXES = ("Torznab__", "Newznab__", "bitmagnet__", "relative_urls")
RECORDED = frozenset({"feed", "torznab", "imageboard", "github", "huggingface", "reddit", "mastodon"})
"""Kinds of which there are recorded answers."""
KILN = Path(__file__).parent / "cardigann" / "definitions" / "kiln.yml"
STATES = {"page": {"rows": "tr, li, item"}}
"""What a kind cannot read anything without."""
ISSUES = {
    "AuthenticatedUser.testGetIssues": 15,
    "Issue131.testGetPullsWithOrgHeadUser": 30,
    "Issue214.testGetIssues": 2,
    "Issue131.testGetPullWithOrgHeadUser": 1,
    "Issue50.setUp": 1,
    "Issue50.testGetIssuesWithLabel": 2,
    "Issue572.testIssueAsPullRequest": 1,
    "Issue945.testReservedPaginatedListAttributePreservation": 30,
    "Search.testSearchIssues": 30,
}
REPOSITORIES = {
    "Issue131.setUp": 1,
    "Issue139.setUp": 1,
    "Issue140.setUp": 1,
    "Issue80.testIgnoreHttpsFromGithubEnterprise": 2,
    "Issue80.testIgnoreHttpsFromGithubEnterpriseWithPort": 2,
}
COMMITS = {"Search.testSearchCommits": 12}
NO_ITEMS = {
    "AuthenticatedUser.testGetEvents",
    "Github.testSearchUsers",
    "Issue134.testGetAuthorizationsSucceedsWhenAutenticatedThroughLoginPassword",
    "Issue174.testGetDirContentsWithHttpRedirect",
    "NamedUser.testGetEvents",
    "NamedUser.testGetPublicEvents",
    "NamedUser.testGetReceivedEvents",
    "Repository.testGetEvents",
    "Search.testGetPageOnSearchUsers",
    "Search.testPaginateSearchTopics",
}


def rows(shared_data: Path, wanted: Callable[[str], bool]) -> list[tuple[str, dict[str, Any], bytes]]:
    """Recorded answers by name: file, what others found in it, body."""
    folder = shared_data / "payloads"
    told = json.loads((folder / "expected.json").read_text("utf-8"))
    return [
        (row["file"], row["expected"], (folder / row["file"]).read_bytes())
        for row in told
        if wanted(row["file"])
    ]


def page_of(kind: str, body: bytes) -> Page | LeakwatchError:
    """What a kind makes of a body that came without its request."""
    state = (
        saved_state(FileText("kiln.yml", KILN.read_text("utf-8")))
        if kind == "cardigann"
        else STATES.get(kind, {})
    )
    request = Request(url=URL, state=state)
    payload = Payload(request=request, url=URL, status=200, headers={}, body=body, fetched_at=NOON)
    try:
        return KINDS[kind].parse(payload)
    except LeakwatchError as error:
        return error


def forge_pages(shared_data: Path) -> list[tuple[str, Page | LeakwatchError, Any]]:
    """Recorded answers of GitHub: name, what the kind makes of it, what it says."""
    recorded = rows(shared_data, lambda file: file.startswith("github/"))
    return [
        (
            file.removeprefix("github/").removesuffix(".json"),
            page_of("github", body),
            json.loads(body),
        )
        for file, _, body in recorded
    ]


def is_feed(file: str) -> bool:
    """Whether a recorded answer is a feed or an index's XML."""
    return file.startswith(("feeds/", "indexer_api/")) and file.endswith(".xml")


def when(text: str) -> datetime:
    """A recorded date by the standard library, independent of the reader under test."""
    told = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)


def wrong_facts(first: dict[str, Any], seen: Observation) -> list[str]:
    """The recorded facts of a first item that an observation does not show."""
    link, guid, size = first.get("link", ""), first.get("guid"), first.get("size_raw", "")
    facts = {
        "title": seen.title == first["title"],
        "guid": guid is None or seen.native_id == guid,
        "link": (seen.magnet if link.startswith("magnet:") else seen.url)
        == (urljoin(URL, link) if link else None),
        "pubDate": "pubDate" not in first or seen.published_at == when(first["pubDate"]),
        "size": not size.isdigit() or size == "0" or seen.size_bytes == int(size),
        "infohash": "infohash" not in first or seen.infohash_v1 == parse_v1(first["infohash"]).hex(),
    }
    return [name for name, holds in facts.items() if not holds]


def differences(kind: str, expected: dict[str, Any], body: bytes) -> list[str]:
    """What a kind sees differently in a recorded feed; empty where all agrees."""
    page = page_of(kind, body)
    if expected["root"] == "error":
        return [] if isinstance(page, Refused) else ["no refusal"]
    if isinstance(page, LeakwatchError):
        return [repr(page)]
    seen = page.observations
    wrong = [] if len(seen) == expected["item_count"] else [f"{len(seen)} items"]
    titles = hashlib.sha256("\n".join(one.title for one in seen).encode()).hexdigest()
    wrong += ["titles"] if titles != expected.get("titles_sha256", titles) else []
    hashes = sum(bool(one.infohash_v1) for one in seen)
    wrong += [f"{hashes} infohashes"] if hashes < expected.get("items_with_infohash", 0) else []
    return wrong + (wrong_facts(expected["first_item"], seen[0]) if seen else [])


def test_feeds_agree(shared_data: Path) -> None:
    """Counts, titles and facts of the first item agree with feedparser and lxml in 30 of 31 recorded feeds."""
    found = {file: differences("feed", expected, body) for file, expected, body in rows(shared_data, is_feed)}
    differing = {file: wrong for file, wrong in found.items() if wrong}
    agreed = f"{len(found) - len(differing)} of {len(found)} feeds agree: {differing}"
    assert len(found) == 31, agreed
    assert differing == {ATTRIBUTES_ONLY: ["0 infohashes", "size", "infohash"]}, agreed


def test_indexes_agree(shared_data: Path) -> None:
    """Counts, titles and facts of the first item agree in all 10 recorded Torznab and Newznab answers."""
    files = rows(shared_data, lambda file: is_feed(file) and file.split("/")[1].startswith(INDEXES))
    found = {file: differences("torznab", expected, body) for file, expected, body in files}
    differing = {file: wrong for file, wrong in found.items() if wrong}
    agreed = len(found) - len(differing)
    assert (agreed, len(found)) == (10, 10), f"{agreed} of {len(found)} indexes agree: {differing}"


def test_titles_of_every_feed_agree_in_both_readers(shared_data: Path) -> None:
    """The two readers of RSS see the same titles and identities in every recorded feed that both read."""
    both = 0
    for file, _, body in rows(shared_data, is_feed):
        one, other = page_of("feed", body), page_of("torznab", body)
        if isinstance(one, Page) and isinstance(other, Page):
            both += 1
            assert [o.title for o in one.observations] == [o.title for o in other.observations], file
            assert [o.native_id for o in one.observations] == [o.native_id for o in other.observations], file
    assert both == 30


def test_issues_agree(shared_data: Path) -> None:
    """Lists of issues, searches and single issues give each item with repository, number and title."""
    found = {}
    for name, page, told in forge_pages(shared_data):
        if not isinstance(page, Page) or name in REPOSITORIES | COMMITS:
            continue
        items = [told] if "number" in told else told["items"] if isinstance(told, dict) else told
        assert [one.title for one in page.observations] == [item["title"] for item in items], name
        for one, item in zip(page.observations, items, strict=True):
            repository, _, number = one.native_id.rpartition("/")
            assert int(number) == item["number"], name
            assert repository.rpartition("/")[0] in (item.get("html_url") or item["url"]), name
            assert one.published_at == when(item["created_at"]), name
        pulls = [item for item in items if any((item.get("pull_request") or {}).values())]
        assert len(page.next_requests) == len(pulls), name
        found[name] = len(page.observations)
    assert found == ISSUES


def test_repositories_and_commits_agree(shared_data: Path) -> None:
    """Repositories, alone and in lists, and found commits give each its name, time and address."""
    found = {}
    for name, page, told in forge_pages(shared_data):
        if name not in REPOSITORIES | COMMITS:
            continue
        assert isinstance(page, Page), page
        items = told if isinstance(told, list) else told.get("items", [told])
        urls = [item["html_url"] for item in items]
        assert [one.url for one in page.observations] == urls, name
        if name in REPOSITORIES:
            assert [one.title for one in page.observations] == [item["full_name"] for item in items], name
            assert [one.published_at for one in page.observations] == [
                when(item["created_at"]) for item in items
            ], name
        else:
            assert [one.text for one in page.observations] == [item["commit"]["message"] for item in items]
        found[name] = len(page.observations)
    assert found == REPOSITORIES | COMMITS


def test_the_rest_of_github_is_no_item(shared_data: Path) -> None:
    """Of 25 recorded answers 15 are read; events, users, topics, tokens and folders are LayoutChanged, never empty."""
    pages = forge_pages(shared_data)
    refused = {name for name, page, _ in pages if isinstance(page, LayoutChanged)}
    assert (len(pages), refused) == (25, NO_ITEMS)
    assert len(NO_ITEMS) + len(ISSUES) + len(REPOSITORIES) + len(COMMITS) == 25


def test_boards_are_read_or_refused(shared_data: Path) -> None:
    """The documented catalog gives its four threads; the archive and the broken list of boards are no catalog."""
    bodies = {
        file.split("/")[1]: body
        for file, _, body in rows(shared_data, lambda file: file.startswith("imageboard/"))
    }
    found = {name: page_of("imageboard", body) for name, body in bodies.items()}
    catalog = found.pop("4chan_docs_catalog0.json")
    assert isinstance(catalog, Page)
    threads = [one for page in json.loads(bodies["4chan_docs_catalog0.json"]) for one in page["threads"]]
    assert [one.native_id for one in catalog.observations] == [f"/{thread['no']}" for thread in threads]
    assert len(threads) == 4
    assert catalog.observations[0].title == "Welcome to /po/!"
    assert catalog.observations[0].published_at == datetime.fromtimestamp(threads[0]["time"], UTC)
    assert {name: type(page) for name, page in found.items()} == {
        "4chan_docs_archive0.json": LayoutChanged,
        "4chan_docs_boards0.json": LayoutChanged,
    }


def test_hostile_feeds_are_read_as_feedparser_reads_them(shared_data: Path) -> None:
    """Feeds with strange encodings and entities give as many entries as feedparser alone finds, or are refused."""
    same = 0
    for file, expected, body in rows(shared_data, lambda file: file.startswith("feeds_hostile/")):
        page = page_of("feed", body)
        if isinstance(page, Page):
            assert len(page.observations) == expected["feedparser"]["entries"], file
            same += 1
        else:
            assert isinstance(page, LayoutChanged), file
    assert same == 22


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_recorded_answer_is_survived(kind: str, shared_data: Path) -> None:
    """Each of the 151 recorded answers, of whatever site, is read or refused within two seconds."""
    outcomes: Counter[str] = Counter()
    for file, _, body in rows(shared_data, lambda _: True):
        began = time.process_time()
        page = page_of(kind, body)
        if isinstance(page, Page):
            for one in page.observations:
                assert len(locate(one).content_digest) == 64
        assert time.process_time() - began < 2, file
        outcomes[type(page).__name__] += 1
    assert outcomes.total() == 151
    assert outcomes["Page"] or kind not in RECORDED, outcomes
    assert outcomes["LayoutChanged"], outcomes
    assert outcomes.keys() <= {"Page", "LayoutChanged", "Refused"}


def test_reddit_listings_agree(shared_data: Path) -> None:
    """Every recorded Reddit answer is read: each thing of a listing is one observation with its facts."""
    found = rows(shared_data, lambda file: file.startswith("reddit/"))
    for file, expected, body in found:
        page = page_of("reddit", body)
        assert isinstance(page, Page), file
        assert page.incomplete == "", file
        told = json.loads(body)
        listed = told if isinstance(told, list) else [told]
        top = [thing for one in listed for thing in one["data"]["children"] if thing["kind"] != "more"]
        first, seen = top[0], page.observations
        assert seen[0].native_id == f"{first['kind']}_{first['data']['id']}", file
        assert seen[0].published_at == datetime.fromtimestamp(first["data"]["created_utc"], UTC), file
        assert {f"{one['kind']}_{one['data']['id']}" for one in top} <= {one.native_id for one in seen}, file
        if "listing_count" in expected:
            assert len(seen) == expected["listing_count"], file
            assert expected["first"]["title"] in (None, seen[0].title), file
    assert len(found) == 14


def test_mastodon_statuses_agree(shared_data: Path) -> None:
    """Every recorded status is read with its facts; edits without an address and link trends are no statuses."""
    found = rows(shared_data, lambda file: file.startswith("mastodon/"))
    others = set()
    for file, _, body in found:
        page = page_of("mastodon", body)
        if isinstance(page, LeakwatchError):
            assert isinstance(page, LayoutChanged), file
            others.add(file.rpartition("_test_")[2])
            continue
        told = json.loads(body)
        statuses = [one.get("reblog") or one for one in (told if isinstance(told, list) else [told])]
        assert [one.native_id for one in page.observations] == [one["uri"] for one in statuses], file
        assert [one.published_at for one in page.observations] == [
            datetime.fromisoformat(one["created_at"]) for one in statuses
        ], file
        assert all(
            one["content"] in (seen.text or "") for one, seen in zip(statuses, page.observations, strict=True)
        ), file
    assert len(found) == 23
    assert others == {"entity_statusedit.json", "entity_trendinglinkhistory.json"}
