"""Plays the beats of a story at their times, and notes when each part of the leak could first be seen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import assert_never

from leakwatch.demo.board import Post
from leakwatch.demo.forge import Draft, readme_patch
from leakwatch.demo.hub import file_of
from leakwatch.demo.names import login
from leakwatch.demo.narrator import Narrator
from leakwatch.demo.story import LEAK_THREAD, Beat, LeakCopy, LeakPost, LeakPull, News, Talk
from leakwatch.demo.world import World

_MAGNET = "{magnet}"
_COPY_WAITS_S = 60.0


class Director:
    """Plays a story. `visible_at` holds, for each site of the leak, when its item could first be seen.

    `post` is the leak on the board, once it is there, and `deleted_at` is when it was gone again.
    """

    def __init__(self, world: World, magnet: str, weights: Path, narrator: Narrator) -> None:
        self.visible_at: dict[str, float] = {}
        self.post: Post | None = None
        self.deleted_at: float | None = None
        self._world = world
        self._magnet = magnet
        self._weights = weights
        self._narrator = narrator
        self._rng = Random(f"{world.story.seed}/director")

    async def play(self, beats: tuple[Beat, ...]) -> None:
        """Wait for each beat's time and let it happen."""
        started = self._world.clock()
        for beat in beats:
            await asyncio.sleep(max(0.0, started + beat.at_s - self._world.clock()))
            if isinstance(beat, LeakCopy):
                await self._proof_is_told()
            self.happen(beat)

    async def _proof_is_told(self) -> None:
        """Wait until an alert says *proved*, a minute at most: the hub's copy shares nothing with the magnet but the files.

        Before they are known to be the magnet's, two cases would be right, to be merged later; copies on hubs came days after.
        """
        ends = self._world.clock() + _COPY_WAITS_S
        while self._world.clock() < ends and not any(  # noqa: ASYNC110 - the sinks wake nobody
            one.verdict == "proved" for one in self._world.sinks.arrivals
        ):
            await asyncio.sleep(0.1)

    def happen(self, beat: Beat) -> None:
        """Let one beat happen now."""
        match beat:
            case Talk():
                board = self._world.board
                board.reply(board.thread_numbers[beat.thread], beat.text)
            case News():
                self._world.press.publish(beat.article, about_the_leak=True)
                self._narrator.tell(f"the news ({beat.article.language}) speaks of a leak and offers nothing")
            case LeakPost():
                self._post(beat)
            case LeakPull():
                self._pull(beat)
            case LeakCopy():
                self._copy(beat)
            case _:
                assert_never(beat)

    def delete_post(self) -> None:
        """The board takes the leak's thread down."""
        if self.post is not None and self.deleted_at is None:
            self._world.board.delete_thread(self.post.resto)
            self.deleted_at = self._world.clock()
            self._narrator.tell("the board deletes the thread with the leak")

    def _post(self, beat: LeakPost) -> None:
        board = self._world.board
        self.post = board.reply(board.thread_numbers[LEAK_THREAD], beat.text.replace(_MAGNET, self._magnet))
        self._leaked("board", self.post.number)
        self._narrator.tell("a reply with a magnet appears on the board")

    def _pull(self, beat: LeakPull) -> None:
        story = self._world.story
        pull = self._world.forge.open_issue(
            f"{story.owner}/{story.repository}",
            Draft(
                title=beat.title,
                body=beat.body.replace(_MAGNET, self._magnet),
                login=login(self._rng),
                patch=readme_patch([beat.added_line.replace(_MAGNET, self._magnet)]),
            ),
        )
        self._leaked("code", pull.id)
        where = "text" if _MAGNET in beat.body else "diff"
        self._narrator.tell(f"a pull request to the owner's repository has the same magnet in its {where}")

    def _copy(self, beat: LeakCopy) -> None:
        files = tuple(file_of(path.name, path.read_bytes()) for path in sorted(self._weights.iterdir()))
        self._world.hub.upload(beat.repository, files, ("pytorch",))
        self._leaked("hub", beat.repository)
        self._narrator.tell("a stranger uploads the weight files to the model hub")

    def _leaked(self, site: str, item: int | str) -> None:
        self.visible_at[site] = self._world.clock()
        self._world.leaked.add((site, item))
