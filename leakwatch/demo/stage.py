"""The stage: everything that is up while a story is played, and the play itself."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from leakwatch.demo.aftermath import Case, Growth, Kept, growth_failures, look_for, read_case
from leakwatch.demo.configuration import DATA_DIR
from leakwatch.demo.director import Director
from leakwatch.demo.narrator import Narrator
from leakwatch.demo.processes import Daemon, SwarmProcess, run_to_end
from leakwatch.demo.story import LeakPost, Story
from leakwatch.demo.verdict import Figures, Witness, has_all, read_figures
from leakwatch.demo.world import SITES, World
from leakwatch.errors import LeakwatchError

_POLL_DEADLINE_S = 60.0
_SETTLE_S = 3.0
_SETTLE_AFTER_KILL_S = 8.0
_LOOK_EVERY_S = 0.1
_ASK_EVERY_S = 1.0
_COUNTED = b'"seeds_leechers": {"'
"""In the daemon's log, where a count of a swarm has a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """What to play. `kill_at_s` and `deadline_s` count from the leak; `quiet_s` is the time before it.

    A negative `kill_at_s` is a kill before the leak; in a world without one they count from the end of the quiet.

    With `keep` everything stays up after the summary until Ctrl-C or SIGTERM.
    """

    seed: int
    folder: Path
    leak: bool = True
    kill_at_s: tuple[float, ...] = ()
    deadline_s: float = 120
    quiet_s: float = 20
    keep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """World, swarm and daemon, all running. `stopped` is set when a signal asks for the end.

    `command` shows the finding whose id comes after it. `joined` is how many seeders the DHT knew, step by step.
    """

    options: ReplayOptions
    story: Story
    world: World
    swarm: SwarmProcess
    daemon: Daemon
    director: Director
    narrator: Narrator
    command: tuple[str, ...]
    stopped: asyncio.Event
    joined: list[int] = field(default_factory=lambda: [1])

    async def play(self) -> tuple[Witness, list[str]]:
        """Play the story to its end; answers what was seen and what went wrong on the way.

        Raises: LeakwatchError if a signal asks for the end.
        """
        failures: list[str] = []
        if await self._until(lambda: self.world.polled_sites >= set(SITES), _POLL_DEADLINE_S):
            self.narrator.tell("every site has been polled once; the quiet before the leak begins")
            await self._play_beats()
        else:
            failures.append(f"never polled: {', '.join(sorted(set(SITES) - self.world.polled_sites))}")
        if self.daemon.ended_by_itself:
            failures.append(f"the daemon ended by itself: {self.daemon.log_tail() or 'it said nothing'}")
        return await self._bear_witness(), failures

    async def _play_beats(self) -> None:
        beats = asyncio.create_task(self.director.play(self.story.beats))
        joins = asyncio.create_task(self._grow())
        kills = asyncio.create_task(self._kill_at_times())
        try:
            await self._until(beats.done, self.story.beats[-1].at_s + _POLL_DEADLINE_S)
            ends = self.director.visible_at.get("board", self.world.clock()) + self.options.deadline_s
            if self.options.leak:
                await self._until(lambda: has_all(self._figures()), ends - self.world.clock())
                self.director.delete_post()
            await self._until(kills.done, self.options.deadline_s)
            self.narrator.tell("no further alert is expected; there is a little time for repeats")
            settled_at = self.world.clock() + (_SETTLE_AFTER_KILL_S if self.daemon.kills else _SETTLE_S)
            if self.options.leak:
                await self._until(joins.done, ends - self.world.clock())
                await self._until_counted(ends)
                await self._until(self._noticed, ends - self.world.clock())
            await self._until(lambda: False, settled_at - self.world.clock())
        finally:
            for task in (beats, joins, kills):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _figures(self) -> Figures:
        return read_figures(self.world.sinks.arrivals, self.director.visible_at)

    async def _grow(self) -> None:
        """Let more seeders join, each time so long after the first count: late after a kill, so that there is one.

        The log only says when to begin; what was counted is asked of `finding show`.
        """
        await self._until(lambda: self.daemon.has_logged(_COUNTED), self._longest_s)
        counted_at = self.world.clock()
        for join in self.story.joins:
            await asyncio.sleep(max(0.0, counted_at + join.after_s - self.world.clock()))
            self.joined.append(await self.swarm.ask(f"join {join.seeders}"))
            self.narrator.tell(f"the swarm has grown to {self.joined[-1]} seeders")

    @property
    def _longest_s(self) -> float:
        """From the beginning of the story to the deadline of the leak."""
        return self.story.beats[-1].at_s + self.options.deadline_s

    async def _until_counted(self, ends: float) -> None:
        """Ask what the finding says until it knows how far the swarm has grown, or the time is up."""
        while self.world.clock() < ends and not self.daemon.ended_by_itself:
            growth = await self._growth()
            if not growth_failures(growth):
                self.narrator.tell(f"`finding show` knows of {growth.case.peak_seeds} seeds")
                return
            await self._until(lambda: False, _ASK_EVERY_S)

    async def _growth(self) -> Growth:
        planned = max((join.seeders for join in self.story.joins), default=1)
        return Growth(planned=planned, joined=tuple(self.joined), case=await self._case())

    async def _case(self) -> Case:
        """The leak's finding as `finding show` has it."""
        leak = self._figures().leak
        log = self.options.folder / "finding-show.log"
        return read_case(await run_to_end([*self.command, leak], log)) if leak else Case()

    def _noticed(self) -> bool:
        deleted_at = self.director.deleted_at
        return deleted_at is not None and self.world.catalog_read_since(deleted_at)

    def _kept(self, case: Case) -> Kept:
        """What is left of the post, by the finding and by the files of the vault."""
        post = self.director.post
        vault = self.options.folder / DATA_DIR / "evidence"
        pages, files, broken = look_for(post, vault) if post else (0, 0, 0)
        return Kept(
            deleted=self.director.deleted_at is not None,
            noticed=self._noticed(),
            listed=post is not None and any(str(post.number) in url for url in case.urls),
            pages=pages,
            files=files,
            broken=broken,
        )

    async def _kill_at_times(self) -> None:
        """SIGKILL the daemon at the given seconds after (or before) the leak, and start it again each time."""
        posts = (beat.at_s for beat in self.story.beats if isinstance(beat, LeakPost))
        leak_at = self.world.clock() + next(posts, self.options.quiet_s)
        for at_s in sorted(self.options.kill_at_s):
            await asyncio.sleep(max(0.0, leak_at + at_s - self.world.clock()))
            self.narrator.tell("the daemon is killed without warning and started again")
            await self.daemon.kill_and_restart()

    async def _until(self, condition: Callable[[], bool], deadline_s: float) -> bool:
        """Wait for a condition; False where the time is up or the daemon has ended first.

        Raises: LeakwatchError if a signal asks for the end.
        """
        ends = time.monotonic() + deadline_s
        while not condition():
            if self.stopped.is_set():
                raise LeakwatchError("the replay was stopped before its end")
            if time.monotonic() >= ends or self.daemon.ended_by_itself:
                return False
            await asyncio.sleep(_LOOK_EVERY_S)
            self.narrator.tell_news_of(self._figures())
        return True

    async def _bear_witness(self) -> Witness:
        """Take the counters: the seeder's first, then the positive control that shows that it can rise."""
        arrivals = tuple(self.world.sinks.arrivals)
        uploaded = await self.swarm.ask("uploaded")
        strangers, growth = await asyncio.gather(self.swarm.ask("strangers"), self._growth())
        self.narrator.tell(
            f"the seeders have given away {uploaded} payload bytes; a plain client shows they can"
        )
        return Witness(
            leak=self.options.leak,
            arrivals=arrivals,
            visible_at=dict(self.director.visible_at),
            kills=self.daemon.kills,
            uploaded_bytes=uploaded,
            control_bytes=await self.swarm.ask("control"),
            strangers=strangers,
            noise_items=self.world.noise_items,
            news_items=self.world.news_items,
            growth=growth if self.options.leak else None,
            kept=self._kept(growth.case) if self.options.leak else None,
        )
