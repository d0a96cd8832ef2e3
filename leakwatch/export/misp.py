"""MISP: an event an asset and day, made by `pymisp` after its own table of types and object templates. Needs the extra `misp`.

Nothing is sent anywhere: the file is imported by hand. Distribution is 0, your organisation only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from types import ModuleType
from typing import Any

from leakwatch.display import clean, escaped_json
from leakwatch.errors import ConfigError
from leakwatch.export.records import BEHIND, NO_LEAK, infohashes, is_veiled, named, proof_words, urls
from leakwatch.export.terms import Terms
from leakwatch.model.finding import OPEN_STATES, Severity, Verdict
from leakwatch.model.lines import FindingLine

MOST = 200
"""Findings in one event; a day with more has several."""

_ORGANISATION_ONLY, _ONGOING, _DONE = 0, 1, 2
_THREAT = {Severity.CRITICAL: 1, Severity.HIGH: 1, Severity.MEDIUM: 2, Severity.LOW: 3}
_HASHES = ("sha256", "sha1", "md5")
Group = tuple[str, date, int]


class Events:
    """Gathers findings, which come by asset and opening time, into events."""

    def __init__(self, terms: Terms) -> None:
        self._lib, self._terms = library(), terms
        self._group: Group | None = None
        self._lines: list[FindingLine] = []

    def add(self, lines: Sequence[FindingLine]) -> Iterator[str]:
        """Take findings; answers the events that they complete, as JSON."""
        for one in lines:
            asset, day = str(one.asset.id), one.finding.opened_at.date()
            part = self._group[2] if self._group else 0
            if self._group is None or self._group[:2] != (asset, day):
                yield from self.rest()
                self._group = (asset, day, 0)
            elif len(self._lines) >= MOST:
                yield from self.rest()
                self._group = (asset, day, part + 1)
            self._lines.append(one)

    def rest(self) -> Iterator[str]:
        """The event that is being gathered, as JSON."""
        if self._group and self._lines:
            yield escaped_json(
                json.dumps({"Event": json.loads(self._event(self._group).to_json())}, ensure_ascii=False)
            )
        self._group, self._lines = None, []

    def _event(self, group: Group) -> Any:
        _, name = named(self._lines[0].asset, self._terms)
        asset, day, part = group
        made = self._lib.MISPEvent()
        made.uuid = str(self._terms.stable_id("misp", asset, day, part))
        made.info = clean(f"Possible leaks of {name}, {day}", 300) + (f" ({part + 1})" if part else "")
        made.date = day
        made.distribution = _ORGANISATION_ONLY
        made.threat_level_id = min(_THREAT[one.finding.severity] for one in self._lines)
        made.analysis = _ONGOING if any(one.finding.state in OPEN_STATES for one in self._lines) else _DONE
        made.timestamp = max(one.finding.updated_at for one in self._lines)
        made.published = False
        made.add_tag(f"tlp:{self._terms.tlp}")
        for line in self._lines:
            self._fill(made, line)
        return made

    def _fill(self, event: Any, line: FindingLine) -> None:
        one, is_secret = line.finding, is_veiled(line.asset, self._terms)
        self._object(event, line, "ail-leak", "case", self._case(line))
        if is_secret:
            return
        for url in urls(line):
            self._object(event, line, "url", url, [("url", url)])
        for file in {file for seen in line.sightings for file in seen.files}:
            told = [("filename", clean(file.path.rsplit("/", 1)[-1], 255) or "(no name)")]
            told += [(name, getattr(file, name)) for name in _HASHES if getattr(file, name)]
            told += [] if file.size_bytes is None else [("size-in-bytes", str(file.size_bytes))]
            self._object(event, line, "file", repr(sorted(told)), told)
        for digits in infohashes(line):
            event.add_attribute(
                "other",
                digits,
                category="External analysis",
                to_ids=False,
                distribution=_ORGANISATION_ONLY,
                comment=f"{one.id}: BitTorrent infohash, v{1 if len(digits) == 40 else 2}",
                uuid=str(self._terms.stable_id("misp", one.id, "infohash", digits)),
            )

    def _case(self, line: FindingLine) -> list[tuple[str, str | datetime]]:
        one, is_secret = line.finding, is_veiled(line.asset, self._terms)
        told = [
            BEHIND if is_secret else clean(one.title, 500),
            f"severity {one.severity.value}, verdict {one.verdict.value}, state {one.state.value}",
            "" if is_secret else clean(proof_words(line) or "", 1000),
        ]
        found: list[tuple[str, str | datetime]] = [
            ("sensor", self._terms.organisation),
            ("text", "\n".join(part for part in told if part)),
            ("origin", clean(", ".join(sorted(one.sites)), 500) or "leakwatch"),
        ]
        if line.seen_on:
            found += [
                ("first-seen", min(seen.first for seen in line.seen_on.values())),
                ("last-seen", max(seen.last for seen in line.seen_on.values())),
            ]
        return found

    def _object(
        self, event: Any, line: FindingLine, template: str, key: str, told: Sequence[tuple[str, Any]]
    ) -> None:
        made = self._lib.MISPObject(template, strict=True)
        ident = (line.finding.id, template, key)
        made.uuid = str(self._terms.stable_id("misp", *ident))
        made.comment = str(line.finding.id)
        made.distribution = _ORGANISATION_ONLY
        # Nobody's sensors are to act on what may not be a leak at all.
        is_sure = line.finding.verdict is Verdict.PROVED and line.finding.state not in NO_LEAK
        unsure = {} if is_sure else {"to_ids": False}
        for number, (relation, value) in enumerate(told):
            made.add_attribute(
                relation,
                value=value,
                distribution=_ORGANISATION_ONLY,
                **unsure,
                uuid=str(self._terms.stable_id("misp", *ident, relation, number)),
            )
        event.add_object(made)


def library() -> ModuleType:
    """The library. Raises: ConfigError that names the install command."""
    try:
        import pymisp  # noqa: PLC0415 - slow to import, and an extra
    except ModuleNotFoundError as error:
        raise ConfigError("MISP needs: pip install 'leakwatch[misp]'") from error
    return pymisp
