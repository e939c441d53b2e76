"""The laws of the ranking."""

import datetime as dt
from dataclasses import fields, replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch.errors import InvalidFrame, InvalidInput
from matching.ranking import TERMS, Candidates, Request, Weights, rank, score

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
WEIGHTS = Weights(1, dict.fromkeys(TERMS, 0.1))

counts = st.integers(0, 10_000)
minutes = st.floats(0, 10_000)


@st.composite
def shops(draw: st.DrawFn) -> Candidates:
    received, delivered = draw(counts), draw(counts)
    facts = {
        "distance_m": draw(st.floats(0, 2e7)),
        "travel_minutes": draw(minutes),
        "preparation_minutes": draw(minutes),
        "wait_minutes": draw(minutes | st.just(np.inf)),
        "in_stock_probability": draw(st.floats(0, 1) | st.just(np.nan)),
        "requests_received": received,
        "requests_answered": draw(st.integers(0, received)),
        "answer_minutes_mean": draw(minutes | st.just(np.nan)),
        "deliveries_count": delivered,
        "deliveries_on_time": draw(st.integers(0, delivered)),
        "rating_mean": draw(st.floats(1, 5)),
        "rating_count": draw(counts),
    }
    return Candidates(**{name: np.array([float(fact)]) for name, fact in facts.items()})


def total(candidates: Candidates) -> float:
    return float(score(candidates, WEIGHTS)[2][0])


def frame(**columns: list[object]) -> pl.DataFrame:
    rows = len(next(iter(columns.values())))
    plain = {
        "shop_id": [f"shop {row}" for row in range(rows)],
        "distance_m": [1000.0] * rows,
        "travel_minutes": [10.0] * rows,
        "preparation_minutes": [20.0] * rows,
        "opens_at": [NOW] * rows,
        "in_stock_probability": [0.5] * rows,
        "requests_received": [40] * rows,
        "requests_answered": [30] * rows,
        "answer_minutes_mean": [12.0] * rows,
        "deliveries_count": [20] * rows,
        "deliveries_on_time": [18] * rows,
        "rating_mean": [4.0] * rows,
        "rating_count": [10] * rows,
    }
    return pl.DataFrame(plain | columns)


@given(shops())
def test_every_value_lies_between_nought_and_one(shop: Candidates) -> None:
    values, _, _ = score(shop, WEIGHTS)
    assert ((values >= 0) & (values <= 1)).all()


@given(shops())
def test_contributions_sum_to_the_score(shop: Candidates) -> None:
    _, contributions, scores = score(shop, WEIGHTS)
    assert abs(sum(contributions[0].tolist()) - scores[0]) < 1e-9


@given(shops(), st.floats(0, 1000))
def test_nearer_in_time_is_never_worse_all_else_equal(shop: Candidates, less: float) -> None:
    nearer = replace(shop, travel_minutes=np.maximum(shop.travel_minutes - less, 0))
    assert total(nearer) >= total(shop)


@given(shops(), st.floats(0, 1000))
def test_opening_later_is_never_better(shop: Candidates, more: float) -> None:
    assert total(replace(shop, wait_minutes=shop.wait_minutes + more)) <= total(shop)


@given(shops(), st.integers(1, 500))
def test_the_same_mean_from_more_ratings_moves_the_score_less_and_less(
    shop: Candidates, count: int
) -> None:
    excellent = replace(shop, rating_mean=np.array([5.0]))
    once, twice, thrice = (
        total(replace(excellent, rating_count=np.array([float(times * count)])))
        for times in (1, 2, 3)
    )
    assert once <= twice <= thrice
    assert thrice - twice <= twice - once + 1e-12


def test_a_rating_is_shrunk_to_the_fleet_by_its_count() -> None:
    shop = Candidates(**{field.name: np.zeros(1) for field in fields(Candidates)})
    one_five = replace(shop, rating_mean=np.array([5.0]), rating_count=np.array([1.0]))
    values, _, _ = score(one_five, WEIGHTS)
    # (5 + 12 x 3.9) / 13 stars, on a scale from 1 to 5
    assert values[0, TERMS.index("rating")] == pytest.approx(((5 + 12 * 3.9) / 13 - 1) / 4)


def test_the_bonus_of_a_new_shop_ends_after_thirty_requests() -> None:
    shop = Candidates(**{field.name: np.zeros(3) for field in fields(Candidates)})
    asked = replace(shop, requests_received=np.array([0.0, 15.0, 30.0]))
    values, _, _ = score(asked, WEIGHTS)
    assert values[:, TERMS.index("new_shop")].tolist() == [1.0, 0.5, 0.0]


def test_equal_scores_are_ordered_by_distance_then_by_shop() -> None:
    ranked = rank(
        frame(shop_id=["b", "c", "a"], distance_m=[5.0, 4.0, 5.0]), Request(), WEIGHTS, NOW
    )
    assert ranked["shop_id"].to_list() == ["c", "a", "b"]


def test_the_order_of_the_rows_does_not_matter() -> None:
    shops = frame(travel_minutes=[30.0, 5.0, 12.0], rating_mean=[5.0, 3.0, None])
    assert rank(shops, Request(), WEIGHTS, NOW).equals(
        rank(shops.reverse(), Request(), WEIGHTS, NOW)
    )


def test_a_row_shows_a_value_and_a_contribution_for_each_term() -> None:
    ranked = rank(frame(travel_minutes=[3.0, 4.0]), Request(limit=1), WEIGHTS, NOW)
    assert ranked.height == 1
    contributions = sum(ranked[f"{term}_contribution"][0] for term in TERMS)
    assert contributions == pytest.approx(ranked["score"][0], abs=1e-9)
    assert ranked["travel_time_value"][0] == pytest.approx(np.exp(-3 / 25))


def test_a_closed_shop_ranks_below_the_same_shop_open() -> None:
    later = NOW + dt.timedelta(hours=3)
    ranked = rank(frame(opens_at=[later, NOW, None]), Request(), WEIGHTS, NOW)
    assert ranked["shop_id"].to_list() == ["shop 1", "shop 0", "shop 2"]
    assert ranked["open_now_value"].to_list() == pytest.approx([1.0, np.exp(-1), 0.0])


def test_shops_beyond_the_distance_are_left_out() -> None:
    ranked = rank(frame(distance_m=[900.0, 1100.0]), Request(max_distance_m=1000), WEIGHTS, NOW)
    assert ranked["shop_id"].to_list() == ["shop 0"]


def test_removing_the_weight_of_a_term_removes_its_part_of_the_score() -> None:
    without = Weights(2, {**WEIGHTS.by_term, "rating": 0.0})
    shops = frame(rating_mean=[2.0, 5.0])
    both = rank(shops, Request(), WEIGHTS, NOW), rank(shops, Request(), without, NOW)
    assert both[0]["shop_id"].to_list() == ["shop 1", "shop 0"]
    assert both[1]["shop_id"].to_list() == ["shop 0", "shop 1"]


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("travel_minutes", [-1.0], "values of 0 or more"),
        ("travel_minutes", [float("nan")], "finite numbers"),
        ("rating_mean", [6.0], "values of 5 or less"),
        ("in_stock_probability", [True], "numbers"),
    ],
)
def test_an_unusable_column_is_named(column: str, values: list[object], expected: str) -> None:
    with pytest.raises(InvalidFrame) as raised:
        rank(frame(**{column: values}), Request(), WEIGHTS, NOW)
    assert raised.value.field == f"candidates.{column}"
    assert raised.value.expected == expected


def test_weights_must_name_every_term() -> None:
    with pytest.raises(InvalidInput, match="weights: expected one for each of travel_time"):
        Weights(1, {"travel_time": 1.0})
    with pytest.raises(InvalidInput, match=r"weights\.rating: expected a number of 0 or more"):
        Weights(1, {**WEIGHTS.by_term, "rating": float("nan")})
