"""Something is done to findings: to each that is named or chosen, and said of each; or only what would be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli._choosing import Which
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
    teller,
)
from leakwatch.display import clean
from leakwatch.errors import InputError
from leakwatch.model.finding import State

if TYPE_CHECKING:
    from leakwatch.cases import Act
    from leakwatch.cases.choosing import Filter
    from leakwatch.model.finding import Finding
    from leakwatch.ports import Repository

    Do = Callable[[Repository, str, Act], Awaitable[Finding]]
    Check = Callable[[Finding], object]
    Words = Callable[[Repository, str], Awaitable[str]]

_REFUSED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """How it is done: in truth or only listed, by whom, and how it is told."""

    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be done.")] = False
    as_json: JsonOption = False
    by: ByOption = None
    config: ConfigOption = DEFAULT_CONFIG


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done, what it comes to in words, which are asked for before, and why. `check` raises where it cannot be."""

    do: Do
    words: Words
    check: Check
    reason: str = ""


def told_as(text: str) -> Words:
    """The same words for each case."""

    async def words(store: Repository, ident: str, /) -> str:
        del store, ident
        return text

    return words


def do(ids: list[str] | None, which: Which, doing: Doing, deed: Deed) -> None:
    """Do it to each, say what came of it; exit 1 if any was refused."""
    from leakwatch.cases import Act  # noqa: PLC0415

    wanted = which.filter()
    if bool(ids) is not wanted.is_empty:
        raise typer.BadParameter("name findings, or give a filter, one of the two")

    async def work() -> int:
        async with repository(doing.config) as store:
            found = await _wanted(ids, wanted, store)
            act = Act(actor(doing.by), now(), deed.reason, teller(doing.config))
            refused = sum([await _one(one, deed, doing, store, act) for one in found])
            if doing.dry_run:
                say(f"{len(found)} finding{'' if len(found) == 1 else 's'}; nothing was done")
            return refused

    if run_async(work):
        raise typer.Exit(_REFUSED)


async def _wanted(ids: list[str] | None, which: Filter, store: Repository) -> list[Finding]:
    from leakwatch.cases.choosing import chosen  # noqa: PLC0415
    from leakwatch.service import list_findings  # noqa: PLC0415

    every = await list_findings(store, merged=True)
    if not ids:
        return chosen([one for one in every if one.state is not State.MERGED], which, now())
    by_id = {str(one.id): one for one in every}
    missing = [one for one in ids if one not in by_id]
    if missing:
        raise InputError(f"no finding {missing[0]!r}; `leakwatch finding list` shows them")
    return [by_id[one] for one in dict.fromkeys(ids)]


async def _one(one: Finding, deed: Deed, doing: Doing, store: Repository, act: Act) -> bool:
    """Whether it was refused; of a single case the error speaks for itself."""
    try:
        deed.check(one)
        words = await deed.words(store, one.id)
        changed = one if doing.dry_run else await deed.do(store, one.id, act)
    except InputError as error:
        if doing.as_json:
            emit({"id": one.id, "refused": error.message})
        else:
            say(f"{one.id}: {error.message}")
        return True
    if doing.as_json:
        from leakwatch.cli._case import finding_json  # noqa: PLC0415

        emit(finding_json(changed) | {"did": words, "dry_run": doing.dry_run})
    elif doing.dry_run:
        told = (one.id, one.severity.value, one.state.value, one.asset, clean(one.title, 80), words)
        typer.echo("\t".join(told))
    else:
        say(f"{changed.id}: {words}")
    return False
