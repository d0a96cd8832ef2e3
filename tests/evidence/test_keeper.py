"""The daemon and its evidence: a full disk stops the crawl and not the alerts; stamps by a real authority on loopback."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from leakwatch.config.sections import EvidenceConfig
from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.daemon.keeper import Keeper
from leakwatch.evidence.archive import read
from leakwatch.evidence.checking import verify
from leakwatch.evidence.dossier import gather
from leakwatch.evidence.pack import build
from leakwatch.evidence.timestamps import StampError, stamped_at
from leakwatch.model.evidence import Outcome
from leakwatch.model.route import Routing
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import recheck
from leakwatch.telling import Telling, tell_due

from ..daemons import ASSET, MAGNET, Web, configured, polled, site, until, watching  # noqa: TID252 - no package
from ..pollers import Clock  # noqa: TID252
from .cases import scene


async def test_a_full_disk_stops_the_crawl_and_loses_nothing(web: Web, tmp_path: Path) -> None:
    """While evidence cannot be kept nothing is read and somebody is told, by alerts that still go; then all goes on."""
    web.feed("/feed", ("0", "a garden", ""))
    config = configured(tmp_path, web, site("index", f"{web.url}/feed"))
    config = replace(config, evidence=replace(config.evidence, min_free_bytes=0))
    async with watching(config, ASSET) as daemon:
        await polled(daemon, "index", 1)
        daemon.vault._least_free = 2**60
        await asyncio.sleep(0.3)
        asked = len(web.asked)
        web.feed("/feed", ("0", "a garden", ""), ("1", "Tideglass 70B", MAGNET))
        await daemon.upkeep.keep_evidence()
        await daemon.upkeep.keep_evidence()
        await until(lambda: len(web.posted) == 1)
        assert len(web.asked) == asked
        assert "evidence cannot be kept" in web.posted[0][1]["data"]["headline"]
        async with daemon.repository.reading() as work:
            assert await work.findings.list() == []
        daemon.vault._least_free = 0
        await daemon.upkeep.keep_evidence()
        await until(lambda: len(web.posted) == 3)
        told = sorted(one["data"]["headline"] for _, one in web.posted)
        assert any("kept again" in one for one in told)
        assert any("possible leak" in one for one in told)


async def test_a_full_disk_is_told_once_over_restarts(repository: SqlRepository, tmp_path: Path) -> None:
    """A daemon that starts while there is no room repeats nothing, and tells the end of what another one told."""
    made, clock, routing = await scene(repository, tmp_path), Clock(), Routing.to("slack")
    caused: list[int] = []
    for least in (0, 2**60, 2**60, 2**60, 0, 0, 2**60):
        made.vault._least_free = least
        clock.at += timedelta(minutes=1)
        async with door(clock) as fetcher:
            settings = EvidenceConfig(look_again=False)
            caused.append(await Keeper(settings, repository, made.vault, fetcher, routing, clock).look())
        await tell_due(Telling(routing=routing), repository, clock.at)
    assert caused == [0, 1, 0, 0, 1, 0, 1]


async def test_the_daemon_looks_again(web: Web, tmp_path: Path) -> None:
    """What is due is looked at by the daemon itself, at the place's own address."""
    link = f"<link>{web.url}/item/1</link><description><![CDATA[{MAGNET}]]></description>"
    told = f"<item><guid>1</guid><title>Tideglass 70B</title>{link}</item>"
    web.pages["/feed"] = (200, f'<rss version="2.0"><channel><title>t</title>{told}</channel></rss>', {})
    config = configured(tmp_path, web, site("index", f"{web.url}/feed"))
    config = replace(config, evidence=replace(config.evidence, min_free_bytes=0))
    async with watching(config, ASSET) as daemon:
        await until(lambda: bool(web.posted))
        async with daemon.repository.engine.begin() as connection:
            await connection.execute(sa.update(recheck).values(due_at=daemon.clock.now()))
        await daemon.schedule.tick()

        async def looked() -> bool:
            async with daemon.repository.reading() as work:
                (finding,) = await work.findings.list()
                looks = await work.looks.of(finding.id)
                return bool(looks) and all(one.outcome is Outcome.DELETED for one in looks[:3])

        await until(looked)
        await until(lambda: any("is gone" in one["data"]["headline"] for _, one in web.posted))
    assert [target for target, _ in web.asked if target.startswith("/item")] == ["/item/1"]


@dataclass
class Authority:
    """A time stamp authority: `openssl ts` behind HTTP."""

    folder: Path
    url: str = ""
    status: int = 200
    asked: int = 0

    def make(self) -> None:
        """Keys and certificates: a root, and an authority that it vouches for."""
        config = """
[req]
distinguished_name = name
prompt = no
[name]
CN = stamps.example
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[main]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
default_policy = 1.2.3.4.1
digests = sha256, sha512
signer_digest = sha256
ess_cert_id_alg = sha256
ess_cert_id_chain = no
"""
        (self.folder / "ts.cnf").write_text(config)
        (self.folder / "serial").write_text("01\n")
        new = "req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 3650 -subj /CN=root.example"
        self.run(*f"{new} -config ts.cnf -extensions root".split())
        self.run(*"req -new -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -config ts.cnf".split())
        sign = "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -out tsa.pem -days 3650"
        self.run(*f"{sign} -extfile ts.cnf -extensions tsa".split())

    def run(self, *arguments: str) -> None:
        """Openssl."""
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert "application/timestamp-query" in head
        length = int(head.partition("content-length:")[2].split()[0])
        (self.folder / "q.tsq").write_bytes(await reader.readexactly(length))
        self.asked += 1
        reply = b"busy"
        if self.status == 200:
            self.run(*"ts -reply -config ts.cnf -section main -queryfile q.tsq -out a.tsr".split())
            reply = (self.folder / "a.tsr").read_bytes()
        writer.write(
            f"HTTP/1.1 {self.status} X\r\ncontent-length: {len(reply)}\r\nconnection: close\r\n\r\n".encode()
            + reply
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def authority(tmp_path: Path) -> AsyncIterator[Authority]:
    """The authority, on a port of its own."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    made = Authority(tmp_path / "tsa")
    made.folder.mkdir()
    made.make()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    yield made
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def door(clock: Clock) -> AsyncIterator[HttpFetcher]:
    """The real door."""
    settings = DoorSettings(contact="mailto:test@leakwatch.invalid", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=lambda _: "", clock=clock) as fetcher:
        yield fetcher


async def test_stamps_of_the_audit(repository: SqlRepository, tmp_path: Path, authority: Authority) -> None:
    """The end of the audit is stamped when a case opens and each hour; a failed attempt is made again; a pack proves it."""
    made = await scene(repository, tmp_path)
    await made.take("Tideglass 70B")
    clock = Clock()
    async with door(clock) as fetcher:
        keeper = Keeper(
            EvidenceConfig(timestamp_url=authority.url), repository, made.vault, fetcher, Routing(), clock
        )
        authority.status = 503
        await keeper.look()
        assert authority.asked == 1
        authority.status = 200
        await keeper.look()
        assert authority.asked == 1
        clock.at += timedelta(minutes=2)
        await keeper.look()
        assert authority.asked == 2
        await keeper.look()
        assert authority.asked == 2
        clock.at += timedelta(hours=1)
        await keeper.look()
        assert authority.asked == 3
    root = (authority.folder / "root.pem").read_bytes()
    dossier = await gather((await made.finding()).id, repository, made.vault)
    pack = build(dossier, certificates=(root,))
    checked = verify(pack, certificates=(root,))
    assert checked.problems == []
    assert sum("stamped at" in note and "your certificate" in note for note in checked.notes) == 2
    assert any("nobody vouches for" in note for note in verify(pack).notes)
    tokens = {name: data for name, data in read(pack).members.items() if name.startswith("stamps/")}
    assert len(tokens) == 2
    other = (authority.folder / "tsa.key").read_bytes()
    for token in tokens.values():
        with pytest.raises(StampError):
            stamped_at(token, "0" * 64, (root,))
        with pytest.raises(StampError):
            stamped_at(token, dossier.stamps[0].digest, (other,))
        broken = bytearray(token)
        broken[-20] ^= 1
        with pytest.raises(StampError):
            stamped_at(bytes(broken), dossier.stamps[0].digest, (root,))
