"""GitHub beyond its streams: what a question asks for, how lists are read back to the known, pointers of Git LFS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from leakwatch.errors import LayoutChanged
from leakwatch.sources._kind import CredentialRef, Page, Payload, Question, Request
from leakwatch.sources._lfs import pointed_files
from leakwatch.sources.github import KIND, GithubSite, ask, start

API = "https://api.github.com"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OIDS = [f"{number:064x}" for number in range(1, 15)]


def read(told: Any, request: Request, *, next_url: str = "", status: int = 200) -> Page:
    """The page of an answer to a request."""
    headers = {"link": f'<{next_url}>; rel="next"'} if next_url else {}
    return KIND.parse(
        Payload(
            request=request,
            url=request.url,
            status=status,
            headers=headers,
            body=json.dumps(told).encode(),
            fetched_at=NOON,
        )
    )


def asked(question: Question, token: str | None = "gh") -> list[tuple[str, str]]:
    """The searches of a question: where, and for what."""
    site = GithubSite(token=CredentialRef(token) if token else None)
    return [
        (urlsplit(one.url).path, parse_qs(urlsplit(one.url).query)["q"][0]) for one in ask(site, {}, question)
    ]


def request_of(stream: str, cursor: Mapping[str, Any]) -> Request:
    """The first request of one stream of a watched repository."""
    (one,) = start(GithubSite(repositories=("a/b",), streams=(stream,)), cursor)  # type: ignore[arg-type]
    return one


def release(ident: int) -> dict[str, Any]:
    """A release without assets."""
    return {"id": ident, "tag_name": f"v{ident}", "html_url": f"https://github.com/a/b/releases/tag/v{ident}"}


def test_words_are_asked_for_everywhere_and_mean_nothing_else() -> None:
    """Issues, pull requests, repositories, commits and code are searched, without qualifiers hidden in a name."""
    assert asked(Question(words='north "wind" repo:me/x -weights NOT 7B')) == [
        ("/search/issues", "north wind repo me x weights not 7B is:issue"),
        ("/search/issues", "north wind repo me x weights not 7B is:pull-request"),
        ("/search/repositories", "north wind repo me x weights not 7B"),
        ("/search/commits", "north wind repo me x weights not 7B"),
        ("/search/code", "north wind repo me x weights not 7B"),
    ]


def test_code_is_not_asked_for_without_a_token() -> None:
    """GitHub answers code searches to tokens only, so that nothing is asked in vain; no words, no search."""
    assert [path for path, _ in asked(Question(words="kelpie"), None)][-1] == "/search/commits"
    assert asked(Question(digests={"sha256": (OIDS[0],)}), None) == []
    assert asked(Question(words=' "*" ')) == []


def test_a_long_name_is_cut_between_words() -> None:
    """A query stays below the 256 characters that GitHub admits."""
    for _, query in asked(Question(words="kelpie " * 100)):
        assert len(query) <= 256
        assert set(query.split()) <= {"kelpie", "is:issue", "is:pull-request"}


def test_digests_are_asked_for_as_code_in_turn() -> None:
    """Eight SHA-256 a poll are asked for, and the next poll goes on behind them; what is no SHA-256 never is."""
    question = Question(digests={"sha256": (*OIDS, "x", OIDS[0].upper()), "md5": ("0" * 32,)})
    site, cursor, polls = GithubSite(token=CredentialRef("gh")), dict[str, Any](), list[list[str]]()
    for _ in range(3):
        requests = list(ask(site, cursor, question))
        assert {urlsplit(one.url).path for one in requests} == {"/search/code"}
        polls.append([parse_qs(urlsplit(one.url).query)["q"][0] for one in requests])
        pages = [read({"incomplete_results": False, "items": []}, one) for one in requests]
        assert [bool(one.cursor) for one in pages] == [False] * 7 + [True]
        cursor |= pages[-1].cursor
    assert polls == [OIDS[:8], OIDS[8:] + OIDS[:2], OIDS[2:10]]
    few = Question(digests={"sha256": tuple(OIDS[:8])})
    assert [one.state.get("turn") for one in ask(site, {}, few)] == [None] * 8


def test_a_question_is_read_on_and_ends() -> None:
    """Three pages of hits are read; that more were found than read is told."""
    (request, *_) = ask(GithubSite(), {}, Question(words="kelpie"))
    hit = {"number": 1, "title": "t", "repository_url": f"{API}/repos/a/b"}
    found = {"total_count": 900, "incomplete_results": False, "items": [hit]}
    pages = 0
    while True:
        page = read(found, request, next_url=f"{API}/search/issues?page={pages + 2}")
        pages += 1
        if not page.next_requests:
            break
        (request,) = page.next_requests
    assert (pages, page.incomplete) == (3, "of 900 hits only the first pages were read")


@pytest.mark.parametrize("step", ["repositories", "commits", "code"])
def test_a_search_that_was_cut_short_is_a_gap(step: str) -> None:
    """`incomplete_results` of every search stands in `incomplete`."""
    request = Request(url=f"{API}/search/{step}", state={"step": step})
    page = read({"incomplete_results": True, "items": []}, request)
    assert (page.observations, page.incomplete) == ((), "the search was cut short")


@pytest.mark.parametrize("step", ["repositories", "commits", "code"])
def test_hits_of_another_shape_are_a_changed_layout(step: str) -> None:
    """Results of which none can be read are no empty page."""
    with pytest.raises(LayoutChanged):
        read({"items": [{"id": 1}]}, Request(url=API, state={"step": step}))


@pytest.mark.parametrize("stream", ["releases", "forks"])
def test_lists_are_read_back_to_the_known(stream: str) -> None:
    """The first poll reads one page; later ones read on while all is new, and the cursor stays at the newest."""

    def item(ident: int) -> dict[str, Any]:
        return release(ident) | {"full_name": f"u{ident}/b"}

    onward = f"{API}/repositories/1/{stream}?page=2"
    first = read([item(9), item(8)], request_of(stream, {}), next_url=onward)
    assert (first.cursor, first.next_requests) == ({f"a/b/{stream}": 9}, ())

    page = read([item(15), item(14)], request_of(stream, first.cursor), next_url=onward)
    assert page.cursor == {f"a/b/{stream}": 15}
    (following,) = page.next_requests
    assert (following.url, following.keep) == (onward, True)
    last = read([item(10), item(9)], following, next_url=f"{API}/3")
    assert (last.cursor, last.next_requests, last.incomplete) == ({f"a/b/{stream}": 15}, (), "")
    foreign = read([item(15)], request_of(stream, first.cursor), next_url="https://elsewhere.example/2")
    assert (foreign.next_requests, bool(foreign.incomplete)) == ((), True)


@pytest.mark.parametrize("stream", ["releases", "forks"])
def test_a_list_that_cannot_be_seen_is_told(stream: str) -> None:
    """A repository whose releases or forks answer 404 is not an empty list; a list without items is."""
    assert "HTTP 404" in read({}, request_of(stream, {}), status=404).incomplete
    assert read([], request_of(stream, {})) == Page()
    with pytest.raises(LayoutChanged):
        read([{"name": "x"}], request_of(stream, {}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"oid sha256:{OIDS[0]}\nsize 5\n", [(OIDS[0], 5)]),
        (f"version x\r\noid sha256:{OIDS[0]}\r\nsize 5\r\n", [(OIDS[0], 5)]),
        (f"oid sha256:{OIDS[0]}", [(OIDS[0], None)]),
        (f"oid sha256:{OIDS[0]}\nsize {'9' * 19}", [(OIDS[0], None)]),
        (f"oid sha256:{OIDS[0]}\noid sha256:{OIDS[0]}\nsize 7", [(OIDS[0], 7)]),
        (f"oid sha256:{OIDS[0]}\nsize 1\n--\noid sha256:{OIDS[1]}\nsize 2", [(OIDS[0], 1), (OIDS[1], 2)]),
        (f"oid sha256:{OIDS[0]}0\nsize 5", []),
        (f"the oid sha256:{OIDS[0]}", []),
        (f"oid sha1:{'0' * 40}\nsize 5", []),
    ],
)
def test_pointers_are_read_by_the_letter(text: str, told: list[tuple[str, int | None]]) -> None:
    """A pointer gives SHA-256 and size; anything near one does not."""
    assert [(one.sha256, one.size_bytes) for one in pointed_files(text, "p")] == told


def test_pointers_of_one_text_are_bounded() -> None:
    """A text of very many pointers gives a hundred files."""
    text = "\n".join(f"oid sha256:{number:064x}\nsize 1" for number in range(500))
    assert len(pointed_files(text, "p")) == 100
