"""Belief in a count, against a simulation of the sales since."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.stock_belief import in_stock_probability


def test_belief_agrees_with_simulated_sales() -> None:
    sold = np.random.default_rng(7).poisson(1.5 * 3.0, size=200_000)
    share = float(((8 - sold) >= 2).mean())
    belief = in_stock_probability([8], wanted=2, sales_per_day=1.5, age_days=3.0)
    assert belief[0] == pytest.approx(share, abs=0.003)


@given(st.integers(0, 200), st.integers(1, 50), st.floats(0, 50), st.floats(0, 365))
def test_an_older_count_is_never_believed_more(
    quantity: int, wanted: int, rate: float, age: float
) -> None:
    now, later = in_stock_probability(
        [quantity, quantity], wanted=wanted, sales_per_day=rate, age_days=[age, age + 1]
    )
    assert 0 <= later <= now <= 1


def test_fewer_than_wanted_is_no_belief_at_all() -> None:
    belief = in_stock_probability([2], wanted=3, sales_per_day=0.0, age_days=0.0)
    assert belief.tolist() == [0.0]
