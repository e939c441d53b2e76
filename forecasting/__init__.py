"""Demand for each part and period, as a mean and quantiles: intermittent, seasonal, new or dying.

It never reads a file, a clock or a database. Start at `forecasting.forecast`.
"""

from forecasting.backtest import backtest
from forecasting.model import DemandModel, fit, forecast

__all__ = ["DemandModel", "backtest", "fit", "forecast"]
