"""How looks ended is told in sum."""

from __future__ import annotations

from collections import Counter

from structlog.testing import capture_logs

from leakwatch.swarm.outcomes import OutcomeLog


async def test_only_what_is_new_is_told() -> None:
    """Each line has what came since the last one, and where nothing came there is no line."""
    outcomes = Counter[str]()
    told = OutcomeLog(outcomes)
    with capture_logs() as lines:
        await told.tell()
        outcomes.update({"fetched": 1, "nobody": 3})
        await told.tell()
        await told.tell()
        outcomes.update({"nobody": 2})
        await told.tell()
    assert [(line["looks"], line["outcomes"]) for line in lines] == [
        (4, {"nobody": 3, "fetched": 1}),
        (2, {"nobody": 2}),
    ]
