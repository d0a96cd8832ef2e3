"""How a finding is shown: as lines, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from leakwatch.cases.graph import FirstSeen
from leakwatch.cli._noted import noted_json, noted_lines
from leakwatch.cli._proofs import proof_json, proof_lines, spread_json
from leakwatch.display import clean, defang
from leakwatch.model.evidence import NOT_YET, place_status
from leakwatch.model.finding import Finding, FindingEvent
from leakwatch.model.swarm import spread_of
from leakwatch.service import Case

_MOST_NODES, _MOST_AUTHORS = 60, 10


def finding_json(one: Finding) -> dict[str, Any]:
    """A finding's own facts."""
    told: dict[str, Any] = {"id": one.id, "asset": one.asset, "state": one.state.value}
    told |= {"verdict": one.verdict.value, "severity": one.severity.value, "severity_why": one.severity_why}
    told |= {"tier": one.tier.value, "score": one.score, "title": one.title}
    told |= {"sites": sorted(one.sites), "sightings": one.sightings, "assignee": one.assignee}
    told |= {"acknowledged_by": one.acknowledged_by, "due_at": _time(one.due_at), "drill": one.drill}
    return told | {"opened_at": _time(one.opened_at), "updated_at": _time(one.updated_at)}


def _time(at: Any) -> str | None:
    return at.isoformat() if at else None


def case_lines(case: Case) -> Iterator[str]:
    """A finding with all that belongs to it, for people."""
    one = case.finding
    if one.drill:
        yield "DRILL: nothing has leaked"
    yield f"{one.id}  {one.severity.value}  {one.verdict.value}  {one.state.value}  score {one.score:.2f} ({one.tier.value})"
    yield f"asset: {clean(case.asset.shown_name)} ({one.asset})"
    if one.severity_why:
        yield f"{one.severity.value} because: {clean(one.severity_why, 500)}"
    yield from _worked_on(one)
    if case.hidden:
        yield clean(
            f"hidden since: {case.hidden.items} items by {case.hidden.entry}, "
            f"the last {case.hidden.last_at.isoformat(timespec='seconds')}",
            500,
        )
    for one_left in case.outlived:
        yield clean(f"still hidden: {one_left.words}", 1200)
    yield "seen:"
    waiting = 0
    numbers = {(s.site, s.url, s.seen_at.isoformat(timespec="seconds")): s.id for s in case.sightings}
    for place in case.places:
        number = numbers.get((place.site, place.url, place.seen_at), "")
        yield f"  {number:>6} {place.seen_at} {place.site}: {clean(place.title, 100)} {defang(place.url or '')}"
        status = _status(place.url, case) if place.url else ""
        if status == NOT_YET:
            waiting += 1
        elif status:
            yield f"         {status}"
    if waiting:
        yield f"  {waiting} place{'s' if waiting > 1 else ''} {NOT_YET}"
    for shot in case.screenshots:
        yield f"  {shot.captured_at.isoformat(timespec='seconds')} {shot.site}: {clean(shot.words, 400)}"
    yield from _tree(case.spreading)
    yield from _authors(case)
    yield "why:"
    for kind, detail, weight in case.signals:
        yield f"  {weight:+6.1f} bits  {kind}: {clean(detail, 200)}"
    for proof in case.proofs:
        first, *rest = proof_lines(proof)
        yield f"proof: {first}"
        yield from rest
    spread = spread_of(case.samples)
    if spread is not None:
        yield f"swarm: {spread.words} (counted {spread.at.isoformat(timespec='seconds')})"
    yield (
        "told:"
        if case.noted
        else f"told: nobody; `leakwatch route explain {one.id}` says who is told of what"
    )
    yield from noted_lines(case.noted)
    yield "history:"
    yield from _history(case.events)


def _status(url: str, case: Case) -> str:
    if not (case.looks or case.asset.may_look_up_swarm):
        return "not looked at again: the asset is under embargo"
    return place_status(url, case.looks)


def _worked_on(one: Finding) -> Iterator[str]:
    if one.acknowledged_by:
        yield f"acknowledged: by {clean(one.acknowledged_by, 100)}"
    if one.assignee:
        yield f"assigned: {clean(one.assignee, 100)}"
    if one.due_at:
        yield f"due: {one.due_at.isoformat(timespec='minutes')}"


def _history(events: Sequence[FindingEvent]) -> Iterator[str]:
    """An event a line; of a run that says the same the first and the last."""
    for _, run in groupby(events, key=lambda one: _event_line(replace(one, at=events[0].at))):
        first, *rest = run
        yield _event_line(first)
        if len(rest) > 1:
            yield f"  … {len(rest) - 1} times the same"
        if rest:
            yield _event_line(rest[-1])


def _event_line(event: FindingEvent) -> str:
    told = " ".join(f"{key}={clean(value, 80)}" for key, value in event.detail.items())
    by = f" by {clean(event.actor, 80)}" if event.actor and "actor" not in event.detail else ""
    is_told = not event.reason or event.reason in event.detail.values()
    why = "" if is_told else f" reason={clean(event.reason or '', 80)}"
    return f"  {event.at.isoformat(timespec='seconds')} {event.kind.value}{by} {told}{why}"


def _tree(graph: FirstSeen) -> Iterator[str]:
    """Who had it first and what came of it, the latest at the end of each branch."""
    if not graph.nodes:
        return
    below: dict[int | None, list[tuple[int, str]]] = {None: [(root, "first") for root in graph.roots]}
    for edge in graph.edges:
        below.setdefault(edge.since, []).append((edge.to, edge.relation.value))
    yield "first seen:"
    waiting = [(number, relation, 0) for number, relation in reversed(below[None])]
    shown = 0
    while waiting and shown < _MOST_NODES:
        number, relation, depth = waiting.pop()
        node = graph.nodes[number]
        by = f" by {clean(node.author, 60)}" if node.author else ""
        edits = f", edited {node.edits}x" if node.edits else ""
        at = node.at.isoformat(timespec="seconds")
        yield f"  {'  ' * min(depth, 12)}{relation} {at} {node.site} ({node.place.value}){by}{edits}"
        waiting += [(to, what, depth + 1) for to, what in reversed(below.get(number, []))]
        shown += 1
    if waiting:
        yield f"  … {len(graph.nodes) - shown} more; --json has all"


def _authors(case: Case) -> Iterator[str]:
    for author, others in list(case.others.items())[:_MOST_AUTHORS]:
        some = ", ".join(f"{ident} ({clean(asset, 40)})" for ident, asset in others[:10])
        more = f" and {len(others) - 10} more" if len(others) > 10 else ""
        yield f"the same author on this platform: {clean(author, 100)}: {some}{more}"
    if len(case.others) > _MOST_AUTHORS:
        yield f"… {len(case.others) - _MOST_AUTHORS} more authors; --json has all"


def case_json(case: Case) -> dict[str, Any]:
    """The same for programs."""
    told = finding_json(case.finding)
    told["places"] = [
        {name: getattr(p, name) for name in ("site", "url", "title", "seen_at", "published_at")}
        | {"now": _status(p.url, case) if p.url else None}
        for p in case.places
    ]
    told["screenshots"] = [
        {
            "site": one.site,
            "url": one.url,
            "page": one.digest,
            "captured_at": one.captured_at.isoformat(),
            "picture": one.picture,
            "why": one.why,
        }
        for one in case.screenshots
    ]
    told["signals"] = [
        {"kind": kind, "detail": detail, "weight": weight} for kind, detail, weight in case.signals
    ]
    told["proofs"] = [proof_json(one) for one in case.proofs]
    told["spread"] = spread_json(case.samples)
    told["events"] = [
        {
            "kind": e.kind.value,
            "at": e.at.isoformat(),
            "actor": e.actor,
            "reason": e.reason,
            "detail": dict(e.detail),
        }
        for e in case.events
    ]
    told["sightings_seen"] = [
        {
            "id": s.id,
            "site": s.site,
            "native_id": s.native_id,
            "author": s.author,
            "place": s.place.value,
            "seen_at": s.seen_at.isoformat(),
            "opened": s.opened,
            "keys": sorted(s.keys),
        }
        for s in case.sightings
    ]
    told["told"] = noted_json(case.noted)
    told["first_seen"] = _graph_json(case.spreading)
    told["same_author"] = {
        author: [{"finding": ident, "asset": asset} for ident, asset in others]
        for author, others in case.others.items()
    }
    hidden = case.hidden
    told["hidden"] = (
        {"entry": hidden.entry, "items": hidden.items, "last_at": hidden.last_at.isoformat()}
        if hidden
        else None
    )
    told["still_hides"] = [{"entry": left.entry.name, "items": left.items} for left in case.outlived]
    return told


def _graph_json(graph: FirstSeen) -> dict[str, Any]:
    nodes = [
        {
            "site": n.site,
            "native_id": n.native_id,
            "place": n.place.value,
            "at": n.at.isoformat(),
            "author": n.author,
            "title": n.title,
            "url": n.url,
            "edits": n.edits,
        }
        for n in graph.nodes
    ]
    edges = [{"from": e.since, "to": e.to, "relation": e.relation.value, "why": e.why} for e in graph.edges]
    return {"nodes": nodes, "edges": edges}
