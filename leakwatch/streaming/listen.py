"""Runs a stream: the sampler, those who ask, and the ledger, until it is cancelled or one of them crashes."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from contextlib import aclosing
from typing import NoReturn

from leakwatch.errors import ConfigError, SwarmError
from leakwatch.sources.dht import DhtSite
from leakwatch.streaming.stream import Stream, StreamLimits, Surroundings, SwarmSide
from leakwatch.swarm.dht_client import DhtClient, DhtSettings
from leakwatch.swarm.discovery import Sampler, SamplerSettings
from leakwatch.swarm.hosts import Endpoint, endpoints_of
from leakwatch.swarm.metadata import SwarmSettings
from leakwatch.swarm.parser import MetainfoParser
from leakwatch.swarm.wall import Wall

_LIMITS, _SAMPLING = StreamLimits(), SamplerSettings()


async def watch_dht(
    site: str,
    settings: DhtSite,
    dht: SwarmSettings,
    own_id: bytes,
    around: Surroundings,
    side: SwarmSide,
    limits: StreamLimits = _LIMITS,
    sampling: SamplerSettings = _SAMPLING,
) -> NoReturn:
    """Listen until cancelled; the error of one torrent is counted and stops nothing.

    `own_id` is the node id of `stable_node_id`; of `dht` the address, the nodes to begin with and the listed
    networks are taken. The site must be in the database.
    Raises: ConfigError, SwarmError, StoreError, or whatever else ended it; the window that was open tells of it.
    """
    wall = Wall(dht.allow_networks)
    nodes = settings.bootstrap or dht.dht_bootstrap
    client_settings = DhtSettings(_own_endpoint(dht), float(settings.packets_per_s))

    async def bootstrap() -> Sequence[Endpoint]:
        return await endpoints_of(nodes, wall)

    async with aclosing(MetainfoParser()) as parser, DhtClient(own_id, wall, client_settings) as client:
        stream = Stream(site, around, side, parser, limits)
        sampler = Sampler(client, bootstrap, stream.hand_over, watched=stream.watched, settings=sampling)
        await stream.begin(sampler)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(sampler.run())
                group.create_task(stream.keep_watched())
                group.create_task(stream.keep_windows(sampler))
                group.create_task(stream.ask_again())
                for _ in range(limits.at_once):
                    group.create_task(stream.work())
        except ExceptionGroup as errors:
            first = errors.exceptions[0]
            await stream.close_window(sampler, first)
            raise first from None
        except asyncio.CancelledError:
            await stream.close_window(sampler)
            raise
    raise SwarmError("the stream has ended")  # none of the tasks returns


def _own_endpoint(dht: SwarmSettings) -> Endpoint:
    """Where questions go out: the swarm's address, and a port of its own."""
    host = dht.listen.rpartition(":")[0].strip("[]")
    try:
        return str(ipaddress.ip_address(host)), 0
    except ValueError as error:
        raise ConfigError("the DHT is sampled from an address, not a name", field="swarm.listen") from error
