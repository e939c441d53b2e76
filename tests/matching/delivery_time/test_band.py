from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.delivery_time.band import Band

NEAR = np.zeros(1)


def at(band, level, log_km=NEAR):
    return float(band.quantile(level, log_km)[0])


def test_a_new_score_stays_under_its_quantile_with_the_probability_of_its_level():
    """The rank is exact for exchangeable scores: here every order of ten has the same chance."""
    scores = np.arange(10.0)
    for position in range(10):
        others = np.delete(scores, position)
        band = Band(others, np.array([-1.0, 0.0, 1.0]), np.zeros(3))
        assert at(band, 0.9) == pytest.approx(others[-1])
    assert sum(at(Band(np.delete(scores, i), np.arange(3.0), np.zeros(3)), 0.9) >= i
               for i in range(10)) == 9  # fmt: skip


def test_only_the_last_400_scores_count():
    flood = Band.prior().after(np.full(400, 3.0), np.zeros(400))
    assert len(flood.scores) == 400
    assert at(flood, 0.1) == at(flood, 0.5) == 3.0


def test_outcomes_one_by_one_fill_the_window_like_a_batch():
    scores = np.random.default_rng(0).standard_normal(450)
    by_one = Band.prior()
    for score in scores:
        by_one = by_one.after(np.array([score]), NEAR)
    at_once = Band.prior().after(scores, np.zeros(450))
    assert (by_one.scores == at_once.scores).all()


def test_broken_promises_widen_the_late_half_only():
    before = Band.prior().seeded(np.random.default_rng(1).standard_normal(400), np.zeros(400))
    after = before.after(np.full(4, 9.0), np.zeros(4))
    assert at(after, 0.9) > at(before, 0.9) + 0.1
    assert at(after, 0.3) == pytest.approx(at(before, 0.3), abs=0.05)


def test_long_trips_do_not_pay_for_short_ones():
    log_km = np.linspace(-1, 3, 400)
    before = Band.prior().seeded(np.random.default_rng(2).standard_normal(400), log_km)
    after = before.after(np.full(6, 5.0), np.full(6, -1.0))
    wider = [
        at(after, 0.9, np.array([x])) - at(before, 0.9, np.array([x])) for x in (-1.0, 1.0, 3.0)
    ]
    assert wider[0] > 0.1 + wider[1]
    assert wider[1] == pytest.approx(wider[2], abs=0.02)


def test_coverage_holds_whatever_the_scores_do():
    """Scores that jump in size at random moments: no window alone keeps nine of ten."""
    rng = np.random.default_rng(3)
    band, kept = Band.prior(), []
    for _ in range(150):
        size = rng.choice([0.6, 1.0, 1.5])
        scores, log_km = size * rng.standard_normal(20), rng.uniform(0, 3, 20)
        kept.append(scores <= band.quantile(0.9, log_km))
        band = band.after(scores, log_km)
    assert np.mean(kept) == pytest.approx(0.9, abs=0.007)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=900),
    st.floats(-3, 10),
    st.lists(st.floats(0.001, 0.999), min_size=2, max_size=6),
)
def test_quantiles_rise_with_their_level_after_any_outcomes(scores, log_km, levels):
    band = Band.prior().after(np.array(scores), np.full(len(scores), log_km))
    values = [at(band, level, np.array([log_km])) for level in sorted(levels)]
    assert all(low <= high for low, high in pairwise(values))


def test_no_outcomes_change_nothing():
    band = Band.prior()
    assert band.after(np.zeros(0), np.zeros(0)) is band
