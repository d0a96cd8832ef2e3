"""Content that comes back after a notice, at its old address or at a new one, as the daemon finds and tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from leakwatch.cases import Act, move
from leakwatch.daemon import Daemon
from leakwatch.model.finding import Finding, State
from leakwatch.model.notice import Notice, NoticeId, NoticeState
from leakwatch.notices import acts
from leakwatch.notices.facts import Wishes
from leakwatch.service import list_findings

from .daemons import ASSET, MAGNET, POSTED, Web, configured, site, until, watching
from .notices.cases import OWNER


def shows(web: Web, *pages: str) -> None:
    """A feed of posts, each with the magnet, at these addresses of the server."""
    told = "".join(
        f"<item><guid>{page}</guid><title>Tideglass 70B</title><link>{web.url}{page}</link>"
        f"<pubDate>{POSTED}</pubDate><description>{MAGNET}</description></item>"
        for page in pages
    )
    web.pages["/rss"] = (200, f'<rss version="2.0"><channel><title>t</title>{told}</channel></rss>', {})


async def the_finding(daemon: Daemon) -> Finding:
    """The one that there is."""
    (found,) = await list_findings(daemon.repository)
    return found


async def noticed(daemon: Daemon, web: Web) -> NoticeId:
    """A notice about the one page, which a person sent two hours ago."""
    at = daemon.clock.now() - timedelta(hours=2)
    finding, host = (await the_finding(daemon)).id, web.url.removeprefix("http://")
    wishes = Wishes(host=host, mail="desk@host.example")
    made = await acts.draft(finding, "dmca", wishes, OWNER, {"index": "feed"}, daemon.repository, "ada", at)
    await acts.sign(made.id, daemon.repository, "Ada Example", at)
    await acts.submit(made.id, "7", daemon.repository, "Ada Example", at)
    return made.id


async def the_notice(daemon: Daemon, ident: NoticeId) -> Notice:
    """As it is stored."""
    async with daemon.repository.reading() as work:
        found = await work.notices.get(ident)
    assert found
    return found


async def an_hour_later(daemon: Daemon, ident: NoticeId) -> None:
    """Its next look is due."""
    async with daemon.repository.writing() as work:
        found = await work.notices.get(ident, lock=True)
        assert found
        await work.notices.save(replace(found, next_check_at=daemon.clock.now()))


def told(web: Web, words: str) -> list[Mapping[str, Any]]:
    """What the channel heard that has these words in its headline."""
    return [body["data"] for _, body in web.posted if words in str(body["data"]["headline"])]


async def until_removed(daemon: Daemon, ident: NoticeId) -> None:
    """Until the daemon has seen that all is gone."""

    async def is_removed() -> bool:
        return (await the_notice(daemon, ident)).state is NoticeState.REMOVED

    await until(is_removed, 30)


@pytest.mark.parametrize("state", [State.REPORTED, State.REMOVED])
async def test_what_is_back_at_its_address_is_told_as_reopened(
    tmp_path: Path, web: Web, state: State
) -> None:
    """A page that was taken down and answers again opens the case again, and whoever heard of the leak hears that."""
    shows(web, "/one")
    async with watching(configured(tmp_path, web, site("index", f"{web.url}/rss")), ASSET) as daemon:
        await until(lambda: len(web.posted) == 1)
        notice = await noticed(daemon, web)
        await until_removed(daemon, notice)
        if state is State.REMOVED:
            finding, now = await the_finding(daemon), daemon.clock.now()
            await move(
                daemon.repository, finding.id, State.REMOVED, Act("ada", now, "gone", tell=daemon.tell)
            )
        assert (await the_finding(daemon)).state is state
        assert told(web, "reopened") == []
        web.pages["/one"] = (200, "<p>here it is", {})
        await an_hour_later(daemon, notice)
        await until(lambda: bool(told(web, "reopened")), 30)
        assert (await the_notice(daemon, notice)).state is NoticeState.WAITING
        assert (await the_finding(daemon)).state is State.REOPENED
        await until(lambda: bool(told(web, "up again")), 30)
    (alert,) = told(web, "reopened")
    assert alert["state"] == "reopened"


@pytest.mark.parametrize("state", [State.REPORTED, State.REMOVED])
async def test_what_is_back_at_a_mirror_is_told_as_reopened(tmp_path: Path, web: Web, state: State) -> None:
    """The same torrent posted elsewhere after a removal opens the case again; the notice about the old page stays removed."""
    shows(web, "/one")
    async with watching(configured(tmp_path, web, site("index", f"{web.url}/rss")), ASSET) as daemon:
        await until(lambda: len(web.posted) == 1)
        notice = await noticed(daemon, web)
        await until_removed(daemon, notice)
        if state is State.REMOVED:
            finding, now = await the_finding(daemon), daemon.clock.now()
            await move(
                daemon.repository, finding.id, State.REMOVED, Act("ada", now, "gone", tell=daemon.tell)
            )
        shows(web, "/mirror", "/one")
        await until(lambda: bool(told(web, "reopened")), 30)
        assert (await the_finding(daemon)).state is State.REOPENED
        assert (await the_notice(daemon, notice)).state is NoticeState.REMOVED
    (alert,) = told(web, "reopened")
    assert any(one["url"] == f"{web.url}/mirror" for one in alert["places"])


async def test_a_further_copy_while_one_is_up_reopens_nothing(tmp_path: Path, web: Web) -> None:
    """As long as the host has not taken down what was reported, one copy more is news of the case and no more."""
    shows(web, "/one")
    web.pages["/one"] = (200, "<p>here it is", {})
    async with watching(configured(tmp_path, web, site("index", f"{web.url}/rss")), ASSET) as daemon:
        await until(lambda: len(web.posted) == 1)
        await noticed(daemon, web)
        shows(web, "/mirror", "/one")

        async def is_seen() -> bool:
            return (await the_finding(daemon)).sightings == 2

        await until(is_seen, 30)
        assert (await the_finding(daemon)).state is State.REPORTED
    assert told(web, "reopened") == []
