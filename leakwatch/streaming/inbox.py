"""Watches a folder that people drop files into: each is read once, committed as any page is, and moved aside.

A file is moved only after what it says was committed: one that is read twice because we died in between changes nothing
the second time. What cannot be used lies in `refused/` with the reason beside it, the rest in `done/`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import structlog

from leakwatch.display import clean
from leakwatch.errors import ConfigError, Refused, SourceError, StoreError, WireError
from leakwatch.model.site import Coverage, CoverageWindow, SiteState
from leakwatch.pipeline import take_page
from leakwatch.ports import Fetcher, Parser
from leakwatch.sources._kind import Page, Payload, Request
from leakwatch.sources._torrents import torrent_page
from leakwatch.sources.inbox import InboxSite, parse
from leakwatch.streaming.stream import Surroundings
from leakwatch.swarm.parser import MetainfoParser

log = structlog.get_logger()

_MAX_BYTES = 64 * 2**20
_MAX_TEXT_BYTES = 4 * 2**20
_MAX_FILES = 200
"""Files of one look; the rest has its turn in the next."""
_SETTLED_S = 1.0
"""A file that was written to more recently may still grow."""
_UNFINISHED = (".part", ".tmp", ".crdownload", ".swp")
_MAX_TRIES = 5
_AGAIN_S = 300.0
_NEVER = timedelta(days=3650)
_PAUSE_S = 1.0
"""Between two pages that lines lead to; the door keeps the pace of each host."""


async def watch_inbox(
    site: str, folder: Path, settings: InboxSite, around: Surroundings, fetcher: Fetcher
) -> NoReturn:
    """Look into the folder until cancelled. The site must be in the database.

    Raises: ConfigError if the folder cannot be used; StoreError.
    """
    async with aclosing(MetainfoParser()) as parser:
        inbox = Inbox(site, folder, around, fetcher, parser)
        inbox.prepare()
        async with around.repository.writing() as work:
            await work.sites.defer(site, around.clock.now() + _NEVER)
        log.info("inbox_watched", source=site, folder=str(folder))
        while True:
            await inbox.look()
            await asyncio.sleep(settings.look_every_s)


@dataclass(slots=True)
class _Seen:
    """What one file came to. `again` are pages that could not be read for now."""

    items: int = 0
    new_items: int = 0
    pages: int = 0
    problems: list[str] = field(default_factory=list[str])
    again: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Inbox:
    """One folder. `tries` and `rests_until` are of files with pages that could not be read, by name."""

    site: str
    folder: Path
    around: Surroundings
    fetcher: Fetcher
    parser: Parser
    tries: dict[str, int] = field(default_factory=dict[str, int])
    rests_until: dict[str, float] = field(default_factory=dict[str, float])

    def prepare(self) -> None:
        """Make the folders. Raises: ConfigError if that cannot be done."""
        try:
            for one in (self.folder, self.folder / "done", self.folder / "refused"):
                one.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"the inbox {self.folder} cannot be used: {error.strerror}") from error

    async def look(self) -> None:
        """Read every file that has come to rest. Raises: ConfigError, StoreError."""
        for path in await asyncio.to_thread(lambda: list(self._waiting())):
            began = self.around.clock.now()
            try:
                body = await asyncio.to_thread(_bytes_of, path)
                seen = await self._read(path.name, body)
            except (SourceError, WireError) as error:
                await self._refuse(path, error.message, began)
                continue
            tries = self.tries.get(path.name, 0) + 1
            if seen.again and tries < _MAX_TRIES:
                self.tries[path.name] = tries
                self.rests_until[path.name] = time.monotonic() + _AGAIN_S
                await self._close(began, seen, Coverage.PARTIAL, "; ".join(seen.again))
                continue
            problems = [*seen.problems, *seen.again]
            if problems:
                _write(self.folder / "done" / f"{path.name}.unread.txt", "\n".join(problems))
            self._forget(path.name)
            told = "; ".join(problems)
            await self._close(began, seen, Coverage.PARTIAL if told else Coverage.OK, told)
            _moved(path, self.folder / "done")
            log.info("inbox_file_read", source=self.site, file=clean(path.name, 200), items=seen.items)

    def _waiting(self) -> Iterator[Path]:
        """Files that are whole, oldest first, a bounded number."""
        try:
            found = [one for one in os.scandir(self.folder) if one.is_file(follow_symlinks=False)]
        except OSError as error:
            raise ConfigError(f"the inbox {self.folder} cannot be read: {error.strerror}") from error
        now, told = time.time(), []
        for one in found:
            if one.name.startswith(".") or one.name.lower().endswith(_UNFINISHED):
                continue
            if time.monotonic() < self.rests_until.get(one.name, 0.0):
                continue
            try:
                changed = one.stat(follow_symlinks=False).st_mtime
            except FileNotFoundError:
                continue
            if not now - _SETTLED_S < changed <= now:
                told.append((changed, one.name))
        return (self.folder / name for _, name in sorted(told)[:_MAX_FILES])

    async def _read(self, name: str, body: bytes) -> _Seen:
        """Commit what a file says, then each page that its lines lead to."""
        payload = self._payload(Request(url=f"inbox:{name}"[:2000]), body)
        if name.lower().endswith(".torrent") or body[:1] == b"d":
            info = await self.parser.info(await self.parser.raw_info(body))
            page = torrent_page(info, payload)
        else:
            page = await asyncio.to_thread(parse, payload)
        seen = _Seen(problems=[page.incomplete] if page.incomplete else [])
        await self._take(page, payload, seen)
        for request in page.next_requests:
            await self._follow(request, seen)
        return seen

    async def _follow(self, request: Request, seen: _Seen) -> None:
        try:
            asked = Request(
                url=request.url, state={**request.state, "site": self.site}, named_by=request.named_by
            )
            payload = await self.fetcher.fetch(asked, min_interval_s=_PAUSE_S)
            page = await asyncio.to_thread(parse, payload)
        except SourceError as error:
            told = f"{request.url}: {error.message}"
            (seen.problems if _is_final(error) else seen.again).append(clean(told, 1000))
            return
        seen.pages += 1
        await self._take(page, payload, seen)

    def _payload(self, request: Request, body: bytes) -> Payload:
        asked = Request(url=request.url, state={"site": self.site})
        return Payload(
            request=asked,
            url=request.url,
            status=200,
            headers={},
            body=body,
            fetched_at=self.around.clock.now(),
        )

    async def _take(self, page: Page, payload: Payload, seen: _Seen) -> None:
        around = self.around
        brain, state = await around.brain(), await self._state()
        taken = await take_page(page, payload, state, brain, around.repository, around.vault)
        seen.items += taken.items
        seen.new_items += len(taken.new_items)
        if taken.alerts or taken.proofs:
            await around.announce(taken.alerts, taken.proofs)

    async def _refuse(self, path: Path, reason: str, began: datetime) -> None:
        """Put a file that cannot be used aside, the reason beside it."""
        told = clean(reason, 1000)
        self._forget(path.name)
        log.warning("inbox_file_refused", source=self.site, file=clean(path.name, 200), error=told)
        await self._close(began, _Seen(), Coverage.PARTIAL, f"{clean(path.name, 200)}: {told}")
        kept = _moved(path, self.folder / "refused")
        _write(kept.with_name(f"{kept.name}.reason.txt"), told)

    def _forget(self, name: str) -> None:
        self.tries.pop(name, None)
        self.rests_until.pop(name, None)

    async def _state(self) -> SiteState:
        async with self.around.repository.reading() as work:
            state = await work.sites.get(self.site)
        if state is None:
            raise StoreError(f"the site {self.site!r} is not in the database")
        return state

    async def _close(self, began: datetime, seen: _Seen, verdict: Coverage, told: str) -> None:
        window = CoverageWindow(
            site=self.site,
            started_at=began,
            ended_at=self.around.clock.now(),
            verdict=verdict,
            pages=1 + seen.pages,
            items=seen.items,
            new_items=seen.new_items,
            detail=clean(told, 1000) or None,
        )
        async with self.around.repository.writing() as work:
            await work.sites.close_poll(window, window.ended_at + _NEVER, 0, None)


def _is_final(error: SourceError) -> bool:
    """Whether asking again helps nobody: the page is gone, private, or not for us."""
    return error.permanent or (isinstance(error, Refused) and error.is_of_item)


def _bytes_of(path: Path) -> bytes:
    """A file's bytes. Raises: SourceError if it is too large or cannot be read."""
    most = _MAX_BYTES if path.name.lower().endswith(".torrent") else _MAX_TEXT_BYTES
    try:
        with path.open("rb") as file:
            body = file.read(most + 1)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}") from error
    if len(body) > most:
        raise SourceError(f"the file has more than {most} bytes; split it")
    return body


def _moved(path: Path, folder: Path) -> Path:
    """Move a file into a folder; where the name is taken, its own gets a part of the time's digest."""
    target = folder / path.name
    if target.exists():
        mark = hashlib.sha256(f"{path.name}{time.time_ns()}".encode()).hexdigest()[:8]
        target = folder / f"{mark}-{path.name}"[:250]
    path.replace(target)
    return target


def _write(path: Path, text: str) -> None:
    path.write_text(text + "\n", "utf-8")
