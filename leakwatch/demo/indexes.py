"""Torrent indexes: one state, shown as nyaa-like RSS and as Torznab. None of their torrents is the asset."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from random import Random
from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from leakwatch.demo.answers import Freshness, conditional, not_found, number
from leakwatch.demo.names import Release
from leakwatch.torrent.bencode import encode

_SHOWN = 75
_MOST = 100
_MOST_PIECES = 60
_DIGEST_BYTES = 20
_FIRST_NUMBER = 1_400_000
_XML = "application/xml"
_UNITS = ("Bytes", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024
_CAPS = """<?xml version="1.0" encoding="UTF-8"?>
<caps><server version="1.0" title="demo index"/><limits max="100" default="75"/>
<searching><search available="yes" supportedParams="q"/></searching>
<categories><category id="2000" name="Movies"/><category id="3000" name="Audio"/>
<category id="4000" name="PC"/><category id="5000" name="TV"/>
<category id="8000" name="Other"/></categories></caps>"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed torrent; `torrent` is the bytes of its file and `infohash` belongs to them."""

    number: int
    release: Release
    at: float
    torrent: bytes
    infohash: str
    seeders: int


class TorrentIndex:
    """A list of torrents, newest first. `served` collects the numbers that were handed out."""

    def __init__(self, base: str, clock: Callable[[], float], rng: Random) -> None:
        self.served: set[int] = set()
        self._base = base
        self._clock = clock
        self._rng = rng
        self._entries: list[Entry] = []
        self._freshness = Freshness()

    def publish(self, release: Release, *, at: float | None = None) -> Entry:
        """List a torrent made up for this release."""
        now = self._clock() if at is None else at
        torrent, infohash = made_up_torrent(self._rng, release)
        entry = Entry(
            _FIRST_NUMBER + len(self._entries), release, now, torrent, infohash, self._rng.randint(0, 400)
        )
        self._entries.insert(0, entry)
        self._freshness.change(now)
        return entry

    def routes(self) -> list[Route]:
        """Feed, API, pages and torrent files; the world mounts them where each is expected."""
        return [
            Route("/rss.xml", self._answer_rss),
            Route("/api", self._answer_api),
            Route("/view/{number:int}", self._answer_page),
            Route("/download/{number:int}.torrent", self._answer_torrent),
        ]

    def _show(self, entries: list[Entry]) -> list[Entry]:
        self.served.update(entry.number for entry in entries)
        return entries

    async def _answer_rss(self, request: Request) -> Response:
        def body() -> str:
            items = "".join(self._rss_item(entry) for entry in self._show(self._entries[:_SHOWN]))
            return (
                '<?xml version="1.0" encoding="utf-8"?>\n<rss xmlns:atom="http://www.w3.org/2005/Atom"'
                ' xmlns:nyaa="https://nyaa.si/xmlns/nyaa" version="2.0"><channel><title>demo index</title>'
                f"<description>newest torrents</description><link>{self._base}/</link>{items}</channel></rss>"
            )

        return conditional(request, self._freshness.seconds, _XML, body)

    async def _answer_api(self, request: Request) -> Response:
        match request.query_params.get("t", ""):
            case "caps":
                return Response(_CAPS, media_type=_XML)
            case "search" | "movie" | "tvsearch" | "music" | "book":
                return Response(self._torznab(request), media_type=_XML)
            case _:
                return Response('<error code="202" description="No such function"/>', media_type=_XML)

    def _torznab(self, request: Request) -> str:
        words = request.query_params.get("q", "").lower().split()
        found = [
            entry for entry in self._entries if all(word in entry.release.title.lower() for word in words)
        ]
        offset, limit = number(request, "offset", 0), number(request, "limit", _SHOWN, _MOST)
        items = "".join(self._torznab_item(entry) for entry in self._show(found[offset : offset + limit]))
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"'
            ' xmlns:newznab="http://www.newznab.com/DTD/2010/feeds/attributes/"'
            ' xmlns:torznab="http://torznab.com/schemas/2015/feed"><channel><title>demo torznab</title>'
            f'<link>{self._base}/</link><newznab:response offset="{offset}" total="{len(found)}"/>'
            f"{items}</channel></rss>"
        )

    async def _answer_page(self, request: Request) -> Response:
        entry = self._find(request)
        return PlainTextResponse(entry.release.title) if entry else not_found()

    async def _answer_torrent(self, request: Request) -> Response:
        entry = self._find(request)
        return Response(entry.torrent, media_type="application/x-bittorrent") if entry else not_found()

    def _find(self, request: Request) -> Entry | None:
        wanted = int(request.path_params["number"])
        return next((entry for entry in self._entries if entry.number == wanted), None)

    def _rss_item(self, entry: Entry) -> str:
        page, torrent = self._links(entry)
        seeders = self._seeders(entry)
        return (
            f"<item><title>{escape(entry.release.title)}</title><link>{page}</link>"
            f'<guid isPermaLink="true">{page}</guid><pubDate>{formatdate(entry.at)}</pubDate>'
            f'<enclosure url="{torrent}" length="{len(entry.torrent)}" type="application/x-bittorrent"/>'
            f"<nyaa:seeders>{seeders}</nyaa:seeders><nyaa:leechers>{seeders // 3}</nyaa:leechers>"
            f"<nyaa:infoHash>{entry.infohash}</nyaa:infoHash>"
            f"<nyaa:size>{size_text(entry.release.size_bytes)}</nyaa:size></item>"
        )

    def _torznab_item(self, entry: Entry) -> str:
        page, torrent = self._links(entry)
        seeders = self._seeders(entry)
        attributes = {
            "category": entry.release.category,
            "size": entry.release.size_bytes,
            "infohash": entry.infohash,
            "magneturl": f"magnet:?xt=urn:btih:{entry.infohash}",
            "seeders": seeders,
            "peers": seeders + seeders // 3,
        }
        shown = "".join(
            f'<torznab:attr name="{key}" value={quoteattr(str(attributes[key]))}/>' for key in attributes
        )
        return (
            f"<item><title>{escape(entry.release.title)}</title><guid>{page}</guid>"
            f"<pubDate>{formatdate(entry.at)}</pubDate><size>{entry.release.size_bytes}</size>"
            f"<link>{torrent}</link><comments>{page}</comments>"
            f'<enclosure url="{torrent}" length="{len(entry.torrent)}" type="application/x-bittorrent"/>'
            f"{shown}</item>"
        )

    def _links(self, entry: Entry) -> tuple[str, str]:
        return f"{self._base}/view/{entry.number}", f"{self._base}/download/{entry.number}.torrent"

    def _seeders(self, entry: Entry) -> int:
        """Counts move while an entry is up, as they do everywhere."""
        return entry.seeders + int(self._clock() - entry.at) // 7


def made_up_torrent(rng: Random, release: Release) -> tuple[bytes, str]:
    """A valid v1 torrent of random piece digests, and its infohash in hex."""
    length = 1 << 18
    while release.size_bytes > _MOST_PIECES * length:
        length *= 2
    pieces = rng.randbytes(_DIGEST_BYTES * -(-release.size_bytes // length))
    name = release.title.encode()
    info = encode({b"length": release.size_bytes, b"name": name, b"piece length": length, b"pieces": pieces})
    return b"d4:info" + info + b"e", hashlib.sha1(info, usedforsecurity=False).hexdigest()


def size_text(size_bytes: int) -> str:
    """`1.4 GiB`, as indexes round."""
    power = min(max(size_bytes, 1).bit_length() // 10, len(_UNITS) - 1)
    return f"{size_bytes / _STEP**power:.1f} {_UNITS[power]}"
