"""One poll of one site: requests out, pages in, a coverage window at the end.

Every page is committed by itself. What a poll could not read stays due: the cursor moves only past what was
committed, requests that the cursor has moved past are kept in it, and validators are written only after a poll
that read everything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from leakwatch.errors import ConfigError, FetchFailed, PutOff, SourceError
from leakwatch.model.site import SiteState
from leakwatch.pipeline import Brain
from leakwatch.polling.closing import Polled, close
from leakwatch.polling.reading import read_page
from leakwatch.polling.run import begin, failed, hopeless, put_off
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
    asked = 0
    while run.queue and asked < site.max_requests and not stopping() and not hopeless(run):
        request = run.queue.popleft()
        asked += 1
        try:
            taken = await read_page(request, site, kind, run, brain, repository, vault, fetcher, reader)
        except PutOff as error:
            put_off(request, error, run)
            break
        except SourceError as error:
            failed(request, error, run)
        except ConfigError as error:
            failed(request, FetchFailed(error.message), run)
        else:
            if taken is not None:
                await announce(taken.alerts, taken.proofs)
    if run.queue and not run.errors:
        run.incomplete = run.incomplete or f"{len(run.queue)} requests put off to the next poll"
    return await close(site, kind, run, began, clock.now(), repository, next_time)
