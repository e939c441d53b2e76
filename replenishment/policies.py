"""The best reorder point and order quantity of each part.

Pure.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl

from clutch.errors import InvalidInput
from replenishment.calibration import Supply, calibrated
from replenishment.cheapest import cheapest
from replenishment.cheapest_at_fill import cheapest_at_fill, fill_rates, stock_on_hand
from replenishment.demand import parts_of, read_demand
from replenishment.economics import Economics, Found
from replenishment.lead_time import LeadTimeDemand
from replenishment.negative_binomial import Floats
from replenishment.per_part import COUNT, POSITIVE, SHARE, WHOLE, ZERO_OR_MORE, PerPart, per_part

__all__ = ["plan_frame", "policy", "supply_of"]


def policy(
    demand: pl.DataFrame,
    *,
    lead_time: PerPart,
    holding_cost: PerPart,
    ordering_cost: PerPart,
    shortage_cost: PerPart | None = None,
    fill_rate: PerPart | None = None,
    multiple: PerPart = 1,
    minimum: PerPart = 1,
    lead_time_sd: PerPart = 0.0,
) -> pl.DataFrame:
    """Return the exact (r, nQ) policy of each part.

    When on hand + on order - reserved is at or below `reorder_point`, order the fewest batches of
    `order_quantity` that bring it above.

    Parameters
    ----------
    demand
        In one of three forms (see `replenishment.demand`): `series_id, mean, variance` a period;
        `series_id, mean, q0.5, q0.9, ...` over the lead time; or the history `series_id,
        period_start, quantity`, from which demand is estimated by empirical Bayes and, for a
        fill rate, calibrated by replaying its last periods (`replenishment.calibration`).
    lead_time, lead_time_sd
        Mean and standard deviation, in periods. An order placed at the close of a period arrives
        as the period `lead_time` later opens.
    holding_cost
        Money a unit and period, above 0.
    ordering_cost
        Money a batch of `order_quantity`.
    shortage_cost, fill_rate
        Exactly one: money a unit short and period, above 0; or the share of units to be served
        from the shelf, above 0 and below 1.
    multiple, minimum
        Packing: the order quantity is a multiple of the one and not below the other, units.

    Each number is one for all, the name of a column of `demand`, or a frame `series_id, <name>`.

    Returns
    -------
    polars.DataFrame
        A row a part, sorted: `series_id, reorder_point, order_quantity, expected_cost` (money a
        period; holding, ordering and, where priced, shortage), `fill_rate` (expected),
        `expected_stock` (units on the shelf at the close of a period), `lead_time_demand,
        lead_time_variance` (units), `multiple, minimum` (as given).

    Raises
    ------
    InvalidInput
        A number is out of range, or not exactly one of shortage_cost and fill_rate is given;
        InvalidFrame for a frame that cannot be used.

    Notes
    -----
    Costs: Zheng and Chen (1992), Federgruen and Zheng (1992); `replenishment.cheapest`.

    Examples
    --------
    >>> demand = pl.DataFrame({"series_id": ["pads", "rotor"], "mean": 1.5, "variance": 1.5})
    >>> plan = policy(
    ...     demand, lead_time=2, holding_cost=20, ordering_cost=100, shortage_cost=150
    ... )
    >>> plan.select("series_id", "reorder_point", "order_quantity").rows()
    [('pads', 3, 5), ('rotor', 3, 5)]
    >>> packed = policy(
    ...     demand, lead_time=2, holding_cost=20, ordering_cost=100, fill_rate=0.95, multiple=4
    ... )
    >>> packed.select("reorder_point", "order_quantity", pl.col("fill_rate").round(3)).row(0)
    (4, 4, 0.967)
    >>> policy(
    ...     demand.clear(), lead_time=2, holding_cost=20, ordering_cost=100, fill_rate=0.95
    ... ).rows()
    []
    """
    if shortage_cost is not None and fill_rate is not None:
        raise InvalidInput("shortage_cost, fill_rate", "exactly one of the two", found="both")
    parts = parts_of(demand)
    number = partial(per_part, demand=demand, parts=parts)
    supply = supply_of(
        number,
        lead_time=lead_time,
        lead_time_sd=lead_time_sd,
        holding_cost=holding_cost,
        ordering_cost=ordering_cost,
        multiple=multiple,
        minimum=minimum,
    )
    economics = supply.economics
    known = read_demand(demand, supply.lead_time)
    if shortage_cost is not None:
        over = supply.over(known.period)
        price = number(shortage_cost, "shortage_cost", POSITIVE)
        found = cheapest(over.until_close, over.per_period, economics, price)
    elif fill_rate is not None:
        share = number(fill_rate, "fill_rate", SHARE)
        past = known.history
        over = supply.over(known.period if past is None else calibrated(past, supply, share))
        found = cheapest_at_fill(over, economics, share)
    else:
        raise InvalidInput("shortage_cost, fill_rate", "exactly one of the two", found="neither")
    return plan_frame(parts, over, economics, found)


def supply_of(
    number: Callable[..., Floats],
    *,
    lead_time: PerPart,
    lead_time_sd: PerPart,
    holding_cost: PerPart,
    ordering_cost: PerPart,
    multiple: PerPart,
    minimum: PerPart,
) -> Supply:
    """Return what every part is ordered under; `number` is `per_part` for the parts at hand.

    Raises
    ------
    InvalidInput
        A number is out of range; InvalidFrame for a frame that cannot be used.
    """
    return Supply(
        number(lead_time, "lead_time", POSITIVE),
        number(lead_time_sd, "lead_time_sd", ZERO_OR_MORE),
        Economics(
            number(holding_cost, "holding_cost", POSITIVE),
            number(ordering_cost, "ordering_cost", ZERO_OR_MORE),
            number(multiple, "multiple", WHOLE).astype(np.int64),
            number(minimum, "minimum", COUNT).astype(np.int64),
        ),
    )


def plan_frame(
    parts: pl.Series, demand: LeadTimeDemand, economics: Economics, found: Found
) -> pl.DataFrame:
    """Return policies as a frame, with what they are expected to achieve."""
    return pl.DataFrame(
        {
            "series_id": parts,
            "reorder_point": found.reorder_point,
            "order_quantity": found.order_quantity,
            "expected_cost": found.expected_cost,
            "fill_rate": fill_rates(demand, found),
            "expected_stock": stock_on_hand(demand, found),
            "lead_time_demand": demand.until_close.mean,
            "lead_time_variance": demand.until_close.variance,
            "multiple": economics.multiple,
            "minimum": economics.minimum,
        }
    )
