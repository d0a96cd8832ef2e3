"""leakwatch.toml: `sections` says what there is, `reader` reads it, `schema` tells editors, `shipped` knows public sites."""

from __future__ import annotations

from leakwatch.config.reader import SITES_FOLDER, duration, load_config, with_sites
from leakwatch.config.sections import Config

__all__ = ["SITES_FOLDER", "Config", "duration", "load_config", "with_sites"]
