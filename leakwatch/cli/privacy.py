"""`leakwatch privacy`: what is kept of people, and how one of them is erased."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ByOption,
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
from leakwatch.display import clean, escaped_json
from leakwatch.errors import InputError

if TYPE_CHECKING:
    from leakwatch.persons import Erased, Kept

app = typer.Typer(help="What is kept of people.", no_args_is_help=True)
_AUTHOR_HELP = "Somebody on one platform: github.com:somebody, or as a pseudonym github.com:author-7f3a…"


@app.command("report")
def report_(as_json: JsonOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Tell what personal data is kept where, why, and for how long."""
    from leakwatch.persons import report  # noqa: PLC0415

    told = load(config)

    async def work() -> list[Kept]:
        async with repository(config) as opened:
            return await report(told.privacy.authors, told.retention, opened)

    for one in run_async(work):
        if as_json:
            emit(dataclasses.asdict(one))
            continue
        count = "" if one.count is None else f" ({one.count} rows)"
        typer.echo(f"{one.what}\n  where: {one.where}{count}\n  why: {one.why}\n  how long: {one.how_long}")


@app.command("export")
def export_(
    author: Annotated[str | None, typer.Option("--author", metavar="A", help=_AUTHOR_HELP)] = None,
    mail: Annotated[str | None, typer.Option("--mail", metavar="M", help="A mail address.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Print all that is stored about a person, as JSON, with where it is."""
    from leakwatch.persons import open_authors, tell_author, tell_mail  # noqa: PLC0415

    if (author is None) == (mail is None):
        raise InputError("give either --author or --mail")
    told = load(config)

    async def work() -> dict[str, Any]:
        async with repository(config) as opened:
            if mail is not None:
                return await tell_mail(mail, opened)
            return await tell_author(author or "", open_authors(told.privacy.authors, told.data_dir), opened)

    found = run_async(work)
    typer.echo(escaped_json(json.dumps(found, ensure_ascii=False, default=str)))


@app.command("erase")
def erase_(
    author: Annotated[str, typer.Option("--author", metavar="A", help=_AUTHOR_HELP)],
    reason: Annotated[str, typer.Option("--reason", help="Why, without the name; kept in the audit.")],
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Drop pages that only his posts need, too.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Erase a person: a tombstone stands where his name or pseudonym stood."""
    from leakwatch.persons import KEPT_BECAUSE, drop_bytes, erase, open_authors  # noqa: PLC0415

    told = load(config)

    async def work() -> Erased:
        async with repository(config) as opened:
            return await erase(
                author,
                open_authors(told.privacy.authors, told.data_dir),
                opened,
                reason=reason,
                actor=actor(by),
                at=now(),
                with_evidence=evidence,
                dry_run=dry_run,
            )

    done = run_async(work)
    if not dry_run:
        drop_bytes(done.dropped, told.data_dir / "evidence")
    would = "would change" if dry_run else "changed"
    say(f"{would}: " + ", ".join(f"{count} {table}" for table, count in done.rows.items()))
    for one in done.dropped:
        typer.echo(f"dropped\t{one.digest}\t{one.site}\t{clean(one.url, 300)}")
    for one in done.kept:
        typer.echo(f"kept\t{one.digest}\t{one.site}\t{clean(one.url, 300)}")
    for one in done.notices:
        typer.echo(f"kept\tnotice {one.id}\t{one.state}")
    if done.kept:
        why = (
            "others, or proofs, need them"
            if evidence
            else f"{KEPT_BECAUSE}; --evidence drops those that only his posts need"
        )
        say(f"{len(done.kept)} pages are kept: {why}")
