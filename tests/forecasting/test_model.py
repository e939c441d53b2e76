import pickle
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import forecasting
from clutch.errors import InvalidFrame, InvalidInput
from forecasting.model import DEFAULT_QUANTILES

Sales = Callable[..., pl.DataFrame]
MONTHS = [date(2023 + n // 12, n % 12 + 1, 1) for n in range(36)]


def one_series(quantity: list[float | None], name: str = "pad") -> pl.DataFrame:
    return pl.DataFrame(
        {"series_id": name, "period_start": MONTHS[: len(quantity)], "quantity": quantity},
        schema_overrides={"quantity": pl.Float64},
    )


def quantile_matrix(frame: pl.DataFrame) -> np.ndarray[Any, Any]:
    return frame.select(pl.selectors.matches(r"^q0\.")).to_numpy()


@pytest.mark.parametrize("lead_time_sum", [False, True])
def test_every_series_gets_every_step(intermittent: Sales, lead_time_sum: bool) -> None:
    sales = intermittent()
    answer = forecasting.forecast(
        sales, horizon=3, freq="M", quantiles=[0.9, 0.5], lead_time_sum=lead_time_sum
    )
    steps = [0] if lead_time_sum else [1, 2, 3]
    assert answer.columns == ["series_id", "period_start", "step", "mean", "q0.9", "q0.5"]
    assert answer["step"].to_list() == steps * 150
    assert answer["series_id"].unique(maintain_order=True).to_list() == sorted(
        sales["series_id"].unique()
    )
    assert answer["period_start"][0] == date(2023, 7, 1)
    assert answer["period_start"][-1] == (date(2023, 7, 1) if lead_time_sum else date(2023, 9, 1))


@pytest.mark.parametrize("lead_time_sum", [False, True])
def test_quantiles_never_cross_or_fall_below_zero(intermittent: Sales, lead_time_sum: bool) -> None:
    answer = forecasting.forecast(
        intermittent(),
        horizon=4,
        freq="M",
        quantiles=[0.01, 0.1, 0.5, 0.75, 0.9, 0.99, 0.999],
        lead_time_sum=lead_time_sum,
    )
    values = quantile_matrix(answer)
    assert values.min() >= 0
    assert np.diff(values, axis=1).min() >= 0
    assert answer["mean"].min() >= 0


def test_order_of_rows_and_columns_does_not_matter(intermittent: Sales) -> None:
    sales = intermittent()
    shuffled = sales.sample(fraction=1, shuffle=True, seed=3).select(reversed(sales.columns))
    first = forecasting.forecast(sales, horizon=2, freq="M")
    assert first.equals(forecasting.forecast(shuffled, horizon=2, freq="M"))


def test_a_backtest_does_not_see_a_spike_after_its_origin(intermittent: Sales) -> None:
    sales = intermittent(periods=24)
    origin = sales["period_start"].max()
    spike = pl.when(pl.col("period_start") == origin).then(500).otherwise(pl.col("quantity"))

    def forecast_units(frame: pl.DataFrame) -> pl.Series:
        figures = forecasting.backtest(frame, horizon=1, freq="M", origins=[origin])
        sold = frame.filter(period_start=origin)["quantity"].sum()
        return (figures["bias"] + 1) * sold

    expected = forecast_units(sales)
    planted = forecast_units(sales.with_columns(quantity=spike))
    np.testing.assert_allclose(planted, expected)
    assert expected[0] == pytest.approx(100, rel=0.3)


def test_the_mean_of_poisson_demand_is_found(intermittent: Sales) -> None:
    sales = intermittent(series=400, periods=30)
    rng = np.random.default_rng(1)
    rates = rng.gamma(0.8, 1.0, size=400)
    answer = forecasting.forecast(
        sales, horizon=3, freq="M", quantiles=[0.5, 0.95], lead_time_sum=True
    )
    assert answer["mean"].sum() / (3 * rates.sum()) == pytest.approx(1, abs=0.03)
    future = np.random.default_rng(9).poisson(3 * rates)
    covered = (future <= answer["q0.95"].to_numpy()).mean()
    assert 0.93 <= covered <= 0.99


def test_missing_periods_are_not_zeros() -> None:
    sold = one_series([4, 4, 4, 4, 4, 4])
    gaps = one_series([4, None, 4, None, None, 4])
    zeros = one_series([4, 0, 4, 0, 0, 4])
    means = [
        forecasting.forecast(frame, horizon=1, freq="M")["mean"].item()
        for frame in (sold, gaps, zeros)
    ]
    assert means[0] == pytest.approx(4, rel=0.02)
    assert means[1] == pytest.approx(4, rel=0.02)
    assert means[2] < 2.5


def test_a_row_left_out_is_a_null_quantity() -> None:
    gaps = one_series([4, None, 2, None, None, 4])
    left_out = gaps.filter(pl.col("quantity").is_not_null())
    assert forecasting.forecast(gaps, horizon=2, freq="M").equals(
        forecasting.forecast(left_out, horizon=2, freq="M")
    )


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_time_out_of_stock_is_not_lack_of_demand(share: float) -> None:
    stocked = one_series([2, 2, 2, 2])
    half_empty = one_series([2 * share] * 4).with_columns(in_stock_share=share)
    full = forecasting.forecast(stocked, horizon=1, freq="M")["mean"].item()
    seen = forecasting.forecast(half_empty, horizon=1, freq="M")["mean"].item()
    assert seen == pytest.approx(full, rel=0.05)


def test_recorded_lost_sales_are_demand() -> None:
    short = one_series([1, 1, 1, 1]).with_columns(in_stock_share=0.2, lost_sales=2)
    whole = one_series([3, 3, 3, 3])
    assert forecasting.forecast(short, horizon=1, freq="M").equals(
        forecasting.forecast(whole, horizon=1, freq="M")
    )


def test_a_quarter_of_sales_lost_leaves_no_bias_in_the_demand_estimate() -> None:
    rng = np.random.default_rng(5)
    series, periods = 300, 40
    rates = rng.gamma(1.5, 2.0, size=series)
    demand = rng.poisson(rates[:, None], size=(series, periods))
    share = np.where(rng.random((series, periods)) < 0.5, rng.uniform(0, 1, (series, periods)), 1)
    sold = rng.binomial(demand, share)
    days = [date(2021, 1, 4) + timedelta(weeks=n) for n in range(periods)]
    sales = pl.DataFrame(
        {
            "series_id": np.repeat(np.arange(series), periods),
            "period_start": days * series,
            "quantity": sold.ravel(),
            "in_stock_share": share.ravel(),
        }
    )
    answer = forecasting.forecast(sales, horizon=4, freq="W", lead_time_sum=True)
    assert sold.sum() / demand.sum() == pytest.approx(0.75, abs=0.01)
    assert answer["mean"].sum() / (4 * rates.sum()) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("freq", ["D", "W", "M"])
def test_one_row_is_enough(freq: str) -> None:
    answer = forecasting.forecast(one_series([3]), horizon=2, freq=freq, quantiles=[0.5])
    assert answer["step"].to_list() == [1, 2]
    assert answer["mean"].to_list() == pytest.approx([3, 3], rel=0.01)


def test_nothing_sold_is_forecast_as_almost_nothing() -> None:
    answer = forecasting.forecast(one_series([0] * 24), horizon=3, freq="M", quantiles=[0.99])
    assert answer["q0.99"].to_list() == [0, 0, 0]
    assert answer["mean"].max() < 0.01


def test_a_new_part_takes_its_groups_rate() -> None:
    rng = np.random.default_rng(2)
    frames = [
        one_series(rng.poisson(rate, 12).tolist(), f"{group}{n}").with_columns(
            group_id=pl.lit(group)
        )
        for group, rate in (("brakes", 6.0), ("trim", 0.5))
        for n in range(30)
    ]
    new = [
        one_series([None], f"new-{group}").with_columns(group_id=pl.lit(group))
        for group in ("brakes", "trim")
    ]
    answer = forecasting.forecast(pl.concat(frames + new), horizon=1, freq="M", quantiles=[0.5])
    mean = dict(answer.select("series_id", "mean").iter_rows())
    assert mean["new-brakes"] == pytest.approx(6, rel=0.25)
    assert mean["new-trim"] < 1.5


def test_a_part_that_stops_selling_is_forecast_below_its_past(intermittent: Sales) -> None:
    dying = one_series([5] * 12 + [0] * 18, "dying").with_columns(
        period_start=pl.Series([date(2021 + n // 12, n % 12 + 1, 1) for n in range(30)]),
        quantity=pl.col("quantity").cast(pl.Int64),
    )
    answer = forecasting.forecast(pl.concat([intermittent(), dying]), horizon=1, freq="M")
    assert answer.filter(series_id="dying")["mean"].item() < 0.6


def test_large_quantities_keep_their_scale() -> None:
    rng = np.random.default_rng(4)
    series, periods = 120, 30
    units = rng.poisson(rng.uniform(300, 900, size=(series, 1)), size=(series, periods))
    sales = pl.DataFrame(
        {
            "series_id": np.repeat(np.arange(series), periods),
            "period_start": [date(2021 + n // 12, n % 12 + 1, 1) for n in range(periods)] * series,
            "quantity": units.ravel(),
        }
    )
    answer = forecasting.forecast(sales, horizon=2, freq="M", quantiles=[0.05, 0.95])
    ratio = answer["mean"].to_numpy() / np.repeat(units.mean(axis=1), 2)
    assert np.abs(ratio - 1).max() < 0.1
    inside = (units >= answer["q0.05"].to_numpy()[::2, None]) & (
        units <= answer["q0.95"].to_numpy()[::2, None]
    )
    assert 0.85 <= inside.mean() <= 0.95


def test_fractions_of_a_unit_scale_like_their_unit() -> None:
    litres = one_series([0.5, 1.5, 0.0, 2.5, 1.5, 0.5] * 3)
    hundreds = litres.with_columns(pl.col("quantity") * 100.0 + 0.5)
    assert not forecasting.fit(litres, horizon=1, freq="M").is_whole
    small = forecasting.forecast(litres, horizon=1, freq="M", quantiles=[0.9])
    large = forecasting.forecast(hundreds, horizon=1, freq="M", quantiles=[0.9])
    assert 0 < small["q0.9"].item() < 10
    assert large["mean"].item() == pytest.approx(100 * small["mean"].item(), rel=0.05)


def test_a_weekday_pattern_is_repeated() -> None:
    rng = np.random.default_rng(6)
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(140)]
    rate = np.array([0.0 if day.weekday() == 4 else 4.0 for day in days])
    sales = pl.DataFrame(
        {
            "series_id": np.repeat(np.arange(40), 140),
            "period_start": days * 40,
            "quantity": rng.poisson(rate, size=(40, 140)).ravel(),
        }
    )
    answer = forecasting.forecast(sales, horizon=7, freq="D", quantiles=[0.9])
    by_day = answer.group_by(pl.col("period_start").dt.weekday()).agg(pl.col("mean").mean())
    mean = dict(by_day.iter_rows())
    assert mean[5] < 0.3
    assert [round(mean[day]) for day in (1, 2, 3, 4, 6, 7)] == [4] * 6


def test_a_price_cut_that_sold_more_is_learned(intermittent: Sales) -> None:
    rng = np.random.default_rng(7)
    series, periods = 200, 30
    # prices stay for some seven months, so that the last one says more than the last sales
    cut = np.cumsum(rng.random((series, periods)) < 0.15, axis=1) % 2 == 0
    units = rng.poisson(np.where(cut, 4.0, 1.0))
    sales = intermittent(series=series, periods=periods).with_columns(
        quantity=pl.Series(units.ravel()), price=pl.Series(np.where(cut, 80.0, 100.0).ravel())
    )

    def gap(frame: pl.DataFrame) -> float:
        mean = forecasting.forecast(frame, horizon=1, freq="M", quantiles=[0.5])["mean"].to_numpy()
        return float(mean[cut[:, -1]].mean() - mean[~cut[:, -1]].mean())

    assert gap(sales) > 1.1 * gap(sales.drop("price")) > 0


def test_a_model_predicts_the_same_after_a_round_trip(intermittent: Sales) -> None:
    sales = intermittent()
    model = forecasting.fit(sales, horizon=3, freq="M", lead_time_sum=True)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own bytes
    expected = forecasting.forecast(sales, horizon=3, freq="M", lead_time_sum=True)
    assert again.predict(sales).equals(expected)


def test_a_model_predicts_one_part_as_it_does_among_all(intermittent: Sales) -> None:
    sales = intermittent()
    model = forecasting.fit(sales, horizon=3, freq="M")
    alone = model.predict(sales.filter(series_id="P0007"))
    assert_frame_equal(alone, model.predict(sales).filter(series_id="P0007"))


def test_an_empty_frame_gives_an_empty_answer() -> None:
    answer = forecasting.forecast(one_series([]), horizon=3, freq="M")
    assert answer.height == 0
    assert answer.columns[:4] == ["series_id", "period_start", "step", "mean"]
    assert len(answer.columns) == 4 + len(DEFAULT_QUANTILES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"horizon": 0}, "horizon: expected a whole number of periods"),
        ({"horizon": True}, "horizon"),
        ({"horizon": 2.5}, "horizon"),
        ({"freq": "Q"}, "freq: expected one of D, W, M"),
        ({"quantiles": []}, "quantiles: expected one or more different levels"),
        ({"quantiles": [0.5, 1.0]}, r"found 1\.0"),
        ({"quantiles": [float("nan")]}, "found nan"),
        ({"quantiles": [0.5, 0.5]}, "quantiles"),
        ({"quantiles": ["0.5"]}, "quantiles"),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, Any], message: str) -> None:
    right: dict[str, Any] = {"horizon": 1, "freq": "M", "quantiles": [0.5]}
    with pytest.raises(InvalidInput, match=message):
        forecasting.forecast(one_series([1, 2]), **(right | arguments))


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("quantity", [1.0, -2.0], r"sales\.quantity: expected values of 0 or more, found -2"),
        ("quantity", [1.0, float("nan")], r"sales\.quantity: expected finite numbers"),
        ("quantity", [1.0, float("inf")], r"sales\.quantity: expected finite numbers"),
        ("quantity", ["1", "2"], r"sales\.quantity: expected numbers"),
        ("period_start", [date(2024, 1, 1)] * 2, r"series_id \+ period_start: expected one row"),
        ("period_start", [date(2024, 1, 1), date(2024, 2, 5)], "the first day of each month"),
        ("period_start", ["2024-01", "2024-02"], r"sales\.period_start: expected dates"),
        ("series_id", ["a", None], r"sales\.series_id: expected no missing values"),
    ],
)
def test_a_wrong_column_is_named(column: str, values: list[Any], message: str) -> None:
    sales = one_series([1, 2]).with_columns(pl.Series(column, values))
    with pytest.raises(InvalidFrame, match=message):
        forecasting.forecast(sales, horizon=1, freq="M")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InvalidFrame, match=r"sales\.quantity: expected a column of numbers"):
        forecasting.forecast(one_series([1]).drop("quantity"), horizon=1, freq="M")


@settings(max_examples=30, deadline=None)
@given(
    quantities=st.lists(
        st.one_of(st.none(), st.integers(0, 10**6), st.floats(0, 1e6)), min_size=1, max_size=8
    ),
    horizon=st.integers(1, 5),
    lead_time_sum=st.booleans(),
)
def test_any_history_gets_finite_ordered_quantiles(
    quantities: list[float | None], horizon: int, lead_time_sum: bool
) -> None:
    answer = forecasting.forecast(
        one_series([None if q is None else float(q) for q in quantities]),
        horizon=horizon,
        freq="M",
        quantiles=[0.05, 0.5, 0.95],
        lead_time_sum=lead_time_sum,
    )
    values = quantile_matrix(answer)
    assert np.isfinite(values).all()
    assert values.min() >= 0
    assert np.diff(values, axis=1).min() >= -1e-9
