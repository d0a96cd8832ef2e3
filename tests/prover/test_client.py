"""The daemon's side against provers that are hostile, slow or gone: pieces are None, and the reason is counted."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from leakwatch.errors import ConfigError
from leakwatch.model.asset import AssetFile
from leakwatch.proof import Hashed, Part, Piece
from leakwatch.prover import ProverHasher, ProverSettings, client, prover_hashers
from leakwatch.secret import Secret

from .conftest import TOKEN

Asking = Callable[[ProverSettings], ProverHasher]
KIB = 1024
FILE = AssetFile(path="f", size_bytes=10 * KIB * KIB, sha256=bytes(range(32)))
PIECES: list[Piece] = [(Part(FILE, number * KIB, 64 * KIB),) for number in range(3)]
NOTHING = [None, None, None]
GOOD = json.dumps({"pieces": [["ab" * 20, [True]], None, ["cd" * 20, [False]]]}).encode()
FULL = [Hashed(b"\xab" * 20, (True,), 64 * KIB), None, Hashed(b"\xcd" * 20, (False,), 64 * KIB)]

Talk = Callable[[socket.socket], None]


def response(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer of HTTP/1.1."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(*answers: bytes) -> Talk:
    """One answer a connection, the last one for ever."""
    left = list(answers)

    def talk(line: socket.socket) -> None:
        line.sendall(left.pop(0) if len(left) > 1 else left[0])

    return talk


def drips(start: bytes) -> Talk:
    """A byte before each patience with single bytes ends."""

    def talk(line: socket.socket) -> None:
        line.sendall(start)
        while True:
            line.sendall(b"x")
            time.sleep(0.02)

    return talk


def floods(line: socket.socket) -> None:
    """An answer without end."""
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    while True:
        line.sendall(bytes(65536))


def silent(line: socket.socket) -> None:
    """Nothing, until the other side hangs up."""
    line.recv(1)


def request(line: socket.socket) -> bytes:
    """A whole question; head and body come one after the other."""
    came = b""
    while step := line.recv(65536):
        came += step
        head, _, body = came.partition(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        if length and len(body) == int(length[1]):
            break
    return came


@contextlib.contextmanager
def prover(talk: Talk) -> Iterator[tuple[str, list[bytes]]]:
    """Something that listens on loopback and talks like this; gives its URL and what it was asked."""
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                line = listener.accept()[0]
                with line, contextlib.suppress(OSError):
                    asked.append(request(line))
                    talk(line)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
        assert not thread.is_alive()


def settings(url: str, deadline_s: float = 5) -> ProverSettings:
    """A prover at this URL."""
    return ProverSettings(name="vault", token=Secret(TOKEN), url=url, deadline_s=deadline_s)


def test_good_answer(asking: Asking) -> None:
    """A right answer is understood; the request carries the token, digests and ranges, and no path."""
    with prover(says(response(GOOD))) as (url, asked):
        assert asking(settings(url)).hash(PIECES) == FULL
    head, _, body = asked[0].partition(b"\r\n\r\n")
    assert f"Authorization: Bearer {TOKEN}".encode() in head
    assert json.loads(body) == {
        "files": [[bytes(range(32)).hex(), 10 * KIB * KIB]],
        "pieces": [[[0, 0, 65536]], [[0, 1024, 65536]], [[0, 2048, 65536]]],
    }


WRONG = {
    "garbage": (b"\x00\xff" * 500, "no connection (RemoteProtocolError)"),
    "nothing": (b"", "no connection (RemoteProtocolError)"),
    "cut off": (response(GOOD)[:-5], "no connection (RemoteProtocolError)"),
    "no json": (response(b"<html>"), "the body is not JSON"),
    "deep json": (response(b"[" * 100_000), "the body is not JSON"),
    "too few": (response(b'{"pieces":[null]}'), "expected an answer for each piece"),
    "short digest": (
        response(GOOD.replace(b"ab" * 20, b"ab" * 19)),
        "expected a SHA-1 and what is informative, or null",
    ),
    "other truths": (response(GOOD.replace(b"[true]", b"[1]")), "expected true or false"),
    "too many truths": (response(GOOD.replace(b"[true]", b"[true,true]")), "expected a truth for each part"),
    "refused": (response(b"", "401 No"), "it refused the token"),
    "bad question": (response(b"", "400 No"), "it refused the question"),
    "absent": (response(b"", "404 No"), "nothing there answers as a prover"),
    "broken": (response(b"", "500 No"), "status 500"),
    "packed": (response(b"\x1f\x8b" + bytes(99), "200 OK", "Content-Encoding: gzip"), "the body is not JSON"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers(name: str, asking: Asking) -> None:
    """Whatever else is answered, the pieces are None and the reason is counted."""
    sent, reason = WRONG[name]
    with prover(says(sent)) as (url, _):
        hasher = asking(settings(url))
        assert hasher.hash(PIECES) == NOTHING
    assert dict(hasher.failures) == {reason: 1}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("500 No", "status 500"),
        ("502 No", "status 502"),
        ("503 No", "too many connections to it"),
        ("429 No", "too busy for the deadline"),
        ("401 No", "it refused the token"),
    ],
)
def test_who_could_not_be_asked_is_told_from_who_knows_nothing(
    status: str, reason: str, asking: Asking
) -> None:
    """Whoever asks by `noting` hears of each failure, while the prover rests too; an honest no is not one."""
    away: list[str] = []
    told = f"the prover 'vault' could not be asked: {reason}"
    with prover(says(response(b"", status, "Retry-After: 9"))) as (url, asked):
        hasher = asking(settings(url, 0.3))
        noting = hasher.noting(away.append)
        assert noting.known(FILE, 65536, 0) == ()
        assert away == [told]
        assert noting.hash(PIECES) == NOTHING
        assert away == [told, told]
        assert hasher.hash(PIECES) == NOTHING
        assert (len(away), len(asked)) == (2, 1)
    assert dict(hasher.failures) == {reason: 1}
    away.clear()
    with prover(says(response(b'{"known":[false]}'), response(b'{"pieces":[null,null,null]}'))) as (url, _):
        noting = asking(settings(url)).noting(away.append)
        assert (noting.known(FILE, 65536, 0), noting.hash(PIECES)) == ((), NOTHING)
    assert away == []


def test_redirects_are_not_followed(asking: Asking) -> None:
    """A prover that sends the token elsewhere is not obeyed."""
    with prover(says(response(GOOD))) as (other, asked):
        moved = response(b"", "307 Moved", f"Location: {other}/v1/hash")
        with prover(says(moved)) as (url, _):
            hasher = asking(settings(url))
            assert hasher.hash(PIECES) == NOTHING
    assert list(hasher.failures) == ["status 307"]
    assert asked == []


@pytest.mark.parametrize(
    "talk",
    [
        silent,
        drips(b"HTTP/1.1 200 OK\r\nA: "),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1"),
    ],
    ids=["silent", "headers", "body", "chunk"],
)
def test_slow_answers_end_with_the_deadline(talk: Talk, asking: Asking) -> None:
    """Silence, and dripping that would keep any single wait alive, end with the call's deadline."""
    with prover(talk) as (url, _):
        hasher, begun = asking(settings(url, deadline_s=0.4)), time.monotonic()
        assert hasher.hash(PIECES) == NOTHING
        assert time.monotonic() - begun < 1.5
    assert list(hasher.failures) == ["no answer in time"]


def test_tls_that_never_shakes_hands(asking: Asking) -> None:
    """A TLS handshake that goes nowhere ends with the deadline too."""
    with prover(silent) as (url, _):
        hasher = asking(settings(url.replace("http:", "https:"), deadline_s=0.4))
        assert hasher.hash(PIECES) == NOTHING
    assert list(hasher.failures) == ["no answer in time"]


def test_endless_answers_are_cut(asking: Asking) -> None:
    """Of an answer without end a few MiB are read."""
    with prover(floods) as (url, _):
        hasher = asking(settings(url))
        assert hasher.hash(PIECES) == NOTHING
    assert list(hasher.failures) == ["the answer is too large"]


@pytest.mark.parametrize("after", ["", "Retry-After: 0", "Retry-After: -1", "Retry-After: " + "9" * 400])
def test_patience_ends_with_the_deadline(after: str, asking: Asking) -> None:
    """However a prover asks for patience, the deadline stands."""
    refusal = response(b"", "429 Wait", *([after] if after else []))
    with prover(says(refusal)) as (url, _):
        hasher, begun = asking(settings(url, deadline_s=0.5)), time.monotonic()
        assert hasher.hash(PIECES) == NOTHING
        assert time.monotonic() - begun < 1.5
    assert list(hasher.failures) == ["too busy for the deadline"]


def test_patience_within_the_deadline(asking: Asking) -> None:
    """A 429 is waited out, and the question asked again."""
    with prover(says(response(b"", "429 Wait", "Retry-After: 0"), response(GOOD))) as (url, asked):
        hasher = asking(settings(url))
        assert hasher.hash(PIECES) == FULL
        assert len(asked) == 2
    assert not hasher.failures


def test_a_failing_prover_is_left_alone(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure nothing is asked for a while, so that one proof does not wait hundreds of times."""
    with prover(says(response(b"", "500 No"), response(GOOD))) as (url, asked):
        hasher = asking(settings(url))
        assert hasher.hash(PIECES) == NOTHING
        assert hasher.hash(PIECES) == NOTHING
        assert hasher.known(FILE, 64 * KIB, 0) == ()
        assert len(asked) == 1
        monkeypatch.setattr(client, "_REST_S", 0.0)
        other = asking(settings(url))
        assert other.hash(PIECES) == FULL
    assert hasher.failures.total() == 1


def test_known_is_asked_once(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a prover has is remembered for some minutes, and asked again after them."""
    with prover(says(response(b'{"known":[true]}'), response(b'{"known":[false]}'))) as (url, asked):
        hasher = asking(settings(url))
        for _ in range(5):
            assert hasher.known(FILE, 64 * KIB, 0) == (range(10 * KIB * KIB),)
        assert len(asked) == 1
        monkeypatch.setattr(client, "_KEPT_S", -1.0)
        hasher = asking(settings(url))
        assert hasher.known(FILE, 64 * KIB, 0) == ()
        assert hasher.known(FILE, 64 * KIB, 0) == ()
        assert len(asked) == 3


def test_many_files_are_asked_for_at_once(asking: Asking) -> None:
    """Of a proof's files a thousand are asked for in one question, each once, and those without a digest never."""

    def knows(line: socket.socket) -> None:
        count = len(json.loads(asked[-1].partition(b"\r\n\r\n")[2])["files"])
        line.sendall(response(json.dumps({"known": [True] * count}).encode()))

    files = [replace(FILE, path=str(n), sha256=n.to_bytes(32, "big")) for n in range(1, 1501)]
    with prover(knows) as (url, asked):
        hasher = asking(settings(url))
        noting = hasher.noting(pytest.fail, [*files, FILE, replace(FILE, sha256=None), FILE])
        for file in files:
            assert noting.known(file, 64 * KIB, 0) == (range(10 * KIB * KIB),)
        counts = [len(json.loads(one.partition(b"\r\n\r\n")[2])["files"]) for one in asked]
        assert counts == [1000, 501]
        assert hasher.known(FILE, 64 * KIB, 0)
        assert hasher.known(replace(FILE, size_bytes=5), 64 * KIB, 0)
        assert len(asked) == 3


def test_nobody_there(asking: Asking, tmp_path: Path) -> None:
    """A socket that is not there, and a port that refuses, are counted; the log names the prover and no secret."""
    with structlog.testing.capture_logs() as logs:
        absent = ProverSettings(name="vault", token=Secret(TOKEN), socket=tmp_path / "none.sock")
        assert asking(absent).hash(PIECES) == NOTHING
        assert asking(settings("http://127.0.0.1:1")).hash(PIECES) == NOTHING
    assert [(one["event"], one["prover"], one["reason"]) for one in logs] == [
        ("prover_failed", "vault", "no connection (ConnectError)")
    ] * 2
    assert TOKEN not in str(logs)
    assert "127.0.0.1" not in str(logs)


def test_what_cannot_be_asked_is_not_asked(asking: Asking) -> None:
    """Tiny ranges, files without a SHA-256 and mere zeros are None without a question."""
    nameless = AssetFile(path="n", size_bytes=10 * KIB * KIB)
    with prover(says(response(GOOD))) as (url, asked):
        hasher = asking(settings(url))
        pieces: list[Piece] = [
            (Part(FILE, 0, 5),),
            (Part(nameless, 0, 64 * KIB),),
            (Part(None, 0, 64 * KIB),),
            (),
        ]
        assert hasher.hash(pieces) == [None] * 4
        assert hasher.hash([]) == []
        assert asked == []
    assert not hasher.failures


def test_threads_share_a_hasher(asking: Asking) -> None:
    """Several proofs at once may ask through one hasher."""
    with prover(says(response(GOOD))) as (url, _):
        hasher, found = asking(settings(url)), list[object]()
        threads = [threading.Thread(target=lambda: found.append(hasher.hash(PIECES))) for _ in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert found == [FULL] * 8


BAD: dict[str, tuple[dict[str, object], str]] = {
    "neither": ({}, "give either socket or url"),
    "both": ({"socket": Path("/s"), "url": "https://h"}, "give either socket or url"),
    "plain": ({"url": "http://vault.internal"}, "url: expected https://"),
    "plain name of loopback": ({"url": "http://localhost"}, "url: expected https://"),
    "user": ({"url": "https://u:p@h"}, "url: expected https://host:port"),
    "query": ({"url": "https://h/?a=1"}, "url: expected https://host:port"),
    "no host": ({"url": "https://"}, "url: expected https://host:port"),
    "bad port": ({"url": "https://h:99999"}, "url: expected https://host:port"),
    "bad address": ({"url": "https://[::1"}, "url: expected https://host:port"),
    "short token": ({"url": "https://h", "token": Secret("x" * 31)}, "token: expected at least 32"),
    "odd token": ({"url": "https://h", "token": Secret("x" * 31 + "\n")}, "token: expected at least 32"),
    "no CA": ({"url": "https://h", "ca_file": Path("/none.pem")}, "ca_file: the CA file cannot be used: No"),
    "empty CA": ({"url": "https://h", "ca_file": Path("/dev/null")}, "ca_file: the CA file cannot be used"),
    "CA without TLS": ({"socket": Path("/s"), "ca_file": Path("/x")}, "ca_file: is for https only"),
}


@pytest.mark.parametrize("name", BAD)
def test_settings_that_cannot_work(name: str) -> None:
    """A prover that could not be asked, or not safely, is a mistake in the configuration."""
    given, told = BAD[name]
    with pytest.raises(ConfigError) as error:
        ProverHasher(ProverSettings(**{"name": "v", "token": Secret(TOKEN), **given}))  # type: ignore[arg-type]
    assert error.value.message.startswith(told)
    assert "x" * 31 not in error.value.message


def test_certificates_are_always_checked() -> None:
    """Without a CA file the system's authorities are asked for."""
    context = settings("https://h").tls()
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_hashers_of_a_configuration() -> None:
    """There is one for each prover, in order, and making them contacts nobody."""

    class Told:
        provers = (settings("https://a"), settings("https://b"))

    made = prover_hashers(Told())
    assert len(made) == 2
    assert all(isinstance(one, ProverHasher) for one in made)
