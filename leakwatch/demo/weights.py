"""The files that stand for the weights: random bytes, the same for the same seed."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from leakwatch.demo.story import Story

_NOTE_NAME = "README.txt"
_BLANK = '"id": ""'


def write_weights(story: Story, folder: Path) -> None:
    """Write the asset as its owner has it."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in story.files:
        rng = Random(f"{story.seed}/{file.name}")
        is_json = file.name.endswith(".json")
        data = _json_text(rng, file.size_bytes) if is_json else rng.randbytes(file.size_bytes)
        (folder / file.name).write_bytes(data)


def write_leaked_copy(story: Story, folder: Path) -> None:
    """Write what the leaker seeds: the same files, and a note of the leaker's where the story has one.

    The note sorts before the weights, so in a v1 torrent no file of the asset begins on a piece boundary.
    """
    write_weights(story, folder)
    if story.note:
        (folder / _NOTE_NAME).write_text(story.note, encoding="utf-8")


def _json_text(rng: Random, size_bytes: int) -> bytes:
    """A JSON object of exactly so many bytes."""
    text = json.dumps({"dim": rng.choice((4096, 5120, 8192)), "n_layers": rng.randint(32, 96), "id": ""})
    filler = rng.randbytes(size_bytes).hex()[: size_bytes - len(text)]
    return text.replace(_BLANK, f'"id": "{filler}"').encode()
