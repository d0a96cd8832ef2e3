"""`leakwatch audit`: what was kept and done, as a chain that nobody can change unnoticed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli._shared import DEFAULT_CONFIG, ConfigOption, JsonOption, emit, repository, run_async, say
from leakwatch.display import clean
from leakwatch.errors import InputError, StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from leakwatch.model.audit import AuditEntry

app = typer.Typer(help="Who did what, and what was kept.", no_args_is_help=True)
_ANCHOR = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})\Z")
_BATCH = 1000


@app.command("list")
def list_(
    subject: Annotated[
        str | None, typer.Option("--subject", help="Only entries about this: a finding, an asset, a site.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """List the entries, oldest first."""

    async def work() -> None:
        async for one in _entries(config, subject):
            if as_json:
                emit(_entry_json(one))
            else:
                at = one.at.isoformat(timespec="seconds")
                told = (one.actor, one.action, one.subject)
                typer.echo(
                    "\t".join((str(one.seq), at, *(clean(text, 80) for text in told), clean(one.detail, 300)))
                )

    run_async(work)


@app.command()
def head(as_json: JsonOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Print the end of the chain as NUMBER:DIGEST: kept elsewhere, it is an anchor for `audit verify`."""

    async def work() -> AuditEntry | None:
        async with repository(config) as opened, opened.reading() as work:
            return await work.audit.head()

    last = run_async(work)
    if last is None:
        raise StoreError("there is no entry yet")
    if as_json:
        emit({"seq": last.seq, "digest": last.digest, "at": last.at.isoformat()})
    else:
        typer.echo(f"{last.seq}:{last.digest}")


@app.command()
def verify(
    anchor: Annotated[
        list[str] | None,
        typer.Option("--anchor", help="What `audit head` printed earlier; may be repeated."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Check that no entry was changed or left out, and that the chain passes through each anchor; else exit 1."""
    anchors = dict(anchor_of(one) for one in anchor or ())

    async def work() -> tuple[int, list[str]]:
        from leakwatch.model.audit import broken_at  # noqa: PLC0415

        before: AuditEntry | None = None
        problems: list[str] = []
        erased, named = set[int](), set[int]()
        async for one in _entries(config, None):
            if one.is_erased:
                erased.add(one.seq)
            if one.action == "person.erased":
                named |= erased_by(one)
            if broken_at([one], before) is not None:
                problems.append(f"entry {one.seq} was changed, or one before it is missing")
            if anchors.pop(one.seq, one.digest) != one.digest:
                problems.append(f"entry {one.seq} is not the one that its anchor names")
            before = one
        problems += [f"there is no entry {seq}, which an anchor names" for seq in anchors]
        problems += [f"entry {seq} is erased, and no later entry says so" for seq in sorted(erased - named)]
        return before.seq if before else 0, problems

    count, problems = run_async(work)
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(1)
    say(f"{count} entries hang together")


def erased_by(entry: AuditEntry) -> set[int]:
    """The entries that the erasure of a person, which this one tells of, has put out; none that are not before it."""
    told = _object(entry.detail)
    seqs = told.get("audit_entries", []) if isinstance(told, dict) else []
    return {one for one in seqs if isinstance(one, int) and one < entry.seq}


def anchor_of(text: str) -> tuple[int, str]:
    """An end of the chain that somebody kept. Raises: InputError."""
    found = _ANCHOR.match(text.strip())
    if not found:
        raise InputError(f"an anchor is NUMBER:DIGEST as `audit head` prints it, not {clean(text, 90)!r}")
    return int(found[1]), found[2]


async def _entries(config: Any, subject: str | None) -> AsyncGenerator[AuditEntry]:
    after = 0
    async with repository(config) as opened:
        while True:
            async with opened.reading() as work:
                some = await work.audit.entries(subject, after, _BATCH)
            for one in some:
                yield one
            if len(some) < _BATCH:
                return
            after = some[-1].seq


def _entry_json(one: AuditEntry) -> dict[str, Any]:
    """`detail` as the object that it is; the digest is over its text, in canonical JSON."""
    told: dict[str, Any] = {name: getattr(one, name) for name in ("seq", "actor", "action", "subject")}
    told |= {"detail": _object(one.detail), "at": one.at.isoformat()}
    return told | {"previous": one.previous, "digest": one.digest}


def _object(text: str) -> Any:
    """What a detail says; the text itself where somebody made it into something else, which `verify` tells."""
    try:
        return json.loads(text)
    except ValueError:
        return text
