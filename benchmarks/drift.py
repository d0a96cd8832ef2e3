"""Layout drift: how many changes of a site's layout are found within two polls, and how often a quiet site is accused.

Recorded feeds are taken apart, and every poll draws a new page from their items, with ids and times of its own and with
the fields that items lack by nature; sites of other kinds, with JSON and HTML, are composed from words. Real polls read
them over loopback: door, kind, database, ledger. A site is learned for ten polls, then changed; a change counts where it
alters what the kind reads, and is drawn again where it does not. It is found where the verdict of one of the next two
polls is *drift*. Quiet polls are as the first ten.

    python benchmarks/drift.py [--seed 1] [--changes 30] [--quiet 500] [--kinds reddit,page]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from drift_composed import composed
from drift_json import ONE_ROW
from drift_mutations import Mutation, draw
from drift_pages import NOON, Documents, Site, answer, changed, largest, observed, recorded, told

from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.crawl.vault import FileVault
from leakwatch.limited.reading import parsed
from leakwatch.matching.index import build_index
from leakwatch.model.route import Routing
from leakwatch.model.site import Coverage, CoverageWindow
from leakwatch.pipeline import Brain
from leakwatch.polling import SiteConfig, poll
from leakwatch.service import load_rules, load_weights
from leakwatch.sources._kind import Page, Payload, PolledKind
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

_LEARNED = 10


class Here:
    """Reads pages in this process: what is measured here is not its limits."""

    async def read(self, kind: PolledKind, payload: Payload) -> Page:
        """What a page holds."""
        return parsed(kind, payload)


@dataclass
class Desk:
    """A server that answers with one page, a clock, and what polls."""

    repository: SqlRepository
    vault: FileVault
    brain: Brain
    url: str = ""
    documents: Documents = field(default_factory=dict[str, bytes])
    at: datetime = NOON
    fetcher: HttpFetcher = field(init=False)

    def now(self) -> datetime:
        """The time."""
        return self.at

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; the first part of a path says which poll it is of."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        await reader.readexactly(int(length[1]) if length else 0)
        path = unquote(urlsplit(head.split()[1].decode()).path)
        body = answer(self.documents, path[path.find("/", 1) :]) if path != "/robots.txt" else None
        status = b"200 OK" if body is not None else b"404 Not Found"
        told = b"HTTP/1.1 %s\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        writer.write(told % (status, len(body or b"")) + (body or b""))
        await writer.drain()
        writer.close()

    async def poll(self, name: str, site: Site, documents: Documents) -> CoverageWindow:
        """Poll a site that answers so, ten minutes later."""
        self.documents, self.at = documents, self.at + timedelta(minutes=10)
        settings = site.settings(f"{self.url}/{self.at.timestamp():.0f}")  # answers of one address are shared
        config = SiteConfig(
            name=name,
            kind=site.kind.name,
            settings=settings,
            min_interval_s=0.0,
            max_requests=site.requests,
        )
        async with self.repository.reading() as work:
            state = await work.sites.get(name)
        assert state

        async def nobody(alerts: int, proofs: int) -> None:
            """Nobody listens."""

        tools = (self.brain, self.repository, self.vault, self.fetcher, Here(), self)
        done = await poll(config, site.kind, state, *tools, lambda: False, lambda _, at: at, nobody)
        return done.window


@asynccontextmanager
async def desk(names: list[str]) -> AsyncIterator[Desk]:
    """A database with these sites, a server, and the door."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/drift.db"
        await upgrade(url)
        repository = SqlRepository.open(url)
        brain = Brain(build_index([]), load_weights(), load_rules(None), Routing())
        made = Desk(repository, FileVault(Path(folder) / "vault"), brain)
        server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
        made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with repository.writing() as work:
            await work.sites.sync([(name, name.partition(":")[0], "host") for name in names], NOON)
        settings = DoorSettings(
            contact="mailto:bench@leakwatch.invalid", allow_hosts=frozenset({"127.0.0.1"})
        )
        async with HttpFetcher(
            settings, secret=lambda _: "id-of-the-benchmark:secret-of-the-benchmark", clock=made
        ) as made.fetcher:
            yield made
        server.close()
        await server.wait_closed()
        await repository.close()


async def quiet(all_sites: list[Site], polls: int, rng: random.Random) -> list[str]:
    """False alarms in so many quiet polls after the learning, or in the learning."""
    alarms: list[str] = []
    each = -(-polls // len(all_sites))
    async with desk([one.name for one in all_sites]) as made:
        done = 0
        for site in all_sites:
            for number in range(_LEARNED + min(each, polls - done)):
                window = await made.poll(site.name, site, site.page(rng, made.at))
                if window.verdict is Coverage.DRIFT:
                    alarms.append(f"{site.name}, poll {number}: {window.detail}")
            done += min(each, polls - done)
    return alarms


async def broken(
    all_sites: list[Site], changes: int, rng: random.Random
) -> tuple[int, list[str], Counter[int]]:
    """How many changes were found, the others, and after how many polls."""
    chosen = [
        (f"{site.name}#{number}", site) for number, site in enumerate(rng.choices(all_sites, k=changes))
    ]
    found, missed, when = 0, list[str](), Counter[int]()
    async with desk([name for name, _ in chosen]) as made:
        for name, site in chosen:
            for _ in range(_LEARNED):
                await made.poll(name, site, site.page(rng, made.at))
            change = drawn(site, rng, made.at)
            tries = 0
            while tries < 2:
                tries += 1
                window = await made.poll(name, site, changed(site.page(rng, made.at), change.change))
                if window.verdict is Coverage.DRIFT:
                    break
            is_found = window.verdict is Coverage.DRIFT
            found += is_found
            when[tries] += is_found
            missed += [] if is_found else [f"{name}: {change.name} ({window.verdict.value})"]
            print(
                f"  {name}: {change.name}: {window.verdict.value}, poll {tries}: {(window.detail or '')[:160]}",
                flush=True,
            )
    return found, missed, when


def drawn(site: Site, rng: random.Random, at: datetime) -> Mutation:
    """A change after which the kind reads something else, other markup in a text aside.

    For kinds that ask only for what is new, one row is a quiet hour and no change.
    """
    while True:
        page = site.page(rng, at)
        change = draw(rng, largest(page))
        before, after = observed(site, page, at), observed(site, changed(page, change.change), at)
        is_quiet = not site.kind.is_window and 0 < len(after) < len(before)
        if told(before) != told(after) and not (change.name == ONE_ROW and is_quiet):
            return change


def main() -> None:
    """Print both figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changes", type=int, default=30)
    parser.add_argument("--quiet", type=int, default=500)
    parser.add_argument("--kinds", default="", help="only these, with commas between them")
    options = parser.parse_args()
    data = Path(os.environ.get("LEAKWATCH_SHARED_DATA", "../shared/data"))
    all_sites = [*recorded(data / "payloads"), *composed()]
    if options.kinds:
        all_sites = [one for one in all_sites if one.kind.name in options.kinds.split(",")]
    print(f"{len(all_sites)} sites: {', '.join(one.name for one in all_sites)}")
    found, missed, when = asyncio.run(broken(all_sites, options.changes, random.Random(options.seed)))
    alarms = asyncio.run(quiet(all_sites, options.quiet, random.Random(options.seed + 1)))
    print(
        f"found within two polls: {found} of {options.changes} (in the first {when[1]}, in the second {when[2]})"
    )
    for one in missed:
        print(f"  missed: {one}")
    print(f"false alarms in {options.quiet} quiet polls: {len(alarms)}")
    for one in alarms:
        print(f"  {one}")


if __name__ == "__main__":
    main()
