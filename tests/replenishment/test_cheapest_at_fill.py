import numpy as np
import pytest

from replenishment.cheapest_at_fill import cheapest_at_fill, fill_rates, stock_on_hand
from replenishment.economics import Economics
from replenishment.lead_time import LeadTimeDemand, PeriodDemand
from replenishment.shelf import Shelf


def one_part(mean: float, variance: float, lead: float) -> LeadTimeDemand:
    period = PeriodDemand(np.array([mean]), np.array([variance]), np.array([0.0]))
    return LeadTimeDemand.of(period, np.array([lead]), np.array([0.0]))


def test_cost_is_that_of_full_enumeration_with_packing(losses) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(11)
    levels = np.arange(-150, 350)
    for _ in range(40):
        mean, lead = rng.lognormal(0, 1), rng.choice([0.5, 1.0, 3.0])
        variance, share = mean * (1 + rng.exponential(1.5)), rng.choice([0.6, 0.9, 0.95, 0.99])
        h, k = rng.uniform(0.05, 0.5), rng.choice([0.0, 1.0, 8.0])
        step, least = int(rng.choice([1, 1, 3, 10])), int(rng.choice([1, 4, 25]))
        economics = Economics(np.array([h]), np.array([k]), np.array([step]), np.array([least]))
        demand = one_part(mean, variance, lead)
        found = cheapest_at_fill(demand, economics, np.array([share]))

        served = min(lead, 1.0)
        close = losses(mean * lead, variance * lead, levels)
        opening = losses(mean * (lead - served), variance * (lead - served), levels)
        fill = np.where(levels > 0, 1 - (close - opening) / (mean * served), 0.0)
        held = np.where(levels > 0, levels - mean * lead + close, 0.0)
        fills, helds = (np.concatenate([[0.0], np.cumsum(x)]) for x in (fill, held))
        best = np.inf
        for q in range(step, 180, step):
            if q < least:
                continue
            enough = (fills[q:] - fills[:-q]) / q >= share - 1e-9
            costs = np.where(enough, (k * mean + h * (helds[q:] - helds[:-q])) / q, np.inf)
            if costs.min() < best - 1e-12:
                best, point, quantity = costs.min(), levels[costs.argmin()] - 1, q
        assert found.expected_cost[0] == pytest.approx(best, rel=1e-8, abs=1e-10)
        assert (found.reorder_point[0], found.order_quantity[0]) == (point, quantity)
        assert fill_rates(demand, found)[0] >= share - 1e-8


def test_fill_rate_and_stock_are_what_a_long_replay_shows() -> None:
    mean, variance, lead, periods = 1.2, 3.0, 3, 400
    one = np.array([1])
    economics = Economics(np.array([1.0]), np.array([5.0]), 2 * one, 3 * one)
    demand = one_part(mean, variance, lead)
    found = cheapest_at_fill(demand, economics, np.array([0.9]))

    copies = 2_000
    rng = np.random.default_rng(1)
    asked = rng.negative_binomial(
        mean**2 / (variance - mean), mean / variance, (copies, periods)
    ).astype(float)
    point, quantity = found.reorder_point[0], found.order_quantity[0]
    shelf = Shelf.stocked(np.full(copies, float(point + quantity)), periods)
    served, held = 0.0, 0.0
    for period in range(periods):
        shelf.receive(period)
        units = shelf.serve(asked[:, period])
        missing = point - shelf.position()
        batches = np.where(missing >= 0, (np.floor(missing / quantity) + 1) * quantity, 0)
        shelf.order(period, batches, np.full(copies, lead))
        if period >= 50:
            served += units.sum()
            held += shelf.on_hand().mean()
    assert served / asked[:, 50:].sum() == pytest.approx(fill_rates(demand, found)[0], abs=2e-3)
    assert held / (periods - 50) == pytest.approx(stock_on_hand(demand, found)[0], rel=5e-3)


def test_a_part_never_asked_for_is_not_stocked() -> None:
    economics = Economics(np.array([1.0]), np.array([1.0]), np.array([1]), np.array([1]))
    found = cheapest_at_fill(one_part(0.0, 0.0, 2.0), economics, np.array([0.95]))
    assert (found.reorder_point[0], found.order_quantity[0], found.expected_cost[0]) == (-1, 1, 0.0)
