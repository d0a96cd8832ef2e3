"""What the prover's tests share: files with prints, and the real command as a process."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import leakwatch
from leakwatch.assetfiles import Found, fingerprint
from leakwatch.catalogue import file_json
from leakwatch.model.asset import AssetFile
from leakwatch.prover import ProverHasher, ProverSettings
from leakwatch.secret import Secret

ROOT = Path(leakwatch.__file__).parents[1]
TOKEN = "0123456789abcdef0123456789abcdef"
KIB = 1024
START = "from leakwatch.__main__ import main; main()"


@dataclass(frozen=True)
class Owner:
    """The owner's side: contents, their prints, and the files in which both lie."""

    folder: Path
    contents: dict[str, bytes]
    files: dict[str, AssetFile]

    @property
    def prints(self) -> Path:
        """As `asset fingerprint` writes them."""
        return self.folder / "prints.jsonl"

    @property
    def token_file(self) -> Path:
        """What `--token-file` names."""
        return self.folder / "token"

    def remote(self, path: str) -> AssetFile:
        """A file as the daemon knows it: digests and no place, for the bytes were never there."""
        return replace(self.files[path], local_path=None, mtime_ns=None, tables=())


@dataclass(frozen=True)
class Running:
    """A prover that runs."""

    process: subprocess.Popen[str]
    address: str
    log: list[str]

    def settings(
        self, token: str = TOKEN, ca_file: Path | None = None, deadline_s: float = 10
    ) -> ProverSettings:
        """How to reach it."""
        is_url = "://" in self.address
        return ProverSettings(
            name="vault",
            token=Secret(token),
            socket=None if is_url else Path(self.address),
            url=self.address if is_url else None,
            ca_file=ca_file,
            deadline_s=deadline_s,
        )


def make_owner(folder: Path) -> Owner:
    """Random files of several sizes, and one that says nothing."""
    rng = random.Random(7)
    sizes = {"large.bin": 2_000_011, "second.bin": 300_007, "a.txt": 900, "b.txt": 31_000}
    contents = {path: rng.randbytes(size) for path, size in sizes.items()} | {"dull.bin": bytes(100_000)}
    files: dict[str, AssetFile] = {}
    for path, data in contents.items():
        local = folder / path
        local.write_bytes(data)
        files[path] = fingerprint(Found(path, local), lambda _: None)
    owner = Owner(folder, contents, files)
    owner.prints.write_text("".join(json.dumps(file_json(one)) + "\n" for one in files.values()))
    owner.token_file.write_text(TOKEN + "\n")
    return owner


@contextlib.contextmanager
def running(owner: Owner, *options: str, before: str = "") -> Iterator[Running]:
    """`leakwatch prover serve` as a process; what it says is kept, and it must end in order.

    `before` is run in the process first: a test that cannot wait makes a time shorter.
    """
    common = ("--prints", str(owner.prints), "--token-file", str(owner.token_file))
    # asyncio of Python 3.11 forgets a transport whose TLS handshake failed; all other warnings are errors
    warnings = ("-W", "error", "-W", "ignore:unclosed transport:ResourceWarning")
    process = subprocess.Popen(
        [sys.executable, *warnings, "-c", f"{before}\n{START}", "prover", "serve", *common, *options],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    first, log = process.stderr.readline(), list[str]()
    reader = threading.Thread(target=log.extend, args=(process.stderr,))
    reader.start()
    try:
        assert "files, asked for at " in first, first + "".join(log)
        yield Running(process, first.strip().rpartition(" at ")[2], log)
    finally:
        process.terminate()
        code = process.wait(15)
        reader.join()
        process.stderr.close()
    assert code == 0, log
    assert not [line for line in log if "Traceback" in line], log


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    """Files of this test alone."""
    return make_owner(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Owner, Running]]:
    """Files that no test changes, and a prover of them on a Unix socket."""
    owner = make_owner(tmp_path_factory.mktemp("owner"))
    with running(owner, "--socket", str(owner.folder / "p.sock"), "--max-mib-per-s", "10000") as one:
        yield owner, one


@pytest.fixture
def asking() -> Iterator[Callable[[ProverSettings], ProverHasher]]:
    """Makes hashers, and hangs up at the end."""
    made: list[ProverHasher] = []

    def make(settings: ProverSettings) -> ProverHasher:
        made.append(ProverHasher(settings))
        return made[-1]

    yield make
    for one in made:
        one.close()
