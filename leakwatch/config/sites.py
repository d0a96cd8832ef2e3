"""A [[sites]] table -> SiteConfig, and what of a site makes sense together."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args
from urllib.parse import urlsplit

from leakwatch.config import values
from leakwatch.config.located import NAME, ConfigFile, Place, is_web_address, nearest
from leakwatch.model.opening import Opening
from leakwatch.polling import SCHEDULE, SiteConfig
from leakwatch.secret import Secret
from leakwatch.sources import KINDS, kind_named
from leakwatch.sources._kind import CredentialRef, PolledKind, Question, SourceKind, StreamKind
from leakwatch.sources.dht import DhtSite
from leakwatch.swarm.metadata import SwarmSettings

_MAX_QUERY = 200


@dataclass(frozen=True, slots=True)
class Named:
    """What sites may refer to by name."""

    secrets: Mapping[str, Secret] = field(default_factory=dict[str, Secret])
    proxies: Collection[str] = ()


def read_sites(
    file: ConfigFile, told: Mapping[str, Any], named: Named, others: tuple[SiteConfig, ...] = ()
) -> tuple[SiteConfig, ...]:
    """All sites of a file; `others` stand in other files. Raises: ConfigError with file, line and field."""
    tables = file.tables(told, "sites")
    sites = tuple(_site(file, one, ("sites", i), named) for i, one in enumerate(tables))
    file.unique([one.name for one in sites], "sites", [one.name for one in others])
    _one_stream_a_kind(file, sites, others)
    return sites


def _site(file: ConfigFile, told: dict[str, Any], at: Place, named: Named) -> SiteConfig:
    kind = kind_named(str(told.get("kind"))) if str(told.get("kind")) in {*KINDS, "rss"} else None
    if kind is None:
        raise file.error((*at, "kind"), f"no such source kind; there are {', '.join(sorted(KINDS))}")
    own = {one.name for one in dataclasses.fields(SiteConfig)} - {"settings"}
    settings = {one.name for one in dataclasses.fields(kind.settings)}
    if isinstance(kind, StreamKind):
        _unscheduled(file, told, kind.name, at)
        own -= SCHEDULE
        told = {"enabled": False} | told
    file.known(told, own | settings, at)
    own -= settings  # a kind with queries of its own asks them itself
    site = values.table(
        file,
        SiteConfig,
        {key: value for key, value in told.items() if key in own} | {"kind": kind.name},
        at,
        settings=values.table(file, kind.settings, {k: v for k, v in told.items() if k in settings}, at),
    )
    if not NAME.match(site.name):
        raise file.error((*at, "name"), "expected letters, digits, dots and dashes, at most 64")
    if isinstance(site.settings, DhtSite):
        nodes = site.settings.bootstrap
        file.asked((*at, "bootstrap"), lambda: SwarmSettings(dht_bootstrap=nodes))
    elif not isinstance(kind, StreamKind) and not is_web_address(site.settings.url):
        raise file.error((*at, "url"), "expected an http or https address")
    for key in credentials_of(kind.settings):
        if getattr(site.settings, key) and told[key] not in named.secrets:
            raise file.error(
                (*at, key),
                f"no secret {told[key]!r}; give {told[key]}_file or {told[key]}_env under [secrets]",
            )
    _check_schedule(file, site, told, at)
    _check_manner(file, site, at, named)
    _check_canary(file, site, at)
    least = getattr(site.settings, "least_interval_s", 0.0)
    return dataclasses.replace(site, min_interval_s=max(site.min_interval_s, least))


def _check_manner(file: ConfigFile, site: SiteConfig, at: Place, named: Named) -> None:
    """What is said of how a site is asked: reasons, mirrors, proxy and words must make sense."""
    if site.robots == "ignore" and not site.ignore_robots_because.strip():
        raise file.error((*at, "robots"), 'robots = "ignore" needs a reason in ignore_robots_because')
    for mirror in site.mirrors:
        if not is_web_address(mirror) or urlsplit(mirror).path not in ("", "/") or "?" in mirror:
            raise file.error((*at, "mirrors"), f"expected an address without a path, got {mirror!r}")
    if site.proxy and site.proxy not in named.proxies:
        raise file.error(
            (*at, "proxy"),
            f"no proxy {site.proxy!r} under http.proxies" + nearest(site.proxy, set(named.proxies)),
        )
    kind = KINDS[site.kind]
    if site.queries and not _answers_words(kind, site.settings):
        remedy = "set search, or remove it" if hasattr(site.settings, "search") else "remove it"
        raise file.error((*at, "queries"), f"this {site.kind} site has no search by words; {remedy}")
    if not all(0 < len(words.strip()) <= _MAX_QUERY for words in site.queries):
        raise file.error((*at, "queries"), f"expected words of at most {_MAX_QUERY} characters")


def _check_canary(file: ConfigFile, site: SiteConfig, at: Place) -> None:
    if site.canary_id is not None:
        _check_canary_id(file, site, at)
    elif (site.canary is None) != (site.canary_url is None) or site.canary == "":
        raise file.error((*at, "canary"), "give both canary, a text, and canary_url, the page that shows it")
    if site.canary_url is not None and not is_web_address(site.canary_url):
        raise file.error((*at, "canary_url"), "expected an http or https address")


def _check_canary_id(file: ConfigFile, site: SiteConfig, at: Place) -> None:
    """An item stands for itself; a page that is asked for with the site's own secrets is on the site's own host."""
    if site.canary is not None or not site.canary_id:
        raise file.error((*at, "canary_id"), "give canary, a text, or canary_id, an item's native id")
    if site.canary_url is not None and urlsplit(site.canary_url).netloc.lower() != site.host:
        raise file.error((*at, "canary_url"), f"expected a page of {site.host}, which is read as the site is")


def _unscheduled(file: ConfigFile, told: Mapping[str, Any], kind: str, at: Place) -> None:
    for key in told:
        if key in SCHEDULE:
            raise file.error(
                (*at, key),
                f"a {kind} site is listened to without pause, so {key} means nothing; remove it",
            )


def _one_stream_a_kind(
    file: ConfigFile, sites: tuple[SiteConfig, ...], others: tuple[SiteConfig, ...]
) -> None:
    """Two listeners would hear the same, under one node id and with twice the packets; two inboxes, the same files."""
    taken = {_stream_of(site) for site in others}
    streams = [_stream_of(site) for site in sites]
    for index, stream in enumerate(streams):
        if stream and (stream in streams[:index] or stream in taken):
            raise file.error(("sites", index, "kind"), f"there is a {stream} site already; one hears it all")


def _check_schedule(file: ConfigFile, site: SiteConfig, told: Mapping[str, Any], at: Place) -> None:
    """Settings of the schedule that contradict one another or mean nothing are errors."""
    if site.cron is not None:
        for key in ("every_min", "every_max", "window", "outside"):
            if key in told:
                raise file.error((*at, key), f"cron says when it is read, so {key} means nothing; remove one")
        _check_cron(file, site, at)
    if site.every_min is not None and site.every_min > site.every:
        raise file.error((*at, "every_min"), "expected at most what every says")
    if site.every_max is not None and site.every_max < site.every:
        raise file.error((*at, "every_max"), "expected at least what every says")
    if site.window is not None:
        file.asked((*at, "window"), lambda: Opening.parse(site.window or ""))
    elif site.outside is not None:
        raise file.error((*at, "outside"), "there is no window that it could be outside of; remove it")


def _check_cron(file: ConfigFile, site: SiteConfig, at: Place) -> None:
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - slow to import, rarely needed

    try:
        CronTrigger.from_crontab(site.cron or "", timezone="UTC")
    except ValueError as error:
        raise file.error((*at, "cron"), str(error)) from error


def read_settings(file: ConfigFile, kind: SourceKind, told: Mapping[str, Any], others: frozenset[str]) -> Any:
    """The settings of one kind, from a file that may also say how the site is watched."""
    names = {one.name for one in dataclasses.fields(kind.settings)}
    file.known(told, names | {one.name for one in dataclasses.fields(SiteConfig)} | others, ())
    return values.table(file, kind.settings, {k: v for k, v in told.items() if k in names}, ())


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


def _stream_of(site: SiteConfig) -> str:
    """What two sites must not listen to at once: the DHT, or one folder; nothing where it is polled."""
    if not site.is_stream:
        return ""
    return str(getattr(site.settings, "folder", site.kind))
