"""`leakwatch asset allow`, `disallow` and `prior`: what is said of an asset beside its names and files."""

from __future__ import annotations

import sys
from datetime import datetime
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
)
from leakwatch.display import clean
from leakwatch.errors import InputError
from leakwatch.model.asset import MAX_PRIOR_BITS, QueryMode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leakwatch.model.allow import Allow
    from leakwatch.model.asset import Asset

IdArgument = Annotated[str, typer.Argument(metavar="ID")]
InfohashOption = Annotated[str, typer.Option("--infohash", help="A torrent: hex or base32.")]
HostOption = Annotated[str, typer.Option("--host", help="A host and all below it, such as example.org.")]
RepositoryOption = Annotated[str, typer.Option("--repository", help="A repository, by its address.")]
UploaderOption = Annotated[
    str, typer.Option("--uploader", help="An author as the site names him; SITE/NAME for one site only.")
]
UrlOption = Annotated[str, typer.Option("--url", help="An address and all below it.")]
AuthorOption = Annotated[
    str, typer.Option("--author", help="An author on one platform, as `finding show` tells him.")
]
ItemOption = Annotated[str, typer.Option("--item", help="One item of one site, SITE/ITEM.")]
PageOption = Annotated[str, typer.Option("--page", help="The page on which it is seen.")]
SiteOption = Annotated[str, typer.Option("--site", help="A site of the configuration, by name.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(allow)
    app.command()(disallow)
    app.command()(prior)
    app.command("query-mode")(query_mode)


def allow(
    ident: IdArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever reads it later.")],
    infohash: InfohashOption = "",
    host: HostOption = "",
    repository: RepositoryOption = "",
    uploader: UploaderOption = "",
    url: UrlOption = "",
    site: SiteOption = "",
    author: AuthorOption = "",
    item: ItemOption = "",
    page: PageOption = "",
    suppress: Annotated[
        bool, typer.Option("--suppress", help="Make no finding at all; without it, one that wakes nobody.")
    ] = False,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Its last day, in UTC.")
    ] = None,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say where a work may be seen, so that nobody is woken for it."""
    from leakwatch.cases.scopes import with_allow  # noqa: PLC0415
    from leakwatch.model.allow import allow_json  # noqa: PLC0415

    told = _told(infohash, host, repository, uploader, url, site, author, item, page)
    entry = _entry(told, "suppress" if suppress else "inform", until, reason)
    _change(ident, lambda asset: with_allow(asset, entry), config, by, "asset.allow", allow_json(entry))
    last = f" until {entry.until}" if entry.until else ""
    say(f"{clean(ident)}: {clean(entry.name)} is allowed{last}, {entry.effect.value}")


def disallow(
    ident: IdArgument,
    infohash: InfohashOption = "",
    host: HostOption = "",
    repository: RepositoryOption = "",
    uploader: UploaderOption = "",
    url: UrlOption = "",
    site: SiteOption = "",
    author: AuthorOption = "",
    item: ItemOption = "",
    page: PageOption = "",
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Take an entry off the allow list; what is stored is looked through again."""
    from leakwatch.service import without_allow  # noqa: PLC0415

    entry = _entry(
        _told(infohash, host, repository, uploader, url, site, author, item, page), "inform", None, ""
    )
    told = {"entry": entry.name}
    _change(ident, lambda asset: without_allow(asset, entry), config, by, "asset.disallow", told)
    say(f"{clean(ident)}: {clean(entry.name)} is no longer allowed")


def prior(
    ident: IdArgument,
    bits: Annotated[
        float, typer.Argument(min=-MAX_PRIOR_BITS, max=MAX_PRIOR_BITS, help="From -6 to 6; 0 takes it back.")
    ],
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say how much likelier than usual a work is leaked, in bits."""
    import dataclasses  # noqa: PLC0415

    told = {"bits": f"{bits:g}"}
    _change(
        ident,
        lambda asset: dataclasses.replace(asset, prior_bits=bits),
        config,
        by,
        "asset.prior",
        told,
    )
    say(f"{clean(ident)}: prior {bits:+g} bits")


def query_mode(
    ident: IdArgument,
    mode: Annotated[QueryMode, typer.Argument(help="How much sites with a search are told of it.")],
    yes_send_names: Annotated[
        bool,
        typer.Option(
            "--yes-send-names", help="Of a work under embargo: let its names and digests be sent to sites."
        ),
    ] = False,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say how much sites are told of a work; under embargo `direct` wants your word, which is kept with your name."""
    from leakwatch.service import set_query_mode, show_asset  # noqa: PLC0415

    async def asset() -> Asset:
        async with repository(config) as opened:
            return await show_asset(ident, opened)

    let_by = ""
    if mode is QueryMode.DIRECT and run_async(asset).embargoed:
        if not yes_send_names:
            _ask_for(ident)
        let_by = actor(by)

    async def work() -> Asset:
        async with repository(config) as opened:
            return await set_query_mode(ident, mode, let_by, opened, now(), actor(by))

    changed = run_async(work)
    say(f"{clean(ident)}: {changed.asked_as.value}" + (f", let by {clean(let_by)}" if let_by else ""))


def _ask_for(ident: str) -> None:
    """Have the id typed. Raises: InputError where it is not, or nobody is there."""
    told = f"{clean(ident)} is under embargo; with `direct` its names and digests are sent to every site with a search."
    if not sys.stdin.isatty():
        raise InputError(f"{told} Say --yes-send-names, or run this on a terminal")
    say(told)
    if typer.prompt("Type its id to let them be sent", err=True) != ident:
        raise InputError("that is not its id; nothing was changed")


def show_allowed(asset: Asset, suppressed: list[tuple[str, int, datetime]]) -> None:
    """The allow list, what of it has expired, and what it has hidden, of entries that are gone, too."""
    counts = {entry: (count, last) for entry, count, last in suppressed}
    for one in asset.allow:
        last = f" until {one.until}" if one.until else ""
        expired = "" if one.is_live(now().date()) else " EXPIRED, without effect"
        typer.echo(clean(f"allow: {one.name} ({one.effect.value}{last}){expired}: {one.reason}", 1500))
    for entry, (count, at) in counts.items():
        items = f"{count} item{'s' if count != 1 else ''}"
        typer.echo(clean(f"hidden: {items} by {entry}, the last {at.isoformat(timespec='seconds')}", 1000))


def _told(
    infohash: str,
    host: str,
    repository: str,
    uploader: str,
    url: str,
    site: str,
    author: str,
    item: str,
    page: str,
) -> dict[str, str]:
    told = {
        "infohash": infohash,
        "host": host,
        "repository": repository,
        "uploader": uploader,
        "url": url,
        "site": site,
        "author": author,
        "item": item,
        "page": page,
    }
    given = {what: value for what, value in told.items() if value}
    if len(given) != 1:
        raise typer.BadParameter(f"give one of {', '.join(f'--{what}' for what in told)}")
    return given


def _entry(told: dict[str, str], effect: str, until: datetime | None, reason: str) -> Allow:
    from leakwatch.model.allow import allow_from_json  # noqa: PLC0415

    ((what, value),) = told.items()
    last = until.date().isoformat() if until else None
    try:
        return allow_from_json(
            {"what": what, "value": value, "effect": effect, "until": last, "reason": reason}
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _change(
    ident: str,
    change: Callable[[Asset], Asset],
    config: Path,
    by: str | None,
    action: str,
    detail: Mapping[str, str],
) -> None:
    from leakwatch.service import change_asset  # noqa: PLC0415

    async def work() -> None:
        async with repository(config) as opened:
            await change_asset(ident, change, opened, now(), actor(by), action, detail)

    run_async(work)
