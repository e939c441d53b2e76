"""`POST /api/v1/matching/shops` answers what was asked."""

import datetime as dt
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

PATH = "/api/v1/matching/shops"


def ask(client: httpx.Client, question: dict[str, Any], **more: Any) -> Any:
    answer = client.post(PATH, json=question | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_answer_is_as_the_document_says(client: httpx.Client, question: dict[str, Any]) -> None:
    document = client.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/Matches", "components": document["components"]}
    answer = ask(client, question, limit=50)
    assert len(answer["matches"]) == 50
    Draft202012Validator(schema).validate(answer)


def test_ten_shops_are_given_unless_another_number_is_asked_for(
    client: httpx.Client, question: dict[str, Any]
) -> None:
    assert len(ask(client, question)["matches"]) == 10
    assert len(ask(client, question, limit=1)["matches"]) == 1


def test_scores_fall_and_are_the_sums_of_their_contributions(
    client: httpx.Client, question: dict[str, Any]
) -> None:
    matches = ask(client, question, limit=50, parts=[{"number": "A-1"}])["matches"]
    scores = [match["score"] for match in matches]
    assert scores == sorted(scores, reverse=True)
    for match in matches:
        total = sum(term["contribution"] for term in match["explanation"])
        assert total == pytest.approx(match["score"], abs=1e-9)


def test_a_shop_known_to_hold_the_part_joins_from_beyond_the_nearest(
    client: httpx.Client, question: dict[str, Any]
) -> None:
    def names(**more: Any) -> list[str]:
        matches = ask(client, question, limit=50, **more)["matches"]
        return [match["shop"]["name"] for match in matches]

    assert "shop 80" not in names()
    assert "shop 80" in names(parts=[{"number": "a 1"}])
    assert "shop 80" not in names(parts=[{"name": "front brake pads"}])


def test_where_nobody_is_near_the_nearest_distance_is_given(
    client: httpx.Client, question: dict[str, Any]
) -> None:
    far = {"type": "Point", "coordinates": [29.92, 31.2]}
    answer = ask(client, question, delivery_location=far, max_distance_km=1.5)
    assert answer["matches"] == []
    assert answer["nearest_distance_m"] == pytest.approx(180_000, rel=0.02)


def test_a_make_that_no_shop_carries_has_no_nearest(
    client: httpx.Client, question: dict[str, Any]
) -> None:
    answer = ask(client, question, vehicle={"make": "kia"})
    assert (answer["matches"], answer["nearest_distance_m"]) == ([], None)


def test_makes_go_by_their_arabic_names(client: httpx.Client, question: dict[str, Any]) -> None:
    arabic, english = (
        ask(client, question, vehicle={"make": make, "model": "كورولا", "year": 2019})
        for make in ("تويوتا", "Toyota")
    )
    assert [m["shop"] for m in arabic["matches"]] == [m["shop"] for m in english["matches"]]
    assert len(english["matches"]) == 10


def test_promises_are_instants_in_utc_in_their_order(
    client: httpx.Client, question: dict[str, Any]
) -> None:
    delivery = ask(client, question)["matches"][0]["delivery"]
    assert delivery["ready_at"].endswith("Z")
    now = dt.datetime.now(dt.UTC).isoformat()
    assert now < delivery["ready_at"] < delivery["promise_at"]
    assert 0 < delivery["p50_minutes"] <= delivery["p90_minutes"]


def test_answers_are_for_now_and_for_their_caller(
    client: httpx.Client, question: dict[str, Any]
) -> None:
    headers = client.post(PATH, json=question).headers
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
