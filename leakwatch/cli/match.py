"""`leakwatch match` and `leakwatch extract`: pure, no database; what outside tests use."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from json.encoder import encode_basestring as _text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from leakwatch.cli._shared import JsonOption, emit, now, say
from leakwatch.display import escaped_json

if TYPE_CHECKING:
    from leakwatch.model.finding import Match


_BATCH, _BATCH_BYTES = 4096, 2**18
_MAX_DIGITS = 20
_SITE = "stdin"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(match)
    app.command()(extract)


def match(
    catalogue: Annotated[Path, typer.Option("--catalogue", help="Assets as JSON lines.")],
    as_json: JsonOption = False,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="Your own rules, beside the shipped ones.")
    ] = None,
) -> None:
    """Match names against a catalogue: lines `name` or `name<TAB>size in bytes` on stdin, in order."""
    from leakwatch.matching.engine import match_all, match_names  # noqa: PLC0415
    from leakwatch.matching.index import build_index  # noqa: PLC0415
    from leakwatch.model.observation import Observation  # noqa: PLC0415
    from leakwatch.service import load_rules, load_weights, read_catalogue  # noqa: PLC0415

    index = build_index(read_catalogue(catalogue).assets)
    weights, pack, at = load_weights(), load_rules(rules), now()
    show = _as_json if as_json else _for_people
    gc.freeze()  # what stays to the end is not looked through again for garbage
    bad = first = 0
    for lines in _batches(sys.stdin.buffer):
        names, sizes, wrong = _read(lines, first)
        bad += wrong
        first += len(lines)
        if sizes:
            seen = [
                Observation(site=_SITE, native_id="", title=name, fetched_at=at, size_bytes=sizes.get(number))
                for number, name in enumerate(names)
            ]
            found = match_all([(one, ()) for one in seen], index, weights, pack)
        else:
            found = match_names(names, _SITE, at, index, weights, pack)
        answers = [show(name, some) for name, some in zip(names, found, strict=True)]
        sys.stdout.write("".join(answers))
        sys.stdout.flush()
    raise typer.Exit(1 if bad else 0)


def _read(lines: list[bytes], first: int) -> tuple[list[str], dict[int, int], int]:
    """The names of some lines, the sizes of those that have one, and how many have no number where a size belongs."""
    names = [line.decode("utf-8", "replace").rstrip("\r\n") for line in lines]
    sizes: dict[int, int] = {}
    bad = 0
    for number, line in enumerate(names):
        if "\t" not in line:  # nearly always
            continue
        names[number], _, told = line.partition("\t")
        if told.isascii() and told.isdigit() and len(told) < _MAX_DIGITS:
            sizes[number] = int(told)
        elif told:
            bad += 1
            say(
                f"leakwatch: line {first + number + 1}: not a number of bytes: {told[:40]!r}; "
                "the name is matched without it"
            )
    return names, sizes, bad


def _batches(stream: BinaryIO) -> Iterator[list[bytes]]:
    """Lines as they come: a whole batch where many wait, fewer where somebody types. Memory: one batch."""
    read = getattr(stream, "read1", stream.read)
    rest = b""
    while data := read(_BATCH_BYTES):
        *lines, rest = (rest + data).split(b"\n")
        for start in range(0, len(lines), _BATCH):
            yield lines[start : start + _BATCH]
    if rest:
        yield [rest]


def _as_json(name: str, found: tuple[Match, ...]) -> str:
    if not found:  # of a million names nearly all
        return f'{{"name": {escaped_json(_text(name))}, "best": null, "tier": null, "score": 0.0, "candidates": []}}\n'
    best = found[0] if found[0].tier else None
    candidates: list[dict[str, Any]] = [
        {
            "asset": one.asset,
            "score": one.score,
            "signals": [{"kind": s.kind.value, "detail": s.detail, "weight": s.weight} for s in one.signals],
        }
        for one in found
    ]
    told = {
        "name": name,
        "best": best.asset if best else None,
        "tier": best.tier.value if best and best.tier else None,
        "score": found[0].score,
        "candidates": candidates,
    }
    return escaped_json(json.dumps(told, ensure_ascii=False)) + "\n"


def _for_people(name: str, found: tuple[Match, ...]) -> str:
    from leakwatch.display import clean  # noqa: PLC0415

    best = found[0] if found and found[0].tier else None
    lines = [
        f"{clean(name)}\t{best.asset if best else '-'}\t{best.tier.value if best and best.tier else '-'}"
    ]
    lines += [
        f"    {one.asset} {signal.weight:+6.1f} {signal.kind.value}: {clean(signal.detail)}"
        for one in found[:3]
        for signal in one.signals
    ]
    return "\n".join(lines) + "\n"


def extract(as_json: JsonOption = False) -> None:
    """Find where content can be had in text or HTML on stdin, in armour, too.

    Magnet URIs, infohashes, .torrent URLs, ed2k links, IPFS content ids and links to file hosts; as they stand,
    defanged, with letters apart, or in percent, HTML, base64, base32, hex, rot13, turned round, up to four deep.
    """
    from leakwatch.display import clean  # noqa: PLC0415
    from leakwatch.extract.links import MAX_TEXT, find_locators  # noqa: PLC0415
    from leakwatch.service import load_hosts  # noqa: PLC0415

    text = sys.stdin.buffer.read(4 * MAX_TEXT + 1).decode("utf-8", "replace")
    if len(text) > MAX_TEXT:
        say(f"leakwatch: only the first {MAX_TEXT} characters are read")
    for one in find_locators(text, load_hosts()):
        if as_json:
            chain = list(one.decode_chain)
            emit({"kind": one.kind.value, "value": one.value, "offset": one.offset, "decode_chain": chain})
        else:
            typer.echo(f"{one.offset}\t{one.kind.value}\t{clean(one.value, 2000)}")
