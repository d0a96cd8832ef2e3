"""Pages that wait to be drawn, one after the other: each ends with a picture in the vault, or with why there is none.

A page is drawn from the bytes that were kept, not asked for again. Of an asset under embargo nothing at all is fetched for
it. Whatever goes wrong is told in its row and in the log, and neither a capture nor an alert waits for any of this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from leakwatch.errors import StoreError
from leakwatch.evidence.keeping import keep_picture, told_of
from leakwatch.limited.browser import Browser, NoPicture, Picture
from leakwatch.model.evidence import Capture, Screenshot
from leakwatch.polling import SiteConfig
from leakwatch.ports import Clock, Fetcher, Repository, Vault
from leakwatch.screenshots.door import Extras

log = structlog.get_logger()

_AT_ONCE = 5
_ACTOR = "leakwatch:screenshot"
_MOST_PAGE = 8 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """What drawing needs. `sites` are those that are polled."""

    browser: Browser
    sites: Mapping[str, SiteConfig]
    repository: Repository
    vault: Vault
    fetcher: Fetcher
    clock: Clock


async def draw_due(studio: Studio) -> int:
    """Draw some of the pages that wait, the newest first; answers how many pictures that gave. Raises: StoreError."""
    async with studio.repository.reading() as work:
        due = await work.screenshots.due(_AT_ONCE)
    return sum([await _draw(one, studio) for one in due])


async def _draw(one: Screenshot, studio: Studio) -> bool:
    try:
        kept = await _picture(one, studio)
    except (NoPicture, StoreError) as error:
        why = str(error)[:300]
        log.warning("no_screenshot", site=one.site, page=one.digest, why=why)
        async with studio.repository.writing() as work:
            await work.screenshots.close(one, None, why, studio.clock.now())
        return False
    async with studio.repository.writing() as work:
        findings = await work.screenshots.wanted_by(one)
        await work.evidence.keep(kept)
        await work.screenshots.close(one, kept.digest, None, kept.captured_at)
        told = {str(ident): {**told_of(kept), "of": one.digest} for ident in sorted(findings)}
        await work.audit.append_all(_ACTOR, "captured", told, kept.captured_at)
    log.info("screenshot_made", site=one.site, page=one.digest, picture=kept.digest)
    return True


async def _picture(one: Screenshot, studio: Studio) -> Capture:
    async with studio.repository.reading() as work:
        page = await work.evidence.capture(one.digest, one.site, one.captured_at)
    if page is None:
        raise NoPicture("the page is not kept any more")
    body = studio.vault.get(one.digest)
    if len(body) > _MOST_PAGE:
        raise NoPicture(f"the page has more than {_MOST_PAGE} bytes")
    extras = await _extras(one, studio)

    async def wanted(url: str) -> tuple[str, bytes] | None:
        return await extras.get(url) if extras else None

    content_type = page.headers.get("content-type", "text/html")
    drawn: Picture = await studio.browser.draw(page.url, content_type, body, wanted)
    told = {"browser": drawn.browser, "height": f"{drawn.height} of {drawn.of_height} pixels"}
    told["refused"] = (
        str(extras.refused) if extras else "all: the work is under embargo, or its site is not polled"
    )
    had = extras.had if extras else []
    return await keep_picture(drawn.png, page, studio.clock.now(), told, had, studio.vault)


async def _extras(one: Screenshot, studio: Studio) -> Extras | None:
    """What the page may have; nothing where any finding that it belongs to is of an asset under embargo."""
    site = studio.sites.get(one.site)
    async with studio.repository.reading() as work:
        for ident in await work.screenshots.wanted_by(one):
            finding = await work.findings.get(ident)
            asset = await work.catalogue.get(finding.asset) if finding else None
            if asset is None or asset.embargoed or not asset.may_look_up_swarm:
                return None
    return Extras(site, studio.fetcher) if site else None
