"""Every payload of every kind against its expectation, which was set by hand before the parser was written."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from leakwatch.errors import LayoutChanged, Refused, SourceError
from leakwatch.extract.links import locate
from leakwatch.sources import KINDS
from leakwatch.sources._kind import FileText, Page, Payload, Request
from leakwatch.sources.cardigann import saved_state

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/*.expected.json"))
OUTCOMES: dict[str, type[SourceError]] = {"layout_changed": LayoutChanged, "refused": Refused}


def payload_of(expected: Path) -> tuple[str, Payload]:
    """The payload beside an expectation, as the fetcher would have given it."""
    stem = expected.name.removesuffix(".expected.json")
    file = next(
        p
        for p in expected.parent.glob(f"{stem}.*")
        if not p.name.endswith((".expected.json", ".request.json"))
    )
    told = json.loads((expected.parent / f"{stem}.request.json").read_text("utf-8"))
    if "definition" in told:
        folder = expected.parent / "definitions"
        text = FileText(told["definition"], (folder / told["definition"]).read_text("utf-8"))
        told["state"] = saved_state(text) | told["state"]
    return expected.parent.name, Payload(
        request=Request(url=told["url"], state=told.get("state", {})),
        url=told.get("final_url", told["url"]),
        status=told.get("status", 200),
        headers={name.lower(): value for name, value in told.get("headers", {}).items()},
        body=file.read_bytes(),
        fetched_at=datetime.fromisoformat(told["fetched_at"]),
    )


def test_every_kind_has_payloads() -> None:
    """Each registered kind has at least five payloads with expectations."""
    counted = {kind: sum(case.parent.name == kind for case in CASES) for kind in KINDS}
    assert min(counted.values()) >= 5, counted


@pytest.mark.parametrize(
    "expected_file", CASES, ids=lambda path: f"{path.parent.name}/{path.name.split('.')[0]}"
)
def test_payload(expected_file: Path) -> None:
    """A payload gives exactly what was expected of it by hand."""
    expected = json.loads(expected_file.read_text("utf-8"))
    kind, payload = payload_of(expected_file)
    if payload.status in (401, 403):
        pytest.skip("the door turns this status into Refused before a kind sees it")
    if expected["outcome"] != "page":
        with pytest.raises(OUTCOMES[expected["outcome"]]):
            KINDS[kind].parse(payload)
        return
    page = KINDS[kind].parse(payload)
    if "observations" in expected:
        check_observations(page, expected["observations"])
    if "next_urls" in expected:
        assert sorted(one.url for one in page.next_requests) == sorted(expected["next_urls"])
    check_state(page, expected)
    if "back_url" in expected:
        back = getattr(KINDS[kind], "back", None)
        request = back(settings_of(expected_file), payload, page) if back else None
        assert same_address(request.url if request else None) == same_address(expected["back_url"])


def check_state(page: Page, expected: dict[str, Any]) -> None:
    """What a page says beside its items: changes to the cursor, and whether (or in which words) something was not read."""
    if "cursor" in expected:
        assert dict(page.cursor) == expected["cursor"]
    if "incomplete" in expected:
        told = expected["incomplete"]
        assert (bool(page.incomplete) if isinstance(told, bool) else page.incomplete) == told


def settings_of(expected: Path) -> Any:
    """The site's settings that the request file beside an expectation names, or None."""
    request = expected.parent / expected.name.replace(".expected.", ".request.")
    told = json.loads(request.read_text("utf-8")).get("settings")
    if told is None:
        return None
    sound = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    return KINDS[expected.parent.name].settings(**sound)


def same_address(url: str | None) -> tuple[str, list[tuple[str, str]]] | None:
    """An address without the order of its parameters."""
    return (url.partition("?")[0], sorted(parse_qsl(urlsplit(url).query))) if url else None


def check_observations(page: Page, wanted: list[dict[str, Any]]) -> None:
    """Each expected fact, and as many observations as expected."""
    assert [one.native_id for one in page.observations] == [one["native_id"] for one in wanted]
    for seen, want in zip(page.observations, wanted, strict=True):
        located = locate(seen)
        for name, value in want.items():
            if name == "text_contains":
                assert all(part in (seen.text or "") for part in value), (name, seen.text)
            elif name == "locators":
                check_locators(list(located.locators), value)
            elif name == "parameters":
                assert dict(seen.parameters) == value
            elif name == "files":
                check_files(seen.files, value)
            elif name == "origin":
                told = seen.origin and {"how": seen.origin.how.value, "names": list(seen.origin.names)}
                assert told == value, seen.native_id
            elif name == "published_at":
                assert (seen.published_at.isoformat() if seen.published_at else None) == value
            elif name != "notes":
                assert getattr(seen, name) == value, (seen.native_id, name)


def check_locators(found: list[Any], wanted: list[dict[str, Any]]) -> None:
    """The same locators, in any order."""

    def shape(kind: str, v1: str | None, v2: str | None) -> tuple[str, str | None, str | None]:
        return (kind, v1, v2)

    have = [
        shape(
            one.kind.value,
            one.infohashes.v1.hex() if one.infohashes and one.infohashes.v1 else None,
            one.infohashes.v2.hex() if one.infohashes and one.infohashes.v2 else None,
        )
        for one in found
    ]
    want = [shape(one["kind"], one.get("infohash_v1"), one.get("infohash_v2")) for one in wanted]
    assert sorted(map(str, have)) == sorted(map(str, want))


def check_files(found: tuple[Any, ...], wanted: list[dict[str, Any]]) -> None:
    """The same files in the same order, as far as facts are given."""
    assert [one.path for one in found] == [one["path"] for one in wanted]
    for have, want in zip(found, wanted, strict=True):
        for name, value in want.items():
            assert getattr(have, name) == value, (have.path, name)
