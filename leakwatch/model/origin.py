"""Of what a repository is a copy, as its host or its own description says; no guess of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_NAME = re.compile(r"[\w.-]{1,100}(?:/[\w.-]{1,100}){1,5}")
_MAX_NAMES = 5


class OriginHow(StrEnum):
    """How it came from there. Of `fork` the host speaks, of `duplicate` and `base_model` the repository's own card."""

    FORK = "fork"
    DUPLICATE = "duplicate"
    BASE_MODEL = "base_model"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a repository came from. `names` are owner/name, a few at most; none where only that it is a copy is said."""

    how: OriginHow
    names: tuple[str, ...] = ()


def origin_of(how: OriginHow, names: Iterable[object]) -> Origin:
    """An origin of names as a stranger gave them: what is no owner/name is left out."""
    told = [one for one in names if isinstance(one, str) and _NAME.fullmatch(one)]
    return Origin(how, tuple(dict.fromkeys(told))[:_MAX_NAMES])
