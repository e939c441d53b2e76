from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from forecasting.panel import panel_of
from forecasting.training import bands, training_rows

Sales = Callable[..., pl.DataFrame]


def test_rows_of_a_sum_hold_each_complete_sum_once(intermittent: Sales) -> None:
    sales = intermittent(series=5, periods=15)
    panel = panel_of(sales, "M")
    rows = training_rows(panel, horizon=3, lead_time_sum=True)
    assert rows is not None
    # origins after 6 to 12 months leave three months each
    assert len(rows.units) == 5 * 7
    expected = [panel.quantity[:, origin : origin + 3].sum() for origin in range(6, 13)]
    assert rows.units.sum() == sum(expected)


def test_equal_outcomes_are_one_row_with_their_weight(intermittent: Sales) -> None:
    panel = panel_of(intermittent(series=5, periods=15), "M")
    rows = training_rows(panel, horizon=3, lead_time_sum=False)
    assert rows is not None
    near, far = bands(3, lead_time_sum=False)
    weight = sum(
        5 * min(stop, 15 - origin) - 5 * min(start, 15 - origin)
        for origin in range(6, 15)
        for start, stop in (near,)
    ) / (near[1] - near[0])
    weight += sum(
        5 * (min(far[1], 15 - origin) - min(far[0], 15 - origin)) for origin in range(6, 15)
    ) / (far[1] - far[0])
    assert rows.weight.sum() == pytest.approx(weight)


def test_a_row_does_not_change_with_what_comes_later(intermittent: Sales) -> None:
    sales = intermittent(series=5, periods=15)
    panel = panel_of(sales, "M")
    spiked = panel_of(
        sales.with_columns(
            quantity=pl.when(pl.col("period_start") == sales["period_start"].max())
            .then(900)
            .otherwise(pl.col("quantity"))
        ),
        "M",
    )
    before, after = (training_rows(one, horizon=1, lead_time_sum=True) for one in (panel, spiked))
    assert before is not None
    assert after is not None
    np.testing.assert_array_equal(before.inputs, after.inputs)
    np.testing.assert_array_equal(before.expected, after.expected)
    assert (after.units == 900).sum() == 5


def test_a_short_history_teaches_nothing(intermittent: Sales) -> None:
    panel = panel_of(intermittent(series=5, periods=6), "M")
    assert training_rows(panel, horizon=3, lead_time_sum=True) is None
