"""One page of a poll: fetched, parsed, committed."""

from __future__ import annotations

from dataclasses import replace

from leakwatch.errors import LayoutChanged, SourceError
from leakwatch.pipeline import Brain, Taken, take_page
from leakwatch.polling.run import Run, count_page, kept_json
from leakwatch.polling.site import SiteConfig
from leakwatch.ports import Fetcher, Reader, Repository, Vault
from leakwatch.sources._kind import Payload, PolledKind, Request
from leakwatch.sources._refusals import check, explained

_NOT_MODIFIED = 304


async def read_page(
    request: Request,
    site: SiteConfig,
    kind: PolledKind,
    run: Run,
    brain: Brain,
    repository: Repository,
    vault: Vault,
    fetcher: Fetcher,
    reader: Reader,
) -> Taken | None:
    """Fetch, parse and commit one page; None where it has not changed."""
    asked = replace(request, state={**request.state, "site": site.name})
    manner = site.manner("" if request.url in run.start | run.asked else request.url)
    payload = await fetcher.fetch(asked, min_interval_s=site.min_interval_s, manner=manner)
    run.pages += 1
    run.validators[request.url] = validators_of(payload, request)
    if payload.status == _NOT_MODIFIED:
        run.unchanged += 1
        return None
    check(payload)
    try:
        page = await reader.read(kind, payload)
    except SourceError as error:
        raise explained(payload, error, is_only_page=run.start == frozenset({request.url})) from error
    if not page.observations and not page.next_requests and not kind.empty_is_normal:
        raise LayoutChanged(f"nothing was found on {payload.url}, where there is always something")

    kept = {url: one for url, one in run.kept.items() if url != request.url}
    kept |= {one.url: one for one in page.next_requests if one.keep}
    moved = replace(page, cursor={**page.cursor, **kept_json(kept, run.attempts)})
    taken = await take_page(moved, payload, run.state, brain, repository, vault)
    run.kept = kept
    run.queue.extend(page.next_requests)
    count_page(run, page, taken)
    return taken


def validators_of(payload: Payload, request: Request) -> dict[str, str | None]:
    if payload.status == _NOT_MODIFIED:
        return {"etag": request.etag, "last_modified": request.last_modified}
    return {"etag": payload.headers.get("etag"), "last_modified": payload.headers.get("last-modified")}
