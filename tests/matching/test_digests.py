"""Every digest that is kept of an asset's file, computed twice, against each source or link that tells it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from importlib.resources import files as package_files
from random import Random

import pytest
from Crypto.Hash import MD4

from leakwatch.extract.links import locate
from leakwatch.fingerprints import Fingerprinter
from leakwatch.matching.engine import match
from leakwatch.matching.index import build_index
from leakwatch.matching.structure import digest_keys
from leakwatch.matching.weights import parse_weights
from leakwatch.model.asset import Asset, AssetFile, AssetId, whole_of
from leakwatch.model.finding import Match, SignalKind, Tier
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.sources import KINDS
from leakwatch.sources._kind import Payload, Request
from leakwatch.torrent.bencode import encode
from leakwatch.triage import proved_by_host

WEIGHTS = parse_weights((package_files("leakwatch.matching") / "weights.yaml").read_text("utf-8"))
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CONTENT = Random(7).randbytes(200_003)
BLOCK = 16_384


def printed(content: bytes, path: str = "w.bin") -> AssetFile:
    """All prints of a file."""
    maker = Fingerprinter(size_bytes=len(content), also=("md5", "ed2k"))
    maker.update(content)
    made = maker.finish()
    return AssetFile(
        path=path,
        size_bytes=len(content),
        sha256=made.sha256,
        sha1=made.sha1,
        md5=made.md5,
        git_blob=made.git_blob,
        ed2k=made.ed2k,
        pieces_root=made.pieces_root,
    )


FILE = printed(CONTENT)
INDEX = build_index([Asset(id=AssetId("m7"), title="Northwind Model", files=(FILE,))])


def root(content: bytes) -> bytes:
    """The pieces root, by BEP 52's own words: a tree over blocks, padded with zeros to a power of two."""
    leaves = [hashlib.sha256(content[at : at + BLOCK]).digest() for at in range(0, len(content), BLOCK)]
    leaves += [bytes(32)] * ((1 << (len(leaves) - 1).bit_length()) - len(leaves))
    while len(leaves) > 1:
        pairs = zip(leaves[::2], leaves[1::2], strict=True)
        leaves = [hashlib.sha256(one + other).digest() for one, other in pairs]
    return leaves[0]


def blob(content: bytes) -> str:
    """The id that git gives a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def md4(content: bytes) -> str:
    """The MD4 of some bytes, which is the ed2k hash of a file of one part."""
    return MD4.new(content).hexdigest()


def seen(*files: ObservedFile, text: str | None = None) -> Observation:
    """An item under a name that says nothing."""
    return locate(
        Observation(site="s", native_id="1", title="stuff", fetched_at=NOON, files=files, text=text)
    )


def only(observation: Observation) -> Match:
    """The one match."""
    (found,) = match(observation, INDEX, WEIGHTS)
    return found


def read(kind: str, url: str, body: bytes, state: dict[str, str]) -> Observation:
    """What a source makes of an answer."""
    request = Request(url=url, state={"site": "s"} | state)
    payload = Payload(request=request, url=url, status=200, headers={}, body=body, fetched_at=NOON)
    (observation,) = KINDS[kind].parse(payload).observations
    return observation


@pytest.mark.parametrize(
    ("told", "kind", "proves"),
    [
        (ObservedFile(path="x", sha256=hashlib.sha256(CONTENT).hexdigest()), SignalKind.SHA256, True),
        (ObservedFile(path="x", sha1=hashlib.sha1(CONTENT).hexdigest()), SignalKind.SHA1, True),
        (ObservedFile(path="x", md5=hashlib.md5(CONTENT).hexdigest()), SignalKind.MD5, False),
        (ObservedFile(path="x", git_blob=blob(CONTENT)), SignalKind.GIT_BLOB, True),
        (ObservedFile(path="x", pieces_root=root(CONTENT).hex()), SignalKind.PIECES_ROOT, True),
    ],
    ids=lambda one: one.value if isinstance(one, SignalKind) else "",
)
def test_each_digest_is_compared(told: ObservedFile, kind: SignalKind, proves: bool) -> None:
    """Any digest of the file that a host tells finds the asset under any name; all but MD5 prove it."""
    found = only(seen(told))
    (signal,) = found.signals
    assert (signal.kind, signal.weight) == (kind, WEIGHTS[kind.value])
    assert (found.tier, found.is_exact) == (Tier.AUTO, True)
    assert proved_by_host(found) is proves


def test_a_blob_id_in_a_pull_request() -> None:
    """A binary file in a pull request, of which GitHub shows no line, is known by its blob id; a removed one is not."""
    items = [
        {"filename": "a/new.bin", "sha": blob(CONTENT), "status": "added"},
        {"filename": "gone.bin", "sha": blob(b"old"), "status": "removed"},
    ]
    url = "https://api.github.com/repos/a/b/pulls/5/files"
    pull = read(
        "github", url, json.dumps(items).encode(), {"step": "files", "repository": "a/b", "number": "5"}
    )
    assert [one.path for one in pull.files] == ["a/new.bin"]
    assert only(pull).signals[0].kind is SignalKind.GIT_BLOB


def test_a_blob_id_on_a_hub() -> None:
    """A file that a hub keeps in git itself has no SHA-256, and is known by its blob id."""
    siblings = [{"rfilename": "x.bin", "size": len(CONTENT), "blobId": blob(CONTENT)}]
    body = json.dumps({"id": "some-body/thing", "siblings": siblings}).encode()
    model = read("huggingface", "https://hub.example/api/models/some-body/thing", body, {"step": "model"})
    assert SignalKind.GIT_BLOB in {signal.kind for signal in only(model).signals}


def test_a_root_in_a_torrent_from_the_dht() -> None:
    """A v2 torrent is known by the root of one file, whatever it is called."""
    tree = {b"y.bin": {b"": {b"length": len(CONTENT), b"pieces root": root(CONTENT)}}}
    body = encode({b"file tree": tree, b"meta version": 2, b"name": b"y", b"piece length": 2**18})
    torrent = read("dht", "dht:", body, {"infohash": hashlib.sha256(body).hexdigest()[:40]})
    assert SignalKind.PIECES_ROOT in {signal.kind for signal in only(torrent).signals}


def test_a_proved_file_is_known_by_each_digest() -> None:
    """What a proof found is looked for under every digest that a host may tell."""
    assert digest_keys(FILE, whole_of([FILE])) == [
        f"sha256:{hashlib.sha256(CONTENT).hexdigest()}",
        f"sha1:{hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()}",
        f"git_blob:{blob(CONTENT)}",
        f"pieces_root:{root(CONTENT).hex()}",
        f"ed2k:{md4(CONTENT)}",
    ]


@pytest.mark.parametrize(
    "link",
    [
        f"ed2k://|file|any%20name.bin|{len(CONTENT)}|{md4(CONTENT)}|/",
        f"ED2K://|file|any name.bin|{len(CONTENT)}|{md4(CONTENT).upper()}|h=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567|/",
        f'<a href="ed2k://%7Cfile%7Cany%20name.bin%7C{len(CONTENT)}%7C{md4(CONTENT)}%7C/">here</a>',
        f"ed2k://|file|any name.bin|{len(CONTENT)}|{md4(CONTENT)}|/|sources,198.51.100.7:4662|/",
    ],
)
def test_an_ed2k_link(link: str) -> None:
    """A link is known by size and hash, is no proof, and keeps no addresses of peers."""
    observation = seen(text=f"get it: {link} soon")
    found = only(observation)
    told = {signal.kind: signal.weight for signal in found.signals}
    assert told[SignalKind.ED2K] == WEIGHTS["ed2k"]
    assert (found.tier, proved_by_host(found)) == (Tier.AUTO, False)
    assert f"ed2k:{md4(CONTENT)}" in found.artefacts
    (locator,) = observation.locators
    assert locator.value == f"ed2k://|file|any name.bin|{len(CONTENT)}|{md4(CONTENT)}|/"


@pytest.mark.parametrize(
    "told",
    [f"{len(CONTENT) + 1}|{md4(CONTENT)}", f"{len(CONTENT) + 1}|{md4(b'other')}", f"0|{md4(CONTENT)}"],
)
def test_an_ed2k_link_of_another_size(told: str) -> None:
    """The hash with another size than the file's is a lie, and is no match."""
    assert match(seen(text=f"ed2k://|file|x.bin|{told}|/"), INDEX, WEIGHTS) == ()


@pytest.mark.parametrize("parts", [1, 2])
def test_both_ed2k_hashes_of_whole_parts(parts: int) -> None:
    """A file of whole parts is known by its hash with an empty part at the end, and by that without."""
    part = Random(8).randbytes(9_728_000)
    whole = build_index([Asset(id=AssetId("m"), title="Gullfoss", files=(printed(part * parts),))])
    hashes = MD4.new(part).digest() * parts
    with_empty = md4(hashes + MD4.new(b"").digest())
    without = md4(hashes) if parts > 1 else md4(part)
    for digest in (with_empty, without):
        link = f"ed2k://|file|x.bin|{parts * 9_728_000}|{digest}|/"
        (found,) = match(seen(text=link), whole, WEIGHTS)
        assert SignalKind.ED2K in {signal.kind for signal in found.signals}


def test_one_shard_of_many_is_no_side_file() -> None:
    """The digest of one of 160 equal shards says as much as that of a whole work, and joins cases."""
    digests = [hashlib.sha256(b"%d" % number).digest() for number in range(160)]
    shards = [
        AssetFile(path=f"{place}.bin", size_bytes=2**32, sha256=one) for place, one in enumerate(digests)
    ]
    index = build_index([Asset(id=AssetId("m7"), title="Northwind Model", files=tuple(shards))])
    told = seen(ObservedFile(path="x", sha256=digests[7].hex()))
    (found,) = match(told, index, WEIGHTS)
    assert (found.tier, found.signals[0].weight) == (Tier.AUTO, WEIGHTS["sha256"])
    assert digest_keys(shards[7], whole_of(shards)) == [f"sha256:{digests[7].hex()}"]


@pytest.mark.parametrize(
    ("path", "is_side"),
    [
        ("tokenizer.model", True),
        ("7B/params.json", True),
        ("pytorch_model.bin.index.json", True),
        ("consolidated.00.pth", False),
        ("model.safetensors", False),
        ("report.json", False),
    ],
)
def test_a_side_file_of_untold_size_is_none_of_the_work(path: str, is_side: bool) -> None:
    """A list of sha256sum has no sizes: what is called as side files are, relatives share, and it proves nothing."""
    digest = hashlib.sha256(path.encode()).digest()
    files = (AssetFile(path=path, sha256=digest), AssetFile(path="other.pth", sha256=b"\x01" * 32))
    asset = Asset(id=AssetId("m"), title="Tideglass 70B", files=files)
    for size in (None, 2**40):
        listed = (ObservedFile(path="x", size_bytes=size, sha256=digest.hex()),)
        seen = Observation(site="hub", native_id="1", title="elsewhere", fetched_at=NOON, files=listed)
        found = match(seen, build_index([asset]), WEIGHTS, least=0.001)[0]
        assert (found.tier is None, proved_by_host(found)) == (is_side, not is_side)
        assert (digest_keys(files[0], whole_of(files)) == []) is is_side
