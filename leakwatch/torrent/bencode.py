"""Bencoding (BEP 3), read leniently and kept to the byte.

A torrent is identified by the hash of its info dictionary *as it was written*. So the reader never
re-encodes: it returns where each value began and ended. It accepts what clients in the wild accept
(unsorted and repeated keys, leading zeros, trailing bytes) and names what it had to overlook.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from leakwatch.errors import BencodeError

Value = int | bytes | list["Value"] | dict[bytes, "Value"]

MAX_DEPTH = 100
MAX_TOKENS = 3_000_000
MAX_BYTES = 64 * 2**20
_MAX_DIGITS = 20


@dataclass(slots=True)
class Decoded:
    """A decoded value, the spans of the top dictionary's values, and what was odd about the bytes."""

    value: Value
    spans: dict[bytes, tuple[int, int]]
    end: int
    remarks: list[str] = field(default_factory=list)


def decode(data: bytes) -> Decoded:
    """Decode one bencoded value at the start of `data`.

    Raises: BencodeError if the bytes are malformed, deeper than 100 levels, or larger than the caps.
    Source: BEP 3, "bencoding".
    """
    if len(data) > MAX_BYTES:
        raise BencodeError(f"larger than {MAX_BYTES} bytes")
    return _Reader(data).read()


@dataclass(slots=True)
class _Open:
    """A container whose end has not been read yet."""

    container: list[Value] | dict[bytes, Value]
    began: int
    key: bytes | None = None


class _Reader:
    """One pass without recursion, so that depth is a count and not the interpreter's stack."""

    __slots__ = ("data", "remarks", "spans", "stack", "tokens")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.spans: dict[bytes, tuple[int, int]] = {}
        self.remarks: list[str] = []
        self.stack: list[_Open] = []
        self.tokens = 0

    def read(self) -> Decoded:
        position = 0
        while True:
            began = position
            value, position = self._token(position)
            if value is None:
                continue  # a container opened
            if isinstance(value, _Open):
                began, value = value.began, value.container
            if not self.stack:
                if position < len(self.data):
                    self.remarks.append(f"{len(self.data) - position} bytes after the end")
                return Decoded(value, self.spans, position, self.remarks)
            self._add(self.stack[-1], value, began, position)

    def _token(self, position: int) -> tuple[Value | _Open | None, int]:
        """The value that ends after `position`, or None where a container opens there."""
        self.tokens += 1
        if self.tokens > MAX_TOKENS:
            raise BencodeError(f"more than {MAX_TOKENS} values")
        match self.data[position : position + 1]:
            case b"":
                raise BencodeError(f"ends too early, at byte {position}")
            case b"d":
                return self._open(_Open({}, position)), position + 1
            case b"l":
                return self._open(_Open([], position)), position + 1
            case b"i":
                return self._integer(position)
            case b"e" if self.stack:
                return self._close(), position + 1
            case mark if mark.isdigit():
                return self._string(position)
            case mark:
                raise BencodeError(f"unexpected byte 0x{mark.hex()} at {position}")

    def _open(self, container: _Open) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise BencodeError(f"nested deeper than {MAX_DEPTH} levels")
        self.stack.append(container)

    def _close(self) -> _Open:
        closed = self.stack.pop()
        if closed.key is not None:
            raise BencodeError(f"the key {closed.key[:40]!r} has no value")
        return closed

    def _add(self, into: _Open, value: Value, began: int, ended: int) -> None:
        if isinstance(into.container, list):
            into.container.append(value)
        elif into.key is None:
            if not isinstance(value, bytes):
                raise BencodeError("a dictionary key is not a string")
            into.key = value
        else:
            if into.key in into.container:
                self.remarks.append(f"key repeated: {into.key[:40]!r}")
            else:
                into.container[into.key] = value
                if len(self.stack) == 1:
                    self.spans[into.key] = (began, ended)
            into.key = None

    def _integer(self, position: int) -> tuple[int, int]:
        end = self.data.find(b"e", position, position + _MAX_DIGITS + 3)
        text = self.data[position + 1 : end] if end > 0 else b""
        digits = text.removeprefix(b"-")
        if not digits.isdigit():
            raise BencodeError(f"not an integer at byte {position}")
        if len(digits) > _MAX_DIGITS:
            raise BencodeError(f"an integer of more than {_MAX_DIGITS} digits at byte {position}")
        if text != str(int(text)).encode():
            self.remarks.append(f"integer not in its shortest form: {text.decode()}")
        return int(text), end + 1

    def _string(self, position: int) -> tuple[bytes, int]:
        colon = self.data.find(b":", position, position + _MAX_DIGITS)
        digits = self.data[position:colon] if colon > 0 else b""
        if not digits.isdigit():
            raise BencodeError(f"not a string at byte {position}")
        start, length = colon + 1, int(digits)
        if start + length > len(self.data):
            raise BencodeError(f"a string of {length} bytes at byte {position} goes past the end")
        return self.data[start : start + length], start + length


def encode(value: Value) -> bytes:
    """Bencode a value with sorted keys, as BEP 3 asks of writers."""
    match value:
        case int():
            return b"i%de" % value
        case bytes():
            return b"%d:%s" % (len(value), value)
        case list():
            return b"l" + b"".join(encode(item) for item in value) + b"e"
        case dict():
            return b"d" + b"".join(encode(key) + encode(value[key]) for key in sorted(value)) + b"e"
