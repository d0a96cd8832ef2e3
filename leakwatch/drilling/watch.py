"""The folder in which drills are handed in, below the data folder: who can write there can write the database as well.

What lies there is read by the parser of the kind `inbox`, matched, judged, announced and delivered as any item is; its
finding is marked as a drill. What became of it is written beside it for the command that waits.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from leakwatch.display import clean
from leakwatch.errors import LeakwatchError, StoreError
from leakwatch.model.asset import AssetId
from leakwatch.model.observation import short_key
from leakwatch.pipeline import Brain, take_page
from leakwatch.ports import Clock, Repository, Vault
from leakwatch.sources._kind import Payload, Request
from leakwatch.sources.inbox import KIND

DRILL = "drill"
SITE = ("drill", KIND.name, KIND.name)
"""The site of drills as the database knows it: name, kind, host."""
_NAME = re.compile(r"([0-9a-f]{16})-([0-9a-f]{16})@([A-Za-z0-9][A-Za-z0-9_.-]{0,63})\.(?:torrent|txt)\Z")
_MOST_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item: the finding that it opened, or why it opened none."""

    finding: str = ""
    why: str = ""


def hand_in(folder: Path, token: str, asset: AssetId, site: str, suffix: str, body: bytes) -> Path:
    """Lay an item into the folder, whole. Raises: StoreError."""
    path = folder / f"{token}-{_digest(asset)}@{site}{suffix}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}")
        draft.write_bytes(body)
        draft.replace(path)
    except OSError as error:
        raise StoreError(f"the drill cannot be handed in at {folder}: {error.strerror}") from error
    return path


def outcome_of(path: Path) -> Outcome | None:
    """What became of an item that was handed in, once that is known; the answer is taken away."""
    answer = _answer(path)
    try:
        told = json.loads(answer.read_text("utf-8"))
        answer.unlink()
    except FileNotFoundError:
        return None
    return Outcome(str(told["finding"]), str(told["why"]))


def _answer(path: Path) -> Path:
    return path.with_name(f".{path.name}.outcome")


def _digest(asset: AssetId) -> str:
    return hashlib.sha256(asset.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(slots=True)
class Drills:
    """One folder. `announce` is told what a committed item caused."""

    folder: Path
    brain: Callable[[], Awaitable[Brain]]
    repository: Repository
    vault: Vault
    clock: Clock
    announce: Callable[[int, int], Awaitable[None]]

    async def look(self) -> int:
        """Take every item in the folder; answers how many there were. Raises: StoreError."""
        found = await asyncio.to_thread(self._waiting)
        for path in found:
            try:
                outcome = await self._take(path)
            except LeakwatchError as error:
                outcome = Outcome(why=clean(error.message, 500))
            told = json.dumps({"finding": outcome.finding, "why": outcome.why})
            _answer(path).write_text(told, "utf-8")
            path.unlink(missing_ok=True)
        return len(found)

    def _waiting(self) -> list[Path]:
        try:
            names = sorted(one.name for one in os.scandir(self.folder) if one.is_file(follow_symlinks=False))
        except FileNotFoundError:
            return []
        return [self.folder / name for name in names if _NAME.match(name)]

    async def _take(self, path: Path) -> Outcome:
        """Let one item go the way that all items go."""
        named = _NAME.match(path.name)
        digest, site = (named[2], named[3]) if named else ("", "")
        brain = await self.brain()
        asset = next((one for one in brain.index.assets if _digest(one) == digest), None)
        if asset is None:
            return Outcome(why="there is no such asset any more")
        payload = self._payload(path, site)
        page = await asyncio.to_thread(KIND.parse, payload)
        async with self.repository.reading() as work:
            state = await work.sites.get(DRILL)
        if state is None:
            raise StoreError("the site of drills is not in the database")
        taken = await take_page(page, payload, state, brain, self.repository, self.vault, drill=asset)
        keys = [short_key(f"item:{one.site}/{one.native_id}") for one in page.observations]
        async with self.repository.reading() as work:
            holders = await work.findings.holders(asset, keys)
        if not holders:
            return Outcome(why="the item was not matched: names alone may be too common; register its files")
        await self.announce(taken.alerts, 0)
        return Outcome(finding=holders[0].id)

    def _payload(self, path: Path, site: str) -> Payload:
        request = Request(url=f"drill:{path.name}", state={"site": site})
        body = path.read_bytes()[:_MOST_BYTES]
        return Payload(
            request=request,
            url=request.url,
            status=200,
            headers={},
            body=body,
            fetched_at=self.clock.now(),
        )
