"""The one place of the rule: nobody is asked about a torrent as long as one of its owners keeps it under embargo.

A torrent's owners are the assets that it was registered for, and those whose open findings hold it. To ask is to tell:
trackers, the DHT and the host of a .torrent file learn the infohash.
"""

from __future__ import annotations

from collections.abc import Iterable

from leakwatch.extract.canonical import url_key
from leakwatch.matching.index import Index
from leakwatch.model.asset import AssetId
from leakwatch.ports import Work
from leakwatch.torrent.infohash import SwarmKey


async def is_swarm_silent(keys: Iterable[SwarmKey], index: Index, work: Work) -> bool:
    """Whether nobody may be asked about a torrent that has these keys."""
    digits = [key.hex() for key in keys]
    registered = {asset for one in digits for asset in index.by_infohash.get(one, ())}
    holding = await work.findings.owners([f"swarm:{one}" for one in digits])
    return _is_silent(registered | holding, index)


async def is_file_silent(url: str, index: Index, work: Work) -> bool:
    """Whether a .torrent file may not be fetched of which only the address is known."""
    return _is_silent(await work.findings.owners([url_key(url)]), index)


def _is_silent(owners: set[AssetId], index: Index) -> bool:
    return any(not index.assets[one].may_look_up_swarm for one in owners & index.assets.keys())
