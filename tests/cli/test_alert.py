"""`leakwatch alert list` and `retry`: what is dead shows with its reason, and can be sent again."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leakwatch.cli import app
from leakwatch.errors import InputError
from leakwatch.model.alert import DeliveryState
from leakwatch.service import make_test_alert
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration and a database with one dead alert."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leakwatch-data").mkdir()
    (tmp_path / "leakwatch.toml").write_text('[http]\ncontact = "mailto:a@b.example"\n')
    asyncio.run(fill(f"sqlite:///{tmp_path / 'leakwatch-data' / 'leakwatch.db'}"))
    return tmp_path


async def fill(url: str) -> None:
    """One alert that its channel refused for good, with a hostile reason."""
    await upgrade(url)
    store = SqlRepository.open(url)
    async with store.writing() as work:
        await work.outbox.enqueue("slack", make_test_alert(NOON), NOON)
        claimed = await work.outbox.claim("slack", NOON, 60)
        assert claimed is not None
        await work.outbox.settle(claimed, DeliveryState.DEAD, NOON, error="slack answered 404: \x1b[31mno")
    await store.close()


def test_dead_alert_shows_its_reason_and_is_sent_again(home: Path) -> None:
    """A dead alert is listed with the reason, safely, and becomes due by `retry`."""
    listed = CliRunner().invoke(app, ["alert", "list"])
    assert "dead\tslack\tLW-TEST" in listed.stdout
    assert "404" in listed.stdout
    assert "\x1b" not in listed.stdout
    (row,) = [
        json.loads(line) for line in CliRunner().invoke(app, ["alert", "list", "--json"]).stdout.splitlines()
    ]
    assert CliRunner().invoke(app, ["alert", "retry", str(row["id"])]).exit_code == 0
    again = CliRunner().invoke(app, ["alert", "list", "--state", "dead", "--json"])
    assert again.stdout == ""


def test_retry_of_nothing(home: Path) -> None:
    """An id that is not there is an error that says where to look."""
    result = CliRunner().invoke(app, ["alert", "retry", "99"])
    assert isinstance(result.exception, InputError)
    assert "alert list" in result.exception.message
