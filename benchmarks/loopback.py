"""What the BitTorrent benchmarks share: a world in another process, what a process costs, what a session counts."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import libtorrent as lt
import structlog

from leakwatch.swarm.metadata import SwarmSettings
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2

OUR_ADDRESS = "127.250.1.1"
"""Where our own sessions listen; no world has a node in that network."""
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_STATS_DEADLINE_S = 10.0
_SETTLE_DEADLINE_S = 90.0
_FEW_CLOSED = 3000

DHT = {
    "enable_dht": True,
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_prefer_verified_node_ids": False,
    "dht_enforce_node_id": False,
    "dht_ignore_dark_internet": False,
    "dht_upload_rate_limit": 100_000_000,
    "dht_block_ratelimit": 100_000,
}
"""What a DHT of few nodes in one network needs: the defaults suit the Internet (research/bittorrent.md §3.1)."""


class World:
    """A world in a process of its own: one JSON line when it is ready, then an answer to each question."""

    def __init__(self, script: str, *arguments: str) -> None:
        command = [sys.executable, str(Path(__file__).with_name(script)), *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        self.told = self._line()

    def ask(self, question: str) -> dict[str, Any]:
        """Its answer. Raises: RuntimeError if the world has ended."""
        if self._process.stdin is None:
            raise RuntimeError("the world has no ears")
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        return self._line()

    def end(self) -> None:
        """Close its stdin and wait."""
        self._process.communicate()

    def _line(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("the world has ended")
        return cast("dict[str, Any]", json.loads(line))


@contextmanager
def world(script: str, *arguments: str) -> Generator[World]:
    """A world that ends with the block."""
    one = World(script, *arguments)
    try:
        yield one
    finally:
        one.end()


def serve(told: dict[str, Any], answers: dict[str, Any]) -> None:
    """The other side of `World`: say what there is, answer questions by functions, end with stdin."""
    print(json.dumps(told), flush=True)
    for line in sys.stdin:
        print(json.dumps(answers[line.strip()]()), flush=True)
    # Sessions wait some seconds for trackers that do not exist; nothing here needs an orderly end.
    os._exit(0)


@dataclass(frozen=True, slots=True)
class Cost:
    """What processes have used so far. Units: CPU in seconds, resident memory and bytes written to disk."""

    cpu_s: float
    rss_bytes: int
    written_bytes: int

    @classmethod
    def of(cls, *pids: int) -> Cost:
        """The sum over processes that live."""
        cpu = rss = written = 0.0
        for pid in pids:
            # after the name, which may hold anything; 11 and 12 are user and system time in ticks
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            cpu += (int(fields[11]) + int(fields[12])) / _TICK
            rss += int(fields[21]) * _PAGE
            written += int(Path(f"/proc/{pid}/io").read_text().split("\nwrite_bytes: ")[1].split()[0])
        return cls(cpu, int(rss), int(written))


def children(without: Iterable[int] = (), of: int | None = None) -> list[int]:
    """Our child processes, or those `of` another: of a `SwarmSession`, the one that holds libtorrent."""
    found: list[int] = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == (of or os.getpid()) and int(place.name) not in without:
            found.append(int(place.name))
    return found


def settle() -> None:
    """Wait until the kernel has forgotten most closed connections.

    On loopback they all have one source address. When half of its ports are in TIME_WAIT the kernel searches
    long for a free one, and each connection costs milliseconds of CPU, whoever makes it.
    """
    ends = time.monotonic() + _SETTLE_DEADLINE_S
    while time.monotonic() < ends:
        told = Path("/proc/net/sockstat").read_text().split()
        if int(told[told.index("tw") + 1]) < _FEW_CLOSED:
            return
        time.sleep(0.5)


def counters(sessions: Sequence[lt.session], names: Sequence[str]) -> dict[str, int]:
    """Libtorrent's own counters, summed over sessions. Raises: TimeoutError if one does not tell."""
    for session in sessions:
        session.post_session_stats()
    told = [_stats(session) for session in sessions]
    return {name: sum(values[name] for values in told) for name in names}


def _stats(session: lt.session) -> dict[str, int]:
    ends = time.monotonic() + _STATS_DEADLINE_S
    while time.monotonic() < ends:
        session.wait_for_alert(100)
        for alert in session.pop_alerts():
            if isinstance(alert, lt.session_stats_alert):
                return alert.values
    raise TimeoutError


def quiet_logs() -> None:
    """Only warnings: figures are to stand alone."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def our_settings(bootstrap: Sequence[str] = (), deadline_s: float = 60) -> SwarmSettings:
    """The product's settings on loopback."""
    return SwarmSettings(
        listen=f"{OUR_ADDRESS}:0",
        dht_bootstrap=tuple(bootstrap),
        allow_networks=("127.0.0.0/8",),
        deadline_s=deadline_s,
    )


def infohashes_of(told: dict[str, Any]) -> Infohashes:
    """Infohashes from their hex in a world's JSON."""
    v1, v2 = str(told.get("v1", "")), str(told.get("v2", ""))
    return Infohashes(
        InfohashV1(bytes.fromhex(v1)) if v1 else None, InfohashV2(bytes.fromhex(v2)) if v2 else None
    )
