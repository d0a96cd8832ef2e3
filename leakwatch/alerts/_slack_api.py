"""Calls of Slack's Web API through the door: what an answer means for an alert.

Source: docs.slack.dev, "Using the Slack Web API": `ok` and `error` inside an HTTP 200, 429 with Retry-After, and of
`internal_error` and `fatal_error` that part of the work may have been done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from leakwatch.alerts._facts import host_of, retry_after_s
from leakwatch.display import clean
from leakwatch.errors import AddressRefused, DeliveryError, FetchFailed
from leakwatch.ports import Fetcher
from leakwatch.secret import Secret

PASSING = frozenset(
    {
        *("fatal_error", "internal_error", "message_limit_exceeded", "rate_limited", "ratelimited"),
        *("request_timeout", "service_unavailable", "team_added_to_org"),
    }
)
"""Errors that pass by themselves; any other waits for a person, and trying again does not help."""

CLOSING = frozenset(
    {
        *("account_inactive", "channel_not_found", "ekm_access_denied", "invalid_auth", "is_archived"),
        *("missing_scope", "no_permission", "not_authed", "not_in_channel", "org_login_required"),
        *("restricted_action", "team_access_not_granted", "token_expired", "token_revoked"),
    }
)
"""Errors that meet every alert to this channel until a person has done something."""

_MAY_BE_DONE = frozenset({"fatal_error", "internal_error", "request_timeout"})
_PERMANENT = frozenset({400, 401, 403, 404, 410})
_MOST_BYTES = 4 * 1024 * 1024
_REMEDIES = {
    "account_inactive": "the app was removed from the workspace: install it again",
    "channel_not_found": "no such channel, or the app is not a member of a private one: invite it",
    "invalid_auth": "the token is wrong: copy it from the app's page again",
    "is_archived": "the channel is archived: name another one",
    "missing_scope": "the app lacks a scope: add it and install the app again",
    "not_in_channel": "the app is not in the channel: invite it",
    "token_expired": "the token has expired: make a new one",
    "token_revoked": "the token was revoked: make a new one",
}


class SlackRefused(DeliveryError):
    """Slack answered that it did not do it; `code` is its word for why, `closes` whether it says so to every alert."""

    def __init__(self, message: str, code: str, **how: Any) -> None:
        super().__init__(message, closes=code in CLOSING, **how)
        self.code = code


class SlackApi:
    """The methods of one app in one workspace."""

    def __init__(self, base: str, fetcher: Fetcher) -> None:
        self._base, self._fetcher = base.rstrip("/"), fetcher

    async def call(
        self, method: str, token: Secret, told: Mapping[str, Any], *, form: bool = False, once: bool = False
    ) -> dict[str, Any]:
        """Call a method; `form` where it takes no JSON, `once` where doing it twice would show.

        Raises: SlackRefused if Slack says no; DeliveryError if it could not be asked, or what it says is not
        understood; only with `once` either is `uncertain`.
        """
        try:
            return await self._ask(method, token, told, form=form)
        except DeliveryError as error:
            error.uncertain = error.uncertain and once
            raise
        except (FetchFailed, AddressRefused) as error:
            raise DeliveryError(f"slack: {error.message}", permanent=error.permanent) from error

    async def _ask(
        self, method: str, token: Secret, told: Mapping[str, Any], *, form: bool
    ) -> dict[str, Any]:
        kind = "application/x-www-form-urlencoded" if form else "application/json; charset=utf-8"
        body = urlencode(told) if form else json.dumps(told, ensure_ascii=False)
        status, headers, text = await self._fetcher.post(
            f"{self._base}/{method}",
            body=body.encode("utf-8", "replace"),
            headers={"content-type": kind, "authorization": f"Bearer {token.reveal()}"},
            most_bytes=_MOST_BYTES,
        )
        where = f"slack: {host_of(self._base)} {method}"
        wait = retry_after_s(headers)
        if status != 200:
            shown = clean(text.decode("utf-8", "replace"), 200)
            raise DeliveryError(
                f"{where} answered {status}: {shown}",
                permanent=status in _PERMANENT,
                uncertain=status in (500, 502, 504),
                retry_after_s=wait,
            )
        return _checked(where, text, wait)


def _checked(where: str, text: bytes, wait: float | None) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        shown = clean(text.decode("utf-8", "replace"), 200)
        raise DeliveryError(f"{where} gave an answer that is not Slack's: {shown}", uncertain=True)
    if answer["ok"]:
        return answer
    code = clean(str(answer.get("error") or "no reason"), 60)
    remedy = _REMEDIES.get(code, "")
    raise SlackRefused(
        f"{where} says {code}" + (f" ({remedy})" if remedy else ""),
        code,
        permanent=code not in PASSING,
        uncertain=code in _MAY_BE_DONE,
        retry_after_s=wait,
    )
