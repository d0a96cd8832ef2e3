"""What a silence is of: every condition that a route can have, as options."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.model.alert import SiteEvent
from leakwatch.model.finding import EventKind, Severity, State, Tier, Verdict

if TYPE_CHECKING:
    from leakwatch.model.route import Matchers


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """Conditions that must all hold, and of a list one; each field is named as it is in `Matchers`."""

    findings: Annotated[
        list[str] | None, typer.Option("--finding", help="Only these; may be repeated, as all but the flags.")
    ] = None
    assets: Annotated[list[str] | None, typer.Option("--asset", help="Only of these assets.")] = None
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="Only of assets of these kinds: model, film, …")
    ] = None
    owners: Annotated[list[str] | None, typer.Option("--owner", help="Only of these owners' assets.")] = None
    min_severity: Annotated[
        Severity | None, typer.Option("--min-severity", help="Only what is so severe.")
    ] = None
    verdicts: Annotated[list[Verdict] | None, typer.Option("--verdict", help="Only with these verdicts.")] = (
        None
    )
    tiers: Annotated[list[Tier] | None, typer.Option("--tier", help="Only with matches so strong.")] = None
    states: Annotated[list[State] | None, typer.Option("--state", help="Only in these states.")] = None
    events: Annotated[list[EventKind] | None, typer.Option("--event", help="Only these events.")] = None
    sites: Annotated[
        list[str] | None, typer.Option("--site", help="Only seen on these sites, or of them.")
    ] = None
    source_kinds: Annotated[
        list[str] | None, typer.Option("--source-kind", help="Only of sites of these kinds: github, feed, …")
    ] = None
    hosts: Annotated[list[str] | None, typer.Option("--host", help="Only of sites of these hosts.")] = None
    embargoed: Annotated[
        bool | None, typer.Option("--embargoed/--not-embargoed", help="Only of works under embargo, or not.")
    ] = None
    in_release_window: Annotated[
        bool | None,
        typer.Option(
            "--in-release-window/--not-in-release-window",
            help="Only of works in their release window, or not.",
        ),
    ] = None
    watch: Annotated[
        list[SiteEvent] | None,
        typer.Option("--watch", help="Only these news of sites, and none of findings."),
    ] = None

    def matchers(self) -> Matchers:
        """The same as matchers of the routes are."""
        from leakwatch.model.route import Matchers  # noqa: PLC0415

        values = {one.name: getattr(self, one.name) for one in fields(self)}
        told: dict[str, Any] = {
            name: frozenset(value) if isinstance(value, list) else value
            for name, value in values.items()
            if value is not None and value != []
        }
        return Matchers(**told)
