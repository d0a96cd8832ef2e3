"""One poll of one site: requests out, pages in, a coverage window at the end.

Every page is committed by itself. What a poll could not read stays due: the cursor moves only past what was
committed, requests that the cursor has moved past are kept in it, and validators are written only after a poll
that read everything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from leakwatch.errors import ConfigError, PutOff, SourceError
from leakwatch.model.site import SiteState
from leakwatch.pipeline import Brain
from leakwatch.polling.canary import look_for_canary
from leakwatch.polling.closing import Polled, close
from leakwatch.polling.reading import Desk, read_page
from leakwatch.polling.repair import repair
from leakwatch.polling.run import begin, failed, put_off
from leakwatch.polling.site import SiteConfig
from leakwatch.ports import Clock, Fetcher, Reader, Repository, Vault
from leakwatch.sources._kind import SourceKind, StreamKind


async def poll(
    site: SiteConfig,
    kind: SourceKind,
    state: SiteState,
    brain: Brain,
    repository: Repository,
    vault: Vault,
    fetcher: Fetcher,
    reader: Reader,
    clock: Clock,
    stopping: Callable[[], bool],
    next_time: Callable[[SiteConfig, datetime], datetime],
    announce: Callable[[int, int], Awaitable[None]],
) -> Polled:
    """Read a site once and write down what was covered. Only the site's own errors are caught.

    `announce` is told after each committed page how many alerts and proofs it caused.
    Raises: ConfigError for a stream, which is not polled.
    """
    if isinstance(kind, StreamKind):
        raise ConfigError(f"{site.name} is a stream: it is listened to, not polled")
    began = clock.now()
    run = begin(site, kind, state, brain.index.assets.values())
    desk = Desk(
        site=site,
        kind=kind,
        brain=brain,
        repository=repository,
        vault=vault,
        fetcher=fetcher,
        reader=reader,
        stopping=stopping,
        announce=announce,
    )
    while run.queue and desk.may_ask(run):
        request = run.queue.popleft()
        try:
            await read_page(request, desk, run)
        except PutOff as error:
            put_off(request, error, run)
            break
        except SourceError as error:
            failed(request, error, run)
    if run.queue and not run.errors:
        run.incomplete = run.incomplete or f"{len(run.queue)} requests put off to the next poll"
    run.is_listed = run.is_listed and not any(one.url in run.start for one in run.queue)
    gap = await repair(desk, run, began)
    run.ledger = await look_for_canary(desk, run, clock.now())
    return await close(desk, run, gap, began, clock.now(), next_time)
