"""What several commands share: options, the open repository, output."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from leakwatch.display import clean, escaped_json
from leakwatch.errors import StoreError

if TYPE_CHECKING:
    from leakwatch.cases.telling import Tell
    from leakwatch.config import Config
    from leakwatch.model.asset import Asset
    from leakwatch.model.finding import Finding, FindingEvent
    from leakwatch.ports import Work
    from leakwatch.store.repository import SqlRepository

T = TypeVar("T")

ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="LEAKWATCH_CONFIG", help="The configuration file.", show_default=True
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one value a line.")]
DEFAULT_CONFIG = Path("leakwatch.toml")
_LEAST_ROOM = 20


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def say(text: str) -> None:
    """A line of talk, to stderr."""
    typer.echo(text, err=True)


def emit(value: Any) -> None:
    """One JSON value on a line of stdout; what steers a terminal or is no UTF-8 stands there as an escape of JSON."""
    sys.stdout.write(escaped_json(json.dumps(value, ensure_ascii=False, default=str)) + "\n")


def print_hung(first: str, rest: str) -> None:
    """A line; on a terminal that is too narrow its `rest` goes on below itself, and `first` stands alone."""
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    room = columns - len(first)
    if columns == 0 or room < _LEAST_ROOM:
        typer.echo(first + rest)
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    lines = Text(rest).wrap(Console(width=columns), room, overflow="fold")
    for number, line in enumerate(lines):
        typer.echo((first if number == 0 else " " * len(first)) + line.plain.rstrip())


def load(path: Path) -> Config:
    """The configuration. Raises: ConfigError."""
    from leakwatch.config import load_config  # noqa: PLC0415 - pulls in httpx and more, which `--help` does without

    return load_config(path)


def against_robots(config: Config) -> list[str]:
    """The sites that are read against their robots.txt, each with the operator's reason."""
    return [
        f"the site {site.name!r} is read against its robots.txt: {clean(site.ignore_robots_because, 300)}"
        for site in config.sites
        if site.robots == "ignore"
    ]


def gaps(config: Config) -> list[str]:
    """What a correct configuration leaves undone, for which an operator might wait in vain."""
    from leakwatch.model.finding import Severity  # noqa: PLC0415
    from leakwatch.model.route import Facts  # noqa: PLC0415
    from leakwatch.routing.tree import channels_of, legs_of  # noqa: PLC0415

    found = [
        f"no route leads to the channel {one.name!r}"
        for one in config.channels
        if one.name not in channels_of(config.routes)
    ]
    if not any(site.enabled for site in config.sites):
        found.append("no site is enabled, so nothing is watched")
    if not config.routes:
        found.append("without [[routes]] nobody is alerted; findings are only listed")
    elif not legs_of(config.routes, Facts(severity=Severity.LOW)):
        found.append(
            "nobody is told of a finding that no route matches, and no route takes all: "
            "a last one without `match` would, and `leakwatch route explain --asset ID` tries one"
        )
    if config.swarm.enabled and not config.swarm.dht_bootstrap:
        found.append("without swarm.dht_bootstrap no peers are found, so no torrent can be proved")
    found += against_robots(config)
    from leakwatch.sources.dht import DhtSite  # noqa: PLC0415

    for site in config.sites:
        if not (site.enabled and isinstance(site.settings, DhtSite)):
            continue
        if not config.swarm.enabled:
            found.append(f"the site {site.name!r} hears nothing: [swarm] is not enabled")
        elif not (site.settings.bootstrap or config.swarm.dht_bootstrap):
            found.append(f"the site {site.name!r} has no DHT node to begin with: set its bootstrap")
    return found


def make_data_folder(config: Config) -> None:
    """The data folder, made if it is not there. Raises: StoreError."""
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the data folder {config.data_dir} cannot be made: {error.strerror}") from error


@asynccontextmanager
async def repository(path: Path) -> AsyncGenerator[SqlRepository]:
    """The database that the configuration names, made or brought up to date first."""
    from leakwatch.store.migrate import upgrade  # noqa: PLC0415
    from leakwatch.store.repository import SqlRepository  # noqa: PLC0415

    config = load(path)
    make_data_folder(config)
    opened = SqlRepository.open(config.store_url)
    try:
        await upgrade(config.store_url)
        yield opened
    finally:
        await opened.close()


def run_async(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end."""
    return asyncio.run(work())


ByOption = Annotated[
    str | None,
    typer.Option("--by", envvar="LEAKWATCH_ACTOR", help="Who does this, for the audit; else the login name."),
]


def actor(by: str | None) -> str:
    """Who does it, for history and audit."""
    told = (by or os.environ.get("LEAKWATCH_ACTOR") or getpass.getuser()).strip()
    if not told:
        raise typer.BadParameter("a name is needed: give --by, or set LEAKWATCH_ACTOR")
    return clean(told, 100)


def teller(path: Path) -> Tell:
    """How an act of a person is told: as the configuration's routes say."""
    from leakwatch.pipeline import tell_event  # noqa: PLC0415 - pulls in the matcher

    routes = load(path).routing

    async def tell(event: FindingEvent, finding: Finding, asset: Asset, work: Work, /) -> int:
        return await tell_event(event, finding, asset, routes, work)

    return tell
