"""See which shops gain and lose when a weight of the ranking changes.

Data: ten made-up shops about downtown Cairo. The same pure functions answer the API. Ends with a
table of places before and after.
"""

import marimo

app = marimo.App(width="medium")


@app.cell
def _():
    import datetime as dt

    import marimo as mo
    import numpy as np
    import polars as pl

    import matching
    from matching.ranking import TERMS, Request, Weights

    NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
    return NOW, Request, TERMS, Weights, dt, matching, mo, np, pl


@app.cell
def _(NOW, dt, np, pl):
    rng = np.random.default_rng(3)
    n = 10
    received = rng.integers(0, 200, n)
    delivered = rng.integers(0, 150, n)
    shops = pl.DataFrame(
        {
            "shop_id": [f"shop {i}" for i in range(n)],
            "distance_m": rng.uniform(300, 9_000, n),
            "travel_minutes": rng.uniform(4, 40, n),
            "preparation_minutes": rng.uniform(8, 50, n),
            "opens_at": [NOW + dt.timedelta(hours=int(h)) for h in rng.integers(0, 3, n)],
            "in_stock_probability": rng.uniform(0, 1, n),
            "requests_received": received,
            "requests_answered": (received * rng.uniform(0.4, 1, n)).astype(int),
            "answer_minutes_mean": rng.uniform(5, 90, n),
            "deliveries_count": delivered,
            "deliveries_on_time": (delivered * rng.uniform(0.5, 1, n)).astype(int),
            "rating_mean": rng.uniform(2.5, 5, n),
            "rating_count": rng.integers(1, 60, n),
        }
    )
    return (shops,)


@app.cell
def _(TERMS, mo):
    rating_weight = mo.ui.slider(0.0, 0.5, step=0.05, value=0.3, label="weight of the rating")
    today = dict(zip(TERMS, (0.30, 0.10, 0.15, 0.15, 0.08, 0.05, 0.07, 0.07, 0.03), strict=True))
    rating_weight
    return rating_weight, today


@app.cell
def _(NOW, Request, Weights, matching, rating_weight, shops, today):
    before = matching.rank(shops, Request(), Weights(1, today), NOW)
    changed = Weights(2, today | {"rating": rating_weight.value})
    after = matching.rank(shops, Request(), changed, NOW)
    places = before.select("shop_id", before="rank").join(
        after.select("shop_id", "rating_contribution", after="rank"), on="shop_id"
    )
    places.sort("after")
    return (places,)


if __name__ == "__main__":
    app.run()
