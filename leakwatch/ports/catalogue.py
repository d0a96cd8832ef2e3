"""The registered assets, as the shell needs them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from leakwatch.model.allow import Allow
from leakwatch.model.asset import Asset, AssetFile, AssetId


class Catalogue(Protocol):
    """The registered assets."""

    async def version(self) -> int:
        """A number that grows with every change of the catalogue."""
        ...

    async def all(self) -> list[Asset]:
        """Every asset with its files."""
        ...

    async def get(self, asset: AssetId) -> Asset | None:
        """One asset, or None."""
        ...

    async def secret(self, assets: Collection[str]) -> list[Asset]:
        """Those of some assets that are under embargo now, without their files."""
        ...

    async def titled(self, title: str) -> list[AssetId]:
        """The assets of exactly this title, by id."""
        ...

    async def allow_lists(self) -> dict[AssetId, tuple[Allow, ...]]:
        """The allow lists that are not empty."""
        ...

    async def dated(self) -> list[Asset]:
        """Assets, without their files, for which something is to happen by itself at some time."""
        ...

    async def awaited(self) -> list[Asset]:
        """Assets, without their files, that have a release window and an open finding."""
        ...

    async def save(self, asset: Asset, at: datetime) -> None:
        """Add an asset, or replace the one of the same id with its files.

        Piece tables are kept by content: a file that comes without any keeps those that its bytes have.
        """
        ...

    async def with_tables(self, files: Sequence[AssetFile], piece_length: int) -> tuple[AssetFile, ...]:
        """The files, each with its tables of one piece length."""
        ...

    async def unsearched(self) -> list[AssetId]:
        """Assets that were not looked for yet in what is stored, since they were registered or changed."""
        ...

    async def searched(self, asset: AssetId) -> None:
        """An asset was looked for in what is stored."""
        ...

    async def remove(self, asset: AssetId) -> bool:
        """Remove an asset with its findings; false if there was none."""
        ...
