"""Draws the charts of docs/forecasting.md: `python -m benchmarks.forecast_charts docs/img`."""

import sys
from pathlib import Path

import forecasting
from benchmarks.forecast import LEAD_TIME_ORIGINS, STOCK_QUANTILES, car_parts
from forecasting.plots import backtest_chart, coverage_chart

__all__ = ["draw"]


def draw(folder: Path) -> None:
    """Write the charts of the lead-time backtest to `folder`."""
    figures = forecasting.backtest(
        car_parts(),
        horizon=3,
        freq="M",
        quantiles=STOCK_QUANTILES,
        origins=LEAD_TIME_ORIGINS,
        lead_time_sum=True,
    )
    backtest_chart(figures).save(str(folder / "forecast-backtest.svg"))
    some = figures.filter(figures["peer"].is_in(["model", "pooled", "TSB", "IMAPA", "ensemble"]))
    coverage_chart(some).save(str(folder / "forecast-coverage.svg"))


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
