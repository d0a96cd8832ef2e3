"""Authors as pseudonyms: one name on one platform is always the same pseudonym, on another platform another one."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import Literal

from leakwatch.model.author import author_of, platform_of
from leakwatch.model.observation import Observation

AuthorsMode = Literal["pseudonym", "plain", "none"]
ERASED = "[erased]"
"""What stands in the place of an author who was erased."""

_PSEUDONYM = re.compile(r"author-[0-9a-f]{16}\Z")
_DIGITS = 16


def pseudonym(platform: str, name: str, key: bytes) -> str:
    """`author-` and 16 hex digits of HMAC-SHA256 over platform and name, each with its length, so that none runs over."""
    told = [part.encode("utf-8", "replace") for part in (platform, name)]
    message = b"".join(len(one).to_bytes(4, "big") + one for one in told)
    return f"author-{hmac.new(key, message, hashlib.sha256).hexdigest()[:_DIGITS]}"


@dataclass(frozen=True, slots=True)
class Authors:
    """How authors are kept. The key stays on this machine: who has it can test whether a name is behind a pseudonym."""

    mode: AuthorsMode = "plain"
    key: bytes = field(default=b"", repr=False)

    def kept(self, seen: Observation) -> Observation:
        """The observation as it may be stored. Who cannot be told apart from others (`Anonymous`) keeps that name."""
        if self.mode == "plain" or not seen.author:
            return seen
        if self.mode == "none":
            return replace(seen, author=None)
        known_as = author_of(seen)
        if known_as is None:
            return seen
        platform = platform_of(seen)
        return replace(seen, author=pseudonym(platform, known_as[len(platform) + 1 :], self.key))

    def shown(self, author: str | None) -> str | None:
        """A stored `platform:name` as it may leave: names from before pseudonyms were turned on become pseudonyms."""
        if author is None or self.mode == "plain":
            return author
        platform, _, name = parts_of(author)
        if self.mode == "none":
            return None
        is_done = name == ERASED or _PSEUDONYM.match(name)
        return author if is_done else f"{platform}:{pseudonym(platform, name, self.key)}"

    def is_named(self, name: str, seen: Observation) -> bool:
        """Whether an observation is by somebody of this name, be it stored plainly or as a pseudonym."""
        if not seen.author:
            return False
        told = replace(seen, author=name)
        return _folded(name) == _folded(seen.author) or (
            self.mode == "pseudonym" and self.kept(told).author == seen.author
        )

    def is_by(self, author: str, seen: Observation) -> bool:
        """Whether an observation is by `platform:name`."""
        known_as = author_of(seen)
        return known_as is not None and known_as in (author, self.shown(author))


PLAIN = Authors()


def parts_of(author: str) -> tuple[str, str, str]:
    """Platform and name: a platform may have a port (`board.example:8080`), and the name colons of its own."""
    found = re.match(r"(?P<platform>[^:]*(?::\d{1,5}(?=:))?):(?P<name>.*)\Z", author, re.DOTALL)
    return (found["platform"], ":", found["name"]) if found else (author, "", "")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
