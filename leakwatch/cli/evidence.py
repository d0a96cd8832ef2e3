"""`leakwatch evidence`: packs that others can check, and how much room the evidence takes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    actor,
    emit,
    load,
    now,
    repository,
    run_async,
    say,
)
from leakwatch.cli._writing import whole_file
from leakwatch.cli.audit import anchor_of
from leakwatch.errors import InputError

if TYPE_CHECKING:
    from leakwatch.evidence.dossier import Dossier

app = typer.Typer(help="What was kept, to be shown to others.", no_args_is_help=True)
_MAX_PACK = 2 * 2**30


@app.command()
def pack(
    ident: Annotated[str, typer.Argument(metavar="FINDING")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; else FINDING.zip.")
    ] = None,
    with_authors: Annotated[
        bool, typer.Option("--with-authors", help="Name those who posted, instead of pseudonyms.")
    ] = False,
    redact_others: Annotated[
        bool,
        typer.Option(
            "--redact-others", help="Leave out what names other works under embargo; say what, and why."
        ),
    ] = False,
    by: Annotated[str | None, typer.Option("--by", help="Who makes the pack; kept in the audit.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write everything about a finding into one zip that anybody can check; the same evidence gives the same bytes."""
    from leakwatch.crawl.vault import FileVault  # noqa: PLC0415
    from leakwatch.evidence.dossier import PACKED, gather  # noqa: PLC0415
    from leakwatch.evidence.others import named_in, texts_that_name, without_others  # noqa: PLC0415
    from leakwatch.evidence.pack import build  # noqa: PLC0415

    loaded = load(config)
    certificate = loaded.beside(loaded.evidence.timestamp_certificate)
    certificates = (_read(certificate),) if certificate else ()
    vault = FileVault(loaded.data_dir / "evidence")

    async def work() -> tuple[Dossier, bytes, dict[str, set[str]]]:
        async with repository(config) as opened:
            dossier = await gather(ident, opened, vault)
            names, named = await named_in(dossier, opened)
            texts = texts_that_name(dossier, names)
            if redact_others:
                dossier = without_others(dossier, names, named)
            made = build(dossier, by_name=with_authors, certificates=certificates)
            told = {"sha256": hashlib.sha256(made).hexdigest(), "with_authors": with_authors}
            told |= {"left_out": len(dossier.left_out)} if redact_others else {}
            async with opened.writing() as work:
                await work.audit.append(actor(by), PACKED, dossier.finding.id, told, now())
            return dossier, made, {**{f"bodies/{one}": works for one, works in named.items()}, **texts}

    dossier, made, named = run_async(work)
    target = output or Path(f"{dossier.finding.id}.zip")
    with whole_file(target) as file:
        file.write(made)
    for digest in dossier.lost:
        say(f"could not be read, and is not in the pack: {digest}")
    if dossier.asset.embargoed:
        say("the pack names a work under embargo")
    _tell_others(named, left_out=redact_others)
    typer.echo(f"{hashlib.sha256(made).hexdigest()}  {target}")


def _tell_others(named: dict[str, set[str]], *, left_out: bool) -> None:
    """Say which parts of a pack name other works under embargo, by their code names, and what was done about it."""
    for name, works in sorted(named.items()):
        what = "left out, because it names" if left_out else "names"
        say(f"{name}: {what} {', '.join(sorted(works))}, another work under embargo")
    if named and not left_out:
        say("pass this pack on only to who may know of these works, or make it with --redact-others")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="PACK")],
    anchor: Annotated[
        list[str] | None, typer.Option("--anchor", help="What `audit head` printed earlier; may be repeated.")
    ] = None,
    certificate: Annotated[
        list[Path] | None,
        typer.Option("--certificate", help="A certificate (PEM) that you trust for time stamps."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check a pack offline, without database or configuration; ends with 1 and the names of what is wrong."""
    from leakwatch.evidence.checking import verify as check  # noqa: PLC0415

    trusted = tuple(_read(one) for one in certificate or ())
    checked = check(_read(file), anchors=dict(map(anchor_of, anchor or ())), certificates=trusted)
    if as_json:
        emit({"problems": checked.problems, "notes": checked.notes})
    else:
        for note in checked.notes:
            say(f"note: {note}")
        for problem in checked.problems:
            say(f"FAIL {problem}")
    if checked.problems:
        raise typer.Exit(1)
    say(f"ok: {len(checked.members)} files")


@app.command("usage")
def usage_(as_json: JsonOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Say how much room the evidence takes, how much of it findings need, and what the budget is."""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415

    from leakwatch.crawl.vault import FileVault  # noqa: PLC0415
    from leakwatch.evidence.room import usage  # noqa: PLC0415

    loaded = load(config)
    settings = loaded.evidence
    vault = FileVault(loaded.data_dir / "evidence", settings.min_free_bytes)
    expired = datetime.min.replace(tzinfo=UTC)
    if settings.keep_days:
        expired = now() - timedelta(days=settings.keep_days)

    async def work() -> set[str]:
        async with repository(config) as opened, opened.reading() as work:
            return await work.evidence.needed(expired)

    found = usage(vault.files(), run_async(work))
    told = {
        "files": found.files,
        "total_bytes": found.total_bytes,
        "needed_files": found.needed_files,
        "needed_bytes": found.needed_bytes,
        "max_bytes": settings.max_bytes,
        "has_room": vault.has_room(),
    }
    if as_json:
        emit(told)
        return
    of = (
        f"{found.total_bytes / 2**20:.1f} MiB in {found.files} files, of {settings.max_bytes / 2**20:.0f} MiB"
    )
    typer.echo(f"kept: {of}")
    typer.echo(f"needed by findings: {found.needed_bytes / 2**20:.1f} MiB in {found.needed_files} files")
    if found.needed_bytes > settings.max_bytes:
        typer.echo("that is more than the budget: nothing of it is thrown away; raise evidence.max_bytes")
    if not vault.has_room():
        typer.echo("the disk is too full: the crawl waits (evidence.min_free_bytes)")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_PACK:
            raise InputError(f"larger than {_MAX_PACK} bytes", file=str(path))
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error
