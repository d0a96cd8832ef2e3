"""`leakwatch finding ack|confirm|reopen|false-positive|allow|assign|due|comment`: what people decide.

Each takes several ids, or a filter. Each case is a transaction of its own: one that is refused stops no other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli._choosing import Which
from leakwatch.cli._doing import Deed, Doing, do, told_as
from leakwatch.cli._groups import expanded
from leakwatch.cli._shared import now
from leakwatch.display import clean
from leakwatch.errors import InputError
from leakwatch.model.finding import State

if TYPE_CHECKING:
    from leakwatch.ports import Repository

Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Findings; none where a filter is given.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in history and audit.")]
ScopeOption = Annotated[
    str | None,
    typer.Option(
        "--scope", help="Hide what is like it: item, url, author, site or infohash; url:… says which."
    ),
]
UntilOption = Annotated[
    datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="The scope's last day, in UTC.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for state, name, what in (
        (State.ACKNOWLEDGED, "ack", "Say that somebody has seen it and takes care of it: reminders stop."),
        (State.CONFIRMED, "confirm", "Say that it is a leak."),
        (State.REOPENED, "reopen", "Open it again, as if nobody had seen it."),
    ):
        app.command(name, help=what)(_mover(state))
    for state, name, what in (
        (
            State.FALSE_POSITIVE,
            "false-positive",
            "Say that it is none; with --scope, nor is what is like it.",
        ),
        (State.ALLOWED, "allow", "Say that it may be there; with --scope, so may what is like it."),
    ):
        app.command(name, help=what)(_judge(state))
    app.command()(assign)
    app.command()(due)
    app.command()(comment)


def _mover(state: State) -> Callable[..., None]:
    @expanded
    def run(which: Which, doing: Doing, ids: Ids = None, reason: Reason = state.value) -> None:
        from leakwatch.cases import check_step, move  # noqa: PLC0415

        words = _reopened if state is State.REOPENED else told_as(state.value)
        deed = Deed(
            lambda store, ident, act: move(store, ident, state, act),
            words,
            lambda one: check_step(one, state),
            reason,
        )
        do(ids, which, doing, deed)

    return run


async def _reopened(store: Repository, ident: str, /) -> str:
    """Who takes a judgement back learns what it goes on hiding."""
    from leakwatch.cases.scopes import left_hiding  # noqa: PLC0415

    left = await left_hiding(ident, now().date(), store)
    return "; ".join([State.REOPENED.value, *(f"still hidden: {clean(one.words, 1200)}" for one in left)])


def _judge(state: State) -> Callable[..., None]:
    @expanded
    def run(
        which: Which,
        doing: Doing,
        ids: Ids = None,
        scope: ScopeOption = None,
        until: UntilOption = None,
        reason: Reason = "",
    ) -> None:
        from leakwatch.cases import check_step, check_until, move  # noqa: PLC0415
        from leakwatch.cases.scopes import reach_of  # noqa: PLC0415

        if not reason.strip():
            raise InputError("say why with --reason")
        last = until.date() if until else None
        check_until(last, now().date())

        async def words(store: Repository, ident: str, /) -> str:
            if scope is None:
                return f"{state.value}; nothing else is hidden"
            reach = await reach_of(scope, ident, reason, last, store)
            return f"{state.value}; {clean(reach.words, 700)}"

        deed = Deed(
            lambda store, ident, act: move(store, ident, state, act, scope, last),
            words,
            lambda one: check_step(one, state),
            reason,
        )
        do(ids, which, doing, deed)

    return run


@expanded
def assign(
    which: Which,
    doing: Doing,
    ids: Ids = None,
    to: Annotated[str, typer.Option("--to", help="Who takes care of it; an empty name: nobody.")] = "",
) -> None:
    """Give it to somebody."""
    from leakwatch.cases import assign as give  # noqa: PLC0415
    from leakwatch.cases import workable  # noqa: PLC0415

    deed = Deed(
        lambda store, ident, act: give(store, ident, to or None, act),
        told_as(f"assigned to {clean(to, 100) or 'nobody'}"),
        workable,
    )
    do(ids, which, doing, deed)


@expanded
def due(
    which: Which,
    doing: Doing,
    ids: Ids = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Until when, in UTC; without it, no date."
        ),
    ] = None,
) -> None:
    """Say until when it must be dealt with; when that passes, it is told once."""
    from leakwatch.cases import set_due, workable  # noqa: PLC0415

    day = at.replace(tzinfo=UTC) if at else None
    deed = Deed(
        lambda store, ident, act: set_due(store, ident, day, act),
        told_as(_due_words(day)),
        workable,
    )
    do(ids, which, doing, deed)


def _due_words(day: datetime | None) -> str:
    if day is None:
        return "no longer due"
    return f"due {day:%Y-%m-%d %H:%M} UTC" if day.hour or day.minute else f"due {day:%Y-%m-%d}"


@expanded
def comment(
    doing: Doing,
    ident: Annotated[str, typer.Argument(metavar="ID")],
    text: Annotated[str, typer.Argument(help="The remark.")],
) -> None:
    """Write a remark into its history."""
    from leakwatch.cases import comment as remark  # noqa: PLC0415
    from leakwatch.cases import workable  # noqa: PLC0415

    deed = Deed(lambda store, one, act: remark(store, one, text, act), told_as("comment added"), workable)
    do([ident], Which(), doing, deed)
