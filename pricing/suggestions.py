"""Price suggestions under guard rails, with what they should bring and how sure that is. Pure."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clutch.errors import InvalidInput
from clutch.frames import Column, checked
from pricing.elasticities import ElasticityModel
from pricing.guard_rails import GuardRails, clamped, nearest_endings
from pricing.history import LEAST_PRICE, flags_as_numbers, with_known_key
from pricing.profit import Demand, profit_quantile, uplift, uplift_probability

__all__ = [
    "GOOD_ALREADY",
    "NO_COST",
    "NO_ROOM",
    "WEAK_EVIDENCE",
    "profit_curves",
    "suggest_prices",
]

Vector = NDArray[np.float64]

_CURRENT = [
    Column(name="item_id", kind="key"),
    Column(name="price", kind="number", minimum=LEAST_PRICE, required=False),
    Column(name="unit_cost", kind="number", minimum=0, nullable=True, required=False),
    Column(name="promotion", kind="number", minimum=0, required=False),
]
_RATIOS = np.exp(np.linspace(-np.log(2), np.log(2), 201))
_CHUNK = 4_000
_LEAST_MOVE = 1e-6

NO_COST = "no unit cost is known"
GOOD_ALREADY = "the present price is already the best within reach"
WEAK_EVIDENCE = "the evidence is too weak: a higher profit is not likely enough"
NO_ROOM = "the guard rails leave no better price"


def suggest_prices(
    model: ElasticityModel, current: pl.DataFrame, guard_rails: GuardRails | None = None
) -> pl.DataFrame:
    """Suggest for each item the price with the best expected profit that is likely to bring more.

    Parameters
    ----------
    model
        From `fit_elasticities`.
    current
        `item_id`, and optionally `price`, `unit_cost` (those last seen in the history when left out
        or null) and `promotion`; money in the history's unit.
    guard_rails
        Limits; the defaults of `GuardRails` when left out.

    Returns
    -------
    polars.DataFrame
        One row for each of `current`, in its order: `item_id, price, unit_cost`,
        `suggested_price` (the present one where none is recommended), `recommended`, `reason` (of
        an abstention, else null), `clamps` (names of the guard rails that moved the price),
        `expected_uplift` (profit a period over the present price), `uplift_probability`,
        `units_now`, `units_then` (a period, on average).

    Raises
    ------
    InvalidFrame
        A column is missing or wrong, an item is not in the history or stands twice.

    Examples
    --------
    >>> from pricing.elasticities import _example_history, fit_elasticities
    >>> model = fit_elasticities(_example_history())
    >>> today = pl.DataFrame({"item_id": ["pads"], "price": [100.0], "unit_cost": [90.0]})
    >>> row = suggest_prices(model, today).row(0, named=True)
    >>> round(row["suggested_price"], 2), row["clamps"], row["uplift_probability"] > 0.95
    (110.0, ['largest_change'], True)
    """
    rails = GuardRails() if guard_rails is None else guard_rails
    if not isinstance(rails, GuardRails):
        raise InvalidInput("guard_rails", "GuardRails", found=type(rails).__name__)
    rows = _current(model, current)
    demand = _demand(model, rows)
    parts = [
        _suggested(demand.rows(slice(start, start + _CHUNK)), rails)
        for start in range(0, max(rows.height, 1), _CHUNK)
    ]
    advice = pl.concat(parts)
    costless = rows["unit_cost"].is_null()
    then = rows.select("item_id", price=advice["suggested_price"], promotion="promotion")
    return pl.concat(
        [rows.select("item_id", "price", "unit_cost"), advice], how="horizontal"
    ).select(
        "item_id",
        "price",
        "unit_cost",
        suggested_price=pl.when(costless).then("price").otherwise("suggested_price"),
        recommended=pl.col("recommended") & ~costless,
        reason=pl.when(costless).then(pl.lit(NO_COST)).otherwise("reason"),
        clamps=pl.when(costless).then(pl.lit([], pl.List(pl.String))).otherwise("clamps"),
        expected_uplift=pl.when(costless).then(None).otherwise("expected_uplift"),
        uplift_probability=pl.when(costless).then(None).otherwise("uplift_probability"),
        units_now=pl.Series(demand.units),
        units_then=model.predict_units(then)["mean_units"],
    )


def profit_curves(
    model: ElasticityModel, current: pl.DataFrame, *, span: float = 0.3, prices: int = 25
) -> pl.DataFrame:
    """Return expected profit over a range of prices, with 90% bands, for each row of `current`.

    Parameters
    ----------
    model, current
        As `suggest_prices` takes them; items without a unit cost have no curve.
    span
        How far from the present price, as a share of it.
    prices
        How many prices a curve.

    Returns
    -------
    polars.DataFrame
        `item_id, price, expected_profit, lower, upper, uplift_probability`, per period.

    Examples
    --------
    >>> from pricing.elasticities import _example_history, fit_elasticities
    >>> model = fit_elasticities(_example_history())
    >>> today = pl.DataFrame({"item_id": ["pads"], "price": [100.0], "unit_cost": [60.0]})
    >>> profit_curves(model, today, span=0.1, prices=3)["price"].round(6).to_list()
    [90.0, 100.0, 110.0]
    """
    if not 0 < span < 1:
        raise InvalidInput("span", "a share between 0 and 1", found=str(span))
    if prices < 2:
        raise InvalidInput("prices", "2 or more", found=str(prices))
    rows = _current(model, current).filter(pl.col("unit_cost").is_not_null())
    demand = _demand(model, rows)
    price = demand.price[:, None] * np.linspace(1 - span, 1 + span, prices)
    now = (demand.units * (demand.price - demand.unit_cost))[:, None]
    return pl.DataFrame(
        {
            "item_id": pl.Series(rows["item_id"]).gather(np.repeat(np.arange(rows.height), prices)),
            "price": price.ravel(),
            "expected_profit": (now + uplift(demand, price)).ravel(),
            "lower": profit_quantile(demand, price, 0.05).ravel(),
            "upper": profit_quantile(demand, price, 0.95).ravel(),
            "uplift_probability": uplift_probability(demand, price).ravel(),
        }
    )


def _suggested(demand: Demand, rails: GuardRails) -> pl.DataFrame:
    grid = demand.price[:, None] * _RATIOS
    gains = uplift(demand, grid)
    sure = uplift_probability(demand, grid) >= rails.confidence
    rows = np.arange(len(grid))
    wanted = grid[rows, np.where(sure & (gains > 0), gains, -np.inf).argmax(1)]
    some_sure = (sure & (gains > 0)).any(1)
    freely = grid[rows, gains.argmax(1)]
    limits = clamped(
        rails, np.where(some_sure, wanted, freely), price=demand.price, unit_cost=demand.unit_cost
    )
    price, has_ending = _with_ending(demand, rails, limits.price, limits.lowest, limits.highest)
    gain = uplift(demand, price[:, None])[:, 0]
    chance = uplift_probability(demand, price[:, None])[:, 0]
    moves = np.abs(price / demand.price - 1) > _LEAST_MOVE
    recommended = moves & has_ending & (gain > 0) & (chance >= rails.confidence)
    near = np.abs(np.log(freely / demand.price)) <= np.log(_RATIOS[1] / _RATIOS[0]) / 2
    reason = np.where(
        near,
        GOOD_ALREADY,
        np.where(some_sure | ~has_ending, NO_ROOM, WEAK_EVIDENCE),
    )
    ended = np.abs(price - limits.price) > _LEAST_MOVE * price
    names = [[*n, "price_ending"] if e else n for n, e in zip(limits.names, ended, strict=True)]
    return pl.DataFrame(
        {
            "suggested_price": np.where(recommended, price, demand.price),
            "recommended": recommended,
            "reason": pl.Series(reason.tolist(), dtype=pl.String).set(pl.Series(recommended), None),
            "clamps": pl.Series(names, dtype=pl.List(pl.String)),
            "expected_uplift": np.where(recommended, gain, 0.0),
            "uplift_probability": chance,
        }
    )


def _with_ending(
    demand: Demand, rails: GuardRails, price: Vector, lowest: Vector, highest: Vector
) -> tuple[Vector, NDArray[np.bool_]]:
    """Return the better of the two nearest endings inside the limits, and whether there is one."""
    both = np.stack(nearest_endings(rails, price), axis=1)
    inside = (both >= lowest[:, None] * (1 - 1e-12)) & (both <= highest[:, None] * (1 + 1e-12))
    inside &= both > 0
    safe = np.where(inside, both, demand.price[:, None])
    sure = uplift_probability(demand, safe) >= rails.confidence
    worth = np.where(inside, uplift(demand, safe), -np.inf)
    pick = np.where(inside & sure, worth, worth - 1e12).argmax(1)
    rows = np.arange(len(price))
    found = np.where(inside[rows, pick], safe[rows, pick], price)
    return found, np.asarray(inside.any(1), np.bool_)


def _current(model: ElasticityModel, current: pl.DataFrame) -> pl.DataFrame:
    order = pl.DataFrame({"item_id": current["item_id"]}) if _has(current, "item_id") else current
    checked(order, _CURRENT, name="current", key=("item_id",))
    rows = checked(flags_as_numbers(current), _CURRENT, name="current")
    rows = with_known_key(rows, model.items["item_id"], name="current")
    known = model.items.select("item_id", "last_price", "last_unit_cost")
    rows = rows.join(known, on="item_id", how="left", maintain_order="left")
    given = [pl.col(name) for name in ("unit_cost",) if name in rows.columns]
    return rows.select(
        "item_id",
        price=pl.col("price") if "price" in rows.columns else pl.col("last_price"),
        unit_cost=pl.coalesce(*given, "last_unit_cost"),
        promotion=pl.col("promotion") if "promotion" in rows.columns else pl.lit(0.0),
    )


def _has(frame: pl.DataFrame, column: str) -> bool:
    return isinstance(frame, pl.DataFrame) and column in frame.columns


def _demand(model: ElasticityModel, rows: pl.DataFrame) -> Demand:
    known = rows.join(model.items, on="item_id", how="left", maintain_order="left")
    known = known.join(model.groups, on="group_id", how="left", maintain_order="left")
    bend = known["slope_in_promotion"] * (known["promotion"] - known["usual_promotion"])
    units = model.predict_units(rows.select("item_id", "price", "promotion"))["mean_units"]
    return Demand(
        price=rows["price"].to_numpy(),
        unit_cost=rows["unit_cost"].fill_null(0.0).to_numpy(),
        units=units.to_numpy(),
        slope=(known["slope"] + bend).to_numpy(),
        slope_deviation=known["slope_deviation"].to_numpy(),
    )
