"""`leakwatch drill`: somebody tries whether an alert would arrive, by something that looks like a leak."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import secrets
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from leakwatch.display import clean
from leakwatch.errors import ConfigError, InputError
from leakwatch.model.alert import DeliveryState, OutboxRow
from leakwatch.model.asset import Asset, AssetId

if TYPE_CHECKING:
    from leakwatch.config import Config
    from leakwatch.drilling import Outcome
    from leakwatch.ports import Repository

_LOOK_S, _PICK_UP_S = 0.2, 5.0
_UNSETTLED = frozenset(
    {DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.RETRY, DeliveryState.UNCERTAIN}
)
_WORDS = {
    DeliveryState.SENT: "accepted",
    DeliveryState.DEAD: "failed",
    DeliveryState.RETRY: "failed, and is tried again",
    DeliveryState.UNCERTAIN: "may have been accepted, and is tried again",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(drill)


@dataclass(frozen=True, slots=True)
class _Drill:
    """One drill under way. `began` is when the item was handed in, by the clock of the outbox."""

    path: Path
    began: float
    until: float


def drill(
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="The id of an asset.")],
    site: Annotated[
        str | None, typer.Option("--site", help="As if it were seen on this site; else on one named drill.")
    ] = None,
    wait_s: Annotated[
        float, typer.Option("--wait", min=1, max=3600, help="Seconds to wait for the channels.")
    ] = 60.0,
    by: ByOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Let something that looks like a leak of an asset go the whole way to the channels, marked as a drill."""
    loaded = load(config)
    if site is not None and site not in {one.name for one in loaded.sites}:
        raise InputError(f"no site {site!r} in the configuration")
    who = actor(by)
    finding, rows = run_async(lambda: _drilled(asset, site or "drill", wait_s, who, config, loaded))
    for one in rows:
        _print(one, finding, as_json)
    if not rows:
        say(
            f"{finding}: no alert came of it in time, or none will: `leakwatch route explain {finding}` says why"
        )
    raise typer.Exit(0 if rows and all(one.state is DeliveryState.SENT for one, _ in rows) else 1)


async def _drilled(
    asset: str, site: str, wait_s: float, who: str, config: Path, loaded: Config
) -> tuple[str, list[tuple[OutboxRow, float]]]:
    """Hand the item in, see what comes of it, and close the finding. Raises: InputError if no finding came of it."""
    from leakwatch.drilling import drill_item, hand_in  # noqa: PLC0415

    async with repository(config) as opened:
        known = await _asset(asset, opened)
        token = secrets.token_hex(8)
        item = drill_item(known, token)
        folder = loaded.data_dir / "drills"
        path = hand_in(folder, token, known.id, site, item.suffix, item.body)
        say("handed in: a drill, no leak")
        async with opened.writing() as work:
            await work.audit.append(who, "drill.begin", f"asset:{known.id}", {"site": site}, now())
        under_way = _Drill(path, now().timestamp(), time.monotonic() + wait_s)
        try:
            outcome, is_alone = await _outcome(under_way, loaded)
            if not outcome.finding:
                raise InputError(f"the drill opened no finding: {outcome.why}")
            rows = await _settled(outcome.finding, under_way, opened)
        finally:
            path.unlink(missing_ok=True)
        await _end(outcome.finding, opened, loaded)
        if is_alone:
            await _run_alone(loaded)
        return outcome.finding, [
            (one, (one.sent_at or one.due_at).timestamp() - under_way.began) for one in rows
        ]


async def _asset(ident: str, opened: Repository) -> Asset:
    async with opened.reading() as work:
        found = await work.catalogue.get(AssetId(ident))
    if found is None:
        raise InputError(f"no asset {ident!r}; `leakwatch asset list` shows them")
    return found


async def _outcome(under_way: _Drill, loaded: Config) -> tuple[Outcome, bool]:
    """What the daemon made of the item; where none runs, one is run for this item alone, which is told as well."""
    from leakwatch.drilling import outcome_of  # noqa: PLC0415

    is_alone = False
    patience = time.monotonic() + (_PICK_UP_S if _may_run(loaded) else 0.0)
    while (found := outcome_of(under_way.path)) is None:
        if time.monotonic() >= patience:
            with contextlib.suppress(ConfigError):  # a daemon was started meanwhile: it takes the item
                say("no daemon runs here; one is started for the drill alone")
                await _run_alone(loaded)
                is_alone = True
            patience = under_way.until
        if time.monotonic() >= under_way.until:
            raise InputError("the daemon did not take the drill in time; see its log")
        await asyncio.sleep(_LOOK_S)
    return found, is_alone


def _may_run(loaded: Config) -> bool:
    """Whether a daemon may be at work on this data folder: it holds a lock there; on PostgreSQL nobody can tell."""
    if not loaded.store_url.startswith("sqlite"):
        return True
    lock = loaded.data_dir / "daemon.lock"
    if not lock.exists():
        return False
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


async def _run_alone(loaded: Config) -> None:
    """Take the item and send what comes of it, as the daemon does; no site is read and no swarm is asked."""
    from leakwatch.daemon import running  # noqa: PLC0415
    from leakwatch.logs import configure  # noqa: PLC0415

    configure("auto", "error")
    async with running(replace(loaded, swarm=replace(loaded.swarm, enabled=False))) as daemon:
        await daemon.drill()
        await daemon.send_all()


async def _settled(finding: str, under_way: _Drill, opened: Repository) -> list[OutboxRow]:
    """The alerts about the finding, once each was accepted or has failed, or the time is over. None where none will come."""
    while True:
        async with opened.reading() as work:
            rows = await work.outbox.list(subject=finding)
            if not (rows or await work.announcements.noted(finding)):
                return []
        tried = [one for one in rows if one.state not in _UNSETTLED or one.last_error]
        if (rows and len(tried) == len(rows)) or time.monotonic() >= under_way.until:
            return rows[::-1]
        await asyncio.sleep(_LOOK_S)


async def _end(finding: str, opened: Repository, loaded: Config) -> None:
    """Close the finding; whoever was told of it and keeps incidents is told of the end."""
    from leakwatch.drilling import end_drill  # noqa: PLC0415
    from leakwatch.model.finding import FindingId  # noqa: PLC0415
    from leakwatch.pipeline import tell_event  # noqa: PLC0415

    await end_drill(
        FindingId(finding),
        opened,
        now(),
        lambda event, case, asset, work: tell_event(event, case, asset, loaded.routing, work),
    )


def _print(told: tuple[OutboxRow, float], finding: str, as_json: bool) -> None:
    row, seconds = told
    name = row.channel + (f" ({row.recipient})" if row.recipient else "")
    if as_json:
        emit(
            {
                "finding": finding,
                "channel": row.channel,
                "recipient": row.recipient,
                "state": row.state.value,
                "seconds": round(seconds, 2) if row.sent_at else None,
                "error": row.last_error,
            }
        )
        return
    how = f"after {seconds:.1f} s" if row.sent_at else clean(row.last_error or "it was not tried yet", 300)
    typer.echo(f"{clean(name, 100)}: {_WORDS.get(row.state, row.state.value)}: {how}")
