"""The shipped table of file hosts."""

from __future__ import annotations

import pytest

from leakwatch.extract.hosts import Hosts
from leakwatch.service import load_hosts


@pytest.fixture(scope="session")
def hosts() -> Hosts:
    """The shipped table."""
    return load_hosts()
