"""leakwatch.toml: `sections` says what there is, `reader` reads it, `schema` tells editors, `shipped` knows public sites.

Under `reader` stand `sites` (what of a site makes sense), `values` (TOML values as types) and `located` (lines of keys).
"""

from __future__ import annotations

from leakwatch.config.reader import SITES_FOLDER, load_config, with_sites
from leakwatch.config.sections import Config
from leakwatch.config.values import duration

__all__ = ["SITES_FOLDER", "Config", "duration", "load_config", "with_sites"]
