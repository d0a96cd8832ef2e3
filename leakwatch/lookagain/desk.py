"""What a further look needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leakwatch.pipeline import Brain
from leakwatch.polling import SiteConfig
from leakwatch.ports import Clock, Fetcher, Reader, Repository, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class LookDesk:
    """The sites that are polled, and what reads them. `close_when_gone` sets a case to removed when all of it is gone."""

    sites: Mapping[str, SiteConfig]
    brain: Brain
    repository: Repository
    vault: Vault
    fetcher: Fetcher
    reader: Reader
    clock: Clock
    close_when_gone: bool = False
