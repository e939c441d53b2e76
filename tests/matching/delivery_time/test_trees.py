import lightgbm
import numpy as np
import pytest

from matching.delivery_time import trees
from matching.delivery_time.trees import NO_TREES, grow


def by_walking(booster, features):
    """The oracle: LightGBM's own evaluation."""
    return booster.predict(features)


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((3000, 6))
    features[:, 3] = rng.integers(0, 4, 3000)  # ties
    features[:, 5] = 1.0  # a feature nothing can be split on
    target = np.sin(features[:, 0] * 2) + (features[:, 1] > features[:, 3]) + features[:, 2] ** 2
    return features, target


def test_they_say_what_lightgbm_says(sample):
    features, target = sample
    booster = trees._boosted(features, target)
    unseen = np.random.default_rng(1).standard_normal((1500, 6)) * 3
    for rows in (features, unseen, features[:1]):
        assert grow(features, target).total(list(rows.T)) == pytest.approx(
            by_walking(booster, rows), abs=1e-12
        )


def test_a_value_on_a_threshold_goes_left(sample):
    features, target = sample
    grown = grow(features, target)
    booster = trees._boosted(features, target)
    rows = np.zeros((len(grown.split_threshold), 6))
    rows[np.arange(len(rows)), grown.split_feature] = grown.split_threshold
    assert grown.total(list(rows.T)) == pytest.approx(by_walking(booster, rows), abs=1e-12)


def test_a_shared_column_is_as_good_as_a_repeated_one(sample):
    features, target = sample
    grown = grow(features, target)
    rows = features[:700].copy()
    rows[:, [1, 3, 5]] = rows[0, [1, 3, 5]]
    shared = [rows[:1, i] if i in (1, 3, 5) else rows[:, i] for i in range(6)]
    assert (grown.total(shared) == grown.total(list(rows.T))).all()


def test_infinite_values_end_in_the_outermost_leaves(sample):
    features, target = sample
    total = grow(features, target).total([np.array([-np.inf, np.inf])] * 6)
    assert np.isfinite(total).all()


def test_the_same_sample_gives_the_same_trees(sample):
    first, second = grow(*sample), grow(*sample)
    assert (first.leaf_values == second.leaf_values).all()
    assert (first.split_threshold == second.split_threshold).all()


def test_a_constant_target_gives_the_constant():
    grown = grow(np.random.default_rng(2).standard_normal((300, 2)), np.full(300, 0.25))
    assert grown.total([np.zeros(3), np.ones(3)]) == pytest.approx([0.25] * 3)


def test_no_trees_add_nothing():
    assert NO_TREES.total([np.ones(4)]).tolist() == [0.0] * 4


def test_a_tree_never_has_more_leaves_than_a_word_has_bits():
    assert trees._GROWTH["num_leaves"] <= 64
    assert lightgbm.__version__
