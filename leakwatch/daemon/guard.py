"""The one place that catches broadly: whatever fails is counted and logged; the others go on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from leakwatch.errors import LeakwatchError, StoreError
from leakwatch.jobs import Handler
from leakwatch.model.asset import AssetId, opaque_id

log = structlog.get_logger()

_EVENTS = ("job_failed", "job_crashed")


@dataclass(slots=True)
class Guard:
    """What is done within it cannot end what is done beside it.

    `refused` is called when the database refused something; `crashed` has, by kind of job, what is done with a
    key whose job met an error that nobody had thought of. The keys of kinds in `veiled` are ids of assets, which may
    tell the title of one under embargo: the log has what alerts would call them.
    """

    refused: Callable[[], None]
    crashed: dict[str, Callable[[str], Awaitable[None]]] = field(
        default_factory=dict[str, Callable[[str], Awaitable[None]]]
    )
    veiled: frozenset[str] = frozenset()

    @asynccontextmanager
    async def over(
        self, kind: str, key: str = "", events: tuple[str, str] = _EVENTS, **told: object
    ) -> AsyncGenerator[None]:
        """Do something under guard; the log names it by kind and key, tells `told`, and calls its end one of `events`."""
        shown = opaque_id(AssetId(key)) if kind in self.veiled else key
        with structlog.contextvars.bound_contextvars(job=f"{kind}:{shown}"):
            try:
                yield
            except LeakwatchError as error:
                log.error(events[0], error=error.message, blame=error.blame, **told)
                if isinstance(error, StoreError):
                    self.refused()
            except Exception as error:
                log.exception(events[1], error=repr(error), **told)
                if kind in self.crashed:
                    await self.crashed[kind](key)

    def guarded(self, kind: str, handle: Handler) -> Handler:
        """A handler of jobs that does its work under guard."""

        async def run(key: str) -> None:
            async with self.over(kind, key):
                await handle(key)

        return run
