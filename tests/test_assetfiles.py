"""An owner's files: walked, read once, noticed when they change, read in part, remembered."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leakwatch.assetfiles import (
    Found,
    LocalHasher,
    PrintCache,
    Wanted,
    crew,
    default_cache,
    fingerprint,
    fingerprint_paths,
    walk,
)
from leakwatch.catalogue import file_json
from leakwatch.errors import InputError
from leakwatch.fingerprints import Fingerprinter
from leakwatch.headers.stored import from_text
from leakwatch.model.asset import AssetFile
from leakwatch.pieces import STEP_BYTES
from leakwatch.proof import Part


def nothing(_count: int) -> None:
    """No interest in progress."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with three files, and what is no file: links, a FIFO, a socket, an empty folder."""
    top = tmp_path / "tree"
    (top / "b" / "deep").mkdir(parents=True)
    (top / "empty").mkdir()
    (top / "a.bin").write_bytes(b"a" * 10)
    (top / "b" / "c.bin").write_bytes(b"c" * 20)
    (top / "b" / "deep" / "d.bin").write_bytes(b"")
    (top / "link.bin").symlink_to(top / "a.bin")
    (top / "broken.bin").symlink_to(top / "nowhere")
    (top / "loop").symlink_to(top)
    os.mkfifo(top / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(top / "sock"))
    return top


def test_walk_gives_files_in_order(tree: Path) -> None:
    """A folder gives its files by name, with paths relative to it; links, pipes, sockets are left out."""
    assert list(walk([tree])) == [
        Found("a.bin", tree / "a.bin"),
        Found("b/c.bin", tree / "b" / "c.bin"),
        Found("b/deep/d.bin", tree / "b" / "deep" / "d.bin"),
    ]


def test_walk_takes_single_files(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is named gives its own name and its absolute place, in the order it was named."""
    monkeypatch.chdir(tree)
    assert list(walk([Path("b/c.bin"), Path("a.bin")])) == [
        Found("c.bin", tree / "b" / "c.bin"),
        Found("a.bin", tree / "a.bin"),
    ]


def test_walk_of_an_empty_folder(tree: Path) -> None:
    """An empty folder gives nothing."""
    assert list(walk([tree / "empty"])) == []


@pytest.mark.parametrize("name", ["nowhere", "broken.bin", "pipe", "sock", "a.bin/x"])
def test_walk_refuses_what_is_not_there(tree: Path, name: str) -> None:
    """What is named and is neither file nor folder is an error with its path; nothing hangs on a pipe."""
    with pytest.raises(InputError, match="no such file or folder") as caught:
        list(walk([tree / "a.bin", tree / name]))
    assert caught.value.file == str(tree / name)


def test_walk_tells_of_a_folder_that_vanished(tree: Path) -> None:
    """A folder that cannot be read in the middle of the walk is an error, not a shorter list."""
    found = walk([tree])
    next(found)
    (tree / "b" / "deep" / "d.bin").unlink()
    next(found)
    (tree / "b" / "deep").rmdir()
    with pytest.raises(InputError, match="cannot be read: No such file or directory") as caught:
        list(found)
    assert caught.value.file == str(tree / "b" / "deep")


@pytest.mark.parametrize(
    "size", [0, 1, 16384, 100_001, STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 1, 2 * STEP_BYTES + 12345]
)
def test_prints_equal_hashlib(tmp_path: Path, size: int) -> None:
    """The prints of a file are those of its bytes, whatever its size; progress adds up."""
    data = random.Random(size).randbytes(size)
    file = tmp_path / "x.bin"
    file.write_bytes(data)
    steps: list[int] = []
    made = fingerprint(Found("in/x.bin", file), steps.append)
    printer = Fingerprinter()
    printer.update(data)
    assert made == AssetFile(
        path="in/x.bin",
        size_bytes=size,
        sha256=hashlib.sha256(data).digest(),
        sha1=hashlib.sha1(data).digest(),
        git_blob=hashlib.sha1(b"blob %d\0" % size + data).digest(),
        pieces_root=printer.finish().pieces_root,
        local_path=str(file),
        mtime_ns=file.stat().st_mtime_ns,
    )
    assert sum(steps) == size


def _append(file: Path) -> None:
    with file.open("ab") as out:
        out.write(b"more")


def _truncate(file: Path) -> None:
    os.truncate(file, 10)


def _overwrite(file: Path) -> None:
    with file.open("r+b") as out:
        out.write(b"other")
    os.utime(file, ns=(1, 1))


def _append_unseen(file: Path) -> None:
    """More bytes, and the time set back."""
    status = file.stat()
    _append(file)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def _swap(file: Path) -> None:
    """Another file of the same size and time in its place."""
    status = file.stat()
    other = file.with_name("other")
    other.write_bytes(bytes(status.st_size))
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)


@pytest.mark.parametrize("change", [_append, _truncate, _overwrite, _swap])
def test_change_while_reading_is_an_error(tmp_path: Path, change: Callable[[Path], None]) -> None:
    """A file that grows, shrinks, is written to or replaced while it is read gives no prints."""
    file = tmp_path / "x.bin"
    file.write_bytes(bytes(STEP_BYTES + 100))
    changes = iter([change])
    with pytest.raises(InputError, match="changed while it was read; nothing of it was stored") as caught:
        fingerprint(Found("x.bin", file), lambda _: next(changes, nothing)(file))  # type: ignore[operator]
    assert caught.value.file == str(file)


def test_vanishing_while_reading_is_an_error(tmp_path: Path) -> None:
    """A file that is deleted while it is read gives an error and no prints."""
    file = tmp_path / "x.bin"
    file.write_bytes(bytes(10))
    with pytest.raises(InputError, match="cannot be read: No such file or directory"):
        fingerprint(Found("x.bin", file), lambda _: file.unlink())


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("b", "Is a directory"),
        ("nowhere", "No such file"),
        ("broken.bin", "No such file"),
        ("sock", "No such device"),
    ],
)
def test_what_cannot_be_opened_is_an_error(tree: Path, name: str, cause: str) -> None:
    """A file that turned into something else since the walk is an error that names path and cause."""
    with pytest.raises(InputError, match=f"cannot be read: {cause}") as caught:
        fingerprint(Found(name, tree / name), nothing)
    assert caught.value.file == str(tree / name)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> AssetFile:
    """A file of known bytes with its prints."""
    file = tmp_path_factory.mktemp("known") / "x.bin"
    file.write_bytes(random.Random(1).randbytes(70_000))
    return fingerprint(Found("x.bin", file), nothing)


def hashed(file: AssetFile, start: int, length: int) -> bytes | None:
    """The digest that the local hasher gives for one range."""
    found = LocalHasher().hash([(Part(file, start, length),)])[0]
    return found.digest if found else None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 80_000), st.integers(1, 80_000))
def test_range_is_the_hash_of_the_bytes(known: AssetFile, start: int, length: int) -> None:
    """Any range inside the file gives the hash of exactly those bytes; one that reaches past its end gives none."""
    assert known.local_path
    data = Path(known.local_path).read_bytes()[start : start + length]
    assert hashed(known, start, length) == (hashlib.sha1(data).digest() if len(data) == length else None)


def test_several_ranges_and_zeros_are_one_piece(known: AssetFile) -> None:
    """A piece of several parts is hashed as one row of bytes, and each part tells whether it says anything."""
    data = Path(known.local_path or "").read_bytes()
    piece = (Part(known, 60_000, 10_000), Part(None, 0, 5_000_000), Part(known, 0, 20_000))
    found = LocalHasher().hash([piece])[0]
    assert found is not None
    assert found.digest == hashlib.sha1(data[60_000:] + bytes(5_000_000) + data[:20_000]).digest()
    assert (found.informative, found.read_bytes) == ((True, False, True), 30_000)


@pytest.mark.parametrize(
    "change",
    [
        _append,
        _truncate,
        _overwrite,
        lambda file: os.utime(file, ns=(1, 1)),
        _append_unseen,
        lambda file: file.unlink(),
        lambda file: (file.unlink(), file.mkdir()),
        lambda file: (file.unlink(), file.symlink_to(file.with_name("nowhere"))),
    ],
    ids=["appended", "cut", "written", "touched", "appended unseen", "gone", "a folder", "a broken link"],
)
def test_range_of_a_changed_file_is_refused(tmp_path: Path, change: Callable[[Path], object]) -> None:
    """Of a file that is no longer the one that was read, no byte is given."""
    file = tmp_path / "x.bin"
    file.write_bytes(bytes(100))
    made = fingerprint(Found("x.bin", file), nothing)
    assert hashed(made, 0, 10) == hashlib.sha1(bytes(10)).digest()
    change(file)
    assert hashed(made, 0, 10) is None
    assert LocalHasher().known(made, 16384, 0) == ()


def test_range_without_a_place_or_sense(known: AssetFile) -> None:
    """A file that was never on this machine has no bytes here, and there are none before the first."""
    assert hashed(replace(known, local_path=None), 0, 10) is None
    assert hashed(known, -1, 10) is None
    assert hashed(replace(known, mtime_ns=None), 0, 10) == hashed(known, 0, 10)


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A folder with three files."""
    top = tmp_path / "asset"
    top.mkdir()
    for number in range(3):
        (top / f"{number}.bin").write_bytes(str(number).encode() * 1000)
    return top


def sha(byte: bytes) -> bytes:
    """The SHA-256 of a file of `three`, or of a disguised one."""
    return hashlib.sha256(byte * 1000).digest()


def disguise(top: Path, *numbers: int, byte: bytes = b"x") -> None:
    """Other bytes of the same size and time: whoever reads such a file again shows it by its prints."""
    for number in numbers:
        file = top / f"{number}.bin"
        status = file.stat()
        file.write_bytes(byte * 1000)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def run(top: Path, cache: Path | None) -> list[bytes | None]:
    """The digests that one run over a folder gives."""
    result = fingerprint_paths([top], PrintCache(cache), nothing, lambda _: None)
    assert result.problems == ()
    return [file.sha256 for file in result.files]


def test_second_run_reads_nothing(three: Path, tmp_path: Path) -> None:
    """What was read before and has not changed is taken from the cache, and no file is opened."""
    cache = tmp_path / "deep" / "prints.jsonl"
    assert run(three, cache) == [sha(b"0"), sha(b"1"), sha(b"2")]
    written = cache.read_bytes()
    disguise(three, 0, 1, 2)
    assert run(three, cache) == [sha(b"0"), sha(b"1"), sha(b"2")]
    assert cache.read_bytes() == written
    assert run(three, None) == [sha(b"x")] * 3


def test_changed_file_is_read_again(three: Path, tmp_path: Path) -> None:
    """A file with another time or size is read again, the others are not; the newest prints count."""
    cache = tmp_path / "prints.jsonl"
    run(three, cache)
    disguise(three, 0, 1, 2)
    os.utime(three / "1.bin", ns=(5, 5))
    for _ in range(2):
        assert run(three, cache) == [sha(b"0"), sha(b"x"), sha(b"2")]
    _append(three / "2.bin")
    assert run(three, cache)[2] == hashlib.sha256(b"x" * 1000 + b"more").digest()


def test_interrupted_run_goes_on(three: Path, tmp_path: Path) -> None:
    """A run that is stopped in its third file has kept two; the next run reads only the third."""
    cache = tmp_path / "prints.jsonl"
    reads: Iterator[int] = iter(range(3))

    def stop(_count: int) -> None:
        if next(reads) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fingerprint_paths([three], PrintCache(cache), stop, lambda _: None)
    disguise(three, 0, 1, 2)
    assert run(three, cache) == [sha(b"0"), sha(b"1"), sha(b"x")]


@pytest.mark.parametrize("cut", [1, 10, 150])
def test_truncated_line_is_survived(three: Path, tmp_path: Path, cut: int) -> None:
    """A last line cut off by a crash costs reading that one file again, once."""
    cache = tmp_path / "prints.jsonl"
    run(three, cache)
    os.truncate(cache, cache.stat().st_size - cut)
    disguise(three, 0, 1, 2)
    whole = cut == 1  # only the line end is missing: the line itself is still good
    expected = [sha(b"0"), sha(b"1"), sha(b"2" if whole else b"x")]
    assert run(three, cache) == expected
    disguise(three, 0, 1, 2, byte=b"y")
    assert run(three, cache) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b"5",
        b"{}",
        b"[" * 100_000,
        b'{"path": "0.bin"}',
        b'{"path": "0.bin", "local_path": [], "size_bytes": {}, "mtime_ns": 5}',
    ],
)
def test_broken_line_is_passed_over(three: Path, tmp_path: Path, line: bytes) -> None:
    """Whatever else got into the cache, the good lines around it are used."""
    cache = tmp_path / "prints.jsonl"
    run(three, cache)
    first, *rest = cache.read_bytes().splitlines(keepends=True)
    cache.write_bytes(first + line + b"\n" + b"".join(rest))
    disguise(three, 0, 1, 2)
    assert run(three, cache) == [sha(b"0"), sha(b"1"), sha(b"2")]


def test_tables_without_padded_digests_are_read_again(tmp_path: Path) -> None:
    """Prints of a short file that were made before its padded digests were are not all that is wanted."""
    top, cache = tmp_path / "w.bin", tmp_path / "prints.jsonl"
    top.write_bytes(random.Random(1).randbytes(20_000))
    result = fingerprint_paths([top], PrintCache(cache), nothing, lambda _: None)
    made = result.files[0]
    assert [len(table) for table in made.tables if 32 * 1024 <= table.piece_length <= STEP_BYTES] == [2] * 8
    earlier = replace(
        made, tables=(made.tables[0], *(replace(one, digests=one.digests[:20]) for one in made.tables[1:]))
    )
    cache.write_text(json.dumps(file_json(earlier)) + "\n")
    again = fingerprint_paths([top], PrintCache(cache), nothing, lambda _: None)
    assert again.files[0].tables == made.tables


def test_broken_digest_is_not_believed(three: Path, tmp_path: Path) -> None:
    """A line that names a file but holds no digest of the right length is read again, not an error."""
    cache = tmp_path / "prints.jsonl"
    run(three, cache)
    lines = [json.loads(line) for line in cache.read_text().splitlines()]
    lines[0]["sha256"] = "zz"
    lines[1]["sha1"] = "00"
    cache.write_text("".join(json.dumps(line) + "\n" for line in lines))
    disguise(three, 0, 1, 2)
    assert run(three, cache) == [sha(b"x"), sha(b"x"), sha(b"2")]


def test_cache_follows_the_file_not_its_path_in_the_asset(three: Path, tmp_path: Path) -> None:
    """The same file found by another way is known, and has the path of this run."""
    cache = PrintCache(tmp_path / "prints.jsonl")
    fingerprint_paths([three], cache, nothing, lambda _: None)
    again = PrintCache(tmp_path / "prints.jsonl").get(Found("elsewhere/name.bin", three / "0.bin"))
    assert again is not None
    assert (again.path, again.sha256) == ("elsewhere/name.bin", sha(b"0"))
    assert PrintCache(tmp_path / "prints.jsonl").get(Found("0.bin", three / "nowhere")) is None


def weights(size_bytes: int, length: int | None = None) -> bytes:
    """A safetensors file of one tensor of bytes; `length` is what it says of its header, if not the truth."""
    told = {"x.weight": {"dtype": "U8", "shape": [size_bytes], "data_offsets": [0, size_bytes]}}
    text = json.dumps(told).encode()
    return (length or len(text)).to_bytes(8, "little") + text + random.Random(1).randbytes(size_bytes)


@pytest.mark.parametrize("size", [0, 1000, STEP_BYTES + 1])
def test_weights_have_a_header_print(tmp_path: Path, size: int) -> None:
    """A safetensors file, whatever its name, has its header's print beside those of its bytes."""
    file = tmp_path / "x.bin"
    file.write_bytes(weights(size))
    made = fingerprint(Found("x.bin", file), nothing)
    assert made.header is not None
    assert made.sha256 == hashlib.sha256(weights(size)).digest()
    told = from_text(made.header)
    assert [(one.name, one.dtype, one.shape) for one in told.tensors] == [("x.weight", "U8", (size,))]


@pytest.mark.parametrize(
    "data",
    [
        weights(1000)[:-1],
        weights(1000, length=99_000_000),
        weights(1000, length=200_000_000),
        weights(1000)[:50],
        b"GGUF\x01\0\0\0" + bytes(100),
        b"GGUF\x03\0\0\0" + b"\xff" * 100,
    ],
)
def test_broken_header_is_none(tmp_path: Path, data: bytes) -> None:
    """A weights file that is cut off, or whose header breaks a rule, has all other prints and no header's."""
    file = tmp_path / "model.safetensors"
    file.write_bytes(data)
    made = fingerprint(Found("model.safetensors", file), nothing)
    assert (made.header, made.sha256) == (None, hashlib.sha256(data).digest())


def test_cache_keeps_header_prints(tmp_path: Path) -> None:
    """What a second run takes from the cache has the header's print that the first one made."""
    file = tmp_path / "asset" / "x.safetensors"
    file.parent.mkdir()
    file.write_bytes(weights(1000))
    cache = PrintCache(tmp_path / "prints.jsonl")
    made = fingerprint_paths([file], cache, nothing, lambda _: None).files[0]
    again = PrintCache(tmp_path / "prints.jsonl").get(Found("x.safetensors", file))
    assert made.header is not None
    assert again == made


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """A file whose name is not UTF-8 is read and remembered like any other."""
    top = tmp_path / "asset"
    top.mkdir()
    file = top / os.fsdecode(b"\xff\xfe.bin")
    file.write_bytes(b"0" * 1000)
    cache = tmp_path / "prints.jsonl"
    assert run(top, cache) == run(top, cache) == [sha(b"0")]
    assert len(cache.read_text("ascii").splitlines()) == 1


def test_default_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache lies in the user's cache folder, where XDG_CACHE_HOME says or below the home folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/x/cache")
    assert default_cache() == Path("/x/cache/leakwatch/prints.jsonl")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert default_cache() == Path("/home/somebody/.cache/leakwatch/prints.jsonl")


# -- many files at once ----------------------------------------------------------------------------


@pytest.fixture
def crowd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files for which processes are worth it."""
    monkeypatch.setattr(crew, "LEAST_BYTES", 1)
    top = tmp_path / "crowd"
    top.mkdir()
    for number in range(6):
        size = (6 - number) * 300_000  # the first take longest, so that results come out of order
        (top / f"{number}.bin").write_bytes(random.Random(number).randbytes(size))
    return top


def test_processes_give_the_same_in_order(crowd: Path) -> None:
    """Two processes give what one gives, told in order of name, with every byte of progress."""
    wanted = Wanted(2**40, frozenset(("md5", "ed2k")))
    alone = fingerprint_paths([crowd], PrintCache(None), nothing, lambda _: None, wanted, cores=1)
    told: list[str] = []
    counts: list[int] = []
    both = fingerprint_paths(
        [crowd], PrintCache(None), counts.append, lambda one: told.append(one.path), wanted, cores=2
    )
    assert both == alone
    assert [one.tables for one in both.files] == [one.tables for one in alone.files]
    assert told == [f"{number}.bin" for number in range(6)]
    assert sum(counts) == sum(one.size_bytes or 0 for one in both.files)
    assert not multiprocessing.active_children()


def test_unreadable_file_among_processes(crowd: Path) -> None:
    """A file that is gone is named as one process names it, and the others are read."""

    def vanish(_count: int) -> None:
        (crowd / "5.bin").unlink(missing_ok=True)

    result = fingerprint_paths([crowd], PrintCache(None), vanish, lambda _: None, cores=2)
    assert [one.path for one in result.files] == [f"{number}.bin" for number in range(5)]
    assert [one.message for one in result.problems] == [
        f"{crowd / '5.bin'}: cannot be read: No such file or directory"
    ]


def test_dead_process_is_named(crowd: Path) -> None:
    """A process that is killed takes its file with it, which is named; another process reads the rest."""
    killed: list[int | None] = []

    def kill(_count: int) -> None:
        if not killed:
            victim = multiprocessing.active_children()[0]
            killed.append(victim.pid)
            victim.kill()
            victim.join()

    for number in range(2):
        with (crowd / f"{number}.bin").open("ab") as out:
            out.truncate(64 * STEP_BYTES)  # too long to be read before its process is killed
    result = fingerprint_paths([crowd], PrintCache(None), kill, lambda _: None, cores=2)
    assert len(killed) == 1
    assert [one.message.rpartition(": ")[2] for one in result.problems] == [
        "the process that read it died (exit code -9); run it again"
    ]
    assert len(result.files) == 5
    assert not multiprocessing.active_children()


def test_interrupt_ends_all_processes(crowd: Path, tmp_path: Path) -> None:
    """An interrupted run leaves no process behind, and what was read in the cache."""
    cache, counts = tmp_path / "prints.jsonl", list[int]()

    def stop(count: int) -> None:
        counts.append(count)
        if len(counts) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fingerprint_paths([crowd], PrintCache(cache), stop, lambda _: None, cores=2)
    assert not multiprocessing.active_children()
    assert len(cache.read_text().splitlines()) >= 1


def test_workers_end_with_their_master(crowd: Path) -> None:
    """Where the process that reads a folder is killed, its workers end by themselves."""
    for number in range(2):
        os.truncate(crowd / f"{number}.bin", 64 * STEP_BYTES)
    script = (
        "import multiprocessing, sys; from pathlib import Path; from leakwatch.assetfiles import *\n"
        "from leakwatch.assetfiles import crew; crew.LEAST_BYTES = 1\n"
        "def told(_): print(*(one.pid for one in multiprocessing.active_children()), flush=True)\n"
        "fingerprint_paths([Path(sys.argv[1])], PrintCache(None), told, print, cores=2)"
    )
    command = [sys.executable, "-c", script, str(crowd)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as master:
        assert master.stdout is not None
        pids = [int(pid) for pid in master.stdout.readline().split()]
        watched = [os.pidfd_open(pid) for pid in pids]
        master.kill()
    assert len(watched) == 2
    for one in watched:
        ended, _, _ = select.select([one], [], [], 30)
        os.close(one)
        assert ended


def test_few_bytes_need_no_process() -> None:
    """One file, one core, or little to read is read here; many large files take as many processes as cores."""
    large = crew.LEAST_BYTES
    assert crew.workers_for([large], 2) == 1
    assert crew.workers_for([large, large], 1) == 1
    assert crew.workers_for([1000] * 100, 2) == 1
    assert crew.workers_for([large] * 3, 2) == 2
    assert crew.workers_for([large] * 100, 1000) == crew.MAX_WORKERS
