"""People who posted: how they are kept, what is stored about one of them, and how he is erased."""

from __future__ import annotations

from leakwatch.persons.key import KEY_FILE, open_authors

__all__ = ["KEY_FILE", "open_authors"]
