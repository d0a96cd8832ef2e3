"""Does what a press asks for once, however often it arrives, and whoever died in between."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from leakwatch.errors import LeakwatchError
from leakwatch.ports import Repository, Work

ACTION = "press"


class DoneBeforeError(LeakwatchError):
    """This press was done already."""


async def nothing(work: Work) -> None:
    """No condition."""
    del work


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A repository whose transactions each do one press, with an entry of the audit that names it by its key.

    `check` raises if it must not be done. Raises: DoneBeforeError from `writing` if there is such an entry; nothing
    of the transaction stays then.
    """

    repository: Repository
    actor: str
    key: str
    deed: str
    finding: str
    at: datetime
    check: Callable[[Work], Awaitable[None]] = nothing

    def reading(self) -> AbstractAsyncContextManager[Work]:
        """A transaction that only reads."""
        return self.repository.reading()

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[Work]:
        """A transaction that commits what is done once, and that it was."""
        async with self.repository.writing() as work:
            await self._check_entries(work, most=0)
            await self.check(work)
            yield work
            told = {"deed": self.deed, "finding": self.finding}
            await work.audit.append(self.actor, ACTION, self._subject, told, self.at)
            await self._check_entries(work, most=1)  # another process may have been as fast

    @property
    def _subject(self) -> str:
        return f"{ACTION}:{self.key}"

    async def _check_entries(self, work: Work, most: int) -> None:
        if len(await work.audit.entries(self._subject, limit=most + 1)) > most:
            raise DoneBeforeError
