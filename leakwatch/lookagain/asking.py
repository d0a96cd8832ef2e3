"""Asks for a place once more: the site's own page that showed the item, or the page for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from leakwatch.errors import LayoutChanged
from leakwatch.evidence.keeping import request_of
from leakwatch.extract.links import locate
from leakwatch.extract.peers import without_peers
from leakwatch.lookagain.desk import LookDesk
from leakwatch.lookagain.reading import with_text
from leakwatch.lookagain.seeing import Seen, compare, compare_page
from leakwatch.model.evidence import Look, Outcome
from leakwatch.model.observation import LocatorKind, Observation, storable
from leakwatch.polling import SiteConfig
from leakwatch.sources import KINDS
from leakwatch.sources._kind import Payload, PolledKind, Request
from leakwatch.sources._refusals import check


async def ask_again(
    look: Look, before: Observation, site: SiteConfig, desk: LookDesk
) -> tuple[Payload, Seen]:
    """Fetch and judge, with the site's pace, robots and credentials. Raises: SourceError."""
    kind = KINDS[site.kind]
    located = storable(without_peers(locate(before, desk.brain.hosts)))
    own = await _own_page(look, before, kind, site, desk) if isinstance(kind, PolledKind) else None
    if isinstance(kind, PolledKind) and own:
        payload = await _fetched(own, site, desk)
        return payload, await _read(look, located, payload, kind, desk)
    payload = await _fetched(Request(url=look.url, named_by=frozenset({site.host})), site, desk, page=True)
    async with desk.repository.reading() as work:
        looks = [one for one in await work.looks.of(look.finding) if one.url == look.url]
    there = [one for one in looks if one.outcome in (Outcome.SAME, Outcome.EDITED)]
    named = str(there[-1].detail.get("named", "")).split() if there else None
    seen = compare_page(located, payload, named)
    return payload, await with_text(seen, located, payload, there, desk) if seen.is_page else seen


async def _own_page(
    look: Look, before: Observation, kind: PolledKind, site: SiteConfig, desk: LookDesk
) -> Request | None:
    """The request whose answer shows the item until it is deleted: the one that showed it, or one for it alone."""
    if before.evidence is None or not (kind.holds or kind.again):
        return None
    async with desk.repository.reading() as work:
        capture = await work.evidence.first(before.evidence, look.site)
    request = request_of(capture.request) if capture and capture.request else None
    if request is None or (kind.holds and kind.holds(request)):
        return request
    return kind.again(site.settings, before, request) if kind.again else None


async def _fetched(request: Request, site: SiteConfig, desk: LookDesk, *, page: bool = False) -> Payload:
    """An answer of its own, not one that a poll has just had. A page for people obeys robots.txt even of an API's site."""
    manner = replace(site.manner(request.url), site="")
    if page:
        manner = replace(manner, robots=site.robots == "obey", mirrors=())
    asked = replace(request, state={**request.state, "site": site.name})
    payload = await desk.fetcher.fetch(asked, min_interval_s=site.min_interval_s, manner=manner)
    if not request.verbatim:
        check(payload)
    return payload


async def _read(look: Look, before: Observation, payload: Payload, kind: PolledKind, desk: LookDesk) -> Seen:
    if payload.status in (404, 410):
        return compare(before, None, payload, holds=True)
    page = await desk.reader.read(kind, payload)
    if not page.observations and not kind.again:
        raise LayoutChanged(f"{payload.url} shows no item at all")
    found = _same(look, before, page.observations, payload)
    now = storable(without_peers(locate(found, desk.brain.hosts))) if found else None
    return compare(before, now, payload, holds=True)


def _same(
    look: Look, before: Observation, shown: Sequence[Observation], payload: Payload
) -> Observation | None:
    """The item among what is shown: by its name there, or, of a repository that was renamed, by its number.

    An answer about one repository that comes from another address than was asked is about that one, too.
    """
    named = next((one for one in shown if one.native_id == look.native_id), None)
    if named or all(one.kind is not LocatorKind.REPOSITORY for one in before.locators):
        return named
    if before.repository_id:
        return next((one for one in shown if one.repository_id == before.repository_id), None)
    is_led = payload.exchange is not None and bool(payload.exchange.redirects)
    return shown[0] if is_led and len(shown) == 1 else None
