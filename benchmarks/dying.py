"""The command `leakwatch`, which kills itself (SIGKILL) at a named step: a stand-in for a power cut.

    DIE_AT="commit of take_page, before:2" STEPS=steps.log python benchmarks/dying.py run -c leakwatch.toml

Nothing of leakwatch is changed but that the step is noticed: a commit of a transaction (named by the function that
opened it), evidence put on disk, a page fetched, a request posted to a channel, a mail handed over.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import aiosmtplib

from leakwatch.__main__ import main
from leakwatch.crawl.fetcher import HttpFetcher
from leakwatch.crawl.vault import FileVault
from leakwatch.store.repository import SqlRepository

_DIE_AT, _, _VISIT = os.environ.get("DIE_AT", "").rpartition(":")
_STEPS = os.environ.get("STEPS", "")
_visits: Counter[str] = Counter()


def step(name: str) -> None:
    """A step was reached: write it down, or die."""
    _visits[name] += 1
    if _STEPS:
        with Path(_STEPS).open("a") as file:
            file.write(f"{name}\n")
    if name == _DIE_AT and _visits[name] == int(_VISIT):
        os.kill(os.getpid(), signal.SIGKILL)


def around(owner: Any, name: str, told: Callable[..., str]) -> None:
    """Notice when a coroutine function is called and when it has returned."""
    inner = getattr(owner, name)

    @wraps(inner)
    async def noticed(*args: Any, **options: Any) -> Any:
        what = told(*args, **options)
        step(f"{what}, before")
        result = await inner(*args, **options)
        step(f"{what}, after")
        return result

    setattr(owner, name, noticed)


def watch_commits() -> None:
    """Notice each write transaction before and after its commit."""
    inner = SqlRepository.writing

    @asynccontextmanager
    async def noticed(repository: SqlRepository, by: str) -> AsyncIterator[Any]:
        async with inner(repository) as work:
            yield work
            step(f"commit of {by}, before")
        step(f"commit of {by}, after")

    def writing(repository: SqlRepository) -> AbstractAsyncContextManager[Any]:
        return noticed(repository, sys._getframe(1).f_code.co_name)  # noqa: SLF001 - the name of who asks

    SqlRepository.writing = writing  # type: ignore[method-assign]


def watch_evidence() -> None:
    """Notice evidence that is put on disk."""
    inner = FileVault.put

    def put(vault: FileVault, data: bytes) -> str:
        step("evidence put, before")
        digest = inner(vault, data)
        step("evidence put, after")
        return digest

    FileVault.put = put  # type: ignore[method-assign]


def posted(_fetcher: HttpFetcher, url: str, **_: Any) -> str:
    """The name of a post: to which channel."""
    return f"post to {url.split('?', maxsplit=1)[0].rsplit('/', 1)[-1]}"


if __name__ == "__main__":
    watch_commits()
    watch_evidence()
    around(HttpFetcher, "fetch", lambda *_, **__: "fetch")
    around(HttpFetcher, "post", posted)
    around(aiosmtplib.SMTP, "data", lambda *_, **__: "mail")
    sys.exit(main())
