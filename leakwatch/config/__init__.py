"""leakwatch.toml: `sections` says what there is, `reader` reads it, `schema` tells editors."""

from __future__ import annotations

from leakwatch.config.reader import duration, load_config
from leakwatch.config.sections import Config

__all__ = ["Config", "duration", "load_config"]
