"""A fleet of 500 sites on 100 hosts with faults, and the real daemon: is what it writes down true, polite and flat?

    python benchmarks/fleet.py                    # coverage, pace, latency, memory
    python benchmarks/fleet.py --occupancy        # every fetch takes 0.1 s, more is due than there are slots

The fleet is a process of its own and logs every request. The daemon is `leakwatch run` with an ordinary
configuration. Nothing is asked of either before the end but the growth of the table of observations.
"""

from __future__ import annotations

import argparse
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fleet_judge import TOLERANCE_S, Coverage, Pace, judge, number_of, pace_of
from fleet_markup import DEFINITION, MARKUP, configured_markup
from fleet_pages import configured
from fleet_told import is_flat, tell
from fleet_world import Spec
from loopback import Cost, World, children

_LOOK_S, _COST_S, _STOP_S, _BEGIN_S = 0.05, 2.0, 60.0, 120.0
_EVERY_S, _POLLS = 20.0, 48
"""At 500 sites 25 polls a second, which keep half a core busy; four hours of polls every five minutes."""
_TIMES = ("started_at", "ended_at", "hole_from", "hole_to", "repaired_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the fleet is watched. Units: seconds."""

    spec: Spec
    every_s: float
    pace_s: float
    concurrency: int = 32
    inside: bool = False


@dataclass(slots=True)
class Samples:
    """What was seen from the outside while it ran: the rows of `observation`, and memory and CPU of the daemon."""

    stored: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    own: list[tuple[float, Cost]] = field(default_factory=list[tuple[float, Cost]])
    tree: list[tuple[float, Cost]] = field(default_factory=list[tuple[float, Cost]])
    stopped: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """All that is judged."""

    plan: Plan
    coverage: Coverage
    pace: Pace
    samples: Samples
    latency_s: list[float]
    inside: list[dict[str, Any]]
    log: list[dict[str, Any]]
    windows: list[dict[str, Any]]
    told: Counter[str]
    exit_code: int
    began: float
    lag_s: float


def run(plan: Plan, folder: Path) -> Result:
    """Start the fleet and the daemon, wait, stop the daemon, and judge."""
    world = World("fleet_world.py", json.dumps(asdict(plan.spec)))
    try:
        _configure(plan, world.told, folder)
        with (folder / "log").open("wb") as log:
            program = (
                [str(Path(__file__).with_name("fleet_daemon.py"))] if plan.inside else ["-m", "leakwatch"]
            )
            daemon = subprocess.Popen(
                [sys.executable, *program, "run", "--log-format=json"], cwd=folder, stderr=log
            )
        try:
            samples = _watched(plan, world, daemon, folder)
        finally:
            daemon.send_signal(signal.SIGTERM)
            code = daemon.wait(_STOP_S)
        world.ask(f"write {folder / 'truth.json'}")
    finally:
        world.end()
    return judged(plan, folder, samples, code)


def _configure(plan: Plan, told: Mapping[str, Any], folder: Path) -> None:
    """The daemon's configuration: what an operator writes, for this many sites."""
    allow = sorted({site["host"] for site in told["sites"].values()})
    parts = [
        _section("[daemon]", data_dir="data", concurrency=plan.concurrency),
        _section(
            "[http]", contact="mailto:fleet@leakwatch.invalid", allow_hosts=allow, total_deadline_s=15.0
        ),
        _section("[swarm]", enabled=False),
    ]
    for name, site in told["sites"].items():
        base = f"http://{site['host']}:{told['port']}"
        kind = site["kind"]
        settings = (
            configured_markup(kind, f"{base}/{name}") if kind in MARKUP else configured(name, kind, base)
        )
        every = f"{round(plan.every_s * 1000)}ms"
        schedule = {"every": every, "min_interval_s": plan.pace_s}
        parts.append(_section("[[sites]]", name=name, kind=kind, **schedule, **settings))
    (folder / "definition.yml").write_text(DEFINITION, "utf-8")
    (folder / "leakwatch.toml").write_text("\n".join(parts), "utf-8")


def _section(heading: str, **settings: object) -> str:
    return f"{heading}\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())


def _watched(plan: Plan, world: World, daemon: subprocess.Popen[bytes], folder: Path) -> Samples:
    samples, database = Samples(), folder / "data" / "leakwatch.db"
    deadline = time.time() + _BEGIN_S
    while not world.ask("began")["began"]:
        if daemon.poll() is not None or time.time() > deadline:
            raise RuntimeError(f"the daemon asks nothing: {(folder / 'log').read_text('utf-8')[-2000:]}")
        time.sleep(0.2)
    ends, next_cost = time.time() + plan.spec.seconds, 0.0
    looks = [ends - 1.0, ends - plan.spec.seconds / 2] if plan.inside else []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as store:
        while (now := time.time()) < ends:
            if daemon.poll() is not None:
                raise RuntimeError(f"the daemon has ended: {(folder / 'log').read_text('utf-8')[-2000:]}")
            newest = store.execute("select coalesce(max(id), 0) from observation").fetchone()[0]
            if not samples.stored or samples.stored[-1][1] != newest:
                samples.stored.append((time.time(), newest))
            if now >= next_cost:
                samples.own.append((now, Cost.of(daemon.pid)))
                samples.tree.append((now, Cost.of(*_tree(daemon.pid))))
                next_cost = now + _COST_S
            if looks and now >= looks[-1]:
                looks.pop()
                daemon.send_signal(signal.SIGUSR1)
            time.sleep(_LOOK_S)
    samples.stopped = time.time()
    return samples


def _tree(pid: int) -> list[int]:
    return [pid, *(one for child in children(of=pid) for one in _tree(child))]


def judged(plan: Plan, folder: Path, samples: Samples, code: int) -> Result:
    """Hold the database and the daemon's words against the fleet's log."""
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    sites, log = truth["sites"], truth["log"]
    with closing(sqlite3.connect(f"file:{folder / 'data' / 'leakwatch.db'}?mode=ro", uri=True)) as store:
        store.row_factory = sqlite3.Row
        windows = [
            _with_times(row) for row in store.execute("select * from coverage_window order by started_at")
        ]
        rows = store.execute("select id, site, native_id from observation order by id").fetchall()
    windows = [one for one in windows if one["ended_at"] < samples.stopped]  # the stop cuts polls short
    seen, stored = defaultdict[str, set[int]](set), list[tuple[int, str, int]]()
    for ident, site, native_id in rows:
        number = number_of(sites[site]["kind"], native_id)
        if number is not None and number not in seen[site]:
            seen[site].add(number)
            stored.append((ident, site, number))
    words = Counter[str]()
    for line in (folder / "log").read_text("utf-8").splitlines():
        words[json.loads(line)["event"] if line.startswith("{") else "not JSON"] += 1
    counted = (folder / "inside").read_text("utf-8").splitlines() if plan.inside else []
    return Result(
        plan=plan,
        coverage=judge(sites, log, windows, seen),
        pace=pace_of(log, plan.pace_s, TOLERANCE_S, plan.spec.retry_after_s),
        samples=samples,
        latency_s=_latency(plan, sites, log, windows, stored, samples, truth["began"]),
        inside=[json.loads(line) for line in counted],
        log=log,
        windows=windows,
        told=words,
        exit_code=code,
        began=truth["began"],
        lag_s=truth["lag_p99_s"],
    )


def _with_times(row: sqlite3.Row) -> dict[str, Any]:
    told = dict(row)
    for name in _TIMES:
        told[name] = (
            datetime.fromisoformat(told[name]).replace(tzinfo=UTC).timestamp() if told[name] else None
        )
    return told


def _latency(
    plan: Plan,
    sites: Mapping[str, Any],
    log: Sequence[Mapping[str, Any]],
    windows: Sequence[Mapping[str, Any]],
    stored: Sequence[tuple[int, str, int]],
    samples: Samples,
    began: float,
) -> list[float]:
    """Seconds from when an item could be asked for to when it was stored.

    That is from the moment it is visible or, if later, from when its site was due: the start of the poll before
    and the interval. After a poll that failed the site rests, and it counts from the request that showed it.
    """
    shown, polls = dict[tuple[str, int], float](), defaultdict[str, list[Mapping[str, Any]]](list)
    for row in log:
        for number in row.get("items", ()):
            shown[row["site"], number] = min(shown.get((row["site"], number), row["at"]), row["at"])
    for window in windows:
        polls[window["site"]].append(window)
    found, looks = list[float](), iter(samples.stored)
    at, newest = next(looks, (0.0, 0))
    for ident, site, number in stored:
        while newest < ident:
            if (following := next(looks, None)) is None:
                return found
            at, newest = following
        visible, asked = sites[site]["times"][number], shown.get((site, number))
        before = [one for one in polls[site] if asked and one["ended_at"] < asked]
        if asked is None or visible < began or not before:
            continue
        last = before[-1]
        due = last["started_at"] + plan.every_s if last["verdict"] in ("ok", "unchanged", "gap") else asked
        found.append(at - max(visible, due))
    return found


def plan_of(options: argparse.Namespace) -> Plan:
    """The whole fleet, or that of the slots."""
    if options.occupancy:
        spec = Spec(sites=options.sites, hosts=options.hosts, seconds=options.seconds or 60.0, item_every_s=20.0,
                    faults=0.0, limited=0.0, slow=0.0, fetch_s=0.1)  # fmt: skip
        return Plan(spec=spec, every_s=options.every or 1.0, pace_s=0.1, concurrency=options.concurrency or 8)
    every = options.every or _EVERY_S
    seconds = options.seconds or _POLLS * every
    spec = Spec(
        sites=options.sites,
        hosts=options.hosts,
        seconds=seconds,
        item_every_s=every / 2,
        drift_at=seconds * 0.6,
        drifting=options.sites // 50,
        bursting=options.sites // 15,
        burst_s=every,
        speed=60 / every,
        hostile=True,
        seed=options.seed,
    )
    return Plan(
        spec=spec,
        every_s=every,
        pace_s=options.pace,
        concurrency=options.concurrency or 32,
        inside=options.inside,
    )


def main() -> None:
    """Run and print the table; exit code 1 where something is not true."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--every", type=float, default=0.0, help="seconds between two polls of a site")
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument(
        "--pace", type=float, default=0.2, help="least seconds between two requests to a host"
    )
    parser.add_argument("--concurrency", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--occupancy", action="store_true")
    parser.add_argument("--inside", action="store_true", help="let the daemon count what it holds, twice")
    parser.add_argument("--keep", type=Path, help="a new folder for database, logs and truth")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leakwatch-fleet-") as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(exist_ok=True)
        result = run(plan_of(options), folder)
    tell(result)
    sys.exit(
        bool(result.coverage.differences or result.pace.early or result.exit_code or not is_flat(result))
    )


if __name__ == "__main__":
    main()
