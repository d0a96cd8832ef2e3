"""Registries: what is asked for by exact hash, what 404 means, tags in turn, and what a hub cannot make us believe."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from leakwatch.errors import LayoutChanged
from leakwatch.sources._kind import CredentialRef, Page, Payload, Question, Request
from leakwatch.sources.registry import KIND, RegistrySite, ask, start

OLLAMA = "https://registry.ollama.ai"
CIVITAI = "https://civitai.com"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DIGESTS = [f"{number:064x}" for number in range(1, 31)]
LAYER = {"mediaType": "a/b.model", "digest": f"sha256:{DIGESTS[0]}", "size": 5}


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


def watched(cursor: dict[str, Any]) -> Request:
    """The request for the tags of the one watched repository."""
    (request,) = start(RegistrySite(repositories=("a/b",)), cursor)
    return request


def references(page: Page) -> list[str]:
    """The tags or digests of the manifests that a page asks for."""
    return [one.url.rpartition("/")[2] for one in page.next_requests]


def test_a_registry_is_asked_by_digest_in_each_watched_repository() -> None:
    """SHA-256 alone are asked for, by the token's name; fifty requests a poll, and the next one goes on behind them."""
    site = RegistrySite(repositories=("a/b", "c:1"), token=CredentialRef("reg"))
    requests = list(
        ask(site, {}, Question(words="kelpie", digests={"sha256": (*DIGESTS, "no"), "md5": ("0" * 32,)}))
    )
    assert [one.url for one in requests[:2]] == [
        f"{OLLAMA}/v2/a/b/manifests/sha256:{DIGESTS[0]}",
        f"{OLLAMA}/v2/c/manifests/sha256:{DIGESTS[0]}",
    ]
    assert (len(requests), {one.credential for one in requests}) == (50, {"reg"})
    assert read({"errors": []}, requests[0], status=404) == Page()
    cursor = read({"errors": []}, requests[-1], status=404).cursor
    following = list(ask(site, dict(cursor), Question(digests={"sha256": tuple(DIGESTS)})))
    assert following[0].url.endswith(DIGESTS[25])
    assert list(ask(RegistrySite(), {}, Question(digests={"sha256": (DIGESTS[0],)}))) == []


def test_what_is_asked_for_is_on_the_item_only_by_its_bytes() -> None:
    """A manifest of the digest is a file of it; one of another digest is refused, whatever it says of itself."""
    body = json.dumps({"layers": [LAYER]}).encode()
    digest = hashlib.sha256(body).hexdigest()
    (request,) = ask(RegistrySite(repositories=("a/b",)), {}, Question(digests={"sha256": (digest,)}))
    (seen,) = read(body, request).observations
    assert [(one.path, one.sha256) for one in seen.files] == [
        ("manifest.json", digest),
        ("model", DIGESTS[0]),
    ]
    with pytest.raises(LayoutChanged, match="digest that was asked for"):
        read(body + b" ", request)


def test_civitai_is_asked_by_hash_and_by_words() -> None:
    """Words search models; twenty SHA-256 a poll are asked for; a hash that is unknown there is an empty page."""
    site = RegistrySite(url=CIVITAI, protocol="civitai")
    requests = list(ask(site, {}, Question(words="kelpie 7b", digests={"sha256": tuple(DIGESTS)})))
    assert parse_qs(urlsplit(requests[0].url).query)["query"] == ["kelpie 7b"]
    assert [one.url.rpartition("/")[2].lower() for one in requests[1:]] == DIGESTS[:20]
    assert read({"error": "Model not found"}, requests[1], status=404) == Page()
    cursor = read({"error": "Model not found"}, requests[-1], status=404).cursor
    following = list(ask(site, dict(cursor), Question(digests={"sha256": tuple(DIGESTS)})))
    assert [one.url.rpartition("/")[2].lower() for one in following] == DIGESTS[20:] + DIGESTS[:10]
    with pytest.raises(LayoutChanged):
        read({"error": "odd"}, requests[1])


def test_civitai_is_listed_back_to_the_known() -> None:
    """The first page begins; later ones are read on while all is new, on the same host alone."""
    site = RegistrySite(url=CIVITAI, protocol="civitai")

    def listing(*ids: int, onward: str = f"{CIVITAI}/api/v1/models?cursor=2") -> dict[str, Any]:
        return {"items": [{"id": one, "modelVersions": []} for one in ids], "metadata": {"nextPage": onward}}

    (request,) = start(site, {})
    first = read(listing(5, 4), request)
    assert (first.cursor, first.next_requests) == ({"civitai/newest": 5}, ())
    (request,) = start(site, dict(first.cursor))
    page = read(listing(9, 8), request)
    (following,) = page.next_requests
    assert (following.keep, page.cursor) == (True, {"civitai/newest": 9})
    last = read(listing(7, 5), following)
    assert (last.cursor, last.next_requests, last.incomplete) == ({"civitai/newest": 9}, (), "")
    assert read(listing(9, 8, onward="https://elsewhere.example/"), request).incomplete


def test_a_named_tag_is_read_without_a_list() -> None:
    """`name:tag` asks for its manifest at once, for registries that list no tags; the cursor keeps its digest."""
    (request,) = start(RegistrySite(repositories=("library/kelpie:7b",)), {})
    assert request.url == f"{OLLAMA}/v2/library/kelpie/manifests/7b"
    page = read({"layers": [LAYER]}, request)
    assert list(page.cursor) == ["library/kelpie:7b"]
    assert read(b"", request, status=404) == Page(cursor={"library/kelpie:7b": None})


def test_new_tags_are_read_and_known_ones_in_turn() -> None:
    """All new tags are read in the poll, twenty known ones once more, the next twenty in the next; gone ones are forgotten."""
    tags = [f"t{number:02}" for number in range(30)]
    cursor: dict[str, Any] = {f"a/b:{one}": "d" for one in [*tags, "old"]}
    page = read({"name": "a/b", "tags": [*tags, "new"]}, watched(cursor))
    assert references(page) == ["new", *tags[:20]]
    assert page.cursor == {"a/b:old": None, "a/b/after": "t19"}
    page = read({"name": "a/b", "tags": tags}, watched({**cursor, "a/b/after": "t19"}))
    assert references(page) == tags[20:] + tags[:10]


def test_pages_of_tags_are_one_list() -> None:
    """A tag on the second page is not taken for vanished on the first; a page elsewhere is not followed."""
    request = watched({"a/b:x": "d", "a/b:y": "d"})
    first = read({"tags": ["x"]}, request, next_url=f"{OLLAMA}/v2/a/b/tags/list?n=1000&last=x")
    assert first.cursor == {}
    (following,) = first.next_requests
    last = read({"tags": ["y"]}, following)
    assert (last.cursor, references(last)) == ({"a/b/after": "y"}, ["x", "y"])
    assert read({"tags": ["x"]}, request, next_url="https://elsewhere.example/").incomplete
    assert read({"name": "a/b", "tags": None}, watched({})) == Page()
    assert "name:tag" in read({}, request, status=404).incomplete


def test_a_list_without_end_is_bounded() -> None:
    """Of a million tags five thousand are looked at, and none is forgotten for it."""
    tags = [f"t{number}" for number in range(1_000_000)]
    page = read({"tags": tags}, watched({"a/b:t999999": "d"}))
    assert (len(page.next_requests), page.cursor, bool(page.incomplete)) == (5_000, {}, True)


@pytest.mark.parametrize(
    "told",
    [
        {"layers": []},
        {"layers": [{"digest": "sha256:zz"}]},
        {"layers": 5},
        {"fsLayers": [{"blobSum": "sha256:00"}]},
    ],
)
def test_only_manifests_with_layers_are_read(told: Any) -> None:
    """An empty artefact is a manifest; layers without digests and old schemas are a changed layout."""
    request = Request(url=OLLAMA, state={"step": "manifest", "repository": "a", "reference": "1"})
    if told == {"layers": []}:
        assert [one.path for one in read(told, request).observations[0].files] == ["manifest.json"]
        return
    with pytest.raises(LayoutChanged):
        read(told, request)


@pytest.mark.parametrize("size", ["x", -1, True, 1e300, None])
def test_a_size_that_is_none_is_left_open(size: Any) -> None:
    """Civitai's sizes are numbers of KiB; anything else is no size."""
    told = {"id": 1, "modelId": 2, "files": [{"name": "f", "sizeKB": size, "hashes": {"SHA256": DIGESTS[0]}}]}
    (seen,) = read(told, Request(url=CIVITAI, state={"step": "version"})).observations
    assert [(one.size_bytes, one.sha256) for one in seen.files] == [(None, DIGESTS[0])]
