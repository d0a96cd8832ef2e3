"""The weights file as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from leakwatch.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Weights:
    """Bits by signal name. Asking for a name that is not there is a programming error."""

    bits: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.bits[name]


def parse_weights(text: str, file: str = "weights.yaml") -> Weights:
    """Read `name: number` lines. Raises: ConfigError with file and line."""
    try:
        told = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ConfigError(str(error.problem), file=file, line=line) from error
    if not isinstance(told, dict):
        raise ConfigError("expected names and numbers", file=file)
    bits: dict[str, float] = {}
    for name, value in told.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(f"not a number: {value!r}", file=file, field=str(name))
        bits[str(name)] = float(value)
    return Weights(bits)
