"""The replay's swarm: found through the DHT, gives metadata, and its counter tells takers from onlookers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import libtorrent as lt
import pytest

from leakwatch.demo.processes import swarm_of
from leakwatch.demo.story import Story, TorrentKind, plan_story
from leakwatch.demo.swarm import loopback_session
from leakwatch.demo.weights import write_leaked_copy
from leakwatch.swarm.dht_client import DhtClient, DhtSettings
from leakwatch.swarm.estimate import estimate
from leakwatch.swarm.wall import Wall
from leakwatch.torrent.infohash import Infohashes
from leakwatch.torrent.metainfo import infohashes_of

pytestmark = pytest.mark.swarm

ADDRESS = "127.0.0.9"
DEADLINE_S = 20.0
ALERTS = lt.alert_category.dht_operation | lt.alert_category.status
METADATA_ONLY = (
    lt.torrent_flags.upload_mode
    | lt.torrent_flags.default_dont_download
    | lt.torrent_flags.duplicate_is_error
    | lt.torrent_flags.apply_ip_filter
)


def story_of(kind: TorrentKind, folder: Path) -> Story:
    """A story with this kind of torrent, its files written."""
    story = replace(plan_story(7), torrent_kind=kind, piece_length=65536, note="unaligned\n")
    write_leaked_copy(story, folder / story.torrent_name)
    return story


def first(session: lt.session, wanted: Callable[[Any], bool], ask: Callable[[], None]) -> Any:
    """Facts of the first alert that is wanted, asking again now and then. Fails at the deadline."""
    ends, asked = time.monotonic() + DEADLINE_S, 0.0
    while time.monotonic() < ends:
        if time.monotonic() - asked > 0.3:
            asked = time.monotonic()
            ask()
        session.wait_for_alert(100)
        for alert in session.pop_alerts():
            if wanted(alert):
                return alert.peers() if isinstance(alert, lt.dht_get_peers_reply_alert) else None
    raise AssertionError("nothing came before the deadline")


def look_up(bootstrap: str, infohashes: Infohashes) -> list[tuple[str, int]]:
    """Peers of the first swarm key, as a session with default DHT settings finds them."""
    session = loopback_session(ADDRESS, alerts=ALERTS, enable_dht=True, dht_read_only=True)
    host, port = bootstrap.split(":")
    session.add_dht_node((host, int(port)))
    keys = [lt.sha1_hash(bytes(key)) for key in infohashes.swarm_keys]
    peers: list[tuple[str, int]] = []
    for key in keys:
        peers += first(
            session,
            lambda alert: isinstance(alert, lt.dht_get_peers_reply_alert) and alert.num_peers() > 0,
            lambda key=key: session.dht_get_peers(key),
        )
    return peers


def fetch_metadata(infohashes: Infohashes, peer: tuple[str, int], folder: Path) -> bytes:
    """The info dictionary, with flags under which no payload may be asked for."""
    session = loopback_session(ADDRESS, alerts=ALERTS)
    params = lt.add_torrent_params()
    v1 = lt.sha1_hash(bytes(infohashes.v1)) if infohashes.v1 else None
    v2 = lt.sha256_hash(bytes(infohashes.v2)) if infohashes.v2 else None
    params.info_hashes = lt.info_hash_t(v1, v2) if v1 and v2 else lt.info_hash_t(v1 or v2)
    params.save_path, params.flags = str(folder), METADATA_ONLY
    handle = session.add_torrent(params)
    first(
        session,
        lambda alert: isinstance(alert, lt.metadata_received_alert),
        lambda: handle.connect_peer(peer),
    )
    return handle.torrent_file().info_section()


@pytest.mark.parametrize("kind", ["v1", "v2", "hybrid"])
async def test_an_onlooker_gets_metadata_and_takes_nothing_while_a_plain_client_takes_all(
    kind: TorrentKind, tmp_path: Path
) -> None:
    """From one bootstrap address the seeder is found, metadata comes, the counter stays 0, and control raises it."""
    story = story_of(kind, tmp_path)
    async with swarm_of(story, tmp_path, tmp_path / "swarm.log") as swarm:
        assert (swarm.infohashes.v1 is not None, swarm.infohashes.v2 is not None) == (
            kind != "v2",
            kind != "v1",
        )
        peers = await asyncio.to_thread(look_up, swarm.bootstrap, swarm.infohashes)
        assert {f"{host}:{port}" for host, port in peers} == {swarm.seeder}
        raw = await asyncio.to_thread(fetch_metadata, swarm.infohashes, peers[0], tmp_path / "nothing")
        assert infohashes_of(raw) == swarm.infohashes
        assert await swarm.ask("uploaded") == 0
        assert await swarm.ask("strangers") == 0
        taken = await swarm.ask("control")
        assert taken >= story.size_bytes
        assert await swarm.ask("uploaded") == taken


async def test_a_client_that_announces_itself_is_counted_as_a_stranger(tmp_path: Path) -> None:
    """The count of strangers can rise: a running torrent in a session with a writing DHT announces itself."""
    story = story_of("v1", tmp_path)
    async with swarm_of(story, tmp_path, tmp_path / "swarm.log") as swarm:
        host, port = swarm.bootstrap.split(":")
        careless = loopback_session(ADDRESS, alerts=ALERTS, enable_dht=True)
        careless.add_dht_node((host, int(port)))
        params = lt.parse_magnet_uri(f"magnet:?xt=urn:btih:{swarm.infohashes}")
        params.save_path, params.flags = str(tmp_path / "nothing"), METADATA_ONLY
        handle = careless.add_torrent(params)
        ends = time.monotonic() + DEADLINE_S
        while not await swarm.ask("strangers"):
            assert time.monotonic() < ends, "the announce was never seen"
            handle.force_dht_announce()


@pytest.mark.parametrize("kind", ["v1", "v2", "hybrid"])
async def test_each_seeder_that_joins_is_one_more_in_the_filters_of_the_dht(
    kind: TorrentKind, tmp_path: Path
) -> None:
    """What BEP 33 estimates from the nodes' filters grows with the seeders, who are no strangers, up to eight."""
    story = story_of(kind, tmp_path)
    async with swarm_of(story, tmp_path, tmp_path / "swarm.log") as swarm:
        host, port = swarm.bootstrap.split(":")
        settings = DhtSettings(listen=(ADDRESS, 0), node_interval_s=0)
        async with DhtClient(bytes(20), Wall(("127.0.0.0/8",)), settings) as client:
            for wanted, joined in ((1, 1), (3, 3), (9, 8)):
                assert await swarm.ask(f"join {wanted}") == joined
                for key in swarm.infohashes.swarm_keys:
                    told = await estimate(client, key, [(host, int(port))])
                    assert told.filters > 0
                    assert abs(told.seeds - joined) <= told.error
        assert await swarm.ask("strangers") == 0
