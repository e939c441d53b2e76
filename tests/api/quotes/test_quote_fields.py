"""Bad fields of quotes are named, and nothing is kept."""

from typing import Any

import pytest

from clutch.ids import uuid7

PROVIDE = "/api/v1/shop-quotes/provide-quote"


def priced(line: int, price: Any, **more: Any) -> dict[str, Any]:
    return {"line": line, "availability": "in_stock", "unit_price_piastres": price, **more}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"order_id": "17"}, "order_id"),
        ({"lines": []}, "lines"),
        ({"lines": [priced(1, 5)] * 51}, "lines"),
        ({"delivery_fee_piastres": -1}, "delivery_fee_piastres"),
        ({"delivery_fee_piastres": 1.5}, "delivery_fee_piastres"),
        ({"preparation_minutes": True}, "preparation_minutes"),
        ({"note": "\x00"}, "note"),
        ({"note": " \n "}, "note"),
        ({"lines": [priced(1, 5, brand=" ")]}, "lines[0].brand"),
        ({"lines": [priced(1, 5, part_number=" ")]}, "lines[0].part_number"),
        ({"price": 1}, "price"),
        ({"lines": [priced(1, 5), priced(2, 0)]}, "lines[1].unit_price_piastres"),
        ({"lines": [priced(1, 5), priced(2, 10**10 + 1)]}, "lines[1].unit_price_piastres"),
        ({"lines": [priced(1, 5), priced(2, 12.5)]}, "lines[1].unit_price_piastres"),
        ({"lines": [priced(1, 5), priced(2, "5")]}, "lines[1].unit_price_piastres"),
        (
            {"lines": [priced(1, 5), {"line": 2, "availability": "in_stock"}]},
            "lines[1].unit_price_piastres",
        ),
        ({"lines": [priced(1, 5), priced(2, 5, quantity=2)]}, "lines[1].quantity"),
        ({"lines": [priced(1, 5), priced(3, 5)]}, "lines[1].line"),
        ({"lines": [priced(1, 5), priced(1, 5)]}, "lines[1].line"),
        ({"lines": [priced(1, 5, condition="new")]}, "lines[0].condition"),
        ({"lines": [priced(1, 5, warranty_months=121)]}, "lines[0].warranty_months"),
        ({"lines": [priced(1, 5, available_in_hours=2)]}, "lines[0].available_in_hours"),
        ({"lines": [{"line": 1, "availability": "missing"}]}, "lines"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_kept(
    scene: Any, changes: dict[str, Any], field: str
) -> None:
    order = scene.order(1, 1)
    body = {"order_id": str(order), "lines": [priced(1, 5)], **changes}
    answer = scene.http.post(PROVIDE, json=body, headers=scene.shop.headers)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
    assert scene.count("quote WHERE order_id = :o", order) == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"quote_id": "1", "payment_method": "card"}, "quote_id"),
        ({"quote_id": str(uuid7()), "payment_method": "gold"}, "payment_method"),
        ({"payment_method": "card"}, "quote_id"),
    ],
)
def test_a_bad_acceptance_is_named(scene: Any, body: dict[str, Any], field: str) -> None:
    answer = scene.http.post(
        f"/api/v1/auto-parts-orders/{scene.order()}/accept-quote",
        json=body,
        headers=scene.customer.headers,
    )
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("arrive_by", "status"),
    [("2026-11-22T10:00:00Z", 200), ("2026-11-22T10:00:00", 422), ("soon", 422)],
)
def test_a_time_to_arrive_by_says_its_zone(scene: Any, arrive_by: str, status: int) -> None:
    order = scene.order()
    scene.provide(scene.shop, order)
    answer = scene.http.get(
        f"/api/v1/auto-parts-orders/{order}/quotes",
        params={"arrive_by": arrive_by},
        headers=scene.customer.headers,
    )
    assert answer.status_code == status
