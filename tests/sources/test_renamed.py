"""What items, or their changes, are known by is missed where it is gone: else nothing of the site would ever be read again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from leakwatch.errors import LayoutChanged
from leakwatch.sources import KINDS
from leakwatch.sources._kind import Json

from .test_payloads import payload_of

HERE = Path(__file__).parent
CASES = (
    ("huggingface/list_known", ("id", "modelId"), "the field id or modelId"),
    ("huggingface/list_datasets_known", ("id", "modelId"), "the field id or modelId"),
    ("huggingface/discussions_page", ("num",), "has a number"),
    ("huggingface/discussions_page", ("numComments",), "the field numComments"),
    ("imageboard/catalog_known", ("no",), "has a number"),
    ("imageboard/catalog_known", ("last_modified",), "the field last_modified"),
    ("imageboard/lynx_catalog", ("threadId",), "has a threadId"),
    ("imageboard/lynx_catalog", ("lastBump", "postCount"), "the field lastBump or postCount"),
    ("archive/hits_question", ("identifier",), "has an identifier"),
    ("archive/hits_question", ("item_size",), "the field item_size"),
)


def renamed(value: Json, names: Sequence[str]) -> Json:
    """The value with these fields under other names, wherever they are."""
    if isinstance(value, list):
        return [renamed(one, names) for one in value]
    if isinstance(value, dict):
        return {f"{key}_2" if key in names else key: renamed(one, names) for key, one in value.items()}
    return value


@pytest.mark.parametrize(("case", "names", "told"), CASES)
def test_a_renamed_field_is_named(case: str, names: tuple[str, ...], told: str) -> None:
    """The page as it is is read; with the field renamed throughout it is a changed layout, which says what is missing."""
    kind, payload = payload_of(HERE / f"{case}.expected.json")
    KINDS[kind].parse(payload)
    body = json.dumps(renamed(json.loads(payload.body), names)).encode()
    with pytest.raises(LayoutChanged, match=told):
        KINDS[kind].parse(replace(payload, body=body))
