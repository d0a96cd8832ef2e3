"""What a site's pages look like."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a site's pages usually look like."""

    polls: int = 0
