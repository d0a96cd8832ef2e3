"""The command `leakwatch`: errors become one line on stderr that says whose fault it is, and an exit code."""

from __future__ import annotations

import os
import sys

from leakwatch.display import clean
from leakwatch.errors import ConfigError, LeakwatchError, RuleError, SourceError

_BLAME = {
    "ours": "",
    "theirs": " (not your fault: it came that way)",
    "network": " (the network, or the other side)",
}
_INTERRUPTED = 130


def main() -> None:
    """Run a command. Exit codes: 0 done, 1 failed or bad input, 2 usage or configuration, 3 a source failed."""
    from leakwatch.cli import app  # noqa: PLC0415 - keeps the error path independent of the commands

    try:
        app()
    except LeakwatchError as error:
        sys.stderr.write(f"leakwatch: {clean(error.message, 2000)}{_BLAME[error.blame]}\n")
        sys.exit(
            2 if isinstance(error, ConfigError | RuleError) else 3 if isinstance(error, SourceError) else 1
        )
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
