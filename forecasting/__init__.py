"""Demand per series and period: intermittent models, quantiles, backtests."""
