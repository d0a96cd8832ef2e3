"""What a notice is made from, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leakwatch.model.asset import Asset
from leakwatch.model.finding import Finding, Proof
from leakwatch.notices.settings import OwnerConfig
from leakwatch.notices.spots import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A finding with its places.

    `swarms` are the infohashes that it holds, in hex; `others` are notices of the same finding: id, host, state.
    """

    finding: Finding
    asset: Asset
    items: tuple[Item, ...]
    proofs: tuple[Proof, ...]
    owner: OwnerConfig
    at: datetime
    swarms: tuple[str, ...] = ()
    others: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the person who drafts says: which host and its contact, whether the work may be named, texts of his own."""

    host: str = ""
    mail: str = ""
    name_the_work: bool = False
    work: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text, and what was checked. `detail` is what the notice keeps of it."""

    host: str
    subject: str
    body: str
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])
