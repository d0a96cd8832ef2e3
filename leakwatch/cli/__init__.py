"""The command line: noun and verb. Data goes to stdout, talk to stderr."""

from __future__ import annotations

import typer

from leakwatch import __version__
from leakwatch.cli import (
    alert,
    asset,
    audit,
    config,
    db,
    demo,
    drill,
    evidence,
    export,
    finding,
    match,
    notice,
    outbox,
    privacy,
    prover,
    route,
    rule,
    run,
    silence,
    source,
    torrent,
)

app = typer.Typer(
    name="leakwatch",
    help="Finds leaked works in public places, proves each match from metadata, and tells the owner.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help starts three times as fast
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Finds leaked works in public places, proves each match from metadata, and tells the owner."""


run.register(app)
demo.register(app)
drill.register(app)
match.register(app)
export.register(app)
app.add_typer(asset.app, name="asset")
app.add_typer(source.app, name="source")
app.add_typer(finding.app, name="finding")
app.add_typer(torrent.app, name="torrent")
app.add_typer(prover.app, name="prover")
app.add_typer(rule.app, name="rule")
app.add_typer(route.app, name="route")
app.add_typer(silence.app, name="silence")
app.add_typer(alert.app, name="alert")
app.add_typer(notice.app, name="notice")
app.add_typer(privacy.app, name="privacy")
app.add_typer(evidence.app, name="evidence")
app.add_typer(audit.app, name="audit")
app.add_typer(outbox.app, name="outbox")
app.add_typer(config.app, name="config")
app.add_typer(db.app, name="db")
