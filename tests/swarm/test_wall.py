"""The address rules that the libtorrent child and the daemon's own clients share."""

from __future__ import annotations

import subprocess
import sys

import pytest

from leakwatch.swarm.wall import TRACKER_PORTS, Wall


@pytest.mark.parametrize(
    ("port", "is_admitted"), [(80, True), (443, True), (53, False), (1023, False), (1024, True)]
)
def test_trackers_may_have_web_ports(port: int, is_admitted: bool) -> None:
    """A wall for trackers admits 80, 443 and the free ports of public addresses, and nothing at private ones."""
    wall = Wall(low_ports=TRACKER_PORTS)
    assert wall.admits("8.8.8.8", port) is is_admitted
    assert not wall.admits("10.0.0.1", port)
    assert not wall.admits("169.254.169.254", port)


@pytest.mark.parametrize("module", ["wall", "scrape", "estimate", "discovery", "origins"])
def test_the_daemon_does_not_load_libtorrent(module: str) -> None:
    """The clients of the daemon's own process come without the library that parses hostile bytes in C++."""
    told = f"import sys, leakwatch.swarm.{module}; sys.exit('libtorrent' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", told], timeout=60).returncode == 0
