"""Charts of profit curves and of win curves, to be shown in a notebook or saved.

Pure: each takes a frame and returns an Altair chart.
"""

import altair
import polars as pl

__all__ = ["profit_chart", "win_chart"]

_OURS, _NOW = "#0b6e6e", "#b3541e"


def profit_chart(
    curves: pl.DataFrame, suggestions: pl.DataFrame, *, most_items: int = 6
) -> altair.FacetChart:
    """Draw the profit curves of the items with the largest expected uplift, prices marked.

    Parameters
    ----------
    curves, suggestions
        What `pricing.profit_curves` and `pricing.suggest_prices` returned for the same items.
    most_items
        How many items to draw.

    Examples
    --------
    >>> band = {"lower": [4.0], "expected_profit": [5.0], "upper": [6.0]}
    >>> curves = pl.DataFrame({"item_id": ["a"], "price": [9.0], **band})
    >>> advice = pl.DataFrame(
    ...     {"item_id": ["a"], "price": [9.0], "suggested_price": [9.5], "expected_uplift": [1.0]}
    ... )
    >>> profit_chart(curves, advice).to_dict()["facet"]["field"]
    'item_id'
    """
    drawn = suggestions.sort("expected_uplift", descending=True, nulls_last=True).head(most_items)
    rows = curves.join(
        drawn.select("item_id", "suggested_price", now="price"), on="item_id", how="inner"
    ).with_columns(pl.col("item_id").cast(pl.String))
    base = altair.Chart(rows)
    x = altair.X("price:Q", title="price", scale=altair.Scale(zero=False))
    band = base.mark_area(opacity=0.3, color=_OURS).encode(
        x=x,
        y=altair.Y("lower:Q", title="profit a period", scale=altair.Scale(zero=False)),
        y2="upper:Q",
    )
    line = base.mark_line(color=_OURS).encode(x=x, y="expected_profit:Q")
    now = base.mark_rule(color=_NOW, strokeDash=[4, 3]).encode(x="mean(now):Q")
    then = base.mark_rule(color=_OURS).encode(x="mean(suggested_price):Q")
    chart: altair.FacetChart = (
        altair.layer(band, line, now, then)
        .properties(width=260, height=140)
        .facet("item_id:N", columns=3, title="Profit by price: now (dashed) and suggested")
        .resolve_scale(x="independent", y="independent")
    )
    return chart


def win_chart(curve: pl.DataFrame) -> altair.VConcatChart:
    """Draw a quote's chance to win with its band, and its expected margin, over the price.

    Examples
    --------
    >>> curve = pl.DataFrame(
    ...     {
    ...         "price": [9.0, 10.0],
    ...         "win_probability": [0.5, 0.3],
    ...         "lower": [0.4, 0.2],
    ...         "upper": [0.6, 0.4],
    ...         "expected_margin": [1.0, 0.9],
    ...     }
    ... )
    >>> len(win_chart(curve).to_dict()["vconcat"])
    2
    """
    base = altair.Chart(curve).properties(width=420, height=150)
    x = altair.X("price:Q", title="price", scale=altair.Scale(zero=False))
    percent = altair.Axis(format="%")
    band = base.mark_area(opacity=0.3, color=_OURS).encode(
        x=x, y=altair.Y("lower:Q", title="chance to win", axis=percent), y2="upper:Q"
    )
    line = base.mark_line(color=_OURS).encode(x=x, y="win_probability:Q")
    margin = base.mark_line(color=_NOW).encode(
        x=x, y=altair.Y("expected_margin:Q", title="expected margin")
    )
    return altair.vconcat(altair.layer(band, line), margin)
