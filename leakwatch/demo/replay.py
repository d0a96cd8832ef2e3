"""The replay of DESIGN §11: a world on loopback, the real daemon against it, judged from the outside."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import signal
import time
from collections.abc import Generator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from random import Random

from rich.console import Console

from leakwatch.demo.background import Background
from leakwatch.demo.configuration import Surroundings, configuration
from leakwatch.demo.director import Director
from leakwatch.demo.narrator import Narrator
from leakwatch.demo.processes import PROGRAM, Daemon, SwarmProcess, run_to_end, swarm_of
from leakwatch.demo.result import ReplayResult, make_result, result_json, summary_table
from leakwatch.demo.stage import ReplayOptions, Stage
from leakwatch.demo.story import Story, plan_story, write_magnet
from leakwatch.demo.verdict import Witness, failures_of, read_figures
from leakwatch.demo.weights import write_leaked_copy, write_weights
from leakwatch.demo.world import World, listening_socket, mail_served, served
from leakwatch.errors import InputError

__all__ = ["ReplayOptions", "ReplayResult", "result_json", "run_replay", "summary_table"]

_SECRET_BYTES = 24
_CONFIGURATION = "leakwatch.toml"


async def run_replay(options: ReplayOptions, *, program: Sequence[str] = PROGRAM) -> ReplayResult:
    """Play a story against the daemon that `program` runs, and judge it from the outside.

    Raises: LeakwatchError if the world cannot be set up, or where a signal stops the replay before its end.
    """
    stopped = asyncio.Event()
    with _signals_set(stopped):
        async with AsyncExitStack() as stack:
            stage = await _set_up(replace(options, folder=options.folder.resolve()), program, stopped, stack)
            witness, failures = await stage.play()
            if options.keep:
                Console(stderr=True).print(summary_table(_result(stage, witness, failures)))
                stage.narrator.tell("everything stays up; press Ctrl-C to end it")
                await stopped.wait()
            if not stage.daemon.ended_by_itself:
                stage.narrator.tell("the daemon is asked to stop")
            witness = replace(witness, daemon_exit_code=await stage.daemon.stop())
            return _result(stage, witness, failures)


def _result(stage: Stage, witness: Witness, failures: Sequence[str]) -> ReplayResult:
    figures = read_figures(witness.arrivals, witness.visible_at)
    found = [*failures, *failures_of(witness, figures)]
    return make_result(stage.story, stage.options.folder, witness, figures, found)


@contextlib.contextmanager
def _signals_set(stopped: asyncio.Event) -> Generator[None]:
    """SIGINT and SIGTERM set the event; outside the main thread signals are left alone."""
    loop = asyncio.get_running_loop()
    caught: list[signal.Signals] = []
    with contextlib.suppress(ValueError, RuntimeError):
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, stopped.set)
            caught.append(one)
    try:
        yield
    finally:
        for one in caught:
            loop.remove_signal_handler(one)


async def _set_up(
    options: ReplayOptions, program: Sequence[str], stopped: asyncio.Event, stack: AsyncExitStack
) -> Stage:
    """Files and swarm, then the world, then the registered asset and the running daemon."""
    folder = options.folder
    if (folder / _CONFIGURATION).exists():
        raise InputError("the folder holds an earlier replay; name another", file=str(folder))
    story = plan_story(options.seed, leak=options.leak, quiet_s=options.quiet_s)
    narrator = Narrator(time.time)
    narrator.tell(
        f"{story.owner} keeps {story.family.title} to itself: {len(story.files)} files of random bytes"
    )
    write_weights(story, folder / "weights")
    write_leaked_copy(story, folder / "seed" / story.torrent_name)
    swarm = await stack.enter_async_context(swarm_of(story, folder / "seed", folder / "swarm.log"))
    narrator.tell(f"a seeder and a small DHT are up on loopback ({story.torrent_kind} torrent)")
    world = await _open_world(story, swarm, folder, stack)
    narrator.tell(f"board, indexes, code host, model hub and news answer at {world.base}")
    daemon = await _start_daemon(story, program, folder, stack)
    narrator.tell("the work is registered; the daemon starts as a process of its own")
    return Stage(
        options=options,
        story=story,
        world=world,
        swarm=swarm,
        daemon=daemon,
        director=Director(world, write_magnet(story, swarm.infohashes), folder / "weights", narrator),
        narrator=narrator,
        command=(*program, "finding", "show", "--json", "--config", str(folder / _CONFIGURATION)),
        stopped=stopped,
    )


async def _open_world(story: Story, swarm: SwarmProcess, folder: Path, stack: AsyncExitStack) -> World:
    """Sites and sinks, furnished and answering, and the configuration that names them."""
    listener = listening_socket()
    base = "http://{}:{}".format(*listener.getsockname())
    key = Random(f"{story.seed}/secret").randbytes(_SECRET_BYTES)
    world = World(story, base, folder, time.time, secret=f"whsec_{base64.b64encode(key).decode()}")
    background = Background(world)
    background.furnish()
    await stack.enter_async_context(served(world.app, listener))
    mail_port = await stack.enter_async_context(mail_served(world.sinks))
    surroundings = Surroundings(
        base=base,
        mail_port=mail_port,
        bootstrap=swarm.bootstrap,
        repository=f"{story.owner}/{story.repository}",
        secret=world.sinks.secret,
    )
    (folder / _CONFIGURATION).write_text(configuration(surroundings), encoding="utf-8")
    stack.push_async_callback(_end, asyncio.create_task(background.go_on()))
    return world


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task; if it had failed, its error is raised."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _start_daemon(story: Story, program: Sequence[str], folder: Path, stack: AsyncExitStack) -> Daemon:
    """Register the work and start the daemon, both as an operator would."""
    settings = ["--config", str(folder / _CONFIGURATION)]
    names = ["--title", story.family.title, "--alias", story.family.alias]
    registration = ["asset", "add", str(folder / "weights"), *names, "--kind", "model", "--critical"]
    await run_to_end([*program, *registration, *settings], folder / "asset-add.log")
    daemon = Daemon([*program, "run", *settings], folder / "daemon.log")
    stack.push_async_callback(daemon.stop)
    await daemon.start()
    return daemon
