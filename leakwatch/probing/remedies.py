"""What to do where a site could not be read, by the reason."""

from __future__ import annotations

from leakwatch.errors import Disallowed, Failure, SourceError

_REMEDIES = {
    Failure.REFUSED: "It does not want to be read like this: ask its owner, or look for a feed or an API of it.",
    Failure.CHALLENGE: "Challenges are never solved: ask the owner for access, or look for a feed or an API.",
    Failure.RATE_LIMITED: "Wait, then read it more slowly: raise every and min_interval_s.",
    Failure.LOGIN: "What is behind a login is not read; if there is an API, give its token (docs/sources).",
    Failure.DRIFT: "It is not what was expected: give the address of a feed or an API of it.",
    Failure.DEAD: "Correct the address; there is nothing here.",
    Failure.TLS: "Its certificate is not valid: the owner has to mend that.",
    Failure.DNS: "There is no such host: correct the address.",
    Failure.TIMEOUT: "It was too slow: try again later.",
    Failure.CONNECTION: "Nobody answers there: correct the address, or try again later.",
    Failure.SERVER: "It has an error of its own: try again later.",
    Failure.EMPTY_BODY: "It gave an empty page: try again later, or correct the address.",
    Failure.BODY: "Its answer is broken or too large: give a narrower address.",
    Failure.ADDRESS: "If the host is yours, list it under http.allow_hosts.",
    Failure.CONFIG: "Correct the configuration.",
}


def remedy(error: SourceError) -> str:
    """What a person can do about an error."""
    if isinstance(error, Disallowed):
        return 'Leave it out, or ask its owner; robots = "ignore" needs a reason that you can defend.'
    return _REMEDIES.get(error.failure, "Try again later.")
