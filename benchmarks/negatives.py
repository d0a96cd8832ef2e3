"""Torrents in bulk that do not hold the asset but come as near as constant bytes can: none may be proved.

The asset is half zeros; others of its size share those zeros at the same places, other constants, or patterns
that the asset has too. Used by `makers.py`.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from leakwatch.assetfiles import Found, LocalHasher, fingerprint
from leakwatch.model.asset import AssetFile
from leakwatch.model.finding import Proof, Verdict
from leakwatch.proof import prove
from leakwatch.torrent.infohash import Infohashes, InfohashV1
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo

SIZE = 256 * 1024
LENGTHS = (16_384, 16_384, 20_000, 32_768)
_HALF, _STRETCH = SIZE // 2, 32 * 1024
_PROCESSES = 2
_CONTROL_EVERY = 1000
_PATTERN = b"leakwatch pads with this line of text, again and again\n"


def asset_bytes(seed: int = 11) -> bytes:
    """Half zeros; the rest by turns random, a constant, a pattern, so that every kind of piece border exists."""
    chance = random.Random(seed)
    rest = [chance.randbytes(_STRETCH), b"\xff" * (_STRETCH // 2), patterned(_STRETCH // 2, _PATTERN)]
    rest.append(chance.randbytes(_HALF - sum(map(len, rest))))
    return bytes(_HALF) + b"".join(rest)


def patterned(size: int, pattern: bytes) -> bytes:
    """A pattern repeated."""
    return (pattern * (size // len(pattern) + 1))[:size]


def without_noise(chance: random.Random) -> bytes:
    """The asset with other bytes where it is random: the same zeros, constants and patterns at the same places."""
    asset = bytearray(asset_bytes())
    asset[_HALF : _HALF + _STRETCH] = chance.randbytes(_STRETCH)
    asset[_HALF + 2 * _STRETCH :] = chance.randbytes(SIZE - _HALF - 2 * _STRETCH)
    return bytes(asset)


KINDS: Mapping[str, Callable[[random.Random], bytes]] = {
    "random": lambda chance: chance.randbytes(SIZE),
    "zeros": lambda _chance: bytes(SIZE),
    "a constant": lambda chance: bytes([chance.randrange(256)]) * SIZE,
    "a pattern": lambda chance: patterned(SIZE, chance.randbytes(chance.randrange(1, 65))),
    "the asset's pattern": lambda chance: patterned(SIZE + 64, _PATTERN)[
        (cut := chance.randrange(55)) : cut + SIZE
    ],
    "the asset's zeros, then random": lambda chance: bytes(_HALF) + chance.randbytes(_HALF),
    "the asset's constants, no random": without_noise,
}


def judge(info: TorrentInfo, files: list[AssetFile]) -> Proof:
    """Our verdict."""
    return prove(info, files, LocalHasher())


def torrent_of(data: bytes, piece_length: int, before: int) -> TorrentInfo:
    """A v1 torrent of some other file and this one."""
    content = bytes(before) + data
    starts = range(0, len(content), piece_length)
    pieces = b"".join(hashlib.sha1(content[start : start + piece_length]).digest() for start in starts)
    files = [TorrentFile((b"t", b"model.bin"), len(data), before)]
    if before:
        files.insert(0, TorrentFile((b"t", b"a"), before, 0))
    return TorrentInfo(Infohashes(InfohashV1(bytes(20))), b"t", piece_length, tuple(files), pieces)


@cache
def _files(local: Path) -> list[AssetFile]:
    return [fingerprint(Found("model.bin", local), lambda _count: None)]


def tried(local: Path, numbers: range) -> Counter[tuple[str, str]]:
    """Verdicts by kind. Every thousandth is the asset itself, which must be proved: the control."""
    verdicts: Counter[tuple[str, str]] = Counter()
    kinds = list(KINDS)
    for number in numbers:
        chance = random.Random(number)
        before = chance.choice((0, chance.randrange(1, 40_000)))
        length = chance.choice(LENGTHS)
        kind = kinds[number % len(kinds)]
        verdict = judge(torrent_of(KINDS[kind](chance), length, before), _files(local)).verdict
        verdicts[kind, verdict.value] += 1
        if number % _CONTROL_EVERY == 0:
            verdict = judge(torrent_of(asset_bytes(), length, before), _files(local)).verdict
            verdicts["control: the asset", verdict.value] += 1
    return verdicts


def report_negatives(count: int, folder: Path) -> bool:
    """Print what `count` negatives gave; whether none was proved and every control was."""
    local = folder / "half-zeros.bin"
    local.write_bytes(asset_bytes())
    started = time.monotonic()
    verdicts: Counter[tuple[str, str]] = Counter()
    parts = [range(start, min(count, start + 500)) for start in range(0, count, 500)]
    with ProcessPoolExecutor(_PROCESSES) as pool:
        for part in pool.map(tried, [local] * len(parts), parts):
            verdicts += part
    took_s = time.monotonic() - started
    for (kind, verdict), number in sorted(verdicts.items()):
        print(f"{kind:34} {verdict:10} {number}")
    proofs = {Verdict.PROVED.value, Verdict.LIKELY.value}
    controls = {key: number for key, number in verdicts.items() if key[0].startswith("control")}
    false = sum(number for key, number in verdicts.items() if key not in controls and key[1] in proofs)
    missed = sum(number for key, number in controls.items() if key[1] != Verdict.PROVED.value)
    print(
        f"false proofs {false} of {count} negatives, controls missed {missed} of {sum(controls.values())},"
        f" in {took_s:.0f} s ({count / took_s:.0f}/s, {_PROCESSES} processes)"
    )
    return not false and not missed
