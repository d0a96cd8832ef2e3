"""Parts of the daemon that are put together from the configuration: who proves, and who counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

from leakwatch.config import Config
from leakwatch.counting import Counter
from leakwatch.ports import Clock, Fetcher, Repository, Swarm, Vault
from leakwatch.prover import prover_hashers
from leakwatch.proving import Prover
from leakwatch.service import load_fakes
from leakwatch.swarm.dht_client import DhtClient, DhtSettings
from leakwatch.swarm.identity import stable_node_id
from leakwatch.swarm.parser import MetainfoParser
from leakwatch.swarm.wall import Wall

_MAX_PROOFS = 16
"""Proofs at once: they read files, or wait for a prover."""


def open_prover(
    config: Config,
    repository: Repository,
    vault: Vault,
    fetcher: Fetcher,
    swarm: Swarm | None,
    clock: Clock,
    stack: AsyncExitStack,
) -> Prover:
    """What looks at torrents, with the provers that the configuration names."""
    parser = MetainfoParser()
    stack.push_async_callback(parser.aclose)
    others = prover_hashers(config)
    for one in others:
        stack.callback(one.close)
    threads = ThreadPoolExecutor(_MAX_PROOFS, thread_name_prefix="proof")
    stack.callback(threads.shutdown, wait=False, cancel_futures=True)
    return Prover(
        repository=repository,
        vault=vault,
        fetcher=fetcher,
        swarm=swarm,
        parser=parser,
        clock=clock,
        fakes=load_fakes(),
        threads=threads,
        others=others,
        deadline_s=config.swarm.deadline_s,
    )


async def open_counter(
    config: Config, repository: Repository, fetcher: Fetcher, clock: Clock, stack: AsyncExitStack
) -> Counter | None:
    """What counts swarms, if that is wanted; with a DHT client of its own where the DHT may be asked."""
    swarm = config.swarm
    if not (swarm.enabled and swarm.count):
        return None
    dht = None
    if swarm.dht_bootstrap:
        host = swarm.listen.rpartition(":")[0].strip("[]")
        settings = DhtSettings(listen=(host, 0), packets_per_s=swarm.packets_per_s)
        client = DhtClient(stable_node_id(config.data_dir), Wall(swarm.allow_networks), settings)
        dht = await stack.enter_async_context(client)
    return Counter(
        repository=repository,
        fetcher=fetcher,
        dht=dht,
        bootstrap=swarm.dht_bootstrap,
        allow_networks=swarm.allow_networks,
        clock=clock,
        every_s=swarm.count_every_s,
        countries=config.beside(swarm.countries_file),
        networks=config.beside(swarm.networks_file),
    )
