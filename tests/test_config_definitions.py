"""Sites by a definition in `leakwatch.toml`: the file is read with the configuration, and mistakes have their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakwatch.config import load_config
from leakwatch.errors import ConfigError
from leakwatch.sources.cardigann import CardigannSite

LANTERN = Path(__file__).parent / "sources" / "cardigann" / "definitions" / "lantern.yml"
TOML = """[http]
contact = "mailto:security@example.org"

[[sites]]
name = "lantern"
kind = "cardigann"
definition = "definitions/lantern.yml"
"""


def written(folder: Path, more: str = "", definition: str = LANTERN.read_text("utf-8")) -> Path:
    """A configuration with one site, and its definition beside it."""
    (folder / "definitions").mkdir()
    (folder / "definitions" / "lantern.yml").write_text(definition, "utf-8")
    file = folder / "leakwatch.toml"
    file.write_text(TOML + more, "utf-8")
    return file


def test_a_site_by_a_definition(tmp_path: Path) -> None:
    """The definition's text, its first link and its pace become the site's; its own settings are a table."""
    more = 'settings = { sort = "size", keepyear = false }\ncategories = [2000]\nmin_interval_s = 1\n'
    (site,) = load_config(written(tmp_path, more)).sites
    assert isinstance(site.settings, CardigannSite)
    assert site.settings.definition.text == LANTERN.read_text("utf-8")
    assert site.settings.settings == {"sort": "size", "keepyear": "false"}
    assert (site.host, site.min_interval_s) == ("lantern.example", 3.0)


def test_a_slower_site_stays_slow(tmp_path: Path) -> None:
    """A pace that is slower than the definition's is kept."""
    (site,) = load_config(written(tmp_path, "min_interval_s = 9\n")).sites
    assert site.min_interval_s == 9.0


@pytest.mark.parametrize(
    ("more", "line", "field", "part"),
    [
        ('settings = { colour = "red" }\n', 8, "sites.1.settings", "lantern has no setting 'colour'"),
        ("settings = { sort = [1] }\n", 8, "sites.1.settings", "expected texts, numbers, true or false"),
        ("settings = 5\n", 8, "sites.1.settings", "expected a table"),
        ("categories = [17]\n", 8, "sites.1.categories", "no Newznab category 17"),
        ('url = "ftp://x/"\n', 8, "sites.1.url", "expected an http or https address"),
    ],
)
def test_mistakes_have_their_line(tmp_path: Path, more: str, line: int, field: str, part: str) -> None:
    """A wrong value is an error with the configuration's file, line and field."""
    file = written(tmp_path, more)
    with pytest.raises(ConfigError) as raised:
        load_config(file)
    error = raised.value
    assert (error.file, error.line, error.field) == (str(file), line, field)
    assert part in error.message


def test_mistakes_in_the_definition_have_its_line(tmp_path: Path) -> None:
    """What is wrong in the definition is told with the definition's own file and line."""
    broken = LANTERN.read_text("utf-8").replace("requestDelay: 3", "colour: red")
    with pytest.raises(ConfigError, match=r"^definitions/lantern.yml:9: colour: unknown key"):
        load_config(written(tmp_path, definition=broken))


@pytest.mark.parametrize("kind", ["missing", "folder", "bytes", "large"])
def test_a_definition_that_cannot_be_read(tmp_path: Path, kind: str) -> None:
    """A file that is missing, no file, no text or too large is told at the setting's line."""
    file = written(tmp_path)
    definition = tmp_path / "definitions" / "lantern.yml"
    definition.unlink()
    if kind == "folder":
        definition.mkdir()
    elif kind == "bytes":
        definition.write_bytes(b"\xff\xfe\x00")
    elif kind == "large":
        definition.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ConfigError, match=r"leakwatch.toml:7: sites.1.definition: the file"):
        load_config(file)
