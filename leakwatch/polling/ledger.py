"""What a site's state remembers of its coverage: how far it was read, what is missing, and what its pages look like.

Stored as JSON in the site's row. What cannot be read of it, as after a change of this file, is begun anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from leakwatch.polling.profile import Profile
from leakwatch.sources._kind import CredentialRef, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a site was read: its newest items, and the time of the newest."""

    ids: tuple[str, ...] = ()
    newest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """The request that reads on into a hole."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    form: Mapping[str, str] | None = None
    credential: str | None = None
    query_credential: tuple[str, str] | None = None
    token_url: str | None = None
    state: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def of(cls, request: Request) -> Behind:
        """What must be kept of a request; secrets are kept by name."""
        return cls(
            url=request.url,
            headers=request.headers,
            form=request.form,
            credential=request.credential,
            query_credential=request.query_credential,
            token_url=request.token_url,
            state=request.state,
        )

    @property
    def request(self) -> Request:
        """The request."""
        pair = self.query_credential
        return Request(
            url=self.url,
            headers=self.headers,
            form=self.form,
            credential=CredentialRef(self.credential) if self.credential else None,
            query_credential=(pair[0], CredentialRef(pair[1])) if pair else None,
            token_url=self.token_url,
            state=self.state,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """What was shown between two polls and not read: after `mark`, before `until`. `began` names it in its window."""

    began: datetime
    until: datetime
    mark: Mark
    behind: Behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What is remembered; `holes` are those that can still be repaired, the newest first."""

    mark: Mark | None = None
    holes: tuple[Hole, ...] = ()
    profile: Profile = field(default_factory=Profile)
    canary_at: datetime | None = None
    canary_missing: str = ""


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Ledger]:
    return TypeAdapter(Ledger)


def ledger_of(told: Mapping[str, Any]) -> Ledger:
    """The ledger in a site's row."""
    try:
        return _adapter().validate_python(dict(told))
    except ValidationError:
        return Ledger()


def ledger_json(ledger: Ledger) -> dict[str, Any]:
    """A ledger for a site's row."""
    return _adapter().dump_python(ledger, mode="json")


def without_profile(told: Mapping[str, Any]) -> dict[str, Any]:
    """A site's ledger that has to learn anew what its pages look like."""
    return ledger_json(replace(ledger_of(told), profile=Profile()))
