from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

import forecasting
from clutch.errors import InvalidInput
from forecasting import metrics
from forecasting.plots import backtest_chart, coverage_chart

Sales = Callable[..., pl.DataFrame]


def test_every_origin_has_the_model_and_all_peers(intermittent: Sales) -> None:
    figures = forecasting.backtest(
        intermittent(), horizon=3, freq="M", quantiles=[0.5, 0.95], origins=2, lead_time_sum=True
    )
    classical = ["zero", "naive", "seasonal naive", "SBA", "TSB", "IMAPA", "history", "ensemble"]
    assert figures["peer"].to_list() == ["model", "pooled", *classical] * 2
    assert figures["origin"].unique(maintain_order=True).to_list() == [
        date(2023, 1, 1),
        date(2023, 4, 1),
    ]
    assert figures["rows"].to_list() == [150] * 20


def test_the_models_figures_are_those_of_its_forecast(intermittent: Sales) -> None:
    sales, origin = intermittent(), date(2023, 5, 1)
    levels = [0.5, 0.9]
    ours = forecasting.backtest(sales, horizon=2, freq="M", quantiles=levels, origins=[origin])
    ahead = forecasting.forecast(
        sales.filter(pl.col("period_start") < origin), horizon=2, freq="M", quantiles=levels
    ).join(sales, on=["series_id", "period_start"])
    units = ahead["quantity"].to_numpy().astype(float)
    values = ahead.select("q0.5", "q0.9").to_numpy()
    model = ours.row(0, named=True)
    assert model["wql"] == pytest.approx(metrics.weighted_quantile_loss(units, values, levels))
    assert model["bias"] == pytest.approx(ahead["mean"].sum() / units.sum() - 1)
    assert model["coverage_q0.9"] == pytest.approx((units <= values[:, 1]).mean())


def test_the_model_beats_every_classical_peer_on_pooled_poisson_demand(
    intermittent: Sales,
) -> None:
    sales = intermittent(series=400, periods=30)
    figures = forecasting.backtest(
        sales, horizon=3, freq="M", quantiles=[0.5, 0.75, 0.9, 0.95], origins=1, lead_time_sum=True
    )
    loss = dict(figures.select("peer", "wql").iter_rows())
    # on demand that is Gamma-Poisson itself the pooled rate is the best there is
    assert loss["model"] < 1.05 * loss.pop("pooled")
    assert loss["model"] == min(loss.values())


def test_periods_out_of_stock_are_not_judged(intermittent: Sales) -> None:
    last = date(2023, 6, 1)
    share = pl.when(pl.col("period_start") == last).then(0.5).otherwise(1.0)
    sales = intermittent().with_columns(in_stock_share=share)
    figures = forecasting.backtest(sales, horizon=2, freq="M", origins=[date(2023, 5, 1)])
    assert figures["rows"].to_list() == [150] * 10


@pytest.mark.parametrize(
    ("origins", "found"),
    [(0, "0"), (40, "2020-03-01"), ([date(2021, 1, 1)], "2021-01-01")],
)
def test_origins_without_a_past_are_refused(intermittent: Sales, origins: Any, found: str) -> None:
    with pytest.raises(InvalidInput, match=f"origins: .*{found}"):
        forecasting.backtest(intermittent(), horizon=1, freq="M", origins=origins)


def test_stock_for_a_fill_rate_is_that_of_a_search() -> None:
    rng = np.random.default_rng(8)
    units = rng.poisson(2.0, size=500).astype(float)
    levels = np.repeat(np.arange(12.0)[None, :], 500, axis=0)
    found = metrics.stock_for(units, levels, fill_rate=0.95)
    # one level for all: the stock between whole units is a mix of the two about it
    fine = np.linspace(0, 11, 11_001)
    served = np.interp(fine, np.arange(12.0), np.minimum(units[:, None], levels).sum(axis=0))
    assert found == pytest.approx(fine[np.argmax(served >= 0.95 * units.sum())], abs=2e-3)


def test_charts_take_a_backtest(intermittent: Sales) -> None:
    figures = forecasting.backtest(intermittent(series=20), horizon=1, freq="M", origins=1)
    assert '"model"' in backtest_chart(figures).to_json()
    assert "covered" in coverage_chart(figures).to_json()
