"""What to order now, and why, within a budget if there is one.

Pure.
"""

import numpy as np
import polars as pl

from clutch.errors import InvalidFrame, InvalidInput
from clutch.frames import Column, checked
from replenishment.negative_binomial import Floats, Integers, NegativeBinomial

__all__ = ["by_supplier", "suggest"]

_POSITION = [
    Column(name="series_id", kind="key"),
    Column(name="on_hand", kind="integer"),
    Column(name="on_order", kind="integer", required=False, minimum=0),
    Column(name="reserved", kind="integer", required=False, minimum=0),
    Column(name="unit_cost", kind="number", required=False, minimum=0),
    Column(name="margin", kind="number", required=False, minimum=0),
    Column(name="supplier", kind="key", required=False, nullable=True),
]
_POLICY = [
    Column(name="series_id", kind="key"),
    Column(name="reorder_point", kind="integer"),
    Column(name="order_quantity", kind="integer", required=False, minimum=1),
    Column(name="order_up_to", kind="integer", required=False),
    Column(name="multiple", kind="integer", required=False, minimum=1),
    Column(name="minimum", kind="integer", required=False, minimum=0),
    Column(name="lead_time_demand", kind="number", required=False, minimum=0),
    Column(name="lead_time_variance", kind="number", required=False, minimum=0),
]


def suggest(
    position: pl.DataFrame, policy: pl.DataFrame, budget: float | None = None
) -> pl.DataFrame:
    """Return what each part should be ordered now, with the arithmetic.

    Parameters
    ----------
    position
        `series_id, on_hand` and optionally `on_order, reserved` (units, 0 unless given),
        `unit_cost` (money a unit), `margin` (money a unit served is worth, alike for all unless
        given), `supplier`. Every part has a policy; a policy without a position is left out.
    policy
        As `replenishment.policy` returns it, or at least `series_id, reorder_point` and either
        `order_quantity` or `order_up_to`.
    budget
        Money that the orders together may cost, never exceeded; needs `unit_cost` above 0 and the
        policy's `lead_time_demand, lead_time_variance`. Packs are bought in the order of worth:
        margin x units short over the lead time that a pack avoids, for each unit of money.

    Returns
    -------
    polars.DataFrame
        A row a part, by supplier: `supplier` (if given), `series_id, position` (on hand + on order
        - reserved), `reorder_point, target` (the position to reach), `quantity` (units to order
        now, 0 where none), `cost` (money, if `unit_cost` is given), `reason`.

    Raises
    ------
    InvalidFrame
        A frame cannot be used, or a part has no policy; InvalidInput for a budget below 0.

    Examples
    --------
    >>> plan = pl.DataFrame({"series_id": ["pads"], "reorder_point": [4], "order_quantity": [6]})
    >>> shelf = pl.DataFrame({"series_id": ["pads"], "on_hand": [3], "reserved": [1]})
    >>> lines = suggest(shelf, plan)
    >>> lines["quantity"].to_list()
    [6]
    >>> print(lines["reason"][0])
    3 on hand + 0 on order - 1 reserved = 2, not above the reorder point 4: order 6 to reach 8
    >>> suggest(shelf.with_columns(on_order=6), plan)["quantity"].to_list()
    [0]
    >>> suggest(shelf.clear(), plan).rows()
    []
    """
    lines = _wanted(_joined(position, policy))
    if budget is not None:
        lines = _within(lines, _money(budget))
    else:
        lines = lines.with_columns(quantity="wanted")
    has = [name for name in ("supplier", "unit_cost") if name in lines.columns]
    costs = {"cost": pl.col("quantity") * pl.col("unit_cost")} if "unit_cost" in has else {}
    return (
        lines.with_columns(reason=_reason(), **costs)
        .sort([*has[: has.count("supplier")], "series_id"], nulls_last=True)
        .select(
            *(name for name in has if name == "supplier"),
            *("series_id", "position", "reorder_point", "target", "quantity"),
            *costs,
            "reason",
        )
    )


def by_supplier(suggestions: pl.DataFrame) -> pl.DataFrame:
    """Return the purchase order of each supplier: `supplier, lines, units, cost`.

    Examples
    --------
    >>> lines = pl.DataFrame({"supplier": ["Nile", "Nile"], "quantity": [6, 0], "cost": [90.0, 0]})
    >>> by_supplier(lines).rows()
    [('Nile', 1, 6, 90.0)]
    """
    columns = [
        Column(name="supplier", kind="key", nullable=True),
        Column(name="quantity", kind="integer", minimum=0),
        Column(name="cost", kind="number", minimum=0),
    ]
    lines = checked(suggestions, columns, name="suggestions").filter(pl.col("quantity") > 0)
    return (
        lines.group_by("supplier")
        .agg(lines=pl.len(), units=pl.col("quantity").sum(), cost=pl.col("cost").sum())
        .sort("supplier", nulls_last=True)
    )


def _joined(position: pl.DataFrame, policy: pl.DataFrame) -> pl.DataFrame:
    shelf = checked(position, _POSITION, name="position", key=["series_id"])
    plan = checked(policy, _POLICY, name="policy", key=["series_id"])
    if len({"order_quantity", "order_up_to"} & set(plan.columns)) != 1:
        expected = "one of the columns order_quantity and order_up_to"
        raise InvalidFrame("policy", "*", expected, found="both or neither")
    if len(shelf) and len(plan) and shelf["series_id"].dtype != plan["series_id"].dtype:
        found, expected = str(plan["series_id"].dtype), f"{shelf['series_id'].dtype} as in position"
        raise InvalidFrame("policy", "series_id", expected, found=found)
    if not len(shelf):
        plan = plan.clear().with_columns(pl.col("series_id").cast(shelf["series_id"].dtype))
    elif not len(plan):
        plan = plan.with_columns(pl.col("series_id").cast(shelf["series_id"].dtype))
    lines = shelf.join(plan, on="series_id", how="left", maintain_order="left")
    without = lines.filter(pl.col("reorder_point").is_null())
    if len(without):
        found = f"none for {without['series_id'][0]}"
        raise InvalidFrame("policy", "series_id", "a row for every part of position", found=found)
    absent = [name for name in ("on_order", "reserved") if name not in lines.columns]
    return lines.with_columns(pl.lit(0).alias(name) for name in absent)


def _wanted(lines: pl.DataFrame) -> pl.DataFrame:
    lines = lines.with_columns(position=pl.col("on_hand") + pl.col("on_order") - pl.col("reserved"))
    missing = pl.col("reorder_point") - pl.col("position")
    if "order_quantity" in lines.columns:
        units = (missing // pl.col("order_quantity") + 1) * pl.col("order_quantity")
        step = pl.col("order_quantity")
    else:
        units = pl.max_horizontal(pl.col("order_up_to") - pl.col("position"), 0)
        step = pl.lit(1, pl.Int64)
    if "multiple" in lines.columns:
        step = pl.col("multiple")
    least = pl.max_horizontal(pl.col("minimum"), 1) if "minimum" in lines.columns else step
    return lines.with_columns(
        wanted=pl.when(missing >= 0).then(units).otherwise(0),
        step=step,
        smallest=(least + step - 1) // step * step,
    ).with_columns(target=pl.col("position") + pl.col("wanted"))


def _money(budget: float) -> float:
    is_number = isinstance(budget, int | float) and not isinstance(budget, bool)
    if not is_number or not 0 <= budget < float("inf"):
        raise InvalidInput("budget", "an amount of money of 0 or more", found=str(budget))
    return float(budget)


def _within(lines: pl.DataFrame, budget: float) -> pl.DataFrame:
    """Buy the packs of most worth for their money until the budget holds no further one."""
    for frame, names in (
        ("position", ["unit_cost"]),
        ("policy", ["lead_time_demand", "lead_time_variance"]),
    ):
        for name in names:
            if name not in lines.columns:
                expected = "a column of numbers, to keep to a budget"
                raise InvalidFrame(frame, name, expected, found="no such column")
    if (lines["unit_cost"] <= 0).any():
        raise InvalidFrame("position", "unit_cost", "values above 0, to keep to a budget")
    part, units = _packs(lines)
    unit_cost = lines["unit_cost"].to_numpy()
    worth = _worth(lines, part, units)
    taken = _greedy(part, units * unit_cost[part], worth, budget)
    quantity = np.bincount(part[taken], weights=units[taken], minlength=len(lines))
    return lines.with_columns(quantity=pl.Series(quantity.astype(np.int64)))


def _packs(lines: pl.DataFrame) -> tuple[Integers, Integers]:
    """Return the wanted quantities as packs: the smallest order first, then multiples."""
    wanted = lines["wanted"].to_numpy()
    first = np.minimum(lines["smallest"].to_numpy(), wanted)
    step = lines["step"].to_numpy()
    count = np.where(wanted > 0, 1 + (wanted - first) // step, 0)
    part = np.repeat(np.arange(len(lines)), count)
    is_first = np.diff(part, prepend=-1) > 0
    return part, np.where(is_first, first[part], step[part])


def _worth(lines: pl.DataFrame, part: Integers, units: Integers) -> Floats:
    """Margin x units short that each pack avoids, for each unit of money."""
    demand = NegativeBinomial(
        lines["lead_time_demand"].to_numpy(), lines["lead_time_variance"].to_numpy()
    ).take(part)
    start = np.cumsum(units) - units
    opens = np.diff(part, prepend=-1) > 0
    base = np.maximum.accumulate(np.where(opens, start, 0))
    level = lines["position"].to_numpy()[part] + start - base
    avoided = demand.loss(level) - demand.loss(level + units)
    margin = lines["margin"].to_numpy() if "margin" in lines.columns else np.ones(len(lines))
    worth = avoided * margin[part] / (units * lines["unit_cost"].to_numpy()[part])
    # Worth falls from pack to pack; rounding must not let a later pack go first.
    falling = pl.DataFrame({"part": part, "worth": worth}).select(
        pl.col("worth").cum_min().over("part")
    )
    return falling["worth"].to_numpy()


def _greedy(part: Integers, cost: Floats, worth: Floats, budget: float) -> Integers:
    left = budget
    taken, closed = [], set()
    for pack in np.argsort(-worth, kind="stable").tolist():
        if part[pack] in closed:
            continue
        if cost[pack] <= left:
            left -= cost[pack]
            taken.append(pack)
        else:
            closed.add(part[pack])
    return np.array(taken, np.int64)


def _reason() -> pl.Expr:
    sums = pl.format(
        "{} on hand + {} on order - {} reserved = {}",
        *("on_hand", "on_order", "reserved", "position"),
    )
    enough = pl.format(", above the reorder point {}: enough", "reorder_point")
    order = pl.format(
        ", not above the reorder point {}: order {} to reach {}",
        *("reorder_point", "wanted", "target"),
    )
    cut = pl.format("; the budget covers {}", "quantity")
    is_cut = pl.col("quantity") < pl.col("wanted")
    return sums + pl.when(pl.col("wanted") == 0).then(enough).otherwise(
        order + pl.when(is_cut).then(cut).otherwise(pl.lit(""))
    )
