"""The pages of single items: asked for where a row gives neither magnet nor infohash, and read for what is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from leakwatch.errors import ConfigError, LayoutChanged
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Page, Payload, Request, site_name
from leakwatch.sources.cardigann import documents, filters, record, requests, rows, template
from leakwatch.sources.cardigann.definition import Block
from leakwatch.sources.cardigann.job import DONE, Job
from leakwatch.sources.cardigann.template import Value

_MAX_TRIES = 3
_MAX_SEARCHED = 2000
_KEPT = ("native_id", "title", "url", "text", "size_bytes", "size_is_exact", "seeders", "leechers")


def _key(seen: Observation) -> str:
    return hashlib.sha256(seen.native_id.encode("utf-8", "replace")).hexdigest()[:20]


def wanted(
    seen: Sequence[Observation], payload: Payload, job: Job
) -> tuple[tuple[Request, ...], dict[str, Json], str]:
    """The pages of items that have neither magnet nor infohash yet, those read before left out; cursor; what is put off."""
    definition = job.definition
    if definition.download is None:
        return (), {}, ""
    cursor = _listed({_key(one) for one in seen}, job)
    bare = [
        one
        for one in seen
        if not (one.magnet or one.infohash_v1 or one.infohash_v2)
        and one.torrent_url
        and job.tries(_key(one)) < _MAX_TRIES
    ]
    here = [one for one in bare if _host(one.torrent_url) in (_host(payload.url), _host(job.link))]
    said = [f"{len(bare) - len(here)} pages of items are on another host"] if len(bare) > len(here) else []
    if len(here) > job.max_details:
        said.append(f"{len(here) - job.max_details} pages of items put off")
    variables = job.variables()
    follow: list[Request] = []
    for one in here[: job.max_details]:
        try:
            follow.append(_detail(one, payload, job, variables))
        except (ConfigError, ValueError):
            said.append("a page of an item has no address")
    return tuple(follow), cursor, "; ".join(dict.fromkeys(said))


def _listed(shown: set[str], job: Job) -> dict[str, Json]:
    """What to remember of items whose page was read: those listed here now, and no longer those that were.

    Searches list other items each time; theirs are forgotten when there are many.
    """
    here = {key for key in job.known if key.startswith(f"{job.place}/")}
    forgets = not job.words or len(here) > _MAX_SEARCHED
    changes: dict[str, Json] = {
        f"d/{key}": None for key in here if forgets and key.partition("/")[2] not in shown
    }
    for key in shown:
        if job.tries(key) and f"{job.place}/{key}" not in here:
            changes[f"d/{job.place}/{key}"] = job.tries(key)
    return changes


def _host(url: str | None) -> str:
    try:
        return (urlsplit(url or "").netloc or "").lower()
    except ValueError:
        return ""


def _detail(seen: Observation, payload: Payload, job: Job, variables: Mapping[str, Value]) -> Request:
    page = seen.torrent_url or ""
    address = requests.before(job.definition, job.link, page, variables)
    row = {name: getattr(seen, name) for name in _KEPT}
    row["published_at"] = seen.published_at.isoformat() if seen.published_at else None
    key = _key(seen)
    tries = {f"{job.place}/{key}": job.tries(key)}
    return Request(
        url=address.url if address else page,
        form=address.form if address else None,
        headers=address.headers if address else {},
        state=replace(job, known=tries).state("item", row=row),
        named_by=frozenset({_host(payload.url), _host(job.link)}),
    )


def read(payload: Payload, job: Job) -> Page:
    """The item of a row, with what its own page tells.

    The page is not asked for again while the item is listed; one that tells nothing is asked for three times.
    """
    told = fields.mapping(payload.request.state.get("row"))
    seen = _kept(told, payload)
    download = job.definition.download
    if download is None:
        raise LayoutChanged("the definition has no download block")
    variables = job.variables()
    now = payload.fetched_at

    def expand(text: str) -> str:
        return template.expand(text, variables)

    root = documents.markup(documents.text_of(payload, job.definition.encoding))

    def value(block: Block) -> str:
        found = rows.value(root, block, expand)
        return filters.apply(found, block.filters, now, expand, job.definition.encoding) if found else ""

    infohash = record.infohash_in(value(download.infohash)) if download.infohash else None
    magnet = torrent = None
    for block in download.selectors if not infohash else ():
        link = value(block)
        magnet, torrent = fields.magnet(link), record.web(payload.url, link)
        if magnet or torrent:
            break
    if not (infohash or magnet or torrent):
        tries = job.tries(_key(seen)) + 1
        told_so = "the page of an item has neither magnet nor torrent nor infohash"
        return Page(observations=(seen,), cursor={f"d/{job.place}/{_key(seen)}": tries}, incomplete=told_so)
    hashes = fields.magnet_hashes(magnet)
    found = replace(
        seen,
        magnet=magnet,
        torrent_url=torrent,
        infohash_v1=infohash or hashes[0],
        infohash_v2=hashes[1],
    )
    return Page(observations=(found,), cursor={f"d/{job.place}/{_key(found)}": DONE})


def _kept(told: Mapping[str, Json], payload: Payload) -> Observation:
    """The row that a request carried. Raises: LayoutChanged where it carried none."""
    native_id, title = fields.text(told.get("native_id"), 20_000), fields.text(told.get("title"), 2000)
    if not native_id or not title:
        raise LayoutChanged("no row came with the request")
    return Observation(
        site=site_name(payload),
        native_id=native_id,
        title=title,
        fetched_at=payload.fetched_at,
        url=fields.text(told.get("url"), 4000),
        published_at=fields.when(told.get("published_at")),
        text=fields.text(told.get("text")),
        size_bytes=fields.count(told.get("size_bytes")),
        size_is_exact=told.get("size_is_exact") is True,
        seeders=fields.peers(told.get("seeders")),
        leechers=fields.peers(told.get("leechers")),
    )
