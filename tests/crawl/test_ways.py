"""What the ways out cost beside the requests themselves."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

import httpcore
import pytest

from leakwatch.crawl import ways

assert ways


class Watcher:
    """Writes down which modules Python looks for."""

    def __init__(self) -> None:
        self.asked = list[str]()

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> None:
        """Not here."""
        self.asked.append(name)


@pytest.mark.skipif(find_spec("sniffio") is not None, reason="it is there, so nobody looks for it twice")
async def test_a_request_looks_for_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool of httpcore opens and closes without a look into the folders of modules."""
    watcher = Watcher()
    monkeypatch.setattr(sys, "meta_path", [watcher, *sys.meta_path])
    async with httpcore.AsyncConnectionPool() as pool:
        with pytest.raises(httpcore.UnsupportedProtocol):
            await pool.request("GET", "nothing://127.0.0.1/")
        with pytest.raises(httpcore.ConnectError):
            await pool.request("GET", "http://127.0.0.1:1/")
    assert "sniffio" not in watcher.asked
