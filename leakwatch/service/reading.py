"""What is shipped with the package, and files that a person named."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files as package_files
from pathlib import Path

from leakwatch.catalogue import Imported, parse_catalogue
from leakwatch.data import data_folder
from leakwatch.errors import InputError
from leakwatch.extract.hosts import Hosts
from leakwatch.extract.hosttable import parse_hosts
from leakwatch.fakes import FakeTables, parse_fakes
from leakwatch.matching.weights import Weights, parse_weights
from leakwatch.rulepack.load import load_pack
from leakwatch.rulepack.schema import RulePack
from leakwatch.torrent.metainfo import Torrent, parse_torrent

MAX_CATALOGUE = 2 * 2**30
MAX_TORRENT = 64 * 2**20
MAX_RULE_FILE = 16 * 2**20


def load_weights() -> Weights:
    """The shipped weights of match signals."""
    file = package_files("leakwatch.matching") / "weights.yaml"
    return parse_weights(file.read_text("utf-8"))


def load_fakes() -> FakeTables:
    """The shipped tables of the fake score."""
    file = package_files("leakwatch.fakes") / "fakes.yaml"
    return parse_fakes(file.read_text("utf-8"))


def load_hosts() -> Hosts:
    """The shipped table of file hosts."""
    file = package_files("leakwatch.extract") / "hosts.yaml"
    return parse_hosts(file.read_text("utf-8"))


def load_rules(
    own: Path | None,
    kinds: Mapping[str, str] | None = None,
    *,
    new: Path | None = None,
    without: Path | None = None,
) -> RulePack:
    """The shipped rules, and those of the operator's own folder or file, which may override them.

    `kinds` says of what kind each configured site is; `new` are rules that are only tried, `without` those that are
    left out although they lie in the own folder. Raises: RuleError with file, line and field; InputError.
    """
    left_out = set(_rule_files(without))
    files = [file for top in (data_folder("rules"), own, new) for file in _rule_files(top)]
    told = [file for file in dict.fromkeys(files) if file not in left_out]
    return load_pack(((str(file), read_text(file, MAX_RULE_FILE)) for file in told), kinds)


def _rule_files(top: Path | None) -> list[Path]:
    if top is None:
        return []
    if not top.exists():
        raise InputError("no such folder of rules", file=str(top))
    return [one.resolve() for one in sorted(top.rglob("*.yaml"))] if top.is_dir() else [top.resolve()]


def read_text(path: Path, limit: int = MAX_CATALOGUE) -> str:
    """A text file that a person named. Raises: InputError naming the file."""
    try:
        if path.stat().st_size > limit:
            raise InputError(f"larger than {limit} bytes", file=str(path))
        return path.read_text("utf-8")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8: {error.reason} at byte {error.start}", file=str(path)) from error


def read_catalogue(path: Path) -> Imported:
    """A catalogue file. Raises: InputError naming the file, and the line where it is one's fault."""
    return parse_catalogue(read_text(path), str(path))


def read_bytes(path: Path, limit: int) -> bytes:
    """A binary file that a person named. Raises: InputError naming the file."""
    try:
        if path.stat().st_size > limit:
            raise InputError(f"larger than {limit} bytes", file=str(path))
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error


def read_torrent(path: Path) -> Torrent:
    """A torrent file. Raises: InputError if it cannot be read, MetainfoError if nothing in it can be hashed."""
    return parse_torrent(read_bytes(path, MAX_TORRENT))
