"""How an event reaches the history, and whoever is to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from leakwatch.errors import InputError
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Finding, FindingEvent, FindingId
from leakwatch.ports import Work


class Tell(Protocol):
    """Writes an event, and the alerts that it causes, into a transaction."""

    async def __call__(self, event: FindingEvent, finding: Finding, asset: Asset, work: Work, /) -> int:
        """Answers how many alerts it caused."""
        ...


async def record(event: FindingEvent, finding: Finding, asset: Asset, work: Work, /) -> int:
    """Write an event into the history, and tell nobody."""
    del finding, asset
    await work.findings.add_event(event)
    return 0


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something to a case, when, and why he says he does; how that is told."""

    actor: str
    at: datetime
    reason: str = ""
    tell: Tell = record


async def locked(ident: str, work: Work) -> tuple[Finding, Asset]:
    """A finding and its asset, which nobody else changes until the transaction ends. Raises: InputError."""
    found = await work.findings.get(FindingId(ident))
    if found is not None:
        await work.findings.lock([found.asset])
        found = await work.findings.get(found.id)
    asset = await work.catalogue.get(found.asset) if found else None
    if found is None or asset is None:
        raise InputError(f"no finding {ident!r}; `leakwatch finding list` shows them")
    return found, asset


async def locked_asset(ident: str, work: Work) -> Asset:
    """An asset, whose findings nobody else judges until the transaction ends. Raises: InputError."""
    await work.findings.lock([AssetId(ident)])
    asset = await work.catalogue.get(AssetId(ident))
    if asset is None:
        raise InputError(f"no asset {ident!r}; `leakwatch asset list` shows them")
    return asset
