"""Bearer tokens by OAuth2 client credentials (RFC 6749, 4.4): asked for once, kept until they end. Never shown."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from leakwatch.errors import ConfigError, FetchFailed
from leakwatch.sources._kind import Request

_EARLY_S, _SHORTEST_S, _LONGEST_S, _DEFAULT_S = 30.0, 10.0, 86_400.0, 600.0
_MAX_TOKEN = 8192
BODY = b"grant_type=client_credentials"
Key = tuple[str, str, str]
Exchange = Callable[[dict[str, str], bytes], Awaitable[bytes]]
"""Header fields and body of the request for a token -> the body of its answer."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    until: float


class Tokens:
    """The tokens of this process, by address, secret name and proxy."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._tokens: dict[Key, _Token] = {}
        self._turns: dict[Key, asyncio.Lock] = {}

    async def get(self, request: Request, proxy: str, login: str, exchange: Exchange) -> str:
        """A token that holds for a while. Raises: FetchFailed, Refused; ConfigError for a secret that is no `id:secret`."""
        key = key_of(request, proxy)
        async with self._turns.setdefault(key, asyncio.Lock()):
            known = self._tokens.get(key)
            if known is None or known.until <= self._now():
                known = self._tokens[key] = self._read(await exchange(_fields(request, login), BODY))
            return known.text

    def drop(self, request: Request, proxy: str, token: str) -> None:
        """The site does not take this token any more."""
        key = key_of(request, proxy)
        if key in self._tokens and self._tokens[key].text == token:
            del self._tokens[key]

    def _read(self, body: bytes) -> _Token:
        try:
            told: Any = json.loads(body)
        except (ValueError, RecursionError):
            told = None
        text = told.get("access_token") if isinstance(told, dict) else None
        if (
            not isinstance(text, str)
            or not text.isascii()
            or not text.isprintable()
            or not 0 < len(text) <= _MAX_TOKEN
        ):
            raise FetchFailed(
                "the address of the token answered without one; check token_url and the credential"
            )
        seconds = told.get("expires_in", _DEFAULT_S)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
            seconds = _DEFAULT_S
        lasts = max(min(float(seconds), _LONGEST_S) - _EARLY_S, _SHORTEST_S)
        return _Token(text, self._now() + lasts)


def key_of(request: Request, proxy: str) -> Key:
    """What a token belongs to."""
    return request.token_url or "", str(request.credential), proxy


def _fields(request: Request, login: str) -> dict[str, str]:
    """HTTP Basic, which every server must take (RFC 6749, 2.3.1)."""
    ident, colon, secret = login.partition(":")
    if not (ident and colon and secret):
        raise ConfigError(f"the secret {request.credential} must be written as id:secret")
    pair = f"{quote_plus(ident)}:{quote_plus(secret)}".encode("ascii")
    return {
        "authorization": f"Basic {base64.b64encode(pair).decode('ascii')}",
        "content-type": "application/x-www-form-urlencoded",
        "accept": "application/json",
    }
