"""People who posted: how they are kept, what is stored about one of them, and how he is erased."""

from __future__ import annotations

from leakwatch.persons.erasing import KEPT_BECAUSE, Erased, drop_bytes, erase
from leakwatch.persons.key import KEY_FILE, open_authors
from leakwatch.persons.report import Kept, report
from leakwatch.persons.telling import tell_author, tell_mail

__all__ = [
    "KEPT_BECAUSE",
    "KEY_FILE",
    "Erased",
    "Kept",
    "drop_bytes",
    "erase",
    "open_authors",
    "report",
    "tell_author",
    "tell_mail",
]
