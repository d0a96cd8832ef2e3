"""The real daemon and hubs of every kind on loopback: a digest or an infohash of the asset is proof wherever it is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leakwatch.model.finding import Verdict
from leakwatch.model.site import Coverage
from leakwatch.service import list_findings

from .daemons import ASSET, HASH, Web, configured, polled, site, until, watching

DIGEST = (b"\x11" * 32).hex()
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{DIGEST}\nsize 3000001\n"
ADDED = "".join(f"+{line}\n" for line in POINTER.splitlines())
TIME = "2026-11-20T11:00:00Z"

Pages = dict[str, Any]


def release(url: str) -> Pages:
    """A release of a watched repository with the file as an asset."""
    asset = {"name": "w.bin", "size": 3_000_001, "digest": f"sha256:{DIGEST}"}
    told = {"id": 5, "tag_name": "v1", "html_url": f"{url}/o/r/releases/tag/v1", "assets": [asset]}
    streams = ("issues", "issues/comments", "pulls/comments", "forks")
    return {f"/repos/o/r/{one}": [] for one in streams} | {"/repos/o/r/releases": [told]}


def pull_request(url: str) -> Pages:
    """A pull request that adds the file's LFS pointer."""
    pull = {"number": 5, "title": "Update", "updated_at": TIME, "pull_request": {"url": url}}
    files = [{"filename": "w.bin", "status": "added", "sha": "a" * 40, "patch": f"@@ -0,0 +1,3 @@\n{ADDED}"}]
    quiet = ("issues/comments", "pulls/comments", "forks", "releases")
    return {f"/repos/o/r/{one}": [] for one in quiet} | {
        "/repos/o/r/issues": [pull],
        "/repos/o/r/pulls/5/files": files,
    }


def merge_request(url: str) -> Pages:
    """A merge request that adds the file's LFS pointer."""
    base = "/api/v4/projects/o%2Fr"
    told = {"iid": 5, "title": "Update", "updated_at": TIME, "created_at": TIME, "sha": "a" * 40}
    told |= {"web_url": f"{url}/o/r/-/merge_requests/5"}
    diffs = [{"new_path": "w.bin", "diff": f"@@ -0,0 +1,3 @@\n{ADDED}"}]
    return {
        f"{base}/issues": [],
        f"{base}/merge_requests": [told],
        f"{base}/merge_requests/5/diffs": diffs,
    }


def dataset(url: str) -> Pages:
    """A dataset with the file in LFS."""
    lfs = {"rfilename": "w.bin", "size": 3_000_001, "lfs": {"sha256": DIGEST, "size": 3_000_001}}
    return {
        "/api/datasets": [{"id": "someone/thing", "sha": "r1", "siblings": [{"rfilename": "w.bin"}]}],
        "/api/datasets/someone/thing": {"id": "someone/thing", "siblings": [lfs]},
    }


def manifest(url: str) -> Pages:
    """A new tag of which a layer is the file."""
    layer = {
        "mediaType": "application/vnd.ollama.image.model",
        "digest": f"sha256:{DIGEST}",
        "size": 3_000_001,
    }
    return {
        "/v2/someone/thing/tags/list": {"name": "someone/thing", "tags": ["7b"]},
        "/v2/someone/thing/manifests/7b": {"schemaVersion": 2, "layers": [layer]},
    }


def civitai(url: str) -> Pages:
    """A new model with the file."""
    file = {"name": "w.bin", "sizeKB": 3_000_001 / 1024, "hashes": {"SHA256": DIGEST.upper()}}
    model = {"id": 1, "name": "thing", "modelVersions": [{"id": 2, "name": "v1", "files": [file]}]}
    return {"/api/v1/models": {"items": [model], "metadata": {}}}


def item(url: str) -> Pages:
    """A new item of the Archive, of which the torrent is a known one."""
    doc = {"identifier": "thing", "title": "Thing", "publicdate": TIME, "btih": HASH}
    return {"/advancedsearch.php": {"response": {"numFound": 1, "docs": [doc]}}}


def academic(url: str) -> Pages:
    """A database that lists the known torrent."""
    told = f"<item><title>Thing</title><infohash>{HASH}</infohash><size>5</size></item>"
    return {"/database.xml": f'<rss version="2.0"><channel>{told}</channel></rss>'}


@pytest.mark.parametrize(
    ("kind", "made", "path", "more", "proved"),
    [
        ("github", release, "", 'repositories = ["o/r"]', True),
        ("github", pull_request, "", 'repositories = ["o/r"]', True),
        ("gitlab", merge_request, "", 'projects = ["o/r"]', True),
        ("huggingface", dataset, "", 'repositories = ["datasets"]', True),
        ("registry", manifest, "", 'repositories = ["someone/thing"]', True),
        ("registry", civitai, "", 'protocol = "civitai"', True),
        ("archive", item, "", "", False),
        ("academic", academic, "/database.xml", "", False),
    ],
    ids=["release", "pull_request", "merge_request", "dataset", "manifest", "civitai", "archive", "academic"],
)
async def test_a_hub_is_watched_from_the_outside(
    tmp_path: Path, web: Web, kind: str, made: Any, path: str, more: str, proved: bool
) -> None:
    """One finding and one alert, proved where the hub tells a digest; polling on finds no gap and sends no second."""
    for where, told in made(web.url).items():
        web.pages[where] = (200, told if isinstance(told, str) else json.dumps(told), {})
    config = configured(tmp_path, web, site("hub", f"{web.url}{path}", kind, more))
    async with watching(config, replace(ASSET, infohashes=(HASH,))) as daemon:
        await until(lambda: len(web.posted) == 1)
        await polled(daemon, "hub", 3)
        (finding,) = await list_findings(daemon.repository)
        assert (finding.verdict is Verdict.PROVED) == proved
        async with daemon.repository.reading() as work:
            verdicts = {one.verdict for one in await work.sites.windows("hub", 100)}
        assert verdicts <= {Coverage.OK, Coverage.UNCHANGED}
    assert len(web.posted) == 1
