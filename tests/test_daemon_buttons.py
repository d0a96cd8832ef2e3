"""What the buttons under Slack's messages do to real cases, as the daemon has it done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leakwatch.daemon.answers import deeds_of
from leakwatch.errors import InputError
from leakwatch.model.finding import State
from leakwatch.service import list_findings

from .daemons import ASSET, MAGNET, Web, configured, site, until, watching


async def test_buttons_move_cases(tmp_path: Path, web: Web) -> None:
    """Acknowledging is done once and audited with who pressed; a silence holds the finding; a false positive ends it."""
    web.feed("/rss", ("1", "Tideglass 70B", f"<b>{MAGNET}</b>"))
    async with watching(configured(tmp_path, web, site("index", f"{web.url}/rss")), ASSET) as daemon:
        await until(lambda: len(web.posted) == 1)
        (finding,) = await list_findings(daemon.repository)
        deeds, now, who = deeds_of(daemon.repository, daemon.tell), datetime.now(UTC), "slack:U1 (ana)"
        await deeds.acknowledge(finding.id, who, "1", now)
        with pytest.raises(InputError):
            await deeds.acknowledge(finding.id, who, "2", now)
        await deeds.silence(finding.id, who, "3", now, timedelta(hours=4))
        async with daemon.repository.reading() as work:
            (silence,) = await work.silences.active(now + timedelta(hours=3))
            actions = [(one.actor, one.action) for one in await work.audit.entries() if one.actor == who]
        assert silence.actor == who
        assert (await list_findings(daemon.repository))[0].state is State.ACKNOWLEDGED
        assert (await list_findings(daemon.repository))[0].acknowledged_by == who
        await deeds.false_positive(finding.id, who, "4", now)
        assert (await list_findings(daemon.repository))[0].state is State.FALSE_POSITIVE
    assert len(actions) == 2
