"""What a shop is told of its place."""

from dataclasses import fields, replace

import numpy as np
import pytest

from matching.explanation import explain
from matching.ranking import TERMS, Candidates

SHOP = Candidates(**{field.name: np.array([0.0]) for field in fields(Candidates)})


def texts(**facts: float) -> dict[str, str]:
    shop = replace(SHOP, **{name: np.array([fact]) for name, fact in facts.items()})
    numbers = [0.5] * len(TERMS)
    return {term["term"]: term["text_en"] for term in explain(shop, 0, numbers, numbers, numbers)}


@pytest.mark.parametrize(
    ("facts", "term", "text"),
    [
        ({"travel_minutes": 12.4}, "travel_time", "12 min away"),
        ({"preparation_minutes": 25.6}, "preparation_time", "ready in about 26 min"),
        ({"wait_minutes": 0.0}, "open_now", "open now"),
        ({"wait_minutes": 125.0}, "open_now", "opens in 2 h 05 min"),
        ({"wait_minutes": np.inf}, "open_now", "does not open this week"),
        ({"in_stock_probability": 0.947}, "in_stock", "95% sure to have it"),
        ({"in_stock_probability": np.nan}, "in_stock", "stock not known"),
        ({}, "answer_rate", "not asked yet"),
        (
            {"requests_answered": 8.0, "requests_received": 9.0},
            "answer_rate",
            "answered 8 of 9 requests",
        ),
        ({"answer_minutes_mean": np.nan}, "answer_time", "answer time not known"),
        ({"answer_minutes_mean": 7.2}, "answer_time", "answers in about 7 min"),
        ({}, "on_time_rate", "no deliveries yet"),
        (
            {"deliveries_on_time": 3.0, "deliveries_count": 4.0},
            "on_time_rate",
            "3 of 4 deliveries on time",
        ),
        ({}, "rating", "not rated yet"),
        ({"rating_mean": 4.25, "rating_count": 3.0}, "rating", "rated 4.2 by 3"),
        ({"requests_received": 9.0}, "new_shop", "asked 9 times so far"),
    ],
)
def test_each_fact_has_its_sentence(facts: dict[str, float], term: str, text: str) -> None:
    assert texts(**facts)[term] == text


def test_terms_come_in_the_order_of_the_ranking_in_two_languages() -> None:
    numbers = [float(place) for place in range(len(TERMS))]
    terms = explain(SHOP, 0, numbers, numbers, numbers)
    assert [term["term"] for term in terms] == list(TERMS)
    assert [term["value"] for term in terms] == numbers
    assert all(any("\u0600" <= sign <= "\u06ff" for sign in term["text_ar"]) for term in terms)
