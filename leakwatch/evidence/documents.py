"""The documents of a pack: what a dossier says, as JSON that is always written the same way."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from leakwatch.display import clean, defang
from leakwatch.evidence.dossier import Dossier
from leakwatch.evidence.warc import date_of
from leakwatch.model.asset import AssetFile

SCHEMA = 1


def canonical(value: Any) -> bytes:
    """JSON in one spelling: keys sorted, two spaces, ASCII."""
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=True, default=str).encode() + b"\n"


class Authors:
    """Who posted, as pseudonyms in the order in which they were seen; by name where that is asked for."""

    def __init__(self, dossier: Dossier, *, by_name: bool) -> None:
        seen = dict.fromkeys((one.site, one.author) for one in dossier.sightings if one.author)
        self._told = {
            key: (key[1] or "") if by_name else f"author {number}" for number, key in enumerate(seen, 1)
        }

    def shown(self, site: str, author: str | None) -> str | None:
        """What an author is called in the pack."""
        return self._told.get((site, author)) if author else None


def documents(dossier: Dossier, authors: Authors) -> dict[str, bytes]:
    """All documents but the manifest and the report, by name."""
    return {
        "finding.json": canonical(finding_json(dossier, authors)),
        "proofs.json": canonical([_torrent_json(dossier, number) for number in range(len(dossier.torrents))]),
        "prints.json": canonical([_print_json(one) for one in dossier.asset.files]),
        "captures.json": canonical(
            [_capture_json(dossier, number) for number in range(len(dossier.captures))]
        ),
        "timeline.json": canonical(timeline(dossier, authors)),
        "timeline.txt": _timeline_text(timeline(dossier, authors)),
        "audit.jsonl": chain_lines(dossier),
        "stamps.json": canonical(
            [
                {"digest": one.digest, "authority": one.authority, "token": one.token, "at": date_of(one.at)}
                for one in dossier.stamps
            ]
        ),
    }


def finding_json(dossier: Dossier, authors: Authors) -> dict[str, Any]:
    """The case, the asset as far as it is needed, and each sighting with its reasons."""
    one, asset = dossier.finding, dossier.asset
    return ({"drill": True} if one.drill else {}) | {
        "schema": SCHEMA,
        "id": one.id,
        "asset": {"id": asset.id, "title": asset.title, "embargoed": asset.embargoed, "owner": asset.owner},
        "state": one.state.value,
        "verdict": one.verdict.value,
        "severity": one.severity.value,
        "score": one.score,
        "title": one.title,
        "opened_at": date_of(one.opened_at),
        "updated_at": date_of(one.updated_at),
        "also_known_as": sorted(dossier.subjects - {one.id}),
        "lost": list(dossier.lost),
        "screenshots": [
            {"page": one.digest, "picture": one.picture, "why": one.why} for one in dossier.screenshots
        ],
        "sightings": [
            {
                "site": seen.site,
                "native_id": seen.native_id,
                "title": seen.title,
                "url": seen.url,
                "author": authors.shown(seen.site, seen.author),
                "published_at": date_of(seen.published_at) if seen.published_at else None,
                "seen_at": date_of(seen.seen_at),
                "locators": list(seen.locators),
                "evidence": seen.evidence,
                "score": seen.match.score,
                "signals": [
                    {"kind": s.kind.value, "detail": s.detail, "bits": s.weight} for s in seen.match.signals
                ],
            }
            for seen in dossier.sightings
        ],
    }


def _torrent_json(dossier: Dossier, number: int) -> dict[str, Any]:
    one = dossier.torrents[number]
    hashes = one.infohashes
    return {
        "infohash_v1": hashes.v1.hex() if hashes.v1 else None,
        "infohash_v2": hashes.v2.hex() if hashes.v2 else None,
        "metadata": one.metadata,
        "verdict": one.proof.verdict.value,
        "method": one.proof.method,
        "reason": one.proof.reason,
        "error": one.proof.error,
        "files": [asdict(file) for file in one.proof.files],
    }


def _print_json(file: AssetFile) -> dict[str, Any]:
    """What is known of a file of the asset, without its bytes: what a torrent can be compared with."""
    digests = ("sha256", "sha1", "md5", "git_blob", "ed2k", "pieces_root")
    told = {name: value.hex() for name in digests if (value := getattr(file, name)) is not None}
    tables = [
        {
            "piece_length": one.piece_length,
            "first": one.first,
            "digests": base64.b64encode(one.digests).decode(),
        }
        for one in file.tables
    ]
    return {
        "path": file.path,
        "size_bytes": file.size_bytes,
        "variant": file.variant,
        "digests": told,
        "tables": tables,
    }


def _capture_json(dossier: Dossier, number: int) -> dict[str, Any]:
    one = dossier.captures[number]
    told = {"sha256": one.digest, "warc": one.warc, "site": one.site, "url": one.url, "status": one.status}
    told |= {"captured_at": date_of(one.captured_at), "parser": one.parser, "headers": dict(one.headers)}
    return told | {"refers_to": one.refers_to}


def timeline(dossier: Dossier, authors: Authors) -> list[dict[str, Any]]:
    """What happened, in order."""
    told: list[dict[str, Any]] = []
    for seen in dossier.sightings:
        who = authors.shown(seen.site, seen.author)
        by = f" by {who}" if who else ""
        if seen.published_at:
            told.append(_line(date_of(seen.published_at), "posted", f"on {seen.site}{by}: {seen.title}"))
        told.append(_line(date_of(seen.seen_at), "seen", f"on {seen.site}{by}: {seen.url or seen.title}"))
    told += [
        _line(date_of(one.captured_at), "kept", f"{one.url} as sha256 {one.digest}")
        for one in dossier.captures
    ]
    for event in dossier.events:
        detail = ", ".join(f"{key}={value}" for key, value in sorted(event.detail.items()))
        by = f" by {event.actor}" if event.actor else ""
        told.append(_line(date_of(event.at), event.kind.value, f"{detail}{by}"))
    told += [
        _line(date_of(one.done_at), "looked again", f"{one.url}: {one.outcome.value}")
        for one in dossier.looks
        if one.done_at and one.outcome and "with" not in one.detail
    ]
    return sorted(told, key=lambda one: (one["at"], one["what"], one["detail"]))


def _line(at: str, what: str, detail: str) -> dict[str, Any]:
    return {"at": at, "what": what, "detail": detail}


def _timeline_text(lines: Sequence[Mapping[str, Any]]) -> bytes:
    told = (f"{one['at'][:19]}Z  {one['what']:<16} {shown(one['detail'])}\n" for one in lines)
    return "".join(told).encode()


def shown(text: str) -> str:
    """A text from outside for a person to read: no control character, and no link that opens by itself."""
    return " ".join(defang(word) if ":" in word else clean(word, 2000) for word in text.split(" "))[:2000]


def chain_lines(dossier: Dossier) -> bytes:
    """The audit from the first entry about the finding on. Of other entries only the digest of what they say."""
    chain = dossier.chain
    if not chain:
        return b""
    lines: list[dict[str, Any]] = [{"first": chain[0].seq, "previous": chain[0].previous}]
    for one in chain:
        told = {name: getattr(one, name) for name in ("actor", "action", "subject", "detail")}
        own = told | {"at": date_of(one.at)}
        is_told = one.subject in dossier.subjects and one.seq not in dossier.hidden and not one.is_erased
        lines.append(own if is_told else {"content": one.content})
    lines.append({"last": chain[-1].seq, "digest": chain[-1].digest})
    return "".join(
        json.dumps(one, sort_keys=True, ensure_ascii=True, separators=(",", ":")) + "\n" for one in lines
    ).encode()
