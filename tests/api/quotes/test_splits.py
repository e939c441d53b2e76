"""Accepting a split over HTTP: who may, what is refused, and what each side sees after."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from clutch.ids import uuid7

OrderId = UUID | str


def priced(line: int, price: int, **more: Any) -> dict[str, Any]:
    return {"line": line, "availability": "in_stock", "unit_price_piastres": price, **more}


def path(order_id: OrderId) -> str:
    return f"/api/v1/auto-parts-orders/{order_id}"


def split(scene: Any, person: Any, order_id: OrderId, choices: Any, **headers: str) -> Any:
    return scene.http.post(
        f"{path(order_id)}/accept-split",
        json={"choices": choices, "payment_method": "cash_on_delivery"},
        headers={**person.headers, **headers},
    )


def choice(quote_id: str, *units: tuple[int, int]) -> dict[str, Any]:
    return {
        "quote_id": quote_id,
        "units": [{"line": line, "quantity": quantity} for line, quantity in units],
    }


def two_quotes(scene: Any) -> tuple[UUID, str, str]:
    """Make an order of three lines, and a quote of either shop for all of it."""
    order_id = scene.order(2, 1, 1)
    first, second = (
        scene.provide(person, order_id, *[priced(line, price) for line, price in prices]).json()
        for person, prices in (
            (scene.shop, [(1, 500), (2, 900), (3, 50)]),
            (scene.rival, [(1, 600), (2, 700), (3, 60)]),
        )
    )
    return order_id, first["quote_id"], second["quote_id"]


def nothing_agreed(scene: Any, order_id: UUID) -> bool:
    kept = scene.count("quote WHERE order_id = :o AND status = 'submitted'", order_id)
    made = [
        scene.count(f"{table} WHERE order_id = :o", order_id) for table in ("payment", "delivery")
    ]
    return (kept, made) == (2, [0, 0]) and siblings(scene, order_id) == 0


def siblings(scene: Any, order_id: UUID) -> int:
    return int(scene.count("parts_order WHERE divided_from = :o", order_id))


def test_a_quote_that_was_revised_is_not_split_as_it_was_read(scene: Any) -> None:
    order_id, first, second = two_quotes(scene)
    dearer = {"lines": [priced(2, 7_000)]}
    scene.http.put(f"/api/v1/shop-quotes/{second}", json=dearer, headers=scene.rival.headers)
    choices = [choice(first, (1, 2)), {**choice(second, (2, 1)), "revision": 1}]
    refused = split(scene, scene.customer, order_id, choices)
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:clutch:problem:quote-revised",
    )
    assert nothing_agreed(scene, order_id)


def test_the_split_of_the_comparison_is_accepted_and_each_order_goes_its_way(scene: Any) -> None:
    order_id, first, second = two_quotes(scene)
    compared = scene.http.get(f"{path(order_id)}/quotes", headers=scene.customer.headers).json()
    offered = compared["split"]
    choices = [
        {"quote_id": each["quote_id"], "revision": each["revision"], "units": each["lines"]}
        for each in offered["shops"]
    ]
    answer = split(scene, scene.customer, order_id, choices)
    assert answer.status_code == 200
    divided = answer.json()
    assert divided["total_piastres"] == offered["total_piastres"] == 1_750
    assert divided["unbought"] == []
    kept, sibling = divided["orders"]
    assert (kept["order_id"], kept["quote"]["quote_id"]) == (str(order_id), first)
    assert kept["payment"]["amount_piastres"] == 1_050
    assert sibling["payment"]["amount_piastres"] == 700
    assert sibling["quote"]["quote_id"] != second

    listed = scene.http.get(
        f"/api/v1/auto-parts-orders/user/{scene.customer.user_id}",
        params={"status": "accepted", "limit": 100},
        headers=scene.customer.headers,
    ).json()["orders"]
    origins = {each["order_id"]: each["divided_from"] for each in listed}
    assert origins[sibling["order_id"]] == str(order_id)
    assert origins[str(order_id)] is None

    lapsed = scene.http.get(f"/api/v1/shop-quotes/{second}", headers=scene.rival.headers).json()
    assert (lapsed["status"], lapsed["outcome_reason"]) == ("lapsed", "divided")
    own = path(sibling["order_id"])
    assert scene.http.get(own, headers=scene.shop.headers).status_code == 404
    won = scene.http.get(own, headers=scene.rival.headers).json()
    assert (won["state"], won["divided_from"]) == ("won", str(order_id))

    cancelled = scene.http.post(f"{path(order_id)}/cancel", headers=scene.customer.headers, json={})
    assert cancelled.json()["status"] == "cancelled"
    delivery, staff = f"/api/v1/deliveries/{sibling['delivery_id']}", scene.rival.headers
    assert scene.http.post(f"{delivery}/start", headers=staff).status_code == 200
    courier = {"courier_name": "Karim", "courier_phone": "+201012345678"}
    assert scene.http.post(f"{delivery}/assign", json=courier, headers=staff).status_code == 200
    assert scene.http.post(f"{delivery}/pick-up", headers=staff).status_code == 200
    proof = {"received_by": "Mona", "collected_piastres": 700}
    delivered = scene.http.post(f"{delivery}/deliver", json=proof, headers=staff)
    assert delivered.status_code == 200
    rated = scene.http.post(f"{own}/rating", json={"stars": 5}, headers=scene.customer.headers)
    assert rated.status_code == 201
    seen = scene.http.get(own, headers=scene.customer.headers).json()
    assert (seen["status"], seen["payment_status"]) == ("delivered", "paid")


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ([("first", (1, 1))], "choices"),
        ([], "choices"),
        ([("first", (1, 1)), ("second",)], "choices[1].units"),
        ([("first", (1, 1)), ("first", (2, 1))], "choices[1].quote_id"),
        ([("first", (1, 1)), ("second", (4, 1))], "choices[1].units[0].line"),
        ([("first", (1, 0)), ("second", (2, 1))], "choices[0].units[0].quantity"),
        ([("first", (1, 3)), ("second", (2, 1))], "choices[0].units[0].quantity"),
        ([("first", (1, 2)), ("second", (2, 1), (1, 1))], "choices[1].units[1].quantity"),
    ],
)
def test_a_bad_choice_is_named_and_nothing_is_kept(scene: Any, choices: Any, field: str) -> None:
    order_id, first, second = two_quotes(scene)
    ids = {"first": first, "second": second}
    asked = [choice(ids[name], *units) for name, *units in choices]
    answer = split(scene, scene.customer, order_id, asked)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["field"] == field
    assert nothing_agreed(scene, order_id)


def test_one_choice_is_pointed_at_accepting_a_quote(scene: Any) -> None:
    order_id, first, _ = two_quotes(scene)
    answer = split(scene, scene.customer, order_id, [choice(first, (1, 1))])
    assert "accept-quote" in answer.text


def test_strangers_shops_and_nobody_are_turned_away(scene: Any) -> None:
    order_id, first, second = two_quotes(scene)
    choices = [choice(first, (1, 2)), choice(second, (2, 1))]
    for person in (scene.town.person(), scene.shop):
        there = split(scene, person, order_id, choices)
        missing = split(scene, person, uuid7(), choices)
        assert there.status_code == 404
        assert there.content == missing.content
    assert scene.http.post(f"{path(order_id)}/accept-split", json={}).status_code == 401
    other = split(scene, scene.customer, scene.order(2, 1, 1), choices)
    assert (other.status_code, other.json()["detail"]) == (404, "no such quote")
    assert nothing_agreed(scene, order_id)


def test_a_withdrawn_quote_among_them_keeps_all_from_happening(scene: Any) -> None:
    order_id, first, second = two_quotes(scene)
    scene.http.delete(f"/api/v1/shop-quotes/{second}", headers=scene.rival.headers)
    choices = [choice(first, (1, 2)), choice(second, (2, 1))]
    answer = split(scene, scene.customer, order_id, choices)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:clutch:problem:quote-ended"
    assert answer.json()["allowed"] == ["accept another quote"]
    assert scene.count("quote WHERE order_id = :o AND status = 'submitted'", order_id) == 1
    assert siblings(scene, order_id) == 0


def test_one_request_sent_thrice_at_once_is_done_once_and_answered_thrice(scene: Any) -> None:
    order_id, first, second = two_quotes(scene)
    choices = [choice(first, (1, 2)), choice(second, (2, 1))]
    key = {"Idempotency-Key": f"split-{order_id}"}
    with ThreadPoolExecutor(3) as pool:
        answers = list(
            pool.map(lambda _: split(scene, scene.customer, order_id, choices, **key), range(3))
        )
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["unbought"] == [{"line": 3, "quantity": 1}]
    assert siblings(scene, order_id) == 1
    again = split(scene, scene.customer, order_id, choices)
    assert again.status_code == 409
    assert again.json()["type"] == "urn:clutch:problem:transition-refused"
