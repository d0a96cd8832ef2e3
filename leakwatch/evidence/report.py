"""The report of a pack: one page that prints, opens without a network and runs nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from leakwatch.display import clean, defang
from leakwatch.evidence.curve import curve_svg, legend
from leakwatch.evidence.documents import Authors, shown, timeline
from leakwatch.evidence.dossier import Dossier, Torrent
from leakwatch.model.alert import Alert, Place
from leakwatch.model.evidence import Look, Outcome
from leakwatch.model.finding import EventKind, FindingEvent
from leakwatch.model.swarm import spread_of
from leakwatch.routing.wording import make_alert

_MAX_LINES = 500
_STATUS = {
    Outcome.SAME: "still up",
    Outcome.EDITED: "edited",
    Outcome.DELETED: "gone",
    Outcome.UNREACHABLE: "could not be reached",
    Outcome.WITHHELD: "not looked at again",
}


def report(dossier: Dossier, authors: Authors) -> bytes:
    """The page. Every text from outside is escaped, cleaned of control characters, and no link can be followed."""
    told = _alert(dossier)
    lines = timeline(dossier, authors)
    page = _template().render(
        finding=dossier.finding,
        asset=dossier.asset,
        alert=told,
        torrents=[_torrent(one) for one in dossier.torrents],
        sightings=[
            (one, authors.shown(one.site, one.author), place_status(one.url, dossier.looks))
            for one in dossier.sightings[:_MAX_LINES]
        ],
        reasons=sorted(
            {s for one in dossier.sightings for s in one.match.signals}, key=lambda s: (-s.weight, s.detail)
        )[:20],
        captures=dossier.captures,
        lines=lines[:_MAX_LINES],
        more=max(0, len(lines) - _MAX_LINES),
        stamps=dossier.stamps,
        lost=dossier.lost,
        head=dossier.chain[-1] if dossier.chain else None,
        curve=curve_svg(dossier),
        legend=legend(dossier),
    )
    return page.encode("utf-8", "replace")


def _alert(dossier: Dossier) -> Alert:
    """The seven questions as an alert answers them, with the names: a pack is for the owner and his lawyers."""
    finding = dossier.finding
    event = FindingEvent(finding=finding.id, kind=EventKind.OPENED, at=finding.opened_at, content="")
    places = [
        Place(site=one.site, url=one.url, title=one.title, seen_at=one.seen_at.isoformat(timespec="seconds"))
        for one in dossier.sightings
    ]
    signals = [(s.kind.value, s.detail, s.weight) for one in dossier.sightings for s in one.match.signals]
    proofs = [one.proof for one in dossier.torrents]
    named = replace(dossier.asset, embargoed=False)
    return make_alert(event, finding, named, places, signals, proofs, spread_of(dossier.samples))


def _torrent(one: Torrent) -> dict[str, object]:
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
    for file in one.proof.files[:3]:
        for start, end in file.ranges[:1]:
            commands.append(
                f"tail -c +{start + 1} ASSET_FILE | head -c {end - start} | sha1sum"
                "    # the digest of one piece, where the range is one piece"
            )
    return {"of": one, "v1": v1.hex() if v1 else None, "v2": v2.hex() if v2 else None, "commands": commands}


def place_status(url: str | None, looks: tuple[Look, ...]) -> str:
    """What the last look at a place has shown, and when."""
    done = [one for one in looks if one.url == url and one.done_at and one.outcome]
    if not done:
        return "not looked at again yet"
    last = max(done, key=lambda one: (one.done_at, one.id))
    at = f"{last.done_at:%Y-%m-%d %H:%M} UTC" if last.done_at else ""
    return f"{_STATUS[last.outcome] if last.outcome else ''} ({at})"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("leakwatch.evidence", "."), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {"clean": clean, "defang": defang, "shown": shown}
    return environment.get_template("report.html.j2")
