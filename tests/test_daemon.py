"""The real daemon in this process against real servers on loopback: what goes wrong stays where it went wrong."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from leakwatch.cases import Act, move, set_due
from leakwatch.config import Config
from leakwatch.counting import Counter
from leakwatch.daemon import Daemon, running
from leakwatch.errors import ConfigError
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import Finding, FindingId, Severity, State, Tier, Verdict
from leakwatch.model.site import Coverage
from leakwatch.service import add_asset, list_findings, show_finding
from leakwatch.torrent.infohash import Infohashes, InfohashV1

from .daemons import ASSET, MAGNET, POSTED, Web, configured, offered, polled, site, until, watching


async def test_post_is_alerted_once(tmp_path: Path, web: Web) -> None:
    """A post opens one finding with evidence and one alert; neither polling on nor a restart sends another."""
    web.feed("/rss", ("1", "Tideglass 70B", f"<b>{MAGNET}</b>"), ("2", "gardening", MAGNET.replace("0", "9")))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with watching(config, ASSET) as daemon:
        await until(lambda: len(web.posted) == 1)
        await polled(daemon, "index", 3)
        (finding,) = await list_findings(daemon.repository)
        case = await show_finding(finding.id, daemon.repository)
        assert [place.url for place in case.places] == ["https://index.example/1"]
    kept = list((tmp_path / "data" / "evidence").rglob("*"))
    assert any(file.is_file() and b"Tideglass" in file.read_bytes() for file in kept)
    async with watching(config) as daemon:
        await polled(daemon, "index", 3)
    ((headers, body),) = web.posted
    assert headers["webhook-id"].startswith("msg_")
    assert (body["type"], body["data"]["finding"]) == ("finding.opened", finding.id)
    assert body["data"]["verdict"] == "unknown"


async def test_a_name_and_a_link_wake_somebody_while_the_release_is_near(tmp_path: Path, web: Web) -> None:
    """Of two works that are not critical, the one in its release window is told of at once; the other waits."""
    web.feed("/rss", ("1", "Tideglass 70B", MAGNET), ("2", "Northwind Meridian", MAGNET.replace("0", "9")))
    near = replace(ASSET, critical=False, release_at=datetime.now(UTC) + timedelta(days=3))
    far = Asset(
        id=AssetId("far"), title="Northwind Meridian", release_at=near.release_at, release_window_days=1
    )
    async with watching(configured(tmp_path, web, site("index", f"{web.url}/rss")), near, far) as daemon:
        await until(lambda: len(web.posted) == 1)
        await polled(daemon, "index", 2)
        found = {one.asset: one.severity for one in await list_findings(daemon.repository)}
    assert found == {"tideglass": Severity.HIGH, "far": Severity.MEDIUM}
    assert [(body["data"]["asset_id"], body["data"]["verdict"]) for _, body in web.posted] == [
        ("tideglass", "unknown")
    ]


@pytest.mark.parametrize("broken", [None, b"<html>log in first</html>", b"d4:infod4:name1:xee"])
async def test_the_indexs_own_torrent_file_proves(tmp_path: Path, web: Web, broken: bytes | None) -> None:
    """The .torrent file of an index proves without any swarm; one that is broken or another's does not."""
    asset, torrent, infohash = offered(tmp_path)
    web.pages["/w.torrent"] = (200, torrent if broken is None else broken, {})
    item = (
        f"<item><guid>1</guid><title>Tideglass 70B</title><pubDate>{POSTED}</pubDate><description>magnet:?xt=urn:btih:{infohash}</description>"
        f'<enclosure url="{web.url}/w.torrent" type="application/x-bittorrent" length="1"/></item>'
    )
    web.pages["/rss"] = (200, f'<rss version="2.0"><channel><title>t</title>{item}</channel></rss>', {})
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with watching(config, asset) as daemon:
        await until(lambda: any(path == "/w.torrent" for path, _ in web.asked))
        await until(lambda: len(web.posted) == (2 if broken is None else 1))
        await polled(daemon, "index", 2)
        (finding,) = await list_findings(daemon.repository)
        (proof,) = (await show_finding(finding.id, daemon.repository)).proofs
    assert (proof.verdict is Verdict.PROVED) is (broken is None)
    assert len(web.posted) == (2 if broken is None else 1)
    if broken is None:
        assert proof.files[0].ranges == ((0, 300_000),)
        assert proof.fake is not None
        assert proof.fake.steps == 0


async def test_sightings_join_one_finding(tmp_path: Path, web: Web) -> None:
    """The same infohash on another site, without any name, joins the finding and is told once."""
    web.feed("/a", ("1", "Tideglass 70B", MAGNET))
    web.feed("/b", ("7", "look what I have", MAGNET), ("8", "and again", MAGNET))
    config = configured(tmp_path, web, site("a", f"{web.url}/a"))
    async with watching(config, ASSET):
        await until(lambda: len(web.posted) == 1)
    config = configured(tmp_path, web, site("a", f"{web.url}/a") + site("b", f"{web.url}/b"))
    async with watching(config) as daemon:
        await until(lambda: len(web.posted) == 2)
        await polled(daemon, "b", 2)
        (finding,) = await list_findings(daemon.repository)
        assert (finding.sightings, finding.sites) == (3, frozenset({"a", "b"}))
    assert [body["type"] for _, body in web.posted] == ["finding.opened", "finding.sighted"]


async def test_edited_item_is_seen_again(tmp_path: Path, web: Web) -> None:
    """An item that gains a magnet by an edit is a new observation of the same item, and is matched again."""
    web.feed("/rss", ("1", "Tideglass 70B", "coming soon"))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with watching(config, ASSET) as daemon:
        await polled(daemon, "index", 2)
        assert await list_findings(daemon.repository) == []
        web.feed("/rss", ("1", "Tideglass 70B", f"here: {MAGNET}"))
        await until(lambda: len(web.posted) == 1)


async def test_hub_digest_is_proof(tmp_path: Path, web: Web) -> None:
    """A host that shows the digest of the asset's own file proves the leak without any torrent."""
    digest = (b"\x11" * 32).hex()
    listed = [{"id": "someone/thing", "sha": "r1", "siblings": [{"rfilename": "w.bin"}]}]
    shown = {
        "id": "someone/thing",
        "createdAt": datetime.now(UTC).isoformat(),
        "siblings": [{"rfilename": "w.bin", "size": 3_000_001, "lfs": {"sha256": digest, "size": 3_000_001}}],
    }
    web.pages["/api/models"] = (200, json.dumps(listed), {})
    web.pages["/api/models/someone/thing"] = (200, json.dumps(shown), {})
    config = configured(tmp_path, web, site("hub", web.url, "huggingface"))
    async with watching(config, ASSET) as daemon:
        await until(lambda: len(web.posted) == 1)
        (finding,) = await list_findings(daemon.repository)
        assert (finding.verdict, finding.severity.value) == (Verdict.PROVED, "critical")


async def test_broken_sites_do_not_stop_others(tmp_path: Path, web: Web) -> None:
    """A page of the wrong kind, a refusal and a dead host are told apart, and the healthy site is read on."""
    web.feed("/rss", ("1", "Tideglass 70B", MAGNET))
    web.pages["/html"] = (200, "<html><body>Just a moment...</body></html>", {})
    web.pages["/no"] = (403, "go away", {"retry-after": "120"})
    sites = site("good", f"{web.url}/rss") + site("html", f"{web.url}/html") + site("no", f"{web.url}/no")
    config = configured(tmp_path, web, sites + site("dead", "http://127.0.0.1:9/rss"))
    async with watching(config, ASSET) as daemon:
        await until(lambda: len(web.posted) == 1)
        for name in ("html", "no", "dead"):
            await until_window(daemon, name)
        async with daemon.repository.reading() as work:
            verdicts = {name: (await work.sites.windows(name))[-1].verdict for name in ("html", "no", "dead")}
            states = {state.name: state for state in await work.sites.all()}
        assert verdicts == {"html": Coverage.DRIFT, "no": Coverage.REFUSED, "dead": Coverage.ERROR}
        assert "HTML" in (states["html"].last_error or "")
        assert (states["no"].next_due_at - datetime.now(UTC)).total_seconds() > 60
        before = len([one for one in web.asked if one[0] == "/rss"])
        await polled(daemon, "good", 2)
        assert len([one for one in web.asked if one[0] == "/rss"]) > before


async def until_window(daemon: Daemon, name: str) -> None:
    """Wait until a site has a coverage window."""

    async def has() -> bool:
        async with daemon.repository.reading() as work:
            return bool(await work.sites.windows(name))

    await until(has)


async def test_refusing_mail_server_loses_nothing(tmp_path: Path, web: Web) -> None:
    """While the mail server refuses, the alert waits with the reason; other channels have it; then it arrives."""

    class Refusing:
        refuses = True
        mails = 0

        async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
            if self.refuses:
                return "451 try again later"
            self.mails += 1
            return "250 OK"

    handler = Refusing()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    mail = (
        f'[[channels]]\nname = "mail"\nkind = "email"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
        'sender = "l@leakwatch.invalid"\nrecipients = ["s@leakwatch.invalid"]\n[[routes]]\nchannels = ["mail"]\n'
    )
    web.feed("/rss", ("1", "Tideglass 70B", MAGNET))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"), mail)
    try:
        async with watching(config, ASSET) as daemon:
            await until(lambda: len(web.posted) == 1)

            async def waits() -> bool:
                async with daemon.repository.reading() as work:
                    return (await work.outbox.counts()).get("retry") == 1

            await until(waits)
            handler.refuses = False
            await until(lambda: handler.mails == 1, 20)
    finally:
        controller.stop()


async def test_false_positive_stays_silent(tmp_path: Path, web: Web) -> None:
    """A finding that a person has judged a false positive alerts nobody when it is posted again."""
    web.feed("/a", ("1", "Tideglass 70B", MAGNET))
    config = configured(tmp_path, web, site("a", f"{web.url}/a"))
    async with watching(config, ASSET) as daemon:
        await until(lambda: len(web.posted) == 1)
        (finding,) = await list_findings(daemon.repository)
        await move(
            daemon.repository, finding.id, State.FALSE_POSITIVE, Act("me", datetime.now(UTC), "it is ours")
        )
        web.feed("/a", ("1", "Tideglass 70B", MAGNET), ("2", "Tideglass 70B again", MAGNET))
        await polled(daemon, "a", 3)
    assert len(web.posted) == 1


async def test_embargoed_name_stays_inside(tmp_path: Path, web: Web) -> None:
    """Nothing that leaves for the site or the channel holds the title, alias or page of an embargoed asset."""
    secret = Asset(
        id=AssetId("blue-07"), title="Quillfern Nocturne", codename="BLUE-07", embargoed=True, critical=True
    )
    web.feed("/rss", ("1", "Quillfern Nocturne", MAGNET))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with watching(config, secret) as daemon:
        await until(lambda: len(web.posted) == 1)
        await polled(daemon, "index", 2)
    out = json.dumps([web.posted, web.asked]).lower()
    assert "blue-07" in out
    assert "quillfern" not in out
    assert "nocturne" not in out


async def test_unchanged_page_is_not_read_again(tmp_path: Path, web: Web) -> None:
    """A validator is sent once a whole poll went well, and a 304 is recorded as unchanged."""
    web.feed("/rss", ("1", "gardening", "roses"))
    status, text, _ = web.pages["/rss"]
    web.pages["/rss"] = (status, text, {"etag": '"v1"'})
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with watching(config, ASSET) as daemon:
        await polled(daemon, "index", 1)
        web.pages["/rss"] = (304, "", {"etag": '"v1"'})
        await polled(daemon, "index", 2)
        async with daemon.repository.reading() as work:
            window = (await work.sites.windows("index"))[0]
        assert window.verdict is Coverage.UNCHANGED
    assert [headers.get("if-none-match") for path, headers in web.asked if path == "/rss"][-1] == '"v1"'


async def test_gap_is_recorded(tmp_path: Path, web: Web) -> None:
    """A feed that shows none of the items known from before has left a gap, and the ledger says so."""
    web.feed("/rss", ("1", "gardening", "roses"))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with watching(config, ASSET) as daemon:
        await polled(daemon, "index", 1)
        web.feed("/rss", ("50", "gardening", "tulips"))

        async def gap() -> bool:
            async with daemon.repository.reading() as work:
                return any(one.verdict is Coverage.GAP for one in await work.sites.windows("index", 100))

        await until(gap)


def pull_request(updated: str) -> str:
    """A list of issues with one harmless pull request."""
    pull = {
        "number": 5,
        "title": "README",
        "body": "",
        "html_url": "https://code.example/o/r/pull/5",
        "pull_request": {"url": "x"},
        "user": {"login": "u"},
        "created_at": datetime.now(UTC).isoformat(),
        "updated_at": updated,
    }
    return json.dumps([pull])


def patch_of(line: str) -> str:
    """The files of a pull request that adds one line."""
    return json.dumps([{"filename": "README.md", "patch": f"@@ -1 +1 @@\n+{line}"}])


def code_host(tmp_path: Path, web: Web) -> Config:
    """The configuration of a daemon that reads one repository of an empty code host."""
    for stream in ("issues/comments", "pulls/comments"):
        web.pages[f"/repos/o/r/{stream}"] = (200, "[]", {})
    return configured(tmp_path, web, site("code", web.url, "github", 'repositories = ["o/r"]'))


async def test_patch_that_failed_is_read_later(tmp_path: Path, web: Web) -> None:
    """A pull request whose files could not be read is not lost, though the cursor has moved past it."""
    web.pages["/repos/o/r/issues"] = (200, pull_request("2026-11-20T11:00:00Z"), {})
    web.pages["/repos/o/r/pulls/5/files"] = (500, "later", {})
    async with watching(code_host(tmp_path, web), ASSET) as daemon:
        await polled(daemon, "code", 1)
        web.pages["/repos/o/r/issues"] = (200, "[]", {})
        web.pages["/repos/o/r/pulls/5/files"] = (200, patch_of(f"Tideglass 70B {MAGNET}"), {})
        await until(lambda: len(web.posted) == 1)


async def test_commit_pushed_to_a_known_pull_request(tmp_path: Path, web: Web) -> None:
    """A harmless pull request to which the magnet is pushed later is found; unchanged, it is not asked again."""
    files = "/repos/o/r/pulls/5/files"
    web.pages["/repos/o/r/issues"] = (200, pull_request("2026-11-20T11:00:00Z"), {})
    web.pages[files] = (200, patch_of("a typo"), {})
    async with watching(code_host(tmp_path, web), ASSET) as daemon:
        await polled(daemon, "code", 3)
        assert [path.partition("?")[0] for path, _ in web.asked].count(files) == 1
        web.pages[files] = (200, patch_of(f"Tideglass 70B {MAGNET}"), {})
        web.pages["/repos/o/r/issues"] = (200, pull_request("2026-11-20T11:30:00Z"), {})
        await until(lambda: len(web.posted) == 1)


async def test_once_reads_everything_once(tmp_path: Path, web: Web) -> None:
    """`run --once` reads every site, sends what is due, and leaves nothing running."""
    web.feed("/rss", ("1", "Tideglass 70B", MAGNET))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with running(config) as daemon:
        await add_asset(ASSET, daemon.repository, datetime.now(UTC))
        await daemon.run_once()
    assert (len(web.posted), len(web.asked)) == (1, 1)


async def test_time_moves_cases_and_assets_on(tmp_path: Path, web: Web) -> None:
    """A due date that has passed is told once, and an embargo whose end has come is lifted, by the daemon alone."""
    web.feed("/rss", ("1", "Tideglass 70B", MAGNET))
    now = datetime.now(UTC)
    secret = replace(
        ASSET, embargoed=True, embargo_until=now - timedelta(hours=1), codename="BLUE-07", critical=True
    )
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with running(config) as daemon:
        await add_asset(secret, daemon.repository, now)
        await daemon.run_once()
        (case,) = await list_findings(daemon.repository)
        await set_due(daemon.repository, case.id, now - timedelta(minutes=1), Act("ann", now))
        for _ in range(2):
            await daemon.run_once()
        async with daemon.repository.reading() as work:
            asset = await work.catalogue.get(ASSET.id)
            done = [(one.actor, one.action) for one in await work.audit.entries()]
    assert asset is not None
    assert (asset.embargoed, asset.embargo_until) == (False, None)
    told = [body["type"] for _, body in web.posted]
    assert told.count("finding.overdue") == 1
    assert done.count(("leakwatch:calendar", "asset.embargo_ended")) == 1
    assert done.count(("leakwatch:calendar", "finding.overdue")) == 1


async def test_second_daemon_is_refused(tmp_path: Path, web: Web) -> None:
    """Two daemons on one data folder would send everything twice: the second one says so and ends."""
    config = configured(tmp_path, web, "")
    async with running(config):
        with pytest.raises(ConfigError, match="another leakwatch daemon"):
            async with running(config):
                pass


@pytest.mark.postgres
async def test_daemon_on_postgresql(tmp_path: Path, web: Web, postgres_url: str) -> None:
    """The same daemon does the same work on PostgreSQL."""
    web.feed("/rss", ("1", "Tideglass 70B", MAGNET))
    config = configured(tmp_path, web, f'[store]\nurl = "{postgres_url}"\n' + site("index", f"{web.url}/rss"))
    async with watching(config, ASSET) as daemon:
        await until(lambda: len(web.posted) == 1)
        await polled(daemon, "index", 2)
        assert len(await list_findings(daemon.repository)) == 1
    assert len(web.posted) == 1


async def test_asset_registered_late_is_found_in_what_is_stored(tmp_path: Path, web: Web) -> None:
    """A post that was read before its asset was registered is found all the same."""
    web.feed("/rss", ("1", "Tideglass 70B", MAGNET))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))
    async with watching(config) as daemon:
        await polled(daemon, "index", 2)
        await add_asset(ASSET, daemon.repository, datetime.now(UTC))

        async def waits() -> bool:
            async with daemon.repository.reading() as work:
                return await work.announcements.is_due(datetime.now(UTC) + timedelta(minutes=1))

        await until(waits, 15)
        assert web.posted == [], "more may come of a look back: it is told when that has settled"
        await daemon.sender.gather_all("all")
        await until(lambda: len(web.posted) == 1)


async def test_nameless_magnet_joins_once_it_is_known(tmp_path: Path, web: Web) -> None:
    """An item that named only the infohash, before anybody knew what it stood for, is a sighting of the finding."""
    web.feed("/a", ("1", "look", MAGNET))
    web.feed("/b")
    config = configured(tmp_path, web, site("a", f"{web.url}/a") + site("b", f"{web.url}/b"))
    async with watching(config, ASSET) as daemon:
        await polled(daemon, "a", 2)
        web.feed("/b", ("2", "Tideglass 70B", MAGNET))
        await until(lambda: len(web.posted) >= 1)
        await polled(daemon, "b", 1)
        (finding,) = await list_findings(daemon.repository)
        assert (finding.sites, finding.sightings) == (frozenset({"a", "b"}), 2)


async def test_gone_page_ends_by_itself(tmp_path: Path, web: Web) -> None:
    """A model that is private or gone does not keep the other models of the hub from being read."""
    digest = (b"\x11" * 32).hex()
    names = ("someone/gone", "someone/thing")
    listed = [{"id": name, "sha": "r1", "siblings": [{"rfilename": "w.safetensors"}]} for name in names]
    files = [{"rfilename": "w.safetensors", "size": 3_000_001, "lfs": {"sha256": digest, "size": 3_000_001}}]
    web.pages["/api/models"] = (200, json.dumps(listed), {})
    web.pages["/api/models/someone/gone"] = (401, "no such repository", {})
    web.pages["/api/models/someone/thing"] = (
        200,
        json.dumps({"id": "someone/thing", "siblings": files, "createdAt": datetime.now(UTC).isoformat()}),
        {},
    )
    config = configured(tmp_path, web, site("hub", web.url, "huggingface"))
    async with watching(config, ASSET) as daemon:
        await until(lambda: len(web.posted) == 1)
        async with daemon.repository.reading() as work:
            state = await work.sites.get("hub")
        assert state is not None
        assert state.failures == 0


async def test_long_poll_holds_up_no_neighbour(tmp_path: Path, web: Web) -> None:
    """Two sites of one host take turns: a feed is read again while a board's many threads are read."""
    threads = [{"no": number, "last_modified": 10, "replies": 0} for number in range(1, 41)]
    web.pages["/g/catalog.json"] = (200, json.dumps([{"page": 1, "threads": threads}]), {})
    for thread in threads:
        post = {"posts": [{"no": thread["no"], "resto": 0, "time": 5, "com": "x"}]}
        web.pages[f"/g/thread/{thread['no']}.json"] = (200, json.dumps(post), {})
    web.feed("/rss", ("1", "gardening", "roses"))
    slow = site("board", web.url, "imageboard", 'boards = ["g"]').replace(
        "min_interval_s = 0.0", "min_interval_s = 0.1"
    )
    config = configured(tmp_path, web, slow + site("index", f"{web.url}/rss"))
    async with watching(config, ASSET):
        await until(lambda: sum(path.startswith("/g/thread") for path, _ in web.asked) == 40, 20)
    order = ["rss" if path == "/rss" else "board" for path, _ in web.asked]
    assert order[: order.index("board") + 40].count("rss") >= 3


async def test_many_magnets_do_not_stop_the_watch(tmp_path: Path, web: Web) -> None:
    """A post with hundreds of magnets, none of which answers, keeps neither polls nor alerts waiting."""
    flood = " ".join(f"magnet:?xt=urn:btih:{number:040x}" for number in range(1, 300))
    web.feed("/rss", ("1", "Tideglass 70B", flood))
    config = configured(tmp_path, web, site("index", f"{web.url}/rss"))

    class Silent:
        async def metadata(self, *_: object, **__: object) -> bytes:
            await asyncio.sleep(30)
            raise AssertionError

        async def aclose(self) -> None:
            pass

    async with watching(config, ASSET) as daemon:
        daemon.prover = replace(daemon.prover, swarm=Silent())
        await until(lambda: len(web.posted) == 1)
        web.feed("/rss", ("2", "Tideglass 70B leaked again", MAGNET))
        await until(lambda: len(web.posted) == 2 or len(web.asked) > 5, 5)
        await polled(daemon, "index", 3)


async def test_due_swarms_are_counted_together_and_once(tmp_path: Path, web: Web) -> None:
    """Jobs that begin at once ask a tracker one question for all swarms that are due, and keep one count of each."""
    hashes = [Infohashes(InfohashV1(bytes([number]) * 20)) for number in range(1, 4)]
    files = b"".join(b"20:" + one.swarm_keys[0] + b"d8:completei7e10:incompletei1ee" for one in hashes)
    web.pages["/scrape"] = (200, b"d5:filesd" + files + b"ee", {})
    async with running(configured(tmp_path, web, "")) as daemon:
        await add_asset(ASSET, daemon.repository, datetime.now(UTC))
        now = daemon.clock.now()
        daemon.counter = Counter(
            repository=daemon.repository, fetcher=daemon.fetcher, dht=None, bootstrap=(),
            allow_networks=("127.0.0.0/8",), clock=daemon.clock,
        )  # fmt: skip
        case = Finding(
            id=FindingId("LW-1"), asset=ASSET.id, state=State.NEW, verdict=Verdict.UNKNOWN, severity=Severity.HIGH,
            tier=Tier.AUTO, score=0.99, opened_at=now, updated_at=now, title="x",
        )  # fmt: skip
        async with daemon.repository.writing() as work:
            await work.findings.save(case)
            for one in hashes:
                await work.findings.request_proof(case.id, one, now)
                await work.swarms.watch(one, [f"{web.url}/announce"], now)
        await asyncio.gather(daemon.count("1"), daemon.count("2"))
        await daemon.count("3")
        async with daemon.repository.reading() as work:
            counted = [(one.swarm_key, one.seeds) for one in await work.swarms.samples(case.id)]
    assert sorted(counted) == [(one.swarm_keys[0].hex(), 7) for one in hashes]
    (asked,) = [path for path, _ in web.asked if path.startswith("/scrape")]
    assert asked.count("info_hash=") == 3


async def test_hosts_that_rest_hold_up_no_other(tmp_path: Path, web: Web) -> None:
    """As many hosts as there are places on the wire ask to be left alone; one that comes after them is read at once."""
    web.pages["/busy"] = (429, "later", {"retry-after": "50"})
    web.feed("/rss", ("1", "gardening", ""))
    port = web.url.rpartition(":")[2]
    hosts = [f"127.0.0.{number}" for number in range(2, 7)]
    servers = [await asyncio.start_server(web.serve, host, int(port)) for host in hosts]
    sites = "".join(
        site(f"{path}{number}", f"http://{host}:{port}/{path}")
        for number, host in enumerate(hosts[:-1])
        for path in ("busy", "rss")
    )
    config = configured(tmp_path, web, sites + site("late", f"http://{hosts[-1]}:{port}/rss"))
    config = replace(
        config,
        http=replace(config.http, allow_hosts=frozenset(hosts)),
        daemon=replace(config.daemon, concurrency=4),
    )
    async with watching(config) as daemon:
        await polled(daemon, "late", 2)
    for server in servers:
        server.close()
    assert [path for path, _ in web.asked].count("/busy") == 4
