"""From how many countries and networks a swarm's peers come: totals, of which none is of fewer than five.

The databases are the operator's own files in MaxMind's format. An address is looked up and forgotten.
"""

from __future__ import annotations

import importlib
import ipaddress
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, Self

from leakwatch.errors import ConfigError

SMALLEST_GROUP = 5
OTHER = "other"
_COUNTRY, _NETWORK = re.compile(r"[A-Z]{2}"), re.compile(r"AS[1-9][0-9]{0,9}")
_INSTALL = "maxminddb is not installed: pip install 'leakwatch[geo]'"


class Lookup(Protocol):
    """A database of networks."""

    def get(self, ip_address: str) -> Any:
        """The record of the network that holds an address, or None."""
        ...


class Origins:
    """Counts peers by country and by network (autonomous system)."""

    def __init__(self, countries: Lookup | None, networks: Lookup | None) -> None:
        self._countries, self._networks = countries, networks
        self._by_country, self._by_network = Counter[str](), Counter[str]()

    @classmethod
    def open(cls, country_file: Path | None = None, asn_file: Path | None = None) -> Self:
        """Open the operator's files. Raises: ConfigError, also where the package `maxminddb` is missing."""
        try:
            reader = importlib.import_module("maxminddb")
        except ImportError as error:
            raise ConfigError(_INSTALL, field="swarm.geo") from error
        return cls(_opened(reader, country_file), _opened(reader, asn_file))

    def add(self, address: str) -> None:
        """Count an address. What no database knows, or is no address, counts as other."""
        try:
            ipaddress.ip_address(address)
        except ValueError:
            address = ""
        if self._countries:
            self._by_country[_country(_record(self._countries, address))] += 1
        if self._networks:
            self._by_network[_network(_record(self._networks, address))] += 1

    def totals(self) -> Mapping[str, int]:
        """Peers by `country:DE`, `network:AS3320` and so on; groups below five are in `country:other`."""
        return _folded("country", self._by_country) | _folded("network", self._by_network)


def _opened(reader: Any, file: Path | None) -> Lookup | None:
    try:
        return reader.open_database(file) if file else None
    except (OSError, ValueError, reader.InvalidDatabaseError) as error:
        raise ConfigError(f"{file} cannot be read as an .mmdb file", field="swarm.geo") from error


def _record(database: Lookup, address: str) -> dict[str, Any]:
    """What a database says of an address; nothing for an IPv6 one in a database of IPv4, or a damaged record."""
    try:
        record = database.get(address) if address else None
    except (ValueError, RuntimeError):  # InvalidDatabaseError is a RuntimeError
        return {}
    return record if isinstance(record, dict) else {}


def _country(record: dict[str, Any]) -> str:
    """The country's code, as GeoLite2 nests it or as flat databases write it."""
    match record:
        case {"country": {"iso_code": str(code)}} | {"country_code": str(code)} | {"country": str(code)}:
            return code if _COUNTRY.fullmatch(code) else OTHER
        case _:
            return OTHER


def _network(record: dict[str, Any]) -> str:
    match record:
        case {"autonomous_system_number": int(number)}:
            name = f"AS{number}"
        case {"asn": str(name)}:
            pass
        case _:
            return OTHER
    return name if _NETWORK.fullmatch(name) else OTHER


def _folded(kind: str, counted: Counter[str]) -> dict[str, int]:
    """The groups, largest first; the small ones and what is unknown come last, together."""
    large = {
        name: count for name, count in counted.most_common() if count >= SMALLEST_GROUP and name != OTHER
    }
    rest = counted.total() - sum(large.values())
    return {f"{kind}:{name}": count for name, count in large.items()} | (
        {f"{kind}:{OTHER}": rest} if rest else {}
    )
