"""What an observation names: torrents, their trackers, and .torrent files of which it does not say what they hold."""

from __future__ import annotations

from leakwatch.model.observation import LocatorKind, Observation
from leakwatch.torrent.infohash import Infohashes
from leakwatch.torrent.magnet import Magnet, parse_magnet


def torrents(seen: Observation) -> list[Infohashes]:
    """Each torrent that an observation names."""
    told = [locator.infohashes for locator in seen.locators if locator.infohashes]
    return list({hashes.swarm_keys[0]: hashes for hashes in reversed(told)}.values())[::-1]


def torrent_files(seen: Observation) -> list[str]:
    """Addresses of .torrent files of which the item does not say what torrent they are.

    A field of its own is the file of the torrent that the item names; what stands in a text may be any.
    """
    own = {seen.torrent_url} if torrents(seen) else set[str | None]()
    urls = (one.value for one in seen.locators if one.kind is LocatorKind.TORRENT_URL and not one.infohashes)
    return list(dict.fromkeys(url for url in urls if url not in own))


def trackers(seen: Observation, infohashes: Infohashes) -> list[str]:
    """Trackers that the item's magnets name for a torrent."""
    return list(dict.fromkeys(one for magnet in magnets(seen, infohashes) for one in magnet.trackers))


def magnets(seen: Observation, infohashes: Infohashes) -> list[Magnet]:
    """The item's magnets of a torrent."""
    wanted = set(infohashes.swarm_keys)
    return [
        parse_magnet(one.value)
        for one in seen.locators
        if one.kind is LocatorKind.MAGNET and one.infohashes and wanted & set(one.infohashes.swarm_keys)
    ]
