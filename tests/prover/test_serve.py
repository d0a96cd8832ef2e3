"""The real prover as a process: what it answers, to whom, and what it refuses."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from typer.testing import CliRunner

from leakwatch.cli import app
from leakwatch.errors import ConfigError, InputError
from leakwatch.proof import Hashed, Part, Piece
from leakwatch.prover import ProverHasher, ProverSettings
from leakwatch.prover.wire import HASH_PATH, KNOWN_PATH, ask_hash, ask_known

from .conftest import KIB, TOKEN, Owner, Running, running

Asking = Callable[[ProverSettings], ProverHasher]
RIGHT = {"Authorization": f"Bearer {TOKEN}"}


def pieces_of(owner: Owner) -> dict[str, Piece]:
    """Every shape that a torrent's piece can have."""
    large, second = owner.remote("large.bin"), owner.remote("second.bin")
    small, text = owner.remote("a.txt"), owner.remote("b.txt")
    return {
        "whole": (Part(second, 0, 300_007),),
        "aligned": (Part(large, 256 * KIB, 256 * KIB),),
        "unaligned": (Part(large, 4321, 100_003),),
        "last": (Part(large, 1_900_000, 100_011),),
        "small whole": (Part(small, 0, 900),),
        "spanning with zeros": (
            Part(large, 2_000_011 - 16_777, 16_777),
            Part(None, 0, 5000),
            Part(small, 0, 900),
            Part(text, 0, 31_000),
            Part(second, 0, 16_507),
        ),
        "dull": (Part(owner.remote("dull.bin"), 0, 50_000),),
    }


def expected(owner: Owner, piece: Piece) -> bytes:
    """The SHA-1 of the piece by hashlib."""
    data = b""
    for part in piece:
        whole = bytes(part.length) if part.file is None else owner.contents[part.file.path]
        data += whole[part.start : part.start + part.length]
    return hashlib.sha1(data).digest()


def check_all(owner: Owner, hasher: ProverHasher) -> None:
    """All shapes are hashed rightly, and said to be informative where they are."""
    pieces = pieces_of(owner)
    hashed = dict(zip(pieces, hasher.hash(list(pieces.values())), strict=True))
    for name, piece in pieces.items():
        one = hashed[name]
        assert one is not None, name
        assert one.digest == expected(owner, piece), name
        assert one.informative == tuple(p.file is not None and name != "dull" for p in piece), name
    assert not hasher.failures


def post(one: Running, body: bytes, headers: dict[str, str] = RIGHT, path: str = HASH_PATH) -> httpx.Response:
    """A plain request on the Unix socket, past the client's own checks."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=one.address, verify=False)) as client:
        return client.post(f"http://prover{path}", content=body, headers=headers)


def raw_question(owner: Owner, *parts: list[Any], path: str = "large.bin") -> bytes:
    """A question for one piece, as a client without manners would ask it."""
    file = owner.files[path]
    sha256 = file.sha256.hex() if file.sha256 else ""
    return json.dumps({"files": [[sha256, file.size_bytes]], "pieces": [list(parts)]}).encode()


def test_hashes_over_a_socket(shared: tuple[Owner, Running], asking: Asking) -> None:
    """Whole, aligned, unaligned and spanning pieces have hashlib's SHA-1, over a Unix socket of mode 0600."""
    owner, one = shared
    check_all(owner, asking(one.settings()))
    assert stat.S_IMODE(Path(one.address).stat().st_mode) == 0o600


def test_hashes_over_tls(owner: Owner, asking: Asking, tmp_path: Path) -> None:
    """The same over TLS; a client that trusts other authorities, or that came without TLS, learns nothing."""
    authority, other = trustme.CA(), trustme.CA()
    mine = authority.issue_cert("127.0.0.1")
    mine.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "key.pem"))
    mine.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    other.cert_pem.write_to_path(str(tmp_path / "other.pem"))
    options = ("--certificate", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem"))
    with running(owner, "--listen", "127.0.0.1:0", *options) as one:
        assert one.address.startswith("https://127.0.0.1:")
        hasher = asking(one.settings(ca_file=tmp_path / "ca.pem"))
        check_all(owner, hasher)
        hasher.close()  # a server waits some seconds for the other end of a TLS connection
        stranger = asking(one.settings(ca_file=tmp_path / "other.pem"))
        assert stranger.known(owner.remote("large.bin"), 256 * KIB, 0) == ()
        assert list(stranger.failures) == ["no connection (ConnectError)"]
        with pytest.raises(httpx.TransportError):
            httpx.post(one.address.replace("https:", "http:") + KNOWN_PATH, headers=RIGHT, trust_env=False)


def test_known(shared: tuple[Owner, Running], asking: Asking) -> None:
    """A file is known by SHA-256 and size; a tail too short to be asked for is left out."""
    owner, one = shared
    hasher, large = asking(one.settings()), owner.remote("large.bin")
    assert hasher.known(large, 256 * KIB, 0) == (range(2_000_011),)
    start = 2_000_011 - 20 * 64 * KIB - 100
    assert hasher.known(large, 64 * KIB, start) == (range(2_000_011 - 100),)
    assert hasher.known(large, KIB, 0) == ()
    stranger = owner.files["large.bin"].sha256 or b""
    for file in (
        type(large)(path="large.bin", size_bytes=2_000_011, sha256=stranger[::-1]),
        type(large)(path="large.bin", size_bytes=5_000_010, sha256=stranger),
        type(large)(path="large.bin", size_bytes=2_000_011),
    ):
        assert hasher.known(file, 256 * KIB, 0) == ()
        assert hasher.hash([(Part(file, 0, 256 * KIB),)]) == [None]
    assert not hasher.failures


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer " + TOKEN[:-1]}, {"Authorization": f"Basic {TOKEN}"}],
    ids=["none", "wrong", "other scheme"],
)
def test_without_the_token(shared: tuple[Owner, Running], headers: dict[str, str]) -> None:
    """Without the token nothing is answered, and not at once."""
    owner, one = shared
    begun = time.monotonic()
    for path in (HASH_PATH, KNOWN_PATH):
        answer = post(one, ask_known([owner.files["a.txt"]]), headers, path)
        assert answer.status_code == 401
        assert answer.json() == {"error": "missing or wrong token"}
    assert time.monotonic() - begun >= 0.5


@pytest.mark.parametrize(
    "parts",
    [
        [[0, 0, 1]],
        [[0, 5, 16 * KIB - 1]],
        [[None, 0, 16 * KIB], [0, 0, 1]],
        [[0, 0, 16 * KIB], [0, 99, 1]],
        [[0, 2_000_000, 16 * KIB]],
        [[0, -1, 16 * KIB]],
        [[0, 0, 64 * KIB * KIB + 1]],
        [[1, 0, 16 * KIB]],
        [[True, 0, 16 * KIB]],
        [[0, 0, 1e5]],
        [],
    ],
)
def test_tiny_and_odd_ranges(shared: tuple[Owner, Running], parts: list[list[Any]]) -> None:
    """A range whose bytes could be guessed, or that is none, is refused with a reason."""
    answer = post(shared[1], raw_question(shared[0], *parts))
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"[" * 50_000,
        b'{"files":[],"pieces":{}}',
        b'{"files":[],"pieces":[],"x":1}',
    ],
)
def test_malformed_questions(shared: tuple[Owner, Running], body: bytes) -> None:
    """What is no question gets a reason, and the prover answers the next one."""
    for path in (HASH_PATH, KNOWN_PATH):
        answer = post(shared[1], body, path=path)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert post(shared[1], ask_known([]), path=KNOWN_PATH).json() == {"known": []}


def test_too_much_at_once(shared: tuple[Owner, Running]) -> None:
    """More pieces than one request may have, and a body without end, are refused."""
    owner, one = shared
    piece = pieces_of(owner)["aligned"]
    assert post(one, ask_hash([piece] * 65)).status_code == 400
    assert "pieces" in post(one, ask_hash([piece] * 65)).json()["error"]
    assert post(one, b" " * (4 * 2**20 + 1)).status_code == 400


def test_many_pieces_are_asked_in_several_requests(shared: tuple[Owner, Running], asking: Asking) -> None:
    """The client keeps to the limits by itself, and every piece has its own answer in its place."""
    owner, one = shared
    large = owner.remote("large.bin")
    pieces: list[Piece] = [(Part(large, number * KIB, 16 * KIB),) for number in range(150)]
    pieces[70] = (Part(large, 0, 5),)
    hashed = asking(one.settings()).hash(pieces)
    assert hashed[70] is None
    assert all(
        number == 70 or (hashed[number] or Hashed(b"", ())).digest == expected(owner, pieces[number])
        for number in range(150)
    )


def test_no_answer_carries_content(shared: tuple[Owner, Running]) -> None:
    """Every answer on the wire is digests and truths or a reason; six bytes of content are nowhere in it."""
    owner, one = shared
    questions = [ask_hash([piece]) for piece in pieces_of(owner).values()]
    questions += [raw_question(owner, [0, 0, 1]), raw_question(owner, [0, 0, 20 * KIB]), b"nonsense"]
    answered = 0
    for question in questions:
        answer = post(one, question)
        told = json.loads(answer.content)
        assert told.keys() == ({"pieces"} if answer.status_code == 200 else {"error"})
        assert len(answer.content) < 200
        for digest, informative in told.get("pieces", []):
            answered += 1
            assert all(isinstance(part, bool) for part in informative)
            check_no_content(owner, bytes.fromhex(digest))
        check_no_content(owner, answer.content)
        for name, value in answer.headers.items():
            check_no_content(owner, f"{name}: {value}".encode())
        assert owner.folder.name not in answer.text
    assert answered == len(pieces_of(owner)) + 1


def check_no_content(owner: Owner, said: bytes) -> None:
    """None of the windows of what was said is in a file."""
    windows = {said[start : start + 6] for start in range(len(said) - 5)}
    assert not [1 for window in windows for data in owner.contents.values() if window in data]


def test_last_bytes_cannot_be_guessed(shared: tuple[Owner, Running]) -> None:
    """Whoever has the token and a file that everybody has cannot ask for the last bytes of another beside it."""
    owner, one = shared
    secret, public = owner.files["large.bin"], owner.files["b.txt"]
    size = secret.size_bytes or 0
    for length in (1, 2, 4, 16 * KIB - 1):
        for piece in (
            (Part(secret, size - length, length), Part(public, 0, 31_000)),
            (Part(public, 0, 31_000), Part(secret, 0, length)),
        ):
            answer = post(one, ask_hash([piece]))
            assert answer.status_code == 400
            assert "16384 bytes" in answer.json()["error"]


def test_no_walk_from_known_bytes(owner: Owner) -> None:
    """Whoever knows a stretch of a file learns the byte behind it once, and cannot go on from there."""
    with running(owner, "--socket", str(owner.folder / "p.sock"), "--max-mib-per-s", "10000") as one:
        secret, known = owner.files["large.bin"], owner.contents["large.bin"][: 32 * KIB]

        def asked(start: int, length: int) -> list[Any]:
            return post(one, ask_hash([(Part(secret, start, length),)])).json()["pieces"]

        wanted = bytes.fromhex(asked(0, len(known) + 1)[0][0])
        (byte,) = (one for one in range(256) if hashlib.sha1(known + bytes([one])).digest() == wanted)
        assert byte == owner.contents["large.bin"][len(known)]
        for more in (2, 3, 8, 64):
            assert asked(0, len(known) + more) == asked(9999, len(known) - 9999 + more) == [None]
        assert asked(0, len(known) + 1) != [None]
        assert asked(0, len(known) + 1 + 64) != [None]
        aligned: list[Piece] = [(Part(secret, number * 64 * KIB, 64 * KIB),) for number in range(1, 9)]
        assert None not in post(one, ask_hash(aligned)).json()["pieces"]


def test_a_changed_file_is_not_hashed(owner: Owner, asking: Asking) -> None:
    """A file that was touched, cut or taken away since its prints were made is as if it were not there."""
    with running(owner, "--socket", str(owner.folder / "p.sock")) as one:
        piece: Piece = (Part(owner.remote("second.bin"), 0, 100_000),)
        other: Piece = (Part(owner.remote("large.bin"), 0, 100_000),)
        hasher = asking(one.settings())
        assert None not in hasher.hash([piece, other])
        status = (owner.folder / "second.bin").stat()
        os.utime(owner.folder / "second.bin", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
        assert [answer is None for answer in hasher.hash([piece, other])] == [True, False]
        (owner.folder / "large.bin").write_bytes(b"other")
        assert hasher.hash([piece, other]) == [None, None]
        (owner.folder / "large.bin").unlink()
        assert asking(one.settings()).known(owner.remote("large.bin"), 256 * KIB, 0) == ()


def test_pace_is_kept(owner: Owner, asking: Asking) -> None:
    """Above the pace the answer is 429 with Retry-After; the client waits it out, or ends with its deadline."""
    with running(owner, "--socket", str(owner.folder / "p.sock"), "--max-mib-per-s", "4") as one:
        question = ask_hash([pieces_of(owner)["aligned"]] * 6)
        assert post(one, question).status_code == 200
        refused = post(one, question)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.json() == {"error": "too fast"}
        hurried = asking(one.settings(deadline_s=0.2))
        assert hurried.hash([pieces_of(owner)["aligned"]]) == [None]
        assert list(hurried.failures) == ["too busy for the deadline"]
        patient = asking(one.settings())
        assert None not in patient.hash([pieces_of(owner)["aligned"]])
        assert not patient.failures


def test_log_tells_counts_only(owner: Owner, asking: Asking) -> None:
    """The log has counts; no digest, path, token, range or address is in it."""
    with running(owner, "--socket", str(owner.folder / "p.sock")) as one:
        hasher = asking(one.settings())
        hasher.known(owner.remote("large.bin"), 256 * KIB, 0)
        check_all(owner, hasher)
        post(one, b"nonsense")
        post(one, b"", {})
    events = [json.loads(line) for line in one.log]
    names = [event["event"] for event in events]
    assert names == ["files_asked", "pieces_hashed", "question_refused", "token_refused"]
    fields = {
        "event",
        "level",
        "timestamp",
        "files",
        "known",
        "pieces",
        "absent",
        "read_bytes",
        "duration_s",
        "reason",
    }
    assert all(event.keys() <= fields for event in events)
    digests = [file.sha256.hex() for file in owner.files.values() if file.sha256]
    for secret in (TOKEN, "large.bin", "4321", *digests):
        assert secret not in "".join(one.log)


def test_broken_http(shared: tuple[Owner, Running], asking: Asking) -> None:
    """Bytes that are no HTTP, and connections that break off, leave the prover as it was."""
    owner, one = shared
    rng = random.Random(3)
    for sent in (
        rng.randbytes(5000),
        b"POST /v1/hash HTTP/1.1\r\nContent-Length: 99\r\n\r\n{",
        b"GET / HTTP/1.1\r\nA: " + b"x" * 70_000,
    ):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(one.address)
            line.sendall(sent)
    assert asking(one.settings()).hash([pieces_of(owner)["whole"]]) != [None]


def test_dripping_heads_are_hung_up_on(owner: Owner, asking: Asking) -> None:
    """Connections that never end their request's head do not keep others out for long."""
    before = "import leakwatch.prover.server as server; server._HEADER_S = 0.3"
    with running(owner, "--socket", str(owner.folder / "p.sock"), before=before) as one:
        with socket.socket(socket.AF_UNIX) as mute, socket.socket(socket.AF_UNIX) as line:
            mute.connect(one.address)
            line.connect(one.address)
            line.settimeout(0.1)
            line.sendall(b"POST /v1/known HTTP/1.1\r\nA: ")
            begun = time.monotonic()
            with pytest.raises((BrokenPipeError, ConnectionResetError)):
                while time.monotonic() - begun < 5:
                    line.sendall(b"x")
                    with contextlib.suppress(TimeoutError):
                        assert line.recv(1) == b""
            assert 0.2 < time.monotonic() - begun < 3
            mute.settimeout(3)
            assert mute.recv(1) == b""
        hasher = asking(one.settings())
        check_all(owner, hasher)
        check_all(owner, hasher)


def test_socket_left_behind(owner: Owner) -> None:
    """A socket that a killed prover left is taken over; one in use, and a file that is none, are not."""
    place = owner.folder / "p.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place))
    with running(owner, "--socket", str(place)):
        assert "cannot listen" in refused_start(owner, "--socket", str(place))
    assert not place.exists()
    place.write_text("mine")
    assert "cannot listen" in refused_start(owner, "--socket", str(place))
    assert place.read_text() == "mine"


def refused_start(owner: Owner, *options: str) -> str:
    """What a start in this process says that fails before anything is served."""
    common = ["--prints", str(owner.prints), "--token-file", str(owner.token_file)]
    result = CliRunner().invoke(app, ["prover", "serve", *common, *options])
    assert isinstance(result.exception, (ConfigError, InputError)), result.output
    return result.exception.message


def test_places_that_are_refused(owner: Owner) -> None:
    """Without TLS only loopback is listened on, and the message says why."""
    told = refused_start(owner, "--listen", "0.0.0.0:0")
    assert "without --certificate and --key only a loopback address" in told
    assert "for anybody to read" in told
    assert "only a loopback" in refused_start(owner, "--listen", "localhost:0")
    assert "either --socket or --listen" in refused_start(owner)
    assert "go together" in refused_start(owner, "--listen", "127.0.0.1:0", "--key", "k.pem")
    nothing = ("--certificate", "none.pem", "--key", "none.pem")
    assert "cannot be used: No such file" in refused_start(owner, "--listen", "127.0.0.1:0", *nothing)
    broken = ("--certificate", str(owner.prints), "--key", str(owner.prints))
    assert "certificate" in refused_start(owner, "--listen", "127.0.0.1:0", *broken)
    assert (
        CliRunner()
        .invoke(app, ["prover", "serve", "--prints", "x", "--token-file", "x", "--listen", "x"])
        .exit_code
        == 2
    )


def test_tokens_and_prints_that_are_refused(owner: Owner) -> None:
    """A short token and prints without a place are mistakes with the file's name; the token is not shown."""
    owner.token_file.write_text(TOKEN[:31])
    told = refused_start(owner, "--socket", str(owner.folder / "p.sock"))
    assert told.startswith(f"{owner.token_file}: expected at least 32")
    assert TOKEN[:31] not in told
    owner.token_file.write_text(TOKEN)
    owner.prints.write_text(f"{'0' * 64}  large.bin\n")
    assert "run `leakwatch asset fingerprint` here" in refused_start(owner, "--socket", "p.sock")
    owner.prints.write_text("")
    assert "no file in it" in refused_start(owner, "--socket", "p.sock")


def test_plain_loopback(owner: Owner, asking: Asking) -> None:
    """On a loopback address TLS may be left out."""
    with running(owner, "--listen", "127.0.0.1:0") as one:
        assert one.address.startswith("http://127.0.0.1:")
        check_all(owner, asking(one.settings()))
