"""STIX 2.1: what each finding becomes. Made, and so checked, by the library `stix2`. Needs the extra `stix`.

The same finding has the same ids in every export, and `modified` is when it changed last: a consumer updates.
Of a work under embargo there are the report and its note alone, by the code name: addresses and hashes would tell it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from leakwatch.display import clean
from leakwatch.errors import ConfigError
from leakwatch.export.records import BEHIND, NO_LEAK, is_veiled, named, proof_words, urls
from leakwatch.export.terms import Terms
from leakwatch.model.finding import Verdict
from leakwatch.model.lines import FindingLine
from leakwatch.torrent.infohash import Infohashes
from leakwatch.torrent.magnet import Magnet

EXTENSION = "extension-definition--0d2c9a5e-71f4-4f0b-9a86-5e1f6c3b8d27"
"""Says what the property `bittorrent` of a `url` object means; the same in every installation."""

SCHEMA_TEXT = (
    '{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":'
    '{"extension_type":{"const":"property-extension"},"btih":{"type":"string","pattern":"^[0-9a-f]{40}$"},'
    '"btmh":{"type":"string","pattern":"^1220[0-9a-f]{64}$"}},"required":["extension_type"]}'
)
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_MAKER = "identity--5a1f0c7e-93d8-4b1e-8d35-6c0b7a2e4f19"
_HASHES = {"sha256": "SHA-256", "sha1": "SHA-1", "md5": "MD5"}
_CONFIDENCE = {Verdict.PROVED: 100, Verdict.LIKELY: 75, Verdict.REFUTED: 5}
_MARKINGS = {"clear": "TLP_WHITE", "green": "TLP_GREEN", "amber": "TLP_AMBER", "red": "TLP_RED"}
_MOST = 20


class Stix:
    """Makes objects; those that several findings share are made once."""

    def __init__(self, terms: Terms) -> None:
        self._lib, self._terms = library(), terms
        self._made: set[int] = set()
        self._marking = getattr(self._lib, _MARKINGS[terms.tlp])
        self._identity = f"identity--{terms.stable_id('identity')}"

    @property
    def bundle_id(self) -> str:
        """The id of the bundle."""
        return f"bundle--{self._terms.stable_id('bundle')}"

    def first(self) -> list[str]:
        """What all others refer to: who hands it out, the marking, and what our extension means."""
        times = {"created": _BEGINNING, "modified": _BEGINNING}
        who = self._lib.Identity(
            id=self._identity, name=self._terms.organisation, identity_class="organization", **times
        )
        maker = self._lib.Identity(id=_MAKER, name="leakwatch", identity_class="system", **times)
        extension = self._lib.ExtensionDefinition(
            id=EXTENSION,
            created_by_ref=_MAKER,
            name="BitTorrent infohashes",
            description="btih: v1 infohash, 40 hex digits. btmh: v2 infohash as a multihash (1220 and 64 hex digits).",
            schema=SCHEMA_TEXT,
            version="1.0.0",
            extension_types=["property-extension"],
            **times,
        )
        return [_json(one) for one in (self._marking, who, maker, extension)]

    def objects(self, line: FindingLine) -> Iterator[str]:
        """What one finding becomes, as JSON, each object after those that it refers to."""
        observed = [] if is_veiled(line.asset, self._terms) else self._observables(line)
        for one in observed:
            if self._is_new(one["id"]):
                yield _json(one)
        about: list[str] = []
        if observed and line.seen_on:
            data = self._observed_data(line, [one["id"] for one in observed])
            indicator = self._indicator(line, observed)
            yield from map(_json, (data, indicator, *self._sightings(line, data["id"], indicator["id"])))
            about = [data["id"], indicator["id"], *(one["id"] for one in observed)]
        report = self._report(line, about or [self._identity])
        yield from map(_json, (report, self._note(line, report["id"])))

    def _is_new(self, ident: str) -> bool:
        """Whether an observable was not handed out yet. 64 bits of each id are remembered."""
        short = int(ident[-36:].replace("-", "")[:16], 16)
        is_new = short not in self._made
        self._made.add(short)
        return is_new

    def _common(self, kind: str, line: FindingLine, *more: str) -> dict[str, Any]:
        one = line.finding
        return {
            "id": f"{kind}--{self._terms.stable_id(kind, one.id, *more)}",
            "created_by_ref": self._identity,
            "created": one.opened_at,
            "modified": max(one.updated_at, one.opened_at),
            "object_marking_refs": [self._marking],
        }

    def _observables(self, line: FindingLine) -> list[Any]:
        marked = {"object_marking_refs": [self._marking]}
        found = [self._lib.URL(value=_sound(url), **marked) for url in urls(line)]
        found += [
            self._lib.URL(value=str(Magnet(both)), extensions={EXTENSION: _bittorrent(both)}, **marked)
            for both, _ in line.torrents
        ]
        for file in [file for seen in line.sightings for file in seen.files][:_MOST]:
            hashes = {name: getattr(file, key) for key, name in _HASHES.items() if getattr(file, key)}
            size = {} if file.size_bytes is None else {"size": file.size_bytes}
            name = _sound(file.path.rsplit("/", 1)[-1]) or "(no name)"
            found.append(self._lib.File(name=name, hashes=hashes, **size, **marked))
        return list({one["id"]: one for one in found}.values())

    def _observed_data(self, line: FindingLine, refs: list[str]) -> Any:
        return self._lib.ObservedData(
            first_observed=min(one.first for one in line.seen_on.values()),
            last_observed=max(one.last for one in line.seen_on.values()),
            number_observed=min(max(line.finding.sightings, 1), 999_999_999),
            object_refs=refs,
            **self._common("observed-data", line),
        )

    def _indicator(self, line: FindingLine, observed: list[Any]) -> Any:
        """The pattern; of a case that people judged to be no leak it is benign. Not revoked: that could not be undone."""
        kind = "benign" if line.finding.state in NO_LEAK else "unknown"
        return self._lib.Indicator(
            name=f"{line.finding.id}: places and files",
            pattern=pattern(observed),
            pattern_type="stix",
            valid_from=line.finding.opened_at,
            indicator_types=[kind],
            confidence=_confidence(line),
            **self._common("indicator", line),
        )

    def _sightings(self, line: FindingLine, data: str, indicator: str) -> list[Any]:
        return [
            self._lib.Sighting(
                sighting_of_ref=indicator,
                observed_data_refs=[data],
                where_sighted_refs=[self._identity],
                first_seen=seen.first,
                last_seen=seen.last,
                count=min(seen.count, 999_999_999),
                description=f"Seen on {clean(site, 100)}",
                **self._common("sighting", line, site),
            )
            for site, seen in sorted(line.seen_on.items())
        ]

    def _report(self, line: FindingLine, refs: list[str]) -> Any:
        _, name = named(line.asset, self._terms)
        return self._lib.Report(
            name=clean(f"{name}: possible leak {line.finding.id}", 300),
            description=BEHIND if is_veiled(line.asset, self._terms) else clean(line.finding.title, 500),
            report_types=["observed-data" if line.finding.verdict is not Verdict.PROVED else "indicator"],
            published=line.finding.opened_at,
            object_refs=refs,
            labels=[line.finding.severity.value, line.finding.state.value, line.finding.verdict.value],
            **self._common("report", line),
        )

    def _note(self, line: FindingLine, report: str) -> Any:
        one, is_secret = line.finding, is_veiled(line.asset, self._terms)
        told = [f"Severity: {one.severity.value}. Verdict: {one.verdict.value}. State: {one.state.value}."]
        told += [] if is_secret else [clean(proof_words(line) or "", 1000)]
        told += [
            f"Seen {one.sightings} times on {', '.join(clean(site, 100) for site in sorted(one.sites))}."
        ]
        return self._lib.Note(
            abstract=f"What is known of {one.id}",
            content="\n".join(part for part in told if part),
            authors=[self._terms.organisation],
            object_refs=[report],
            confidence=_confidence(line),
            **self._common("note", line),
        )


def pattern(observed: list[Any]) -> str:
    """A pattern that any of the observables fits."""
    parts: list[str] = []
    for one in observed:
        if one["type"] == "url":
            parts.append(f"url:value = '{_quoted(one['value'])}'")
        else:
            parts += [f"file:hashes.'{name}' = '{value}'" for name, value in sorted(one["hashes"].items())]
    return f"[{' OR '.join(dict.fromkeys(parts))}]"


def library() -> ModuleType:
    """The library. Raises: ConfigError that names the install command."""
    try:
        import stix2  # noqa: PLC0415 - slow to import, and an extra
    except ModuleNotFoundError as error:
        raise ConfigError("STIX needs: pip install 'leakwatch[stix]'") from error
    return stix2


def _bittorrent(both: Infohashes) -> dict[str, str]:
    told = {"extension_type": "property-extension"}
    told |= {"btih": both.v1.hex()} if both.v1 else {}
    return told | ({"btmh": f"1220{both.v2.hex()}"} if both.v2 else {})


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _sound(text: str) -> str:
    """A value as it is, but for what no JSON reader takes and what steers a terminal."""
    return clean(text, 4000)


def _confidence(line: FindingLine) -> int:
    """How sure it is that this is the work, where it may not be, whatever its severity."""
    if line.finding.state in NO_LEAK:
        return 0
    return _CONFIDENCE.get(line.finding.verdict, round(line.finding.score * 60))


def _json(one: Any) -> str:
    return one.serialize()
