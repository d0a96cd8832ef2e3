"""How long notices take, per host. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from leakwatch.model.finding import FindingId
from leakwatch.model.notice import Notice, NoticeState


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFigures:
    """What became of the notices to one host.

    Units:  medians in seconds; `to_submission_s` counts from the finding's opening, `to_removal_s` from submission;
            None where there is none.
    """

    host: str
    drafted: int
    submitted: int
    removed: int
    refused: int
    counter_notices: int
    to_submission_s: float | None
    to_removal_s: float | None


def figures(notices: Sequence[Notice], opened: Mapping[FindingId, datetime]) -> list[HostFigures]:
    """The figures of each host, by name. A notice that was removed and is up again does not count as removed."""
    hosts: dict[str, list[Notice]] = {}
    for one in notices:
        hosts.setdefault(one.host, []).append(one)
    return [_of(host, some, opened) for host, some in sorted(hosts.items())]


def _of(host: str, some: Sequence[Notice], opened: Mapping[FindingId, datetime]) -> HostFigures:
    sent = [(one, one.submitted_at) for one in some if one.submitted_at]
    began = [(at - opened[one.finding]).total_seconds() for one, at in sent if one.finding in opened]
    gone = [(one.removed_at - at).total_seconds() for one, at in sent if one.removed_at]
    return HostFigures(
        host=host,
        drafted=len(some),
        submitted=len(sent),
        removed=len(gone),
        refused=sum(one.state is NoticeState.REFUSED for one in some),
        counter_notices=sum(
            "countered_at" in one.detail or one.state is NoticeState.COUNTER_NOTICE for one in some
        ),
        to_submission_s=median(began) if began else None,
        to_removal_s=median(gone) if gone else None,
    )
