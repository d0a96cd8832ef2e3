"""The database: transactions, and what can be asked in one."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from leakwatch.ports.audit import Audit
from leakwatch.ports.cases import Cases
from leakwatch.ports.catalogue import Catalogue
from leakwatch.ports.delivery import Channels, Outbox
from leakwatch.ports.evidence import Evidence, Looks, Screenshots, Stamps
from leakwatch.ports.findings import Findings
from leakwatch.ports.lines import Lines
from leakwatch.ports.notices import Notices
from leakwatch.ports.persons import Persons
from leakwatch.ports.retention import Retention
from leakwatch.ports.sites import Sites
from leakwatch.ports.swarms import Swarms
from leakwatch.ports.telling import Announcements, Silences, Standings
from leakwatch.ports.times import Times


class Work(Protocol):
    """One transaction."""

    @property
    def catalogue(self) -> Catalogue:
        """The assets."""
        ...

    @property
    def clock(self) -> Times:
        """Times that lie ahead."""
        ...

    @property
    def sites(self) -> Sites:
        """The sites."""
        ...

    @property
    def findings(self) -> Findings:
        """The cases."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The alerts."""
        ...

    @property
    def channels(self) -> Channels:
        """How they fare."""
        ...

    @property
    def swarms(self) -> Swarms:
        """The counts."""
        ...

    @property
    def audit(self) -> Audit:
        """Who did what, and what was kept."""
        ...

    @property
    def retention(self) -> Retention:
        """What may be thrown away with time."""
        ...

    @property
    def persons(self) -> Persons:
        """What is stored about people."""
        ...

    @property
    def lines(self) -> Lines:
        """Lists that are too long to be held at once."""
        ...

    @property
    def announcements(self) -> Announcements:
        """What is to be told."""
        ...

    @property
    def silences(self) -> Silences:
        """What is told to nobody for a while."""
        ...

    @property
    def standings(self) -> Standings:
        """What was told and is not acknowledged."""
        ...

    @property
    def evidence(self) -> Evidence:
        """What was kept."""
        ...

    @property
    def looks(self) -> Looks:
        """Further looks at places."""
        ...

    @property
    def screenshots(self) -> Screenshots:
        """Pictures of kept pages."""
        ...

    @property
    def stamps(self) -> Stamps:
        """Time stamps by others."""
        ...

    @property
    def notices(self) -> Notices:
        """Notices to hosts."""
        ...

    @property
    def cases(self) -> Cases:
        """What is worked on in cases."""
        ...


class Repository(Protocol):
    """The database."""

    def reading(self) -> AbstractAsyncContextManager[Work]:
        """A transaction that only reads."""
        ...

    def writing(self) -> AbstractAsyncContextManager[Work]:
        """A transaction that commits at the end of the block, or leaves no trace if it raises."""
        ...
