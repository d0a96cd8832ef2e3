"""The job `check:<notice>`, and how its hosts are asked: as the site on that host, else slowly and as robots.txt allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from leakwatch.cases import Tell
from leakwatch.model.manner import Manner
from leakwatch.notices.checking import CheckDesk, check
from leakwatch.notices.looking import Way, Ways
from leakwatch.polling import SiteConfig
from leakwatch.ports import Clock, Fetcher, Repository

_UNKNOWN_PAUSE_S = 5.0


async def check_notice(
    notice: str,
    repository: Repository,
    fetcher: Fetcher,
    sites: Mapping[str, SiteConfig],
    clock: Clock,
    tell: Tell,
) -> int:
    """Look whether what a notice is about is gone; answers how many alerts that caused. Raises: StoreError."""
    told = CheckDesk(repository=repository, fetcher=fetcher, ways=ways_of(sites), clock=clock, tell=tell)
    return await check(notice, told)


def ways_of(sites: Mapping[str, SiteConfig]) -> Ways:
    """The way to the host of an address.

    A page for people obeys robots.txt even where the site's interface for programs need not, and is no answer that a
    poll has just had. Only a host that the configuration names as a site's may be on the operator's own machines.
    """

    def way(url: str, /) -> Way:
        host = urlsplit(url).netloc.lower()
        mine = [one for one in sites.values() if one.host == host]
        if not mine:
            manner = Manner(robots=True, home=url, told=url)
            return Way(manner=manner, min_interval_s=_UNKNOWN_PAUSE_S, named_by=frozenset())
        site = mine[0]
        asked = replace(site.manner(url), site="", mirrors=(), robots=site.robots == "obey")
        pause_s = max(one.min_interval_s for one in mine)
        return Way(manner=asked, min_interval_s=pause_s, named_by=frozenset({site.host}))

    return way
