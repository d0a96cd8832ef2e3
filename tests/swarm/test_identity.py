"""The node id: made once, kept for its owner alone, never guessed where it is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakwatch.errors import ConfigError
from leakwatch.swarm.identity import stable_node_id


def test_made_once_and_kept(tmp_path: Path) -> None:
    """The second call gives the same 20 bytes; the file is its owner's alone, and another folder has another id."""
    ident = stable_node_id(tmp_path)
    assert (len(ident), stable_node_id(tmp_path)) == (20, ident)
    assert (tmp_path / "dht.id").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["dht.id"]
    (tmp_path / "other").mkdir()
    assert stable_node_id(tmp_path / "other") != ident


def test_what_a_crash_left_is_no_id(tmp_path: Path) -> None:
    """A half-written file aside is replaced."""
    (tmp_path / "dht.new").write_bytes(b"half")
    assert len(stable_node_id(tmp_path)) == 20
    assert not (tmp_path / "dht.new").exists()


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """A file of another length is not taken, and the message says what to do."""
    (tmp_path / "dht.id").write_bytes(b"short")
    with pytest.raises(ConfigError, match="remove it"):
        stable_node_id(tmp_path)


def test_no_folder_is_an_error_of_ours(tmp_path: Path) -> None:
    """A folder that is not there is said."""
    with pytest.raises(ConfigError, match="cannot be kept"):
        stable_node_id(tmp_path / "nowhere")
