"""Every step of the hubs' kinds: hostile answers give a page or an error of ours, and requests stay on their host."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.errors import LeakwatchError
from leakwatch.extract.links import locate
from leakwatch.model.observation import storable
from leakwatch.sources import KINDS
from leakwatch.sources._kind import Payload, Request

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOST = "https://hub.example"
STEPS: dict[str, list[dict[str, Any]]] = {
    "github": [
        {"step": "releases", "repository": "a/b", "known": 3},
        {"step": "forks", "repository": "a/b", "known": 3, "newest": 9},
        {"step": "repositories", "pages": 2},
        {"step": "commits", "pages": 1},
        {"step": "code", "pages": 2, "turn": {"asked/a/b": 4, "x": 1}},
        {"step": "search", "pages": 2},
        {"step": "issue"},
        {"step": "repository"},
        {"step": "files", "repository": "a/b", "number": 1},
    ],
    "gitlab": [
        {"step": "issues", "project": "g/p", "notes": True, "known": {"g/p/issues/1/notes": "x"}},
        {"step": "merge_requests", "project": "g/p", "known": 5},
        {"step": "notes", "project": "g/p", "of": "issues/1", "pages": 3},
        {"step": "diffs", "project": "g/p", "of": "merge_requests/1", "pages": 3},
        {"step": "projects", "newest": 4},
        *({"step": "search", "scope": one, "pages": 2} for one in ("projects", "issues", "blobs", "notes")),
        *({"step": "search", "scope": one} for one in ("snippet_titles", "commits", "odd")),
    ],
    "huggingface": [
        {"step": "list", "type": "datasets", "known": {"datasets/a/b": "1"}},
        {"step": "list", "type": "spaces", "pages": 2},
        {"step": "model", "type": "datasets", "id": "a/b", "revision": "1"},
        {"step": "discussions", "repository": "a/b", "known": {}},
        {"step": "discussion", "repository": "a/b", "num": "1", "version": "v"},
        {"step": "tree"},
    ],
    "registry": [
        {"step": "tags", "repository": "a/b", "known": ["x", 5], "after": 3, "seen": ["y"]},
        {"step": "manifest", "repository": "a/b", "reference": "x"},
        {"step": "manifest", "repository": "a/b", "reference": f"sha256:{'0' * 64}", "asked": True},
        {"step": "models", "known": 3},
        {"step": "models", "pages": 2},
        {"step": "version", "turn": [1]},
    ],
    "archive": [
        {"step": "list"},
        {"step": "scrape", "first": f"{HOST}/scrape?q=x"},
        {"step": "hits", "known": {"files/a": "1"}},
        {"step": "files", "identifier": "a", "version": "1"},
    ],
}
CASES = [
    (kind, {"api": HOST, "credential": "k"} | state) for kind, states in STEPS.items() for state in states
]
VALUES = (
    st.sampled_from([0, 1, -1, 2**63, 2**70, True, None, 1e308, float("nan"), float("inf"), "", "a", "a/b"])
    | st.sampled_from(["\ud800", "\x00", "../../x", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"])
    | st.sampled_from(
        ["f" * 40, "f" * 64, f"sha256:{'f' * 64}", "https://elsewhere.example/", "//[", "1" * 30]
    )
    | st.sampled_from([f"oid sha256:{'a' * 64}\nsize 5", "+++ b/x\n+oid", "2026-11-20T11:00:00Z"])
)
NAMES = st.sampled_from(
    [
        *(
            "id",
            "iid",
            "num",
            "number",
            "full_name",
            "path_with_namespace",
            "web_url",
            "html_url",
            "sha",
            "name",
        ),
        *(
            "tag_name",
            "assets",
            "digest",
            "size",
            "browser_download_url",
            "draft",
            "topics",
            "owner",
            "login",
        ),
        *("repository", "path", "text_matches", "fragment", "commit", "message", "committer", "date", "data"),
        *("events", "type", "latest", "raw", "diff", "new_path", "discussions", "count", "start", "siblings"),
        *("rfilename", "lfs", "blobId", "layers", "manifests", "mediaType", "annotations", "tags", "files"),
        *("modelVersions", "sizeKB", "hashes", "SHA256", "metadata", "nextPage", "identifier", "publicdate"),
        *(
            "item_size",
            "btih",
            "creator",
            "description",
            "cursor",
            "title",
            "body",
            "updated_at",
            "created_at",
        ),
        *(
            "user_notes_count",
            "noteable_type",
            "project_id",
            "system",
            "author",
            "username",
            "oid",
            "numFound",
        ),
    ]
)
ITEM = st.recursive(
    st.dictionaries(NAMES, VALUES, max_size=12),
    lambda inner: st.dictionaries(NAMES, VALUES | inner | st.lists(VALUES | inner, max_size=3), max_size=9),
    max_leaves=6,
)
ITEMS = st.lists(ITEM | VALUES, max_size=4)
ANSWER = (
    ITEM
    | ITEMS
    | ITEMS.map(lambda items: {"items": items, "metadata": {"nextPage": f"{HOST}/next"}, "cursor": "c"})
    | ITEMS.map(lambda items: {"response": {"docs": items, "numFound": 9}})
    | ITEMS.map(lambda items: {"discussions": items, "count": 99, "start": 0})
    | ITEMS.map(lambda items: {"num": 1, "events": items, "diff": "+++ b/x\n+y"})
    | ITEMS.map(lambda items: {"id": 1, "modelId": 2, "layers": items, "files": items, "tags": items})
)
LINKS = st.sampled_from(
    ["", f'<{HOST}/2>; rel="next"', '<https://elsewhere.example/2>; rel="next"', "<é>; rel=next"]
)


@pytest.mark.parametrize(("kind", "state"), CASES, ids=[f"{kind}-{state['step']}" for kind, state in CASES])
@given(ANSWER, LINKS, st.sampled_from([200, 200, 200, 404]))
@settings(deadline=None, max_examples=60)
def test_any_answer_gives_a_page_or_an_error(
    kind: str, state: dict[str, Any], told: Any, link: str, status: int
) -> None:
    """Arbitrary JSON in every step gives what the pipeline can take further, and no request leads to another host."""
    payload = Payload(
        request=Request(url=f"{HOST}/api?p=1", state={"site": "s"} | state),
        url=f"{HOST}/api?p=1",
        status=status,
        headers={"link": link},
        body=json.dumps(told).encode(),
        fetched_at=NOON,
    )
    try:
        page = KINDS[kind].parse(payload)
    except LeakwatchError:
        return
    for one in page.observations:
        located = storable(locate(one))
        assert located.site == "s"
        assert len(located.native_id) <= 500
        assert all(each.sha256 is None or len(each.sha256) == 64 for each in located.files)
    for request in page.next_requests:
        assert urlsplit(request.url).netloc == "hub.example"
        assert json.loads(json.dumps(dict(request.state))) is not None
    assert json.dumps(dict(page.cursor), allow_nan=False)
