"""Error codes of Newznab's API, which Torznab 1.3 takes over, and what each means for us.

Source: Newznab API, "Error Codes"; Torznab 1.3, "Errors".
"""

from __future__ import annotations

from leakwatch.errors import LayoutChanged, Refused, SourceError

NO_SUCH_ITEM = 300
_ACCOUNT_ERRORS = range(100, 200)
_LIMIT_ERRORS = (500, 501)
_SERVER_ERRORS = range(500, 1000)
_AN_HOUR_S = 3600.0
_ERRORS = {
    100: "the key is wrong",
    101: "the account is suspended",
    102: "the account may not do this",
    103: "registration is denied",
    104: "registration is closed",
    200: "a parameter is missing",
    201: "a parameter is wrong",
    202: "there is no such function",
    203: "the function is not available",
    300: "there is no such item",
    500: "too many requests today",
    501: "too many downloads today",
    900: "it does not say why",
    910: "the API is switched off",
}


def refusal(code: int, description: str) -> SourceError:
    """What an error document means: a refusal where the account, a limit or the server is why, else a changed index."""
    meaning = f" ({_ERRORS[code]})" if code in _ERRORS else ""
    told = f"the index answers with error {code}{meaning}: {description[:500]}"
    if code in _ACCOUNT_ERRORS or code in _SERVER_ERRORS:
        return Refused(told, retry_after_s=_AN_HOUR_S if code in _LIMIT_ERRORS else None)
    return LayoutChanged(told)
