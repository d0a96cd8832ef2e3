"""`leakwatch torrent`: show and prove, offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli._shared import JsonOption, emit, say
from leakwatch.display import clean
from leakwatch.errors import HeaderError, InputError, MetainfoError

if TYPE_CHECKING:
    from leakwatch.model.asset import AssetFile
    from leakwatch.torrent.infohash import Infohashes
    from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo

_MAX_PATH = 2000
app = typer.Typer(help="Torrents and magnets, read offline; content is never fetched.", no_args_is_help=True)


@app.command()
def show(
    what: Annotated[str, typer.Argument(metavar="FILE|MAGNET", help="A .torrent file or a magnet URI.")],
    as_json: JsonOption = False,
) -> None:
    """Show what a torrent or magnet says. A broken torrent still gives its infohash, beside the error."""
    if what[:7].lower() == "magnet:":
        from leakwatch.torrent.magnet import parse_magnet  # noqa: PLC0415

        magnet = parse_magnet(what)
        _show(_magnet_json(magnet), as_json)
        return
    from leakwatch.service import read_torrent  # noqa: PLC0415

    try:
        torrent = read_torrent(Path(what))
    except MetainfoError as error:
        raise MetainfoError(f"{what}: {error.message}", error.value) from error
    told = _hashes(torrent.infohashes) | _info_json(torrent.info)
    told |= {"trackers": list(torrent.trackers), "web_seeds": list(torrent.web_seeds)}
    _show(told, as_json)
    for problem in torrent.problems:
        say(f"leakwatch: {clean(what)}: {clean(problem)} (not your fault: the torrent came that way)")
    raise typer.Exit(1 if torrent.problems else 0)


def _hashes(infohashes: Infohashes) -> dict[str, Any]:
    v1, v2 = infohashes.v1, infohashes.v2
    return {"infohash_v1": v1.hex() if v1 else None, "infohash_v2": v2.hex() if v2 else None}


def _magnet_json(magnet: Any) -> dict[str, Any]:
    told = _hashes(magnet.infohashes) | {"name": magnet.name or None, "piece_length": None, "files": []}
    told |= {"trackers": list(magnet.trackers), "web_seeds": list(magnet.web_seeds)}
    peers = {
        "peers": [list(one) for one in magnet.peers],
        "dht_nodes": [list(one) for one in magnet.dht_nodes],
    }
    return told | peers | {"selected_files": list(magnet.selected_files), "size_bytes": magnet.size_bytes}


def _info_json(info: TorrentInfo | None) -> dict[str, Any]:
    """Names as text and as they may be shown; as bytes, too, where the text does not give the bytes back."""
    if info is None:
        return {"name": None, "piece_length": None, "files": []}
    return {
        "name": info.name,
        "name_safe": clean(info.name),
        **_raw("name_hex", (info.raw_name,)),
        "piece_length": info.piece_length,
        "files": [_file_json(file) for file in info.files if not file.is_pad],
    }


def _file_json(file: TorrentFile) -> dict[str, Any]:
    told = {
        "path": file.path,
        "size_bytes": file.size_bytes,
        "pieces_root": file.pieces_root.hex() if file.pieces_root else None,
    }
    safe = clean(file.path, _MAX_PATH)
    return told | ({} if safe == file.path else {"path_safe": safe}) | _raw("path_hex", file.raw_path)


def _raw(key: str, parts: tuple[bytes, ...]) -> dict[str, str]:
    """The bytes in hex, parts joined by `/`, where they are not UTF-8 or a part has a `/` in it."""
    try:
        is_told = all("/" not in part.decode() for part in parts)
    except UnicodeDecodeError:
        is_told = False
    return {} if is_told else {key: "/".join(part.hex() for part in parts)}


def _show(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(told)
        return
    for name, value in told.items():
        if name == "files":
            for file in value:
                typer.echo(
                    f"file: {clean(file['path'], _MAX_PATH)}\t{file['size_bytes']}\t{file['pieces_root'] or ''}"
                )
        elif value not in (None, [], ""):
            shown = value if isinstance(value, list) else [value]
            typer.echo(f"{name}: {', '.join(clean(str(one), 2000) for one in shown)}")


@app.command()
def prove(
    torrent: Annotated[Path, typer.Argument(help="A .torrent file.")],
    asset_path: Annotated[
        list[Path], typer.Option("--asset-path", help="The owner's files or folders; may be repeated.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Say with arithmetic whether a torrent carries these files; only the owner's own bytes are read."""
    from leakwatch.assetfiles import LocalHasher, LocalLayers  # noqa: PLC0415
    from leakwatch.cli._proofs import proof_json, proof_lines  # noqa: PLC0415
    from leakwatch.proof import Layers  # noqa: PLC0415
    from leakwatch.proof import prove as prove_files  # noqa: PLC0415
    from leakwatch.service import read_torrent  # noqa: PLC0415

    read = read_torrent(torrent)
    if read.info is None:
        raise MetainfoError(f"{torrent}: {'; '.join(read.problems)}")
    for problem in read.problems:
        say(f"leakwatch: {clean(str(torrent))}: {clean(problem)}; judged without that")
    layers = Layers(read.layers, LocalLayers(read.info.piece_length))
    proof = prove_files(read.info, _files(asset_path, read.info), LocalHasher(), layers=layers)
    if as_json:
        emit(proof_json(proof))
        return
    for line in proof_lines(proof):
        typer.echo(line)


def _files(paths: list[Path], info: TorrentInfo) -> list[AssetFile]:
    """The owner's files with as little reading as the torrent allows: a root is computed only where one can match."""
    from leakwatch.assetfiles import fingerprint, walk  # noqa: PLC0415
    from leakwatch.model.asset import AssetFile  # noqa: PLC0415

    sizes = {file.size_bytes for file in info.files if file.pieces_root}
    found: list[AssetFile] = []
    for one in walk(paths):
        try:
            status = one.local.stat()
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", file=str(one.local)) from error
        if status.st_size in sizes:
            found.append(fingerprint(one, lambda _: None))
        else:
            place, changed = str(one.local), status.st_mtime_ns
            header = _header(one.local, status.st_size)
            found.append(
                AssetFile(
                    path=one.path,
                    size_bytes=status.st_size,
                    local_path=place,
                    mtime_ns=changed,
                    header=header,
                )
            )
    return found


def _header(local: Path, size_bytes: int) -> str | None:
    """The print of a weights file's header, for which no more is read than the header; a broken one is none."""
    from leakwatch.headers.prints import print_of  # noqa: PLC0415
    from leakwatch.headers.reader import bytes_needed, read_header  # noqa: PLC0415
    from leakwatch.headers.stored import to_text  # noqa: PLC0415

    try:
        with local.open("rb") as file:
            head = b""
            while more := file.read(max(0, bytes_needed(head) - len(head))):
                head += more
        header = read_header(head, size_bytes)
        return to_text(print_of(header)) if header else None
    except HeaderError:
        return None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(local)) from error
