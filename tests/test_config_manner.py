"""How a site is asked, as the configuration says it: robots, budget, mirrors, proxies, words."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakwatch.cli._shared import gaps
from leakwatch.config import Config, load_config
from leakwatch.errors import ConfigError

PROXIES = (
    'proxies = { tor = { url = "socks5h://127.0.0.1:9050" }, office = { url_env = "LEAKWATCH_TEST_PROXY" } }'
)


def read(folder: Path, site: str = "", http: str = PROXIES, kind: str = "feed") -> Config:
    """A configuration with one site."""
    file = folder / "leakwatch.toml"
    file.write_text(
        f'[http]\ncontact = "mailto:a@b.example"\n{http}\n[swarm]\nenabled = false\n[[sites]]\nname = "s"\n'
        f'kind = "{kind}"\nurl = "https://a.example/feed"\n{site}\n',
        "utf-8",
    )
    return load_config(file)


@pytest.fixture(autouse=True)
def office(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret address of a proxy."""
    monkeypatch.setenv("LEAKWATCH_TEST_PROXY", "http://me:hunter2@proxy.example:3128")


def test_all_of_it(tmp_path: Path) -> None:
    """What is written is what the door is told."""
    config = read(tmp_path, 'max_per_hour = 60\nmirrors = ["https://b.example"]\nproxy = "tor"')
    manner = config.sites[0].manner("https://a.example/t/1")
    assert (manner.site, manner.max_per_hour, manner.robots) == ("s", 60, True)
    assert (manner.home, manner.mirrors, manner.proxy) == (
        "https://a.example/feed",
        ("https://b.example",),
        "tor",
    )
    assert manner.told == "https://a.example/feed https://a.example/t/1"
    assert set(config.door.proxies) == {"tor", "office"}
    assert "hunter2" not in repr(config)


@pytest.mark.parametrize(
    ("kind", "more", "pace", "budget"),
    [
        ("github", "", 0.1, 60),
        ("github", 'token = "key"', 0.1, 5000),
        ("github", "max_per_hour = 30", 0.1, 30),
        ("github", "max_per_hour = 0", 0.1, 0),
        ("github", 'url = "https://git.example/api/v3"', 0.1, 0),
        ("gitlab", "", 0.1, 2400),
        ("gitlab", 'token = "key"', 0.1, 12_000),
        ("gitlab", 'url = "https://git.example"', 0.1, 0),
        ("huggingface", "", 0.6, 0),
        ("huggingface", 'token = "key"', 0.3, 0),
        ("huggingface", 'url = "https://hub.example"', 0.1, 0),
        ("reddit", 'subreddits = ["a"]', 6.0, 0),
        ("reddit", 'subreddits = ["a"]\napp = "key"', 0.6, 0),
        ("imageboard", 'boards = ["g"]', 1.0, 0),
        ("imageboard", 'boards = ["g"]\nurl = "https://chan.example"', 0.1, 0),
        ("mastodon", 'url = "https://social.example"', 0.1, 0),
    ],
)
def test_documented_limits_are_kept_unasked(
    tmp_path: Path, kind: str, more: str, pace: float, budget: int
) -> None:
    """A site whose configuration wants more than the interface allows is asked as often as that allows."""
    (tmp_path / "key").write_text("me:0123456789abcdef", "utf-8")
    file = tmp_path / "leakwatch.toml"
    file.write_text(
        f'[http]\ncontact = "mailto:a@b.example"\n[secrets]\nkey_file = "key"\n[[sites]]\nname = "s"\n'
        f'kind = "{kind}"\nmin_interval_s = 0.1\n{more}\n',
        "utf-8",
    )
    (site,) = load_config(file).sites
    assert (site.min_interval_s, site.manner().max_per_hour) == (pace, budget)


def test_a_documented_interface_is_not_asked_for_its_robots(tmp_path: Path) -> None:
    """Kinds that read an interface for programs obey its terms; all others obey robots.txt unless told not to."""
    assert read(tmp_path).sites[0].manner().robots
    assert not read(tmp_path, kind="torznab").sites[0].manner().robots
    told = read(tmp_path, 'robots = "ignore"\nignore_robots_because = "the owner agreed in writing"')
    assert not told.sites[0].manner().robots
    assert "the site 's' is read against its robots.txt: the owner agreed in writing" in gaps(told)


@pytest.mark.parametrize(
    ("site", "field"),
    [
        ('robots = "ignore"', "robots"),
        ('robots = "ignore"\nignore_robots_because = " "', "robots"),
        ('robots = "no"', "robots"),
        ('mirrors = ["b.example"]', "mirrors"),
        ('mirrors = ["https://b.example/path"]', "mirrors"),
        ('proxy = "other"', "proxy"),
        ('proxy = "socks5://127.0.0.1:9050"', "proxy"),
        ("max_per_hour = -1", "max_per_hour"),
        ('queries = ["words"]', "queries"),
    ],
)
def test_mistakes_of_a_site(tmp_path: Path, site: str, field: str) -> None:
    """Each is named with its line."""
    with pytest.raises(ConfigError) as told:
        read(tmp_path, site)
    assert told.value.field == f"sites.1.{field}"
    assert told.value.line >= 10


@pytest.mark.parametrize(
    "http",
    [
        'proxies = "socks5://h:1"',
        'proxies = { a = "socks5://h:1" }',
        "proxies = { a = {} }",
        'proxies = { a = { url = "socks4://h:1" } }',
        'proxies = { a = { url = "socks5://h:1", more = 1 } }',
        'proxies = { "a b" = { url = "socks5://h:1" } }',
        'proxies = { a = { url_env = "LEAKWATCH_TEST_NOT_SET" } }',
    ],
)
def test_mistakes_of_proxies(tmp_path: Path, http: str) -> None:
    """Each is named, without the address."""
    with pytest.raises(ConfigError) as told:
        read(tmp_path, http=http)
    assert told.value.field.startswith("http.proxies")
    assert told.value.line
    assert "//h:1" not in told.value.message or "expected a table" in told.value.message
