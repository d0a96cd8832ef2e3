"""Whether all places of a finding are gone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from leakwatch.model.evidence import Look, Outcome

APART = timedelta(hours=1)
_SLACK = timedelta(minutes=1)


def latest(looks: Iterable[Look]) -> dict[str, Look]:
    """Of each place the last look that says something."""
    found: dict[str, Look] = {}
    for one in looks:
        is_done = one.outcome in (Outcome.SAME, Outcome.EDITED, Outcome.DELETED) and "with" not in one.detail
        before = found.get(one.url)
        if is_done and one.done_at and (before is None or (before.done_at or one.done_at) <= one.done_at):
            found[one.url] = one
    return found


def are_all_gone(urls: Iterable[str | None], looks: Sequence[Look]) -> bool:
    """Whether every place was found gone twice, an hour apart, and never there in between. One without an address never is."""
    places = set(urls)
    return bool(places) and all(url is not None and _is_gone(url, looks) for url in places)


def _is_gone(url: str, looks: Sequence[Look]) -> bool:
    own = [one for one in looks if one.url == url and one.outcome and "with" not in one.detail]
    times = []
    for one in sorted(own, key=lambda one: (one.done_at or one.due_at, one.id)):
        if one.outcome is Outcome.DELETED and one.done_at:
            times.append(one.done_at)
        elif one.outcome in (Outcome.SAME, Outcome.EDITED):
            times = []
    return bool(times) and times[-1] - times[0] >= APART - _SLACK
