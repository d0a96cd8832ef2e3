"""`leakwatch source enable`, `disable` and `list --available`: the shipped catalogue of public sites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli._reading import print_table
from leakwatch.cli._shared import DEFAULT_CONFIG, ConfigOption, emit, load, say
from leakwatch.display import clean

if TYPE_CHECKING:
    from leakwatch.config.shipped import Shipped

_TAKEN = "a running daemon takes it within seconds"


def register(app: typer.Typer) -> None:
    """Add the commands of the catalogue to `leakwatch source`."""
    app.command()(enable)
    app.command()(disable)


def enable(
    name: Annotated[str, typer.Argument(help="A site of `source list --available`, or one that is off.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting in place of the shipped one; repeatable."),
    ] = None,
    own_name: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="What it is called; a template may be used again."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Switch a site on: it gets a file in sites.d beside the configuration, which you may change."""
    from leakwatch.config.shipped import changes_of, enable, shipped  # noqa: PLC0415

    file = enable(load(config), name, changes_of(set_ or []), own_name)
    entry = shipped().get(name)
    say(f"{own_name or name} is on: {file}")
    if entry:
        say(f"terms: {entry.terms} (noted {entry.noted}): {entry.note}")
    say(_TAKEN)


def disable(
    name: Annotated[str, typer.Argument(help="The site's name.")], config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Switch a site off; its file with your changes stays."""
    from leakwatch.config.shipped import disable  # noqa: PLC0415

    say(f"{name} is off: {disable(load(config), name)}")
    say(_TAKEN)


def list_shipped(config: Path, as_json: bool) -> None:
    """The public sites that can be switched on, and which of them are."""
    from leakwatch.config.shipped import shipped  # noqa: PLC0415

    on = {site.name for site in load(config).sites if site.enabled} if config.exists() else set[str]()
    entries = shipped().values()
    if as_json:
        for one in entries:
            emit(_json(one) | {"enabled": one.name in on})
        return
    from rich.table import Column, Table  # noqa: PLC0415

    whole = [Column(name, no_wrap=True) for name in ("", "name", "kind", "every")]
    table = Table(*whole, "what, and what it needs", box=None, pad_edge=False, padding=(0, 1))
    for one in entries:
        needs = [f"secret {one.needs}"] if one.needs else []
        needs += [f"--set {key}=…" for key in one.must_set]
        what = clean(one.what) + (f" ({', '.join(needs)})" if needs else "")
        every = str(one.settings.get("every", ""))
        table.add_row("on" if one.name in on else "off", one.name, one.kind, every, what)
    print_table(table)
    say("`leakwatch source enable NAME` switches one on and says its terms; --json has the terms of all")


def _json(one: Shipped) -> dict[str, object]:
    told: dict[str, object] = {
        "name": one.name,
        "kind": one.kind,
        "what": one.what,
        "needs": one.needs or None,
    }
    told |= {"set": list(one.must_set), "terms": one.terms, "noted": one.noted.isoformat(), "note": one.note}
    return told | {
        "settings": {key: value for key, value in one.settings.items() if key not in ("name", "kind")}
    }
