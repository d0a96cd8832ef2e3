"""`leakwatch config`: check."""

from __future__ import annotations

import typer

from leakwatch.cli._shared import DEFAULT_CONFIG, ConfigOption, load, say

app = typer.Typer(help="The configuration file.", no_args_is_help=True)


@app.callback()
def _config() -> None:
    """The configuration file."""


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Check the configuration; nobody is contacted. Mistakes are named with file, line and field."""
    loaded = load(config)
    silent = [
        one.name for one in loaded.channels if all(route.channel != one.name for route in loaded.routes)
    ]
    say(
        f"{config}: {len(loaded.sites)} sites, {len(loaded.channels)} channels, {len(loaded.routes)} routes: ok"
    )
    for name in silent:
        say(f"note: no route leads to the channel {name!r}")
    if not loaded.routes:
        say("note: without [[routes]] nobody is alerted; findings are only listed")
    if loaded.swarm.enabled and not loaded.swarm.dht_bootstrap:
        say("note: without swarm.dht_bootstrap no peers are found, so no torrent can be proved")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    import json  # noqa: PLC0415

    from leakwatch.config.schema import schema as make_schema  # noqa: PLC0415

    typer.echo(json.dumps(make_schema(), indent=2))
