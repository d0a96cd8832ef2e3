"""`leakwatch source parse|definition`: a saved page as its kind reads it, and a definition on its own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli._shared import JsonOption, emit, now, say
from leakwatch.display import clean
from leakwatch.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from leakwatch.model.observation import Observation
    from leakwatch.sources._kind import Request, SourceKind

_MAX_PAYLOAD = 64 * 2**20
_MAX_DEFINITION = 2**20
_STATE = frozenset({"step", "board", "api", "web", "repository", "thread", "site", "id", "number", "title"})


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(parse)
    app.command()(definition)


def parse(
    kind: Annotated[str, typer.Argument(help="The source kind, such as feed or torznab.")],
    file: Annotated[Path, typer.Argument(help="A saved answer of such a site.")],
    site: Annotated[
        Path | None,
        typer.Option(
            "--site", help="TOML: the site's settings, or url, status, headers and state of the request."
        ),
    ] = None,
    definition: Annotated[
        Path | None, typer.Option("--definition", help="The definition of a `cardigann` site.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read a saved page as its kind would, and print the observations."""
    from leakwatch.service import read_bytes  # noqa: PLC0415
    from leakwatch.sources import kind_named  # noqa: PLC0415
    from leakwatch.sources._kind import Payload, Request  # noqa: PLC0415

    chosen = kind_named(kind)
    told = _site(site)
    if (definition is None) is (chosen.name == "cardigann"):
        raise ConfigError("a cardigann page, and no other, is read with --definition FILE.yml")
    first = None if definition else _first_request(chosen, site, str(told.get("url") or ""))
    url = first.url if first else str(told.get("url") or "")
    state = dict(first.state) if first else {k: v for k, v in told.items() if k in _STATE}
    state = {"site": file.stem} | state | told.get("state", {})
    if definition is not None:
        state = _by_definition(definition, str(told.get("words") or "")) | state
        url = url or str(state["job"]["link"])
    payload = Payload(
        request=Request(url=url, state=state),
        url=url,
        status=int(told.get("status", 200)),
        headers={str(k).lower(): str(v) for k, v in told.get("headers", {}).items()},
        body=read_bytes(file, _MAX_PAYLOAD),
        fetched_at=now(),
    )
    try:
        page = chosen.parse(payload)
    except SourceError as error:
        say(
            f"leakwatch: {clean(str(file))}: {clean(error.message, 1000)} (not your fault: the page came that way)"
        )
        raise typer.Exit(1) from error
    for one in page.observations:
        _show(one, as_json)
    follow = len(page.next_requests)
    if follow:
        say(f"leakwatch: {follow} more page{'s' if follow != 1 else ''} would be read next")


def definition(
    file: Annotated[Path, typer.Argument(help="A definition in the format of Jackett and Prowlarr.")],
    check: Annotated[bool, typer.Option("--check", help="Say only what is wrong or not supported.")] = False,
) -> None:
    """Load a Cardigann definition and say what it is, or what of it is wrong or not supported."""
    from leakwatch.sources.cardigann import examine  # noqa: PLC0415

    loaded, found = examine(_definition_text(file), str(file))
    for one in found:
        say(f"leakwatch: {clean(one.message, 500)}")
    if found or loaded is None:
        raise typer.Exit(2)
    if loaded.login:
        say(
            f"leakwatch: {clean(str(file))}:{loaded.login_line}: login: not supported: sign-in by {clean(loaded.login, 40)}; "
            "a site of it needs as_guest = true and shows what guests see"
        )
    if not check:
        kinds = ", ".join(dict.fromkeys(path.response for path in loaded.search.paths))
        told = f"{len(loaded.links)} links, {len(loaded.search.paths)} paths, {kinds}"
        told += f", a request every {loaded.request_delay_s:g} s" if loaded.request_delay_s else ""
        typer.echo(
            f"{clean(loaded.id, 80)}\t{clean(loaded.name, 80)}\t{told}\tsettings: {', '.join(loaded.settings)}"
        )


def _definition_text(file: Path) -> str:
    from leakwatch.service import read_bytes  # noqa: PLC0415

    try:
        return read_bytes(file, _MAX_DEFINITION).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"expected UTF-8: {error}", file=str(file)) from error


def _by_definition(file: Path, words: str) -> dict[str, Any]:
    """The state of a request whose answer is read by a definition. Raises: ConfigError."""
    from leakwatch.sources._kind import FileText  # noqa: PLC0415
    from leakwatch.sources.cardigann import saved_state  # noqa: PLC0415

    return saved_state(FileText(str(file), _definition_text(file)), words)


def _site(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    from leakwatch.service import read_text  # noqa: PLC0415

    try:
        told = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"broken TOML: {error}", file=str(path)) from error
    for name, kind in (("status", int), ("headers", dict), ("state", dict)):
        if not isinstance(told.get(name, kind()), kind):
            raise ConfigError(
                f"expected a {'table' if kind is dict else 'number'}", file=str(path), field=name
            )
    return told


def _first_request(kind: SourceKind, path: Path | None, url: str) -> Request | None:
    """The request of this address with which a poll begins, else the first, by the settings in the file.

    None where it holds no settings, or nothing is asked. Raises: ConfigError.
    """
    from leakwatch.config.reader import site_settings  # noqa: PLC0415
    from leakwatch.sources._kind import PolledKind  # noqa: PLC0415

    others = _STATE | {"status", "headers", "state"}
    settings = site_settings(path, kind, others) if path is not None else None
    if settings is None or not isinstance(kind, PolledKind):
        return None
    requests = list(kind.start(settings, {}))
    return next((one for one in requests if one.url == url), requests[0] if requests else None)


def _show(seen: Observation, as_json: bool) -> None:
    if not as_json:
        typer.echo(
            f"{clean(seen.native_id, 80)}\t{clean(seen.title, 120)}\t{seen.size_bytes or ''}\t{clean(seen.url or '', 200)}"
        )
        return
    emit(observation_json(seen))


def observation_json(seen: Observation) -> dict[str, Any]:
    """An observation as the contract of `source parse` has it: absent facts are null."""
    from leakwatch.extract.links import locate  # noqa: PLC0415
    from leakwatch.model.observation import LocatorKind  # noqa: PLC0415
    from leakwatch.service import load_hosts  # noqa: PLC0415

    located = locate(seen, load_hosts()).locators
    magnet = seen.magnet or next((one.value for one in located if one.kind is LocatorKind.MAGNET), None)
    torrent_url = seen.torrent_url or next(
        (one.value for one in located if one.kind is LocatorKind.TORRENT_URL), None
    )
    hashes = [one.infohashes for one in located if one.infohashes]
    v1 = seen.infohash_v1 or next((one.v1.hex() for one in hashes if one.v1), None)
    v2 = seen.infohash_v2 or next((one.v2.hex() for one in hashes if one.v2), None)
    files = [
        {name: getattr(one, name) for name in ("path", "size_bytes", "sha256", "sha1", "md5", "git_blob")}
        for one in seen.files
    ]
    return {
        "title": seen.title,
        "url": seen.url,
        "native_id": seen.native_id,
        "published_at": seen.published_at.isoformat() if seen.published_at else None,
        "author": seen.author,
        "size_bytes": seen.size_bytes,
        "size_is_exact": seen.size_is_exact if seen.size_bytes is not None else None,
        "infohash_v1": v1,
        "infohash_v2": v2,
        "magnet": magnet,
        "torrent_url": torrent_url,
        "seeders": seen.seeders,
        "leechers": seen.leechers,
        "files": files,
        "text": seen.text,
        "locators": [{"kind": one.kind.value, "value": one.value, "offset": one.offset} for one in located],
    }
