"""Whether the files of the configuration have changed while the daemon runs, and what of a change can be taken."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from leakwatch.config import SITES_FOLDER, Config, load_config
from leakwatch.errors import LocatedError
from leakwatch.rulepack.schema import RulePack
from leakwatch.service import load_rules
from leakwatch.sources._kind import FileText

Stamp = tuple[tuple[str, int, int], ...]
"""The files by name, with their sizes and the times of their last change."""

Take = Callable[[Config, RulePack], Awaitable[None]]

log = structlog.get_logger()

_TAKEN = {"file", "sites", "secrets"}


@dataclass(slots=True)
class Changes:
    """Reads the configuration anew, once for each change of its files.

    Nothing is read while somebody is still writing: the files must be as they were at the last look.
    """

    taken: Stamp
    before: Stamp | None = None

    async def look(self, old: Config, take: Take) -> None:
        """Where the files have changed, give what they say to `take`; where it is wrong, tell it and keep the old."""
        now = await asyncio.to_thread(stamp_of, old)
        is_settled, self.before = now == self.before, now
        if now == self.taken or not is_settled:
            return
        self.taken = now
        try:
            read = await asyncio.to_thread(load_config, old.file)
            kinds = {site.name: site.kind for site in read.sites}
            pack = await asyncio.to_thread(load_rules, old.rules_dir, kinds)
        except LocatedError as error:
            log.error("configuration_kept", error=error.message, remedy="`leakwatch config check`")
            return
        left = _waiting(old, read)
        if left:
            log.warning("configuration_waits", parts=left, remedy="restart the daemon to take them")
        if (read.sites, read.secrets) != (old.sites, old.secrets):
            await take(read, pack)


def stamp_of(config: Config) -> Stamp:
    """The files that the sites stand in, and the definitions that these name."""
    folder = config.file.parent
    files = [config.file, *sorted((folder / SITES_FOLDER).glob("*.toml")), *_named(config)]
    return tuple(_stamp(file) for file in files)


def _waiting(old: Config, new: Config) -> list[str]:
    """The parts of a configuration that have changed and are taken at the next start only."""
    names = [one.name for one in dataclasses.fields(Config) if one.name not in _TAKEN]
    return [name for name in names if getattr(old, name) != getattr(new, name)]


def _named(config: Config) -> list[Path]:
    """Files that settings of sites name and that were read with them."""
    told = [
        getattr(site.settings, one.name) for site in config.sites for one in dataclasses.fields(site.settings)
    ]
    return sorted({config.file.parent / one.file for one in told if isinstance(one, FileText)})


def _stamp(file: Path) -> tuple[str, int, int]:
    try:
        seen = file.stat()
    except OSError:
        return str(file), -1, -1
    return str(file), seen.st_size, seen.st_mtime_ns
