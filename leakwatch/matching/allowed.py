"""What an asset's allow list says of an observation.

A site, an uploader, an author, an item and a page allow the item. Else every locator must be allowed, each by an entry of its own: one official
link beside a foreign magnet allows nothing. An item without locators is where its page is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from leakwatch.extract.canonical import canonical_url
from leakwatch.extract.hosts import Hosts
from leakwatch.extract.links import locate
from leakwatch.model.allow import Allow, AllowEffect, AllowWhat, place_of
from leakwatch.model.asset import Asset
from leakwatch.model.observation import Locator, LocatorKind, Observation
from leakwatch.privacy import PLAIN, Authors


@dataclass(frozen=True, slots=True)
class Judge:
    """What is known of file hosts and authors, by which stored items are judged once more."""

    hosts: Hosts
    authors: Authors = PLAIN

    def official(self, asset: Asset, stored: Observation, at: datetime) -> Allow | None:
        """The entry by which an item is where its owner means it to be, None if there is none, or it only hides."""
        entries = tuple(one for one in asset.allow if one.effect is AllowEffect.INFORM)
        seen = replace(locate(stored, self.hosts), fetched_at=at)
        return allowed_by(replace(asset, allow=entries), seen, self.authors)


def allowed_by(asset: Asset, seen: Observation, authors: Authors = PLAIN) -> Allow | None:
    """The entry that allows an item, None if none does; where entries differ, one that informs."""
    live = [one for one in asset.allow if one.is_live(seen.fetched_at.date())]
    whole = [one for one in live if _is_whole(one, seen, authors)]
    if whole:
        return _mildest(whole)
    where = seen.locators or ((Locator(LocatorKind.REPOSITORY, seen.url),) if seen.url else ())
    found = [next((one for one in live if _covers(one, locator)), None) for locator in where]
    covering = [one for one in found if one is not None]
    return _mildest(covering) if covering and len(covering) == len(where) else None


def _mildest(some: Sequence[Allow]) -> Allow:
    return next((one for one in some if one.effect is AllowEffect.INFORM), some[0])


def _is_whole(entry: Allow, seen: Observation, authors: Authors) -> bool:
    if entry.what is AllowWhat.SITE:
        return entry.value == seen.site
    if entry.what is AllowWhat.UPLOADER:
        site, separator, name = entry.value.partition("/")
        is_of_site = bool(separator) and _name(site) == _name(seen.site)
        return authors.is_named(entry.value, seen) or (is_of_site and authors.is_named(name, seen))
    if entry.what is AllowWhat.AUTHOR:
        return authors.is_by(entry.value, seen)
    if entry.what is AllowWhat.ITEM:
        return entry.value == f"{seen.site}/{seen.native_id}"
    if entry.what is not AllowWhat.PAGE or seen.url is None:
        return False
    return canonical_url(entry.value) == canonical_url(seen.url)


def _name(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _covers(entry: Allow, locator: Locator) -> bool:
    if entry.what is AllowWhat.INFOHASH:
        keys = locator.infohashes.swarm_keys if locator.infohashes else ()
        return any(key.hex() == entry.value for key in keys)
    place = None if locator.infohashes else place_of(locator.value)
    if place is None:
        return False
    if entry.what is AllowWhat.HOST:
        return place[0] == entry.value or place[0].endswith(f".{entry.value}")
    allowed = place_of(entry.value) if entry.what in (AllowWhat.URL, AllowWhat.REPOSITORY) else None
    if allowed is None or place[:2] != allowed[:2]:
        return False
    path, prefix = place[2], allowed[2]
    if entry.what is AllowWhat.REPOSITORY:
        path, prefix = path.casefold().removesuffix(".git"), prefix.casefold().removesuffix(".git")
    prefix = prefix.rstrip("/")
    return path == prefix or path.startswith(f"{prefix}/")
