"""How far a judgement reaches: a scope in words, and the entry of the asset's allow list that it becomes.

`finding` (or none) is the case alone. `item`, `url`, `author`, `site` and `infohash` are those of the case's sightings:
where it has one of them, that one; where it has several, `url:https://…` says which.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from leakwatch.errors import InputError
from leakwatch.extract.canonical import canonical_url
from leakwatch.model.allow import Allow, AllowEffect, AllowWhat, allow_from_json
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.case import Hidden, Sighting
from leakwatch.model.finding import EventKind, Finding, FindingEvent, FindingId, State
from leakwatch.ports import Repository, Work

SCOPES = ("item", "url", "author", "site", "infohash")
_MAX_SHOWN = 6
_SHORTENED = re.compile(r"…[0-9a-f]{64}\Z")
"""How `short_key` ends a key that was too long: it is no address any more."""
_HIDES = {
    AllowWhat.ITEM: "the item {}",
    AllowWhat.PAGE: "items on the page {}",
    AllowWhat.AUTHOR: "items by {}",
    AllowWhat.SITE: "items of the site {}",
    AllowWhat.INFOHASH: "items that offer only the torrent {}",
    AllowWhat.REPOSITORY: "items that offer only what is in {}",
    AllowWhat.URL: "items that offer only {}",
}


@dataclass(frozen=True, slots=True)
class Reach:
    """What a scope hides from now on, and how many of the case's own sightings are like it."""

    entry: Allow
    like: int
    sightings: int

    @property
    def words(self) -> str:
        """For whoever judges."""
        own = f"{self.like} of {self.sightings} sighting{'' if self.sightings == 1 else 's'} of this case"
        return f"hides {_what(self.entry)} ({own}) {_until(self.entry)}"


@dataclass(frozen=True, slots=True)
class Outlived:
    """An entry that a judgement of a case made, which was taken back since, and how many items it has hidden."""

    entry: Allow
    asset: AssetId
    items: int = 0

    @property
    def words(self) -> str:
        """For whoever took it back."""
        said = f"--{self.entry.what.value} {shlex.quote(self.entry.value)}"
        so_far = f"{self.items} so far; " if self.items else ""
        ends = f"{so_far}`leakwatch asset disallow {self.asset} {said}` ends that"
        return f"{_what(self.entry)} {_until(self.entry)} ({ends})"


def _what(entry: Allow) -> str:
    return _HIDES.get(entry.what, "items of {}").format(entry.value)


def _until(entry: Allow) -> str:
    return f"until {entry.until.isoformat()}" if entry.until else "for good"


async def reach_of(scope: str, ident: str, reason: str, until: date | None, repository: Repository) -> Reach:
    """What a scope would come to, before it is said. Raises: InputError as `entry_for`."""
    async with repository.reading() as work:
        finding = await work.findings.get(FindingId(ident))
        asset = await work.catalogue.get(finding.asset) if finding else None
        if finding is None or asset is None:
            raise InputError(f"no finding {ident!r}; `leakwatch finding list` shows them")
        entry = await entry_for(scope, finding, asset, reason, until, work)
        sightings = await work.cases.sightings(finding.id)
    kind, own = scope.partition(":")[0], (entry.what, entry.value)
    like = sum(own in _candidates(kind, [one], one.keys) for one in sightings)
    return Reach(entry, like, len(sightings))


async def entry_for(
    scope: str, finding: Finding, asset: Asset, reason: str, until: date | None, work: Work
) -> Allow:
    """The entry that a scope becomes. Raises: InputError, naming what there is to choose from."""
    kind, _, value = scope.partition(":")
    if kind not in SCOPES:
        raise InputError(f"the scope is one of {', '.join(SCOPES)}, not {kind!r}")
    found = list(dict.fromkeys(await _all_of(kind, finding, work)))
    chosen = [one for one in found if not value or value in (one[1], f"{one[0].value} {one[1]}")]
    if len(chosen) != 1:
        raise InputError(_unclear(kind, value, found))
    what, told = chosen[0]
    made = allow_from_json(
        {"what": what.value, "value": told, "effect": AllowEffect.SUPPRESS.value, "reason": reason[:500]}
    )
    known = next((one for one in asset.allow if one.name == made.name), None)
    if known is not None and known.until is None and known.effect is AllowEffect.SUPPRESS:
        return known  # it is hidden for good already
    return replace(made, until=until)


async def _all_of(kind: str, finding: Finding, work: Work) -> list[tuple[AllowWhat, str]]:
    sightings = await work.cases.sightings(finding.id)
    return _candidates(kind, sightings, await work.findings.keys(finding.id))


def _candidates(kind: str, sightings: Sequence[Sighting], keys: Iterable[str]) -> list[tuple[AllowWhat, str]]:
    match kind:
        case "item":
            return [(AllowWhat.ITEM, f"{one.site}/{one.native_id}") for one in sightings]
        case "author":
            return [(AllowWhat.AUTHOR, one.author) for one in sightings if one.author]
        case "site":
            return [(AllowWhat.SITE, one.site) for one in sightings]
        case "infohash":
            return [(AllowWhat.INFOHASH, key.removeprefix("swarm:")) for key in keys if key[:6] == "swarm:"]
        case _:
            return _addresses(sightings, keys)


def _addresses(sightings: Sequence[Sighting], keys: Iterable[str]) -> list[tuple[AllowWhat, str]]:
    """Repositories and files where the case has some, else the pages on which it was seen."""
    whole = [key for key in keys if not _SHORTENED.search(key)]
    found = [(AllowWhat.REPOSITORY, key.partition(":")[2]) for key in whole if key[:11] == "repository:"]
    found += [(AllowWhat.URL, key.partition(":")[2]) for key in whole if key[:4] == "url:"]
    return found or [(AllowWhat.PAGE, canonical_url(one.url)) for one in sightings if one.url]


def _unclear(kind: str, value: str, found: Sequence[tuple[AllowWhat, str]]) -> str:
    if not found:
        return f"the case has no {kind}; choose another scope"
    told = ", ".join(f"{kind}:{one}" for _, one in found[:_MAX_SHOWN])
    more = f" and {len(found) - _MAX_SHOWN} more" if len(found) > _MAX_SHOWN else ""
    return f"the case has {f'no {kind} {value!r}' if value else f'more than one {kind}'}; say one of {told}{more}"


def with_allow(asset: Asset, entry: Allow) -> Asset:
    """The asset with this entry in its allow list, in the place of one that speaks of the same."""
    kept = {one.name: one for one in (*asset.allow, entry)} | {entry.name: entry}
    return replace(asset, allow=tuple(kept.values()))


def scope_of(finding: Finding, events: Sequence[FindingEvent]) -> FindingEvent | None:
    """The event by which a case was judged false or allowed with a scope, if it still stands.

    How a case was judged that became part of it is no judgement on it.
    """
    if finding.state not in (State.FALSE_POSITIVE, State.ALLOWED):
        return None
    own = [one for one in events if one.detail.get("of", finding.id) == finding.id]
    changes = [one for one in own if one.kind is EventKind.STATE]
    return changes[-1] if changes and changes[-1].detail.get("scope") else None


async def hidden_by(finding: Finding, work: Work) -> Hidden | None:
    """What a case's own scope has hidden since it was judged; None where it has none, or hid nothing."""
    event = scope_of(finding, await work.findings.events(finding.id))
    if event is None:
        return None
    told = await work.cases.hidden(finding.asset, event.at)
    return next((one for one in told if one.entry == event.detail["scope"]), None)


async def outlived(
    finding: Finding, asset: Asset, day: date, work: Work, *, but: str | None = None
) -> tuple[Outlived, ...]:
    """What earlier judgements of a case go on hiding on a day; `but` is the scope that still stands."""
    events = await work.findings.events(finding.id)
    said = {one.detail.get("scope") for one in events if one.kind is EventKind.STATE} - {None, but}
    left = [one for one in asset.allow if one.name in said and one.is_live(day)]
    left = [one for one in left if one.effect is AllowEffect.SUPPRESS]
    counts = {one.entry: one.items for one in await work.cases.hidden(asset.id)} if left else {}
    return tuple(Outlived(one, asset.id, counts.get(one.name, 0)) for one in left)


async def left_hiding(ident: str, day: date, repository: Repository) -> tuple[Outlived, ...]:
    """What goes on being hidden once a case is opened again."""
    async with repository.reading() as work:
        finding = await work.findings.get(FindingId(ident))
        asset = await work.catalogue.get(finding.asset) if finding else None
        return await outlived(finding, asset, day, work) if finding and asset else ()
