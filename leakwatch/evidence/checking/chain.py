"""The audit: from the first entry about the case to the end, no entry changed or left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from leakwatch.evidence.checking.parts import Checked
from leakwatch.model.audit import AuditEntry, link

_SAID_TWICE = {"site", "url", "status"}


def lines_of(checked: Checked) -> list[dict[str, Any]]:
    """The lines of the audit. Raises: ValueError."""
    return [json.loads(line) for line in checked.members["audit.jsonl"].splitlines()]


def digests_of(lines: list[dict[str, Any]]) -> dict[int, str]:
    """The digest of each entry by its number, computed from what the entries say."""
    first, *entries, _ = lines
    found, before = dict[int, str](), str(first["previous"])
    for seq, one in enumerate(entries, int(first["first"])):
        found[seq] = before = link(seq, _content(one, seq), before)
    return found


def check_chain(checked: Checked, anchors: Mapping[int, str]) -> None:
    """Compute each digest of the chain, and hold its end against the manifest and the anchors."""
    lines = lines_of(checked)
    head = checked.document("manifest.json")["audit"]
    if not lines:
        checked.note("there is no audit entry about this case")
        if head is not None:
            checked.problem("audit.jsonl", "empty, though the manifest names an end of it")
        if anchors:
            checked.problem("audit.jsonl", "empty: no anchor can be held against it")
        return
    digests, last = digests_of(lines), lines[-1]
    seq, before = next(reversed(digests.items()))
    if {"seq": seq, "digest": before} != head or (last["last"], last["digest"]) != (seq, before):
        checked.problem("audit.jsonl", "an entry was changed or left out: the chain does not end as it says")
    for number, digest in anchors.items():
        if number not in digests:
            checked.note(f"the anchor {number} is not in this part of the audit ({min(digests)}–{seq})")
        elif digests[number] != digest:
            checked.problem("audit.jsonl", f"entry {number} is not the one that the anchor names")
    own = [one for one in lines[1:-1] if "content" not in one]
    _check_captured(own, checked)
    checked.note(f"{len(own)} audit entries about the case, in a chain that ends at {seq}:{before}")


def _content(one: dict[str, Any], seq: int) -> str:
    if "content" in one:
        return str(one["content"])
    told = {name: str(one[name]) for name in ("actor", "action", "subject", "detail")}
    at = datetime.fromisoformat(one["at"])
    return AuditEntry(seq=seq, at=at, previous="", digest="", **told).content


def _check_captured(own: list[dict[str, Any]], checked: Checked) -> None:
    """Whether the list of captures says what the audit of this case says, and how many captures that tells of."""
    details = [(one["action"], json.loads(one["detail"])) for one in own]
    told = {digest for _, detail in details for digest in _digests(detail)}
    captures = checked.list_of("captures.json")
    by_record = {(one["sha256"], one["warc"]): one for one in captures}
    for detail in [one for action, one in details if action == "captured" and isinstance(one, dict)]:
        listed = by_record.get((detail.get("sha256"), detail.get("warc")), {})
        for name in _SAID_TWICE & detail.keys() & listed.keys():
            if detail[name] != listed[name]:
                checked.problem("captures.json", f"{detail['sha256']}: its {name} is not what the audit says")
    missing = [one for one in captures if one["sha256"] not in told]
    if missing:
        checked.note(
            f"{len(missing)} of {len(captures)} captures are not told of by entries about this case: "
            "they were kept for another one, or before there was an audit"
        )


def _digests(detail: Any) -> set[str]:
    names = ("sha256", "metadata")
    return {str(detail[name]) for name in names if isinstance(detail, dict) and detail.get(name)}
