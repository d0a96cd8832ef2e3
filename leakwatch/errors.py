"""The error tree. Each error says whose fault it is (`blame`) and whether trying again helps (`permanent`).

LeakwatchError
├── ConfigError      file, line, field      the operator's configuration
├── RuleError        file, line, field      the operator's rule
├── InputError       file, line             a file or line that a person gave us
├── WireError        value                  bytes from outside that are not what they claim
│   ├── BencodeError
│   ├── InfohashError
│   ├── MagnetError
│   ├── MetainfoError
│   └── HeaderError                         a safetensors or GGUF header, or a print of one
├── SourceError                             one site, one poll
│   ├── FetchFailed                         the network, or a limit of ours, stopped the transfer
│   ├── PutOff                              the host's budget is used up: a matter of time, nobody's fault
│   ├── Refused                             the site said no (403, 429, a challenge page, our own address rules)
│   │   ├── Disallowed                      its robots.txt says no to one URL
│   │   └── AddressRefused, Withheld        our own rules say no
│   └── LayoutChanged                       the page is not what the kind expects
├── SwarmError                              peers, DHT, the libtorrent child
├── StoreError
│   ├── NoRoom                              evidence cannot be kept: the disk is full
│   └── Conflict                            somebody else changed the row first
└── DeliveryError                           one alert, one channel
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal

Blame = Literal["ours", "theirs", "network"]


class Failure(StrEnum):
    """Why a site could not be read: what the operator is told, and how long it is left alone."""

    REFUSED = "refused"
    CHALLENGE = "challenge"
    RATE_LIMITED = "rate_limited"
    LOGIN = "login"
    DRIFT = "drift"
    DEAD = "dead"
    TLS = "tls"
    DNS = "dns"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    SERVER = "server"
    EMPTY_BODY = "empty_body"
    BODY = "body"
    ADDRESS = "address"
    CONFIG = "config"


class LeakwatchError(Exception):
    """Something went wrong in leakwatch; the message says what and what to do."""

    blame: ClassVar[Blame] = "ours"
    permanent: bool = True

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])

    @property
    def message(self) -> str:
        """The text for a person, without the class name."""
        return str(self.args[0])


class LocatedError(LeakwatchError):
    """A file that a person wrote has a mistake; correct the named line."""

    def __init__(
        self, message: str, *, file: str = "", line: int = 0, column: int = 0, field: str = ""
    ) -> None:
        self.file, self.line, self.column, self.field = file, line, column, field
        where = ":".join(part for part in (file, *(str(one) for one in (line, column) if one)) if part)
        place = f"{where}: " if where else ""
        name = f"{field}: " if field else ""
        super().__init__(f"{place}{name}{message}")


class ConfigError(LocatedError):
    """The configuration has a mistake; correct the named field."""


class RuleError(LocatedError):
    """A rule has a mistake; correct the named field."""


class InputError(LocatedError):
    """A file or line given to leakwatch cannot be used; correct it and try again."""


class WireError(LeakwatchError):
    """Bytes from outside are not what they claim to be."""

    blame = "theirs"

    def __init__(self, message: str | None = None, value: object = None) -> None:
        self.value = value
        super().__init__(message)


class BencodeError(WireError):
    """The bytes are not valid bencoding."""


class InfohashError(WireError):
    """The text is not an infohash: 40 hex, 32 base32, or a 1220-prefixed multihash of 68 hex digits."""


class MagnetError(WireError):
    """The text is not a magnet URI with an infohash."""


class MetainfoError(WireError):
    """The torrent has no usable info dictionary."""


class HeaderError(WireError):
    """The header of a weights file, or the print of one, is not what its format asks for."""


class SourceError(LeakwatchError):
    """A source could not be read; `failure` names the reason."""

    blame = "theirs"
    permanent = False
    failure: Failure = Failure.CONNECTION

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after_s: float | None = None,
        failure: Failure | None = None,
    ) -> None:
        self.retry_after_s = retry_after_s
        self.failure = failure or type(self).failure
        super().__init__(message)


class FetchFailed(SourceError):
    """The page could not be transferred; the network or the server is at fault, it is tried again later."""

    blame = "network"


class Refused(SourceError):
    """The site refused us; it is asked again later and more slowly.

    `status` is the HTTP status, 0 where there was none; `is_of_item` says that it concerns the one page asked
    for (missing, private, too large), not us.
    """

    failure = Failure.REFUSED

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after_s: float | None = None,
        status: int = 0,
        failure: Failure | None = None,
    ) -> None:
        self.status = status
        super().__init__(message, retry_after_s=retry_after_s, failure=failure)

    @property
    def is_of_item(self) -> bool:
        """Whether the page asked for is at fault, so that the others can still be read."""
        return self.status in (401, 403, 404, 409, 410, 422, 451) and self.retry_after_s is None


class AddressRefused(Refused):
    """The address is not a public one; list the host under http.allow_hosts if it is yours."""

    blame = "ours"
    permanent = True
    failure = Failure.ADDRESS


class Disallowed(Refused):
    """The host's robots.txt does not want this URL to be asked for; leave the site out, or ask its owner."""

    @property
    def is_of_item(self) -> bool:
        """It is said of this URL; others of the host may be asked for."""
        return True


class Withheld(Refused):
    """The request would name an asset that is under embargo; it was not sent."""

    blame = "ours"
    permanent = True


class PutOff(SourceError):
    """The host's budget of requests is used up; the rest is asked for later."""

    blame = "ours"


class LayoutChanged(SourceError):
    """The page is not what this kind of source expects; the site changed or the kind is wrong."""

    failure = Failure.DRIFT


class SwarmError(LeakwatchError):
    """The swarm gave no metadata in time; it is tried again later."""

    blame = "network"
    permanent = False


class StoreError(LeakwatchError):
    """The database refused the work."""


class NoRoom(StoreError):
    """Evidence cannot be kept: make room on the disk; the crawl waits and goes on by itself."""

    permanent = False


class Conflict(StoreError):
    """Another process changed the same row first; read it again."""

    permanent = False


class DeliveryError(LeakwatchError):
    """An alert could not be delivered.

    `uncertain` is true where the channel may have accepted it all the same: the connection broke
    after the request had been written. `closes` is true where the channel takes no alert any more (a token was
    revoked, the address is gone), so that none is sent there until a person says so; that is permanent as well.
    `of_one` is true where only one of the channel's several recipients is refused, which says nothing of the others.
    """

    blame = "theirs"

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        uncertain: bool = False,
        retry_after_s: float | None = None,
        closes: bool = False,
        of_one: bool = False,
    ) -> None:
        self.permanent, self.uncertain, self.retry_after_s = permanent or closes, uncertain, retry_after_s
        self.closes, self.of_one = closes, of_one
        super().__init__(message)
