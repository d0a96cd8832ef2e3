"""The report of a pack: one page that prints, opens without a network and runs nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from leakwatch.display import clean, defang
from leakwatch.errors import MetainfoError
from leakwatch.evidence.curve import curve_svg, legend
from leakwatch.evidence.documents import Authors, shown, timeline
from leakwatch.evidence.dossier import Dossier, Torrent
from leakwatch.model.alert import Alert, Place
from leakwatch.model.evidence import Screenshot, place_status
from leakwatch.model.finding import EventKind, FindingEvent
from leakwatch.model.swarm import spread_of
from leakwatch.routing.wording import make_alert
from leakwatch.torrent.metainfo import parse_info

_MAX_LINES = 500
_MAX_PICTURES = 20 * 2**20
"""Bytes of screenshots that the page holds; all of them lie in `bodies/`."""


def report(dossier: Dossier, authors: Authors) -> bytes:
    """The page. Every text from outside is escaped, cleaned of control characters, and no link can be followed."""
    told = _alert(dossier)
    lines = timeline(dossier, authors)
    page = _template().render(
        finding=dossier.finding,
        asset=dossier.asset,
        alert=told,
        torrents=[_torrent(one, dossier.blobs) for one in dossier.torrents],
        sightings=[
            (one, authors.shown(one.site, one.author), place_status(one.url, dossier.looks))
            for one in dossier.sightings[:_MAX_LINES]
        ],
        reasons=sorted(
            {s for one in dossier.sightings for s in one.match.signals}, key=lambda s: (-s.weight, s.detail)
        )[:20],
        captures=dossier.captures,
        pictures=[*_pictures(dossier)],
        lines=lines[:_MAX_LINES],
        more=max(0, len(lines) - _MAX_LINES),
        stamps=dossier.stamps,
        lost=dossier.lost,
        left_out=dossier.left_out,
        head=dossier.chain[-1] if dossier.chain else None,
        curve=curve_svg(dossier),
        legend=legend(dossier),
    )
    return page.encode("utf-8", "replace")


def _pictures(dossier: Dossier) -> Iterator[tuple[Screenshot, str]]:
    """Each screenshot with its bytes as the page holds them: "" for one that is not there, or is one too many."""
    left = _MAX_PICTURES
    for one in dossier.screenshots:
        png = dossier.blobs.get(one.picture or "", b"")
        left -= len(png)
        yield one, base64.b64encode(png).decode() if left >= 0 else ""


def _alert(dossier: Dossier) -> Alert:
    """The seven questions as an alert answers them, with the names: a pack is for the owner and his lawyers."""
    finding = dossier.finding
    event = FindingEvent(finding=finding.id, kind=EventKind.OPENED, at=finding.opened_at, content="")
    event = replace(event, detail={"site": dossier.sightings[0].site} if dossier.sightings else {})
    places = [
        Place(site=one.site, url=one.url, title=one.title, seen_at=one.seen_at.isoformat(timespec="seconds"))
        for one in dossier.sightings
    ]
    signals = [(s.kind.value, s.detail, s.weight) for one in dossier.sightings for s in one.match.signals]
    proofs = [one.proof for one in dossier.torrents]
    named = replace(dossier.asset, embargoed=False)
    return make_alert(event, finding, named, places, signals, proofs, spread_of(dossier.samples))


def _torrent(one: Torrent, blobs: Mapping[str, bytes]) -> dict[str, object]:
    """A torrent with the commands by which anybody can compute its verdict again."""
    v1, v2 = one.infohashes.v1, one.infohashes.v2
    commands: list[str] = []
    if one.metadata and v1:
        commands.append(f"sha1sum metadata/{one.metadata}    # gives {v1.hex()}")
    if one.metadata and v2:
        commands.append(f"sha256sum metadata/{one.metadata}    # gives {v2.hex()}")
    if one.metadata:
        commands.append(
            f"(printf 'd4:info'; cat metadata/{one.metadata}; printf e) > a.torrent; "
            "leakwatch torrent prove a.torrent --asset-path FOLDER"
        )
    commands += _piece_commands(one, blobs)
    return {"of": one, "v1": v1.hex() if v1 else None, "v2": v2.hex() if v2 else None, "commands": commands}


def _piece_commands(one: Torrent, blobs: Mapping[str, bytes]) -> Iterator[str]:
    """For each of the first files one piece that agrees: where its bytes are in the work, and its digest."""
    try:
        info = parse_info(blobs[one.metadata or ""])
    except (KeyError, MetainfoError):
        return
    begins = {file.path: file.offset for file in info.files}
    for file in one.proof.files[:3]:
        for start, end in file.ranges[:1]:
            at = (begins.get(file.path) or 0) + file.shift + start
            number = -(-at // info.piece_length)
            first = start + number * info.piece_length - at
            if file.method == "v1" and first + info.piece_length <= end:
                digest = info.pieces[20 * number : 20 * number + 20].hex()
                yield (
                    f"tail -c +{first + 1} ASSET_FILE | head -c {info.piece_length} | sha1sum"
                    f"    # piece {number}: {digest}"
                )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("leakwatch.evidence", "."), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {"clean": clean, "defang": defang, "shown": shown}
    return environment.get_template("report.html.j2")
