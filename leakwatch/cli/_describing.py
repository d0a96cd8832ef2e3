"""What is said of one work when it is registered: the same options for `asset add` and `asset import`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from leakwatch.model.asset import Asset
    from leakwatch.ports import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One work, in options."""

    title: Annotated[str | None, typer.Option("--title", help="The work's title.")] = None
    alias: Annotated[
        list[str] | None, typer.Option("--alias", help="Another name, in any script; may be repeated.")
    ] = None
    kind: Annotated[str | None, typer.Option("--kind", help="model, film, series, game, book, …")] = None
    year: Annotated[int | None, typer.Option("--year", help="Year of release.", min=1, max=9999)] = None
    owner: Annotated[str | None, typer.Option("--owner", help="Who is to be told, as a note.")] = None
    codename: Annotated[
        str | None, typer.Option("--codename", help="What alerts call it instead of its title.")
    ] = None
    embargo: Annotated[
        bool, typer.Option("--embargo", help="Its name and infohashes never leave this machine.")
    ] = False
    critical: Annotated[
        bool, typer.Option("--critical", help="A name and a link wake somebody, even unproved.")
    ] = False
    swarm_lookup: Annotated[
        bool,
        typer.Option(
            "--swarm-lookup", help="The owner's yes to asking the DHT for its infohashes, embargoed or not."
        ),
    ] = False
    release: Annotated[
        str | None,
        typer.Option(
            "--release",
            metavar="DATE",
            help="When it comes out: around it a name and a link wake somebody.",
        ),
    ] = None
    release_window: Annotated[
        int | None,
        typer.Option("--release-window", metavar="DAYS", help="Days before and after; 14 if left out."),
    ] = None
    query_mode: Annotated[
        str | None,
        typer.Option(
            "--query-mode",
            metavar="MODE",
            help="feed-only, generic or direct: how much sites with a search are told of it; under embargo always feed-only.",
        ),
    ] = None
    ident: Annotated[
        str | None,
        typer.Option(
            "--id", help="Its id; else made from the title, under embargo from the code name or drawn."
        ),
    ] = None

    @property
    def says_anything(self) -> bool:
        """Whether anything is given beside a title."""
        return replace(self, title=None, alias=self.alias or None) != Described()

    def asset(self) -> Asset:
        """The asset without files, with its id or what stands for that meanwhile. Raises: InputError."""
        from leakwatch.catalogue import asset_from_json  # noqa: PLC0415
        from leakwatch.model.ident import slug  # noqa: PLC0415

        title = self.title if self.title is not None else self.ident or ""
        told = {"id": self.ident or slug(title), "title": title, "aliases": self.alias or []}
        told |= {"kind": self.kind, "year": self.year, "owner": self.owner, "codename": self.codename}
        told |= {"embargoed": self.embargo, "critical": self.critical, "swarm_lookup": self.swarm_lookup}
        told |= {"release_at": self.release, "release_window_days": self.release_window}
        return asset_from_json(told | {"query_mode": self.query_mode})

    async def identified(self, asset: Asset, opened: Repository) -> Asset:
        """The asset with the id that it has where nobody gave one."""
        from leakwatch.cases.assets import default_id  # noqa: PLC0415

        return asset if self.ident else replace(asset, id=await default_id(asset, opened))
