"""`leakwatch asset`: fingerprint, add, import, list, show, remove."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli import _lifecycle
from leakwatch.cli._allowing import register, show_allowed
from leakwatch.cli._describing import Described
from leakwatch.cli._groups import expanded
from leakwatch.cli._naming import warn_of_names
from leakwatch.cli._reading import (
    AlsoOption,
    CacheOption,
    NoCacheOption,
    TableOption,
    fingerprinted,
    print_table,
    report,
    shown_size,
    wanted,
)
from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ByOption,
    ConfigOption,
    JsonOption,
    actor,
    emit,
    now,
    repository,
    run_async,
    say,
)
from leakwatch.display import clean
from leakwatch.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    from leakwatch.assetfiles import Fingerprinted
    from leakwatch.model.asset import Asset

app = typer.Typer(help="Protected works and the fingerprints of their files.", no_args_is_help=True)
register(app)
_lifecycle.register(app)

PathsArgument = Annotated[list[Path], typer.Argument(help="Files and folders; folders are walked.")]
ReplaceOption = Annotated[
    bool, typer.Option("--replace", help="Put these prints in the place of others of the same path.")
]
VariantOption = Annotated[
    str | None,
    typer.Option(
        "--variant",
        metavar="RECIPIENT",
        help="These files are the copy that RECIPIENT was given of a known work.",
    ),
]


@app.command()
def fingerprint(
    paths: PathsArgument,
    also: AlsoOption = "",
    table: TableOption = "",
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
) -> None:
    """Print the fingerprints of files as JSON lines; no database, so it runs where the files lie.

    Interrupted, it goes on at the file where it was: run the same command again.
    """
    result = fingerprinted(paths, cache, no_cache, wanted(also, table), print_each=True)
    raise typer.Exit(report(result))


@app.command()
@expanded
def add(
    paths: PathsArgument,
    described: Described,
    replace: ReplaceOption = False,
    variant: VariantOption = None,
    also: AlsoOption = "",
    table: TableOption = "",
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Register a work with its files, or with --variant the copy of it that a recipient was given.

    A file that cannot be read stops it, and nothing is stored.
    """
    import dataclasses  # noqa: PLC0415

    from leakwatch.service import add_asset  # noqa: PLC0415

    if described.title is None and not (variant and described.ident):
        raise typer.BadParameter("is missing; with --variant, --id does as well", param_hint="--title")
    asset = described.asset()
    result = fingerprinted(paths, cache, no_cache, wanted(also, table), print_each=False)
    if result.problems:
        report(result)
        say("leakwatch: nothing was stored; correct this and run it again, what was read is remembered")
        raise typer.Exit(1)
    if variant:
        _add_variant(described, variant, result, config)
        return

    async def work() -> Asset:
        async with repository(config) as opened:
            whole = dataclasses.replace(await described.identified(asset, opened), files=result.files)
            return await add_asset(whole, opened, now(), replace_files=replace)

    added = run_async(work)
    warn_of_names([added])
    say(f"{added.id}: {len(result.files)} files, {shown_size(sum(f.size_bytes or 0 for f in result.files))}")


def _add_variant(described: Described, variant: str, result: Fingerprinted, config: Path) -> None:
    from leakwatch.recipients import Registered, add_variant  # noqa: PLC0415

    async def work() -> Registered:
        async with repository(config) as opened:
            known = (await described.identified(described.asset(), opened)).id
            return await add_variant(known, variant, result.files, opened, now())

    added = run_async(work)
    ranges = sum(len(file.differs) for file in added.own)
    where = f" in {ranges} range{'s' if ranges != 1 else ''}" if ranges else ""
    say(
        f"{added.asset.id}: the copy of {variant!r} has {len(added.own)} own"
        f" file{'s' if len(added.own) != 1 else ''}, differing{where}; {added.common} are the common ones"
    )


@app.command("import")
@expanded
def import_(
    file: Annotated[
        Path, typer.Argument(help="A catalogue, prints of `asset fingerprint`, or sha256sum output.")
    ],
    described: Described,
    replace: ReplaceOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Register many works, or the files of one; all of the file or, on any mistake in it, nothing."""
    from leakwatch.service import import_catalogue  # noqa: PLC0415

    asset = described.asset() if described.title else None
    if asset is None and described.says_anything:
        raise InputError("these options describe one asset: say which with --title", file=str(file))

    async def work() -> list[Asset]:
        async with repository(config) as opened:
            told = await described.identified(asset, opened) if asset else None
            return await import_catalogue(file, told, opened, now(), replace_files=replace)

    imported = run_async(work)
    warn_of_names(imported)
    files = sum(len(one.files) for one in imported)
    say(f"{len(imported)} asset{'s' if len(imported) != 1 else ''}, {files} files")


@app.command("list")
def list_(as_json: JsonOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """List the registered works."""
    from leakwatch.catalogue import asset_json  # noqa: PLC0415

    async def work() -> list[Asset]:
        async with repository(config) as opened, opened.reading() as reading:
            return await reading.catalogue.all()

    assets = run_async(work)
    if as_json:
        for one in assets:
            emit(asset_json(one))
        return
    from rich.table import Table  # noqa: PLC0415

    table = Table("id", "title", "kind", "year", "files", "size", "marks", box=None, pad_edge=False)
    today = now().date()
    for one in assets:
        marks = [
            name for name, is_set in (("critical", one.critical), ("embargoed", one.embargoed)) if is_set
        ]
        marks += [one.stage.value] if one.stage else []
        marks += ["release window"] if one.in_release_window(now()) else []
        marks += ["allow list expired"] if any(not entry.is_live(today) for entry in one.allow) else []
        size = shown_size(sum(file.size_bytes or 0 for file in one.files))
        year = str(one.year or "")
        table.add_row(
            clean(one.id),
            clean(one.title, 60),
            clean(one.kind or "", 30),
            year,
            str(len(one.files)),
            size,
            " ".join(marks),
        )
    print_table(table if assets else "no assets yet; `leakwatch asset add PATH --title …` registers one")


@app.command()
def show(
    ident: Annotated[str, typer.Argument(metavar="ID")],
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show one work with its files."""
    from leakwatch.catalogue import asset_json  # noqa: PLC0415
    from leakwatch.service import hidden, show_asset  # noqa: PLC0415

    async def work() -> tuple[Asset, list[tuple[str, int, datetime]]]:
        async with repository(config) as opened:
            asset = await show_asset(ident, opened)
            return asset, await hidden(asset.id, opened)

    asset, suppressed = run_async(work)
    from leakwatch.cli._health import health_of, watch_of, watch_value  # noqa: PLC0415

    health = run_async(lambda: health_of(config, now()))
    if as_json:
        emit(asset_json(asset) | {"watch": watch_value(asset.id, health)} | _names_sent(asset))
        return
    from rich.table import Column, Table  # noqa: PLC0415

    for name in (
        "id",
        "title",
        "aliases",
        "year",
        "kind",
        "owner",
        "codename",
        "embargoed",
        "critical",
        "prior_bits",
        "release_at",
        "stage",
        "embargo_until",
        "asked_as",
    ):
        value = getattr(asset, name)
        if value:
            typer.echo(f"{name}: {clean(', '.join(value) if isinstance(value, tuple) else str(value))}")
    typer.echo(f"watch: {watch_of(asset.id, health)}")
    for sent in _names_sent(asset).values():
        typer.echo(clean(f"names sent under embargo: let by {sent['by']} at {sent['at']}", 500))
    show_allowed(asset, suppressed)
    names = ("path", "bytes", "sha256", "pieces_root", "copy of")
    table = Table(*(Column(name, overflow="fold") for name in names), box=None, pad_edge=False)
    for file in asset.files:
        root = file.pieces_root.hex() if file.pieces_root else ""
        table.add_row(
            clean(file.path),
            str(file.size_bytes or ""),
            file.sha256.hex() if file.sha256 else "",
            root,
            clean(file.variant or ""),
        )
    print_table(table)


def _names_sent(asset: Asset) -> dict[str, dict[str, str]]:
    """Who let the names of a work under embargo be sent, and when; nothing where nobody did."""
    if asset.released is None:
        return {}
    at = asset.released.at.isoformat(timespec="seconds")
    return {"names_sent": {"by": asset.released.by, "at": at}}


@app.command()
def remove(
    ident: Annotated[str, typer.Argument(metavar="ID")],
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Remove a work together with its findings."""
    from leakwatch.service import remove_asset  # noqa: PLC0415

    async def work() -> None:
        async with repository(config) as opened:
            await remove_asset(ident, opened, now(), actor(by))

    run_async(work)
    say(f"{ident}: removed")
