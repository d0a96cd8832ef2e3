"""How a person is named in a command: `platform:name`, so that no two people of one name are taken for one."""

from __future__ import annotations

from leakwatch.errors import InputError
from leakwatch.privacy import Authors, parts_of


def parted(author: str) -> tuple[str, str]:
    """Platform and name. Raises: InputError."""
    platform, separator, name = parts_of(author)
    if not (separator and platform.strip() and name.strip()):
        raise InputError(
            f"expected PLATFORM:NAME such as github.com:somebody, got {author!r}; `leakwatch finding show` tells the platform"
        )
    return platform, name


def known_as(author: str, authors: Authors) -> list[str]:
    """Under which names a person may be stored: as told, and as his pseudonym."""
    platform, name = parted(author)
    told = f"{platform.lower()}:{name if name.startswith('!') else name.casefold()}"
    return [*dict.fromkeys(one for one in (told, authors.shown(told)) if one)]
