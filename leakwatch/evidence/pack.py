"""Builds a pack: everything about a finding in one zip, the same bytes for the same evidence."""

from __future__ import annotations

import hashlib

from leakwatch.errors import StoreError
from leakwatch.evidence.archive import write
from leakwatch.evidence.documents import SCHEMA, Authors, canonical, documents
from leakwatch.evidence.dossier import Dossier
from leakwatch.evidence.report import report

README = b"""An evidence pack of leakwatch.

report.html      the case for people; print it or open it in any browser, it needs no network
manifest.json    every file of this pack with its size and SHA-256
finding.json     the case: sightings, and why each matched
proofs.json      what the torrents' metadata proves, and of which files
prints.json      digests of the work's files, with which that can be computed again
captures.json    what was kept, when, and from where
timeline.*       what happened, in order
audit.jsonl      the audit from the case's first entry on; of other entries only the digest of what they say
stamps.json      time stamps by others (RFC 3161), if there are any
warc/            one WARC 1.1 file for each capture: request, answer, how it was read; together they are one file
bodies/          the bodies alone, each named by its SHA-256
metadata/        info dictionaries of torrents, each named by its SHA-256
stamps/          time stamp tokens; certificates/ those of who made them

To check it:  leakwatch evidence verify THIS_FILE
By hand:      sha256sum each file and compare with manifest.json
"""


def build(dossier: Dossier, *, by_name: bool = False, certificates: tuple[bytes, ...] = ()) -> bytes:
    """The pack as bytes. Raises: StoreError if it is too large for one."""
    authors = Authors(dossier, by_name=by_name)
    members = documents(dossier, authors) | {"report.html": report(dossier, authors), "readme.txt": README}
    members |= _blobs(dossier)
    for one in certificates:
        members[f"certificates/{hashlib.sha256(one).hexdigest()}.pem"] = one
    members["manifest.json"] = _manifest(dossier, members)
    try:
        return write(members)
    except ValueError as error:
        raise StoreError(str(error)) from error


def _blobs(dossier: Dossier) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    blobs = dossier.blobs
    metadata = {one.metadata for one in dossier.torrents}
    for one in dossier.captures:
        folder = "metadata" if one.digest in metadata else "bodies"
        named = {f"{folder}/{one.digest}": one.digest}
        named |= {f"warc/{warc}.warc.gz": warc for warc in (one.warc, one.refers_to) if warc}
        found |= {name: blobs[digest] for name, digest in named.items() if digest in blobs}
    found |= {f"metadata/{one}": blobs[one] for one in metadata if one in blobs}
    found |= {f"stamps/{s.token}.tsr": blobs[s.token] for s in dossier.stamps if s.token in blobs}
    return found


def _manifest(dossier: Dossier, members: dict[str, bytes]) -> bytes:
    files = [
        {"name": name, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(members.items())
    ]
    last = dossier.chain[-1] if dossier.chain else None
    head = {"seq": last.seq, "digest": last.digest} if last else None
    told = {"schema": SCHEMA, "finding": dossier.finding.id, "audit": head, "files": files}
    left = [{"sha256": one.digest, "size_bytes": one.size_bytes, "why": one.why} for one in dossier.left_out]
    return canonical(told | ({"left_out": left} if left else {}))
