"""Where a prover is reached, and with which token; judged without contacting it."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from leakwatch.errors import ConfigError
from leakwatch.secret import Secret

MIN_TOKEN_CHARACTERS = 32
_NO_HOST = "http://prover"
"""What HTTP wants to be told of a socket in the file system."""
_ASK_TLS = "expected https://…; http only to a loopback address, for the token goes with every request"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProverSettings:
    """A machine that holds an asset's files and hashes pieces of them: `socket` or `url`, and its token.

    Units:  `deadline_s` bounds one call, with all its requests and the waiting that the prover asks for.
    `ca_file` is the certificate authority to trust instead of the system's. Both paths are absolute.
    """

    name: str
    token: Secret
    socket: Path | None = None
    url: str | None = None
    ca_file: Path | None = None
    deadline_s: float = 30.0

    @property
    def base(self) -> str:
        """What the paths of requests are put behind."""
        return self.url.rstrip("/") if self.url else _NO_HOST

    def check(self) -> None:
        """Judge what can be judged without a connection. Raises: ConfigError naming the field."""
        if (self.socket is None) == (self.url is None):
            raise ConfigError("give either socket or url")
        check_token(self.token)
        if self.url is not None:
            _check_url(self.url)
        self.tls()

    def tls(self) -> ssl.SSLContext | None:
        """How certificates are checked, which they always are; None where no TLS is spoken.

        Raises: ConfigError if the CA file is of no use.
        """
        if not self.base.startswith("https:"):
            if self.ca_file is not None:
                raise ConfigError("is for https only", field="ca_file")
            return None
        try:
            return ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        except OSError as error:
            reason = error.strerror or "no certificate in it"
            raise ConfigError(f"the CA file cannot be used: {reason}", field="ca_file") from error


def check_token(token: Secret) -> None:
    """Raises: ConfigError for a token that is short, or would not do in a header."""
    text = token.reveal()
    if len(text) < MIN_TOKEN_CHARACTERS or not (text.isascii() and text.isprintable()) or " " in text:
        told = f"expected at least {MIN_TOKEN_CHARACTERS} printable ASCII characters without spaces"
        raise ConfigError(f"{told}, such as `openssl rand -hex 32` prints", field="token")


def is_loopback(host: str) -> bool:
    """Whether it is a loopback address. A name is not: it may mean another machine tomorrow."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole, parts = False, SplitResult("", "", "", "", "")
    is_plain = url.isascii() and url.isprintable() and not any(char in url for char in " ?#@\\")
    if not is_whole or not is_plain:
        raise ConfigError("expected https://host:port, without user, query or fragment", field="url")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ConfigError(_ASK_TLS, field="url")
