"""The weights of names as columns, ready to be held against the features of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from leakwatch.matching.features import FEATURES
from leakwatch.matching.weights import Weights

TOLD_APART = ("year_agrees", "year_near", "year_differs", "number_follows")
"""Features that are signals of their own beside the name's."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The weights of names as columns: of each feature, of those told apart, of what prose says."""

    base: float
    weights: NDArray[np.float64]
    apart: NDArray[np.float64]
    prose: float
    most_prose: float
    other_size: float

    @classmethod
    def of(cls, weights: Weights) -> Self:
        """The scale of a weights file."""
        told = np.array([weights[f"name_{feature}"] for feature in FEATURES])
        apart = np.array([feature in TOLD_APART for feature in FEATURES])
        return cls(
            weights["name_found"],
            np.where(apart, 0, told),
            np.where(apart, told, 0),
            weights["prose_bit"],
            weights["prose_most"],
            weights["version_differs"],
        )
