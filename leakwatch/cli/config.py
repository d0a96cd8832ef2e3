"""`leakwatch config`: check."""

from __future__ import annotations

import typer

from leakwatch.cli._expired import note_expired
from leakwatch.cli._shared import DEFAULT_CONFIG, ConfigOption, gaps, load, say

app = typer.Typer(help="The configuration file.", no_args_is_help=True)


@app.callback()
def _config() -> None:
    """The configuration file."""


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Check the configuration; nobody is contacted. Mistakes are named with file, line and field."""
    loaded = load(config)
    reading = sum(site.enabled for site in loaded.sites)
    say(
        f"{config}: {len(loaded.sites)} sites ({reading} enabled), {len(loaded.channels)} channels, "
        f"{len(loaded.routes)} routes: ok"
    )
    for gap in gaps(loaded):
        say(f"note: {gap}")
    note_expired(loaded.store_url)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    import json  # noqa: PLC0415

    from leakwatch.config.schema import schema as make_schema  # noqa: PLC0415

    typer.echo(json.dumps(make_schema(), indent=2))
