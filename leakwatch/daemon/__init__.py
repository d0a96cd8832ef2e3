"""The daemon: `schedule` says what is due, `daemon` what each job does, `crawling` how a host is read; `opening` builds, `memory` keeps it small."""

from leakwatch.daemon.daemon import Daemon
from leakwatch.daemon.memory import keep_little_memory
from leakwatch.daemon.opening import SystemClock, run_daemon, running

__all__ = ["Daemon", "SystemClock", "keep_little_memory", "run_daemon", "running"]
