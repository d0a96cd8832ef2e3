"""What the shell needs of the world, as protocols. Each has one real implementation and a twin in the tests."""

from __future__ import annotations

from leakwatch.ports.answering import Deeds
from leakwatch.ports.audit import Audit
from leakwatch.ports.catalogue import Catalogue
from leakwatch.ports.delivery import Channels, Outbox
from leakwatch.ports.findings import Findings
from leakwatch.ports.sites import Sites
from leakwatch.ports.storage import Repository, Work
from leakwatch.ports.swarms import Swarms
from leakwatch.ports.world import Clock, Fetcher, Notifier, Parser, Reader, Swarm, Vault

__all__ = [
    "Audit",
    "Catalogue",
    "Channels",
    "Clock",
    "Deeds",
    "Fetcher",
    "Findings",
    "Notifier",
    "Outbox",
    "Parser",
    "Reader",
    "Repository",
    "Sites",
    "Swarm",
    "Swarms",
    "Vault",
    "Work",
]
