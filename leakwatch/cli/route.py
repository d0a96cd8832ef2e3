"""`leakwatch route`: who is told of what, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli._layout import print_lines
from leakwatch.cli._noted import noted_json, noted_lines
from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    emit,
    load,
    now,
    repository,
    run_async,
)
from leakwatch.display import clean
from leakwatch.errors import InputError
from leakwatch.model.finding import Severity, Tier, Verdict

if TYPE_CHECKING:
    from leakwatch.model.route import Policy
    from leakwatch.routing.tree import Step
    from leakwatch.telling.explain import Explained

app = typer.Typer(help="Who is told of what.", no_args_is_help=True)


@app.command()
def show(as_json: JsonOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show the tree of routes: what each takes, and how it tells."""
    from leakwatch.routing.silencing import words  # noqa: PLC0415
    from leakwatch.routing.tree import steps_of  # noqa: PLC0415

    loaded = load(config)
    for step in steps_of(loaded.routes, None):
        takes = words(step.source.match)
        if as_json:
            told = {"route": step.leg.route, "depth": step.depth, "match": takes}
            emit(told | {"continue": step.source.continue_, "how": how(step.leg.policy)})
        else:
            more = " (continues)" if step.source.continue_ else ""
            typer.echo(f"{'  ' * step.depth}{step.leg.route}: {takes}{more} -> {how(step.leg.policy)}")
    for rule in loaded.inhibit:
        told = f"{words(rule.source)} keeps back lesser {words(rule.target)} of the same {rule.equal}"
        if as_json:
            emit({"inhibit": told})
        else:
            typer.echo(f"inhibit: {told}")


def how(policy: Policy) -> str:
    """How a route tells, in a line."""
    told = [", ".join(policy.channels) or "nobody by itself"]
    told += [f"by {' and '.join(policy.group_by)}" if policy.group_by else "all together"]
    if policy.digest != "none":
        told += [policy.digest + ("" if policy.digest == "hourly" else f" at {policy.at} {policy.zone}")]
    else:
        told += [f"then every {_length(policy.group_interval)} at most"] if policy.group_interval else []
    told += [f"waits {_length(policy.group_wait)}"] if policy.group_wait else []
    told += [f"repeats every {_length(policy.repeat)}"] if policy.repeat else []
    told += [f"after {_length(one.after)} also {', '.join(one.channels)}" for one in policy.escalate]
    told += [f"quiet hours, but {policy.quiet_but.value}"] if policy.quiet else []
    return "; ".join([*told, f"at most {policy.budget} an hour of one asset"])


def _length(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


@app.command()
def explain(
    finding: Annotated[str | None, typer.Argument(metavar="[FINDING]")] = None,
    asset: Annotated[str | None, typer.Option("--asset", help="A new finding of this asset.")] = None,
    severity: Annotated[Severity, typer.Option("--severity", help="How severe it would be.")] = Severity.HIGH,
    verdict: Annotated[
        Verdict, typer.Option("--verdict", help="What would be known of it.")
    ] = Verdict.UNKNOWN,
    tier: Annotated[Tier, typer.Option("--tier", help="How strong its match would be.")] = Tier.AUTO,
    site: Annotated[
        list[str] | None, typer.Option("--site", help="Where it is seen; may be repeated.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", help="A time, such as 2026-11-20T23:00+01:00.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Explain who is told of a finding, or would be of a new one: which routes, when, and why not the others."""
    from leakwatch.telling.explain import explain_finding, explain_news  # noqa: PLC0415

    if (finding is None) is (asset is None):
        raise InputError("name a finding, or give --asset")
    time, routing = _time(at), load(config).routing

    async def work() -> Explained:
        async with repository(config) as opened:
            if finding is not None:
                return await explain_finding(finding, routing, opened, time)
            sites = frozenset(site or ())
            return await explain_news(asset or "", severity, verdict, tier, sites, routing, opened, time)

    told = run_async(work)
    if as_json:
        emit(_json(told))
    else:
        print_lines(_lines(told))


def _time(at: str | None) -> datetime:
    if at is None:
        return now()
    try:
        told = datetime.fromisoformat(at)
    except ValueError as error:
        raise InputError(f"no time: {at!r}; give it as 2026-11-20T23:00+01:00") from error
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)


def _lines(told: Explained) -> list[str]:
    lines = [f"told now: nobody: {clean(told.kept_back, 300)}"] if told.kept_back else []
    if not told.ways:
        lines.append("told now: nobody: no route takes it")
    for way in told.ways:
        when = f"{way.due.at:%Y-%m-%d %H:%M} UTC ({way.due.why})" if way.due.why else "at once"
        room = f"{way.left} single messages left in this hour, of {way.budget} in all"
        lines.append(
            f"{'would be told' if told.kept_back else 'told'}: {way.channel} by {way.route}, {when}; {room}"
        )
    lines.append("routes:")
    lines += [f"  {_step(one)}" for one in told.steps]
    if told.noted:
        lines.append("so far:")
    lines += noted_lines(told.noted)
    return lines


def _step(step: Step) -> str:
    return f"{'  ' * step.depth}{step.leg.route}: {clean(step.why, 200) or 'taken'}"


def _json(told: Explained) -> dict[str, Any]:
    return {
        "kept_back": told.kept_back or None,
        "told": [
            {
                "channel": way.channel,
                "route": way.route,
                "at": way.due.at.isoformat(),
                "waits_for": way.due.why or None,
                "left": way.left,
                "budget": way.budget,
            }
            for way in told.ways
        ],
        "routes": [
            {"route": one.leg.route, "depth": one.depth, "taken": not one.why, "why": one.why or None}
            for one in told.steps
        ],
        "so_far": noted_json(told.noted),
    }
