"""The pure commands, which outside tests use: match, extract, torrent show and prove, source parse."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import libtorrent as lt
import pytest
from typer.testing import CliRunner, Result

import leakwatch
from leakwatch import sources
from leakwatch.cli import app
from leakwatch.errors import ConfigError, InputError, LeakwatchError, MagnetError, MetainfoError
from leakwatch.torrent.bencode import decode, encode

ROOT = Path(leakwatch.__file__).parents[1]
PAYLOADS = Path(__file__).parents[1] / "sources"
PIECE = 16384
V1, V2 = "ab" * 20, "cd" * 32
SEQUENCES = (
    "\x1b[31mred\x1b[0m",
    "\x1b[2J\x1b[H",
    "\x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]0;title\x07",
    "\x1bP+q544e\x1b\\",
    "\x1b[6n",
    "\x9b31m",
    "\x9d0;title\x9c",
    "\u202egnp.exe\u202c",
    "\u2066a\u2069\u200f",
    "a\u200bb\ufeff",
    "a\u2028b\u2029",
)
HOSTILE = "".join(map(chr, (*range(9), 11, 12, *range(14, 32), 127, *range(128, 160)))) + "".join(SEQUENCES)


def run(*arguments: str, stdin: bytes | str = b"", code: int = 0) -> Result:
    """A command, and that it ends with this code by itself."""
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.stderr
    return result


def fails(kind: type[LeakwatchError], *arguments: str) -> str:
    """The message of a command that fails with such an error and prints nothing."""
    result = CliRunner().invoke(app, list(arguments))
    assert isinstance(result.exception, kind), result.exception
    assert result.stdout == ""
    return result.exception.message


def command(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The real command, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "leakwatch", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=stdin,
        capture_output=True,
        timeout=60,
    )


def values(text: str) -> list[Any]:
    """JSON lines; nothing else may stand between them."""
    lines = text.split("\n")
    assert lines.pop() == ""
    return [json.loads(line) for line in lines]


def check_harmless(text: str) -> None:
    """Nothing on the terminal but lines and tabs of visible characters."""
    odd = {char for char in text if not char.isprintable() and char not in "\n\t"}
    assert not odd, ascii(odd)


# -- match -----------------------------------------------------------------------------------------

CATALOGUE = [
    {
        "id": "tg",
        "title": "Tideglass 70B",
        "aliases": ["タイドグラス"],
        "files": [{"path": "w.bin", "size_bytes": 140_000_000_123}],
    },
    {"id": "film", "title": "The Lantern Keeper's Daughter", "year": 2026, "kind": "film"},
]


@pytest.fixture
def catalogue(tmp_path: Path) -> str:
    """A small catalogue in a file."""
    file = tmp_path / "c.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in CATALOGUE))
    return str(file)


def test_match_keeps_to_the_contract(catalogue: str) -> None:
    """One JSON object a line, in the order of the input, with exactly the keys of the contract."""
    names = [
        "Tideglass.70B.weights.leaked\t140000000123",
        "nothing of ours",
        "The.Lantern.Keepers.Daughter.2026.1080p.WEB-DL.x264-GRP",
        "",
        "【漏】 タイドグラス 重み\t5",
        "Tideglass 70B",
    ]
    told = values(run("match", "--catalogue", catalogue, "--json", stdin="\n".join(names) + "\n").stdout)
    assert [one["name"] for one in told] == [name.partition("\t")[0] for name in names]
    for one in told:
        assert list(one) == ["name", "best", "tier", "score", "candidates"]
        assert 0 <= one["score"] <= 1
        assert (one["best"] is None) == (one["tier"] is None)
        for candidate in one["candidates"]:
            assert list(candidate) == ["asset", "score", "signals"]
            for signal in candidate["signals"]:
                assert list(signal) == ["kind", "detail", "weight"]
                assert isinstance(signal["weight"], float | int)
    assert [one["best"] for one in told] == ["tg", None, "film", None, "tg", "tg"]
    assert told[0]["tier"] == "auto"
    assert {one["tier"] for one in told[1:]} <= {"review", None}
    assert {"kind": "size"}.items() <= next(
        s for s in told[0]["candidates"][0]["signals"] if s["kind"] == "size"
    ).items()
    assert (told[1]["score"], told[1]["candidates"]) == (0.0, [])


def test_match_of_odd_input(catalogue: str) -> None:
    """Windows line ends, bytes that are no UTF-8, no last line end, huge lines: each gives its one line."""
    stdin = b"Tideglass 70B\r\n\xff\xfe\n" + b"x" * 300_000 + b"\n\x85\xe2\x80\xa8\nTideglass 70B"
    told = values(run("match", "--catalogue", catalogue, "--json", stdin=stdin).stdout)
    assert [one["name"] for one in told] == [
        "Tideglass 70B",
        "\ufffd\ufffd",
        "x" * 300_000,
        "\ufffd\u2028",
        "Tideglass 70B",
    ]
    assert (told[0]["best"], told[-1]["best"]) == ("tg", "tg")


@pytest.mark.parametrize("size", ["5 GB", "-5", "5.0", "٥", "9" * 30, "5\t6"])
def test_match_with_a_size_that_is_none(catalogue: str, size: str) -> None:
    """A size that is no number is told with its line and ends in 1; the name is matched all the same."""
    stdin = f"Tideglass 70B\t5\nTideglass 70B\t{size}\nTideglass 70B\t\n"
    result = run("match", "--catalogue", catalogue, "--json", stdin=stdin, code=1)
    assert [one["best"] for one in values(result.stdout)] == ["tg", "tg", "tg"]
    (line,) = result.stderr.splitlines()
    assert line.startswith("leakwatch: line 2: not a number of bytes")


def test_match_of_nothing(catalogue: str) -> None:
    """No names, no lines; a catalogue that is broken or not there is named."""
    assert run("match", "--catalogue", catalogue, "--json").stdout == ""
    assert "No such file" in fails(InputError, "match", "--catalogue", "nowhere", "--json")
    Path(catalogue).write_text('{"id": "a", "title": "A"}\nbroken\n')
    assert fails(InputError, "match", "--catalogue", catalogue, "--json").startswith(f"{catalogue}:2: ")


def test_match_for_people(catalogue: str) -> None:
    """Without --json a line names the asset and the reasons below it, and steers no terminal."""
    result = run(
        "match",
        "--catalogue",
        catalogue,
        stdin=f"Tideglass 70B GGUF {HOSTILE.translate({47: 32, 92: 32})}\nnothing\n",
    )
    check_harmless(result.stdout)
    first, *_, last = result.stdout.splitlines()
    assert first.split("\t")[1:] == ["tg", "review"]
    assert last == "nothing\t-\t-"


# -- extract ---------------------------------------------------------------------------------------


def test_extract_keeps_to_the_contract() -> None:
    """One JSON object a locator, in the order of the text, with exactly the keys of the contract."""
    text = (
        f"get it: magnet:?xt=urn:btih:{V1}&dn=x here, info hash: {'0123456789abcdef' * 2}01234567"
        f' or <a href="https://x.example/y.torrent?a=1&amp;b=2">there</a> urn:btmh:1220{V2}'
    )
    told = values(run("extract", "--json", stdin=text).stdout)
    assert all(list(one) == ["kind", "value", "offset", "decode_chain"] for one in told)
    assert [(one["kind"], one["value"], one["offset"]) for one in told] == [
        ("magnet", f"magnet:?xt=urn:btih:{V1}&dn=x", text.index("magnet")),
        ("infohash", "0123456789abcdef" * 2 + "01234567", text.index("0123456789abcdef")),
        ("torrent_url", "https://x.example/y.torrent?a=1&b=2", text.index("https://")),
        ("infohash", V2, text.index("urn:btmh")),
    ]
    assert [one["decode_chain"] for one in told] == [[], [], ["html"], []]


@pytest.mark.parametrize("stdin", [b"", b"nothing here", b"\xff\xfe\x00", b"<div>" * 1000, V1.encode()])
def test_extract_of_nothing(stdin: bytes) -> None:
    """Text without locators, or no text at all, gives no lines and ends in 0."""
    assert run("extract", "--json", stdin=stdin).stdout == ""


def test_extract_for_people() -> None:
    """Without --json the value stands after offset and kind, and steers no terminal."""
    result = run("extract", stdin=f"x magnet:?xt=urn:btih:{V1}&dn={HOSTILE}\n")
    check_harmless(result.stdout)
    assert result.stdout.startswith(f"2\tmagnet\tmagnet:?xt=urn:btih:{V1}")


# -- torrent show ----------------------------------------------------------------------------------

SHOWN = ["infohash_v1", "infohash_v2", "name", "name_safe", "piece_length", "files", "trackers", "web_seeds"]
FILES = {"a.bin": 100_000, "sub/b.bin": 70_001}


def make_torrent(folder: Path, flags: int) -> tuple[Path, Any]:
    """A torrent of two files of random bytes, made by libtorrent; its file and libtorrent's own view."""
    top = folder / "work"
    for name, size in FILES.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(random.Random(name).randbytes(size))
    storage = lt.file_storage()
    for name, size in FILES.items():
        storage.add_file(f"work/{name}", size)
    made = lt.create_torrent(storage, PIECE, flags)
    made.add_tracker("udp://tracker.example:6969/announce")
    made.add_url_seed("https://seed.example/")
    lt.set_piece_hashes(made, str(folder))
    data = lt.bencode(made.generate())
    file = folder / "x.torrent"
    file.write_bytes(data)
    return file, lt.torrent_info(lt.bdecode(data))


KINDS = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_torrent_show_keeps_to_the_contract(tmp_path: Path, kind: str) -> None:
    """Hashes, name, files, roots, trackers, seeds are libtorrent's, under the keys of the contract."""
    file, theirs = make_torrent(tmp_path, KINDS[kind])
    (told,) = values(run("torrent", "show", str(file), "--json").stdout)
    assert list(told) == [key for key in SHOWN if key != "name_safe" or told["name_safe"]]
    hashes = theirs.info_hashes()
    assert told["infohash_v1"] == (str(hashes.v1) if hashes.has_v1() else None)
    assert told["infohash_v2"] == (str(hashes.v2) if hashes.has_v2() else None)
    assert (told["infohash_v1"] is None, told["infohash_v2"] is None) == (kind == "v2", kind == "v1")
    assert (told["name"], told["piece_length"]) == ("work", PIECE)
    assert all(list(one) == ["path", "size_bytes", "pieces_root"] for one in told["files"])
    assert {one["path"]: one["size_bytes"] for one in told["files"]} == {
        f"work/{k}": v for k, v in FILES.items()
    }
    roots = [theirs.layout().root(index) for index in range(theirs.layout().num_files()) if kind != "v1"]
    expected = {str(root) for root in roots if not root.is_all_zeros()}
    assert {one["pieces_root"] for one in told["files"]} == (expected or {None})
    assert told["trackers"] == ["udp://tracker.example:6969/announce"]
    assert told["web_seeds"] == ["https://seed.example/"]


def test_torrent_show_of_a_magnet() -> None:
    """A magnet gives what it says, by the same keys and its own; what it does not say is null or empty."""
    uri = f"magnet:?xt=urn:btih:{V1}&xt=urn:btmh:1220{V2}&dn=T%20G&xl=5"
    uri += "&tr=udp%3A%2F%2Ft.example%3A1&x.pe=192.0.2.1:6881"
    (told,) = values(run("torrent", "show", uri, "--json").stdout)
    assert told == {
        "infohash_v1": V1,
        "infohash_v2": V2,
        "name": "T G",
        "piece_length": None,
        "files": [],
        "trackers": ["udp://t.example:1"],
        "web_seeds": [],
        "peers": [["192.0.2.1", 6881]],
        "dht_nodes": [],
        "selected_files": [],
        "size_bytes": 5,
    }
    (told,) = values(run("torrent", "show", f"MAGNET:?xt=urn:btih:{V1}", "--json").stdout)
    assert (told["infohash_v2"], told["name"], told["size_bytes"]) == (None, None, None)


def broken(info: dict[bytes, Any], tmp_path: Path) -> tuple[str, bytes]:
    """A torrent file with such an info dictionary; answers its path and the dictionary's bytes."""
    raw = encode(info)
    file = tmp_path / "broken.torrent"
    file.write_bytes(b"d8:announce9:udp://t:14:info" + raw + b"e")
    return str(file), raw


BROKEN_V1: dict[str, dict[bytes, Any]] = {
    "pieces cut": {b"length": 5, b"name": b"x", b"piece length": PIECE, b"pieces": b"p" * 19},
    "too few pieces": {b"length": 10**6, b"name": b"x", b"piece length": PIECE, b"pieces": b"p" * 20},
    "no name": {b"length": 5, b"piece length": PIECE, b"pieces": b"p" * 20},
    "no piece length": {b"length": 5, b"name": b"x", b"pieces": b"p" * 20},
    "negative length": {b"length": -5, b"name": b"x", b"piece length": PIECE, b"pieces": b""},
    "no files": {b"files": [], b"name": b"x", b"piece length": PIECE, b"pieces": b""},
    "empty": {},
}


@pytest.mark.parametrize("info", BROKEN_V1.values(), ids=BROKEN_V1.keys())
def test_broken_torrent_still_gives_its_infohash(tmp_path: Path, info: dict[bytes, Any]) -> None:
    """A torrent that no client would load ends in 1 and says why on stderr; its infohash stands on stdout."""
    file, raw = broken(info, tmp_path)
    result = run("torrent", "show", file, "--json", code=1)
    (told,) = values(result.stdout)
    assert told == {
        "infohash_v1": hashlib.sha1(raw).hexdigest(),
        "infohash_v2": None,
        "name": None,
        "piece_length": None,
        "files": [],
        "trackers": ["udp://t:1"],
        "web_seeds": [],
    }
    assert result.stderr.startswith(f"leakwatch: {file}: ")
    assert "not your fault" in result.stderr


def test_broken_v2_torrent_still_gives_its_infohash(tmp_path: Path) -> None:
    """The same for v2: the infohash is of the bytes as they are."""
    file, raw = broken({b"meta version": 2, b"name": b"x", b"piece length": 5, b"file tree": {}}, tmp_path)
    (told,) = values(run("torrent", "show", file, "--json", code=1).stdout)
    assert (told["infohash_v1"], told["infohash_v2"]) == (None, hashlib.sha256(raw).hexdigest())


@pytest.mark.parametrize("data", [b"", b"<html>", b"de", b"d4:infoi5ee", b"d4:infod", b"i5e", b"l" * 200])
def test_no_torrent(tmp_path: Path, data: bytes) -> None:
    """What has no info dictionary to hash is an error that names the file, and nothing is printed."""
    file = tmp_path / "x.torrent"
    file.write_bytes(data)
    assert fails(MetainfoError, "torrent", "show", str(file), "--json").startswith(f"{file}: ")
    assert fails(MetainfoError, "torrent", "prove", str(file), "--asset-path", str(file))


def test_torrent_show_of_nothing(tmp_path: Path) -> None:
    """A file that is not there, a folder, and a magnet without an infohash are errors that say so."""
    assert "No such file" in fails(InputError, "torrent", "show", str(tmp_path / "x"))
    assert "Is a directory" in fails(InputError, "torrent", "show", str(tmp_path))
    assert "not an infohash: zz" in fails(MagnetError, "torrent", "show", "magnet:?xt=urn:btih:zz")


@pytest.mark.parametrize("as_json", [False, True])
def test_hostile_torrent_does_not_steer_the_terminal(tmp_path: Path, as_json: bool) -> None:
    """Control characters in any text of a torrent are visible escapes for people, JSON for programs."""
    bad = HOSTILE.encode()
    info = {
        b"name": bad,
        b"piece length": PIECE,
        b"pieces": b"p" * 20,
        b"files": [{b"path": [bad], b"length": 5}],
    }
    file = tmp_path / "x.torrent"
    top = {b"info": info, b"announce": b"udp://t.example/" + bad, b"url-list": b"https://s.example/" + bad}
    file.write_bytes(encode(top))
    result = run("torrent", "show", str(file), *(["--json"] if as_json else []))
    if as_json:
        (told,) = values(result.stdout)
        assert told["name"] == HOSTILE
        check_harmless(told["name_safe"])
        assert not any(char < " " for char in result.stdout.replace("\n", ""))
    else:
        check_harmless(result.stdout)
        assert "\\x1b[31mred" in result.stdout
    uri = f"magnet:?xt=urn:btih:{V1}&dn={HOSTILE}&ws=https://s.example/{HOSTILE}"
    check_harmless(run("torrent", "show", uri).stdout)


def test_torrent_show_gives_bytes_that_are_no_text(tmp_path: Path) -> None:
    """Names that are not UTF-8, or whose parts hide a slash, are told in hex, too; others are not."""
    paths = [[b"\xff.bin"], [b"a/b", b"c"], ["\ufffd".encode()], [b"\x1b[31m"], [b"plain"]]
    info = {
        b"name": b"caf\xe9",
        b"piece length": PIECE,
        b"pieces": b"p" * 20,
        b"files": [{b"path": path, b"length": 1} for path in paths],
    }
    file = tmp_path / "x.torrent"
    file.write_bytes(encode({b"info": info}))
    (told,) = values(run("torrent", "show", str(file), "--json").stdout)
    assert (told["name"], told["name_hex"]) == ("caf\ufffd", "636166e9")
    assert [one["path_hex"] for one in told["files"]] == [
        "/".join(part.hex() for part in [b"caf\xe9", *path]) for path in paths
    ]
    info[b"name"] = b"work"
    file.write_bytes(encode({b"info": info}))
    (told,) = values(run("torrent", "show", str(file), "--json").stdout)
    assert "name_hex" not in told
    assert [one.get("path_hex") for one in told["files"]] == [
        "776f726b/ff2e62696e",
        "776f726b/612f62/63",
        None,
        None,
        None,
    ]
    assert [one.get("path_safe") for one in told["files"]] == [None, None, None, "work/\\x1b[31m", None]


# -- torrent prove ---------------------------------------------------------------------------------


def prove(file: Path, *paths: Path) -> dict[str, Any]:
    """What `torrent prove` says."""
    options = [part for path in paths for part in ("--asset-path", str(path))]
    (told,) = values(run("torrent", "prove", str(file), *options, "--json").stdout)
    assert list(told) == ["verdict", "method", "files", "reason", "error"]
    for one in told["files"]:
        first = ["path", "asset_path", "pieces_ok", "pieces_tested", "shift"]
        assert list(one) == [*first, "pieces_total", "share", "ranges", "variant"]
        assert bool(one["ranges"]) == bool(one["pieces_ok"])
        assert 0 <= one["share"][0] <= one["share"][1] <= 1
    return told


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_torrent_is_proved(tmp_path: Path, kind: str) -> None:
    """The owner's own files prove a torrent of them, whatever they are called and wherever they lie."""
    file, _ = make_torrent(tmp_path, KINDS[kind])
    other = tmp_path / "elsewhere"
    other.mkdir()
    for number, name in enumerate(FILES):
        (tmp_path / "work" / name).rename(other / f"{number}.dat")
    told = prove(file, other / "0.dat", other / "1.dat")
    assert (told["verdict"], told["method"]) == ("proved", "v1" if kind == "v1" else "v2")
    proved = {one["path"]: one for one in told["files"]}
    assert set(proved) == {f"work/{name}" for name in FILES}
    assert proved["work/a.bin"]["asset_path"] == "0.dat"
    assert all(0 < one["pieces_ok"] == one["pieces_tested"] for one in told["files"])
    assert prove(file, other)["verdict"] == "proved"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", ["v1", "v2"])
def test_torrent_is_refuted(tmp_path: Path, kind: str) -> None:
    """Files of exactly the same sizes and other bytes refute it."""
    file, _ = make_torrent(tmp_path, KINDS[kind])
    for name, size in FILES.items():
        (tmp_path / "work" / name).write_bytes(random.Random("other" + name).randbytes(size))
    told = prove(file, tmp_path / "work")
    assert (told["verdict"], told["method"]) == ("refuted", kind)
    assert all(one["pieces_ok"] == 0 < one["pieces_tested"] for one in told["files"])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_changed_file_is_proved_by_layers(tmp_path: Path) -> None:
    """Of a v2-only torrent the piece layers of its file say how much of a changed file is the owner's."""
    file, _ = make_torrent(tmp_path, KINDS["v2"])
    for name in FILES:
        own = tmp_path / "work" / name
        own.write_bytes(b"own" + own.read_bytes()[3:])
    told = prove(file, tmp_path / "work")
    assert (told["verdict"], told["method"]) == ("proved", "layer")
    damaged = decode(file.read_bytes()).value
    assert isinstance(damaged, dict)
    damaged[b"piece layers"] = {}
    file.write_bytes(encode(damaged))
    told = prove(file, tmp_path / "work")
    assert (told["verdict"], told["method"]) == ("refuted", "v2")
    assert "without piece layers" in told["reason"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torrent_is_unproved(tmp_path: Path) -> None:
    """Files of other sizes say nothing; neither verdict is an error."""
    file, _ = make_torrent(tmp_path, KINDS["v2"])
    small = tmp_path / "small"
    small.write_bytes(b"x")
    told = prove(file, small)
    assert (told["verdict"], told["method"], told["files"]) == ("unproved", "none", [])
    text = run("torrent", "prove", str(file), "--asset-path", str(small)).stdout
    assert text.startswith("unproved (none): ")


def test_resharded_weights_are_likely(tmp_path: Path) -> None:
    """Shards of other sizes that are together the owner's tensors and a header are likely, by the file's header alone."""
    size = 2 * 8192 * 8192
    told = {"x.weight": {"dtype": "F16", "shape": [8192, 8192], "data_offsets": [0, size]}}
    head = json.dumps(told).encode()
    weights = tmp_path / "own.safetensors"
    weights.write_bytes(len(head).to_bytes(8, "little") + head)
    os.truncate(weights, 8 + len(head) + size)
    lengths = {b"a.safetensors": 70_000_000, b"b.safetensors": size - 70_000_000 + 400}
    files = [{b"length": length, b"path": [name]} for name, length in lengths.items()]
    pieces = random.Random(1).randbytes(20 * -(-sum(lengths.values()) // 2**22))
    info = {b"files": files, b"name": b"w", b"piece length": 2**22, b"pieces": pieces}
    file = tmp_path / "w.torrent"
    file.write_bytes(encode({b"info": info}))
    told = prove(file, weights)
    assert (told["verdict"], told["method"]) == ("likely", "header")
    os.truncate(weights, 1000)
    assert prove(file, weights)["verdict"] == "unproved"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_prove_with_wrong_paths(tmp_path: Path) -> None:
    """A path that is not there, or no torrent, is named; a torrent that is broken says how."""
    file, _ = make_torrent(tmp_path, KINDS["v1"])
    options = ("--asset-path", str(tmp_path / "nowhere"), "--json")
    assert "no such file or folder" in fails(InputError, "torrent", "prove", str(file), *options)
    bad, _ = broken(BROKEN_V1["pieces cut"], tmp_path)
    options = ("--asset-path", str(tmp_path / "work"), "--json")
    assert "pieces" in fails(MetainfoError, "torrent", "prove", bad, *options)


# -- source parse ----------------------------------------------------------------------------------

OBSERVED = ["title", "url", "native_id", "published_at", "author", "size_bytes", "size_is_exact"]
OBSERVED += [
    "infohash_v1",
    "infohash_v2",
    "magnet",
    "torrent_url",
    "seeders",
    "leechers",
    "files",
    "text",
    "locators",
]
PAGES = sorted(
    file
    for file in PAYLOADS.glob("*/*.expected.json")
    if json.loads(file.read_text("utf-8"))["outcome"] == "page"
)


def site_file(expected: Path, folder: Path) -> str:
    """The request of a saved page as the TOML that --site takes."""
    told = json.loads(expected.with_name(expected.name.replace(".expected.", ".request.")).read_text("utf-8"))
    lines = [f"url = {json.dumps(told['url'])}", f"status = {told.get('status', 200)}"]
    for table in ("headers", "state"):
        named = {k: v for k, v in told.get(table, {}).items() if v is not None}
        lines += [f"[{table}]", *(f"{json.dumps(k)} = {toml(v)}" for k, v in named.items())]
    file = folder / "site.toml"
    file.write_text("\n".join(lines), "utf-8")
    return str(file)


def toml(value: Any) -> str:
    """A value as TOML, which JSON is for all but objects."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)


def definition_of(expected: Path) -> list[str]:
    """The option for the definition that a saved page is read by, if it is."""
    told = json.loads(expected.with_name(expected.name.replace(".expected.", ".request.")).read_text("utf-8"))
    if "definition" not in told:
        return []
    return ["--definition", str(expected.parent / "definitions" / told["definition"])]


def payload_of(expected: Path) -> str:
    """The saved page beside an expectation."""
    stem = expected.name.removesuffix(".expected.json")
    beside = expected.parent.glob(f"{stem}.*")
    return str(next(one for one in beside if not one.name.endswith((".expected.json", ".request.json"))))


@pytest.mark.parametrize("expected", PAGES, ids=lambda file: f"{file.parent.name}/{file.name.split('.')[0]}")
def test_source_parse_keeps_to_the_contract(expected: Path, tmp_path: Path) -> None:
    """Saved pages give observations in order, with exactly the contract's keys, absent facts null."""
    site = site_file(expected, tmp_path)
    more = ["--site", site, "--json", *definition_of(expected)]
    told = values(run("source", "parse", expected.parent.name, payload_of(expected), *more).stdout)
    wanted = json.loads(expected.read_text("utf-8")).get("observations")
    if wanted is not None:
        assert len(told) == len(wanted)
    for one in told:
        assert list(one) == OBSERVED
        assert isinstance(one["title"], str)
        assert all(
            one[name] != ""
            for name in ("url", "author", "magnet", "torrent_url", "infohash_v1", "infohash_v2")
        )
        for file in one["files"]:
            assert list(file) == ["path", "size_bytes", "sha256", "sha1", "md5", "git_blob"]
    for seen, want in zip(told, wanted or (), strict=False):
        for name in ("title", "native_id", "url", "infohash_v1", "infohash_v2", "size_bytes", "seeders"):
            if name in want:
                assert seen[name] == want[name]


def test_source_parse_needs_no_site() -> None:
    """A page alone is enough where its kind does not need the request; an alias names the kind too."""
    page = str(PAYLOADS / "feed" / "nyaa_plain.xml")
    plain = run("source", "parse", "feed", page, "--json").stdout
    assert plain == run("source", "parse", "rss", page, "--json").stdout
    assert values(plain)[0]["infohash_v1"] == "46a5570b31bb906a70cc0d0f17bad081b463aced"


def test_source_parse_of_a_torrent_is_that_of_its_info(tmp_path: Path) -> None:
    """For `dht` a torrent file gives what its info dictionary alone gives."""
    torrent = PAYLOADS / "dht" / "hybrid_torrent_file.torrent"
    bare = tmp_path / "bare.info"
    data = torrent.read_bytes()
    bare.write_bytes(data[data.index(b"4:info") + len(b"4:info") : -1])
    plain = run("source", "parse", "dht", str(torrent), "--json").stdout
    assert run("source", "parse", "dht", str(bare), "--json").stdout == plain
    (seen,) = values(plain)
    assert [file["path"] for file in seen["files"]] == ["Tideglass/a.bin", "Tideglass/b.bin"]


def test_source_parse_says_what_follows(tmp_path: Path) -> None:
    """Further pages that would be read are told on stderr, never on stdout."""
    expected = PAYLOADS / "github" / "issues_paging.expected.json"
    result = run(
        "source", "parse", "github", payload_of(expected), "--site", site_file(expected, tmp_path), "--json"
    )
    assert "would be read next" in result.stderr
    values(result.stdout)


@pytest.mark.parametrize("kind", ["feed", "torznab", "imageboard", "github", "huggingface", "telegram"])
def test_source_parse_of_a_broken_page(kind: str, tmp_path: Path) -> None:
    """A page that is not what the kind expects ends in 1, prints nothing, and says whose fault it is."""
    file = tmp_path / "x"
    file.write_bytes(b"<html><h1>Just a moment...\x1b[31m")
    result = run("source", "parse", kind, str(file), "--json", code=1)
    assert result.stdout == ""
    assert "not your fault" in result.stderr
    check_harmless(result.stderr)


@pytest.mark.parametrize("text", ["[[[", 'status = "x"', "headers = 5", "state = [1]"])
def test_source_parse_with_a_broken_site(text: str, tmp_path: Path) -> None:
    """A site file that cannot be used is named, with the field."""
    site = tmp_path / "site.toml"
    site.write_text(text)
    page = str(PAYLOADS / "feed" / "nyaa_plain.xml")
    assert fails(ConfigError, "source", "parse", "feed", page, "--site", str(site)).startswith(f"{site}: ")


def test_source_parse_with_the_settings_of_a_site(tmp_path: Path) -> None:
    """A saved page is read by the selectors of its site, written as in the configuration."""
    site = tmp_path / "site.toml"
    site.write_text(
        'name = "index"\nkind = "page"\nurl = "https://index.example/new/"\nevery = "5m"\n'
        'rows = "table.list tr.row"\ntitle = "td.name a"\nsize = "td.size"\n'
    )
    page = str(PAYLOADS / "page" / "plain_table.html")
    told = values(run("source", "parse", "page", page, "--site", str(site), "--json").stdout)
    assert [(one["title"], one["url"]) for one in told] == [
        ("Tideglass 7B weights", "https://index.example/t/81"),
        ("Copper Weir", "https://index.example/new/82?x=1&y=2"),
    ]


def test_source_parse_takes_the_request_that_fits(tmp_path: Path) -> None:
    """Of several requests with which a poll begins, that of the address; a state of the file adds to its own."""
    site, file = tmp_path / "site.toml", tmp_path / "catalog.json"
    file.write_text(json.dumps([{"page": 0, "threads": [{"no": 5, "last_modified": 9}]}]))
    begin = 'dialect = "vichan"\nboards = ["a", "b"]\n'
    site.write_text(f'{begin}url = "https://chan.example"\n')
    result = run("source", "parse", "imageboard", str(file), "--site", str(site))
    assert (result.stdout, "1 more page" in result.stderr) == ("", True)
    site.write_text(f'{begin}url = "https://chan.example"\n[state]\nknown = {{ 5 = 9 }}\n')
    assert run("source", "parse", "imageboard", str(file), "--site", str(site)).stderr == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rows = 'tr'\ntitel = 'a'\nurl = 'https://a.example'\n", "did you mean 'title'"),
        ("rows = 'tr['\nurl = 'https://a.example'\n", ":1: rows: not a CSS selector"),
        ("rows = 5\nurl = 'https://a.example'\n", "expected text"),
        ("rows = 'tr'\n", "url is missing"),
    ],
)
def test_source_parse_with_settings_that_cannot_be_used(text: str, told: str, tmp_path: Path) -> None:
    """A mistake in the settings of a site is told as in the configuration."""
    site = tmp_path / "site.toml"
    site.write_text(text)
    page = str(PAYLOADS / "page" / "plain_table.html")
    assert told in fails(ConfigError, "source", "parse", "page", page, "--site", str(site))


def test_source_parse_of_nothing(tmp_path: Path) -> None:
    """A kind that there is not is told with those there are; so is a page that is not there."""
    assert f"there are {', '.join(sorted(sources.KINDS))}" in fails(
        ConfigError, "source", "parse", "gopher", str(tmp_path / "x")
    )
    assert "No such file" in fails(InputError, "source", "parse", "feed", str(tmp_path / "x"))


def test_hostile_page_does_not_steer_the_terminal(tmp_path: Path) -> None:
    """Control characters in title, link and text of an item reach stdout as visible escapes."""
    parts = [*SEQUENCES, *(HOSTILE[start : start + 20] for start in range(0, len(HOSTILE), 20))]
    items = ""
    for number, part in enumerate(parts):
        text = "".join(f"&#{ord(char)};" for char in part if char >= "\x7f")
        link = f"<link>https://x.example/{text}</link><guid>{number}{text}</guid>"
        items += f"<item><title>t{text}</title>{link}</item>"
    file = tmp_path / "x.xml"
    file.write_text(f'<rss version="2.0"><channel><title>c</title>{items}</channel></rss>')
    result = run("source", "parse", "feed", str(file))
    assert result.stdout.count("\n") == len(parts)
    check_harmless(result.stdout)
    posts = [{"no": 1 + n, "time": 1_700_000_000, "sub": part, "com": part} for n, part in enumerate(parts)]
    file.write_text(json.dumps({"posts": posts}))
    site = tmp_path / "site.toml"
    site.write_text('url = "https://a.4cdn.org/g/thread/1.json"\nstep = "thread"\nboard = "g"\nthread = 1\n')
    result = run("source", "parse", "imageboard", str(file), "--site", str(site))
    check_harmless(result.stdout)
    assert "\\x1b[31mred" in result.stdout


# -- the real process ------------------------------------------------------------------------------


def test_exit_codes_of_the_process(tmp_path: Path, catalogue: str) -> None:
    """The process ends as the contract says: data on stdout, one cleaned line of blame on stderr."""
    done = command("match", "--catalogue", catalogue, "--json", stdin=b"Tideglass 70B\n")
    assert (done.returncode, json.loads(done.stdout)["best"], done.stderr) == (0, "tg", b"")
    file, raw = broken(BROKEN_V1["pieces cut"], tmp_path)
    done = command("torrent", "show", file, "--json")
    assert (done.returncode, json.loads(done.stdout)["infohash_v1"]) == (1, hashlib.sha1(raw).hexdigest())
    (tmp_path / "x.torrent").write_bytes(b"\x1b[31m")
    done = command("torrent", "show", str(tmp_path / "x.torrent"), "--json")
    assert (done.returncode, done.stdout) == (1, b"")
    told = "x.torrent: not a torrent: unexpected byte 0x1b at 0 (not your fault: it came that way)"
    assert done.stderr.decode() == f"leakwatch: {tmp_path}/{told}\n"
    done = command("match", "--json")
    assert (done.returncode, done.stdout) == (2, b"")


def test_closed_pipe_is_no_error(tmp_path: Path, catalogue: str) -> None:
    """Whoever reads only the first lines of the output gets them, and no traceback after them."""
    stdin = tmp_path / "names"
    stdin.write_bytes(b"Tideglass 70B\n" * 3000)
    with (
        stdin.open("rb") as names,
        subprocess.Popen(
            [sys.executable, "-m", "leakwatch", "match", "--catalogue", catalogue, "--json"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=names,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())["best"] == "tg"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) in (0, 1)  # click itself ends a command in 1 whose reader has gone
