"""The whole replay with the real daemon, judged from outside; `make soak` runs it in bulk."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakwatch.demo.replay import ReplayOptions, run_replay

pytestmark = [pytest.mark.replay, pytest.mark.swarm, pytest.mark.timeout(240)]


async def test_leak_is_alerted_and_proved_though_the_daemon_is_killed(tmp_path: Path) -> None:
    """One finding, proved, alerted on every channel, its growth counted, its evidence kept, no payload byte taken."""
    result = await run_replay(ReplayOptions(seed=11, folder=tmp_path, kill_at_s=(1.0, 7.0)))
    assert result.failures == ()
    assert (result.findings, result.false_alerts, result.payload_bytes, result.kills) == (1, 0, 0, 2)
    assert result.control_payload_bytes > 0
    assert result.growth is not None
    assert result.growth.joined == (1, 2, 4, 8)
    assert result.kept is not None
    assert result.kept.pages > 0


async def test_world_without_a_leak_sends_nothing(tmp_path: Path) -> None:
    """The same world with its noise and its news, but without the leak, alerts nobody."""
    result = await run_replay(ReplayOptions(seed=12, leak=False, folder=tmp_path))
    assert result.failures == ()
    assert sum(result.alerts.values()) == 0
    assert result.noise_items > 50
    assert (result.growth, result.kept) == (None, None)
