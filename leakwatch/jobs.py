"""The only file that knows the job engine (PgQueuer): keys in, one runner per key, graceful stop.

The queue holds keys and nothing else. Whatever is to be done is derived anew from the database by the daemon's
tick, so losing the whole queue loses nothing. A key that is queued or running is not queued again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from pgqueuer import PgQueuer
from pgqueuer.models import Job

Handler = Callable[[str], Awaitable[None]]


class Jobs:
    """Submit keys, handle keys. In memory for one process; the keys of several kinds run side by side."""

    def __init__(self) -> None:
        self._engine = PgQueuer.in_memory()
        logging.getLogger("pgqueuer").setLevel(logging.ERROR)
        self._running: set[asyncio.Task[None]] = set()
        self._again: set[tuple[str, str]] = set()
        self._active: set[tuple[str, str]] = set()

    def handler(self, kind: str, handle: Handler) -> None:
        """Register what a key of this kind means. A key submitted while it runs is run once more afterwards."""

        @self._engine.entrypoint(kind)
        async def _run(job: Job) -> None:
            key = (job.payload or b"").decode()
            self._active.add((kind, key))
            try:
                await handle(key)
            finally:
                self._active.discard((kind, key))
                if (kind, key) in self._again and not self._engine.shutdown.is_set():
                    self._again.discard((kind, key))
                    task = asyncio.create_task(self._resubmit(kind, key))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)

    async def _resubmit(self, kind: str, key: str) -> None:
        """Queue a key again once the engine has closed the run that is ending."""
        for _ in range(100):
            if await self._enqueue(kind, [key]):
                return
            await asyncio.sleep(0.01)

    async def submit(self, kind: str, keys: Iterable[str]) -> None:
        """Queue keys; one that is queued already is left alone, one that is running is run again after."""
        wanted = list(dict.fromkeys(keys))
        self._again |= {(kind, key) for key in wanted if (kind, key) in self._active}
        waiting = [key for key in wanted if (kind, key) not in self._active]
        if waiting:
            await self._enqueue(kind, waiting)

    async def _enqueue(self, kind: str, keys: list[str]) -> bool:
        queries = self._engine.qm.queries
        ids = await queries.enqueue(
            [kind] * len(keys),
            [key.encode() for key in keys],
            [0] * len(keys),
            dedupe_key=[f"{kind}:{key}" for key in keys],
            on_conflict="skip",
        )
        return any(ident is not None for ident in ids)

    async def run(self, concurrency: int = 32) -> None:
        """Work until `stop`; then no new job begins and the running ones are awaited."""
        await self._engine.run(
            batch_size=max(1, concurrency // 2),
            max_concurrent_tasks=concurrency,
            dequeue_timeout=timedelta(seconds=1),
            heartbeat_timeout=timedelta(seconds=30),
        )

    def stop(self) -> None:
        """Begin no further job."""
        self._engine.shutdown.set()
