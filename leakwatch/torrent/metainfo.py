"""Torrent files and info dictionaries (BEP 3, 47, 52) to a value that keeps what was written.

Three questions are kept apart: *which torrent is it* (the hash of the raw info bytes, answerable even for
a torrent that no client would load), *what does it hold* (names, sizes, roots, pieces), and *is it valid*
(`problems`). Names stay raw bytes: they are evidence. What is shown is `name` and `path`, decoded for the eye.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from leakwatch.errors import BencodeError, MetainfoError
from leakwatch.torrent.bencode import Value, decode
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2, PiecesRoot
from leakwatch.torrent.layers import Layers, read_layers
from leakwatch.torrent.tree import BLOCK_BYTES

MAX_FILES = 1_000_000
MAX_SIZE = 2**48
_MAX_TREE_DEPTH = 100
_SHA1_SIZE = 20
_TRACKER = re.compile(r"(?:https?|udp|wss?)://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TorrentFile:
    """One file of a torrent. `offset` is its first byte in the v1 concatenation; None where there is none."""

    raw_path: tuple[bytes, ...]
    size_bytes: int
    offset: int | None = None
    pieces_root: PiecesRoot | None = None
    is_pad: bool = False

    @property
    def path(self) -> str:
        """The path as text, components joined by `/`; bytes that are not UTF-8 become U+FFFD."""
        return "/".join(part.decode("utf-8", "replace") for part in self.raw_path)


@dataclass(frozen=True, slots=True)
class TorrentInfo:
    """What an info dictionary commits to.

    Shape:  `pieces` is n SHA-1 digests of 20 bytes, over the concatenated files; empty for v2-only.
    Units:  `piece_length` and sizes in bytes.
    """

    infohashes: Infohashes
    raw_name: bytes
    piece_length: int
    files: tuple[TorrentFile, ...]
    pieces: bytes = b""
    private: bool = False

    @property
    def name(self) -> str:
        """The name as text; bytes that are not UTF-8 become U+FFFD."""
        return self.raw_name.decode("utf-8", "replace")

    @property
    def size_bytes(self) -> int:
        """Bytes of content, without padding."""
        return sum(file.size_bytes for file in self.files if not file.is_pad)


@dataclass(frozen=True, slots=True)
class Torrent:
    """A torrent file: the info dictionary and what stands around it. `problems` is empty for a valid one.

    `layers` are those piece layers (BEP 52) that hash to the root of a file, by this root.
    """

    infohashes: Infohashes
    info: TorrentInfo | None
    raw_info: bytes
    trackers: tuple[str, ...] = ()
    web_seeds: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    layers: Mapping[PiecesRoot, bytes] = field(default_factory=dict[PiecesRoot, bytes])


def parse_torrent(data: bytes) -> Torrent:
    """Read a torrent file.

    A torrent whose info dictionary is broken still yields its infohash, with `info` None and the reason
    in `problems`: others may list it, and we want to know it again.

    Raises: MetainfoError if there is no info dictionary to hash.
    """
    try:
        decoded = decode(data)
    except BencodeError as error:
        raise MetainfoError(f"not a torrent: {error.message}") from error
    top = decoded.value
    if not isinstance(top, dict):
        raise MetainfoError("not a torrent: the top is not a dictionary")
    if not isinstance(top.get(b"info"), dict):
        raise MetainfoError("the torrent has no info dictionary")
    start, end = decoded.spans[b"info"]
    raw_info = data[start:end]
    try:
        info, problem = parse_info(raw_info), ""
    except MetainfoError as error:
        info, problem = None, error.message
    layers = Layers()
    if info:
        roots = {file.pieces_root: file.size_bytes for file in info.files if file.pieces_root}
        layers = read_layers(top.get(b"piece layers"), roots, info.piece_length)
    return Torrent(
        infohashes=info.infohashes if info else infohashes_of(raw_info),
        info=info,
        raw_info=raw_info,
        trackers=tuple(_trackers(top)),
        web_seeds=tuple(_texts(top.get(b"url-list"))) + tuple(_texts(top.get(b"httpseeds"))),
        problems=tuple(text for text in (problem, *layers.problems) if text),
        layers=layers.rows,
    )


def infohashes_of(raw_info: bytes) -> Infohashes:
    """The infohashes of a raw info dictionary, computed over its very bytes.

    Which of the two exist is read from the dictionary: `meta version` 2 gives a v2 infohash, and v1 fields
    (`pieces`, `files` or `length`) give a v1 one. A dictionary with neither is counted as v1.
    """
    try:
        fields = decode(raw_info).value
    except BencodeError as error:
        raise MetainfoError(f"the info dictionary is not bencoded: {error.message}") from error
    keys = fields if isinstance(fields, dict) else {}
    is_v2 = keys.get(b"meta version") == 2
    is_v1 = not is_v2 or any(key in keys for key in (b"pieces", b"files", b"length"))
    return Infohashes(
        InfohashV1(hashlib.sha1(raw_info, usedforsecurity=False).digest()) if is_v1 else None,
        InfohashV2(hashlib.sha256(raw_info).digest()) if is_v2 else None,
    )


def parse_info(raw_info: bytes) -> TorrentInfo:
    """Read an info dictionary, as it comes from a torrent file or from a peer (BEP 9).

    Raises: MetainfoError naming the first rule of BEP 3 or BEP 52 that it breaks.
    """
    infohashes = infohashes_of(raw_info)
    decoded = decode(raw_info)
    info = decoded.value
    if not isinstance(info, dict):
        raise MetainfoError("the info dictionary is not a dictionary")
    _refuse_overlong(decoded.remarks)
    piece_length = info.get(b"piece length")
    if not isinstance(piece_length, int) or not 0 < piece_length <= MAX_SIZE:
        raise MetainfoError("piece length is missing or not a positive number", piece_length)
    name = _name(info)
    tree = _tree_files(info, name, piece_length) if infohashes.v2 else []
    flat = _flat_files(info, name) if infohashes.v1 else []
    pieces = _pieces(info, flat, piece_length) if infohashes.v1 else b""
    if tree and flat:
        flat = _joined(flat, tree)
    files = tuple(flat or tree)
    if not files:
        raise MetainfoError("the torrent names no files")
    return TorrentInfo(infohashes, name, piece_length, files, pieces, info.get(b"private") == 1)


def _refuse_overlong(remarks: list[str]) -> None:
    for remark in remarks:
        if remark.startswith("integer"):
            raise MetainfoError(remark)


def _name(info: dict[bytes, Value]) -> bytes:
    for key in (b"name.utf-8", b"name"):
        name = info.get(key)
        if isinstance(name, bytes) and name.strip(b"\0"):
            return name
    raise MetainfoError("the torrent has no name", info.get(b"name"))


def _size(value: Value | None) -> int:
    if not isinstance(value, int) or not 0 <= value <= MAX_SIZE:
        raise MetainfoError("a file's length is missing or out of range", value)
    return value


def _attributes(entry: dict[bytes, Value]) -> bytes:
    attributes = entry.get(b"attr")
    return attributes if isinstance(attributes, bytes) else b""


def _flat_files(info: dict[bytes, Value], name: bytes) -> list[TorrentFile]:
    """The v1 file list with offsets; symbolic links (BEP 47) occupy no bytes."""
    entries = info.get(b"files")
    if entries is None:
        return [TorrentFile((name,), _size(info.get(b"length")), 0)]
    if not isinstance(entries, list):
        raise MetainfoError("files is not a list")
    if len(entries) > MAX_FILES:
        raise MetainfoError(f"more than {MAX_FILES} files")
    files: list[TorrentFile] = []
    offset = 0
    for entry in entries:
        if not isinstance(entry, dict):
            raise MetainfoError("an entry of files is not a dictionary")
        attributes = _attributes(entry)
        is_link = b"l" in attributes
        size = 0 if is_link else _size(entry.get(b"length"))
        is_pad = b"p" in attributes or _is_old_pad(entry)
        files.append(TorrentFile((name, *_path(entry, is_pad, is_link)), size, offset, is_pad=is_pad))
        offset += size
        if offset > MAX_SIZE:
            raise MetainfoError("the files add up to more than is possible")
    return files


def _is_old_pad(entry: dict[bytes, Value]) -> bool:
    """Padding as BitComet wrote it before BEP 47: told by its name only."""
    path = entry.get(b"path")
    last = path[-1] if isinstance(path, list) and path else None
    return isinstance(last, bytes) and last.startswith(b"_____padding_file_")


def _path(entry: dict[bytes, Value], is_pad: bool, is_link: bool) -> tuple[bytes, ...]:
    if is_link and not _is_path(entry.get(b"symlink path")):
        raise MetainfoError("a symbolic link has no target")
    for key in (b"path.utf-8", b"path"):
        path = entry.get(key)
        if isinstance(path, list) and _is_path(path):
            return tuple(part for part in path if isinstance(part, bytes))
        if path is not None and not is_pad:
            raise MetainfoError("a file's path is not a list of strings", path)
    if is_pad:
        return (b".pad", str(entry.get(b"length")).encode())
    raise MetainfoError("a file has no path")


def _is_path(path: Value | None) -> bool:
    return isinstance(path, list) and bool(path) and all(isinstance(part, bytes) for part in path)


def _pieces(info: dict[bytes, Value], files: list[TorrentFile], piece_length: int) -> bytes:
    pieces = info.get(b"pieces")
    if not isinstance(pieces, bytes) or len(pieces) % _SHA1_SIZE:
        raise MetainfoError("pieces is missing or not a row of 20-byte digests")
    if not files:
        raise MetainfoError("the torrent names no files")
    total = (files[-1].offset or 0) + files[-1].size_bytes
    if len(pieces) // _SHA1_SIZE != -(-total // piece_length):
        raise MetainfoError(f"{len(pieces) // _SHA1_SIZE} pieces do not cover {total} bytes")
    return pieces


def _tree_files(info: dict[bytes, Value], name: bytes, piece_length: int) -> list[TorrentFile]:
    """The v2 file tree in order; below the torrent's name, unless it is the one file of that name."""
    if piece_length < BLOCK_BYTES or piece_length & (piece_length - 1):
        raise MetainfoError("the v2 piece length is not a power of two of at least 16 KiB", piece_length)
    tree = info.get(b"file tree")
    if not isinstance(tree, dict):
        raise MetainfoError("the v2 torrent has no file tree")
    files = [_tree_file(path, entry) for path, entry in _leaves(tree)]
    if len(files) > 1 or (files and files[0].raw_path != (name,)):
        files = [replace(file, raw_path=(name, *file.raw_path)) for file in files]
    if sum(file.size_bytes for file in files) > MAX_SIZE:
        raise MetainfoError("the files add up to more than is possible")
    return files


def _leaves(tree: dict[bytes, Value]) -> Iterator[tuple[tuple[bytes, ...], dict[bytes, Value]]]:
    stack: list[tuple[tuple[bytes, ...], dict[bytes, Value]]] = [((), tree)]
    count = 0
    while stack:
        path, node = stack.pop()
        if len(path) > _MAX_TREE_DEPTH:
            raise MetainfoError("the file tree is too deep")
        leaf = node.get(b"")
        if leaf is not None:
            if not isinstance(leaf, dict) or not path:
                raise MetainfoError("an entry of the file tree is not a dictionary")
            count += 1
            if count > MAX_FILES:
                raise MetainfoError(f"more than {MAX_FILES} files")
            yield path, leaf
            continue
        if list(node) != sorted(node):
            raise MetainfoError("the file tree is not sorted")
        for key, child in reversed(node.items()):
            if not isinstance(child, dict):
                raise MetainfoError("an entry of the file tree is not a dictionary")
            stack.append(((*path, key), child))


def _tree_file(path: tuple[bytes, ...], entry: dict[bytes, Value]) -> TorrentFile:
    attributes = _attributes(entry)
    if b"p" in attributes:
        raise MetainfoError("a file in the v2 tree is marked as padding")
    if b"l" in attributes:
        return TorrentFile(path, 0)
    size = _size(entry.get(b"length"))
    root = entry.get(b"pieces root")
    if size == 0:
        return TorrentFile(path, 0)
    if not isinstance(root, bytes) or len(root) != hashlib.sha256().digest_size:
        raise MetainfoError("a v2 file has no pieces root", path[-1])
    return TorrentFile(path, size, pieces_root=PiecesRoot(root))


def _joined(flat: list[TorrentFile], tree: list[TorrentFile]) -> list[TorrentFile]:
    """A hybrid's two lists as one: v1 offsets and v2 roots. They must name the same files (BEP 52)."""
    real = [file for file in flat if not file.is_pad]
    if [file.size_bytes for file in real] != [file.size_bytes for file in tree]:
        raise MetainfoError("the v1 and v2 file lists differ")
    roots = iter(tree)
    return [
        file
        if file.is_pad
        else TorrentFile(file.raw_path, file.size_bytes, file.offset, next(roots).pieces_root)
        for file in flat
    ]


def _texts(value: Value | None) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item.decode("utf-8", "replace") for item in items if isinstance(item, bytes) and item]


def _trackers(top: dict[bytes, Value]) -> list[str]:
    tiers = top.get(b"announce-list")
    found = [url for tier in tiers for url in _texts(tier)] if isinstance(tiers, list) else []
    urls = (url.strip() for url in found or _texts(top.get(b"announce")))
    return [url for url in dict.fromkeys(urls) if _TRACKER.match(url)]
