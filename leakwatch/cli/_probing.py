"""`leakwatch source test`: what an address or a site shows, on one screen."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from leakwatch.cli._reading import shown_size
from leakwatch.cli._shared import DEFAULT_CONFIG, ConfigOption, JsonOption, emit, load, run_async, say
from leakwatch.display import clean
from leakwatch.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from leakwatch.config import Config
    from leakwatch.model.observation import Observation
    from leakwatch.polling import SiteConfig
    from leakwatch.probing import Guess, Probed, Shown

_EXAMPLES, _TITLE, _WIDTH = 3, 78, 98
_FAILED = 3
_PACE_S = 1.0


def register(app: typer.Typer) -> None:
    """Add the command to `leakwatch source`."""
    app.command("test")(probe)


def probe(
    what: Annotated[str, typer.Argument(metavar="URL|NAME", help="An address, or a site by its name.")],
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Try an address or a site politely, and say what is there, how fast it comes and how to watch it."""
    loaded = load(config)
    probed = run_async(lambda: _probed(what, loaded))
    shown = _judged(probed)
    block = _block(probed, shown) if probed.guess and probed.works else ""
    if as_json:
        emit(_json(probed, shown, block))
    elif shown is None:
        _tell_failure(probed)
    else:
        for line in _screen(probed, shown, block):
            typer.echo(line)
    if not probed.works:
        raise typer.Exit(_FAILED)


async def _probed(what: str, config: Config) -> Probed:
    from leakwatch.crawl.fetcher import HttpFetcher  # noqa: PLC0415
    from leakwatch.daemon import SystemClock  # noqa: PLC0415
    from leakwatch.limited.pages import PageReader  # noqa: PLC0415
    from leakwatch.probing import Means, probe_site, probe_url  # noqa: PLC0415

    site = None if "://" in what else _named(what, config)
    reader = PageReader()
    try:
        async with HttpFetcher(config.door, secret=config.secret, clock=SystemClock()) as fetcher:
            means = Means(fetcher, reader, _PACE_S)
            if site is not None:
                return await probe_site(site, means)
            return await probe_url(what, lambda guess: _configured(guess, config), means)
    finally:
        await reader.aclose()


def _named(name: str, config: Config) -> SiteConfig:
    """A configured site, or one of the catalogue as it would be. Raises: ConfigError."""
    from leakwatch.config import with_sites  # noqa: PLC0415
    from leakwatch.config.shipped import shipped, text_of  # noqa: PLC0415

    found = next((site for site in config.sites if site.name == name), None)
    if found is not None:
        return found
    entry = shipped().get(name)
    if entry is None:
        raise ConfigError(
            f"no site {name!r}; give an address with https://, or a name of `leakwatch source list [--available]`"
        )
    if entry.must_set:
        raise ConfigError(f"{name} is a template: enable it with its settings, then test it by its name")
    return with_sites(config, Path(f"{name}.toml"), text_of(entry, {})).sites[-1]


def _configured(guess: Guess, config: Config) -> SiteConfig:
    """A site of a guess, read as the configuration reads it. Raises: ConfigError."""
    from leakwatch.config import with_sites  # noqa: PLC0415

    text = _table("source-test", guess, {"min_interval_s": _PACE_S})
    return with_sites(config, Path("the block that would be written"), text).sites[-1]


def _table(name: str, guess: Guess, more: dict[str, Any]) -> str:
    from leakwatch.config.shipped import toml  # noqa: PLC0415

    told = {"name": name, "kind": guess.kind, **guess.settings, **more}
    return "\n".join(["[[sites]]", *(f"{key} = {toml(value)}" for key, value in told.items())])


def _judged(probed: Probed) -> Shown | None:
    from leakwatch.probing import judge  # noqa: PLC0415
    from leakwatch.service import load_hosts  # noqa: PLC0415
    from leakwatch.sources import KINDS  # noqa: PLC0415

    if probed.site is None or probed.error is not None:
        return None
    is_window = bool(getattr(KINDS[probed.site.kind], "is_window", False))
    return judge(
        probed.seen,
        load_hosts(),
        is_window=is_window,
        first_page=probed.first_page,
        incomplete=probed.incomplete,
    )


def _block(probed: Probed, shown: Shown | None) -> str:
    """A [[sites]] table to paste, at the interval that its items ask for."""
    if probed.guess is None or shown is None:
        return ""
    every = shown.every_s
    more = {
        "every": _duration(every),
        "every_min": _duration(max(60, every // 4)),
        "every_max": _duration(every * 6),
        "jitter": _duration(max(5, every // 20)),
        "min_interval_s": 2.0,
    }
    return _table(_name(probed), probed.guess, more)


def _name(probed: Probed) -> str:
    """A name from the host, and the path's last part where that says more."""
    parts = urlsplit(probed.url)
    words = f"{(parts.hostname or '').removeprefix('www.')}-{parts.path.strip('/').rpartition('/')[2]}"
    return re.sub(r"[^a-z0-9]+", "-", words.lower().removesuffix(".xml")).strip("-")[:64].strip("-") or "site"


def _duration(seconds: int) -> str:
    return (
        f"{seconds // 3600}h"
        if seconds % 3600 == 0
        else f"{seconds // 60}m"
        if seconds % 60 == 0
        else f"{seconds}s"
    )


def _tell_failure(probed: Probed) -> None:
    from leakwatch.probing import remedy  # noqa: PLC0415

    error = probed.error
    if error is None:
        return
    say(f"{clean(probed.url, 200)}: cannot be watched like this")
    lines = [f"reason   {error.failure.value}: {clean(error.message, 500)}"]
    lines += [f"remedy   {remedy(error)}{_secret(probed)}"]
    lines += [f"tried    {one.what}: {clean(one.told, 200)}" for one in probed.tried]
    for line in lines:
        say(textwrap.fill(line, _WIDTH, subsequent_indent=" " * 9, break_on_hyphens=False))
    if probed.is_page:
        say(
            "         A page without a feed can be read by its rows: see `page` and `cardigann` in docs/sources."
        )


def _secret(probed: Probed) -> str:
    """Which setting of the kind would name a secret, where a login is asked for."""
    from leakwatch.config.sites import credentials_of  # noqa: PLC0415
    from leakwatch.errors import Failure  # noqa: PLC0415
    from leakwatch.sources import KINDS  # noqa: PLC0415

    kind = probed.guess.kind if probed.guess else probed.site.kind if probed.site else ""
    if probed.error is None or probed.error.failure is not Failure.LOGIN or kind not in KINDS:
        return ""
    names = credentials_of(KINDS[kind].settings)
    return f" Of {kind} sites the secret is named by {' or '.join(names)}." if names else ""


def _screen(probed: Probed, shown: Shown, block: str) -> list[str]:
    """What a newcomer wants to know, in lines."""
    kind = probed.site.kind if probed.site else ""
    why = f", {probed.guess.why}" if probed.guess else ""
    many = "" if probed.requests == 1 else "s"
    lines = [clean(probed.url, 200), f"works     {kind}{why}; {probed.requests} request{many}"]
    lines += [f"moved     to {clean(probed.moved_to, 200)}"] if probed.moved_to else []
    lines += [f"items     {shown.items}{_times(shown)}", f"rate      {_rate(shown)}"]
    lines += ["fields    " + "  ".join(f"{name} {share:.0%}" for name, share in shown.shares.items())]
    lines += [
        f"{'examples' if not at else '':10}{_example(one)}" for at, one in enumerate(probed.seen[:_EXAMPLES])
    ]
    lines += [f"{'warning':10}{clean(one, 200)}" for one in shown.warnings]
    if block:
        lines += [
            "",
            "To watch it, paste this into leakwatch.toml:",
            "",
            *(clean(one, 300) for one in block.splitlines()),
        ]
    return lines


def _times(shown: Shown) -> str:
    if shown.newest is None or shown.oldest is None:
        return ""
    return f", newest {_moment(shown.newest)}, oldest {_moment(shown.oldest)}"


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def _rate(shown: Shown) -> str:
    if shown.per_hour is None or shown.span is None:
        return f"not known: too few items have a time; begin with every {_duration(shown.every_s)}"
    hour = shown.per_hour
    told = f"about {hour:.0f} an hour" if hour >= 1 else f"about {hour * 24:.1f} a day"
    end = (
        ", or items are missed when it is busy"
        if shown.is_window
        else "; nothing is missed by reading it later"
    )
    return f"{told} over {_span(shown.span)}: poll every {_duration(shown.every_s)}{end}"


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} seconds"


def _example(one: Observation) -> str:
    size = shown_size(one.size_bytes) if one.size_bytes is not None else ""
    at = one.published_at.strftime("%m-%d %H:%M") if one.published_at else ""
    more = ", ".join(part for part in (size, at) if part)
    return clean(one.title, _TITLE - len(more)) + (f" ({more})" if more else "")


def _json(probed: Probed, shown: Shown | None, block: str) -> dict[str, Any]:
    from leakwatch.probing import remedy  # noqa: PLC0415

    told: dict[str, Any] = {"url": probed.url, "works": probed.works, "requests": probed.requests}
    told |= {
        "kind": probed.site.kind if probed.site else None,
        "why": probed.guess.why if probed.guess else None,
    }
    error = probed.error
    told["error"] = (
        {"failure": error.failure.value, "message": error.message, "remedy": remedy(error)} if error else None
    )
    told["tried"] = [{"what": one.what, "told": one.told} for one in probed.tried]
    if shown is not None:
        told |= {"items": shown.items, "newest": shown.newest, "oldest": shown.oldest}
        told |= {"per_hour": shown.per_hour, "every_s": shown.every_s, "shares": shown.shares}
        told |= {"warnings": list(shown.warnings), "examples": [one.title for one in probed.seen[:_EXAMPLES]]}
    return told | {"block": block or None}
