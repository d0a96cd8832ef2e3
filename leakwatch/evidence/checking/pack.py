"""The whole check: the archive, the manifest, and each kind of file in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from leakwatch.evidence.archive import read
from leakwatch.evidence.checking.captures import check_captures
from leakwatch.evidence.checking.chain import check_chain
from leakwatch.evidence.checking.parts import Checked, guarded
from leakwatch.evidence.checking.stamps import check_stamps
from leakwatch.evidence.checking.torrents import check_torrents

_MANIFEST = "manifest.json"
_ALWAYS = ("readme.txt", "report.html", "timeline.json", "timeline.txt")
"""Documents of every pack that no other check reads."""


def verify(
    data: bytes, *, anchors: Mapping[int, str] | None = None, certificates: tuple[bytes, ...] = ()
) -> Checked:
    """Check a pack. `anchors` are ends of the audit that were kept elsewhere; `certificates` are trusted for stamps."""
    opened = read(data)
    checked = Checked(opened.members, list(opened.problems))
    if _MANIFEST not in opened.members:
        checked.problem(_MANIFEST, "missing")
        return checked
    guarded(_MANIFEST, checked, _check_manifest)
    for name in sorted(opened.members):
        _check_own_name(name, checked)
    guarded(_MANIFEST, checked, _check_left_out)
    guarded("finding.json", checked, _check_finding)
    guarded("captures.json", checked, check_captures)
    guarded("proofs.json", checked, check_torrents)
    guarded("audit.jsonl", checked, lambda one: check_chain(one, anchors or {}))
    guarded("stamps.json", checked, lambda one: check_stamps(one, certificates))
    return checked


def _check_manifest(checked: Checked) -> None:
    told = {one["name"]: one for one in checked.document(_MANIFEST)["files"]}
    there = checked.members.keys() - {_MANIFEST}
    for name in sorted({*_ALWAYS} - there - told.keys()):
        checked.problem(name, "missing")
    for name in sorted(told.keys() - there):
        checked.problem(str(name), "missing")
    for name in sorted(there - told.keys()):
        checked.problem(name, "not in the manifest")
    for name in sorted(there & told.keys()):
        data = checked.members[name]
        if len(data) != told[name]["size_bytes"] or _sha256(data) != told[name]["sha256"]:
            checked.problem(name, "changed")


def _check_left_out(checked: Checked) -> None:
    """What was left out on purpose is told, and is not there."""
    left = checked.left_out()
    for one in checked.document(_MANIFEST).get("left_out", ()):
        checked.note(f"left out: {one['sha256']} ({one['size_bytes']} bytes), because it {one['why']}")
    for name in sorted(checked.members):
        if name.partition("/")[2].partition(".")[0] in left:
            checked.problem(name, "said to be left out, and is there")


def _check_finding(checked: Checked) -> None:
    """The case is the one that the manifest names, and its sightings' evidence is in the list of captures."""
    told = checked.document("finding.json")
    if told["id"] != checked.document(_MANIFEST)["finding"]:
        checked.problem("finding.json", "it is of another finding than the manifest")
    known = {one["sha256"] for one in checked.list_of("captures.json")} | set(told["lost"])
    for one in told["sightings"]:
        if one["evidence"] is not None and one["evidence"] not in known:
            checked.problem(f"bodies/{one['evidence']}", "missing, though a sighting names it")


def _check_own_name(name: str, checked: Checked) -> None:
    """What is called by its digest has that digest."""
    folder, _, rest = name.partition("/")
    if rest and _sha256(checked.members[name]) != rest.partition(".")[0]:
        checked.problem(name, f"changed: its SHA-256 is not its name in {folder}/")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
