"""Hugging Face beyond its models: what is listed and asked for, what the cursor keeps apart, real shapes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from leakwatch.errors import LayoutChanged
from leakwatch.sources._kind import CredentialRef, Page, Payload, Question, Request
from leakwatch.sources.huggingface import KIND, HuggingfaceSite, ask, start

HUB = "https://huggingface.co"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CURSOR = {"a/b": "1", "datasets/a/b": "2", "spaces/a/b": "3", "a/b/discussions/4": "open\t1\tt"}


def read(told: Any, request: Request, *, next_url: str = "", status: int = 200) -> Page:
    """The page of an answer to a request; bytes are sent as they are."""
    return KIND.parse(
        Payload(
            request=request,
            url=request.url,
            status=status,
            headers={"link": f'<{next_url}>; rel="next"'} if next_url else {},
            body=told if isinstance(told, bytes) else json.dumps(told).encode(),
            fetched_at=NOON,
        )
    )


def test_each_kind_of_repository_knows_its_own() -> None:
    """A dataset, a space and a model of one name are three things, and a discussion is none of them."""
    site = HuggingfaceSite(repositories=("models", "datasets", "spaces"), discussions=("a/b",))
    requests = list(start(site, CURSOR))
    assert [urlsplit(one.url).path for one in requests] == [
        "/api/models",
        "/api/datasets",
        "/api/spaces",
        "/api/models/a/b/discussions",
    ]
    assert [one.state["known"] for one in requests] == [
        {"a/b": "1"},
        {"datasets/a/b": "2"},
        {"spaces/a/b": "3"},
        {"a/b/discussions/4": "open\t1\tt"},
    ]
    listed = read([{"id": "a/b", "sha": "9"}], requests[1])
    (details,) = listed.next_requests
    page = read({"id": "a/b", "siblings": []}, details)
    assert page.cursor == {"datasets/a/b": "9"}
    assert [one.url for one in page.observations] == [f"{HUB}/datasets/a/b"]
    assert read(b"", details, status=404) == Page(cursor={"datasets/a/b": None})


def test_an_author_is_followed_in_every_kind() -> None:
    """One listing for each author and kind of repository, with the token by name."""
    site = HuggingfaceSite(
        repositories=("models", "datasets"), authors=("x", "y"), token=CredentialRef("hub")
    )
    requests = list(start(site, {}))
    assert [parse_qs(urlsplit(one.url).query)["author"] for one in requests] == [["x"], ["y"]] * 2
    assert {one.credential for one in requests} == {"hub"}


def test_a_question_searches_names_and_ends() -> None:
    """Models, datasets and spaces are searched by words, three pages at most; what is left over is told."""
    requests = list(ask(HuggingfaceSite(), CURSOR, Question(words='"brook" 7b')))
    assert [urlsplit(one.url).path for one in requests] == ["/api/models", "/api/datasets", "/api/spaces"]
    assert {parse_qs(urlsplit(one.url).query)["search"][0] for one in requests} == {"brook 7b"}
    assert list(ask(HuggingfaceSite(), {}, Question(digests={"sha256": ("0" * 64,)}))) == []
    request, pages = requests[0], 0
    while True:
        page = read([{"id": f"n/{pages}", "sha": "1"}], request, next_url=f"{HUB}/api/models?cursor={pages}")
        pages += 1
        following = [one for one in page.next_requests if "cursor=" in one.url]
        if not following:
            break
        (request,) = following
    assert (pages, page.incomplete) == (3, "more was found than the pages that were read")


def test_discussions_are_read_once_a_change() -> None:
    """A discussion as it was is not asked for again; after a comment more it is, and the cursor moves when it is read."""
    (request,) = start(HuggingfaceSite(repositories=(), discussions=("datasets/a/b",)), {})
    told = {"num": 4, "title": "t", "status": "open", "numComments": 1}
    (details,) = read({"discussions": [told], "count": 1, "start": 0}, request).next_requests
    assert (details.url, details.keep) == (f"{HUB}/api/datasets/a/b/discussions/4?diff=1", True)
    cursor = read(told | {"events": []}, details).cursor
    (again,) = start(HuggingfaceSite(repositories=(), discussions=("datasets/a/b",)), dict(cursor))
    assert read({"discussions": [told], "count": 1, "start": 0}, again) == Page()
    more = {"discussions": [told | {"numComments": 2}], "count": 1, "start": 0}
    assert len(read(more, again).next_requests) == 1
    assert read(b"", details, status=404) == Page(cursor={"datasets/a/b/discussions/4": None})
    assert "HTTP 404" in read(b"", request, status=404).incomplete


def test_ten_pages_of_discussions_are_read_at_most() -> None:
    """A hub that claims very many discussions does not keep us turning pages."""
    (request,) = start(HuggingfaceSite(repositories=(), discussions=("a/b",)), {})
    pages = 1
    told = {"discussions": [{"num": 1, "title": "t", "numComments": 1}], "count": 10**9, "start": 0}
    while following := [one for one in read(told, request).next_requests if "p=" in one.url]:
        (request,) = following
        pages += 1
    assert pages == 10


@pytest.mark.parametrize("told", [{"num": 1, "events": 5}, {"events": []}, {"num": "x", "events": []}, []])
def test_what_is_no_discussion_is_a_changed_layout(told: Any) -> None:
    """A discussion has a number and events."""
    with pytest.raises(LayoutChanged):
        read(told, Request(url=HUB, state={"step": "discussion"}))


def test_items_without_a_name_are_counted() -> None:
    """A listing some of whose repositories have no id is read, and says how many it could not."""
    (request,) = start(HuggingfaceSite(), {})
    page = read([{"id": "a/b", "sha": "9"}, {"_id": "c/d", "sha": "8"}, {"id": None, "sha": "7"}], request)
    assert [urlsplit(one.url).path for one in page.next_requests] == ["/api/models/a/b"]
    assert page.incomplete == "2 of 3 items could not be read"


def test_real_shapes_are_read(shared_data: Path) -> None:
    """Recorded blobs, a folder and a listing give their files with SHA-256 and size, 3 of 3."""
    folder = shared_data / "llm"
    blobs, tree, listing = (
        read((folder / name).read_bytes(), Request(url=f"{HUB}/api/models/x/y/tree/main"))
        for name in ("hf_model_blobs_unsloth_qwen.json", "hf_tree_lfs.json", "hf_model_search.json")
    )
    assert [(one.path, one.size_bytes, one.sha256) for one in blobs.observations[0].files] == [
        (".gitattributes", 3060, None),
        (
            "Qwen3.5-4B-BF16.gguf",
            8424393632,
            "9e6e2841a75f503ccb330831832fd7861266e187e0dbf149a954219ccb8c197a",
        ),
        (
            "Qwen3.5-4B-Q4_K_M.gguf",
            2579944608,
            "ff5c3e9740a5aa53f04fdf3b0b8cc75da556bf8948cdb19d61c512d3a43465d9",
        ),
    ]
    told = json.loads((folder / "hf_tree_lfs.json").read_bytes())
    assert tree.observations[0].native_id == "x/y"
    assert [(one.path, one.size_bytes, one.sha256, one.git_blob) for one in tree.observations[0].files] == [
        (one["path"], one["size"], one.get("lfs", {}).get("oid"), one["oid"]) for one in told
    ]
    assert [one.native_id for one in listing.observations] == ["unsloth/Qwen3.5-4B-GGUF", "other/Thing-GGUF"]
