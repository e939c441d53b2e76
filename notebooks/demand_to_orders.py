"""Forecast what will sell during the lead time, and order what is needed today.

Data: three years of a shop's monthly sales of 60 parts, made up below (most months of most parts
are zero, as in real shops); a frame of yours with `series_id, period_start, quantity` does as well.
Ends with a table of orders, each with its reason.
"""

import marimo

app = marimo.App(width="medium")


@app.cell
def _():
    import datetime as dt

    import marimo as mo
    import numpy as np
    import polars as pl

    import forecasting
    import replenishment

    LEAD_TIME_MONTHS = 2
    FILL_RATE = 0.95
    return FILL_RATE, LEAD_TIME_MONTHS, dt, forecasting, mo, np, pl, replenishment


@app.cell
def _(dt, np, pl):
    rng = np.random.default_rng(7)
    months = pl.date_range(dt.date(2023, 11, 1), dt.date(2026, 10, 1), "1mo", eager=True)
    rates = rng.gamma(0.5, 1.6, size=60)
    sales = pl.concat(
        pl.DataFrame(
            {
                "series_id": f"part {part:02}",
                "period_start": months,
                "quantity": rng.negative_binomial(1.5, 1.5 / (1.5 + rate), len(months)),
            }
        )
        for part, rate in enumerate(rates)
    )
    return rng, sales


@app.cell
def _(mo, pl, sales):
    _zero = sales.select((pl.col("quantity") == 0).mean()).item()
    mo.md(f"{sales.height:,} part-months, {_zero:.0%} of them without a sale.")
    return


@app.cell
def _(LEAD_TIME_MONTHS, forecasting, sales):
    # How good is the forecast of what sells during a lead time, beside the classical methods?
    figures = forecasting.backtest(
        sales,
        horizon=LEAD_TIME_MONTHS,
        freq="M",
        quantiles=[0.5, 0.75, 0.9, 0.95],
        origins=2,
        lead_time_sum=True,
    )
    figures.select("origin", "peer", "wql", "bias", "stock_fill_95").sort("origin", "wql")
    return (figures,)


@app.cell
def _(LEAD_TIME_MONTHS, forecasting, sales):
    demand = forecasting.forecast(
        sales,
        horizon=LEAD_TIME_MONTHS,
        freq="M",
        quantiles=[0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99],
        lead_time_sum=True,
    )
    demand
    return (demand,)


@app.cell
def _(FILL_RATE, LEAD_TIME_MONTHS, demand, replenishment):
    plan = replenishment.policy(
        demand,
        lead_time=LEAD_TIME_MONTHS,
        holding_cost=0.4,
        ordering_cost=15.0,
        fill_rate=FILL_RATE,
    )
    plan
    return (plan,)


@app.cell
def _(pl, plan, replenishment, rng):
    # What stands on the shelf today: made up; `shops` will read it from the stock ledger.
    shelf = plan.select("series_id").with_columns(
        on_hand=pl.Series(rng.integers(0, 6, plan.height)),
        on_order=pl.Series(rng.integers(0, 2, plan.height) * 2),
    )
    orders = replenishment.suggest(shelf, plan).filter(pl.col("quantity") > 0)
    orders
    return (orders,)


if __name__ == "__main__":
    app.run()
