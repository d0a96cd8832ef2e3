"""Reading on: what follows a page, what ends it, and how far a cursor moves, so that nothing is skipped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from leakwatch.sources import KINDS, _fields
from leakwatch.sources._kind import Page, Payload, Question, Request
from leakwatch.sources.github import GithubSite, ask, start

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NOON_S = int(NOON.timestamp())
ISSUES = "https://api/repos/a/b/issues?state=all&sort=updated&direction=asc&per_page=100"
MODELS = "https://h/api/models?sort=lastModified&limit=2"
STREAM = {"step": "issues", "repository": "a/b", "api": "https://api", "credential": "k"}
FILES = {"step": "files", "repository": "a/b", "number": 5, "title": "t", "credential": "k"}
LISTING = {"step": "list", "api": "https://h", "credential": "k"}


def read(
    kind: str,
    told: Any,
    state: Mapping[str, Any],
    url: str,
    headers: Mapping[str, str] | None = None,
    status: int = 200,
) -> Page:
    """The page of an answer at noon."""
    payload = Payload(
        request=Request(url=url, state={"site": "s"} | dict(state)),
        url=url,
        status=status,
        headers=headers or {},
        body=json.dumps(told).encode(),
        fetched_at=NOON,
    )
    return KINDS[kind].parse(payload)


def following(url: str) -> dict[str, str]:
    """The headers of a page that has a next one."""
    return {"link": f'<{url}>; rel="next", <https://api/last>; rel="last"'}


def issue(number: int, updated: str, **more: Any) -> dict[str, Any]:
    """An issue as the API shows it."""
    return {"number": number, "title": f"t{number}", "updated_at": f"2026-11-20T{updated}Z"} | more


PULL = {"pull_request": {"url": "u"}}


class Forge:
    """A repository's issues as GitHub lists them: changed since, oldest change first, two a page."""

    def __init__(self) -> None:
        self.changed = {number: f"10:00:0{number}" for number in range(1, 7)}

    def answer(self, request: Request) -> Page:
        """What a request gets."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        since, page = query.get("since", "")[11:19], int(query.get("page", 1))
        shown = sorted((at, number) for number, at in self.changed.items() if at >= since)
        items = [issue(number, at) for at, number in shown[2 * page - 2 : 2 * page]]
        header = following(f"{request.url}&page={page + 1}") if len(shown) > 2 * page else None
        return read("github", items, request.state, request.url, header)


def test_an_item_that_changes_between_two_pages_hides_no_other() -> None:
    """While page after page is read and items move to the end, every item is shown at least once."""
    forge, seen = Forge(), set[str]()
    requests = [Request(url=f"{ISSUES}&since=2026-11-20T09%3A00%3A00Z", state=STREAM)]
    for changes in range(1, 20):
        page = forge.answer(requests.pop())
        seen |= {one.native_id for one in page.observations}
        requests += page.next_requests
        if not requests:
            break
        if changes <= 2:
            forge.changed[changes] = f"10:01:0{changes}"
    assert seen == {f"a/b/issues/{number}" for number in range(1, 7)}


def test_a_stream_is_read_on_from_the_newest_change() -> None:
    """The follow-up is the same request since the newest change, without a page number and without overlap."""
    url = f"{ISSUES}&since=2026-11-20T09%3A00%3A00Z&page=7"
    items = [issue(1, "10:00:00"), issue(2, "10:00:09"), issue(3, "10:00:05")]
    (request,) = read("github", items, STREAM, url, following("https://api/x?page=8")).next_requests
    assert request.url == f"{ISSUES}&since=2026-11-20T10%3A00%3A09Z"
    assert (request.credential, request.state["step"]) == ("k", "issues")


@pytest.mark.parametrize("updated", ["10:00:00", "09:59:59"])
def test_a_page_of_one_second_is_followed_by_its_link(updated: str) -> None:
    """Where nothing on the page is newer than what was asked for, the page number is the only way on."""
    url = f"{ISSUES}&since=2026-11-20T10%3A00%3A00Z"
    items = [issue(1, updated), issue(2, updated)]
    (request,) = read("github", items, STREAM, url, following("https://api/x?page=2")).next_requests
    assert request.url == "https://api/x?page=2"
    timeless = [{"number": 1, "title": "t"}]
    (request,) = read("github", timeless, STREAM, url, following("https://api/x?page=2")).next_requests
    assert request.url == "https://api/x?page=2"


def test_a_stream_is_read_on_only_from_a_cursor() -> None:
    """The first poll, a search, and a page without a next one have no follow-up."""
    header, items = following("https://api/x?page=2"), [issue(1, "10:00:00")]
    assert read("github", items, STREAM | {"first": True}, ISSUES, header).next_requests == ()
    assert read("github", items, STREAM, ISSUES).next_requests == ()
    told = {"items": items, "incomplete_results": True}
    found = read("github", told, {"step": "search"}, "https://api/search/issues", header)
    assert (found.next_requests, found.incomplete) == ((), "the search was cut short")


def test_a_server_ahead_of_us_does_not_move_the_cursor_ahead() -> None:
    """The cursor is at most the time of the answer, less the overlap."""
    page = read("github", [issue(1, "17:00:00")], STREAM, ISSUES)
    assert page.cursor == {"a/b/issues": "2026-11-20T11:58:00Z"}


@pytest.mark.parametrize("step", ["issues", "search"])
def test_a_patch_is_asked_for_once_a_change(step: str) -> None:
    """New, it is asked for; shown again by the overlap, not; after a pushed commit, which moves its time, again."""

    def asked(updated: str, patched: dict[str, Any]) -> tuple[Any, list[bool]]:
        items = [issue(5, updated, **PULL, repository_url="https://api/repos/a/b")]
        told: Any = {"items": items} if step == "search" else items
        page = read("github", told, STREAM | {"step": step, "patched": patched}, ISSUES)
        assert [one.native_id for one in page.observations] == ["a/b/pull/5"]
        known = {key: value for key, value in page.cursor.items() if key.endswith("/patch")}
        return patched | known, [one.keep for one in page.next_requests]

    known, keeps = asked("10:00:00", {})
    assert keeps == [True]
    known, keeps = asked("10:00:00", known)
    assert keeps == []
    known, keeps = asked("10:05:00", known)
    assert keeps == [True]
    (key,) = known
    site, cursor = GithubSite(repositories=("a/b",)), known | {"a/b/issues": "x"}
    requests = [*start(site, cursor), *ask(site, cursor, Question(words="q"))]
    assert [one.state.get("patched") for one in requests] == [
        *(known, {}, {}, None, None),
        *(known, known, None, None),
    ]
    assert key == "a/b/pull/5/patch"


def test_the_oldest_known_patches_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor does not grow without end."""
    monkeypatch.setattr("leakwatch.sources.github.patches._MAX_PATCHES", 2)
    patched = {"a/b/pull/1/patch": "2026-11-20T09:00:00Z", "a/b/pull/2/patch": "2026-11-20T08:00:00Z"}
    page = read("github", [issue(5, "10:00:00", **PULL)], STREAM | {"patched": patched}, ISSUES)
    assert page.cursor["a/b/pull/2/patch"] is None
    assert page.cursor.keys() == {"a/b/issues", "a/b/pull/2/patch", "a/b/pull/5/patch"}


def test_every_page_of_a_patch_is_read() -> None:
    """A further page is asked for and not lost, also past a page without additions, under a name of its own."""
    url, added = "https://api/repos/a/b/pulls/5/files?per_page=100", [{"filename": "x", "patch": "+new"}]
    first = read("github", added, FILES, url, following(f"{url}&page=2"))
    (second,) = first.next_requests
    assert (second.url, second.keep, second.credential) == (f"{url}&page=2", True, "k")
    empty = read("github", [{"filename": "y"}], second.state, second.url, following(f"{url}&page=3"))
    assert empty.observations == ()
    third = read("github", added, empty.next_requests[0].state, f"{url}&page=3")
    ids = [one.native_id for page in (first, third) for one in page.observations]
    assert ids == ["a/b/pull/5/files", "a/b/pull/5/files/3"]
    assert third.observations[0].title == "t"
    assert third.next_requests == ()
    assert read("github", added, FILES | {"page": 30}, url, following(f"{url}&page=31")).next_requests == ()


@pytest.mark.parametrize("status", [404, 410])
def test_a_patch_or_model_that_is_gone_is_an_empty_page(status: int) -> None:
    """What vanished between the list and the item is honestly empty, and the hub's cursor forgets it."""
    assert read("github", {"message": "Not Found"}, FILES, ISSUES, status=status) == Page()
    gone = read("huggingface", {"error": "gone"}, {"step": "model", "id": "a/b"}, MODELS, status=status)
    assert gone == Page(cursor={"a/b": None})


@pytest.mark.parametrize(
    ("kind", "told", "state", "url"),
    [
        ("github", [issue(1, "10:00:00")], STREAM, f"{ISSUES}&since=2026-11-20T10%3A00%3A00Z"),
        ("github", [{"filename": "x", "patch": "+new"}], FILES, "https://api/repos/a/b/pulls/5/files"),
        ("github", [{"filename": "x"}], FILES, "https://api/repos/a/b/pulls/5/files"),
        ("huggingface", [{"id": "a/new"}], LISTING | {"known": {"a/b": "1"}}, MODELS),
    ],
)
@pytest.mark.parametrize("elsewhere", ["https://evil.example/x", "http://api/x", "https://api:8443/x"])
def test_no_other_host_gets_the_credential(
    kind: str, told: Any, state: Mapping[str, Any], url: str, elsewhere: str
) -> None:
    """A next page on another host, port or scheme is not followed, and the page says so."""
    page = read(kind, told, state, url, following(elsewhere))
    assert all(urlsplit(one.url)[:2] == urlsplit(url)[:2] for one in page.next_requests)
    assert elsewhere not in [one.url for one in page.next_requests]
    assert page.incomplete == _fields.NEXT_IS_ELSEWHERE


def test_a_stream_needs_no_address_from_elsewhere() -> None:
    """A proxy that names another host in its links costs a stream nothing: it is asked again by time."""
    page = read("github", [issue(1, "10:00:00")], STREAM, ISSUES, following("http://inside:8080/x?page=2"))
    assert [urlsplit(one.url).netloc for one in page.next_requests] == ["api"]
    assert page.incomplete == ""


# --- the hub --------------------------------------------------------------------------------------------------


def listed(*models: dict[str, Any], known: Mapping[str, str]) -> Page:
    """The page of a listing that has a next one."""
    return read("huggingface", models, LISTING | {"known": known}, MODELS, following(f"{MODELS}&cursor=x"))


def asked(page: Page) -> list[str]:
    """What a listing leads to: models by name, the next page as such."""
    urls = [one.url.removeprefix("https://h/api/models") for one in page.next_requests]
    return [url.removesuffix("?blobs=true").strip("/") if url.startswith("/") else "next" for url in urls]


def test_a_listing_is_followed_while_nothing_on_it_has_stayed() -> None:
    """The next page is read, before the models, where every model is new or changed, and not on a first poll."""
    models = [{"id": "a/new", "sha": "1"}, {"id": "a/b", "sha": "2"}]
    assert asked(listed(*models, known={"a/b": "1"})) == ["next", "a/new", "a/b"]
    assert asked(listed(*models, known={})) == ["a/new", "a/b"]
    (onward, *_) = listed(*models, known={"a/b": "1"}).next_requests
    assert (onward.credential, onward.state["known"]) == ("k", {"a/b": "1"})


def test_a_model_that_stayed_ends_the_listing_wherever_it_stands() -> None:
    """One unchanged model, between changed ones too, ends the reading on; all changed ones are asked for."""
    stayed, new, changed = {"id": "a/b", "sha": "1"}, {"id": "a/new", "sha": "1"}, {"id": "a/c", "sha": "2"}
    known = {"a/b": "1", "a/c": "1"}
    for models in ([stayed, new, changed], [new, stayed, changed], [new, changed, stayed]):
        assert asked(listed(*models, known=known)) == ["a/new", "a/c"]
    assert asked(listed(stayed, known=known)) == []


def named(*files: Any) -> dict[str, Any]:
    """A model of a listing that names these files."""
    return {"id": "a/new", "sha": "r1", "author": "a", "siblings": [{"rfilename": one} for one in files]}


def test_a_model_without_weights_is_told_from_the_listing() -> None:
    """It gives an observation and its revision is known from now on, without a request of its own."""
    page = listed(named("README.md", ".gitattributes", "config.json"), known={})
    (seen,) = page.observations
    assert (seen.native_id, seen.title, seen.url) == ("a/new", "a/new", "https://h/a/new")
    assert [one.value for one in seen.locators] == ["https://h/a/new"]
    assert [one.path for one in seen.files] == ["README.md", ".gitattributes", "config.json"]
    assert (asked(page), page.cursor) == ([], {"a/new": "r1"})
    assert listed(named("README.md"), known={"a/new": "r1"}).observations == ()


@pytest.mark.parametrize(
    "name",
    [
        "m.safetensors",
        "M.GGUF",
        "x/pytorch_model-00001.bin",
        "all.zip",
        "all.zip.001",
        "w.7z.part2",
        "a.torrent",
    ],
)
def test_a_model_with_weights_or_archives_is_asked_for(name: str) -> None:
    """One such name among the files is enough, in capitals or as a numbered part."""
    page = listed(named("README.md", name), known={})
    assert (asked(page), page.observations, page.cursor) == (["a/new"], (), {})


@pytest.mark.parametrize(
    "model",
    [
        {"id": "a/new", "sha": "r1"},
        {"id": "a/new", "sha": "r1", "siblings": []},
        {"id": "a/new", "sha": "r1", "siblings": "x"},
        {"id": "a/new", "sha": "r1", "siblings": [{"rfilename": "README.md"}, "x"]},
        {"id": "a/new", "sha": "r1", "siblings": [{"rfilename": None}]},
        {"id": "a/new", "siblings": [{"rfilename": "README.md"}]},
    ],
)
def test_a_model_listed_without_its_files_is_asked_for(model: dict[str, Any]) -> None:
    """Where the listing does not say what the files are, or of which revision, the model itself is asked."""
    assert asked(listed(model, known={})) == ["a/new"]


# --- boards ---------------------------------------------------------------------------------------------------


def read_to(
    last_modified: int,
    *,
    posts: int = 3,
    replies: int | None = None,
    counted: int | None = None,
    header: str | None = None,
) -> Mapping[str, Any]:
    """The cursor after a thread of which the catalog said `last_modified` and `replies`."""
    state = {"step": "thread", "board": "g", "thread": 1, "last_modified": last_modified, "replies": replies}
    told = [{"no": number, "resto": number > 1} for number in range(1, posts + 1)]
    told[0]["replies"] = counted
    headers = {"last-modified": header} if header else {}
    return read("imageboard", {"posts": told}, state, "https://b/g/thread/1.json", headers).cursor


def test_a_catalog_passes_on_how_many_replies_it_counts() -> None:
    """The request for a thread carries the catalog's count of replies."""
    state = {"step": "catalog", "board": "g", "api": "https://b", "known": {}}
    threads = [{"no": 1, "last_modified": 5, "replies": 2}, {"no": 2, "last_modified": 4}]
    page = read("imageboard", [{"threads": threads}], state, "https://b/g/catalog.json")
    assert [one.state["replies"] for one in page.next_requests] == [2, None]


@pytest.mark.parametrize(
    ("header", "cursor"),
    [
        ("Fri, 20 Nov 2026 11:50:00 GMT", NOON_S - 600),
        ("Fri, 20 Nov 2026 11:59:00 GMT", NOON_S - 300),
        ("Fri, 01 Jan 1960 00:00:00 GMT", 0),
        ("soon", NOON_S - 300),
        (None, NOON_S - 300),
    ],
)
def test_an_answer_from_a_cache_moves_the_cursor_to_its_own_age(header: str | None, cursor: int) -> None:
    """The cursor is the smaller of the catalog's time and the thread answer's own."""
    assert read_to(NOON_S - 300, header=header) == {"g/1": cursor}


def test_an_answer_without_the_counted_posts_does_not_move_the_cursor() -> None:
    """A thread that shows fewer posts than the catalog counts is read again, unless it counts them itself."""
    assert read_to(50, posts=3, replies=3) == {}
    assert read_to(50, posts=3, replies=3, counted=2) == {}
    assert read_to(50, posts=4, replies=3) == {"g/1": 50}
    assert read_to(50, posts=3, replies=3, counted=3) == {"g/1": 50}
    assert read_to(50, posts=3, replies=None) == {"g/1": 50}


@pytest.mark.parametrize(
    ("age_s", "cursor"), [(0, NOON_S - 1), (2, NOON_S - 3), (-2, NOON_S + 1), (3, NOON_S - 3)]
)
def test_a_second_that_is_not_over_is_read_again(age_s: int, cursor: int) -> None:
    """A thread changed within two seconds of the answer may get another post of the same second."""
    assert read_to(NOON_S - age_s) == {"g/1": cursor}
