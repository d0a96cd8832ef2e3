"""An alert waits, for the morning, its digest or its channel, and meanwhile its asset may have been put under embargo."""

from __future__ import annotations

from collections.abc import Iterable

from leakwatch.model.alert import AnyAlert
from leakwatch.ports import Work
from leakwatch.routing.veil import named_in, veiled


async def as_may_be_told(alerts: Iterable[AnyAlert], work: Work) -> list[AnyAlert]:
    """The same alerts, of what is secret by now only what may be said of it."""
    waiting = list(alerts)
    named = set[str]().union(*(named_in(one) for one in waiting))
    if not named:
        return waiting
    secret = {str(one.id): one for one in await work.catalogue.secret(named)}
    return [veiled(one, secret) for one in waiting] if secret else waiting
