"""Every kind of source: hostile answers give a page or an error of ours, and requests move as they should."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leakwatch.errors import ConfigError, Failure, LayoutChanged, LeakwatchError, Refused, SourceError
from leakwatch.extract.links import locate
from leakwatch.model.observation import LocatorKind, storable
from leakwatch.sources import KINDS, _fields, kind_named
from leakwatch.sources._kind import CredentialRef, Page, Payload, PolledKind, Request
from leakwatch.sources._refusals import explained
from leakwatch.sources.feed import FeedSite
from leakwatch.sources.github import GithubSite
from leakwatch.sources.huggingface import HuggingfaceSite
from leakwatch.sources.imageboard import ImageboardSite
from leakwatch.sources.torznab import TorznabSite

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
URL = "https://site.example/api"
HEX = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
MAGNET = f"magnet:?xt=urn:btih:{HEX}"
JSON_KINDS = sorted(
    name
    for name, kind in KINDS.items()
    if isinstance(kind, PolledKind) and not kind.is_markup and name != "paste"
)
EACH_KIND = pytest.mark.parametrize("kind", sorted(KINDS))


def answer(
    body: bytes,
    state: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    url: str = URL,
) -> Payload:
    """An answer of a site, as the fetcher hands it over."""
    request = Request(url=url, state={"site": "s"} | dict(state or {}))
    return Payload(request=request, url=url, status=status, headers=headers or {}, body=body, fetched_at=NOON)


def parse(kind: str, told: Any, state: Mapping[str, Any] | None = None, **more: Any) -> Page:
    """The page of an answer; what is not bytes is sent as JSON."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return KINDS[kind].parse(answer(body, state, **more))


def rss(*items: str) -> bytes:
    """An RSS document of these items, with the namespaces that indexes use."""
    spaces = 'xmlns:torznab="http://torznab.com/schemas/2015/feed" xmlns:nyaa="https://nyaa.si/xmlns/nyaa"'
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?><rss version="2.0" {spaces}><channel>{inner}</channel></rss>'.encode()


STATES: list[dict[str, Any]] = [
    {},
    {
        "step": "catalog",
        "board": "g",
        "known": {"1": 5, "2": None, "x": "y"},
        "max_threads": 2,
        "api": "a",
        "web": "w",
    },
    {"step": "thread", "board": "g", "thread": 1, "web": "https://b", "last_modified": 3, "subject": "s"},
    {"step": "issues", "repository": "a/b", "first": False, "credential": "k"},
    {"step": "comments", "repository": "a/b"},
    {"step": "review_comments", "repository": "a/b", "first": True},
    {"step": "search"},
    {"step": "files", "repository": "a/b", "number": 3, "title": "t"},
    {"step": "list", "known": {"a/b": "1"}, "api": "https://h"},
    {"step": "model", "id": "a/b", "revision": "2"},
    {"step": 5, "board": None, "known": [], "repository": 7},
    {"step": "newest", "api": "https://h", "last": 5, "limit": 9},
    {"step": "item", "id": 7, "tries": 1},
    {"step": "posts", "api": "https://h"},
    {"step": "timeline", "api": "https://h", "name": "t", "last": "5", "local": True},
    {"step": "new", "path": "/r/a/new", "web": "https://h"},
    {"step": "catalog", "dialect": "lynxchan", "board": "g", "known": {"1": "x 2"}, "api": "https://h"},
    {"step": "thread", "dialect": "lynxchan", "board": "g", "thread": 1, "mark": "x 2", "replies": 1},
    {"page": 1, "rows": "li, b, title", "title": "@a:b", "date": "b", "size": "b"},
    {"step": "list", "api": "https://h", "known": "a b", "max_items": 2},
]
ODD = (
    st.sampled_from([0, 1, -1, 2**63, 2**70, True, False, None, 1e308, float("nan"), float("inf"), ""])
    | st.sampled_from(["a", "\ud800", "\x00", "<b>x</b>", "https://[bad", "//", "0001-01-01T00:00:00Z"])
    | st.sampled_from(["9999-12-31T23:59:59-14:00", "Mon, 99 Foo 99999 25:61:61", -62135596800, MAGNET])
    | st.sampled_from([f"{MAGNET}&dn=\ud800%20", "magnet:?xt=urn:btih:zz", "x/repos/a/b"])
    | st.sampled_from(["x/repos/\ud800/b", "a/b", "+x", "==", "é", "1" * 30, "f" * 40, "f" * 64])
    | st.sampled_from(["https://x/pull/3", "@@ -1 +1 @@\n+added"])
)
KEYS = (
    st.sampled_from(["threads", "posts", "no", "resto", "sub", "com", "name", "trip", "time"])
    | st.sampled_from(["last_modified", "filename", "ext", "md5", "fsize", "items", "number", "id"])
    | st.sampled_from(["modelId", "title", "body", "user", "login", "html_url", "created_at", "message"])
    | st.sampled_from(["updated_at", "pull_request", "repository_url", "url", "issue_url", "diff_hunk"])
    | st.sampled_from(["patch", "siblings", "rfilename", "lfs", "sha256", "oid", "size", "blobId"])
    | st.sampled_from(["sha", "lastModified", "createdAt", "author", "incomplete_results"])
    | st.sampled_from(["post", "comment", "creator", "ap_id", "removed", "next_page", "hits", "objectID"])
    | st.sampled_from(["content", "uri", "account", "card", "reblog", "media_attachments", "kind", "data"])
    | st.sampled_from(["threadId", "lastBump", "postCount", "postId", "files", "path", "key", "full_url"])
    | st.sampled_from(["children", "replies", "permalink", "selftext", "topics", "topic_id", "cooked"])
)
ITEMS = st.lists(
    st.dictionaries(
        KEYS, ODD | st.dictionaries(KEYS, ODD, max_size=3) | st.lists(ODD, max_size=2), max_size=9
    )
    | ODD,
    max_size=3,
)
JSON = (
    st.recursive(
        ODD,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
        max_leaves=15,
    )
    | ITEMS
    | st.builds(
        lambda key, items, others: {"id": "a/b"} | others | {key: items},
        st.sampled_from(["posts", "items", "siblings", "comments", "latest_posts", "hits", "statuses"]),
        ITEMS,
        st.dictionaries(KEYS, ODD, max_size=3),
    )
    | ITEMS.map(lambda threads: [{"threads": threads}])
)
TAGS = (
    st.sampled_from(["title", "link", "guid", "pubDate", "description", "author", "comments", "size"])
    | st.sampled_from(["infoHash", "nyaa:size", "nyaa:infoHash", "torrent:magnetURI", "category"])
    | st.sampled_from(["a:b:c", "content:encoded", "torznab:attr", "1", "updated"])
)
VALUES = (
    st.sampled_from(["", "a", "&amp;", "&bogus;", "<b>x</b>", "<![CDATA[<p>x]]>", "https://[bad"])
    | st.sampled_from(["http://a/x.torrent", MAGNET, HEX, "Sat, 13 Sep 2014 12:56:53 +0000"])
    | st.sampled_from(["99999-99-99", "1.4 GiB", "9" * 30, "\x07", "\ud7ff", "0001-01-01T00:00:00Z"])
)
TAGGED = st.builds(lambda tag, text: f"<{tag}>{text}</{tag}>", TAGS, VALUES)
CLOSED = st.sampled_from(
    [
        "<enclosure url='https://[bad' length='1' type='application/x-bittorrent'/>",
        "<enclosure url='x.torrent' length='x'/>",
        "<enclosure length='9'/>",
        f"<torznab:attr name='infohash' value='{HEX}'/>",
        f"<torznab:attr name='magneturl' value='{MAGNET}'/>",
        "<torznab:attr name='size' value='-1'/>",
        "<torznab:attr/>",
        "<link href='http://[bad' rel='enclosure'/>",
        "<item>",
        "</item>",
        "<!--",
        "<?x y?>",
    ]
)
XML = st.lists(st.lists(TAGGED | CLOSED, max_size=7).map("".join), max_size=3).map(lambda items: rss(*items))


def hold(kind: str, payload: Payload) -> None:
    """The promise of `parse`: a page whose observations the pipeline can take further, or an error of ours."""
    try:
        page = KINDS[kind].parse(payload)
    except LeakwatchError:
        return
    for one in page.observations:
        located = storable(locate(one))
        assert located.site == "s"
        assert len(located.content_digest) == 64
        assert one.published_at is None or one.published_at.tzinfo is UTC
    for request in page.next_requests:
        assert request.url.encode("utf-8")
        assert json.loads(json.dumps(dict(request.state))) is not None
    assert json.dumps(dict(page.cursor), allow_nan=False)


@EACH_KIND
@given(st.binary(max_size=200), st.sampled_from(STATES), st.sampled_from([200, 404]))
@example(b"", {}, 200)
@example(b"\xff\xfe<\0r\0", {}, 200)
@example(b"<a:b:c><item/></a:b:c>", {}, 200)
@example(b"[" * 100_000, {}, 200)
@example(b'{"posts":' + b"9" * 5000 + b"}", {}, 200)
@example(b"<?pi x?><!-- c -->", {}, 200)
@settings(deadline=None, max_examples=80)
def test_any_bytes_give_a_page_or_an_error(
    kind: str, body: bytes, state: dict[str, Any], status: int
) -> None:
    """Arbitrary bytes in any step give a page or a LeakwatchError."""
    hold(kind, answer(body, state, status=status))


@EACH_KIND
@given(
    JSON,
    st.sampled_from(STATES),
    st.sampled_from(["", f'<{URL}?page=2>; rel="next"', "<é x>; rel=next, <//[>;rel=next"]),
)
@example([{"number": True, "pull_request": {"url": "u"}, "repository_url": "x/repos/a/b"}], {}, "")
@example([{"number": 1, "pull_request": {"url": "u"}, "repository_url": "x/repos/\ud800/b"}], {}, "")
@example([{"number": 1, "updated_at": "0001-01-01T00:00:00Z"}], STATES[3], "")
@example(
    {"id": "a/b", "siblings": [{"rfilename": "x", "size": 1}, {"rfilename": "x", "size": None}]},
    STATES[9],
    "",
)
@settings(deadline=None, max_examples=120)
def test_any_json_gives_a_page_or_an_error(kind: str, told: Any, state: dict[str, Any], link: str) -> None:
    """Arbitrary JSON with the field names of the APIs gives a page or a LeakwatchError."""
    hold(kind, answer(json.dumps(told).encode(), state, headers={"link": link}))


@pytest.mark.parametrize("kind", ["feed", "torznab"])
@given(XML, st.integers(0, 60), st.binary(max_size=3))
@settings(deadline=None, max_examples=100)
def test_any_xml_gives_a_page_or_an_error(kind: str, body: bytes, cut: int, noise: bytes) -> None:
    """Feeds with hostile values, whole, damaged or cut short, give a page or a LeakwatchError."""
    hold(kind, answer(body))
    hold(kind, answer(body[: len(body) - cut] + noise))


@EACH_KIND
@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><html><head><title>Just a moment...</title></head><body></body></html>",
        b"",
        b"not found",
        b'"text"',
        b"17",
        b"null",
        b"[1, 2, 3]",
        b'["a"]',
    ],
)
def test_a_page_of_another_kind_is_a_changed_layout(kind: str, body: bytes) -> None:
    """A challenge page, an empty answer or data of another shape is LayoutChanged, never an empty page."""
    with pytest.raises(LayoutChanged):
        KINDS[kind].parse(answer(body))


@pytest.mark.parametrize("kind", ["feed", "torznab"])
@pytest.mark.parametrize(
    "prologue",
    [
        b'<!DOCTYPE rss [<!ENTITY a "x">]>',
        b'<!doctype rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE r SYSTEM "http://a.example/x.dtd" [ ]>',
    ],
)
def test_entities_of_its_own_are_refused(kind: str, prologue: bytes) -> None:
    """A document that declares entities is not read."""
    body = rss("<title>&a;</title>").replace(b"<rss", prologue + b"<rss")
    with pytest.raises(LayoutChanged, match="entities"):
        KINDS[kind].parse(answer(body))


def test_a_body_is_never_taken_for_a_file_name(tmp_path: Path) -> None:
    """An answer that spells a path of this machine, and ends as a feed does, does not make us read that file."""
    folder = tmp_path / "<"
    folder.mkdir()
    secret = folder / "rss>"
    secret.write_bytes(rss("<title>a secret of this machine</title>"))
    with pytest.raises(LayoutChanged):
        KINDS["feed"].parse(answer(str(secret).encode()))


@pytest.mark.parametrize(("kind", "name"), [("feed", "rss"), ("feed", "feed"), ("torznab", "torznab")])
def test_kinds_have_names(kind: str, name: str) -> None:
    """A kind is found by its name or its alias."""
    assert kind_named(name) is KINDS[kind]


def test_an_unknown_kind_names_those_there_are() -> None:
    """A wrong name is an ConfigError that lists the right ones."""
    with pytest.raises(ConfigError, match=", ".join(sorted(KINDS))):
        kind_named("gopher")


# --- requests -------------------------------------------------------------------------------------------------


def query(request: Request) -> dict[str, str]:
    """The query of a request."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(request.url).query).items()}


def test_a_feed_is_one_request() -> None:
    """A feed asks for its address and nothing else."""
    assert list(KINDS["feed"].start(FeedSite(url=URL), {})) == [Request(url=URL)]


def test_an_index_is_asked_for_the_newest_without_words() -> None:
    """An index gets an empty query, its own parameters, its categories, and its key by reference only."""
    site = TorznabSite(url=f"{URL}?x=1", categories=(2000, 5000), apikey=CredentialRef("key"))
    (request,) = KINDS["torznab"].start(site, {})
    assert query(request) == {
        "x": "1",
        "t": "search",
        "extended": "1",
        "limit": "100",
        "offset": "0",
        "cat": "2000,5000",
    }
    assert request.query_credential == ("apikey", "key")
    assert "key" not in request.url


def test_a_board_begins_with_its_catalog() -> None:
    """Each board's catalog is asked for, with what is known of that board."""
    requests = list(KINDS["imageboard"].start(ImageboardSite(boards=("g", "sci")), {"g/1": 5, "sci/2": 6}))
    assert [one.url for one in requests] == [
        "https://a.4cdn.org/g/catalog.json",
        "https://a.4cdn.org/sci/catalog.json",
    ]
    assert [one.state["known"] for one in requests] == [{"1": 5}, {"2": 6}]


def test_a_repository_is_read_onwards_from_its_cursor() -> None:
    """Without a cursor the newest page is read; with one everything since, oldest first."""
    site = GithubSite(repositories=("a/b c",), token=CredentialRef("t"))
    first = list(KINDS["github"].start(site, {}))
    assert [query(one).get("direction") for one in first] == [
        *("desc", "desc", "desc"),
        *(None, None),
    ]
    assert [urlsplit(one.url).path for one in first] == [
        "/repos/a/b%20c/issues",
        "/repos/a/b%20c/issues/comments",
        "/repos/a/b%20c/pulls/comments",
        "/repos/a/b%20c/releases",
        "/repos/a/b%20c/forks",
    ]
    assert {one.credential for one in first} == {"t"}
    since = list(KINDS["github"].start(site, {"a/b c/issues": "2026-11-20T00:00:00Z"}))
    assert (query(since[0])["since"], query(since[0])["direction"]) == ("2026-11-20T00:00:00Z", "asc")
    assert "since" not in query(since[1])


def test_a_hub_is_listed_by_author() -> None:
    """Without authors the newest of everybody is listed, else one list an author."""
    everybody = list(KINDS["huggingface"].start(HuggingfaceSite(), {"a/b": "1"}))
    assert len(everybody) == 1
    assert everybody[0].state["known"] == {"a/b": "1"}
    chosen = list(KINDS["huggingface"].start(HuggingfaceSite(authors=("a", "b")), {}))
    assert [query(one).get("author") for one in chosen] == ["a", "b"]


# --- answers --------------------------------------------------------------------------------------------------


def test_only_grown_threads_are_read() -> None:
    """Of a catalog new and grown threads are asked for, newest first, behind vanished ones, once more."""
    threads = [{"no": 1, "last_modified": 5}, {"no": 3, "last_modified": 7}, {"no": 2, "last_modified": 9}]
    state = {"step": "catalog", "board": "g", "known": {"1": 5, "2": 8, "9": 1}, "max_threads": 1, "api": URL}
    page = parse("imageboard", [{"page": 1, "threads": threads}], state)
    assert [one.url for one in page.next_requests] == [f"{URL}/g/thread/9.json", f"{URL}/g/thread/2.json"]
    assert [one.keep for one in page.next_requests] == [True, False]
    assert page.cursor == {"g/9": None}
    assert page.incomplete == "1 threads put off"
    assert page.observations == ()


def test_a_thread_gives_its_posts_and_moves_the_cursor() -> None:
    """Each post is an observation with its address and attachment; a thread that is gone is forgotten."""
    state = {"step": "thread", "board": "g", "thread": 7, "last_modified": 50, "web": "https://w"}
    posts = [
        {
            "no": 7,
            "sub": "weights &amp; more",
            "com": "x",
            "time": 1763640000,
            "name": "A&amp;B",
            "trip": "!t",
        },
        {
            "no": 8,
            "resto": 7,
            "filename": "a&lt;b",
            "ext": ".gguf",
            "fsize": 5,
            "md5": "AwMDAwMDAwMDAwMDAwMDAw==",
        },
        {"no": 9, "resto": 7, "filename": "gone", "filedeleted": 1},
        {"no": "x"},
    ]
    page = parse("imageboard", {"posts": posts}, state)
    assert [(one.native_id, one.title, one.url) for one in page.observations] == [
        ("g/7", "weights & more", "https://w/g/thread/7#p7"),
        ("g/8", "weights & more", "https://w/g/thread/7#p8"),
        ("g/9", "weights & more", "https://w/g/thread/7#p9"),
    ]
    assert page.observations[0].author == "A&B !t"
    assert [(one.path, one.size_bytes, one.md5) for one in page.observations[1].files] == [
        ("a<b.gguf", 5, "03" * 16)
    ]
    assert page.observations[2].files == ()
    assert page.cursor == {"g/7": 50}
    missed = "a thread that had changed was gone before it could be read"
    assert parse("imageboard", b"", state, status=404) == Page(cursor={"g/7": None}, incomplete=missed)


def test_a_thread_without_posts_is_a_changed_layout() -> None:
    """An empty thread does not exist: the layout has changed."""
    with pytest.raises(LayoutChanged):
        parse("imageboard", {"posts": []}, {"step": "thread"})


ISSUE = {
    "number": 4,
    "title": "t",
    "updated_at": "2026-11-20T10:00:00Z",
    "html_url": "https://github.com/a/b/issues/4",
}
STREAM = {"step": "issues", "repository": "a/b", "api": "https://api", "credential": "k"}


def test_a_pull_request_brings_its_patch() -> None:
    """The files of a pull request are asked for, and must not be lost; those of an issue are not."""
    pull = ISSUE | {"number": 5, "pull_request": {"url": "u"}, "user": {"login": "me"}}
    old = ISSUE | {"number": 6, "pull_request": {"html_url": None, "diff_url": None}}
    page = parse("github", [ISSUE, pull, old], STREAM)
    assert [one.native_id for one in page.observations] == ["a/b/issues/4", "a/b/pull/5", "a/b/issues/6"]
    (request,) = page.next_requests
    assert request.url == "https://api/repos/a/b/pulls/5/files?per_page=100"
    assert request.keep
    assert request.credential == "k"
    files = [
        {"filename": "README.md", "patch": f"@@ -1 +1,2 @@\n-old\n+{MAGNET}\n same"},
        {"filename": "bin"},
    ]
    (patch,) = parse("github", files, request.state).observations
    assert (patch.native_id, patch.text, patch.author, patch.title) == ("a/b/pull/5/files", MAGNET, "me", "t")
    assert parse("github", [{"filename": "x", "patch": "-gone"}], request.state) == Page()


@pytest.mark.parametrize(
    ("updated", "cursor"),
    [
        ("2026-11-20T10:00:00Z", {"a/b/issues": "2026-11-20T09:58:00Z"}),
        ("0001-01-01T00:00:00Z", {"a/b/issues": "1999-12-31T23:58:00Z"}),
        ("nonsense", {}),
        (None, {}),
    ],
)
def test_the_cursor_follows_the_newest_change(updated: str | None, cursor: dict[str, str]) -> None:
    """The cursor is the newest change less two minutes, whatever time a server invents."""
    assert parse("github", [ISSUE | {"updated_at": updated}], STREAM).cursor == cursor


@pytest.mark.parametrize("kind", JSON_KINDS)
@pytest.mark.parametrize("state", [{}, STREAM, {"step": "models"}, {"step": "tags"}, {"step": "comments"}])
def test_an_error_in_place_of_data_is_a_refusal(kind: str, state: dict[str, Any]) -> None:
    """One rule for all kinds: an object that says an error and nothing else is the site's no, whatever the status."""
    told = answer(json.dumps({"error": "search limit exceeded", "status": 200}).encode(), state)
    with pytest.raises(SourceError) as caught:
        KINDS[kind].parse(told)
    error = explained(told, caught.value, is_only_page=False)
    assert isinstance(error, Refused)
    assert error.failure is Failure.RATE_LIMITED


def test_a_message_instead_of_a_list_is_told() -> None:
    """What an API says instead of data stands in the error."""
    with pytest.raises(Refused, match="rate limit exceeded"):
        parse("github", {"message": "API rate limit exceeded"}, STREAM)


def test_a_hub_listing_gives_what_has_changed() -> None:
    """Models of another revision are asked for, known ones are not, and bad names never become addresses."""
    models = [
        {"id": "a/b", "sha": "1"},
        {"id": "a/c", "sha": "2"},
        {"id": "a/new"},
        {"id": "../../etc/passwd?x"},
    ]
    state = {"step": "list", "api": "https://h", "known": {"a/b": "1", "a/c": "1"}}
    page = parse("huggingface", models, state)
    assert [one.url for one in page.next_requests] == [
        "https://h/api/models/a/c?blobs=true",
        "https://h/api/models/a/new?blobs=true",
    ]
    assert all(one.keep for one in page.next_requests)
    assert page.observations == ()


def test_a_model_gives_its_files_and_moves_the_cursor() -> None:
    """A model's files carry sizes and SHA-256, its address is a locator, and a model that is gone is forgotten."""
    state = {"step": "model", "id": "a/b", "revision": "r2", "api": "https://h"}
    siblings = [
        {"rfilename": "m.gguf", "size": 1, "blobId": "ab" * 20, "lfs": {"sha256": "CD" * 32, "size": 9}},
        {"rfilename": "config.json", "size": 3},
        {"rfilename": ""},
        "x",
    ]
    page = parse(
        "huggingface", {"id": "a/b", "siblings": siblings, "createdAt": "2026-11-20T10:00:00.000Z"}, state
    )
    (seen,) = page.observations
    assert [(one.path, one.size_bytes, one.sha256, one.git_blob) for one in seen.files] == [
        ("m.gguf", 9, "cd" * 32, "ab" * 20),
        ("config.json", 3, None, None),
    ]
    assert (seen.size_bytes, seen.size_is_exact, seen.author, seen.url) == (12, False, "a", "https://h/a/b")
    assert [(one.kind, one.value) for one in seen.locators] == [(LocatorKind.REPOSITORY, "https://h/a/b")]
    assert page.cursor == {"a/b": "r2"}
    assert parse("huggingface", b"gone", state, status=404) == Page(cursor={"a/b": None})


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("100", Refused),
        ("199", Refused),
        ("900", Refused),
        ("500", Refused),
        ("201", LayoutChanged),
        ("x", LayoutChanged),
    ],
)
def test_an_error_document_tells_whose_fault_it_is(code: str, error: type[LeakwatchError]) -> None:
    """Errors of account, limits and server are a refusal; errors of our query mean that the index changed."""
    body = f'<?xml version="1.0"?><error code="{code}" description="no luck"/>'.encode()
    with pytest.raises(error, match="no luck"):
        KINDS["torznab"].parse(answer(body))


@pytest.mark.parametrize("kind", ["feed", "torznab"])
def test_addresses_are_joined_or_left_out(kind: str) -> None:
    """Relative addresses are made whole, and what is no address is none."""
    torrent = "type='application/x-bittorrent'"
    items = [
        f"<title>a</title><guid>1</guid><link>/t/1</link><enclosure url='/dl/1.torrent' length='5000000' {torrent}/>",
        "<title>b</title><guid>2</guid><link>https://[bad</link>",
        f"<title>c</title><guid isPermaLink='false'>{HEX}</guid>",
        f"<title>d</title><guid>4</guid><link>{MAGNET}</link><comments>https://site.example/c/4</comments>",
    ]
    seen = KINDS[kind].parse(answer(rss(*items))).observations
    assert [one.url for one in seen] == ["https://site.example/t/1", None, None, "https://site.example/c/4"]
    assert [one.torrent_url for one in seen] == ["https://site.example/dl/1.torrent", None, None, None]
    assert [one.magnet for one in seen] == [None, None, None, MAGNET]
    assert seen[3].infohash_v1 == HEX
    assert seen[0].size_bytes == 5_000_000


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00+00:00"),
        ("2026-11-20T10:00:00+02:00", "2026-11-20T08:00:00+00:00"),
        ("2026-11-20", "2026-11-20T00:00:00+00:00"),
        ("Fri, 20 Nov 2026 10:00:00 -0500", "2026-11-20T15:00:00+00:00"),
        (1763640000, "2025-11-20T12:00:00+00:00"),
        (True, None),
        ("", None),
        ("soon", None),
        ("9999-12-31T23:59:59-14:00", None),
        (1e300, None),
        (float("nan"), None),
        (None, None),
        ([1], None),
    ],
)
def test_times_are_read_or_none(value: Any, told: str | None) -> None:
    """Times of every spelling come out in UTC, and what is no time is None."""
    found = _fields.when(value)
    assert (found.isoformat() if found else None) == told


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("1.4 GiB", 1_503_238_553),
        ("938,5 MB", 984_088_576),
        ("1,234.5 KB", 1_264_128),
        ("Size: 2TB now", 2 * 2**40),
        ("12 bytes", None),
        ("GB", None),
        ("1.2.3 GB", None),
        ("", None),
    ],
)
def test_sizes_in_words_are_read(value: str, size: int | None) -> None:
    """A size as people write it becomes bytes, with either decimal mark."""
    assert _fields.size_text(value) == size


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (5, 5),
        (0, 0),
        ("17", 17),
        (" 17 ", 17),
        (-1, None),
        (2**63, None),
        (True, None),
        (1.5, None),
        ("٣", None),
        ("1e3", None),
        (None, None),
    ],
)
def test_counts_are_whole_and_sane(value: Any, told: int | None) -> None:
    """Only whole numbers from zero up to what a database holds are counts."""
    assert _fields.count(value) == told


@pytest.mark.parametrize(
    ("value", "told"), [("10000000", 10_000_000), (10_000_001, None), (3_000_000_000, None), ("-1", None)]
)
def test_peers_that_no_swarm_has_are_not_believed(value: Any, told: int | None) -> None:
    """An index that claims more than ten million peers has said nothing."""
    assert _fields.peers(value) == told


@pytest.mark.parametrize(
    ("header", "url"),
    [
        ('<https://a/2>; rel="next"', "https://a/2"),
        ("<https://a/1>; rel=prev, <https://a/3>; rel=next", "https://a/3"),
        ("<https://A:443/2>; rel=next", "https://A:443/2"),
        ("</2?x=1>; rel=next", "https://a/2?x=1"),
        ("<https://b/2>; rel=next", None),
        ("<http://a/2>; rel=next", None),
        ("<https://a:8443/2>; rel=next", None),
        ("<https://a:99999/2>; rel=next", None),
        ("<https://u:p@a/2>; rel=next", None),
        ("<https://b\\@a/2>; rel=next", None),
        ("<ftp://a/2>; rel=next", None),
        ("<//[>; rel=next", None),
        ('<https://a/9>; rel="last"', None),
        ("https://a/2; rel=next", None),
        ("", None),
        (None, None),
    ],
)
def test_the_next_page_stands_in_the_link_header(header: str | None, url: str | None) -> None:
    """The target of rel=next is found among several links, and is one only on the host of the page itself."""
    assert _fields.next_link(header, "https://a/list?page=1") == url


@pytest.mark.parametrize(
    ("value", "size", "told"),
    [
        ("AB" * 32, 32, "ab" * 32),
        ("ab" * 31, 32, None),
        ("zz" * 32, 32, None),
        (5, 1, None),
        ("", 0, None),
        (None, 32, None),
    ],
)
def test_digests_are_lower_case_hex_of_their_size(value: Any, size: int, told: str | None) -> None:
    """A digest of another size or alphabet is none."""
    assert _fields.hex_digest(value, size) == told


def test_an_infohash_told_over_two_posts_is_put_together() -> None:
    """The post that completes an infohash has it as its own, and only that post."""
    digits = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
    posts = [
        {"no": 7, "com": f"infohash, first half:<br>{digits[:20]}"},
        {"no": 8, "resto": 7, "com": "based"},
        {"no": 9, "resto": 7, "com": f"second half: <b>{digits[20:]}</b>"},
    ]
    state = {"step": "thread", "board": "g", "web": "https://w", "thread": 7}
    seen = parse("imageboard", {"posts": posts}, state).observations
    assert [one.infohash_v1 for one in seen] == [None, None, digits]
    (found,) = locate(seen[2]).locators
    assert (found.value, found.decode_chain) == (digits, ("fragments",))


def test_a_board_of_another_dialect_needs_its_address() -> None:
    """4chan's address is the default for 4chan's dialect only; pages are where the API is unless said."""
    with pytest.raises(ConfigError) as caught:
        ImageboardSite(boards=("g",), dialect="vichan")
    assert caught.value.field == "dialect"
    site = ImageboardSite(boards=("g",), dialect="vichan", url="https://chan.example/")
    (request,) = KINDS["imageboard"].start(site, {})
    assert request.url == "https://chan.example/g/catalog.json"
    page = parse("imageboard", [{"page": 0, "threads": [{"no": 5, "last_modified": 9}]}], request.state)
    (thread,) = page.next_requests
    assert thread.url == "https://chan.example/g/res/5.json"
    seen = parse("imageboard", {"posts": [{"no": 5}, {"no": 6, "resto": 5}]}, thread.state).observations
    assert [one.url for one in seen] == [
        "https://chan.example/g/res/5.html#5",
        "https://chan.example/g/res/5.html#6",
    ]
