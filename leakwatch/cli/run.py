"""`leakwatch init`, `run` and `doctor`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from leakwatch.cli._channels import channels, dead
from leakwatch.cli._expired import expired
from leakwatch.cli._shared import DEFAULT_CONFIG, ConfigOption, against_robots, gaps, load, run_async, say
from leakwatch.display import clean
from leakwatch.errors import ConfigError, InputError, LeakwatchError


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(run)
    app.command()(doctor)


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write leakwatch.toml.")] = Path(),
    contact: Annotated[
        str,
        typer.Option(
            "--contact",
            help="How the watched sites can reach you: mailto:… or https://…",
            prompt="Contact (mailto:… or https://…)",
        ),
    ] = ...,  # type: ignore[assignment]
) -> None:
    """Write a commented configuration to begin with; an existing one is left alone."""
    target = folder / "leakwatch.toml"
    if target.exists():
        raise InputError("is there already; it was left as it is", file=str(target))
    is_plain = contact.isascii() and contact.isprintable() and not any(char in contact for char in '"\\')
    if not contact.startswith(("mailto:", "https://")) or not is_plain:
        raise InputError(f"a contact is mailto:… or https://…, not {contact!r}")
    text = (files("leakwatch.cli") / "leakwatch.toml.example").read_text("utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace("@CONTACT@", contact), "utf-8")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=str(target)) from error
    say(f"{target} is written; next: leakwatch asset add PATH --title …, then leakwatch run")


def run(
    once: Annotated[
        bool, typer.Option("--once", help="Read every site once, send what is due, and end.")
    ] = False,
    log_format: Annotated[str, typer.Option("--log-format", help="auto, json or console.")] = "auto",
    log_level: Annotated[str, typer.Option("--log-level", help="debug, info, warning or error.")] = "info",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Watch the configured sites until SIGTERM."""
    if log_format not in ("auto", "json", "console"):
        raise ConfigError(f"no log format {log_format!r}: auto, json or console")
    if log_level not in ("debug", "info", "warning", "error"):
        raise ConfigError(f"no log level {log_level!r}: debug, info, warning or error")
    import structlog  # noqa: PLC0415

    from leakwatch.daemon import keep_little_memory, run_daemon  # noqa: PLC0415
    from leakwatch.logs import configure  # noqa: PLC0415

    configure(log_format, log_level)  # type: ignore[arg-type]
    loaded = load(config)
    for gap in gaps(loaded):
        structlog.get_logger().warning("configuration_gap", gap=gap)
    keep_little_memory()
    failed = run_async(lambda: run_daemon(loaded, once=once))
    if failed:
        say(f"leakwatch: could not be read: {', '.join(sorted(failed))} (`leakwatch source list` says why)")
        raise typer.Exit(3)


def doctor(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Check the installation, the configuration and the data folder; no site and no channel is contacted."""
    checks = [_python(), _data("rules"), _data("alembic"), _libtorrent(), *_configured(config)]
    for good, told in checks:
        say(f"{'ok  ' if good else 'FAIL'} {told}")
    raise typer.Exit(0 if all(good for good, _ in checks) else 1)


def _python() -> tuple[bool, str]:
    import platform  # noqa: PLC0415

    return True, f"Python {platform.python_version()}"


def _data(name: str) -> tuple[bool, str]:
    from leakwatch.data import data_folder  # noqa: PLC0415

    try:
        return True, f"{name}: {data_folder(name)}"
    except LeakwatchError as error:
        return False, error.message


def _libtorrent() -> tuple[bool, str]:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        return True, f"libtorrent {version('libtorrent')}"
    except PackageNotFoundError:
        return False, "libtorrent is not installed: no torrent can be proved"


def _configured(path: Path) -> list[tuple[bool, str]]:
    try:
        loaded = load(path)
    except LeakwatchError as error:
        return [(False, error.message)]
    told = [
        (
            True,
            f"configuration: {len(loaded.sites)} sites, {len(loaded.channels)} channels, {len(loaded.routes)} routes",
        )
    ]
    told += [(True, f"note: {note}") for note in against_robots(loaded)]
    try:
        loaded.data_dir.mkdir(parents=True, exist_ok=True)
        probe = loaded.data_dir / ".write-probe"
        probe.write_bytes(b"x")
        probe.unlink()
        told.append((True, f"data folder: {loaded.data_dir}"))
    except OSError as error:
        return [*told, (False, f"data folder {loaded.data_dir}: {error.strerror}")]
    return [*told, *_database(loaded.store_url)]


def _database(url: str) -> list[tuple[bool, str]]:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from leakwatch.store.migrate import current, newest  # noqa: PLC0415

    try:
        at = run_async(lambda: current(url))
    except (LeakwatchError, OSError, SQLAlchemyError) as error:
        return [(False, f"database: {str(error).splitlines()[0]}")]
    told = [(at in (None, newest()), f"database: revision {at or 'none yet, made at the first start'}")]
    if at != newest():
        return told
    return [*told, *channels(url), *dead(url), *_torrents(url), *((True, one) for one in expired(url))]


def _torrents(url: str) -> list[tuple[bool, str]]:
    """What the daemon looks for and has not found, which is no fault."""
    from leakwatch.store.repository import SqlRepository  # noqa: PLC0415

    async def work() -> dict[str, int]:
        opened = SqlRepository.open(url)
        try:
            async with opened.reading() as work:
                return await work.findings.awaited()
        finally:
            await opened.close()

    return [
        (True, f"torrents that wait for a look: {number}, {clean(reason) or 'not looked for yet'}")
        for reason, number in run_async(work).items()
    ]
