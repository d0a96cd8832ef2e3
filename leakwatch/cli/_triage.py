"""`leakwatch finding ack|confirm|report|remove|false-positive|allow|reopen|assign|due|comment|set`: what people decide.

Each takes several ids, or a filter. Each case is a transaction of its own: one that is refused stops no other.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ByOption,
    ConfigOption,
    actor,
    now,
    repository,
    run_async,
    say,
    teller,
)
from leakwatch.display import clean
from leakwatch.errors import InputError
from leakwatch.model.finding import Severity, State, Verdict

if TYPE_CHECKING:
    from leakwatch.cases.choosing import Filter
    from leakwatch.cases.telling import Tell
    from leakwatch.model.finding import Finding
    from leakwatch.ports import Repository

    Act = Callable[[Repository, str, Tell], Awaitable[Finding]]

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_REFUSED = 1

Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Findings; none where a filter is given.")
]
AssetOption = Annotated[str | None, typer.Option("--asset", help="Only those of this asset.")]
SiteOption = Annotated[str | None, typer.Option("--site", help="Only those that were seen on this site.")]
StateOption = Annotated[State | None, typer.Option("--state", help="Only those in this state.")]
SeverityOption = Annotated[Severity | None, typer.Option("--severity", help="Only those of this severity.")]
VerdictOption = Annotated[Verdict | None, typer.Option("--verdict", help="Only those of this verdict.")]
OlderOption = Annotated[
    str | None, typer.Option("--older", help="Only those not seen for this long: 90m, 12h, 30d, 8w.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only list what it would be done to.")]
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
    app.command("false-positive")(false_positive)
    app.command("allow")(allow)
    app.command("assign")(assign)
    app.command("due")(due)
    app.command("comment")(comment)


def _mover(state: State) -> Callable[..., None]:
    def run(
        ids: Ids = None,
        asset: AssetOption = None,
        site: SiteOption = None,
        in_state: StateOption = None,
        severity: SeverityOption = None,
        verdict: VerdictOption = None,
        older: OlderOption = None,
        dry_run: DryRun = False,
        reason: Reason = state.value,
        by: ByOption = None,
        config: ConfigOption = DEFAULT_CONFIG,
    ) -> None:
        from leakwatch.cases import move  # noqa: PLC0415

        at, who = now(), actor(by)
        which = _filter(asset, site, in_state, severity, verdict, older)
        _do(
            ids,
            which,
            dry_run,
            lambda store, ident, tell: move(store, ident, state, who, reason, at, tell=tell),
            config,
        )

    return run


def false_positive(
    ids: Ids = None,
    asset: AssetOption = None,
    site: SiteOption = None,
    in_state: StateOption = None,
    severity: SeverityOption = None,
    verdict: VerdictOption = None,
    older: OlderOption = None,
    dry_run: DryRun = False,
    scope: ScopeOption = None,
    until: UntilOption = None,
    reason: Reason = "",
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say that it is none; with --scope, that what is like it is none either."""
    which = _filter(asset, site, in_state, severity, verdict, older)
    _judge(State.FALSE_POSITIVE, ids, which, dry_run, (scope, until, reason, by), config)


def allow(
    ids: Ids = None,
    asset: AssetOption = None,
    site: SiteOption = None,
    in_state: StateOption = None,
    severity: SeverityOption = None,
    verdict: VerdictOption = None,
    older: OlderOption = None,
    dry_run: DryRun = False,
    scope: ScopeOption = None,
    until: UntilOption = None,
    reason: Reason = "",
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say that it may be there; with --scope, that what is like it may be, too."""
    which = _filter(asset, site, in_state, severity, verdict, older)
    _judge(State.ALLOWED, ids, which, dry_run, (scope, until, reason, by), config)


def _judge(
    state: State,
    ids: list[str] | None,
    which: Filter,
    dry_run: bool,
    told: tuple[str | None, datetime | None, str, str | None],
    config: Path,
) -> None:
    from leakwatch.cases import move  # noqa: PLC0415

    scope, until, reason, by = told
    if not reason.strip():
        raise InputError("say why with --reason")
    at, who, last = now(), actor(by), until.date() if until else None
    _do(
        ids,
        which,
        dry_run,
        lambda store, ident, tell: move(store, ident, state, who, reason, at, scope, last, tell=tell),
        config,
    )


def assign(
    ids: Ids = None,
    to: Annotated[str, typer.Option("--to", help="Who takes care of it; an empty name: nobody.")] = "",
    asset: AssetOption = None,
    site: SiteOption = None,
    in_state: StateOption = None,
    severity: SeverityOption = None,
    verdict: VerdictOption = None,
    older: OlderOption = None,
    dry_run: DryRun = False,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Give it to somebody."""
    from leakwatch.cases import assign as give  # noqa: PLC0415

    at, who = now(), actor(by)
    which = _filter(asset, site, in_state, severity, verdict, older)
    _do(
        ids,
        which,
        dry_run,
        lambda store, ident, tell: give(store, ident, who, to or None, at, tell=tell),
        config,
    )


def due(
    ids: Ids = None,
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Until when, in UTC; without it, no date."
        ),
    ] = None,
    asset: AssetOption = None,
    site: SiteOption = None,
    in_state: StateOption = None,
    severity: SeverityOption = None,
    verdict: VerdictOption = None,
    older: OlderOption = None,
    dry_run: DryRun = False,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say until when it must be dealt with; when that passes, it is told once."""
    from leakwatch.cases import set_due  # noqa: PLC0415

    told, who, day = now(), actor(by), at.replace(tzinfo=UTC) if at else None
    which = _filter(asset, site, in_state, severity, verdict, older)
    _do(
        ids,
        which,
        dry_run,
        lambda store, ident, tell: set_due(store, ident, who, day, told, tell=tell),
        config,
    )


def comment(
    ident: Annotated[str, typer.Argument(metavar="ID")],
    text: Annotated[str, typer.Argument(help="The remark.")],
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write a remark into its history."""
    from leakwatch.cases import comment as remark  # noqa: PLC0415
    from leakwatch.cases.choosing import Filter  # noqa: PLC0415

    at, who = now(), actor(by)
    _do(
        [ident],
        Filter(),
        False,
        lambda store, one, tell: remark(store, one, who, text, at, tell=tell),
        config,
    )


def _filter(
    asset: str | None,
    site: str | None,
    state: State | None,
    severity: Severity | None,
    verdict: Verdict | None,
    older: str | None,
) -> Filter:
    from leakwatch.cases.choosing import Filter  # noqa: PLC0415

    return Filter(
        asset=asset,
        site=site,
        state=state,
        severity=severity,
        verdict=verdict,
        older=_length(older) if older else None,
    )


def _length(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})([mhdw])", text)
    if not found:
        raise typer.BadParameter(f"a length of time is 90m, 12h, 30d or 8w, not {text!r}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _do(ids: list[str] | None, which: Filter, dry_run: bool, act: Act, config: Path) -> None:
    """Do it to each, say what came of it; exit 1 if any was refused."""
    if bool(ids) is not which.is_empty:
        raise typer.BadParameter("name findings, or give a filter, one of the two")

    async def work() -> int:
        async with repository(config) as store:
            found = await _wanted(ids, which, store)
            if dry_run:
                for one in found:
                    typer.echo(
                        f"{one.id}\t{one.severity.value}\t{one.state.value}\t{one.asset}\t{clean(one.title, 80)}"
                    )
                say(f"{len(found)} findings; nothing was done")
                return 0
            tell = teller(config)
            return sum([await _one(act, store, one.id, tell) for one in found])

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


async def _one(act: Act, store: Repository, ident: str, tell: Tell) -> bool:
    """Whether it was refused; of a single case the error speaks for itself."""
    try:
        changed = await act(store, ident, tell)
    except InputError as error:
        say(f"{ident}: {error.message}")
        return True
    say(f"{changed.id}: {changed.state.value}")
    return False
