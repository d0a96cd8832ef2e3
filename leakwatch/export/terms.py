"""On what terms something is handed out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Literal

from leakwatch.privacy import PLAIN, Authors

Tlp = Literal["clear", "green", "amber", "red"]
_NAMESPACE = uuid.UUID("5f7d2b0e-6a43-5c1b-9d0e-3b8a41c6f2d7")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportConfig:
    """Who hands out exports, for STIX, MISP and Atom, and how far they may go by the Traffic Light Protocol.

    `organisation` is part of every id that is made: another name makes other ids.
    """

    organisation: str = "leakwatch"
    tlp: Tlp = "amber"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`with_names` names works under embargo; `links` leaves links clickable in Atom; `bom` begins CSV with a mark."""

    with_names: bool = False
    links: bool = False
    bom: bool = False
    authors: Authors = PLAIN
    organisation: str = "leakwatch"
    tlp: Tlp = "amber"

    def stable_id(self, *parts: object) -> uuid.UUID:
        """The same parts of the same organisation have the same id each time (UUID of version 5)."""
        told = "\x1f".join(str(one) for one in (self.organisation, *parts))
        return uuid.uuid5(_NAMESPACE, told.encode("utf-8", "replace").decode("utf-8"))
