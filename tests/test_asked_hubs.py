"""Hubs are asked by exact hash for assets that may be named, and for no others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from leakwatch.model.asset import QueryMode
from leakwatch.model.finding import Verdict
from leakwatch.service import list_findings

from .daemons import ASSET, Web, configured, polled, site, until, watching

DIGEST = (b"\x11" * 32).hex()
EMPTY = json.dumps({"total_count": 0, "incomplete_results": False, "items": [], "metadata": {}})


async def test_a_file_is_found_by_its_hash(tmp_path: Path, web: Web) -> None:
    """Civitai has nothing new, but tells the file when it is asked for its SHA-256."""
    file = {"name": "w.bin", "sizeKB": 3_000_001 / 1024, "hashes": {"SHA256": DIGEST.upper()}}
    version = {"id": 2, "modelId": 1, "name": "v1", "model": {"name": "thing"}, "files": [file]}
    web.pages["/api/v1/models"] = (200, EMPTY, {})
    web.pages[f"/api/v1/model-versions/by-hash/{DIGEST.upper()}"] = (200, json.dumps(version), {})
    config = configured(tmp_path, web, site("hub", web.url, "registry", 'protocol = "civitai"'))
    async with watching(config, replace(ASSET, query_mode=QueryMode.DIRECT)) as daemon:
        await until(lambda: len(web.posted) == 1)
        (finding,) = await list_findings(daemon.repository)
        assert finding.verdict is Verdict.PROVED


async def test_a_pointer_is_found_by_code_search(tmp_path: Path, web: Web) -> None:
    """GitHub's code search finds the LFS pointer that holds the asset's SHA-256."""
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{DIGEST}\nsize 3000001\n"
    hit = {
        "path": "w.bin",
        "sha": "a" * 40,
        "repository": {"full_name": "x/y", "html_url": f"{web.url}/x/y"},
        "text_matches": [{"property": "content", "fragment": pointer}],
    }
    for where in ("issues", "repositories", "commits"):
        web.pages[f"/search/{where}"] = (200, EMPTY, {})
    web.pages["/search/code"] = (200, json.dumps({"incomplete_results": False, "items": [hit]}), {})
    (tmp_path / "token").write_text("gho_0123456789abcdef")
    sites = '[secrets]\ngh_file = "token"\n' + site("hub", web.url, "github", 'token = "gh"')
    async with watching(
        configured(tmp_path, web, sites), replace(ASSET, query_mode=QueryMode.DIRECT)
    ) as daemon:
        await until(lambda: len(web.posted) == 1)
        (finding,) = await list_findings(daemon.repository)
        assert finding.verdict is Verdict.PROVED


async def test_a_hub_is_not_asked_for_what_must_not_be_named(tmp_path: Path, web: Web) -> None:
    """Of an asset that is read in feeds only neither name nor digest is asked for."""
    web.pages["/api/v1/models"] = (200, EMPTY, {})
    config = configured(tmp_path, web, site("hub", web.url, "registry", 'protocol = "civitai"'))
    async with watching(config, replace(ASSET, query_mode=QueryMode.FEED_ONLY)) as daemon:
        await polled(daemon, "hub", 3)
    assert {target.partition("&")[0] for target, _ in web.asked} == {"/api/v1/models?sort=Newest"}
