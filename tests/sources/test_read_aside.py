"""What kinds say of strangers' markup is said from the process with limits too, whatever is in it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from leakwatch.limited.pages import PageReader
from leakwatch.limited.reading import parsed
from leakwatch.sources import KINDS
from leakwatch.sources._kind import PolledKind

from .test_payloads import payload_of

PAGES = sorted(
    file
    for file in Path(__file__).parent.glob("*/*.expected.json")
    if getattr(KINDS[file.parent.name], "is_markup", False)
    and json.loads(file.read_text("utf-8"))["outcome"] == "page"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader() -> AsyncIterator[PageReader]:
    """The processes that read markup."""
    made = PageReader()
    yield made
    await made.aclose()


def test_there_are_payloads_of_every_markup_kind() -> None:
    """Each kind that is read aside is tried below."""
    kinds = {name for name, kind in KINDS.items() if getattr(kind, "is_markup", False)}
    assert {file.parent.name for file in PAGES} == kinds


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("expected", PAGES, ids=lambda file: f"{file.parent.name}/{file.name.split('.')[0]}")
async def test_a_page_comes_back_whole(expected: Path, reader: PageReader) -> None:
    """Observations, requests and cursor are the same, with the infohashes of locators, which are bytes."""
    kind, (_, payload) = KINDS[expected.parent.name], payload_of(expected)
    assert isinstance(kind, PolledKind)
    assert await reader.read(kind, payload) == parsed(kind, payload)
