"""Why a site refused, as its page says it."""

from __future__ import annotations

from asyncio import timeout
from contextlib import suppress

import httpx

from leakwatch.crawl.decoding import inflated_start, read_start
from leakwatch.errors import FetchFailed, SourceError
from leakwatch.sources._refusals import look

_REASON_S = 5.0


async def with_reason(error: SourceError, response: httpx.Response) -> SourceError:
    """A refusal with the reason that its page gives: a challenge comes as 403 or 503 as well."""
    start = b""
    with suppress(FetchFailed, TimeoutError):
        async with timeout(_REASON_S):
            start = inflated_start(
                await read_start(response.aiter_raw()), response.headers.get("content-encoding", "")
            )
    found = look(response.headers, start)
    if found:
        error.failure, told = found
        error.args = (f"{error.message}; {told}",)
    return error
