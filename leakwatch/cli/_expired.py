"""Entries of allow lists that have expired: what was hidden until then wakes somebody again."""

from __future__ import annotations

from pathlib import Path

from leakwatch.cli._shared import now, run_async, say
from leakwatch.display import clean
from leakwatch.errors import LeakwatchError

_SHOWN = 20


def expired(url: str) -> list[str]:
    """One line for each expired entry, the first twenty; the database is read and must be up to date."""
    from leakwatch.store.repository import SqlRepository  # noqa: PLC0415

    async def work() -> list[str]:
        opened = SqlRepository.open(url)
        today = now().date()
        try:
            async with opened.reading() as work:
                lists = await work.catalogue.allow_lists()
        finally:
            await opened.close()
        return [
            f"allow list of {clean(asset)}: {clean(entry.name)} expired on {entry.until}, without effect"
            for asset, entries in lists.items()
            for entry in entries
            if not entry.is_live(today)
        ]

    found = run_async(work)
    more = [f"{len(found) - _SHOWN} more entries of allow lists have expired"] if len(found) > _SHOWN else []
    return found[:_SHOWN] + more


def note_expired(url: str) -> None:
    """The same as notes, where the database is a file that is there: asking a server would be to contact somebody."""
    from sqlalchemy.engine import make_url  # noqa: PLC0415

    from leakwatch.store.engine import async_url  # noqa: PLC0415
    from leakwatch.store.migrate import current, newest  # noqa: PLC0415

    if not url.startswith("sqlite"):
        say("note: allow lists are in the database, which was not asked; `leakwatch doctor` asks it")
        return
    if not Path(make_url(async_url(url)).database or "").is_file():
        return
    try:
        at = run_async(lambda: current(url))
        told = expired(url) if at == newest() else []
    except LeakwatchError as error:
        told = [f"allow lists were not looked at: {clean(error.message, 300)}"]
    for one in told:
        say(f"note: {one}")
