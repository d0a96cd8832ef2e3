"""Files and folders to prints: what was read before from the cache, the rest on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from leakwatch.assetfiles.cache import PrintCache
from leakwatch.assetfiles.crew import fingerprint_many, workers_for
from leakwatch.assetfiles.reading import DEFAULT, Wanted, fingerprint
from leakwatch.assetfiles.walking import Found, walk
from leakwatch.errors import InputError
from leakwatch.model.asset import AssetFile


@dataclass(frozen=True, slots=True)
class Fingerprinted:
    """Prints of the files that could be read, and what was wrong with the others."""

    files: tuple[AssetFile, ...]
    problems: tuple[InputError, ...]


def fingerprint_paths(
    paths: Iterable[Path],
    cache: PrintCache,
    progress: Callable[[int], None],
    done: Callable[[AssetFile], None],
    wanted: Wanted = DEFAULT,
    cores: int | None = None,
) -> Fingerprinted:
    """Fingerprint files and folders; a file that cannot be read is reported and the others go on.

    A file read before and not changed since is taken from the cache: an interrupted run goes on where it was.
    Many files are read side by side on `cores`, all there are if left out; they are told in order all the same.
    """
    found = list(walk(paths))
    results: dict[int, AssetFile | InputError] = {}
    for place, one in enumerate(found):
        if file := cache.get(one, wanted):
            results[place] = file
            progress(file.size_bytes or 0)
    missing = [place for place in range(len(found)) if place not in results]
    made = _read([found[place] for place in missing], progress, wanted, cores)
    told: list[AssetFile | InputError] = []
    while len(told) < len(found):
        if len(told) in results:
            result = results.pop(len(told))
            told.append(result)
            if isinstance(result, AssetFile):
                done(result)
            continue
        place, result = next(made)
        results[missing[place]] = result
        if isinstance(result, AssetFile):
            cache.put(result)
    return Fingerprinted(
        tuple(one for one in told if isinstance(one, AssetFile)),
        tuple(one for one in told if isinstance(one, InputError)),
    )


def _read(
    files: Sequence[Found], progress: Callable[[int], None], wanted: Wanted, cores: int | None
) -> Iterator[tuple[int, AssetFile | InputError]]:
    """Each file's place in the row and what came of it: in this process, or in several where that is worth it."""
    workers = workers_for([_size(one) for one in files], cores)
    if workers > 1:
        with closing(fingerprint_many(files, progress, wanted, workers)) as results:
            yield from results
        return
    for place, one in enumerate(files):
        try:
            yield place, fingerprint(one, progress, wanted, threads=1 if cores == 1 else 2)
        except InputError as error:
            yield place, error


def _size(found: Found) -> int:
    """Of a file that is not there any more nothing; reading it tells why."""
    try:
        return found.local.stat().st_size
    except OSError:
        return 0
