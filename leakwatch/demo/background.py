"""What goes on in the world whether or not anything leaks: old items at the start, new ones every second."""

from __future__ import annotations

import asyncio
from random import Random

from leakwatch.demo import texts
from leakwatch.demo.forge import Draft, Issue, readme_patch
from leakwatch.demo.hub import HubFile, made_up_file
from leakwatch.demo.indexes import made_up_torrent
from leakwatch.demo.names import Release, background_release, login, other_model, other_size
from leakwatch.demo.world import World

_TICK_S = 1.0
_DAY_S = 86_400.0
_OLD_ENTRIES = 50
_OLD_POSTS = 40
_OLD_MODELS = 25
_OLD_PULL = 2
_STRANGER = "stranger/tools"
_THANKS = "Thanks to everybody who reported typing errors."


class Background:
    """Fills the world with items that are not the leak; a seed draws the same ones in the same order."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._family = world.story.family
        self._rng = Random(f"{world.story.seed}/background")
        self._issues: list[Issue] = []

    def furnish(self) -> None:
        """Put up everything that is older than the replay."""
        now = self._world.clock()
        self._furnish_board(now)
        self._furnish_forge(now)
        for index in (self._world.index, self._world.torznab):
            for age in range(_OLD_ENTRIES, 0, -1):
                index.publish(background_release(self._rng, self._family), at=now - 60.0 * age)
        for age in range(_OLD_MODELS, 0, -1):
            self._upload(at=now - 600.0 * age)
        for age, article in enumerate(texts.OTHER_NEWS, 1):
            self._publish(article, at=now - _DAY_S + age)

    async def go_on(self) -> None:
        """Add new items for ever."""
        while True:
            await asyncio.sleep(_TICK_S)
            self.tick()

    def tick(self) -> None:
        """Add what one second brings."""
        for index in (self._world.index, self._world.torznab):
            for _ in range(self._rng.randint(1, 2)):
                index.publish(background_release(self._rng, self._family))
        chance = self._rng.random()
        if chance < 0.4:
            thread = self._rng.choice(self._world.board.thread_numbers)
            self._world.board.reply(thread, self._remark(), picture=self._picture())
        if chance < 0.2:
            self._upload()
        if chance > 0.9:
            self._world.forge.comment(self._rng.choice(self._issues), self._comment(), login(self._rng))

    def _words(self, template: str) -> str:
        family = self._family
        other = other_model(self._rng, family)
        names = {"title": family.title, "alias": family.alias, "brand": family.brand, "model": family.model}
        return template.format(**names, other=other, magnet="{magnet}")

    def _remark(self) -> str:
        return self._words(self._rng.choice(texts.ABOUT_OTHER_THINGS))

    def _comment(self) -> str:
        return self._words(self._rng.choice(texts.ISSUE_COMMENTS))

    def _picture(self) -> bytes:
        return self._rng.randbytes(16) if self._rng.random() < 0.2 else b""

    def _offer(self) -> str:
        """A magnet to something else."""
        size = self._rng.randint(1 << 30, 20 << 30)
        _, infohash = made_up_torrent(self._rng, Release("free for everybody", size, 8000))
        text = self._words(self._rng.choice(texts.INNOCENT_OFFERS))
        return text.replace("{magnet}", f"magnet:?xt=urn:btih:{infohash}")

    def _furnish_board(self, now: float) -> None:
        """Threads first, then posts; offers of other things stand only where no subject names the asset."""
        board = self._world.board
        start = now - 60.0 * (_OLD_POSTS + len(texts.THREADS))
        for age, (subject, text) in enumerate(texts.THREADS):
            board.open_thread(
                self._words(subject), self._words(text), at=start + 60.0 * age, picture=self._picture()
            )
        about = [thread for thread, (subject, _) in enumerate(texts.THREADS) if "{" in subject]
        for place in range(_OLD_POSTS):
            thread = self._rng.randrange(len(texts.THREADS))
            number = board.thread_numbers[thread]
            at = start + 60.0 * (place + len(texts.THREADS))
            is_offer = place % 10 == 0 and thread not in about
            board.reply(number, self._offer() if is_offer else self._remark(), at=at, picture=self._picture())

    def _furnish_forge(self, now: float) -> None:
        forge, story = self._world.forge, self._world.story
        for age, (title, body) in enumerate(texts.ISSUES):
            patch = readme_patch([_THANKS]) if age == _OLD_PULL else ""
            draft = Draft(self._words(title), self._words(body), login(self._rng), patch)
            at = now - _DAY_S + 600.0 * age
            self._issues.append(forge.open_issue(f"{story.owner}/{story.repository}", draft, at=at))
        forge.comment(self._issues[0], self._comment(), login(self._rng), at=now - 3600.0)
        wish = Draft(self._words("Support {title}?"), "Would be nice to have.", login(self._rng))
        forge.open_issue(_STRANGER, wish, at=now - _DAY_S)

    def _upload(self, *, at: float | None = None) -> None:
        """Somebody else's model; now and then one of the family in another size."""
        family, rng = self._family, self._rng
        near = f"{family.model}-{other_size(rng, family)}-lora"
        name = near if rng.random() < 0.2 else other_model(rng, family)
        self._world.hub.upload(f"{login(rng)}/{name}", self._files(), ("pytorch", "text-generation"), at=at)

    def _files(self) -> tuple[HubFile, ...]:
        rng = self._rng
        shards = rng.randint(1, 3)
        return (
            made_up_file(rng, ".gitattributes", rng.randint(1000, 2000)),
            made_up_file(rng, "config.json", rng.randint(400, 900)),
            made_up_file(rng, "tokenizer.model", rng.randint(400_000, 600_000)),
            *(
                made_up_file(rng, f"model-{i:05d}-of-{shards:05d}.safetensors", rng.randint(1 << 30, 9 << 30))
                for i in range(1, shards + 1)
            ),
        )

    def _publish(self, article: texts.Article, *, at: float) -> None:
        language, headline, summary = article
        told = texts.Article(language, self._words(headline), self._words(summary))
        self._world.press.publish(told, about_the_leak=False, at=at)
