"""The wheel carries the rules and the migrations, and finds them without a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from leakwatch.data import data_folder
from leakwatch.errors import ConfigError

ROOT = Path(__file__).parents[1]
FIND = "from leakwatch.data import data_folder; print(data_folder('rules')); print(data_folder('alembic'))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without any network."""
    out = tmp_path_factory.mktemp("wheel")
    build = f"from hatchling.build import build_wheel; build_wheel({str(out)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, capture_output=True)
    (made,) = out.glob("*.whl")
    return made


def test_wheel_holds_data_under_the_package(wheel: Path) -> None:
    """Rules, migrations, templates and weights are in it, and nothing lies beside the package."""
    names = zipfile.ZipFile(wheel).namelist()
    assert "leakwatch/_data/rules/context/leak_words.yaml" in names
    assert "leakwatch/_data/alembic/versions/0001_first_tables.py" in names
    assert "leakwatch/matching/weights.yaml" in names
    assert "leakwatch/fakes/fakes.yaml" in names
    assert "leakwatch/extract/hosts.yaml" in names
    assert "leakwatch/alerts/templates/alert.html.j2" in names
    assert "leakwatch/cli/leakwatch.toml.example" in names
    tops = {name.split("/")[0] for name in names}
    assert tops == {"leakwatch", "leakwatch-0.1.0.dist-info"}


def test_wheel_finds_its_data(wheel: Path, tmp_path: Path) -> None:
    """An unpacked wheel finds its own folders, brings up a database and checks its rules."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONSAFEPATH": "1"}
    found = subprocess.run(
        [sys.executable, "-P", "-c", FIND], cwd=tmp_path, env=env, check=True, capture_output=True, text=True
    )
    assert [Path(line).parts[-3:] for line in found.stdout.split()] == [
        ("leakwatch", "_data", "rules"),
        ("leakwatch", "_data", "alembic"),
    ]
    run = [sys.executable, "-P", "-m", "leakwatch"]
    subprocess.run(
        [*run, "init", "--contact", "mailto:a@leakwatch.invalid"],
        cwd=tmp_path,
        env=env,
        check=True,
        capture_output=True,
    )
    subprocess.run([*run, "db", "upgrade"], cwd=tmp_path, env=env, check=True, capture_output=True)
    subprocess.run([*run, "rule", "check"], cwd=tmp_path, env=env, check=True, capture_output=True)


def test_checkout_finds_its_data() -> None:
    """A checkout uses the folders at its top."""
    assert data_folder("rules") == ROOT / "rules"
    assert data_folder("alembic") == ROOT / "alembic"


def test_missing_data_is_named() -> None:
    """A folder that is not there is an error that says what to do."""
    with pytest.raises(ConfigError, match="install leakwatch again"):
        data_folder("nothing")
