"""`leakwatch prover`: serve, where the owner's files are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli._shared import say
from leakwatch.errors import ConfigError, InputError

if TYPE_CHECKING:
    from leakwatch.model.asset import AssetFile
    from leakwatch.secret import Secret

app = typer.Typer(help="Hashes for a daemon elsewhere, made where the files are.", no_args_is_help=True)
_MAX_TOKEN_BYTES = 4096
_MIB = 2**20


@app.callback()
def _prover() -> None:
    """Hashes for a daemon elsewhere, made where the files are."""


@app.command()
def serve(
    prints: Annotated[
        list[Path], typer.Option("--prints", help="Output of `asset fingerprint`; may be repeated.")
    ],
    token_file: Annotated[
        Path, typer.Option("--token-file", help="Holds the token that the daemon has to send.")
    ],
    socket: Annotated[
        Path | None, typer.Option("--socket", help="Listen here, for this user's processes alone.")
    ] = None,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Listen here; without TLS only on loopback.")
    ] = "",
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="The certificate and its chain, in PEM.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="The certificate's key, in PEM.")] = None,
    max_mib_per_s: Annotated[
        float, typer.Option("--max-mib-per-s", help="Read and hash no faster.", min=1, max=100_000)
    ] = 200,
) -> None:
    """Answer pieces of fingerprinted files with their SHA-1 and nothing else, until SIGTERM."""
    from leakwatch.assetfiles import LocalHasher  # noqa: PLC0415
    from leakwatch.logs import configure  # noqa: PLC0415
    from leakwatch.prover import server  # noqa: PLC0415
    from leakwatch.prover.app import make_app  # noqa: PLC0415

    configure()
    host, port = _address(listen) if listen else ("", 0)
    place = server.Place(socket=socket, host=host, port=port, certificate=certificate, key=key)
    place.check()
    files = [file for path in prints for file in _printed(path)]
    made = make_app(files, LocalHasher(), _token(token_file), max_mib_per_s * _MIB)
    server.serve(made, place, lambda address: say(f"leakwatch: {len(files)} files, asked for at {address}"))


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise typer.BadParameter("expected HOST:PORT", param_hint="--listen")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _token(path: Path) -> Secret:
    from leakwatch.prover.settings import check_token  # noqa: PLC0415
    from leakwatch.secret import Secret  # noqa: PLC0415
    from leakwatch.service import read_text  # noqa: PLC0415

    token = Secret(read_text(path, _MAX_TOKEN_BYTES).strip())
    try:
        check_token(token)
    except ConfigError as error:
        raise ConfigError(error.message.removeprefix("token: "), file=str(path)) from None
    return token


def _printed(path: Path) -> list[AssetFile]:
    """The files of one output of `asset fingerprint`. Raises: InputError if a line lacks what a file is known by."""
    from leakwatch.catalogue import parse_catalogue  # noqa: PLC0415
    from leakwatch.service import read_text  # noqa: PLC0415

    told = parse_catalogue(read_text(path), str(path))
    files = [*told.files, *(file for asset in told.assets for file in asset.files)]
    if not files:
        raise InputError("no file in it", file=str(path))
    for file in files:
        if None in (file.sha256, file.size_bytes, file.local_path, file.mtime_ns):
            lacks = "lacks size_bytes, sha256, local_path or mtime_ns; run `leakwatch asset fingerprint` here"
            raise InputError(f"{file.path!r} {lacks}", file=str(path))
    return files
