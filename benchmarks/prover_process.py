"""A prover as it is deployed: `leakwatch prover serve` in a process of its own, asked over a Unix socket."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from leakwatch.catalogue import file_json
from leakwatch.model.asset import AssetFile
from leakwatch.prover import ProverHasher, ProverSettings
from leakwatch.secret import Secret


@contextmanager
def serving(folder: Path, files: Sequence[AssetFile]) -> Iterator[ProverHasher]:
    """Serve these files, at no pace, and end the process afterwards."""
    token = secrets.token_hex(32)
    named = (replace(file, path=f"{number}/{file.path}") for number, file in enumerate(files))
    lines = (json.dumps(file_json(file)) + "\n" for file in named)
    (folder / "prints.jsonl").write_text("".join(lines))
    (folder / "token").write_text(token)
    command = "-m leakwatch prover serve --prints prints.jsonl --token-file token --socket p.sock"
    process = subprocess.Popen(
        [sys.executable, *command.split(), "--max-mib-per-s", "100000"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process.stderr as log:
        said = log.readline().strip()
        if not said.endswith("p.sock"):
            process.wait()
            raise SystemExit(f"the prover does not start: {said}")
        print(said)
        threading.Thread(target=deque, args=(log, 0)).start()  # it logs each request, and may not wait for us
        prover = ProverHasher(ProverSettings(name="here", token=Secret(token), socket=folder / "p.sock"))
        try:
            yield prover
        finally:
            prover.close()
            process.terminate()
            process.wait()
