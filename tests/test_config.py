"""leakwatch.toml: good files are read, mistakes are named with file, line and field, secrets stay secret."""

from __future__ import annotations

import dataclasses
import re
import socket
import sys
from importlib.resources import files as package_files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from leakwatch.alerts.settings import EmailChannel, SlackChannel, WebhookChannel
from leakwatch.cli import app
from leakwatch.cli._shared import gaps
from leakwatch.config import Config, duration, load_config
from leakwatch.errors import ConfigError
from leakwatch.model.duration import Duration
from leakwatch.model.finding import EventKind, Severity, Tier, Verdict
from leakwatch.model.opening import Opening
from leakwatch.model.route import Escalation, Inhibit, Matchers, Route
from leakwatch.prover import ProverSettings
from leakwatch.secret import Secret
from leakwatch.sources.dht import DhtSite
from leakwatch.sources.feed import FeedSite
from leakwatch.sources.github import GithubSite
from leakwatch.sources.imageboard import ImageboardSite
from leakwatch.sources.torznab import TorznabSite

CANARY = "canary-5f0c2b7e"
SIGNING = "whsec_" + "QUFB" * 10

GOOD = f"""\
[daemon]
data_dir = "var/data"
concurrency = 8

[store]
url = "postgresql://user@db.example/leakwatch"

[http]
contact = "mailto:watch@owner.example"
allow_hosts = ["prowlarr.internal:9696", "127.0.0.1"]
raw_cap_bytes = 1000000
decoded_cap_bytes = 2000000
total_deadline_s = 30

[swarm]
enabled = false
listen = "127.0.0.1:0"
dht_bootstrap = ["dht.example:6881"]
allow_networks = ["127.0.0.0/8"]
deadline_s = 12.5

[secrets]
github_file = "secrets/github"
prowlarr_env = "LEAKWATCH_TEST_PROWLARR"
plain = "{CANARY}-plain"

[[sites]]
name = "4chan-g"
kind = "imageboard"
boards = ["g", "sci"]
every = "90s"
jitter = "500ms"
min_interval_s = 1
max_requests = 50
enabled = false

[[sites]]
name = "an-index"
kind = "rss"
url = "https://index.example/rss"
every = 300
cron = "*/5 * * * *"

[[sites]]
name = "code"
kind = "github"
repositories = ["owner/name"]
token = "github"

[[sites]]
name = "our-prowlarr"
kind = "torznab"
url = "http://prowlarr.internal:9696/1/api"
categories = [2000, 5000]
apikey = "prowlarr"
every = "2h"

[[channels]]
name = "slack"
kind = "slack"
url_file = "secrets/slack"

[[channels]]
name = "mail"
kind = "email"
host = "smtp.owner.example"
sender = "leakwatch@owner.example"
recipients = ["a@owner.example", "b@owner.example"]
username = "leakwatch"
password_env = "LEAKWATCH_TEST_PASSWORD"

[[channels]]
name = "hook"
kind = "webhook"
url = "https://hooks.owner.example/leaks"
secret = "{SIGNING}"

[[routes]]
name = "urgent"
match = {{ min_severity = "high", events = ["opened"] }}
channels = ["slack"]
repeat = "4h"
escalate = [{{ after = "30m", channels = ["mail"] }}]
quiet = ["sat,sun 00:00-24:00 Europe/Berlin"]
continue = true

[[routes.routes]]
match = {{ sites = ["4chan-g"] }}
group_by = []

[[routes]]
channels = ["mail"]
[routes.match]
assets = ["model", "film"]

[[inhibit]]
source = {{ verdicts = ["proved"] }}
target = {{ tiers = ["review"] }}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with secrets, and an environment with others."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "github").write_text(f"{CANARY}-github\n")
    (tmp_path / "secrets" / "slack").write_text(f"https://hooks.slack.com/services/{CANARY}-slack\n")
    (tmp_path / "secrets" / "empty").write_text(" \n")
    (tmp_path / "secrets" / "binary").write_bytes(b"\xff\xfe")
    monkeypatch.setenv("LEAKWATCH_TEST_PROWLARR", f"{CANARY}-prowlarr")
    monkeypatch.setenv("LEAKWATCH_TEST_PASSWORD", f"{CANARY}-password")
    monkeypatch.setenv("LEAKWATCH_TEST_PROVER", f"{CANARY}-prover-of-32-characters")
    monkeypatch.setenv("LEAKWATCH_TEST_EMPTY", "")
    return tmp_path


def read(folder: Path, text: str) -> Config:
    """A configuration from its text."""
    file = folder / "leakwatch.toml"
    file.write_text(text, "utf-8")
    return load_config(file)


def test_good_file(folder: Path) -> None:
    """Every section is read into its own type, with defaults for what is left out."""
    config = read(folder, GOOD)
    assert config.file == folder / "leakwatch.toml"
    assert config.data_dir == folder / "var" / "data"
    assert config.daemon.concurrency == 8
    assert config.store_url == "postgresql://user@db.example/leakwatch"
    assert config.door.contact == "mailto:watch@owner.example"
    assert config.door.allow_hosts == frozenset({"prowlarr.internal:9696", "127.0.0.1"})
    assert (config.door.raw_cap_bytes, config.door.decoded_cap_bytes) == (1_000_000, 2_000_000)
    assert config.door.total_deadline_s == 30.0
    assert not config.swarm.enabled
    assert config.swarm_settings.listen == "127.0.0.1:0"
    assert config.swarm_settings.dht_bootstrap == ("dht.example:6881",)
    assert config.swarm_settings.allow_networks == ("127.0.0.0/8",)
    assert config.swarm_settings.deadline_s == 12.5


def test_good_sites(folder: Path) -> None:
    """A site has its schedule, its pace and the settings of its kind; an alias gives the kind's own name."""
    board, index, code, prowlarr = read(folder, GOOD).sites
    assert board.settings == ImageboardSite(boards=("g", "sci"))
    assert (board.every, board.jitter, board.min_interval_s, board.max_requests) == (90.0, 0.5, 1.0, 50)
    assert (board.enabled, board.cron, board.host) == (False, None, "a.4cdn.org")
    assert (index.kind, index.settings) == ("feed", FeedSite(url="https://index.example/rss"))
    assert (index.every, index.cron, index.enabled) == (300.0, "*/5 * * * *", True)
    assert code.settings == GithubSite(repositories=("owner/name",), token="github")
    url = "http://prowlarr.internal:9696/1/api"
    assert prowlarr.settings == TorznabSite(url=url, categories=(2000, 5000), apikey="prowlarr")
    assert (prowlarr.every, prowlarr.host) == (7200.0, "prowlarr.internal:9696")


def test_good_channels_and_routes(folder: Path) -> None:
    """Channels get secrets from file, environment or the text itself; routes name channels and assets."""
    config = read(folder, GOOD)
    slack, mail, hook = config.channels
    address = f"https://hooks.slack.com/services/{CANARY}-slack"
    assert slack == SlackChannel(name="slack", kind="slack", url=Secret(address))
    assert mail == EmailChannel(
        name="mail",
        kind="email",
        host="smtp.owner.example",
        sender="leakwatch@owner.example",
        recipients=("a@owner.example", "b@owner.example"),
        username="leakwatch",
        password=Secret(f"{CANARY}-password"),
    )
    assert isinstance(mail, EmailChannel)
    assert (mail.port, mail.tls) == (587, "starttls")
    url = "https://hooks.owner.example/leaks"
    assert hook == WebhookChannel(name="hook", kind="webhook", url=url, secret=Secret(SIGNING))
    assert config.routes == (
        Route(
            name="urgent",
            match=Matchers(min_severity=Severity.HIGH, events=frozenset({EventKind.OPENED})),
            channels=("slack",),
            repeat=Duration(14_400),
            escalate=(Escalation(after=Duration(1800), channels=("mail",)),),
            quiet=(Opening.parse("sat,sun 00:00-24:00 Europe/Berlin"),),
            continue_=True,
            routes=(Route(match=Matchers(sites=frozenset({"4chan-g"})), group_by=()),),
        ),
        Route(channels=("mail",), match=Matchers(assets=frozenset({"model", "film"}))),
    )
    assert config.inhibit == (
        Inhibit(
            source=Matchers(verdicts=frozenset({Verdict.PROVED})),
            target=Matchers(tiers=frozenset({Tier.REVIEW})),
        ),
    )
    assert {name: secret.reveal() for name, secret in config.secrets.items()} == {
        "github": f"{CANARY}-github",
        "prowlarr": f"{CANARY}-prowlarr",
        "plain": f"{CANARY}-plain",
    }


PROVER = """\
[http]
contact = "mailto:a@b.example"

[[provers]]
name = "vault"
socket = "run/prover.sock"
token_env = "LEAKWATCH_TEST_PROVER"
deadline_s = 5
"""


def test_good_provers(folder: Path) -> None:
    """A prover is read with its token, its paths beside the configuration, and nobody is contacted."""
    remote = (
        '[[provers]]\nname = "far"\nurl = "https://vault.example:8443"\ntoken_env = "LEAKWATCH_TEST_PROVER"\n'
    )
    near, far = read(folder, PROVER + remote).provers
    token = Secret(f"{CANARY}-prover-of-32-characters")
    assert near == ProverSettings(
        name="vault", token=token, socket=folder / "run" / "prover.sock", deadline_s=5.0
    )
    assert far == ProverSettings(name="far", token=token, url="https://vault.example:8443", deadline_s=30.0)


@pytest.mark.parametrize(
    ("changed", "line", "field", "part"),
    [
        (('"run/prover.sock"', "5"), 6, "provers.1.socket", "expected text"),
        (("socket =", "sokcet ="), 6, "provers.1.sokcet", "did you mean 'socket'?"),
        (('socket = "run/prover.sock"\n', ""), 4, "provers.1", "give either socket or url"),
        (('socket = "run/prover.sock"', 'url = "http://x.example"'), 6, "provers.1.url", "expected https://"),
        (("deadline_s = 5", 'ca_file = "ca.pem"'), 8, "provers.1.ca_file", "is for https only"),
        (("deadline_s = 5", "deadline_s = 0"), 8, "provers.1.deadline_s", "a number from 1 to 3600"),
        (("_PROVER", "_PASSWORD"), 7, "provers.1.token_env", "expected at least 32"),
        (("_PROVER", "_EMPTY"), 7, "provers.1.token_env", "is not set"),
        (('token_env = "LEAKWATCH_TEST_PROVER"\n', ""), 4, "provers.1", "token is missing"),
        (('"vault"', '"a b"'), 5, "provers.1.name", "at most 64"),
        (("[[provers]]", "[provers]"), 4, "provers", "expected [[provers]] tables"),
    ],
)
def test_broken_provers(folder: Path, changed: tuple[str, str], line: int, field: str, part: str) -> None:
    """A mistake in a prover is named with line and field, without its token."""
    with pytest.raises(ConfigError, match=re.escape(part)) as error:
        read(folder, PROVER.replace(*changed))
    assert (error.value.line, error.value.field) == (line, field)
    assert CANARY not in error.value.message


def test_smallest_file(folder: Path) -> None:
    """A contact is all that a configuration needs; the database then lies in the data folder beside it."""
    config = read(folder, '[http]\ncontact = "https://owner.example/watch"\n')
    assert config.data_dir == folder / "leakwatch-data"
    assert config.store_url == f"sqlite:///{folder}/leakwatch-data/leakwatch.db"
    assert (config.sites, config.channels, config.routes, dict(config.secrets)) == ((), (), (), {})
    assert config.swarm.enabled


def test_a_stream_is_off_unless_said(folder: Path) -> None:
    """A dht site needs no address, is off unless it says yes, and is a host of its own that is never polled."""
    assert [(one.enabled, one.is_stream) for one in read(folder, DHT).sites] == [(False, True)]
    (site,) = read(folder, f"{DHT}enabled = true\npackets_per_s = 20\nbootstrap = ['127.0.0.1:1']\n").sites
    assert (site.enabled, site.host, site.kind) == (True, "dht", "dht")
    assert site.settings == DhtSite(packets_per_s=20, bootstrap=("127.0.0.1:1",))
    assert not any(one.is_stream for one in read(folder, SITE).sites)


@pytest.mark.parametrize(
    ("more", "gap"),
    [
        ("", "no DHT node to begin with"),
        ("bootstrap = ['127.0.0.1:1']\n", None),
        ("[swarm]\nenabled = false\n", "hears nothing: [swarm] is not enabled"),
        ("[swarm]\ndht_bootstrap = ['127.0.0.1:1']\n", None),
    ],
)
def test_a_stream_that_would_hear_nothing_is_said(folder: Path, more: str, gap: str | None) -> None:
    """A dht site that is on without the swarm, or without any node to begin with, is named as a gap."""
    told = [one for one in gaps(read(folder, f"{DHT}enabled = true\n{more}")) if "site 'd'" in one]
    assert (len(told), gap in told[0] if gap and told else None) == ((1, True) if gap else (0, None))
    assert not any("site 'd'" in one for one in gaps(read(folder, f"{DHT}{more}")))


@pytest.mark.parametrize(
    ("routes", "is_said"),
    [
        ("[[routes]]\nchannels = ['c']\n", False),
        ("[[routes]]\nchannels = ['c']\nmatch = { kinds = ['model'] }\n", True),
        (
            "[[routes]]\nchannels = ['c']\nmatch = { min_severity = 'high' }\n[[routes]]\nchannels = ['c']\n",
            False,
        ),
    ],
)
def test_findings_that_no_route_would_take_are_said(folder: Path, routes: str, is_said: bool) -> None:
    """A tree in which no route takes everything is a gap: an asset that nobody thought of would leak in silence."""
    channel = "[[channels]]\nname = 'c'\nkind = 'teams'\nurl = 'https://teams.example/hook'\n"
    told = gaps(read(folder, f"{HTTP}{channel}{routes}"))
    assert any("that no route matches" in one for one in told) is is_said


def test_shipped_example_loads(folder: Path) -> None:
    """The file that `leakwatch init` writes loads, also with every commented section switched on."""
    example = (package_files("leakwatch.cli") / "leakwatch.toml.example").read_text("utf-8")
    text = example.replace("@CONTACT@", "mailto:a@b.example")
    assert [site.name for site in read(folder, text).sites] == ["4chan-g", "huggingface"]
    text = re.sub(r"^# (?=\[|[a-z_]+ = )", "", text, flags=re.MULTILINE)
    text = re.sub(r"^\[secrets\].*$", "[secrets]\nprowlarr = 'x'", text, flags=re.MULTILINE)
    for file in ("github-token", "slack-webhook", "pagerduty"):
        text = text.replace(f"secrets/{file}", f"secrets/{'slack' if 'slack' in file else 'github'}")
    text = text.replace("LEAKWATCH_PROVER_TOKEN", "LEAKWATCH_TEST_PROVER")
    text = re.sub(r"url_env = \"LEAKWATCH_HEARTBEAT\"", 'url = "https://watchdog.example/"', text)
    text = text.replace('app_token_file = "secrets/slack-app"', "app_token = 'xapp-1'")
    text = text.replace('token_file = "secrets/slack-bot"', "token = 'xoxb-1'")
    config = read(folder, text.replace("LEAKWATCH_SMTP_PASSWORD", "LEAKWATCH_TEST_PASSWORD"))
    assert [one.name for one in config.provers] == ["vault"]
    assert [site.name for site in config.sites if site.is_stream] == ["tips", "dht"]
    assert len(config.sites) == 7
    assert [one.kind for one in config.channels] == ["slack", "slack_bot", "email", "pagerduty"]
    assert len(config.routes) == 1


HTTP = '[http]\ncontact = "mailto:a@b.example"\n'
SITE = f'{HTTP}[[sites]]\nname = "a"\nkind = "feed"\nurl = "https://x.example/"\n'
SLACK = f'{HTTP}[[channels]]\nname = "s"\nkind = "slack"\nurl = "https://hooks.slack.com/x"\n'
MAIL = f'{HTTP}[[channels]]\nname = "m"\nkind = "email"\nhost = "h"\nsender = "a@b"\nrecipients = ["c@d"]\n'

INNER = f"{SLACK}[[routes]]\nchannels = ['s']\n[[routes.routes]]\n"
BOT = f'{HTTP}[[channels]]\nname = "b"\nkind = "slack_bot"\ntoken = "xoxb-{CANARY}"\nchannel = "C024BE91L"\n'

DHT = f'{HTTP}[[sites]]\nname = "d"\nkind = "dht"\n'

# name: (text, line, field, part of the message)
BROKEN: dict[str, tuple[str, int, str, str]] = {
    "no http": ("", 0, "", "http.contact is missing"),
    "not toml": (f"{HTTP}x = = 1\n", 3, "", "Invalid value"),
    "key twice": (f"{HTTP}contact = 'b'\n", 3, "", "Cannot overwrite a value"),
    "table twice": (f"{HTTP}\n[http]\n", 4, "", "Cannot declare"),
    "unclosed": (f'{HTTP}[store]\nurl = "x\n', 4, "", "Illegal character"),
    "byte order mark": (f"\ufeff{HTTP}", 1, "", "Invalid statement"),
    "unknown section": (f"{HTTP}\n[htttp]\nx = 1\n", 4, "htttp", "did you mean 'http'?"),
    "unknown tables": (f"{HTTP}\n[[site]]\nname = 'x'\n", 4, "site", "did you mean 'sites'?"),
    "unknown key on top": (f"chanels = 1\n{HTTP}", 1, "chanels", "did you mean 'channels'?"),
    "unknown key": (f'{HTTP}allow_host = ["x"]\n', 3, "http.allow_host", "did you mean 'allow_hosts'?"),
    "far from any key": (f"{HTTP}zzz = 1\n", 3, "http.zzz", "known are allow_hosts, contact"),
    "inline table": (
        'http = { contact = "x", contract = 1 }\n',
        1,
        "http.contract",
        "did you mean 'contact'?",
    ),
    "daemon key": (
        f"{HTTP}[daemon]\n# no\ndata_dri = 'x'\n",
        5,
        "daemon.data_dri",
        "did you mean 'data_dir'?",
    ),
    "swarm key": (f"{HTTP}[swarm]\nbootstrap = []\n", 4, "swarm.bootstrap", "did you mean 'dht_bootstrap'?"),
    "store key": (f"{HTTP}[store]\nuri = 'x'\n", 4, "store.uri", "did you mean 'url'?"),
    "site key": (f"{SITE}everi = '5m'\n", 7, "sites.1.everi", "did you mean 'every'?"),
    "second site": (f"{SITE}\n{SITE[len(HTTP) :]}urll = 1\n", 12, "sites.2.urll", "did you mean 'url'?"),
    "other kind's key": (f"{SITE}boards = ['g']\n", 7, "sites.1.boards", "unknown key 'boards'"),
    "channel key": (f"{MAIL}recipient = 'x'\n", 9, "channels.1.recipient", "did you mean 'recipients'?"),
    "route key": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nrepet = '1h'\n",
        9,
        "routes.1.repet",
        "did you mean 'repeat'?",
    ),
    "contact missing": ("[http]\nallow_hosts = []\n", 1, "http", "contact is missing"),
    "contact a number": ("[http]\n\ncontact = 5\n", 3, "http.contact", "expected text, got 5"),
    "contact empty": ("[http]\ncontact = ''\n", 2, "http.contact", "plain ASCII"),
    "contact not ascii": ("[http]\ncontact = 'mailto:jörg@x'\n", 2, "http.contact", "plain ASCII"),
    "http a number": ("http = 5\n", 1, "http", "expected a table"),
    "hosts a text": (f"{HTTP}allow_hosts = 'x'\n", 3, "http.allow_hosts", "expected a list"),
    "hosts of numbers": (f"{HTTP}allow_hosts = [1]\n", 3, "http.allow_hosts", "expected text, got 1"),
    "host a url": (f"{HTTP}allow_hosts = ['http://x/']\n", 3, "http.allow_hosts", "not a host or host:port"),
    "cap a float": (f"{HTTP}raw_cap_bytes = 1.5\n", 3, "http.raw_cap_bytes", "expected a whole number"),
    "cap a truth": (f"{HTTP}raw_cap_bytes = true\n", 3, "http.raw_cap_bytes", "expected a whole number"),
    "deadline a text": (f"{HTTP}total_deadline_s = '60'\n", 3, "http.total_deadline_s", "expected a number"),
    "deadline a truth": (f"{HTTP}total_deadline_s = true\n", 3, "http.total_deadline_s", "expected a number"),
    "enabled a text": (f"{HTTP}[swarm]\nenabled = 'no'\n", 4, "swarm.enabled", "expected true or false"),
    "folder a date": (f"{HTTP}[daemon]\ndata_dir = 2026-01-01\n", 4, "daemon.data_dir", "expected text"),
    "another database": (f"{HTTP}[store]\nurl = 'mysql://x/y'\n", 4, "store.url", "expected sqlite:///path"),
    "sites a table": (f"{HTTP}[sites]\nname = 'x'\n", 3, "sites", "expected [[sites]] tables"),
    "routes a number": (f"routes = 5\n{HTTP}", 1, "routes", "expected [[routes]] tables"),
    "site without kind": (f"{HTTP}[[sites]]\nname = 'a'\n", 3, "sites.1.kind", "no such source kind"),
    "site of no kind": (
        f"{HTTP}[[sites]]\nkind = 'gopher'\n",
        4,
        "sites.1.kind",
        "no such source kind; there are ",
    ),
    "site of a list": (f"{HTTP}[[sites]]\nkind = ['feed']\n", 4, "sites.1.kind", "no such source kind"),
    "site without name": (
        f"{HTTP}[[sites]]\nkind = 'feed'\nurl = 'https://x/'\n",
        3,
        "sites.1",
        "name is missing",
    ),
    "site without url": (f"{HTTP}[[sites]]\nname = 'a'\nkind = 'feed'\n", 3, "sites.1", "url is missing"),
    "stream with every": (
        f"{DHT}every = '5m'\n",
        6,
        "sites.1.every",
        "listened to without pause, so every means",
    ),
    "stream with cron": (f"{DHT}cron = '* * * * *'\n", 6, "sites.1.cron", "so cron means nothing; remove it"),
    "stream with jitter": (f"{DHT}jitter = '1s'\n", 6, "sites.1.jitter", "so jitter means nothing"),
    "stream with a pace": (f"{DHT}min_interval_s = 1\n", 6, "sites.1.min_interval_s", "remove it"),
    "stream with a canary": (f"{DHT}canary = 'x'\n", 6, "sites.1.canary", "remove it"),
    "canary without a page": (
        f"{HTTP}[[sites]]\nname = 'a'\nkind = 'feed'\nurl = 'https://x/'\ncanary = 'x'\n",
        7,
        "sites.1.canary",
        "give both canary",
    ),
    "canary on no page": (
        f"{HTTP}[[sites]]\nname = 'a'\nkind = 'feed'\nurl = 'https://x/'\ncanary = 'x'\ncanary_url = 'ftp://x'\n",
        8,
        "sites.1.canary_url",
        "expected an http or https address",
    ),
    "canary twice": (
        f"{HTTP}[[sites]]\nname = 'a'\nkind = 'feed'\nurl = 'https://x/'\ncanary = 'x'\ncanary_id = 'y'\n",
        8,
        "sites.1.canary_id",
        "give canary, a text, or canary_id",
    ),
    "canary item elsewhere": (
        f"{HTTP}[[sites]]\nname = 'a'\nkind = 'feed'\nurl = 'https://x/'\ncanary_id = 'y'\ncanary_url = 'https://z/'\n",
        8,
        "sites.1.canary_url",
        "expected a page of x",
    ),
    "stream with requests": (f"{DHT}max_requests = 1\n", 6, "sites.1.max_requests", "remove it"),
    "stream with url": (
        f"{DHT}url = 'https://x/'\n",
        6,
        "sites.1.url",
        "known are blind_budget, bootstrap, enabled, kind",
    ),
    "stream without packets": (
        f"{DHT}packets_per_s = 0\n",
        6,
        "sites.1.packets_per_s",
        "from 1 to 1000, got 0",
    ),
    "swarm counted too often": (
        f"{HTTP}[swarm]\ncount_every_s = 2.9\n",
        4,
        "swarm.count_every_s",
        "from 3 to 3600, got 2.9",
    ),
    "stream too fast": (f"{DHT}packets_per_s = 1001\n", 6, "sites.1.packets_per_s", "from 1 to 1000"),
    "stream from nowhere": (f"{DHT}bootstrap = ['x']\n", 6, "sites.1.bootstrap", "not host:port: x"),
    "two streams": (
        DHT + DHT[len(HTTP) :].replace('"d"', '"e"'),
        8,
        "sites.2.kind",
        "a dht site already",
    ),
    "board without boards": (
        f"{HTTP}[[sites]]\nname = 'a'\nkind = 'imageboard'\n",
        3,
        "sites.1",
        "boards is missing",
    ),
    "name with spaces": (SITE.replace('"a"', '"a b"'), 4, "sites.1.name", "at most 64"),
    "name with escapes": (SITE.replace('"a"', '"a\\u001b[31m"'), 4, "sites.1.name", "at most 64"),
    "name too long": (SITE.replace('"a"', f'"{"a" * 65}"'), 4, "sites.1.name", "at most 64"),
    "name twice": (f"{SITE}\n{SITE[len(HTTP) :]}", 9, "sites.2.name", "the name 'a' is used twice"),
    "url of no web": (SITE.replace("https:", "ftp:"), 6, "sites.1.url", "an http or https address"),
    "url without host": (
        SITE.replace("https://x.example/", "/rss"),
        6,
        "sites.1.url",
        "an http or https address",
    ),
    "url broken": (
        SITE.replace("https://x.example/", "https://[::1"),
        6,
        "sites.1.url",
        "an http or https address",
    ),
    "every a word": (f"{SITE}every = 'often'\n", 7, "sites.1.every", "a duration such as 30s"),
    "every without unit": (f"{SITE}every = '30'\n", 7, "sites.1.every", "a duration such as 30s"),
    "every negative": (f"{SITE}every = -5\n", 7, "sites.1.every", "a duration such as 30s"),
    "every a truth": (f"{SITE}every = true\n", 7, "sites.1.every", "a duration such as 30s"),
    "every for ever": (f"{SITE}every = inf\n", 7, "sites.1.every", "a duration such as 30s"),
    "every too long": (f"{SITE}every = '{'9' * 30}d'\n", 7, "sites.1.every", "a duration such as 30s"),
    "cron too short": (f"{SITE}cron = '* *'\n", 7, "sites.1.cron", "Wrong number of fields"),
    "cron out of range": (f"{SITE}cron = '99 * * * *'\n", 7, "sites.1.cron", "99"),
    "cron a number": (f"{SITE}cron = 5\n", 7, "sites.1.cron", "expected text"),
    "token unknown": (
        f"{HTTP}[[sites]]\nname = 'a'\nkind = 'github'\ntoken = 'gh'\n",
        *(6, "sites.1.token", "give gh_file or gh_env under [secrets]"),
    ),
    "channel of no kind": (
        f"{HTTP}[[channels]]\nname = 'x'\nkind = 'fax'\n",
        5,
        "channels.1.kind",
        "email, pagerduty, slack, slack_bot, teams, webhook",
    ),
    "bot token of another sort": (BOT.replace("xoxb-", "xoxp-"), 6, "channels.1.token", "begins with xoxb-"),
    "channel by its name": (
        BOT.replace("C024BE91L", "#leaks"),
        7,
        "channels.1.channel",
        "the id of a channel",
    ),
    "app token of another sort": (
        f"{BOT}app_token = 'xoxb-{CANARY}'\n",
        *(8, "channels.1.app_token", "begins with xapp-"),
    ),
    "user by his name": (f"{BOT}allowed_users = ['ana']\n", 8, "channels.1.allowed_users", "ids of users"),
    "interface at no address": (
        f"{BOT}api = 'slack.com/api'\n",
        8,
        "channels.1.api",
        "an http or https address",
    ),
    "pace of an hour": (f"{BOT}pace_s = 3600\n", 8, "channels.1.pace_s", "a number from 0 to 60"),
    "channel without url": (
        f"{HTTP}[[channels]]\nname = 'x'\nkind = 'slack'\n",
        3,
        "channels.1",
        "url is missing",
    ),
    "channel twice": (f"{SLACK}\n{SLACK[len(HTTP) :]}", 9, "channels.2.name", "the name 's' is used twice"),
    "tls misspelt": (f"{MAIL}tls = 'ssl'\n", 9, "channels.1.tls", "expected one of none, starttls, tls"),
    "port a text": (f"{MAIL}port = '25'\n", 9, "channels.1.port", "expected a whole number, got '25'"),
    "recipients a text": (MAIL.replace('["c@d"]', '"c@d"'), 8, "channels.1.recipients", "expected a list"),
    "signing secret": (
        f"{HTTP}[[channels]]\nname = 'h'\nkind = 'webhook'\nurl = 'https://x/'\nsecret = 'whsec_{CANARY}'\n",
        *(7, "channels.1.secret", "24 to 64 bytes"),
    ),
    "route to nobody": (
        f"{SLACK}[[routes]]\nchannels = ['slak']\n",
        8,
        "routes.1.channels",
        "no channel 'slak'",
    ),
    "route almost": (
        SLACK.replace('"s"', '"slack"') + "[[routes]]\nchannels = ['slak']\n",
        *(8, "routes.1.channels", "did you mean 'slack'?"),
    ),
    "route without channel": (f"{SLACK}[[routes]]\nname = 'x'\n", 7, "routes.1", "channels is missing"),
    "severity misspelt": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nmatch = {{min_severity = 'urgent'}}\n",
        *(9, "routes.1.match.min_severity", "expected one of low, medium, high, critical"),
    ),
    "matcher misspelt": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nmatch = {{asset = ['x']}}\n",
        *(9, "routes.1.match.asset", "did you mean 'assets'?"),
    ),
    "inner route to nobody": (
        f"{INNER}[[routes.routes]]\nname = 'b'\nchannels = ['s', 't']\n",
        *(12, "routes.1.routes.2.channels", "no channel 't'"),
    ),
    "key of an inner route": (
        f"{INNER}repet = '1h'\n",
        10,
        "routes.1.routes.1.repet",
        "did you mean 'repeat'?",
    ),
    "matcher of an inner route": (
        f"{INNER}[routes.routes.match]\nsite = ['x']\n",
        *(11, "routes.1.routes.1.match.site", "did you mean 'sites'?"),
    ),
    "inner route of the second": (
        f"{INNER}[[routes]]\nchannels = ['s']\n[[routes.routes]]\ndigest = 'yearly'\n",
        *(13, "routes.2.routes.1.digest", "expected one of none, hourly, daily, weekly"),
    ),
    "route named twice": (
        f"{SLACK}[[routes]]\nname = 'x'\nchannels = ['s']\n[[routes]]\nname = 'x'\nchannels = ['s']\n",
        *(11, "routes.2.name", "the name 'x' is used twice"),
    ),
    "route named by a number": (
        f"{SLACK}[[routes]]\nname = '2.1'\nchannels = ['s']\n",
        8,
        "routes.1.name",
        "a letter",
    ),
    "site of nobody": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nmatch = {{sites = ['x']}}\n",
        *(9, "routes.1.match.sites", "no site 'x'"),
    ),
    "kind of nothing": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nmatch = {{source_kinds = ['feeed']}}\n",
        *(9, "routes.1.match.source_kinds", "did you mean 'feed'?"),
    ),
    "quiet hours misspelt": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nquiet = ['at night']\n",
        *(9, "routes.1.quiet.1", "expected days and hours"),
    ),
    "digest at no time": (
        f"{SLACK}[[routes]]\nchannels = ['s']\ndigest = 'daily'\nat = 'mon 09:00'\n",
        *(10, "routes.1.at", "expected a time such as `09:00`"),
    ),
    "digest of an inner route": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nat = 'mon 09:00'\n[[routes.routes]]\ndigest = 'daily'\n",
        *(10, "routes.1.routes.1.at", "expected a time such as `09:00`"),
    ),
    "hourly digest at a time": (
        f"{SLACK}[[routes]]\nchannels = ['s']\ndigest = 'hourly'\nat = '09:00'\n",
        *(10, "routes.1.at", "only a daily or weekly digest"),
    ),
    "time of no digest": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nat = '09:00'\n",
        *(9, "routes.1.at", "and none is asked for"),
    ),
    "route that nothing reaches": (
        f"{SLACK}[[routes]]\nchannels = ['s']\n[[routes]]\nchannels = ['s']\nmatch = {{ tiers = ['auto'] }}\n",
        *(9, "routes.2", "no news come here"),
    ),
    "two lists of who may press": (
        BOT
        + f"app_token = 'xapp-{CANARY}'\n"
        + BOT.removeprefix(HTTP).replace("'b'", "'c'").replace('"b"', '"c"')
        + f"app_token = 'xapp-{CANARY}'\nallowed_users = ['U012A3CDE']\n",
        *(15, "channels.2.allowed_users", "lets others press"),
    ),
    "zone of nowhere": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nzone = 'Mars/Olympus'\n",
        *(9, "routes.1.zone", "no such time zone"),
    ),
    "budget too small": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nbudget = 1\n",
        9,
        "routes.1.budget",
        "from 2 to",
    ),
    "escalation to nobody": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nescalate = [{{after = '1h', channels = ['boss']}}]\n",
        *(9, "routes.1.escalate", "no channel 'boss'"),
    ),
    "escalation without a time": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nescalate = [{{channels = ['s']}}]\n",
        *(9, "routes.1.escalate.1", "after is missing"),
    ),
    "escalation out of order": (
        f"{SLACK}[[routes]]\nchannels = ['s']\nescalate = [{{after = '2h', channels = ['s']}}, {{after = '1h', channels = ['s']}}]\n",
        *(9, "routes.1.escalate", "in the order of their times"),
    ),
    "inhibit without a source": (f"{SLACK}[[inhibit]]\ntarget = {{}}\n", 7, "inhibit.1", "source is missing"),
    "heartbeat nowhere": (f"{HTTP}[heartbeat]\nevery = '1m'\n", 3, "heartbeat", "url is missing"),
    "heartbeat to no address": (
        f"{HTTP}[heartbeat]\nurl = 'watchdog'\n",
        4,
        "heartbeat.url",
        "an http or https address",
    ),
    "secrets a number": (f"secrets = 5\n{HTTP}", 1, "secrets", "expected a table"),
    "secret a number": (f"{HTTP}[secrets]\ngithub = 5\n", 4, "secrets.github", "expected text"),
    "secret empty": (f"{HTTP}[secrets]\ngithub = ''\n", 4, "secrets.github", "expected text"),
    "secret twice": (
        f"{HTTP}[secrets]\ngithub_file = 'secrets/github'\ngithub_env = 'LEAKWATCH_TEST_PROWLARR'\n",
        *(5, "secrets.github_env", "give only one of github_file, github_env"),
    ),
    "secret file missing": (
        f"{HTTP}[secrets]\ngithub_file = 'no'\n",
        4,
        "secrets.github_file",
        "No such file",
    ),
    "secret file a folder": (f"{HTTP}[secrets]\nx_file = 'secrets'\n", 4, "secrets.x_file", "Is a directory"),
    "secret file empty": (f"{HTTP}[secrets]\nx_file = 'secrets/empty'\n", 4, "secrets.x_file", "is empty"),
    "secret file binary": (
        f"{HTTP}[secrets]\nx_file = 'secrets/binary'\n",
        4,
        "secrets.x_file",
        "cannot be read",
    ),
    "secret not set": (
        f"{HTTP}[secrets]\nx_env = 'LEAKWATCH_TEST_NOT'\n",
        4,
        "secrets.x_env",
        "LEAKWATCH_TEST_NOT is not set",
    ),
    "secret set to nothing": (
        f"{HTTP}[secrets]\nx_env = 'LEAKWATCH_TEST_EMPTY'\n",
        4,
        "secrets.x_env",
        "is not set",
    ),
    "password both ways": (
        f"{MAIL}password = '{CANARY}'\npassword_env = 'LEAKWATCH_TEST_PASSWORD'\n",
        *(10, "channels.1.password_env", "give only one of password, password_env"),
    ),
    "url both ways": (
        f"{SLACK}url_file = 'secrets/slack'\n",
        7,
        "channels.1.url_file",
        "give only one of url, url_file",
    ),
    "password a number": (f"{MAIL}password = 5\n", 9, "channels.1.password", "expected text"),
    "window of no day": (f'{SITE}window = "mun 08:00-09:00"\n', 7, "sites.1.window", "no such day: 'mun'"),
    "window in no zone": (f'{SITE}window = "mon 08:00-09:00 Mars/Base"\n', 7, "sites.1.window", "Mars/Base"),
    "outside of no window": (f'{SITE}outside = "1h"\n', 7, "sites.1.outside", "there is no window"),
    "least above usual": (f'{SITE}every_min = "5m"\n', 7, "sites.1.every_min", "at most what every says"),
    "most below usual": (f'{SITE}every_max = "5s"\n', 7, "sites.1.every_max", "at least what every says"),
    "window beside cron": (
        f'{SITE}cron = "0 3 * * *"\nwindow = "mon 08:00-09:00"\n',
        8,
        "sites.1.window",
        "cron says when it is read",
    ),
    "no such priority": (f'{SITE}priority = "urgent"\n', 7, "sites.1.priority", "low, normal, high"),
    "password misspelt": (
        f"{MAIL}passwort_env = 'x'\n",
        9,
        "channels.1.passwort_env",
        "did you mean 'password_env'?",
    ),
}


def test_broken_table_is_long() -> None:
    """The table below holds at least forty mistakes."""
    assert len(BROKEN) >= 40


@pytest.mark.parametrize(("text", "line", "field", "part"), BROKEN.values(), ids=BROKEN.keys())
def test_mistake_is_named(folder: Path, text: str, line: int, field: str, part: str) -> None:
    """A mistake is a ConfigError with the file, the exact line, the field and the cause; never a secret."""
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    error = caught.value
    assert (error.line, error.field) == (line, field)
    assert part in error.message
    file = str(folder / "leakwatch.toml")
    assert error.file == file
    assert error.message.startswith(f"{file}:{line}: " if line else f"{file}: ")
    assert f"{field}: " in error.message
    assert CANARY not in error.message


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda file: None, "no such file; `leakwatch init` writes one"),
        (lambda file: file.mkdir(), "Is a directory"),
        (lambda file: file.write_bytes(b"\xff\xfe"), "cannot be read"),
    ],
    ids=["missing", "folder", "not utf-8"],
)
def test_file_that_cannot_be_read(folder: Path, make: object, part: str) -> None:
    """A file that is not there, or no text, is named with the remedy."""
    file = folder / "leakwatch.toml"
    assert callable(make)
    make(file)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert caught.value.message.startswith(f"{file}: ")
    assert part in caught.value.message


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("30s", 30),
        ("5m", 300),
        ("2h", 7200),
        ("1d", 86400),
        ("1.5h", 5400),
        (" 10 s ", 10),
        ("0s", 0),
    ],
)
def test_duration(text: str, seconds: float) -> None:
    """A number and a unit give seconds."""
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "5", "5 minutes", "-5s", "5s5m", "1e3s", "400d", "5S"])
def test_no_duration(text: str) -> None:
    """Anything else is refused with an example of what is meant."""
    with pytest.raises(ValueError, match="such as 30s, 5m or 2h"):
        duration(text)


@given(st.text(max_size=40))
def test_duration_of_any_text(text: str) -> None:
    """Any text gives seconds within a year or a ValueError."""
    try:
        assert 0 <= duration(text) <= 366 * 86400
    except ValueError as error:
        assert "such as" in str(error)  # noqa: PT017 - which of the two comes is the text's matter


def shown(value: object) -> str:
    """Everything that a careless log line might print of a value."""
    parts = [repr(value), str(value), f"{value}", f"{value!s:>20}"]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [getattr(value, field.name) for field in dataclasses.fields(value)]
        parts += [repr(dataclasses.asdict(value)), *map(shown, fields)]
    if isinstance(value, tuple | list):
        parts += map(shown, value)
    if isinstance(value, dict):
        parts += map(shown, value.values())
    return "\n".join(parts)


def test_secrets_do_not_print(folder: Path) -> None:
    """No secret, wherever it came from, is in any printed form of the configuration or of its parts."""
    config = read(folder, GOOD)
    said = shown(config)
    assert "***" in said
    assert CANARY not in said
    assert SIGNING not in said
    assert CANARY in config.secrets["github"].reveal()


def test_secret_compares_and_hides() -> None:
    """A Secret equals its like, differs from its text, cannot be split open by format or iteration."""
    one, same, other = Secret("a"), Secret("a"), Secret("b")
    assert one == same != other
    assert hash(one) == hash(same)
    assert one != "a"
    assert {f"{one}", str(one), repr(one), f"{one!r}"} == {"***"}
    assert not hasattr(one, "__dict__")
    with pytest.raises(TypeError):
        iter(one)  # type: ignore[call-overload]


def test_secrets_are_not_in_tracebacks_of_errors(folder: Path) -> None:
    """An error that is raised while secrets are at hand carries none of them, in its causes either."""
    text = GOOD.replace('min_severity = "high"', 'min_severity = "urgent"')
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    error: BaseException | None = caught.value
    while error is not None:
        assert CANARY not in f"{error!r}{error}{error.args}"
        error = error.__cause__ or error.__context__


def check(folder: Path, text: str) -> tuple[int, str, str]:
    """Run `leakwatch config check` on a text; answers exit code, stdout and stderr."""
    file = folder / "leakwatch.toml"
    file.write_text(text, "utf-8")
    result = CliRunner().invoke(app, ["config", "check", "--config", str(file)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


def test_config_check_says_what_there_is(folder: Path) -> None:
    """The check counts sites, channels and routes on stderr, and notes what leads nowhere."""
    code, out, err = check(folder, GOOD)
    assert (code, out) == (0, "")
    assert "4 sites (3 enabled), 3 channels, 2 routes: ok" in err
    assert "no route leads to the channel 'hook'" in err
    assert CANARY not in err
    code, _, err = check(folder, HTTP)
    assert code == 0
    assert "without [[routes]] nobody is alerted" in err
    assert "without swarm.dht_bootstrap no peers are found" in err


def test_config_check_contacts_nobody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check opens no socket, resolves no name and writes no file, whatever the configuration names."""
    contacts: list[str] = []
    watching = True

    def watch(event: str, _arguments: tuple[object, ...]) -> None:
        if watching and event.startswith("socket."):
            contacts.append(event)

    def refuse(*_arguments: object, **_options: object) -> None:
        contacts.append("resolved")
        raise OSError("nobody is to be contacted")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    before = sorted(str(path) for path in folder.rglob("*"))
    sys.addaudithook(watch)
    try:
        code, _, _ = check(folder, GOOD)
    finally:
        watching = False
    assert code == 0
    assert contacts == []
    assert sorted({str(path) for path in folder.rglob("*")} - {str(folder / "leakwatch.toml")}) == before


def test_config_check_survives_windows_line_ends(folder: Path) -> None:
    """A file with CRLF line ends gives the same lines in errors."""
    text = SITE + "everi = '5m'\n"
    (folder / "leakwatch.toml").write_bytes(text.replace("\n", "\r\n").encode())
    with pytest.raises(ConfigError) as caught:
        load_config(folder / "leakwatch.toml")
    assert caught.value.line == 7


def test_database_address_is_a_secret(folder: Path) -> None:
    """An address may hold a password: it can come from a file, and does not show in what is printed."""
    (folder / "url").write_text("postgresql://user:hunter2@db.example/leakwatch\n")
    file = folder / "leakwatch.toml"
    file.write_text(f'{HTTP}[store]\nurl_file = "url"\n')
    config = load_config(file)
    assert config.store_url == "postgresql://user:hunter2@db.example/leakwatch"
    assert "hunter2" not in repr(config)
