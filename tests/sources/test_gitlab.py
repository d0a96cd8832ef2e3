"""GitLab: streams read on by time, what follows an item once a change, keyset paging, scopes of a question."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from leakwatch.errors import LayoutChanged
from leakwatch.sources._kind import CredentialRef, Page, Payload, Question, Request
from leakwatch.sources.gitlab import KIND, GitlabSite, ask, start

HOST = "https://gitlab.com"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DIGESTS = tuple(f"{number:064x}" for number in range(1, 13))


def read(told: Any, request: Request, *, next_url: str = "", status: int = 200) -> Page:
    """The page of an answer to a request."""
    return KIND.parse(
        Payload(
            request=request,
            url=request.url,
            status=status,
            headers={"link": f'<{next_url}>; rel="next"'} if next_url else {},
            body=json.dumps(told).encode(),
            fetched_at=NOON,
        )
    )


def query(request: Request) -> dict[str, str]:
    """The query of a request."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(request.url).query).items()}


def item(number: int, updated: str, **more: Any) -> dict[str, Any]:
    """An issue or a merge request as the API shows it."""
    return {"iid": number, "title": f"t{number}", "updated_at": f"2026-11-20T{updated}.000Z"} | more


def issues(cursor: Mapping[str, Any]) -> Request:
    """The request for the issues of the one watched project."""
    (request,) = start(GitlabSite(projects=("g/p",), streams=("issues", "notes")), cursor)
    return request


class Forge:
    """A project's issues as GitLab lists them: changed after, oldest change first, two a page."""

    def __init__(self) -> None:
        self.changed = {number: f"10:00:0{number}" for number in range(1, 7)}

    def answer(self, request: Request) -> Page:
        """What a request gets."""
        asked = query(request)
        since, page = asked.get("updated_after", "")[11:19], int(asked.get("page", 1))
        shown = sorted((at, number) for number, at in self.changed.items() if at >= since)
        items = [item(number, at) for at, number in shown[2 * page - 2 : 2 * page]]
        onward = f"{request.url}&page={page + 1}" if len(shown) > 2 * page else ""
        return read(items, request, next_url=onward)


def test_an_item_that_changes_between_two_pages_hides_no_other() -> None:
    """While page after page is read and items move to the end, every item is shown at least once."""
    forge, seen = Forge(), set[str]()
    requests = [issues({"g/p/issues": "2026-11-20T09:00:00Z"})]
    for changes in range(1, 20):
        page = forge.answer(requests.pop())
        seen |= {one.native_id for one in page.observations}
        if changes <= 3:
            forge.changed[changes] = f"10:01:0{changes}"
        requests += page.next_requests
        if not requests:
            break
    assert seen == {f"g/p/issues/{number}" for number in range(1, 7)}
    assert not requests


def test_the_cursor_is_the_newest_change_less_the_overlap() -> None:
    """Two minutes before the newest change, at most before the answer; the first poll is one page, newest first."""
    first = issues({})
    assert (query(first)["sort"], query(first)["scope"]) == ("desc", "all")
    page = read([item(1, "10:00:00")], first, next_url=f"{HOST}/api?page=2")
    assert (page.cursor, page.next_requests) == ({"g/p/issues": "2026-11-20T09:58:00Z"}, ())
    following = issues(dict(page.cursor))
    assert (query(following)["sort"], query(following)["updated_after"]) == ("asc", "2026-11-20T09:58:00Z")
    assert read([item(1, "17:00:00")], first).cursor == {"g/p/issues": "2026-11-20T11:58:00Z"}
    assert "HTTP 404" in read({}, first, status=404).incomplete


def test_notes_and_diffs_are_asked_for_once_a_change() -> None:
    """A note moves an item's time and a commit its head; the overlap, which shows both again, asks for nothing."""
    site = GitlabSite(projects=("g/p",), streams=("merge_requests", "notes"), token=CredentialRef("gl"))

    def asked(cursor: Mapping[str, Any], **told: Any) -> tuple[dict[str, Any], list[str]]:
        (request,) = start(site, cursor)
        page = read([item(5, "10:00:00", user_notes_count=1, sha="a" * 40) | told], request)
        assert all(one.keep and one.credential == "gl" for one in page.next_requests)
        after = {key: value for key, value in {**cursor, **page.cursor}.items() if value is not None}
        return after, [urlsplit(one.url).path.rpartition("/")[2] for one in page.next_requests]

    cursor, paths = asked({})
    assert paths == ["notes", "diffs"]
    cursor, paths = asked(cursor)
    assert paths == []
    cursor, paths = asked(cursor, updated_at="2026-11-20T11:00:00Z")
    assert paths == ["notes"]
    _, paths = asked(cursor, updated_at="2026-11-20T11:00:00Z", sha="b" * 40)
    assert paths == ["diffs"]
    only = GitlabSite(projects=("g/p",), streams=("merge_requests",))
    (request,) = start(only, {})
    assert read([item(5, "10:00:00", user_notes_count=1)], request).next_requests == ()


def test_the_cursor_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The states of the oldest items are forgotten."""
    monkeypatch.setattr("leakwatch.sources.gitlab.items._MAX_KNOWN", 2)
    page = read([item(one, f"10:00:0{one}", user_notes_count=1) for one in (1, 2, 3)], issues({}))
    kept = {key: value for key, value in page.cursor.items() if key.endswith("/notes") and value}
    assert sorted(kept) == ["g/p/issues/2/notes", "g/p/issues/3/notes"]


def test_pages_of_notes_end() -> None:
    """Ten pages of an item's notes are read, and that there were more is told."""
    told = {"step": "notes", "project": "g/p", "of": "issues/1", "pages": 10}
    request, pages = Request(url=f"{HOST}/api/notes", state=told), 1
    note = {"id": 1, "body": "x"}
    while following := read([note], request, next_url=f"{HOST}/api/notes?page={pages}").next_requests:
        (request,) = following
        pages += 1
    page = read([note], request, next_url=f"{HOST}/api/notes?page=99")
    assert (pages, page.incomplete) == (10, "more was found than the pages that were read")
    assert read([], Request(url=HOST, state=told), status=404) == Page()


def test_new_projects_are_read_by_keyset() -> None:
    """The first poll begins at the newest page; then everything with a higher id comes, oldest first, and moves the cursor."""
    site = GitlabSite(newest_projects=True)
    (first,) = start(site, {})
    assert (query(first)["sort"], "id_after" in query(first)) == ("desc", False)
    page = read([{"id": 9, "path_with_namespace": "a/b"}], first, next_url=f"{HOST}/api?id_before=9")
    assert (page.cursor, page.next_requests) == ({"projects/newest": 9}, ())
    (then,) = start(site, dict(page.cursor))
    assert (query(then)["sort"], query(then)["id_after"], query(then)["visibility"]) == ("asc", "9", "public")
    page = read([{"id": 12, "path_with_namespace": "a/c"}], then, next_url=f"{HOST}/api?id_after=12")
    assert (page.cursor, [one.url for one in page.next_requests]) == (
        {"projects/newest": 12},
        [f"{HOST}/api?id_after=12"],
    )
    assert read([], then) == Page()


def test_a_question_needs_a_token_and_names_its_scopes() -> None:
    """Without a token nothing is asked; code, commits and notes only where there is advanced search, and digests in code."""
    question = Question(words='"kelpie" 7b', digests={"sha256": DIGESTS})
    assert list(ask(GitlabSite(), {}, question)) == []
    basic = list(ask(GitlabSite(token=CredentialRef("gl")), {}, question))
    assert [query(one)["scope"] for one in basic] == [
        "projects",
        "issues",
        "merge_requests",
        "snippet_titles",
    ]
    assert {(query(one)["search"], one.credential) for one in basic} == {("kelpie 7b", "gl")}
    site = GitlabSite(token=CredentialRef("gl"), advanced_search=True)
    advanced = list(ask(site, {}, question))
    assert [query(one)["scope"] for one in advanced[4:7]] == ["blobs", "commits", "notes"]
    assert [query(one)["search"] for one in advanced[7:]] == list(DIGESTS[:10])
    following = list(ask(site, dict(read([], advanced[-1]).cursor), Question(digests={"sha256": DIGESTS})))
    assert [query(one)["search"] for one in following] == [*DIGESTS[10:], *DIGESTS[:8]]


@pytest.mark.parametrize(
    ("scope", "told", "native_id"),
    [
        ("projects", {"id": 1, "path_with_namespace": "a/b"}, "a/b"),
        ("issues", {"iid": 3, "web_url": f"{HOST}/a/b/c/-/issues/3"}, "a/b/c/issues/3"),
        ("merge_requests", {"iid": 3, "web_url": f"{HOST}/a/b/-/merge_requests/3"}, "a/b/merge_requests/3"),
        ("snippet_titles", {"id": 4, "title": "x"}, "snippets/4"),
        ("commits", {"id": "ab" * 20, "project_id": 7}, f"projects/7/commit/{'ab' * 20}"),
        (
            "notes",
            {"id": 8, "project_id": 7, "noteable_type": "MergeRequest", "noteable_iid": 2, "body": "x"},
            "projects/7/merge_requests/2/notes/8",
        ),
        ("blobs", {"project_id": 7, "path": "a/b.txt", "data": "x"}, "projects/7/blob/a/b.txt"),
    ],
)
def test_every_scope_is_read(scope: str, told: dict[str, Any], native_id: str) -> None:
    """A hit of each scope has an id of its own; hits that cannot be read are a changed layout."""
    request = Request(url=HOST, state={"step": "search", "scope": scope})
    assert [one.native_id for one in read([told], request).observations] == [native_id]
    with pytest.raises(LayoutChanged):
        read([{"odd": 1}], request)


@pytest.mark.parametrize(
    ("told", "native_id"),
    [
        ({"iid": 3, "web_url": f"{HOST}/a/b/-/issues/3"}, "a/b/issues/3"),
        (
            {"iid": 3, "source_branch": "x", "web_url": f"{HOST}/a/b/-/merge_requests/3"},
            "a/b/merge_requests/3",
        ),
        (
            {"id": 8, "noteable_type": "Issue", "noteable_iid": 2, "project_id": 7},
            "projects/7/issues/2/notes/8",
        ),
        ({"new_path": "x", "diff": "+a"}, "//diffs"),
        ({"id": 1, "path_with_namespace": "a/b"}, "a/b"),
        ({"project_id": 7, "path": "x", "data": "y"}, "projects/7/blob/x"),
        ({"id": "ab" * 20, "committed_date": "2026-11-20T10:00:00Z"}, f"commit/{'ab' * 20}"),
        ({"id": 4, "title": "x", "file_name": "y"}, "snippets/4"),
    ],
)
def test_saved_answers_are_known_by_their_shape(told: dict[str, Any], native_id: str) -> None:
    """A payload that came without its request is read as what it is."""
    assert [one.native_id for one in read([told], Request(url=HOST)).observations] == [native_id]
