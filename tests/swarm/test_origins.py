"""Country and network totals from .mmdb files that the test writes itself."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.errors import ConfigError
from leakwatch.swarm.origins import Origins

from .mmdb import write_mmdb


@pytest.fixture
def origins(tmp_path: Path) -> Origins:
    """Two databases, in the shapes that are met: nested and flat."""
    countries = {
        "1.0.0.0/8": {"country": {"iso_code": "DE"}},
        "2.0.0.0/8": {"country": {"iso_code": "FR"}},
        "3.0.0.0/8": {"country_code": "US"},
        "4.0.0.0/8": {"country": {"iso_code": "<script>"}},
        "5.0.0.0/8": "odd",
    }
    networks = {
        "1.0.0.0/9": {"autonomous_system_number": 3320},
        "2.0.0.0/8": {"asn": "AS5410"},
        "3.0.0.0/8": {"asn": "x"},
    }
    return Origins.open(write_mmdb(tmp_path / "c.mmdb", countries), write_mmdb(tmp_path / "n.mmdb", networks))


def test_totals(origins: Origins) -> None:
    """Groups of five and more are told by country and network, largest first; all smaller ones together."""
    for number in range(7):
        origins.add(f"1.1.1.{number}")
    for number in range(5):
        origins.add(f"2.1.1.{number}")
    for address in (
        "3.1.1.1",
        "3.1.1.2",
        "3.1.1.3",
        "3.1.1.4",
        "4.1.1.1",
        "5.1.1.1",
        "9.9.9.9",
        "2001:db8::1",
        "x",
    ):
        origins.add(address)
    assert list(origins.totals().items()) == [
        ("country:DE", 7),
        ("country:FR", 5),
        ("country:other", 9),
        ("network:AS3320", 7),
        ("network:AS5410", 5),
        ("network:other", 9),
    ]


@given(
    st.lists(
        st.sampled_from(["1.0.0.1", "1.200.0.1", "2.0.0.1", "3.0.0.1", "8.8.8.8", "", "::1"]), max_size=60
    )
)
def test_nobody_is_singled_out(tmp_path_factory: pytest.TempPathFactory, addresses: list[str]) -> None:
    """Whatever is added, every named group has five members or more, and no address is lost."""
    file = write_mmdb(
        tmp_path_factory.getbasetemp() / "one.mmdb",
        {
            f"{number}.0.0.0/8": {"country": {"iso_code": name}}
            for number, name in ((1, "DE"), (2, "FR"), (3, "US"))
        },
    )
    origins = Origins.open(country_file=file)
    for address in addresses:
        origins.add(address)
    totals = origins.totals()
    assert sum(totals.values()) == len(addresses)
    assert all(count >= 5 for name, count in totals.items() if name != "country:other")


def test_without_files_nothing_is_counted() -> None:
    """Without a database there are no totals."""
    origins = Origins.open()
    origins.add("1.1.1.1")
    assert origins.totals() == {}


def test_no_address_is_kept(origins: Origins) -> None:
    """What is left after counting holds no address."""
    origins.add("1.1.1.77")
    kept = [origins._by_country, origins._by_network, origins.totals()]
    assert "1.1.1.77" not in repr(kept)


@pytest.mark.parametrize("content", [None, b"", b"not a database", b"\xab\xcd\xefMaxMind.com\xff\xff\xff"])
def test_files_that_are_no_databases(tmp_path: Path, content: bytes | None) -> None:
    """A file that is missing or no database is a configuration error that names it."""
    file = tmp_path / "geo.mmdb"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"geo\.mmdb"):
        Origins.open(country_file=file)


def test_missing_package_names_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the package the error says what to install."""
    known = importlib.import_module

    def without(name: str) -> object:
        if name == "maxminddb":
            raise ImportError
        return known(name)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(ConfigError, match=r"pip install 'leakwatch\[geo\]'"):
        Origins.open(tmp_path / "x.mmdb")
