"""Puts what was seen into the vault, before anybody is told of it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from leakwatch.errors import StoreError
from leakwatch.evidence.warc import date_of, headers_of, made_records, records
from leakwatch.model.evidence import DIFF, PICTURE, Capture
from leakwatch.ports import Repository, Vault
from leakwatch.sources._kind import CredentialRef, Payload, Request
from leakwatch.torrent.infohash import Infohashes
from leakwatch.torrent.magnet import Magnet

_MAX_REQUEST = 16 * 1024
_OK = 200


async def keep(payload: Payload, site: str, parser: str, repository: Repository, vault: Vault) -> Capture:
    """Keep an answer and the record of how it came, durably. Raises: StoreError.

    The row that tells of it is written by the caller, in the transaction that needs it.
    """
    digest = hashlib.sha256(payload.body).hexdigest()
    async with repository.reading() as work:
        earlier = await work.evidence.first(digest, site)
    return await asyncio.to_thread(_kept, payload, site, parser, earlier, vault)


def _kept(payload: Payload, site: str, parser: str, earlier: Capture | None, vault: Vault) -> Capture:
    digest = vault.put(payload.body)
    is_same = earlier is not None and earlier.url == payload.url and payload.exchange is not None
    refers = earlier if is_same and _is_there(earlier, vault) else None
    return Capture(
        digest=digest,
        warc=vault.put(records(payload, site, parser, refers)),
        site=site,
        url=payload.url,
        status=payload.status,
        headers=headers_of(payload),
        captured_at=payload.fetched_at,
        parser=parser,
        request=request_json(payload.request),
        refers_to=refers.warc if refers else None,
    )


def _is_there(earlier: Capture | None, vault: Vault) -> bool:
    """Whether an earlier record is still there; it is put anew, so that it is not thrown away just now."""
    try:
        return bool(earlier and earlier.warc and vault.put(vault.get(earlier.warc)))
    except StoreError:
        return False


async def keep_metadata(raw: bytes, infohashes: Infohashes, at: datetime, vault: Vault) -> Capture:
    """Keep the info dictionary of a torrent, as peers or an index gave it. Raises: StoreError."""
    url = str(Magnet(infohashes))
    headers = {"content-type": "application/x-bittorrent"}
    payload = Payload(request=Request(url=url), url=url, status=200, headers=headers, body=raw, fetched_at=at)
    return await asyncio.to_thread(_kept, payload, "swarm", "metadata/1", None, vault)


async def keep_picture(
    png: bytes,
    page: Capture,
    at: datetime,
    told: Mapping[str, str],
    had: Sequence[tuple[str, str]],
    vault: Vault,
) -> Capture:
    """Keep a picture of a page, with how it was drawn and what was fetched for it. Raises: StoreError."""
    lines = (*told.items(), *(("fetched", f"{digest} {url}") for url, digest in had))
    return await asyncio.to_thread(_kept_made, png, page, at, PICTURE, lines, vault)


async def keep_diff(diff: str, page: Capture, vault: Vault) -> Capture:
    """Keep what was edited on a page, beside the page as it is now. Raises: StoreError."""
    return await asyncio.to_thread(_kept_made, diff.encode(), page, page.captured_at, DIFF, (), vault)


_MADE = {PICTURE: ("image/png", "view"), DIFF: ("text/x-diff; charset=utf-8", "diff")}


def _kept_made(
    data: bytes, page: Capture, at: datetime, parser: str, told: Sequence[tuple[str, str]], vault: Vault
) -> Capture:
    of = {"of": page.digest, "captured": date_of(page.captured_at)}
    kind, view = _MADE[parser]
    record = made_records(data, page, at, kind, (*of.items(), *told), view=view)
    return Capture(
        digest=vault.put(data),
        warc=vault.put(record),
        site=page.site,
        url=page.url,
        status=page.status,
        headers={"content-type": kind},
        captured_at=at,
        parser=parser,
        request=of,
    )


def is_drawn(capture: Capture) -> bool:
    """Whether a capture is a page that a browser can show."""
    kind = capture.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_page = kind in ("text/html", "application/xhtml+xml") and capture.status == _OK
    return is_page and capture.url.startswith(("http://", "https://"))


def told_of(capture: Capture) -> Mapping[str, Any]:
    """What the audit says of a capture."""
    told = {"sha256": capture.digest, "warc": capture.warc, "site": capture.site, "url": capture.url}
    return told | {
        "status": capture.status,
        "captured_at": capture.captured_at.isoformat(),
        "parser": capture.parser,
    }


def request_json(request: Request) -> dict[str, Any]:
    """A request as it is stored, to be asked again. Secrets by name; the address alone where the rest is too long."""
    told: dict[str, Any] = {"url": request.url, "state": dict(request.state)}
    if request.headers:
        told["headers"] = dict(request.headers)
    if request.form is not None:
        told["form"] = dict(request.form)
    for name in ("credential", "token_url"):
        if getattr(request, name):
            told[name] = getattr(request, name)
    if request.query_credential:
        told["query_credential"] = list(request.query_credential)
    if request.verbatim:
        told["verbatim"] = True
    return told if len(json.dumps(told, default=str)) <= _MAX_REQUEST else {"url": request.url}


def request_of(told: Mapping[str, Any]) -> Request:
    """A stored request."""
    pair = told.get("query_credential")
    credential = told.get("credential")
    return Request(
        url=told["url"],
        form=told.get("form"),
        headers=told.get("headers", {}),
        credential=CredentialRef(credential) if credential else None,
        token_url=told.get("token_url"),
        query_credential=(pair[0], CredentialRef(pair[1])) if pair else None,
        state=told.get("state", {}),
        verbatim=told.get("verbatim", False),
    )
