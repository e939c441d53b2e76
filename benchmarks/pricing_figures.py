"""The charts of docs/pricing.md: `python -m benchmarks.pricing_figures FIGURES.json docs/img`.

FIGURES.json is what `clutch bench pricing --json` printed.
"""

import sys
from pathlib import Path
from typing import Any

import altair
import numpy as np
import orjson
import polars as pl

import pricing
from benchmarks.pricing_market import MarketRules, simulate_market
from benchmarks.pricing_quotes import QuoteMarket, QuoteRules, simulate_quotes
from pricing.plots import profit_chart, win_chart

_OURS, _THEIRS = "#0b6e6e", "#b9c4cc"


def accuracy_chart(figures: dict[str, Any]) -> altair.HConcatChart:
    """Draw errors of ours and of the peers: on orange juice, and on parts with known elasticities.

    Examples
    --------
    >>> error = {"rmse_log_units": {"ours": 0.5}}
    >>> parts = {"104_weeks": {"rmse": {"ours": 0.4}}}
    >>> both = {"orange_juice": {"full_history": error, "short_history": error}, "parts": parts}
    >>> len(accuracy_chart(both).to_dict()["hconcat"])
    3
    """
    juice = figures["orange_juice"]
    bars = {
        "juice, full history": juice["full_history"]["rmse_log_units"],
        "juice, half a year": juice["short_history"]["rmse_log_units"],
        "elasticities of parts": figures["parts"]["104_weeks"]["rmse"],
    }
    return altair.hconcat(*(_bars(title, values) for title, values in bars.items()))


def _bars(title: str, values: dict[str, float]) -> altair.Chart:
    names = [name.replace("_", " ") for name in values]
    frame = pl.DataFrame({"method": names, "error": list(values.values())})
    chart: altair.Chart = (
        altair.Chart(frame, title=title)
        .mark_bar()
        .encode(
            x=altair.X("error:Q", title="root mean square error"),
            y=altair.Y("method:N", sort="x", title=None, axis=altair.Axis(labelLimit=220)),
            color=altair.condition(
                "datum.method == 'ours'", altair.value(_OURS), altair.value(_THEIRS)
            ),
        )
        .properties(width=170, height=130)
    )
    return chart


def _example_curves() -> tuple[altair.FacetChart, altair.VConcatChart]:
    market = simulate_market(MarketRules(parts=200, groups=5), seed=4)
    model = pricing.fit_elasticities(market.history)
    current = model.items.select("item_id")
    advice = pricing.suggest_prices(model, current)
    profit = profit_chart(pricing.profit_curves(model, current), advice)
    quotes = simulate_quotes(QuoteMarket.of(QuoteRules(), seed=1), 3_000, seed=1)
    wins = pricing.fit_win_probability(quotes.drop("unit_cost"))
    prices = np.linspace(700, 1_300, 49).tolist()
    curve = wins.curve(group_id=3, reference_price=1_000.0, unit_cost=680.0, prices=prices)
    return profit, win_chart(curve)


if __name__ == "__main__":
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    profit, win = _example_curves()
    accuracy_chart(orjson.loads(source.read_bytes())).save(str(folder / "pricing_accuracy.svg"))
    profit.save(str(folder / "pricing_profit.svg"))
    win.save(str(folder / "pricing_win.svg"))
