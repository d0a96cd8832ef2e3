"""How long a site that failed is left alone, by the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from leakwatch.crawl.politeness import backoff_s
from leakwatch.errors import Failure, SourceError
from leakwatch.model.site import SiteState

_HOUR = 3600.0
_LEAST_S: Mapping[Failure, float] = {
    Failure.RATE_LIMITED: 300.0,
    Failure.CHALLENGE: 6 * _HOUR,
    Failure.LOGIN: 6 * _HOUR,
    Failure.DEAD: 24 * _HOUR,
}
_DEAD_AFTER = timedelta(days=3)


def wait_s(failures: int, failure: Failure | None, told: float | None) -> float:
    """Seconds to leave a site alone after so many failures in a row, the last for this reason.

    What the site asks for, `told`, is obeyed; a rate limit that names its own wait needs no longer one.
    """
    least = _LEAST_S.get(failure, 0.0) if failure else 0.0
    if failure is Failure.RATE_LIMITED and told:
        least = 0.0
    return max(backoff_s(failures, told, 0.0), least)


def reason(errors: Sequence[SourceError], state: SiteState) -> Failure | None:
    """Why a poll failed: by its first refusal, else its first error. A name that is gone for days is dead."""
    found = [one.failure for one in errors]
    if not found:
        return None
    telling = [one for one in found if one in _LEAST_S]
    failure = (telling or found)[0]
    is_long_gone = state.covered_until is not None and (state.next_due_at - state.covered_until > _DEAD_AFTER)
    return Failure.DEAD if failure is Failure.DNS and is_long_gone else failure
