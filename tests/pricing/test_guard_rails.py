import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch.errors import InvalidInput
from pricing import GuardRails
from pricing.guard_rails import clamped, nearest_endings


def _clamp_one(rails: GuardRails, wanted: float, *, price: float = 100.0, unit_cost: float = 60.0):
    found = clamped(
        rails, np.array([wanted]), price=np.array([price]), unit_cost=np.array([unit_cost])
    )
    return found.price[0], found.names[0]


@pytest.mark.parametrize(
    ("rails", "wanted", "price", "names"),
    [
        (GuardRails(largest_change=None), 137.0, 137.0, []),
        (GuardRails(margin_floor=0.25, largest_change=None), 70.0, 80.0, ["margin_floor"]),
        (GuardRails(margin_ceiling=0.5, largest_change=None), 150.0, 120.0, ["margin_ceiling"]),
        (GuardRails(price_floor=90.0, largest_change=None), 70.0, 90.0, ["price_floor"]),
        (GuardRails(price_ceiling=105.0), 150.0, 105.0, ["price_ceiling"]),
        (GuardRails(largest_change=0.1), 150.0, 110.0, ["largest_change"]),
        (
            GuardRails(margin_ceiling=0.7, price_ceiling=120.0, largest_change=0.05),
            300.0,
            105.0,
            ["margin_ceiling", "price_ceiling", "largest_change"],
        ),
    ],
)
def test_every_rail_that_moves_a_price_is_named(rails, wanted, price, names):
    found, named = _clamp_one(rails, wanted)
    assert found == pytest.approx(price)
    assert named == names


def test_the_later_rail_holds_where_two_leave_no_price():
    rails = GuardRails(margin_floor=0.5, price_ceiling=100.0, largest_change=None)
    assert _clamp_one(rails, 90.0, unit_cost=80.0) == (
        100.0,
        ["margin_floor", "price_ceiling"],
    )


@given(
    wanted=st.floats(1, 1e5),
    price=st.floats(1, 1e4),
    change=st.floats(0, 0.9),
    unit_cost=st.floats(0, 1e4),
)
def test_no_step_is_larger_than_the_largest_change(wanted, price, change, unit_cost):
    rails = GuardRails(largest_change=change)
    found, _ = _clamp_one(rails, wanted, price=price, unit_cost=unit_cost)
    assert price * (1 - change) * (1 - 1e-12) <= found <= price * (1 + change) * (1 + 1e-12)


@given(price=st.floats(0.5, 1e5), step=st.sampled_from([0.25, 5.0, 10.0]), ending=st.floats(0, 5))
def test_endings_stand_around_the_price(price, step, ending):
    rails = GuardRails(ending_step=step, ending=ending)
    below, above = (found[0] for found in nearest_endings(rails, np.array([price])))
    slack = 1e-6 * (price + step)
    assert below - slack <= price <= above + slack
    assert above - below <= step + slack
    assert ((below - ending) / step) % 1 == pytest.approx(0, abs=1e-6) or (
        (below - ending) / step
    ) % 1 == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"margin_floor": 1.0}, "margin_floor"),
        ({"margin_floor": 0.4, "margin_ceiling": 0.3}, "margin_floor"),
        ({"price_floor": 10.0, "price_ceiling": 9.0}, "price_floor"),
        ({"largest_change": -0.1}, "largest_change"),
        ({"ending_step": 0.0}, "ending_step"),
        ({"confidence": 1.1}, "confidence"),
        ({"price_floor": float("nan")}, "price_floor"),
        ({"price_ceiling": float("inf")}, "price_ceiling"),
        ({"largest_change": True}, "largest_change"),
    ],
)
def test_limits_that_no_price_could_keep_are_refused(options, field):
    with pytest.raises(InvalidInput) as error:
        GuardRails(**options)
    assert error.value.field == field
