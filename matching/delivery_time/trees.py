"""Gradient-boosted trees on what the base leaves unexplained, and their evaluation in numpy.

LightGBM grows the trees. They are then evaluated by QuickScorer (Lucchese et al. 2015, SIGIR,
section 3): the leaves of a tree are the bits of one 64-bit word, each split that sends a trip right
clears the leaves to its left, and the lowest bit that survives is the leaf. For each feature the
words of all splits up to a threshold are combined beforehand, so a trip costs one row of words a
feature, however deep the trees. Features that all trips share are looked up once.
Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["NO_TREES", "Trees", "grow"]

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

_ALL_LEAVES = np.uint64(2**64 - 1)
_CHUNK = 512  # trips at once: words of a chunk stay in the processor's cache

_GROWTH = {
    "objective": "huber",
    "alpha": 0.5,
    "learning_rate": 0.045,
    "num_leaves": 48,
    "max_depth": 8,
    "min_data_in_leaf": 20,
    "max_bin": 63,
    "lambda_l2": 5.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
_ROUNDS = 200


@dataclass(frozen=True, eq=False)
class Trees:
    """Splits and leaves of all trees, in flat arrays.

    Attributes
    ----------
    split_tree, split_feature, split_threshold
        One entry a split, shape (s,): a trip goes left when its feature is at most the threshold.
    split_leaves
        Shape (s, 2): first leaf of the split's left side, and first leaf after it.
    leaf_values
        Shape (trees, leaves), leaves from left to right, padded with zeros; at most 64 leaves.
    """

    split_tree: NDArray[np.int64]
    split_feature: NDArray[np.int64]
    split_threshold: Floats
    split_leaves: NDArray[np.int64]
    leaf_values: Floats

    def total(self, columns: Sequence[Floats]) -> Floats:
        """Return the sum over the trees for each trip.

        `columns` holds one array per feature, of shape (n,) or, where all trips share it, (1,).
        """
        n = next((len(column) for column in columns if len(column) != 1), 1)
        if not len(self.leaf_values):
            return np.zeros(n)
        shared = np.full(len(self.leaf_values), _ALL_LEAVES)
        own = []
        for feature, thresholds, words in self._lookup:
            rank = thresholds.searchsorted(columns[feature])
            if len(rank) == 1:
                shared &= words[rank[0]]
            else:
                own.append((words, rank))
        result = np.empty(n)
        for start in range(0, n, _CHUNK):
            stop = min(start + _CHUNK, n)
            alive = np.repeat(shared[None, :], stop - start, axis=0)
            for words, rank in own:
                alive &= words.take(rank[start:stop], axis=0)
            leaf = _lowest_bit(alive) + self._first_leaf
            result[start:stop] = self._flat_values.take(leaf).sum(axis=1)
        return result

    @cached_property
    def _first_leaf(self) -> NDArray[np.int64]:
        trees, leaves = self.leaf_values.shape
        return np.arange(trees, dtype=np.int64) * np.int64(leaves)

    @cached_property
    def _flat_values(self) -> Floats:
        return self.leaf_values.ravel()

    @cached_property
    def _lookup(self) -> list[tuple[int, Floats, Words]]:
        """Each feature split on, its sorted thresholds, and by rank the words of splits passed."""
        bits = np.uint64(1) << np.arange(64, dtype=np.uint64)
        below = np.concatenate([[np.uint64(0)], np.cumsum(bits, dtype=np.uint64)])
        first, after = self.split_leaves.T
        keeps = ~(below[after] ^ below[first])
        lookup = []
        for feature in np.unique(self.split_feature).tolist():
            chosen = self.split_feature == feature
            thresholds, rank = np.unique(self.split_threshold[chosen], return_inverse=True)
            words = np.full((len(thresholds) + 1, len(self.leaf_values)), _ALL_LEAVES)
            np.bitwise_and.at(words, (rank + 1, self.split_tree[chosen]), keeps[chosen])
            lookup.append((feature, thresholds, np.bitwise_and.accumulate(words, axis=0)))
        return lookup


def _lowest_bit(words: Words) -> NDArray[np.int64]:
    return np.bitwise_count(~words & (words - np.uint64(1))).astype(np.int64)


NO_TREES = Trees(
    split_tree=np.zeros(0, np.int64),
    split_feature=np.zeros(0, np.int64),
    split_threshold=np.zeros(0),
    split_leaves=np.zeros((0, 2), np.int64),
    leaf_values=np.zeros((0, 0)),
)


def grow(features: Floats, target: Floats) -> Trees:
    """Fit trees to `target` (n,) from `features` (n, f); the same input gives the same trees.

    Examples
    --------
    >>> features = np.arange(200.0)[:, None]
    >>> trees = grow(features, np.where(features[:, 0] < 100, -1.0, 1.0))
    >>> trees.total([np.array([10.0, 190.0])]).round(1)
    array([-1.,  1.])
    """
    booster = _boosted(features, target)
    return _flattened(booster.dump_model()["tree_info"])


def _boosted(features: Floats, target: Floats) -> Any:
    import lightgbm  # only a fit needs it: serving stays small and starts fast

    return lightgbm.train(_GROWTH, lightgbm.Dataset(features, target), _ROUNDS)


def _flattened(trees: list[dict[str, Any]]) -> Trees:
    splits: list[tuple[int, int, float, int, int]] = []
    values: list[list[float]] = []

    def walk(node: dict[str, Any], tree: int) -> None:
        if "leaf_value" in node:
            values[tree].append(node["leaf_value"])
            return
        first = len(values[tree])
        walk(node["left_child"], tree)
        after = len(values[tree])
        splits.append((tree, node["split_feature"], node["threshold"], first, after))
        walk(node["right_child"], tree)

    for index, tree in enumerate(trees):
        values.append([])
        walk(tree["tree_structure"], index)
    widest = max(map(len, values), default=0)
    tree_of, feature, threshold, first, after = zip(*splits, strict=True) if splits else [()] * 5
    return Trees(
        split_tree=np.array(tree_of, np.int64),
        split_feature=np.array(feature, np.int64),
        split_threshold=np.array(threshold, np.float64),
        split_leaves=np.column_stack([first, after]).astype(np.int64),
        leaf_values=np.array([row + [0.0] * (widest - len(row)) for row in values]),
    )
