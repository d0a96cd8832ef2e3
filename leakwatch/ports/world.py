"""What lies outside the database: time, pages, swarms, kept bytes, and who is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from leakwatch.model.alert import Delivery, Receipt
from leakwatch.model.finding import Rank
from leakwatch.model.manner import PLAIN, Manner
from leakwatch.sources._kind import Page, Payload, PolledKind, Request
from leakwatch.torrent.infohash import Infohashes
from leakwatch.torrent.metainfo import TorrentInfo


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...


class Fetcher(Protocol):
    """The one door to HTTP."""

    async def fetch(
        self, request: Request, *, min_interval_s: float = 0.0, manner: Manner = PLAIN
    ) -> Payload:
        """Do one GET, or POST a form, following redirects through the same checks.

        A 304 comes back as a payload of that status. Raises: Refused, AddressRefused, FetchFailed.
        """
        ...

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout_s: float = 20.0,
        most_bytes: int = 64 * 1024,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Do one POST without following redirects; answers status, headers and the start of the body.

        Raises: AddressRefused or FetchFailed before anything was written; DeliveryError with `uncertain`
        where the connection broke after the request had gone out.
        """
        ...


class Reader(Protocol):
    """Reads pages, those of strangers within limits."""

    async def read(self, kind: PolledKind, payload: Payload) -> Page:
        """What a page holds. Raises: LayoutChanged, Refused; FetchFailed where it could not be read for another reason."""
        ...


class Swarm(Protocol):
    """The BitTorrent side: metadata only, never content."""

    async def metadata(
        self,
        infohashes: Infohashes,
        *,
        peers: Sequence[tuple[str, int]] = (),
        deadline_s: float = 60.0,
        rank: Rank = Rank.REVIEW,
    ) -> bytes:
        """The raw info dictionary of a torrent, its hash checked; the most wanted first. Raises: SwarmError."""
        ...


class Parser(Protocol):
    """Reads torrents where they can do no harm."""

    async def info(self, raw: bytes) -> TorrentInfo:
        """What an info dictionary says. Raises: MetainfoError, SwarmError."""
        ...

    async def raw_info(self, torrent: bytes) -> bytes:
        """The info dictionary inside a torrent file, as it stands there. Raises: MetainfoError, SwarmError."""
        ...


class Vault(Protocol):
    """Keeps evidence bytes by their SHA-256."""

    def put(self, data: bytes) -> str:
        """Store bytes durably; answers their SHA-256 in hex. Storing the same bytes twice is free."""
        ...

    def get(self, digest: str) -> bytes:
        """Read bytes back, their digest checked. Raises: StoreError if they are missing or changed."""
        ...


class Notifier(Protocol):
    """One channel that can be told."""

    async def send(self, delivery: Delivery) -> Receipt:
        """Send one alert. Raises: DeliveryError, saying whether a retry helps and whether it may have arrived."""
        ...
