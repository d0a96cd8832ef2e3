"""A repository that was renamed: its old page leads to the new one, for good. Both addresses are one artefact then."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from leakwatch.cases.joining import united
from leakwatch.cases.telling import Tell
from leakwatch.extract.canonical import canonical_repository
from leakwatch.lookagain.desk import LookDesk
from leakwatch.model.asset import Asset
from leakwatch.model.evidence import Look
from leakwatch.model.finding import Finding, FindingEvent
from leakwatch.model.observation import short_key
from leakwatch.pipeline import tell_event
from leakwatch.ports import Work
from leakwatch.sources._kind import Payload

_FOR_GOOD = (301, 308)
_OWNER_AND_NAME = 2


def led_to(url: str, payload: Payload) -> str | None:
    """Where the page of a repository moved for good: on the same host, as deep, and there.

    A way to a front page, a sign-in or an owner's list is none of these.
    """
    trail = payload.exchange.redirects if payload.exchange else ()
    if payload.status != 200 or not trail or any(status not in _FOR_GOOD for status, _, _ in trail):
        return None
    old, new = canonical_repository(url), canonical_repository(payload.url)
    if canonical_repository(trail[0][1]) != old:
        return None
    before, after = urlsplit(old), urlsplit(new)
    depth = [len([part for part in one.path.split("/") if part]) for one in (before, after)]
    is_like = depth[0] == depth[1] >= _OWNER_AND_NAME and not after.query
    return new if before.netloc == after.netloc and is_like and old != new else None


async def _keep_name(
    finding: Finding, asset: Asset, url: str, new: str, at: datetime, work: Work, tell: Tell
) -> Finding:
    """Let a case that holds a repository by its old address hold the new one, too; who holds that is the same case."""
    if short_key(f"repository:{canonical_repository(url)}") not in await work.findings.keys(finding.id):
        return finding
    key = short_key(f"repository:{new}")
    one = await united(asset, [key], at, work, tell, own=finding.id) or finding
    await work.findings.add_artefacts(asset.id, one.id, [key])
    return one


async def renamed(look: Look, new: str, finding: Finding, desk: LookDesk, work: Work) -> tuple[Finding, int]:
    """The case with the new address, and how many alerts it caused that another one turned out to be the same."""
    asset = desk.brain.index.assets.get(finding.asset)
    if asset is None:
        return finding, 0
    alerts = 0

    async def tell(event: FindingEvent, case: Finding, asset: Asset, work: Work, /) -> int:
        nonlocal alerts
        caused = await tell_event(event, case, asset, desk.brain.routes, work)
        alerts += caused
        return caused

    case = await _keep_name(finding, asset, look.url, new, desk.clock.now(), work, tell)
    return case, alerts
