import polars as pl
import pytest

from clutch.errors import InvalidFrame, InvalidInput
from pricing import GuardRails, profit_curves, suggest_prices
from pricing.suggestions import GOOD_ALREADY, NO_COST, NO_ROOM, WEAK_EVIDENCE


@pytest.fixture
def current(model) -> pl.DataFrame:
    """All items at 100 with a cost of 80: a slope of -2 asks for 160."""
    return model.items.select("item_id", price=pl.lit(100.0), unit_cost=pl.lit(80.0))


def _one(model, *, price: float, unit_cost: float | None, rails: GuardRails) -> dict:
    item = model.items["item_id"][0]
    frame = pl.DataFrame({"item_id": [item], "price": [price], "unit_cost": [unit_cost]})
    return suggest_prices(model, frame, rails).row(0, named=True)


def test_thin_margins_are_raised_by_one_step(model, current):
    found = suggest_prices(model, current, GuardRails(largest_change=0.1))
    assert found["recommended"].mean() > 0.95
    raised = found.filter("recommended")
    assert (raised["suggested_price"] - 110).abs().max() < 1e-6
    assert set(raised["clamps"].explode()) == {"largest_change"}
    assert (raised["expected_uplift"] > 0).all()
    assert (raised["units_then"] < raised["units_now"]).all()


def test_most_advice_is_right(small_market, model, current):
    slope = small_market[1]
    found = suggest_prices(model, current.with_columns(unit_cost=pl.lit(55.0)))
    ratio = found["suggested_price"].to_numpy() / 100
    change = (ratio * 100 - 55) * ratio**slope - 45
    harmful = (change < -1e-9) & found["recommended"].to_numpy()
    assert harmful.sum() <= 3
    assert change.sum() > 0


def test_nothing_is_recommended_below_the_confidence(model, current):
    near = current.with_columns(unit_cost=pl.lit(52.0))
    rails = GuardRails(confidence=0.9, largest_change=0.3)
    found = suggest_prices(model, near, rails)
    assert (found.filter("recommended")["uplift_probability"] >= 0.9).all()
    kept = found.filter(~pl.col("recommended"))
    assert kept["suggested_price"].equals(kept["price"].alias("suggested_price"))
    assert set(kept["reason"]) <= {WEAK_EVIDENCE, GOOD_ALREADY, NO_ROOM}
    assert WEAK_EVIDENCE in set(kept["reason"])
    assert found.filter("recommended")["reason"].null_count() == found["recommended"].sum()


def test_more_confidence_gives_less_advice(model, current):
    near = current.with_columns(unit_cost=pl.lit(55.0))
    counts = [
        suggest_prices(model, near, GuardRails(confidence=share))["recommended"].sum()
        for share in (0.5, 0.9, 0.99)
    ]
    assert counts[0] > counts[1] > counts[2]


def test_a_ceiling_at_the_present_price_leaves_no_room(model):
    row = _one(model, price=100.0, unit_cost=80.0, rails=GuardRails(price_ceiling=100.0))
    assert row["recommended"] is False
    assert row["reason"] == NO_ROOM
    assert row["clamps"] == ["price_ceiling"]
    assert row["suggested_price"] == 100.0


def test_prices_end_as_the_shop_wants(model, current):
    rails = GuardRails(largest_change=0.2, ending_step=10, ending=9)
    found = suggest_prices(model, current, rails).filter("recommended")
    assert set(found["suggested_price"].round(6)) <= {109.0, 119.0}
    assert all("price_ending" in clamps for clamps in found["clamps"])


def test_no_ending_within_reach_leaves_no_room(model):
    rails = GuardRails(largest_change=0.01, ending_step=50)
    assert _one(model, price=120.0, unit_cost=100.0, rails=rails)["reason"] == NO_ROOM


def test_items_without_a_cost_are_left_alone(history):
    from pricing import fit_elasticities

    model = fit_elasticities(history.drop("unit_cost"))
    row = _one(model, price=100.0, unit_cost=None, rails=GuardRails())
    assert row["reason"] == NO_COST
    assert row["recommended"] is False
    assert row["expected_uplift"] is None


def test_price_and_cost_default_to_the_last_seen(history, model):
    item = history["item_id"][0]
    row = suggest_prices(model, pl.DataFrame({"item_id": [item]})).row(0, named=True)
    assert row["unit_cost"] == 55.0
    assert row["price"] == history.filter(pl.col("item_id") == item)["price"][-1]


def test_rows_keep_their_order(model, current):
    shuffled = current.sample(fraction=1.0, shuffle=True, seed=3)
    found = suggest_prices(model, shuffled)
    assert found["item_id"].equals(shuffled["item_id"])


def test_no_rows_give_no_suggestions(model, current):
    assert suggest_prices(model, current.clear()).height == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop("item_id"), "current.item_id"),
        (lambda f: pl.concat([f, f]), "current.item_id: expected one row for each"),
        (lambda f: f.with_columns(price=pl.lit(-1.0)), "current.price"),
        (lambda f: f.with_columns(unit_cost=pl.lit(float("nan"))), "current.unit_cost"),
        (lambda f: f.with_columns(item_id=pl.lit("elsewhere")).head(1), "one that the history has"),
    ],
)
def test_a_bad_current_frame_gives_one_clear_error(model, current, change, message):
    with pytest.raises(InvalidFrame) as error:
        suggest_prices(model, change(current))
    assert message in str(error.value)


def test_guard_rails_are_guard_rails(model, current):
    with pytest.raises(InvalidInput, match="guard_rails"):
        suggest_prices(model, current, {"margin_floor": 0.1})


def test_profit_curves_peak_where_the_slope_says(model, current):
    curves = profit_curves(model, current.head(3), span=0.5, prices=51)
    assert curves.height == 153
    assert (curves["lower"] <= curves["expected_profit"]).all()
    assert (curves["expected_profit"] <= curves["upper"] * (1 + 1e-9)).all()
    first = curves.filter(pl.col("item_id") == current["item_id"][0])
    now = first.filter((pl.col("price") - 100).abs() < 1e-9).row(0, named=True)
    assert now["lower"] == pytest.approx(now["upper"])
    best = first["price"][first["expected_profit"].arg_max()]
    elasticity = model.table()["elasticity"][0]
    assert best == pytest.approx(80 * elasticity / (elasticity + 1), rel=0.2)


@pytest.mark.parametrize(("option", "value"), [("span", 1.0), ("prices", 1)])
def test_a_curve_needs_a_range(model, current, option, value):
    with pytest.raises(InvalidInput, match=option):
        profit_curves(model, current, **{option: value})
