"""Who complains: the section [owner] of the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.errors import ConfigError

_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerConfig:
    """Who stands behind notices; laws and hosts ask for these. An asset's own `owner` is named as the holder of the rights.

    `name` is a person's full legal name, `organisation` whom he acts for. `authority` says in a sentence why he may
    ("I am the company's general counsel"). `address` is the postal address, on one line.
    """

    name: str = ""
    organisation: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    authority: str = ""

    def check(self) -> None:
        """Refuse what cannot stand in a letter. Raises: ConfigError."""
        for key in self.__dataclass_fields__:
            value = getattr(self, key)
            if len(value) > _MAX or not value.isprintable():
                raise ConfigError(f"{key}: expected one line of at most {_MAX} printable characters")
        if self.email and ("@" not in self.email or " " in self.email):
            raise ConfigError("email: expected an e-mail address")
