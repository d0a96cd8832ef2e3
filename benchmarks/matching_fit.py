"""Fits the weights of names: logistic regression on the rows of even SHA-256, printed as lines of weights.yaml.

    LEAKWATCH_SHARED_DATA=../shared/data python benchmarks/matching_fit.py

Right: of each labelled name the best candidate that bears an expected title. Wrong: every other candidate of these names (but for a slip
or an order of words away from a title that stands there exactly: that says nothing of slips), and every
candidate of the even background rows that name none of the 1,000 works (`Namers`). What the data cannot tell (years, part numbers, look-alikes) is
set by hand in `BY_HAND`; a weight that comes out with the wrong sign is set to zero and the rest fitted again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matching_data import Namers, background, catalogue_with_titles, is_even, letters, names_of, titles, works
from numpy.typing import NDArray

from leakwatch.extract.columns import columns
from leakwatch.extract.regions import regions
from leakwatch.extract.words import Meanings
from leakwatch.matching.candidates import candidates
from leakwatch.matching.features import FEATURES, features, places
from leakwatch.matching.namebook import NameBook, empty_book
from leakwatch.matching.names import worthy
from leakwatch.service import load_weights

BY_HAND = {
    "year_agrees": 3.0, "year_near": 0.0, "number_follows": -9.0, "heard": -1.5, "looks": -0.5, "left_bare": 0.0, "led": 0.0,
    "rare_bare": 0.3, "second_slip": -2.0, "leet": -2.0, "article": -1.5, "skeleton": -6.0, "one_word_bare": -4.2, "one_word_part": -2.5, "split": -4.0,
}  # fmt: skip
_FOR = frozenset(
    (
        "cover_tagged",
        "piece_tagged",
        "head_tagged",
        "begins_tagged",
        "cover_bare",
        "piece_bare",
        "head_bare",
        "tags",
        "rare_tagged",
        "rare_bare",
    )
)
_PRIOR, _SHIFT = -10.0, 2.0
"""The prior that a found name makes up for, and how many bits below even odds the review tier begins."""
_RAISED = 0.7
"""Bits by which the places in release names are raised above the fit: a work that is missed costs more than a name that is looked at."""
_PLACES = ("cover_tagged", "piece_tagged", "head_tagged", "begins_tagged", "ends_tagged", "inside_tagged")
_LOOSE = [FEATURES.index(name) for name in ("article", "slip", "bag", "skeleton")]
_RIGHT_COUNTS, _RIDGE, _ROUNDS = 6.0, 2.0, 60
_BATCH, _LONGEST = 1024, 25

Floats = NDArray[np.float64]


def described(names: Sequence[str], book: NameBook) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Features of every candidate of some names, the number of its name, and of its asset."""
    meanings = Meanings()
    matrices, rows, assets = [np.zeros((0, len(FEATURES)))], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start in range(0, len(names), _BATCH):
        found = columns(names[start : start + _BATCH])
        told = meanings.of(found)
        cut = regions(found, told)
        some = candidates(found, told, cut, book, cut.length <= _LONGEST)
        some, at = worthy(some, places(some, found, cut))
        matrices.append(features(some, at, found, told, cut, book))
        rows.append(found.row_text[some.row] + start)
        assets.append(book.names.asset[some.name].astype(np.int64))
    return np.concatenate(matrices), np.concatenate(rows), np.concatenate(assets)


def labelled() -> tuple[Floats, Floats]:
    """Candidates of labelled names: features, and 1 for the best right one of each name, 0 for the wrong ones."""
    assets = catalogue_with_titles()
    names = [names_of(asset) for asset in assets]
    rows = [row for row in titles() if is_even(row[0])]
    matrix, row, asset = described([row[0] for row in rows], empty_book().added(enumerate(assets)))
    wanted = [{letters(title) for title in expected.split(" | ")} for _, expected, _ in rows]
    right = np.array(
        [bool(wanted[one] & names[other]) for one, other in zip(row.tolist(), asset.tolist(), strict=True)]
    )
    now = load_weights()
    score = matrix @ np.array([now[f"name_{name}"] for name in FEATURES])
    best: dict[int, int] = {}
    for index in np.argsort(-score, kind="stable").tolist():
        if right[index]:
            best.setdefault(int(row[index]), index)
    exact = matrix[:, _LOOSE].sum(1) == 0
    decided = {one for one, index in best.items() if exact[index]}
    kept = ~right & (exact | ~np.isin(row, list(decided)))
    kept[list(best.values())] = True
    return matrix[kept], right[kept].astype(float)


def foreign() -> Floats:
    """Candidates of background rows."""
    assets = works("assets/assets_1k.jsonl")
    book, namers = empty_book().added(enumerate(assets)), Namers(assets)
    found: list[Floats] = []
    for name, rows in background().items():
        matrix, _, _ = described(
            [row for row in rows if is_even(row) and not namers.names_one(row, name)], book
        )
        found.append(matrix)
    return np.concatenate(found)


def fitted(matrix: Floats, right: Floats, counts: Floats) -> tuple[float, dict[str, float]]:
    """Intercept and weights in bits, by Newton's method with a ridge."""
    fixed = dict(BY_HAND)
    while True:
        free = [name for name in FEATURES if name not in fixed]
        offset = np.log(2) * sum(
            (matrix[:, FEATURES.index(name)] * bits for name, bits in fixed.items()), np.zeros(len(matrix))
        )
        design = np.column_stack([np.ones(len(matrix)), *(matrix[:, FEATURES.index(name)] for name in free)])
        ridge = np.full(design.shape[1], _RIDGE)
        ridge[0] = 1e-6
        beta = np.zeros(design.shape[1])
        for _ in range(_ROUNDS):
            chance = 1 / (1 + np.exp(-np.clip(design @ beta + offset, -30, 30)))
            slope = design.T @ (counts * (right - chance)) - ridge * beta
            curve = (design * (counts * chance * (1 - chance) + 1e-9)[:, None]).T @ design + np.diag(ridge)
            step = np.linalg.solve(curve, slope)
            beta += step
            if np.abs(step).max() < 1e-6:
                break
        wrong = [
            name
            for name, value in zip(free, beta[1:], strict=True)
            if value and (value > 0) != (name in _FOR)
        ]
        if not wrong:
            bits = {name: float(value / np.log(2)) for name, value in zip(free, beta[1:], strict=True)}
            return float(beta[0] / np.log(2)), fixed | bits
        fixed |= dict.fromkeys(wrong, 0.0)


def main() -> None:
    """Print the lines."""
    names, right = labelled()
    others = foreign()
    matrix = np.concatenate((names, others))
    label = np.concatenate((right, np.zeros(len(others))))
    base, bits = fitted(matrix, label, np.where(label > 0, _RIGHT_COUNTS, 1.0))
    print(f"name_found: {base - _PRIOR + _SHIFT:.2f}")
    for name in FEATURES:
        raised = _RAISED if name in _PLACES else 0
        print(f"name_{name}: {bits[name] + raised:.2f}")


if __name__ == "__main__":
    main()
