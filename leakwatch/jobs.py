"""The only file that knows the job engine (PgQueuer): keys in, one runner per key, graceful stop.

The queue holds keys and nothing else. Whatever is to be done is derived anew from the database by the daemon's
tick, so losing the whole queue loses nothing. A key that is queued or running is not queued again.

There are two ways in. `submit` says that something new has come up: a run begins afterwards, whatever runs now.
`offer` says what is due at present, the most wanted first: of that, the engine is given no more than there are
free slots, so that what is offered later and is wanted more comes before what waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from pgqueuer import PgQueuer
from pgqueuer.adapters.inmemory import InMemoryDriver, InMemoryQueries
from pgqueuer.models import Job

Handler = Callable[[str], Awaitable[None]]
_Key = tuple[str, str]
_CLOSING_S = 0.01


class Jobs:
    """Submit keys, handle keys. In memory for one process; the keys of several kinds run side by side.

    A key is in one of four states: unknown, queued, running, or closing: its handler has returned, but the
    engine still counts it as running and would drop it. A key submitted while it runs or closes runs once more.
    """

    def __init__(self) -> None:
        driver = InMemoryDriver()
        self._queue = InMemoryQueries(driver)
        self._engine = PgQueuer(driver, queries=self._queue)
        logging.getLogger("pgqueuer").setLevel(logging.ERROR)
        self._queued: set[_Key] = set()
        self._running: set[_Key] = set()
        self._again: set[_Key] = set()
        self._offered: dict[str, deque[str]] = {}
        self._limits: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def handler(self, kind: str, handle: Handler, limit: int = 0) -> None:
        """Register what a key of this kind means; `limit` is how many of the kind run at once, 0 for any number."""
        self._limits[kind] = limit

        @self._engine.entrypoint(kind, concurrency_limit=limit)
        async def _run(job: Job) -> None:
            key = (kind, (job.payload or b"").decode())
            self._queued.discard(key)
            self._running.add(key)
            try:
                await handle(key[1])
            finally:
                self._running.discard(key)
                if key in self._again:
                    self._again.discard(key)
                    self._queue_when_closed(key)
                await self._take(kind)

    async def offer(self, kind: str, keys: Iterable[str]) -> None:
        """Say which keys are due, the most wanted first, in place of what was said before.

        They are begun in this order as slots become free. One that is queued, running or closing is passed over:
        if it is still due afterwards, the next offer says so.
        """
        self._offered[kind] = deque(name for name in dict.fromkeys(keys) if not self._is_active((kind, name)))
        await self._take(kind)

    async def _take(self, kind: str) -> None:
        offered, limit = self._offered.get(kind, deque[str]()), self._limits.get(kind, 0)
        while offered and (not limit or self._active(kind) < limit):
            key = (kind, offered.popleft())
            if not self._is_active(key):
                await self._enqueue(key)

    def _is_active(self, key: _Key) -> bool:
        return key in self._queued or key in self._running

    def _active(self, kind: str) -> int:
        return sum(one == kind for keys in (self._queued, self._running) for one, _ in keys)

    async def submit(self, kind: str, keys: Iterable[str], rank: int = 0) -> None:
        """Queue keys. One that is queued already will see what is new; one that is running runs once more after.

        Of what waits for a slot, a key of a higher `rank` is begun first.
        """
        for name in dict.fromkeys(keys):
            key = (kind, name)
            if key in self._queued:
                continue
            if key in self._running:
                self._again.add(key)
            elif not await self._enqueue(key, rank):
                self._queue_when_closed(key)

    def _queue_when_closed(self, key: _Key) -> None:
        task = asyncio.create_task(self._keep_trying(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_trying(self, key: _Key) -> None:
        while not self._is_active(key) and not self._engine.shutdown.is_set():
            if await self._enqueue(key):
                return
            await asyncio.sleep(_CLOSING_S)

    async def _enqueue(self, key: _Key, rank: int = 0) -> bool:
        """Queue one key; false if the engine still holds it."""
        kind, name = key
        self._queued.add(key)
        ids = await self._queue.enqueue(
            [kind], [name.encode()], [rank], dedupe_key=[f"{kind}:{name}"], on_conflict="skip"
        )
        await self._queue.clear_queue_log()  # nobody reads it, and it would grow without end
        if ids[0] is None:
            self._queued.discard(key)
            return False
        return True

    async def run(self, concurrency: int = 32) -> None:
        """Work until `stop`; then no new job begins and the running ones are awaited."""
        await self._engine.run(
            batch_size=max(1, concurrency // 2),
            max_concurrent_tasks=concurrency,
            dequeue_timeout=timedelta(seconds=1),
            heartbeat_timeout=timedelta(seconds=30),
            log_aggregation_interval=timedelta(0),
        )

    def stop(self) -> None:
        """Begin no further job."""
        self._engine.shutdown.set()
