"""`leakwatch asset`: prints of files, the catalogue filled from them, shown and emptied again."""

from __future__ import annotations

import asyncio
import getpass
import hashlib
import json
import os
import pty
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import leakwatch
from leakwatch.cli import app
from leakwatch.errors import InputError, LeakwatchError
from leakwatch.fingerprints import Fingerprinter
from leakwatch.store.migrate import upgrade

ROOT = Path(leakwatch.__file__).parents[1]
SIZES = {"small.bin": 1, "weights/a.bin": 100_000, "weights/b.bin": 5_000_000, "weights/empty.bin": 0}
HOSTILE = "[bold]x[/bold]\x1b[31mred\x9b2J\x7f\u202egnp\u2066\x1b]8;;https://evil.example\x07"


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy from, which is much faster than to make one."""
    file = tmp_path_factory.mktemp("cli") / "empty.db"
    asyncio.run(upgrade(f"sqlite:///{file}"))
    return file


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database: Path) -> Path:
    """A folder with a configuration, an empty database, a cache of its own, and the files of an asset."""
    (tmp_path / "leakwatch-data").mkdir()
    shutil.copy(empty_database, tmp_path / "leakwatch-data" / "leakwatch.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "leakwatch.toml").write_text('[http]\ncontact = "mailto:a@b.example"\n')
    for name, size in SIZES.items():
        file = tmp_path / "asset" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(random.Random(name).randbytes(size))
    return tmp_path


def typed(*arguments: str, answer: str) -> tuple[int, str]:
    """A command on a real terminal, where somebody types an answer: its exit code, and what it said."""
    ours, theirs = pty.openpty()
    program = [sys.executable, "-m", "leakwatch", "asset", *arguments]
    with subprocess.Popen(program, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        said = process.communicate(timeout=60)[0].decode()
    os.close(ours)
    return process.returncode, said


def run(*arguments: str) -> Result:
    """A command that succeeds."""
    result = CliRunner().invoke(app, ["asset", *arguments])
    assert result.exception is None or result.exit_code == 0, result.exception
    return result


def fails(*arguments: str) -> LeakwatchError:
    """A command that fails, and its error."""
    result = CliRunner().invoke(app, ["asset", *arguments])
    assert isinstance(result.exception, LeakwatchError), result.exception
    assert result.stdout == ""
    return result.exception


def command(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The real command, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "leakwatch", "asset", *arguments],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        timeout=60,
    )


def values(text: str) -> list[dict[str, Any]]:
    """JSON lines; piece tables have tests of their own."""
    told = [json.loads(line) for line in text.splitlines()]
    return [{name: value for name, value in one.items() if name != "tables"} for one in told]


def stored(home: Path) -> int:
    """How many assets the database holds."""
    with closing(sqlite3.connect(home / "leakwatch-data" / "leakwatch.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM asset").fetchone()[0])


def prints_of(file: Path, path: str) -> dict[str, Any]:
    """What the prints of a file must be, by hashlib."""
    data = file.read_bytes()
    printer = Fingerprinter()
    printer.update(data)
    root = printer.finish().pieces_root
    told = {
        "path": path,
        "size_bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "sha1": hashlib.sha1(data).hexdigest(),
        "git_blob": hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest(),
        "local_path": str(file),
        "mtime_ns": file.stat().st_mtime_ns,
    }
    return told | ({"pieces_root": root.hex()} if root else {})


def disguise(folder: Path) -> None:
    """Other bytes of the same size and time in every file: reading them again shows in the prints."""
    for file in folder.rglob("*.bin"):
        status = file.stat()
        file.write_bytes(b"x" * status.st_size)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_fingerprint_twice(home: Path) -> None:
    """The prints equal hashlib's; a second run gives them from the cache; --no-cache reads again."""
    expected = [prints_of(home / "asset" / name, name) for name in sorted(SIZES)]
    first = run("fingerprint", "asset", "--cache", "prints.jsonl")
    assert values(first.stdout) == expected
    disguise(home / "asset")
    again = run("fingerprint", "asset", "--cache", "prints.jsonl")
    assert (again.stdout, again.exit_code) == (first.stdout, 0)
    anew = values(run("fingerprint", "asset", "--no-cache").stdout)
    assert anew == [prints_of(home / "asset" / name, name) for name in sorted(SIZES)] != expected
    assert not (home / "cache").exists()


def test_fingerprint_uses_the_users_cache(home: Path) -> None:
    """Without --cache the prints are kept in the user's cache folder, and no database is made."""
    shutil.rmtree(home / "leakwatch-data")
    run("fingerprint", "asset/small.bin")
    (line,) = values((home / "cache" / "leakwatch" / "prints.jsonl").read_text())
    assert line == prints_of(home / "asset" / "small.bin", "small.bin")
    assert not (home / "leakwatch-data").exists()


def test_fingerprint_as_a_process(home: Path) -> None:
    """The real command writes JSON lines and nothing else to stdout; a missing path makes it 1."""
    (home / "asset" / os.fsdecode(b"\xff\xfe.bin")).write_bytes(b"x")
    done = command(home, "fingerprint", "asset", PYTHONIOENCODING="utf-8:strict")
    assert done.returncode == 0
    paths = [one["path"] for one in values(done.stdout.decode("utf-8", "strict"))]
    assert sorted(paths) == sorted([*SIZES, "\udcff\udcfe.bin"])
    assert done.stderr.strip() == b""
    failed = command(home, "fingerprint", "asset/small.bin", "no\x1b[31mwhere")
    assert (failed.returncode, failed.stdout) == (1, b"")
    assert failed.stderr.decode().strip() == "leakwatch: no\\x1b[31mwhere: no such file or folder"


def test_add_list_show_remove(home: Path) -> None:
    """A work is registered with its files, listed, shown in full, and removed."""
    options = ["--title", "Tideglass 70B", "--alias", "TG70", "--alias", "タイドグラス", "--kind", "model"]
    options += ["--year", "2026", "--owner", "security", "--codename", "BLUE-07", "--embargo", "--critical"]
    added = run("add", "asset", *options)
    assert (added.stdout, added.stderr.strip()) == ("", "blue-07: 4 files, 4.9 MiB")
    expected = {
        "id": "blue-07",
        "title": "Tideglass 70B",
        "aliases": ["TG70", "タイドグラス"],
        "year": 2026,
        "kind": "model",
        "owner": "security",
        "codename": "BLUE-07",
        "embargoed": True,
        "critical": True,
        "files": [prints_of(home / "asset" / name, name) for name in sorted(SIZES)],
    }
    assert values(run("list", "--json").stdout) == [expected]
    assert values(run("show", "blue-07", "--json").stdout) == [expected | {"watch": None}]
    listed = run("list").stdout
    assert [word in listed for word in ("blue-07", "Tideglass 70B", "4.9 MiB", "critical embargoed")] == [
        True
    ] * 4
    shown = run("show", "blue-07").stdout
    for word in ("aliases: TG70, タイドグラス", "codename: BLUE-07", "weights/b.bin", "5000000"):
        assert word in shown
    for file in expected["files"]:
        assert file["sha256"] in shown
    removed = run("remove", "blue-07")
    assert (removed.stdout, removed.stderr.strip()) == ("", "blue-07: removed")
    assert run("list", "--json").stdout == ""
    assert "no assets yet" in run("list").stdout


def test_add_again_adds(home: Path) -> None:
    """Under the same id further names and files are added to those that are there."""
    run("add", "asset/small.bin", "--title", "Tideglass 70B", "--critical")
    run("add", "asset/weights", "--title", "Tideglass 70B", "--alias", "TG70")
    (asset,) = values(run("list", "--json").stdout)
    assert [file["path"] for file in asset["files"]] == ["a.bin", "b.bin", "empty.bin", "small.bin"]
    assert (asset["aliases"], asset["critical"]) == (["TG70"], True)


def test_add_stores_nothing_if_a_path_is_wrong(home: Path) -> None:
    """One path that is not there, and nothing is stored."""
    assert "no such file or folder" in fails("add", "asset", "nowhere", "--title", "T").message
    assert stored(home) == 0


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--title", " "], "title: expected text"),
        (["--title", "T", "--id", "a b"], "without white space"),
        (["--title", "T", "--id", "a\x9b31m"], "id: expected"),
        (["--title", "T", "--alias", " "], "aliases: expected a list of texts"),
        (["--title", "T\udcff"], "is not UTF-8"),
    ],
)
def test_add_refuses_odd_names(home: Path, arguments: list[str], part: str) -> None:
    """A title, id or alias that cannot be used is an error that names it, and nothing is stored."""
    assert part in fails("add", "asset/small.bin", *arguments).message
    assert stored(home) == 0


def test_add_refuses_a_file_name_that_is_no_text(home: Path) -> None:
    """A file whose name is not UTF-8 can be fingerprinted but not stored, and the error shows its bytes."""
    (home / "asset" / os.fsdecode(b"\xff.bin")).write_bytes(b"x")
    error = fails("add", "asset", "--title", "T")
    assert error.message == "the name '\\udcff.bin' is not UTF-8; change it and try again"


def test_import_of_a_catalogue(home: Path) -> None:
    """A catalogue is imported whole, and what `asset list --json` writes is a catalogue again."""
    lines = [
        {
            "id": "a",
            "title": "First",
            "aliases": ["One"],
            "year": 2025,
            "kind": "film",
            "infohashes": ["ab" * 20],
        },
        {"id": "b", "title": "Second", "files": [{"path": "x", "size_bytes": 5, "sha256": "cd" * 32}]},
        {"id": "c", "title": "Третий", "embargoed": True, "codename": "RED-01"},
    ]
    (home / "c.jsonl").write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    imported = run("import", "c.jsonl")
    assert (imported.stdout, imported.stderr.strip()) == ("", "3 assets, 1 files")
    listed = run("list", "--json").stdout
    assert values(listed) == lines
    (home / "again.jsonl").write_text(listed)
    run("import", "again.jsonl")
    assert run("list", "--json").stdout == listed


def test_names_that_are_hardly_found_are_told(home: Path) -> None:
    """A name of one letter, or of none, is taken, and a line on stderr says how little it is good for."""
    lines = [{"id": "a", "title": "Tideglass", "aliases": ["Z", "漏", "Ⅻ", "TG"]}, {"id": "b", "title": "?!"}]
    (home / "c.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = run("import", "c.jsonl").stderr
    assert told.count("warning: ") == 3
    for name in ("'Z'", "'漏'"):
        assert f"warning: a: the name {name} is one letter: found only as the whole title" in told
    assert "warning: b: the name '?!' has neither letters nor digits and is never found" in told
    assert (
        "the name 'Z' is one letter"
        in run("add", "asset/small.bin", "--title", "Saltmarsh", "--alias", "Z").stderr
    )


def test_of_many_such_names_ten_are_told(home: Path) -> None:
    """A catalogue full of them does not flood the terminal."""
    aliases = [chr(ord("a") + number) for number in range(26)]
    (home / "c.jsonl").write_text(json.dumps({"id": "a", "title": "Tideglass", "aliases": aliases}))
    told = run("import", "c.jsonl").stderr
    assert told.count("is one letter") == 10
    assert "warning: 16 more such names" in told


def test_import_of_prints(home: Path) -> None:
    """What `asset fingerprint` wrote elsewhere becomes the files of the work that --title names."""
    (home / "prints.jsonl").write_text(run("fingerprint", "asset").stdout)
    assert "with --title" in fails("import", "prints.jsonl").message
    run("import", "prints.jsonl", "--title", "Tideglass 70B", "--critical", "--alias", "TG70")
    (asset,) = values(run("show", "tideglass-70b", "--json").stdout)
    assert asset["files"] == [prints_of(home / "asset" / name, name) for name in sorted(SIZES)]
    assert (asset["critical"], asset["aliases"]) == (True, ["TG70"])


def test_import_of_sums(home: Path) -> None:
    """Output of sha256sum, in text and in binary mode, becomes files with their digests."""
    sums = subprocess.run(
        ["sha256sum", "small.bin", "-b", "weights/a.bin"], cwd=home / "asset", capture_output=True
    )
    (home / "SHA256SUMS").write_bytes(sums.stdout)
    run("import", "SHA256SUMS", "--title", "Tideglass", "--id", "tg")
    (asset,) = values(run("show", "tg", "--json").stdout)
    assert asset["files"] == [
        {"path": name, "sha256": prints_of(home / "asset" / name, name)["sha256"]}
        for name in ("small.bin", "weights/a.bin")
    ]


BROKEN = {
    "json": ("{", "broken JSON"),
    "array": ("[1]", "neither a JSON object nor a line of sha256sum"),
    "no title": ('{"id": "x"}', "title: expected text"),
    "empty id": ('{"id": "", "title": "X"}', "id: expected text"),
    "id twice": ('{"id": "a", "title": "X"}', "was used in line 1"),
    "year": ('{"id": "x", "title": "X", "year": "2025"}', "year: expected a year"),
    "aliases": ('{"id": "x", "title": "X", "aliases": "Y"}', "aliases: expected a list of texts"),
    "infohash": ('{"id": "x", "title": "X", "infohashes": ["zz"]}', "infohashes: expected 40 hex"),
    "digest": (
        '{"id": "x", "title": "X", "files": [{"path": "p", "sha256": "ab"}]}',
        "sha256: expected 64 hex digits",
    ),
    "size": (
        '{"id": "x", "title": "X", "files": [{"path": "p", "size_bytes": -1}]}',
        "size_bytes: not a number of bytes",
    ),
    "huge size": (
        f'{{"id": "x", "title": "X", "files": [{{"path": "p", "size_bytes": {2**63}}}]}}',
        "size_bytes",
    ),
    "surrogate": ('{"id": "x", "title": "\\ud800"}', "half a surrogate pair"),
    "escape in id": ('{"id": "x\\u001b[31m", "title": "X"}', "id: expected"),
}


@pytest.mark.parametrize(("line", "part"), BROKEN.values(), ids=BROKEN.keys())
def test_import_of_a_broken_line(home: Path, line: str, part: str) -> None:
    """A mistake in the third line is named with file and line, and no line at all is imported."""
    (home / "c.jsonl").write_text(f'{{"id": "a", "title": "A"}}\n\n{line}\n{{"id": "b", "title": "B"}}\n')
    error = fails("import", "c.jsonl")
    assert isinstance(error, InputError)
    assert (error.file, error.line) == ("c.jsonl", 3)
    assert error.message.startswith("c.jsonl:3: ")
    assert part in error.message
    assert stored(home) == 0


def test_import_as_a_process(home: Path) -> None:
    """The real command says the mistake on stderr, with file and line, and ends with 1."""
    (home / "c.jsonl").write_text('{"id": "a", "title": "A"}\n{"id": "b\x9b31m", "title": 5}\n', "utf-8")
    failed = command(home, "import", "c.jsonl")
    assert (failed.returncode, failed.stdout) == (1, b"")
    assert failed.stderr.decode() == "leakwatch: c.jsonl:2: title: expected text, got 5\n"


def check_harmless(text: str) -> None:
    """Nothing on the terminal but lines and tabs of visible characters."""
    odd = [char for char in text if not char.isprintable() and char not in "\n\t"]
    assert not odd, ascii(odd)


def test_hostile_catalogue_does_not_steer_the_terminal(home: Path) -> None:
    """Control characters in any text of a catalogue reach stdout as visible escapes; markup is not read."""
    asset: dict[str, Any] = dict.fromkeys(("title", "kind", "owner", "codename"), HOSTILE)
    asset |= {"id": "x", "aliases": [HOSTILE], "files": [{"path": HOSTILE, "local_path": HOSTILE}]}
    (home / "c.jsonl").write_text(json.dumps(asset))
    run("import", "c.jsonl")
    for result in (run("list"), run("show", "x")):
        check_harmless(result.stdout)
        assert "[bold]x[/bold]\\x1b[31mred" in result.stdout
    (told,) = values(run("show", "x", "--json").stdout)
    assert told["title"] == told["kind"] == told["files"][0]["path"] == HOSTILE


def test_piped_tables_are_not_cut(home: Path) -> None:
    """Where stdout is no terminal, long paths and digests stand whole, one file a line."""
    path = "folder/" * 30 + "weights.safetensors"
    file = {"path": path, "size_bytes": 5, "sha256": "ab" * 32, "pieces_root": "cd" * 32}
    (home / "c.jsonl").write_text(json.dumps({"id": "x", "title": "X", "files": [file]}))
    run("import", "c.jsonl")
    last = run("show", "x").stdout.rstrip().splitlines()[-1]
    assert last.split() == [path, "5", "ab" * 32, "cd" * 32]


@pytest.mark.parametrize("verb", ["show", "remove"])
def test_unknown_asset(home: Path, verb: str) -> None:
    """An id that nothing has is an error that says where to look."""
    assert fails(verb, "nothing").message == "no asset 'nothing'; `leakwatch asset list` shows them"


def test_folders_with_the_same_files_keep_apart(home: Path) -> None:
    """Two folders that hold files of one name, as sharded weights do, give two paths."""
    for name in ("7B", "13B"):
        (home / name).mkdir()
        (home / name / "consolidated.00.pth").write_bytes(name.encode() * 50_000)
    run("add", "7B", "13B", "--title", "Tideglass")
    told = json.loads(run("show", "tideglass", "--json").stdout)
    assert [file["path"] for file in told["files"]] == ["13B/consolidated.00.pth", "7B/consolidated.00.pth"]


def test_other_prints_of_a_path_are_refused(home: Path) -> None:
    """Prints that are registered are not replaced by accident; `--replace` says it is meant."""
    run("add", "asset/small.bin", "--title", "Tideglass")
    (home / "asset" / "small.bin").write_bytes(b"other")
    assert "--replace" in fails("add", "asset/small.bin", "--title", "Tideglass").message
    run("add", "asset/small.bin", "--title", "Tideglass", "--replace")
    told = json.loads(run("show", "tideglass", "--json").stdout)
    assert told["files"][0]["sha256"] == hashlib.sha256(b"other").hexdigest()


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"embargo": True}, "embargo"),
        ({"embargoed": "true"}, "embargoed"),
        ({"critical": 1}, "critical"),
        ({"alias": ["x"]}, "alias"),
    ],
)
def test_import_loses_no_flag(home: Path, line: dict[str, Any], field: str) -> None:
    """A misspelt or mistyped flag of a catalogue is an error with its line: an embargo must not get lost."""
    file = home / "c.jsonl"
    file.write_text('{"id": "a", "title": "A"}\n' + json.dumps({"id": "b", "title": "B"} | line) + "\n")
    error = fails("import", str(file))
    assert isinstance(error, InputError)
    assert (error.line, error.field) == (2, field)
    assert json.loads(f"[{run('list', '--json').stdout}]") == []


def test_import_takes_other_keys_as_notes(home: Path) -> None:
    """A key that resembles none of ours is somebody else's note."""
    (home / "c.jsonl").write_text('{"id": "a", "title": "A", "scripts": ["Latin"]}\n')
    run("import", "c.jsonl")


def test_import_of_assets_refuses_options_of_one(home: Path) -> None:
    """`--embargo` on a file of whole assets would be lost: it is refused."""
    (home / "c.jsonl").write_text('{"id": "a", "title": "A"}\n')
    assert "--title" in fails("import", "c.jsonl", "--embargo").message
    assert "whole assets" in fails("import", "c.jsonl", "--title", "X", "--embargo").message


def test_yes_to_the_swarm(home: Path) -> None:
    """The owner's yes to look-ups of an embargoed asset is kept."""
    run("add", "asset/small.bin", "--title", "Tideglass", "--embargo", "--codename", "BLUE", "--swarm-lookup")
    told = json.loads(run("show", "blue", "--json").stdout)
    assert (told["embargoed"], told["swarm_lookup"]) == (True, True)


def test_further_prints_and_tables(home: Path) -> None:
    """--also and --table decide what else is made; prints made with less are not taken from the cache."""
    plain = json.loads(run("fingerprint", "asset/weights/b.bin").stdout)
    assert "md5" not in plain
    assert {table["piece_length"] for table in plain["tables"]} == {16384 << power for power in range(13)}
    more = json.loads(
        run("fingerprint", "asset/weights/b.bin", "--also", "md5,ed2k", "--table", "none").stdout
    )
    assert more["md5"] == hashlib.md5((home / "asset" / "weights" / "b.bin").read_bytes()).hexdigest()
    assert "ed2k" in more
    assert "tables" not in more
    for option in (("--also", "crc32"), ("--table", "much")):
        assert (
            CliRunner().invoke(app, ["asset", "fingerprint", "asset/weights/b.bin", *option]).exit_code == 2
        )


def test_copy_of_a_recipient(home: Path) -> None:
    """A copy that differs is registered with its recipient; without a known work it is refused."""
    shutil.copytree(home / "asset", home / "copy")
    file = home / "copy" / "weights" / "b.bin"
    file.write_bytes(b"!" + file.read_bytes()[1:])
    assert "no asset" in fails("add", "copy", "--id", "film", "--variant", "Acme").message
    run("add", "asset", "--title", "Film")
    told = run("add", "copy", "--id", "film", "--variant", "Acme").stderr
    assert "the copy of 'Acme' has 1 own file, differing in 1 range; 3 are the common ones" in told
    (asset,) = values(run("show", "film", "--json").stdout)
    own = [one for one in asset["files"] if one.get("variant") == "Acme"]
    assert [(one["path"], one["differs"]) for one in own] == [("weights/b.bin", [[0, 16384]])]


def listed() -> list[str]:
    """The ids of all works."""
    return [json.loads(line)["id"] for line in run("list", "--json").stdout.splitlines()]


@pytest.mark.parametrize(
    ("options", "ident"),
    [
        ((), r"asset-[0-9a-f]{10}"),
        (("--codename", "Heron One"), "heron-one"),
        (("--codename", "Harbour One"), r"asset-[0-9a-f]{10}"),
        (("--id", "h-17"), "h-17"),
    ],
)
def test_the_id_of_a_secret_does_not_tell_it(home: Path, options: tuple[str, ...], ident: str) -> None:
    """Under embargo an id is the code name or drawn; what is added under the same title later is the same work."""
    secret = ("--title", "Quiet Harbour", "--embargo", *options)
    said = run("add", "asset/small.bin", *secret).stderr
    (made,) = listed()
    assert re.fullmatch(ident, made)
    assert "warning" not in said
    again = () if "--id" not in options else options
    run("add", "asset/weights/a.bin", "--title", "Quiet Harbour", *again)
    assert listed() == [made]
    assert len(json.loads(run("list", "--json").stdout)["files"]) == 2
    (home / "sums").write_text(f"{'0' * 64}  c.bin\n")
    run("import", "sums", "--title", "Quiet Harbour", "--embargo", *again)
    (home / "asset" / "weights" / "a.bin").write_bytes(b"bob's copy")
    run("add", "asset/weights/a.bin", "--title", "Quiet Harbour", "--variant", "bob", *again)
    assert listed() == [made]


def test_no_trace_of_a_secret_title(home: Path) -> None:
    """Neither the audit nor the log nor a drill's file has a word of the title of a work that was given no id.

    The drill of which nobody is told does not wait for an alert.
    """
    run("add", "asset/weights", "--title", "Quiet Harbour", "--embargo")
    (made,) = listed()
    run("embargo", made, "--until", "2090-01-01")
    run("allow", made, "--host", "owner.example", "--reason", "ours")
    for words in (("run", "--once", "--log-format", "json"), ("drill", made, "--wait", "3600")):
        result = CliRunner().invoke(app, list(words))
        assert "arbour" not in result.output.casefold(), words
    told = CliRunner().invoke(app, ["audit", "list", "--json"]).stdout
    assert f"asset:{made}" in told
    assert "arbour" not in told.casefold()
    assert [one.name for one in home.rglob("*") if "arbour" in one.name.casefold()] == []


def test_an_id_that_tells_a_secret_is_warned_of(home: Path) -> None:
    """One that was given, of a work that is embargoed later, and in a catalogue; never of a work without embargo."""
    part = "the id of a work under embargo tells its title (harbour)"
    given = run("add", "asset/small.bin", "--title", "Quiet Harbour", "--embargo", "--id", "harbour-2")
    assert f"warning: harbour-2: {part}" in given.stderr
    assert "warning" not in run("add", "asset/small.bin", "--title", "Old Heron").stderr
    assert "tells its title (heron" in run("embargo", "old-heron").stderr.replace("old, ", "")
    line = {"id": "harbour", "title": "Harbour", "embargoed": True}
    (home / "catalogue.jsonl").write_text(json.dumps(line))
    assert f"warning: harbour: {part}" in run("import", "catalogue.jsonl").stderr


def test_one_title_of_several_secrets(home: Path) -> None:
    """Another year is another work; where two remain, the command asks for an id."""
    for year in ("1984", "2021"):
        run("add", "asset/small.bin", "--title", "Dunes", "--embargo", "--year", year)
    assert len(set(listed())) == 2
    assert "say which is meant with --id" in fails("add", "asset/small.bin", "--title", "Dunes").message
    run("add", "asset/small.bin", "--title", "Dunes", "--year", "1999")
    assert "dunes" in listed()


def test_names_under_embargo_are_sent_after_a_typed_word_only(home: Path) -> None:
    """Without a terminal or the option, or with another word, nothing changes; who let it, and when, is told and ends with the mode."""
    run("add", "asset", "--title", "Tideglass 70B", "--id", "tideglass", "--embargo")
    command = ["query-mode", "tideglass", "direct"]
    refused = CliRunner().invoke(app, ["asset", *command])
    assert isinstance(refused.exception, InputError)
    assert "--yes-send-names" in str(refused.exception)
    assert "that is not its id" in typed(*command, answer="yes")[1]
    assert "let by" not in run("show", "tideglass").stdout
    code, said = typed(*command, answer="tideglass")
    assert (code, "direct, let by" in said) == (0, True)
    shown = run("show", "tideglass").stdout
    assert f"names sent under embargo: let by {getpass.getuser()} at 20" in shown
    assert "asked_as: direct" in shown
    (told,) = values(run("show", "tideglass", "--json").stdout)
    assert told["names_sent"]["by"] == getpass.getuser()
    run("query-mode", "tideglass", "feed-only")
    assert "let by" not in run("show", "tideglass").stdout
    run(*command, "--yes-send-names")
    assert "let by" in run("show", "tideglass").stdout
    refused = CliRunner().invoke(app, ["asset", "query-mode", "tideglass", "generic"])
    assert isinstance(refused.exception, InputError)
    assert home.exists()


def test_a_confirmation_does_not_travel_by_file(home: Path) -> None:
    """A catalogue that says embargoed and direct is refused, though it was exported from a work that was let go."""
    run("add", "asset", "--title", "Tideglass 70B", "--id", "tideglass", "--embargo")
    run("query-mode", "tideglass", "direct", "--yes-send-names")
    (home / "out.jsonl").write_text(run("list", "--json").stdout)
    refused = CliRunner().invoke(app, ["asset", "import", "out.jsonl"])
    assert isinstance(refused.exception, InputError)
    assert "under embargo" in str(refused.exception)


def test_a_work_without_embargo_needs_no_word(home: Path) -> None:
    """Its mode is simply said."""
    run("add", "asset", "--title", "Tideglass 70B", "--id", "tideglass")
    run("query-mode", "tideglass", "direct")
    shown = run("show", "tideglass").stdout
    assert "asked_as: direct" in shown
    assert "let by" not in shown
    assert home.exists()
