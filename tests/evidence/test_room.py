"""What is thrown away: never what a finding needs, the oldest first, and no more than the budget asks for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.config.sections import EvidenceConfig
from leakwatch.crawl.vault import FileVault
from leakwatch.daemon.keeper import Keeper
from leakwatch.errors import NoRoom, StoreError
from leakwatch.evidence.dossier import gather
from leakwatch.evidence.room import GRACE_S, Kept, evictable, usage
from leakwatch.model.evidence import Outcome
from leakwatch.model.finding import State
from leakwatch.model.route import Routing
from leakwatch.store.repository import SqlRepository

from ..pollers import Clock  # noqa: TID252 - tests are no package that could be named
from .cases import NOON, scene

FILES = st.lists(
    st.builds(
        Kept,
        st.integers(0, 2**64).map(lambda n: f"{n:064x}"),
        st.integers(0, 1000),
        st.integers(0, 20_000).map(float),
    ),
    max_size=40,
    unique_by=lambda one: one.digest,
)


@given(FILES, st.data(), st.integers(0, 10_000))
def test_what_is_needed_stays(files: list[Kept], data: st.DataObject, budget: int) -> None:
    """For any vault: nothing needed or fresh goes, what goes is the oldest, and the budget is met where it can be."""
    now = 20_000.0
    needed = {one.digest for one in files if data.draw(st.booleans())}
    gone = evictable(files, needed, budget, now)
    free = [one for one in files if one.digest not in needed and now - one.at >= GRACE_S]
    assert not {one.digest for one in gone} & needed
    assert gone == sorted(free, key=lambda one: (one.at, one.digest))[: len(gone)]
    left = sum(one.size_bytes for one in files) - sum(one.size_bytes for one in gone)
    assert left <= budget or len(gone) == len(free)
    assert not gone or left + gone[-1].size_bytes > budget
    told = usage(files, needed)
    assert told.needed_files == len(needed)
    assert told.needed_bytes <= told.total_bytes == left + sum(one.size_bytes for one in gone)


async def test_evidence_of_cases_survives_any_budget(repository: SqlRepository, tmp_path: Path) -> None:
    """With a budget of nothing, an open case can still be packed whole; a false one's evidence goes, and is said to be gone."""
    made = await scene(repository, tmp_path)
    await made.take("Tideglass 70B")
    await made.judge()
    stray = made.vault.put(b"what a crash left")
    for file in (tmp_path / "evidence").rglob("*"):
        os.utime(file, (0, 0))
    clock = Clock(datetime.now(UTC))
    settings = EvidenceConfig(max_bytes=0, keep_days=30)
    keeper = Keeper(settings, repository, made.vault, None, Routing(), clock)  # type: ignore[arg-type]
    assert await keeper.tidy() == 1
    with pytest.raises(StoreError):
        made.vault.get(stray)
    finding = await made.finding()
    assert (await gather(finding.id, repository, made.vault)).lost == ()
    async with repository.writing() as work:
        await work.findings.save(replace(finding, state=State.FALSE_POSITIVE))
    assert await keeper.tidy() == 4
    assert list(made.vault.files()) == []
    async with repository.reading() as work:
        assert await work.evidence.of(finding.id) == []
    async with repository.writing() as work:
        closed = replace(finding, state=State.REMOVED, closed_at=NOON)
        await work.findings.save(closed)
        assert await work.evidence.needed(NOON + timedelta(days=1)) == set()
        assert len(await work.evidence.needed(NOON)) == 4


async def test_what_looks_and_stamps_name_is_needed(repository: SqlRepository, tmp_path: Path) -> None:
    """The page and the diff of a further look stay as long as their case needs them; the tokens of stamps always."""
    made = await scene(repository, tmp_path)
    await made.take("Tideglass 70B")
    finding = await made.finding()
    page, diff, token = ("a1" * 32, "b2" * 32, "c3" * 32)
    async with repository.writing() as work:
        await work.looks.plan(finding.id, "https://board.example/thread/1", "board", "1", NOON)
        (first, *_) = await work.looks.due("board.example", NOON + timedelta(hours=2), 1)
        await work.looks.close(first, Outcome.EDITED, {"evidence": page, "diff": diff}, NOON)
        await work.stamps.want("ab" * 32, "https://stamps.example", NOON)
        (wanted,) = await work.stamps.due(NOON)
        await work.stamps.had(wanted, token, NOON)
        assert await work.evidence.needed(NOON) >= {page, diff, token}
        await work.findings.save(replace(finding, state=State.REMOVED, closed_at=NOON))
        assert await work.evidence.needed(NOON + timedelta(days=1)) & {page, diff, token} == {token}


def test_dropped_only_when_nobody_asked_for_it_lately(tmp_path: Path) -> None:
    """What was put again within the hour is not dropped, although it is old; half-written files go after an hour."""
    vault = FileVault(tmp_path)
    digest = vault.put(b"x")
    path = tmp_path / digest[:2] / digest
    os.utime(path, (0, 0))
    assert vault.put(b"x") == digest
    assert not vault.drop(digest)
    os.utime(path, (0, 0))
    half = path.with_name("tmp1234")
    half.write_bytes(b"half")
    os.utime(half, (0, 0))
    assert [one.digest for one in vault.files()] == [digest]
    assert not half.exists()
    assert vault.drop(digest)
    assert not vault.drop(digest)


def test_a_full_disk_is_no_room(tmp_path: Path) -> None:
    """A write that the system cuts off leaves nothing behind and is told as what it is; so is too little free space."""
    code = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from leakwatch.crawl.vault import FileVault\nfrom leakwatch.errors import NoRoom\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "vault = FileVault(Path(sys.argv[1]))\nkept = vault.put(b'a' * 5000)\n"
        "try:\n    vault.put(b'b' * 5001)\nexcept NoRoom as error:\n    print(error.permanent, error)\n"
        "print(len(vault.get(kept)), len(list(vault.files())))\n"
    )
    result = subprocess.run([sys.executable, "-c", code, str(tmp_path / "v")], capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "5000 1", result.stderr
    assert result.stdout.startswith("False evidence cannot be written")
    assert [one for one in (tmp_path / "v").rglob("tmp*") if one.is_file()] == []
    with pytest.raises(NoRoom, match="min_free_bytes"):
        FileVault(tmp_path, least_free=2**60).put(b"c")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("nothing may be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_a_full_disk_commits_nothing(
    repository: SqlRepository, tmp_path: Path, small_disk: Path
) -> None:
    """On a disk that is really full a page is refused as a whole: no observation, no case, no alert; with room it is taken."""
    made = await scene(repository, tmp_path)
    made.vault = FileVault(small_disk / "evidence")
    (small_disk / "filler").write_bytes(b"x" * (2**20 - 16 * 4096))
    with pytest.raises(NoRoom):
        await made.take("Tideglass 70B " + "long " * 50_000)
    async with repository.reading() as work:
        assert await work.findings.list() == []
        assert await work.findings.stored(2**62, 10) == []
        assert await work.audit.entries() == []
    assert [one for one in (small_disk / "evidence").rglob("*") if one.is_file()] == []
    (small_disk / "filler").unlink()
    await made.take("Tideglass 70B " + "long " * 50_000)
    assert (await gather((await made.finding()).id, repository, made.vault)).lost == ()
