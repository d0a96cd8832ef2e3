"""leakwatch.toml -> Config. Unknown keys fail and name the nearest known one; every error has its line.

Secrets are given as `<key>_file` (a path beside the configuration), `<key>_env` (an environment variable), or,
least well, in the file itself. `located` knows where keys stand, `values` reads them, `sites` judges sites.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leakwatch.alerts import Channel
from leakwatch.alerts.apprise import service
from leakwatch.alerts.settings import AppriseChannel, EmailChannel, SlackBotChannel, WebhookChannel
from leakwatch.alerts.webhook import secret_bytes
from leakwatch.config import values
from leakwatch.config.located import NAME, ConfigFile, Place, is_web_address
from leakwatch.config.routes import read_inhibit, read_routes
from leakwatch.config.sections import CHANNELS, SECTIONS, Config
from leakwatch.config.sites import Named, read_settings, read_sites
from leakwatch.crawl.addresses import HostList
from leakwatch.crawl.proxies import proxy_of
from leakwatch.errors import ConfigError
from leakwatch.prover import ProverSettings
from leakwatch.secret import Secret
from leakwatch.sources._kind import SourceKind

SITES_FOLDER = "sites.d"


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
    config = _config(ConfigFile(path, text, path.parent))
    for file in sorted((path.parent / SITES_FOLDER).glob("*.toml")):
        try:
            told = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"cannot be read: {error}", file=str(file)) from error
        config = with_sites(config, file, told)
    return config


def with_sites(config: Config, file: Path, text: str) -> Config:
    """The configuration with the [[sites]] of one more file. Raises: ConfigError that names the file."""
    extra = ConfigFile(file, text, config.file.parent)
    told = extra.toml()
    extra.known(told, {"sites"}, ())
    sites = read_sites(extra, told, Named(config.secrets, config.http.proxies), config.sites)
    return dataclasses.replace(config, sites=(*config.sites, *sites))


def site_settings(path: Path, kind: SourceKind, others: frozenset[str]) -> Any:
    """A kind's settings from a file of its own, with the keys that stand under [[sites]]; None where it has none.

    `others` are keys of the file that are no settings. Raises: ConfigError with file, line and field.
    """
    text = path.read_text("utf-8")
    told = tomllib.loads(text)
    names = {one.name for one in dataclasses.fields(kind.settings)}
    if not (names - {"url"}) & told.keys():
        return None
    return read_settings(ConfigFile(path, text, path.parent), kind, told, others)


def _config(file: ConfigFile) -> Config:
    """The whole configuration."""
    told = file.toml()
    file.known(told, {*SECTIONS, "sites", "channels", "routes", "inhibit", "provers", "secrets"}, ())
    if "http" not in told:
        raise file.error((), "http.contact is missing: an address at which the watched sites can reach you")
    sections = {
        name: values.table(file, cls, told[name], (name,)) for name, cls in SECTIONS.items() if name in told
    }
    secrets = _named_secrets(file, told.get("secrets", {}))
    channels = tuple(
        _channel(file, one, ("channels", i)) for i, one in enumerate(file.tables(told, "channels"))
    )
    file.unique([one.name for one in channels], "channels")
    _check_pressers(file, channels)
    sites = read_sites(file, told, Named(secrets, sections["http"].proxies))
    more_sites = (file.base / SITES_FOLDER).is_dir()
    known = None if more_sites else {one.name for one in sites}
    routes = read_routes(file, told, {one.name for one in channels}, known)
    provers = tuple(_prover(file, one, ("provers", i)) for i, one in enumerate(file.tables(told, "provers")))
    file.unique([one.name for one in provers], "provers")
    config = Config(
        file=file.path.resolve(),
        sites=sites,
        channels=channels,
        routes=routes,
        inhibit=read_inhibit(file, told),
        provers=provers,
        secrets=secrets,
        **sections,
    )
    _judge(file, config)
    return config


def _judge(file: ConfigFile, config: Config) -> None:
    """Let the owners of settings judge them."""
    if config.heartbeat and not is_web_address(config.heartbeat.url.reveal()):
        key = next(key for key in file.toml()["heartbeat"] if key.startswith("url"))
        raise file.error(("heartbeat", key), "expected an http or https address")
    file.asked(("http", "contact"), lambda: config.door.user_agent)
    file.asked(("swarm",), lambda: config.swarm_settings)
    file.asked(("owner",), config.owner.check)
    file.asked(("http", "proxies"), lambda: [proxy_of(n, u.reveal()) for n, u in config.http.proxies.items()])
    file.asked(("http", "allow_hosts"), lambda: HostList.parse(config.http.allow_hosts))
    if config.store.url is not None:
        from leakwatch.store.engine import async_url  # noqa: PLC0415 - slow to import, rarely needed

        file.asked(("store", "url"), lambda: async_url(config.store_url))


def _named_secrets(file: ConfigFile, told: Any) -> dict[str, Secret]:
    if not isinstance(told, dict):
        raise file.error(("secrets",), "expected a table: name_file or name_env")
    found: dict[str, Secret] = {}
    for key in told:
        name = key.removesuffix("_file").removesuffix("_env")
        secret = values.secret_of(file, told, name, ("secrets",))
        if secret is not None:
            found[name] = secret
    return found


def _channel(file: ConfigFile, told: dict[str, Any], at: Place) -> Channel:
    cls = CHANNELS.get(str(told.get("kind")))
    if cls is None:
        raise file.error((*at, "kind"), f"no such channel kind; there are {', '.join(sorted(CHANNELS))}")
    channel: Channel = values.table(file, cls, told, at)
    if isinstance(channel, EmailChannel) and not channel.recipients:
        raise file.error((*at, "recipients"), "expected at least one address")
    if isinstance(channel, AppriseChannel):
        file.asked((*at, _given(told, "url")), lambda: service(channel.url.reveal()))
        return channel
    address = getattr(channel, "url", "https://x")
    if not is_web_address(address.reveal() if isinstance(address, Secret) else address):
        raise file.error((*at, _given(told, "url")), "expected an http or https address")
    if isinstance(channel, WebhookChannel):
        for name, secret in (("secret", channel.secret), ("secret_before", channel.secret_before)):
            if secret is not None:
                file.asked((*at, _given(told, name)), lambda one=secret: secret_bytes(one.reveal()))
    return channel


def _check_pressers(file: ConfigFile, channels: Sequence[Channel]) -> None:
    """A press tells the channel of Slack that it came from, not which of ours posted there: one list must hold for all."""
    first: dict[tuple[str, str, str], SlackBotChannel] = {}
    for number, one in enumerate(channels):
        if isinstance(one, SlackBotChannel) and one.app_token is not None:
            other = first.setdefault((one.api, one.channel, one.app_token.reveal()), one)
            if set(one.allowed_users) != set(other.allowed_users):
                message = f"{other.name!r} posts to the same channel of Slack and lets others press"
                raise file.error(("channels", number, "allowed_users"), message)


def _given(told: dict[str, Any], name: str) -> str:
    """The key by which a setting was given: itself, or as a file or an environment variable."""
    return next((key for key in (name, f"{name}_file", f"{name}_env") if key in told), name)


def _prover(file: ConfigFile, told: dict[str, Any], at: Place) -> ProverSettings:
    """A prover; its paths are relative to the configuration."""
    read: ProverSettings = values.table(file, ProverSettings, told, at)
    if not NAME.match(read.name):
        raise file.error((*at, "name"), "expected letters, digits, dots and dashes, at most 64")
    folder = file.path.resolve().parent
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
        raise file.error((*at, key) if key else at, message) from None
    return prover
