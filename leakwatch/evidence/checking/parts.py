"""What the checks of a pack share: what was found so far, and documents read without trust."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from leakwatch.display import clean
from leakwatch.errors import LeakwatchError


@dataclass(slots=True)
class Checked:
    """The outcome: `problems` name what is wrong, each with the file; `notes` say what was and was not checked."""

    members: dict[str, bytes] = field(default_factory=dict[str, bytes])
    problems: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    def problem(self, name: str, told: str) -> None:
        """Something is wrong with a file."""
        self.problems.append(f"{clean(name, 120)}: {clean(told, 300)}")

    def left_out(self) -> set[str]:
        """Digests of what the manifest says was left out on purpose. Raises: ValueError."""
        return {str(one["sha256"]) for one in self.document("manifest.json").get("left_out", ())}

    def note(self, told: str) -> None:
        """Something a reader must know."""
        self.notes.append(clean(told, 500))

    def document(self, name: str) -> Any:
        """A JSON document of the pack. Raises: ValueError."""
        return json.loads(self.members[name])

    def list_of(self, name: str) -> list[Any]:
        """A JSON document that is a list. Raises: ValueError."""
        found = self.document(name)
        if not isinstance(found, list):
            raise ValueError("expected a list")  # noqa: TRY004 - told as all that is wrong with a document
        return found


def guarded(name: str, checked: Checked, check: Callable[[Checked], None]) -> None:
    """Run one check; what it cannot read is a problem of that file, and the other checks go on."""
    try:
        check(checked)
    except (
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
        LeakwatchError,
    ) as error:
        checked.problem(name, f"cannot be read: {type(error).__name__} {error}")
