"""`leakwatch db`: upgrade and status."""

from __future__ import annotations

import typer

from leakwatch.cli._shared import DEFAULT_CONFIG, ConfigOption, load, make_data_folder, run_async, say

app = typer.Typer(help="The database.", no_args_is_help=True)


@app.command()
def upgrade(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Bring the database to this release; the daemon does it by itself at start."""
    from leakwatch.store.migrate import newest  # noqa: PLC0415
    from leakwatch.store.migrate import upgrade as run_upgrade  # noqa: PLC0415

    loaded = load(config)
    make_data_folder(loaded)
    run_async(lambda: run_upgrade(loaded.store_url))
    say(f"the database is at revision {newest()}")


@app.command()
def status(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Say which revision the database is at; exit 1 if it is not the newest."""
    from leakwatch.store.migrate import current, newest  # noqa: PLC0415

    loaded = load(config)
    make_data_folder(loaded)
    at = run_async(lambda: current(loaded.store_url))
    say(f"the database is at revision {at or 'none'}, this release wants {newest()}")
    raise typer.Exit(0 if at == newest() else 1)
