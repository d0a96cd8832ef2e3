"""What is stored about people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol

from leakwatch.model.person import Mention, NoticeNaming, PageKept, Posted
from leakwatch.privacy import Authors


class Persons(Protocol):
    """Who posted what, in one transaction."""

    def posted(self, author: str, authors: Authors) -> AsyncIterator[Posted]:
        """Observations by `platform:name`, be he stored by name or by pseudonym."""
        ...

    def mentions(self, text: str) -> AsyncIterator[Mention]:
        """Rows of all tables in which a text occurs, whatever its case; ASCII letters only are compared so."""
        ...

    async def pages(self, digests: Collection[str], but: Collection[int]) -> list[PageKept]:
        """Pages that were kept by these digests, or by looks at the observations `but`, with pictures and diffs of them.

        Those that other observations need are shared.
        """
        ...

    async def notices(self, name: str) -> list[NoticeNaming]:
        """Notices whose text has a name as a word."""
        ...

    async def erase_notices(self, name: str) -> int:
        """Put a tombstone where a name stands in drafts of notices; answers how many changed."""
        ...

    async def erase(self, posted: Collection[int], known_as: Sequence[str], name: str) -> Mapping[str, int]:
        """Put a tombstone where an author stands, by these observations and names; answers how many rows changed."""
        ...

    async def forget(self, digests: Collection[str]) -> None:
        """Remove what is said of pages whose bytes go."""
        ...

    async def counts(self) -> Mapping[str, int]:
        """How many rows tell of people, by what they are."""
        ...
