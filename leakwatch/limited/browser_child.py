"""A process that draws one page with the system's Chromium, and has no network: whatever the page wants, it asks the parent.

The only importer of Playwright. Runs no script, opens no frame, follows nothing; every request is answered from what the
parent says, and whatever were to go past that meets a proxy that is not there and names that do not resolve.
"""

from __future__ import annotations

import asyncio
import base64
import ctypes
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from leakwatch.limited.framing import receive, send

_WIDTH, _HEIGHT, _MOST_HEIGHT, _LEAST_HEIGHT = 1280, 900, 4000, 500
_MOST_PNG = 5 * 2**20
_LOAD_S = 18.0
"""After so long the page is drawn with what has come."""
_MOST_CPU_S, _MOST_FILE = 60, 64 * 2**20
_KINDS = frozenset({"image", "stylesheet"})
_POLICY = "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline' http: https:; sandbox"
_NO_NETWORK = (
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)
_PDEATHSIG = 1


class _Parent:
    """The other end: a question with a number, and its answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def ask(self, url: str) -> dict[str, Any]:
        number = len(self._waiting)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self.tell({"want": number, "url": url})
        return await self._waiting[number]

    async def tell(self, told: dict[str, Any]) -> None:
        await send(self._writer, told)

    async def listen(self) -> None:
        while True:
            told = await receive(self._reader)
            self._waiting[told["want"]].set_result(told)


async def _draw(job: dict[str, Any], parent: _Parent) -> dict[str, Any]:
    from playwright.async_api import Error, async_playwright  # noqa: PLC0415 - an extra

    folder = str(Path.cwd())
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=job["chromium"],
                headless=True,
                chromium_sandbox=job["sandbox"],
                args=[*_NO_NETWORK],
                env={"HOME": folder, "TMPDIR": folder, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            )
            try:
                return await _picture(job, parent, browser)
            finally:
                await browser.close()
    except Error as error:
        return {"why": f"the browser gave up: {error.message.splitlines()[0][:200]}"}


async def _picture(job: dict[str, Any], parent: _Parent, browser: Any) -> dict[str, Any]:
    context = await browser.new_context(
        java_script_enabled=False,
        service_workers="block",
        accept_downloads=False,
        viewport={"width": _WIDTH, "height": _HEIGHT},
    )
    page = await context.new_page()
    await context.route("**/*", _router(job, parent))
    loading = asyncio.create_task(page.goto(job["url"], wait_until="load", timeout=0))
    await asyncio.wait({loading}, timeout=_LOAD_S)
    if loading.done():
        await loading
    else:
        loading.cancel()
    whole = int(await page.evaluate("Math.max(document.documentElement.scrollHeight, 1)"))
    height = min(whole, _MOST_HEIGHT)
    while True:
        clip = {"x": 0, "y": 0, "width": _WIDTH, "height": height}
        png = await page.screenshot(full_page=True, clip=clip, animations="disabled", timeout=0)
        if len(png) <= _MOST_PNG:
            shown = {"height": height, "of_height": whole, "browser": f"Chromium {browser.version}"}
            return shown | {"png": base64.b64encode(png).decode()}
        if height <= _LEAST_HEIGHT:
            return {"why": f"the picture has more than {_MOST_PNG} bytes"}
        height = max(height // 2, _LEAST_HEIGHT)


def _router(job: dict[str, Any], parent: _Parent) -> Any:
    """Gives the page itself once, asks the parent for images and styles, and lets nothing else be had."""
    served = False

    async def answer(route: Any, request: Any) -> None:
        nonlocal served
        if request.is_navigation_request():
            is_first, served = not served and request.url == job["url"], True
            headers = {"content-type": job["type"], "content-security-policy": _POLICY}
            # 204 leaves the page as it is, where an error would take its place.
            told = {"status": 200, "headers": headers, "body": base64.b64decode(job["body"])}
            await route.fulfill(**(told if is_first else {"status": 204}))
            return
        if request.method != "GET" or request.resource_type not in _KINDS:
            await route.abort()
            return
        had = await parent.ask(request.url)
        if "body" not in had:
            await route.abort()
            return
        body = base64.b64decode(had["body"])
        await route.fulfill(status=200, headers={"content-type": had["type"]}, body=body)

    return answer


async def _serve(descriptor: int) -> None:
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor), limit=2**26)
    parent = _Parent(reader, writer)
    job = await receive(reader)
    listening = asyncio.create_task(parent.listen())
    told = await _draw(job, parent)
    listening.cancel()
    await parent.tell(told)
    writer.close()
    await writer.wait_closed()


def _confine(parent: int) -> None:
    """Die with the parent; no core dump, no large file, not for ever. Chromium inherits the limits."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            raise SystemExit(1)
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _MOST_FILE),
        (resource.RLIMIT_CPU, _MOST_CPU_S),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    _confine(int(sys.argv[2]))
    asyncio.run(_serve(int(sys.argv[1])))
