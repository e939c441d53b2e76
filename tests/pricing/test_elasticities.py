import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clutch.errors import InvalidFrame, InvalidInput
from pricing import fit_elasticities


def test_known_elasticities_are_recovered_with_honest_intervals(small_market, model):
    _, slope, _ = small_market
    table = model.table()
    error = table["elasticity"].to_numpy() - slope
    assert np.sqrt((error**2).mean()) < 0.36  # the prior alone leaves 0.4, each part alone far more
    inside = (table["lower"].to_numpy() < slope) & (slope < table["upper"].to_numpy())
    assert 0.83 <= inside.mean() <= 0.97


def test_intervals_widen_with_coverage(model):
    narrow, wide = model.table(coverage=0.5), model.table(coverage=0.95)
    assert (wide["lower"] < narrow["lower"]).all()
    assert (wide["upper"] > narrow["upper"]).all()


def test_every_elasticity_is_below_zero(model):
    assert (model.table()["elasticity"] < 0).all()
    assert (model.table()["upper"] < 0).all()


def test_units_are_recovered_at_the_usual_price(small_market, model):
    _, _, level = small_market
    asked = pl.DataFrame({"item_id": model.items["item_id"], "price": np.full(120, 100.0)})
    gap = np.log(model.predict_units(asked)["units"].to_numpy()) - level
    assert abs(gap.mean()) < 0.05
    assert gap.std() < 0.2


def test_the_promotion_lifts_units_as_it_did(model):
    asked = pl.DataFrame({"item_id": model.items["item_id"], "price": np.full(120, 100.0)})
    found = model.predict_units(asked)
    lift = np.log(found["units_with_promotion"] / found["units_without_promotion"])
    assert lift.mean() == pytest.approx(0.4, abs=0.12)
    assert found["units"].equals(found["units_without_promotion"].alias("units"))


@settings(max_examples=40, deadline=None)
@given(
    part=st.integers(0, 119),
    price=st.floats(1, 1e4),
    dearer=st.floats(1.0, 3.0),
    promotion=st.sampled_from([0.0, 1.0, 4.0]),
)
def test_dearer_never_sells_more(model, part, price, dearer, promotion):
    item = model.items["item_id"][part]
    asked = pl.DataFrame(
        {"item_id": [item] * 2, "price": [price, price * dearer], "promotion": [promotion] * 2}
    )
    cheap, dear = model.predict_units(asked)["units"]
    assert dear <= cheap


def test_all_prices_up_alike_sell_nothing_more(history, model):
    asked = history.select("item_id", "period_start", "price", "promotion")
    dearer = asked.with_columns(pl.col("price") * 1.2)
    before, after = (model.predict_units(frame)["units"] for frame in (asked, dearer))
    assert (after <= before * (1 + 1e-12)).all()


def test_row_order_does_not_matter(history, model):
    shuffled = fit_elasticities(history.sample(fraction=1.0, shuffle=True, seed=1))
    assert shuffled.table().equals(model.table())
    asked = history.select("item_id", "period_start", "price").sample(50, seed=2)
    found = model.predict_units(asked)
    assert found["item_id"].equals(asked["item_id"])
    assert found["price"].equals(asked["price"])


def test_the_unit_of_money_does_not_matter(history, model):
    piastres = fit_elasticities(history.with_columns(pl.col("price") * 100))
    gap = piastres.table()["elasticity"] - model.table()["elasticity"]
    assert gap.abs().max() < 1e-6


def test_inflation_of_all_prices_does_not_matter(history, model):
    days = (pl.col("period_start") - pl.col("period_start").min()).dt.total_days()
    inflated = fit_elasticities(history.with_columns(pl.col("price") * (0.25 * days / 365).exp()))
    gap = inflated.table()["elasticity"] - model.table()["elasticity"]
    assert gap.abs().mean() < 0.1


def test_prices_that_follow_demand_are_seen_through():
    draw = np.random.default_rng(8)
    parts, weeks = 200, 80
    shock = np.repeat(draw.normal(0, 0.4, (4, weeks)), parts // 4, axis=0)
    log_price = 0.5 * shock + draw.normal(0, 0.1, (parts, weeks))
    units = draw.poisson(np.exp(1.5 - 2.0 * log_price + shock))
    days = pl.date_range(pl.date(2025, 1, 6), pl.date(2026, 7, 13), "1w", eager=True)
    history = pl.DataFrame(
        {
            "item_id": np.repeat(np.arange(parts), weeks),
            "group_id": np.repeat(np.arange(parts) // (parts // 4), weeks),
            "period_start": pl.concat([days] * parts),
            "units": units.ravel(),
            "price": 50 * np.exp(log_price).ravel(),
        }
    )
    model = fit_elasticities(history)
    assert model.demand_leads
    assert model.table()["elasticity"].mean() == pytest.approx(-2.0, abs=0.1)


def test_prices_that_do_not_follow_demand_are_believed_in_full(model):
    assert not model.demand_leads


def test_a_share_of_time_in_stock_is_not_read_as_low_demand(history, model):
    blind = fit_elasticities(history.drop("in_stock_share"))
    asked = pl.DataFrame({"item_id": model.items["item_id"], "price": np.full(120, 100.0)})
    ratio = blind.predict_units(asked)["units"] / model.predict_units(asked)["units"]
    assert ratio.mean() == pytest.approx(0.9, abs=0.03)  # a tenth of demand met an empty shelf


def test_one_row_gives_the_prior_with_a_wide_interval(history):
    table = fit_elasticities(history.head(1)).table()
    assert table["elasticity"][0] == pytest.approx(-2.0, abs=0.3)
    assert table["upper"][0] - table["lower"][0] > 2


def test_an_item_that_never_sold_is_predicted_above_zero(history):
    first = history["item_id"][0]
    silent = history.with_columns(
        units=pl.when(pl.col("item_id") == first).then(0).otherwise("units")
    )
    asked = pl.DataFrame({"item_id": [first], "price": [100.0]})
    units = fit_elasticities(silent).predict_units(asked)["units"][0]
    assert 0 < units < 0.3


def test_promotions_may_be_true_or_false(history, model):
    flags = fit_elasticities(history.with_columns(pl.col("promotion") > 0))
    assert flags.table().equals(model.table())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop("price"), "history.price: expected a column of numbers"),
        (lambda f: f.with_columns(price=pl.lit(0.0)), "history.price"),
        (lambda f: f.with_columns(price=pl.lit(float("nan"))), "history.price: expected finite"),
        (lambda f: f.with_columns(price=pl.lit(float("inf"))), "history.price: expected finite"),
        (lambda f: f.with_columns(units=pl.lit(-1)), "history.units: expected values of 0 or more"),
        (lambda f: f.with_columns(units=pl.lit("many")), "history.units: expected numbers"),
        (lambda f: f.with_columns(in_stock_share=pl.lit(1.1)), "history.in_stock_share"),
        (lambda f: f.with_columns(in_stock_share=pl.lit(0.0)), "at least one row with stock"),
        (lambda f: f.with_columns(group_id=pl.arange(pl.len())), "one group an item"),
        (lambda f: pl.concat([f, f]), "history.item_id + period_start: expected one row"),
        (lambda f: f.clear(), "at least one row with stock"),
        (lambda f: f.with_columns(period_start=pl.lit("Monday")), "history.period_start"),
    ],
)
def test_a_bad_history_gives_one_clear_error(history, change, message):
    with pytest.raises(InvalidFrame) as error:
        fit_elasticities(change(history.head(120)))
    assert message in str(error.value)


def test_an_unknown_item_is_named(model):
    with pytest.raises(InvalidFrame, match=r"frame\.item_id: .* found part-999 \(row 1\)"):
        model.predict_units(pl.DataFrame({"item_id": ["part-001", "part-999"], "price": [1.0, 1]}))


def test_item_numbers_where_the_history_has_text_are_refused(model):
    with pytest.raises(InvalidFrame, match="the history's type, String"):
        model.predict_units(pl.DataFrame({"item_id": [1], "price": [1.0]}))


def test_coverage_is_a_share(model):
    with pytest.raises(InvalidInput, match="coverage"):
        model.table(coverage=90)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.with_columns(units=pl.col("units") * 1e9),
        lambda f: f.with_columns(units=pl.lit(0)),
        lambda f: f.with_columns(price=pl.lit(7.0)),
        lambda f: f.with_columns(price=pl.col("price") * 1e15),
        lambda f: f.with_columns(price=(pl.col("price") / 100) ** 30),
        lambda f: f.with_columns(group_id=pl.col("item_id")),
        lambda f: f.with_columns(promotion=pl.lit(1.0)),
        lambda f: f.with_columns(in_stock_share=pl.lit(0.01)),
        lambda f: f.head(2),
    ],
)
def test_extreme_histories_give_finite_answers_below_zero(history, change):
    extreme = change(history.head(600))
    model = fit_elasticities(extreme)
    table = model.table().drop("item_id").to_numpy()
    assert np.isfinite(table).all()
    assert (table < 0).all()
    units = model.predict_units(extreme.select("item_id", "period_start", "price"))["units"]
    assert units.is_finite().all()
