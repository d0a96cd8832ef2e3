"""leakwatch.toml -> Config. Unknown keys fail and name the nearest known one; every error has its line.

Secrets are given as `<key>_file` (a path beside the configuration), `<key>_env` (an environment variable), or,
least well, in the file itself.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
import re
import tomllib
import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin
from urllib.parse import urlsplit

from leakwatch.alerts import Channel
from leakwatch.alerts.settings import EmailChannel, SlackChannel, WebhookChannel
from leakwatch.alerts.webhook import secret_bytes
from leakwatch.config.sections import CHANNELS, SECTIONS, Config
from leakwatch.crawl.addresses import HostList
from leakwatch.crawl.proxies import proxy_of
from leakwatch.errors import ConfigError
from leakwatch.model.alert import Route
from leakwatch.model.asset import MAX_PRIOR_BITS
from leakwatch.model.finding import Severity
from leakwatch.polling import SCHEDULE, Duration, SiteConfig
from leakwatch.prover import ProverSettings
from leakwatch.retention import LEAST_DAYS
from leakwatch.secret import Secret
from leakwatch.sources import KINDS, kind_named
from leakwatch.sources._kind import CredentialRef, FileText, PolledKind, Question, SourceKind, StreamKind
from leakwatch.sources.dht import DhtSite
from leakwatch.swarm.metadata import SwarmSettings

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\Z")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST_S = 366 * 86400.0
_BOUNDS: Mapping[str, tuple[float | None, float | None]] = {
    "port": (1, 65535),
    "concurrency": (4, 1000),
    "max_requests": (1, None),
    "prior_bits": (-MAX_PRIOR_BITS, MAX_PRIOR_BITS),
    "max_per_hour": (0, 1_000_000),
    "questions_per_poll": (1, 100),
    "max_threads": (1, None),
    "limit": (1, 1000),
    "packets_per_s": (1, 1000),
    "count_every_s": (3, 3600),
    "min_interval_s": (0, 86400),
    "deadline_s": (1, 3600),
    "total_deadline_s": (1, 3600),
    "timeout_s": (1, 600),
    "raw_cap_bytes": (1024, None),
    "decoded_cap_bytes": (1024, None),
    **{name: (least, 36500) for name, least in LEAST_DAYS.items()},
}
SITES_FOLDER = "sites.d"
_MAX_QUERY = 200
_MAX_FILE_TEXT = 2**20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")


def load_config(path: Path) -> Config:
    """Read and check a configuration file; nobody is contacted. Raises: ConfigError with file, line and field.

    The sites of `sites.d/*.toml` beside it are read in addition, one file after another by name.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise ConfigError("no such file; `leakwatch init` writes one", file=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=str(path)) from error
    config = _Reader(path, text).config()
    for file in sorted((path.parent / SITES_FOLDER).glob("*.toml")):
        try:
            told = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"cannot be read: {error}", file=str(file)) from error
        config = with_sites(config, file, told)
    return config


def with_sites(config: Config, file: Path, text: str) -> Config:
    """The configuration with the [[sites]] of one more file. Raises: ConfigError that names the file."""
    return _Reader(file, text, config.secrets, config.http.proxies).added_to(config)


def site_settings(path: Path, kind: SourceKind, others: frozenset[str]) -> Any:
    """A kind's settings from a file of its own, with the keys that stand under [[sites]]; None where it has none.

    `others` are keys of the file that are no settings. Raises: ConfigError with file, line and field.
    """
    text = path.read_text("utf-8")
    told = tomllib.loads(text)
    names = {one.name for one in dataclasses.fields(kind.settings)}
    if not (names - {"url"}) & told.keys():
        return None
    return _Reader(path, text).settings(kind, told, others)


def duration(text: str) -> Duration:
    """Seconds from `500ms`, `30s`, `5m`, `2h` or `1d`. Raises: ValueError."""
    found = _DURATION.match(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else math.inf
    if seconds > _LONGEST_S:
        raise ValueError("expected a duration such as 30s, 5m or 2h")
    return Duration(seconds)


class _Reader:
    """One file being read; knows where each key stands, for the errors."""

    def __init__(
        self,
        path: Path,
        text: str,
        secrets: Mapping[str, Secret] | None = None,
        proxies: Collection[str] = (),
    ) -> None:
        self._path, self._text = path, text
        self._secrets: Mapping[str, Secret] = secrets or {}
        self._proxies = proxies

    def settings(self, kind: SourceKind, told: Mapping[str, Any], others: frozenset[str]) -> Any:
        """The settings of one kind, from a file that may also say how the site is watched."""
        names = {one.name for one in dataclasses.fields(kind.settings)}
        self._known(told, names | {one.name for one in dataclasses.fields(SiteConfig)} | others, ())
        return self._dataclass(kind.settings, {k: v for k, v in told.items() if k in names}, ())

    def _toml(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"at line (\d+)", str(error))
            raise ConfigError(str(error), file=str(self._path), line=int(line[1]) if line else 0) from error

    def added_to(self, config: Config) -> Config:
        """A configuration with the sites of this file, which holds nothing else."""
        told = self._toml()
        self._known(told, {"sites"}, ())
        sites = tuple(self._site(one, ("sites", i)) for i, one in enumerate(self._tables(told, "sites")))
        self._unique([one.name for one in sites], "sites", [one.name for one in config.sites])
        self._one_stream_a_kind(sites, config.sites)
        return dataclasses.replace(config, sites=(*config.sites, *sites))

    def config(self) -> Config:
        told = self._toml()
        self._known(told, {*SECTIONS, "sites", "channels", "routes", "provers", "secrets"}, ())
        if "http" not in told:
            raise self._error(
                (), "http.contact is missing: an address at which the watched sites can reach you"
            )
        sections = {
            name: self._dataclass(cls, told[name], (name,)) for name, cls in SECTIONS.items() if name in told
        }
        self._secrets = self._named_secrets(told.get("secrets", {}))
        self._proxies = set(sections["http"].proxies)
        channels = tuple(
            self._channel(one, ("channels", i)) for i, one in enumerate(self._tables(told, "channels"))
        )
        self._unique([one.name for one in channels], "channels")
        sites = tuple(self._site(one, ("sites", i)) for i, one in enumerate(self._tables(told, "sites")))
        self._unique([one.name for one in sites], "sites")
        self._one_stream_a_kind(sites)
        names = {one.name for one in channels}
        routes = tuple(
            self._route(one, ("routes", i), names) for i, one in enumerate(self._tables(told, "routes"))
        )
        provers = tuple(
            self._prover(one, ("provers", i)) for i, one in enumerate(self._tables(told, "provers"))
        )
        self._unique([one.name for one in provers], "provers")
        config = Config(
            file=self._path.resolve(),
            sites=sites,
            channels=channels,
            routes=routes,
            provers=provers,
            secrets=self._secrets,
            **sections,
        )
        self._asked(("http", "contact"), lambda: config.door.user_agent)
        self._asked(("swarm",), lambda: config.swarm_settings)
        self._asked(
            ("http", "proxies"), lambda: [proxy_of(n, u.reveal()) for n, u in config.http.proxies.items()]
        )
        self._asked(("http", "allow_hosts"), lambda: HostList.parse(config.http.allow_hosts))
        if config.store.url is not None:
            from leakwatch.store.engine import async_url  # noqa: PLC0415 - slow to import, rarely needed

            self._asked(("store", "url"), lambda: async_url(config.store_url))
        return config

    def _asked(self, at: tuple[str | int, ...], judge: Callable[[], object]) -> None:
        """Let the owner of a setting judge it now, so that `config check` names its line."""
        try:
            judge()
        except ConfigError as error:
            part = error.field.rpartition(".")[2]
            at = (*at, part) if at == ("swarm",) and part else at
            raise self._error(at, error.message.removeprefix(f"{error.field}: ")) from None

    def _tables(self, told: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        value = told.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self._error((name,), f"expected [[{name}]] tables")
        return value

    def _unique(self, names: list[str], section: str, taken: Sequence[str] = ()) -> None:
        for index, name in enumerate(names):
            if name in names[:index] or name in taken:
                raise self._error((section, index, "name"), f"the name {name!r} is used twice")

    def _named_secrets(self, told: Any) -> dict[str, Secret]:
        if not isinstance(told, dict):
            raise self._error(("secrets",), "expected a table: name_file or name_env")
        found: dict[str, Secret] = {}
        for key in told:
            name = key.removesuffix("_file").removesuffix("_env")
            secret = self._secret(told, name, ("secrets",))
            if secret is not None:
                found[name] = secret
        return found

    def _channel(self, told: dict[str, Any], at: tuple[str | int, ...]) -> Channel:
        cls = CHANNELS.get(str(told.get("kind")))
        if cls is None:
            raise self._error((*at, "kind"), f"no such channel kind; there are {', '.join(sorted(CHANNELS))}")
        channel: Channel = self._dataclass(cls, told, at)
        if isinstance(channel, EmailChannel) and not channel.recipients:
            raise self._error((*at, "recipients"), "expected at least one address")
        url = (
            channel.url.reveal()
            if isinstance(channel, SlackChannel)
            else getattr(channel, "url", "https://x")
        )
        if not _is_web_address(url):
            key = next(key for key in told if key.startswith("url"))
            raise self._error((*at, key), "expected an http or https address")
        if isinstance(channel, WebhookChannel):
            key = next(key for key in told if key.startswith("secret"))
            self._asked((*at, key), lambda: secret_bytes(channel.secret.reveal()))
        return channel

    def _site(self, told: dict[str, Any], at: tuple[str | int, ...]) -> SiteConfig:
        kind = kind_named(str(told.get("kind"))) if str(told.get("kind")) in {*KINDS, "rss"} else None
        if kind is None:
            raise self._error((*at, "kind"), f"no such source kind; there are {', '.join(sorted(KINDS))}")
        own = {one.name for one in dataclasses.fields(SiteConfig)} - {"settings"}
        settings = {one.name for one in dataclasses.fields(kind.settings)}
        if isinstance(kind, StreamKind):
            self._unscheduled(told, kind.name, at)
            own -= SCHEDULE
            told = {"enabled": False} | told
        self._known(told, own | settings, at)
        own -= settings  # a kind with queries of its own asks them itself
        site = self._dataclass(
            SiteConfig,
            {key: value for key, value in told.items() if key in own} | {"kind": kind.name},
            at,
            settings=self._dataclass(kind.settings, {k: v for k, v in told.items() if k in settings}, at),
        )
        if not _NAME.match(site.name):
            raise self._error((*at, "name"), "expected letters, digits, dots and dashes, at most 64")
        if isinstance(site.settings, DhtSite):
            nodes = site.settings.bootstrap
            self._asked((*at, "bootstrap"), lambda: SwarmSettings(dht_bootstrap=nodes))
        elif not isinstance(kind, StreamKind) and not _is_web_address(site.settings.url):
            raise self._error((*at, "url"), "expected an http or https address")
        for key in credentials_of(kind.settings):
            if getattr(site.settings, key) and told[key] not in self._secrets:
                raise self._error(
                    (*at, key),
                    f"no secret {told[key]!r}; give {told[key]}_file or {told[key]}_env under [secrets]",
                )
        self._check_schedule(site, told, at)
        self._check_manner(site, at)
        self._check_canary(site, at)
        least = getattr(site.settings, "least_interval_s", 0.0)
        return dataclasses.replace(site, min_interval_s=max(site.min_interval_s, least))

    def _check_manner(self, site: SiteConfig, at: tuple[str | int, ...]) -> None:
        """What is said of how a site is asked: reasons, mirrors, proxy and words must make sense."""
        if site.robots == "ignore" and not site.ignore_robots_because.strip():
            raise self._error((*at, "robots"), 'robots = "ignore" needs a reason in ignore_robots_because')
        for mirror in site.mirrors:
            if not _is_web_address(mirror) or urlsplit(mirror).path not in ("", "/") or "?" in mirror:
                raise self._error((*at, "mirrors"), f"expected an address without a path, got {mirror!r}")
        if site.proxy and site.proxy not in self._proxies:
            raise self._error(
                (*at, "proxy"),
                f"no proxy {site.proxy!r} under http.proxies" + _nearest(site.proxy, set(self._proxies)),
            )
        kind = KINDS[site.kind]
        if site.queries and not _answers_words(kind, site.settings):
            remedy = "set search, or remove it" if hasattr(site.settings, "search") else "remove it"
            raise self._error((*at, "queries"), f"this {site.kind} site has no search by words; {remedy}")
        if not all(0 < len(words.strip()) <= _MAX_QUERY for words in site.queries):
            raise self._error((*at, "queries"), f"expected words of at most {_MAX_QUERY} characters")

    def _check_canary(self, site: SiteConfig, at: tuple[str | int, ...]) -> None:
        if (site.canary is None) != (site.canary_url is None) or site.canary == "":
            raise self._error(
                (*at, "canary"), "give both canary, a text, and canary_url, the page that shows it"
            )
        if site.canary_url is not None and not _is_web_address(site.canary_url):
            raise self._error((*at, "canary_url"), "expected an http or https address")

    def _unscheduled(self, told: Mapping[str, Any], kind: str, at: tuple[str | int, ...]) -> None:
        for key in told:
            if key in SCHEDULE:
                raise self._error(
                    (*at, key),
                    f"a {kind} site is listened to without pause, so {key} means nothing; remove it",
                )

    def _one_stream_a_kind(self, sites: tuple[SiteConfig, ...], others: tuple[SiteConfig, ...] = ()) -> None:
        """Two listeners would hear the same, under one node id and with twice the packets; two inboxes, the same files."""
        taken = {_stream_of(site) for site in others}
        streams = [_stream_of(site) for site in sites]
        for index, stream in enumerate(streams):
            if stream and (stream in streams[:index] or stream in taken):
                raise self._error(
                    ("sites", index, "kind"), f"there is a {stream} site already; one hears it all"
                )

    def _check_schedule(self, site: SiteConfig, told: Mapping[str, Any], at: tuple[str | int, ...]) -> None:
        """Settings of the schedule that contradict one another or mean nothing are errors."""
        if site.cron is not None:
            for key in ("every_min", "every_max", "window", "outside"):
                if key in told:
                    raise self._error(
                        (*at, key), f"cron says when it is read, so {key} means nothing; remove one"
                    )
            self._check_cron(site, at)
        if site.every_min is not None and site.every_min > site.every:
            raise self._error((*at, "every_min"), "expected at most what every says")
        if site.every_max is not None and site.every_max < site.every:
            raise self._error((*at, "every_max"), "expected at least what every says")
        if site.window is not None:
            from leakwatch.timetable.opening import Opening  # noqa: PLC0415 - slow to import, rarely needed

            self._asked((*at, "window"), lambda: Opening.parse(site.window or ""))
        elif site.outside is not None:
            raise self._error((*at, "outside"), "there is no window that it could be outside of; remove it")

    def _check_cron(self, site: SiteConfig, at: tuple[str | int, ...]) -> None:
        from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - slow to import, rarely needed

        try:
            CronTrigger.from_crontab(site.cron or "", timezone="UTC")
        except ValueError as error:
            raise self._error((*at, "cron"), str(error)) from error

    def _route(self, told: dict[str, Any], at: tuple[str | int, ...], channels: set[str]) -> Route:
        route: Route = self._dataclass(Route, told, at)
        if route.channel not in channels:
            raise self._error(
                (*at, "channel"), f"no channel {route.channel!r}" + _nearest(route.channel, channels)
            )
        return route

    def _prover(self, told: dict[str, Any], at: tuple[str | int, ...]) -> ProverSettings:
        """A prover; its paths are relative to the configuration."""
        read: ProverSettings = self._dataclass(ProverSettings, told, at)
        if not _NAME.match(read.name):
            raise self._error((*at, "name"), "expected letters, digits, dots and dashes, at most 64")
        folder = self._path.resolve().parent
        prover = dataclasses.replace(
            read,
            socket=folder / read.socket if read.socket else None,
            ca_file=folder / read.ca_file if read.ca_file else None,
        )
        try:
            prover.check()
        except ConfigError as error:
            key = next((key for key in told if error.field and key.startswith(error.field)), "")
            message = error.message.removeprefix(f"{error.field}: ")
            raise self._error((*at, key) if key else at, message) from None
        return prover

    def _dataclass(self, cls: type, told: Any, at: tuple[str | int, ...], **ready: Any) -> Any:
        """A frozen dataclass from a table: unknown keys, missing keys and wrong types are located errors."""
        if not isinstance(told, dict):
            raise self._error(at, "expected a table")
        hints = typing.get_type_hints(cls)
        wanted = {one.name: one for one in dataclasses.fields(cls) if one.name not in ready}
        tables = {name for name in wanted if hints[name] == Mapping[str, Secret]}
        secrets = {name for name in wanted if Secret in (hints[name], *get_args(hints[name]))} - tables
        self._known(told, {*wanted, *(f"{name}_{how}" for name in secrets for how in ("file", "env"))}, at)
        values: dict[str, Any] = dict(ready)
        for name, one in wanted.items():
            secret = self._secret(told, name, at) if name in secrets else None
            if secret is not None:
                values[name] = secret
            elif name in tables and name in told:
                values[name] = self._addresses(told[name], (*at, name))
            elif name in told:
                values[name] = self._value(hints[name], told[name], (*at, name))
                least, most = _BOUNDS.get(name, (None, None))
                if least is not None and not least <= values[name] <= (most or math.inf):
                    bound = f"from {least} to {most}" if most else f"of at least {least}"
                    raise self._error((*at, name), f"expected a number {bound}, got {told[name]!r}")
            elif one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
                raise self._error(at, f"{name} is missing")
        return self._made(cls, values, at)

    def _made(self, cls: type, values: Mapping[str, Any], at: tuple[str | int, ...]) -> Any:
        """The dataclass; what it refuses itself is told with its place here, or in the file that it read."""
        try:
            return cls(**values)
        except ConfigError as error:
            if error.file:
                raise
            part = (error.field,) if error.field else ()
            raise self._error((*at, *part), error.message.removeprefix(f"{error.field}: ")) from None

    def _secret(self, told: Mapping[str, Any], name: str, at: tuple[str | int, ...]) -> Secret | None:
        given = [key for key in (name, f"{name}_file", f"{name}_env") if key in told]
        if len(given) > 1:
            raise self._error((*at, given[1]), f"give only one of {', '.join(given)}")
        if not given:
            return None
        value = told[given[0]]
        if not isinstance(value, str) or not value:
            raise self._error((*at, given[0]), "expected text")
        if given[0].endswith("_file") and given[0] != name:
            try:
                secret = (self._path.parent / value).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise self._error((*at, given[0]), f"the secret cannot be read: {error}") from error
            if not secret:
                raise self._error((*at, given[0]), f"the file {value} is empty")
            return Secret(secret)
        if given[0].endswith("_env") and given[0] != name:
            if not os.environ.get(value):
                raise self._error((*at, given[0]), f"the environment variable {value} is not set")
            return Secret(os.environ[value])
        return Secret(value)

    def _addresses(self, told: Any, at: tuple[str | int, ...]) -> dict[str, Secret]:
        """A table of secret addresses by name, each with `url`, `url_file` or `url_env`."""
        if not isinstance(told, dict):
            raise self._error(at, "expected a table: name = { url_env = ... }")
        found: dict[str, Secret] = {}
        for name, one in told.items():
            if not isinstance(one, dict) or not _NAME.match(name):
                raise self._error((*at, name), "expected a table with url, url_file or url_env")
            self._known(one, {"url", "url_file", "url_env"}, (*at, name))
            secret = self._secret(one, "url", (*at, name))
            if secret is None:
                raise self._error((*at, name), "expected url, url_file or url_env")
            found[name] = secret
        return found

    def _value(self, hint: Any, value: Any, at: tuple[str | int, ...]) -> Any:
        """A TOML value as the type that the field wants."""
        origin, args = get_origin(hint), get_args(hint)
        if origin in (types.UnionType, typing.Union):
            return self._value(next(arg for arg in args if arg is not type(None)), value, at)
        if origin in (tuple, frozenset):
            if not isinstance(value, list):
                raise self._error(at, "expected a list")
            return origin(self._value(args[0], one, at) for one in value)
        if origin is typing.Literal:
            if value not in args:
                raise self._error(at, f"expected one of {', '.join(map(str, args))}")
            return value
        if origin is Mapping:
            return self._texts(value, at)
        if hint is FileText:
            return self._file_text(value, at)
        return self._scalar(getattr(hint, "__supertype__", hint), value, at)

    def _texts(self, value: Any, at: tuple[str | int, ...]) -> dict[str, str]:
        """A table of texts; numbers and true or false are taken as they are written."""
        if not isinstance(value, dict):
            raise self._error(at, "expected a table")
        if not all(isinstance(one, str | int | float) for one in value.values()):
            raise self._error(at, "expected texts, numbers, true or false")
        return {key: str(one).lower() if isinstance(one, bool) else str(one) for key, one in value.items()}

    def _file_text(self, value: Any, at: tuple[str | int, ...]) -> FileText:
        """The text of a file named relative to the configuration."""
        if not isinstance(value, str) or not value:
            raise self._error(at, "expected text")
        try:
            with (self._path.parent / value).open("rb") as file:
                body = file.read(_MAX_FILE_TEXT + 1)
            text = body.decode("utf-8-sig")
        except (OSError, ValueError) as error:
            raise self._error(at, f"the file cannot be read: {error}") from error
        if len(body) > _MAX_FILE_TEXT:
            raise self._error(at, f"the file is larger than {_MAX_FILE_TEXT} bytes")
        return FileText(value, text)

    def _scalar(self, hint: Any, value: Any, at: tuple[str | int, ...]) -> Any:
        if hint is Duration:
            try:
                return duration(f"{value}s" if _is_number(value) else str(value))
            except ValueError as error:
                raise self._error(at, str(error)) from error
        if hint is float and _is_number(value):
            return float(value)
        if hint is Path and isinstance(value, str):
            return Path(value)
        if hint is Severity:
            if value not in list(Severity):
                raise self._error(at, f"expected one of {', '.join(Severity)}")
            return Severity(value)
        if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
            raise self._error(at, f"expected {_WORDS.get(hint, hint.__name__)}, got {value!r}")
        return value

    def _known(self, told: Mapping[str, Any], known: set[str], at: tuple[str | int, ...]) -> None:
        for key in told:
            if key not in known:
                raise self._error((*at, key), f"unknown key {key!r}" + _nearest(key, known))

    def _error(self, at: tuple[str | int, ...], message: str) -> ConfigError:
        named = ".".join(str(part) if isinstance(part, str) else str(part + 1) for part in at)
        return ConfigError(message, file=str(self._path), line=self._line(at), field=named)

    def _line(self, at: tuple[str | int, ...]) -> int:
        """The line of a key: the n-th [[table]] or the [table], then the key inside it."""
        section = str(at[0]) if at else ""
        wanted = at[1] + 1 if len(at) > 1 and isinstance(at[1], int) else 1
        key = str(at[-1]) if len(at) > 1 and isinstance(at[-1], str) else ""
        seen = found = 0
        for number, line in enumerate(self._text.splitlines(), 1):
            header = re.match(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?", line)
            if header:
                if found:
                    break
                seen += header[1] == section
                found = number if seen == wanted and header[1] == section else 0
            elif (found and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line)) or (
                not found and not key and re.match(rf"\s*{re.escape(section)}\s*=", line) and section
            ):
                return number
        loose = rf"\s*\[*\s*[\"']?{re.escape(section)}\b"
        lines = enumerate(self._text.splitlines(), 1)
        return found or next((number for number, line in lines if section and re.match(loose, line)), 0)


def credentials_of(settings: type) -> list[str]:
    """The settings of a kind that name a secret."""
    hints = typing.get_type_hints(settings)
    return [
        one.name
        for one in dataclasses.fields(settings)
        if CredentialRef in (hints[one.name], *get_args(hints[one.name]))
    ]


def _answers_words(kind: SourceKind, settings: Any) -> bool:
    """Whether a site can be asked by words at all: some only by digests, some only where their search is known."""
    return isinstance(kind, PolledKind) and bool(
        kind.ask and next(iter(kind.ask(settings, {}, Question(words="words"))), None)
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _stream_of(site: SiteConfig) -> str:
    """What two sites must not listen to at once: the DHT, or one folder; nothing where it is polled."""
    if not site.is_stream:
        return ""
    return str(getattr(site.settings, "folder", site.kind))


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


_WORDS: Mapping[type, str] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    float: "a number",
    Path: "text",
}


def _nearest(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(sorted(known))}"
