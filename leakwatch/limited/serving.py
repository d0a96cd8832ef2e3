"""The other side of `worker`: the loop of a process that reads hostile bytes."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Callable, Sequence

from leakwatch.limited.process import confine

HEADER_BYTES = 4
_MAX_DESCRIPTORS = 64
Answer = Callable[[bytes, bytes], bytes]
"""One byte that says what is asked, and the bytes that it is asked of -> the answer."""


def serve(channel: socket.socket, seconds: int, answer: Answer) -> None:
    """Say that we are up, then answer one question after the other until the parent hangs up.

    Each may take so many seconds of processor time: then the system ends this process by SIGXCPU.
    """
    with channel.makefile("rwb") as stream:
        stream.write(_frame(b""))
        stream.flush()
        while header := stream.read(HEADER_BYTES + 1):
            spent = resource.getrusage(resource.RUSAGE_SELF)
            limit = int(spent.ru_utime + spent.ru_stime) + seconds + 1
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
            data = stream.read(int.from_bytes(header[1:], "big"))
            stream.write(_frame(answer(header[:1], data)))
            stream.flush()


def _frame(body: bytes) -> bytes:
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def run(arguments: Sequence[str], answer: Answer, memory_bytes: int) -> None:
    """Serve the parent at the other end of a descriptor, then vanish. Arguments: DESCRIPTOR PARENT SECONDS."""
    descriptor, parent, seconds = arguments
    confine(int(parent), memory_bytes=memory_bytes, descriptors=_MAX_DESCRIPTORS)
    with socket.socket(fileno=int(descriptor)) as channel:
        try:
            serve(channel, int(seconds), answer)
        except OSError:
            os._exit(1)
    os._exit(0)
