import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clutch.errors import InvalidFrame
from pricing import GuardRails, fit_win_probability

SLOPES = np.array([-5.0, -8.0, -6.0])


def _quotes(requests: int, *, seed: int, shops: int = 30) -> pl.DataFrame:
    """Three groups; shop k has quality k-th of a normal draw and asks more for it."""
    draw = np.random.default_rng(seed)
    quality = np.random.default_rng(1).normal(0, 0.5, shops)
    group = draw.integers(0, 3, requests)
    count = draw.integers(1, 7, requests)
    request = np.repeat(np.arange(requests), count)
    shop = np.concatenate([draw.permutation(shops)[:n] for n in count])
    relative = 0.1 * quality[shop] + draw.normal(0, 0.12, len(shop))
    utility = SLOPES[group[request]] * relative + quality[shop] + draw.gumbel(size=len(shop))
    best = np.full(requests, -np.inf)
    np.maximum.at(best, request, utility)
    bought = best > draw.gumbel(size=requests) - 0.5
    reference = np.exp(draw.normal(6, 1, requests))[request]
    return pl.DataFrame(
        {
            "request_id": request,
            "shop_id": shop,
            "group_id": group[request],
            "price": reference * np.exp(relative),
            "reference_price": reference,
            "won": (utility == best[request]) & bought[request],
        }
    )


@pytest.fixture(scope="module")
def quotes() -> pl.DataFrame:
    return _quotes(3_000, seed=1)


@pytest.fixture(scope="module")
def wins(quotes):
    return fit_win_probability(quotes)


def test_known_slopes_are_recovered(wins):
    assert wins.groups["slope"].to_numpy() == pytest.approx(SLOPES, abs=0.8)


def test_a_better_shop_that_asks_more_is_seen_as_better(wins):
    quality = np.random.default_rng(1).normal(0, 0.5, 30)
    assert np.corrcoef(wins.shops["effect"].to_numpy(), quality)[0, 1] > 0.85


def test_chances_come_true(wins):
    later = _quotes(3_000, seed=2)
    chance = wins.win_probability(later.drop("won")).to_numpy()
    won = later["won"].to_numpy()
    parts = np.array_split(np.argsort(chance), 10)
    gaps = [abs(chance[part].mean() - won[part].mean()) for part in parts]
    assert np.mean(gaps) < 0.03


@settings(max_examples=30, deadline=None)
@given(
    group=st.integers(0, 2),
    shop=st.sampled_from([None, 0, 7, 29]),
    price=st.floats(1, 1e4),
    dearer=st.floats(1, 3),
)
def test_dearer_never_wins_more(wins, group, shop, price, dearer):
    curve = wins.curve(
        group_id=group, shop_id=shop, reference_price=400.0, prices=[price, price * dearer]
    )
    cheap, dear = curve["win_probability"]
    assert dear <= cheap
    assert (curve["lower"] <= curve["win_probability"]).all()
    assert (curve["win_probability"] <= curve["upper"]).all()


def test_the_unit_of_money_does_not_matter(quotes, wins):
    money = pl.col("price", "reference_price") * 100
    other = fit_win_probability(quotes.with_columns(money))
    asked = quotes.head(50).drop("won")
    gap = other.win_probability(asked.with_columns(money)) - wins.win_probability(asked)
    assert gap.abs().max() < 1e-6


def test_row_order_does_not_matter(quotes, wins):
    shuffled = fit_win_probability(quotes.sample(fraction=1.0, shuffle=True, seed=1))
    asked = quotes.head(50).drop("won")
    gap = shuffled.win_probability(asked) - wins.win_probability(asked)
    assert gap.abs().max() < 1e-9


def test_the_best_price_beats_every_price_of_the_curve(wins):
    asked = pl.DataFrame(
        {"group_id": [1], "reference_price": [400.0], "unit_cost": [300.0], "shop_id": [4]}
    )
    best = wins.best_prices(asked).row(0, named=True)
    curve = wins.curve(group_id=1, reference_price=400.0, unit_cost=300.0, shop_id=4)
    assert best["expected_margin"] >= curve["expected_margin"].max() * (1 - 1e-3)
    assert 300 < best["price"] < 600
    margin = (best["price"] - 300) * best["win_probability"]
    assert best["expected_margin"] == pytest.approx(margin)


def test_a_dearer_part_is_quoted_higher(wins):
    asked = pl.DataFrame({"group_id": [0, 0], "unit_cost": [250.0, 330.0]})
    low, high = wins.best_prices(asked.with_columns(reference_price=pl.lit(400.0)))["price"]
    assert high > low


def test_no_price_is_advised_beyond_what_was_ever_quoted(wins):
    asked = pl.DataFrame({"group_id": [0], "reference_price": [400.0], "unit_cost": [2000.0]})
    found = wins.best_prices(asked, GuardRails(margin_floor=None)).row(0, named=True)
    assert "evidence_range" in found["clamps"]
    assert found["price"] <= 400 * np.exp(wins.greatest) * (1 + 1e-9)


def test_guard_rails_hold_and_are_named(wins):
    asked = pl.DataFrame({"group_id": [0], "reference_price": [400.0], "unit_cost": [300.0]})
    rails = GuardRails(margin_floor=0.4, ending_step=25)
    found = wins.best_prices(asked, rails).row(0, named=True)
    assert found["price"] == 500.0
    assert found["clamps"] == ["margin_floor"]


def test_prices_of_a_rival_cannot_be_told(quotes):
    """One rival's prices move no number given on a group by more than one quote among many can."""
    moved = quotes.with_columns(
        price=pl.when(pl.col("shop_id") == 3).then(pl.col("price") * 1.05).otherwise("price")
    )
    asked = quotes.filter(pl.col("shop_id") != 3).head(200).drop("won")
    before, after = (fit_win_probability(frame) for frame in (quotes, moved))
    gap = after.win_probability(asked) - before.win_probability(asked)
    assert gap.abs().max() < 0.02


def test_a_group_with_few_shops_shows_only_what_all_groups_met(quotes):
    lonely = quotes.head(60).filter(pl.col("shop_id") < 5).unique("request_id", keep="first")
    lonely = lonely.with_columns(
        group_id=pl.lit(9, pl.Int64), request_id=pl.col("request_id") + 9999
    )
    model = fit_win_probability(pl.concat([quotes, lonely.select(quotes.columns)]))
    groups = model.groups.filter(pl.col("group_id") == 9)
    assert groups.height == 1
    others = np.stack(model.groups.filter(pl.col("group_id") != 9)["rivals"].to_list())
    own = np.array(groups["rivals"][0])
    assert (own >= others.min(0) - 0.05).all()
    assert (own <= others.max(0) + 0.05).all()


def test_missing_ratings_are_average_ones(quotes):
    rated = quotes.with_columns(shop_rating=pl.lit(None, pl.Float64), delivery_minutes=pl.lit(40.0))
    model = fit_win_probability(rated)
    assert np.isfinite(model.win_probability(rated.head(20).drop("won")).to_numpy()).all()


def test_quotes_may_come_without_shops_or_references(quotes):
    model = fit_win_probability(quotes.drop("shop_id", "reference_price"))
    asked = pl.DataFrame({"group_id": [0, 0], "price": [300.0, 500.0]})
    cheap, dear = model.win_probability(asked)
    assert dear < cheap


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop("won"), "quotes.won"),
        (lambda f: f.with_columns(won=pl.lit(0.5)), "quotes.won: expected true or false"),
        (lambda f: f.with_columns(won=pl.lit(value=True)), "at most one won quote a request"),
        (lambda f: f.with_columns(price=pl.lit(0.0)), "quotes.price"),
        (lambda f: f.with_columns(group_id=pl.arange(pl.len())), "one group a request"),
        (lambda f: f.with_columns(shop_id=pl.lit(1)), "one quote for each"),
        (lambda f: f.filter(pl.col("shop_id") < 5), "quotes of more than 5 shops"),
        (lambda f: f.clear(), "quotes of more than 5 shops"),
    ],
)
def test_bad_quotes_give_one_clear_error(quotes, change, message):
    with pytest.raises(InvalidFrame) as error:
        fit_win_probability(change(quotes))
    assert message in str(error.value)


def test_an_unknown_group_is_named(wins):
    with pytest.raises(InvalidFrame, match=r"asked\.group_id: .* found 77"):
        wins.win_probability(pl.DataFrame({"group_id": [77], "price": [10.0]}))


def test_shops_in_another_type_are_refused_and_other_integers_are_not(quotes, wins):
    asked = quotes.head(5).drop("won")
    narrow = wins.win_probability(asked.with_columns(pl.col("shop_id").cast(pl.Int16)))
    assert narrow.equals(wins.win_probability(asked))
    with pytest.raises(InvalidFrame, match=r"asked\.shop_id: expected the quotes' type, Int64"):
        wins.win_probability(asked.with_columns(pl.col("shop_id").cast(pl.String)))
