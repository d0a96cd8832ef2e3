"""The whole daemon and a site by a definition: the list, then the item's own page, once; and an alert."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from leakwatch.model.site import Coverage
from leakwatch.service import list_findings

from .daemons import ASSET, HASH, MAGNET, Web, configured, polled, site, until, watching

FERRY = Path(__file__).parent / "sources" / "cardigann" / "definitions" / "ferry.yml"


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    """The web server, on loopback."""
    served = Web()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield served


async def test_a_list_leads_to_the_page_of_an_item(tmp_path: Path, web: Web) -> None:
    """The year is asked once, the list at each poll, an item's page once; its magnet makes the finding's alert."""
    (tmp_path / "ferry.yml").write_text(FERRY.read_text("utf-8"), "utf-8")
    web.pages["/"] = (200, "<html>welcome</html>", {})
    boats = '<ul><li class="boat"><a href="/boat/1">Tideglass 70B weights</a></li></ul>'
    web.pages["/list"] = (200, boats, {})
    web.pages["/boat/1"] = (200, f"<script>open('{MAGNET}')</script>", {})
    told = site("ferry", f"{web.url}/", "cardigann", 'definition = "ferry.yml"')
    async with watching(configured(tmp_path, web, told), ASSET) as daemon:
        await until(lambda: len(web.posted) >= 1)
        await polled(daemon, "ferry", 3)
        (finding,) = await list_findings(daemon.repository)
        async with daemon.repository.reading() as work:
            windows = await work.sites.windows("ferry", 100)
            known = await work.findings.known([f"swarm:{HASH}"])
    paths = [target.partition("?")[0] for target, _ in web.asked]
    assert (paths.count("/"), paths.count("/boat/1")) == (1, 1)
    assert paths.count("/list") >= 3
    assert all("Tideglass" not in target for target, _ in web.asked)
    assert windows[0].verdict is Coverage.OK
    assert [one.asset for one in known] == [finding.asset]


KILN = FERRY.with_name("kiln.yml")


async def test_a_question_that_a_site_cannot_be_asked(tmp_path: Path, web: Web) -> None:
    """Words that do not fit a form's encoding are told in the window; the list is read and the other question asked."""
    told = KILN.read_text("utf-8").replace(
        "    - path: feed.php\n", "    - path: feed.php\n      method: post\n"
    )
    assert "method: post" in told
    (tmp_path / "kiln.yml").write_text(told, "utf-8")
    item = f"<item><title>Tideglass 70B weights</title><link>{web.url}/1</link></item>"
    web.pages["/feed.php"] = (200, f"<rss><channel>{item}</channel></rss>", {})
    more = 'definition = "kiln.yml"\nqueries = ["\u043b\u0430\u043c\u043f\u0430", "lamp"]\nquestions_per_poll = 2'
    config = configured(tmp_path, web, site("kiln", f"{web.url}/", "cardigann", more))
    async with watching(config, ASSET) as daemon:
        await polled(daemon, "kiln", 2)
        async with daemon.repository.reading() as work:
            windows = await work.sites.windows("kiln", 100)
    assert {one.verdict for one in windows} == {Coverage.PARTIAL}
    assert all("a form in windows-1251" in (one.detail or "") for one in windows)
    assert {target for target, _ in web.asked} == {"/feed.php?nm=lamp", "/feed.php?"}
