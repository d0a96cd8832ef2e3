"""A libtorrent session that takes metadata and can do nothing else, and the torrents in it.

Each rule is held twice: no payload by `upload_mode` and `default_dont_download`, addresses by `Wall` and by
libtorrent's filter. Which flags really hold was measured by a seeder's counters (research/bittorrent.md §1, §5);
`tests/swarm` measures it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import libtorrent as lt

from leakwatch.swarm.metadata import SwarmSettings
from leakwatch.swarm.wall import SPECIAL, Wall
from leakwatch.torrent.infohash import Infohashes

_BLOCKED, _ADMITTED = 1, 0

_QUIET = {
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_ip_notifier": False,
    "webtorrent_stun_server": "",
    "enable_incoming_tcp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "anonymous_mode": True,
    "ssrf_mitigation": True,
    "allow_idna": False,
    "dht_read_only": True,
    "dht_privacy_lookups": True,
    "dht_upload_rate_limit": 64_000,
    "no_connect_privileged_ports": True,
    "optimistic_disk_retry": 2**30,
    "metadata_token_limit": 2_000_000,
    "connections_limit": 400,
    "connection_speed": 100,
    "peer_connect_timeout": 8,
    "min_reconnect_time": 15,
    "alert_queue_size": 20_000,
    "aio_threads": 1,
    "hashing_threads": 1,
    "alert_mask": lt.alert_category.status | lt.alert_category.error | lt.alert_category.dht_operation,
}
# A loopback world has few nodes, in one network: they answer faster than strangers may, and a look-up that
# hides its target from all but the nearest nodes often ends before it has met them.
_LOOPBACK_WORLD = {
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_prefer_verified_node_ids": False,
    "dht_enforce_node_id": False,
    "dht_ignore_dark_internet": False,
    "dht_block_ratelimit": 100_000,
    "dht_privacy_lookups": False,
    "no_connect_privileged_ports": False,
}
# By assignment: what is not named is cleared, also `auto_managed` (it would lift `upload_mode` after a while)
# and `paused`. Without `apply_ip_filter` the session's filter would not hold for this torrent.
_FLAGS = (
    lt.torrent_flags.upload_mode
    | lt.torrent_flags.default_dont_download
    | lt.torrent_flags.apply_ip_filter
    | lt.torrent_flags.duplicate_is_error
    | lt.torrent_flags.disable_dht
    | lt.torrent_flags.disable_lsd
    | lt.torrent_flags.disable_pex
)


def as_filter(wall: Wall) -> lt.ip_filter:
    """The wall's rules for libtorrent, which applies them to peers and to DHT nodes."""
    rules = lt.ip_filter()
    for networks, access in ((SPECIAL, _BLOCKED), (wall.allowed, _ADMITTED)):
        for network in networks:
            rules.add_rule(str(network[0]), str(network[-1]), access)
    return rules


def open_session(settings: SwarmSettings) -> lt.session:
    """A session that accepts nothing, announces nothing and asks nobody who was not named."""
    has_dht = bool(settings.dht_bootstrap)
    chosen: dict[str, bool | int | str] = {
        "listen_interfaces": settings.listen if has_dht else "",
        "enable_dht": has_dht,
        "dht_bootstrap_nodes": ",".join(settings.dht_bootstrap),
        "max_metadata_size": settings.max_metadata_bytes,
    }
    relaxed = _LOOPBACK_WORLD if settings.allow_networks else {}
    params = lt.session_params()
    params.settings = cast("lt.settings_pack", {**_QUIET, **relaxed, **chosen})
    session = lt.session(params)
    session.set_ip_filter(as_filter(Wall(settings.allow_networks)))
    return session


def add_torrent(
    session: lt.session, infohashes: Infohashes, peers: Sequence[tuple[str, int]], folder: str
) -> lt.torrent_handle:
    """Add a torrent of which only infohashes and peers are known: it can fetch metadata and nothing else.

    Raises: RuntimeError if the session has it already.
    """
    params = lt.add_torrent_params()
    params.info_hashes = _info_hashes(infohashes)
    params.flags = _FLAGS
    params.save_path = folder
    params.peers = list(peers)  # dialled at once; `connect_peer` waits for the session's next second
    return session.add_torrent(params)


def _info_hashes(infohashes: Infohashes) -> lt.info_hash_t:
    v1, v2 = infohashes.v1, infohashes.v2
    if v1 and v2:
        return lt.info_hash_t(lt.sha1_hash(bytes(v1)), lt.sha256_hash(bytes(v2)))
    return lt.info_hash_t(lt.sha1_hash(bytes(v1)) if v1 else lt.sha256_hash(bytes(v2 or b"")))


def swarm_keys(hashes: lt.info_hash_t) -> Iterator[bytes]:
    """What DHT and trackers know a torrent by."""
    if hashes.has_v1():
        yield hashes.v1.to_bytes()
    if hashes.has_v2():
        yield hashes.v2.to_bytes()[:20]
