import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Engine

from clutch.errors import NotFound
from orders.invitations import QuoteStands, RequestClosed, decline
from orders.queries import requests
from orders.shop_views import orders_for_shop
from orders.vehicles import Car
from orders.views import order_view
from orders.wishes import PartWish

Statements = Callable[[Engine], AbstractContextManager[list[str]]]
NOON = dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def say_no(street: Any, order_id: Any, shop: Any, *, reason: str | None = None) -> Any:
    with street.as_shop(shop) as session:
        return decline(session, order_id, shop_id=shop, reason=reason, now=NOON + MINUTE)


def test_a_shop_hears_the_car_the_parts_the_area_and_nothing_of_the_customer(street: Any) -> None:
    (shop,) = street.open_shops(1)
    member = street.town.person(shop_id=shop)
    placed = street.order(
        vehicle=Car(make="Toyota", model="Corolla", year=2019, vin="JTDBR32E130012345"),
        parts=[PartWish(number="A-1", quantity=2, condition="used"), PartWish(description="hum")],
        notes="ring at Mona's",
        delivery_address="12 Talaat Harb",
        priority="urgent",
    )
    (event,) = street.heard(f"shop-{shop}", "new-parts-order")
    (invited,) = street.invited(placed["order_id"])
    assert event == {
        "orderId": str(placed["order_id"]),
        "number": placed["number"],
        "vehicle": {
            "make": "Toyota",
            "makeAr": "تويوتا",
            "model": "Corolla",
            "year": 2019,
            "vin": "JTDBR32E130012345",
        },
        "parts": [
            {
                "line": 1,
                "number": "A-1",
                "name": None,
                "description": None,
                "quantity": 2,
                "condition": "used",
                "photoIds": [],
            },
            {
                "line": 2,
                "number": None,
                "name": None,
                "description": "hum",
                "quantity": 1,
                "condition": None,
                "photoIds": [],
            },
        ],
        "area": {
            "name": "Garden City",
            "nameAr": "جاردن سيتي",
            "centre": {"type": "Point", "coordinates": [31.235982, 30.040096]},
            "sizeM": 1_400,
            "distanceBandKm": 2,
        },
        "estimatedDelivery": invited.promise_at.isoformat(),
        "priority": "urgent",
        "expiresAt": (NOON + 120 * MINUTE).isoformat(),
    }
    (note,) = street.town.rows(
        "SELECT type, data FROM notification WHERE user_id = :id", id=member.user_id
    )
    assert note.type == "new_parts_order"
    assert note.data == {
        "order_id": str(placed["order_id"]),
        "number": placed["number"],
        "vehicle": "Toyota Corolla 2019",
        "area": "جاردن سيتي · Garden City",
    }


def test_who_holds_the_part_is_asked_first(street: Any) -> None:
    shops = street.open_shops(12)
    street.town.change(
        "INSERT INTO stock_listing (shop_id, part_key, part_number, quantity, counted_at)"
        " VALUES (:shop, 'A1', 'A-1', 50, :now)",
        shop=shops[-1],
        now=NOON,
    )
    with_number = street.invited(street.order(parts=[PartWish(number="a1")])["order_id"])
    by_name = street.invited(street.order(parts=[PartWish(name="a thing")])["order_id"])
    assert shops[-1] in [row.shop_id for row in with_number]
    assert shops[-1] not in [row.shop_id for row in by_name]


def test_too_few_quotes_in_time_widen_the_circle_and_nobody_is_asked_twice(street: Any) -> None:
    near = street.open_shops(4)
    far = street.open_shops(3, every_km=20)[1:]
    order_id = street.order(asking=street.ruled(per_round=2))["order_id"]
    assert [row.shop_id for row in street.invited(order_id)] == near[:2]
    rules = {"per_round": 2, "quotes_wanted": 2}
    assert street.escalate(order_id, 2, now=NOON + 10 * MINUTE, **rules) == 4
    rows = street.invited(order_id)
    assert {row.shop_id for row in rows if row.round == 2} >= {near[2], near[3]}
    assert street.escalate(order_id, 3, now=NOON + 30 * MINUTE, **rules) == 1
    rows = street.invited(order_id)
    assert {row.shop_id for row in rows} == {*street.shops} >= set(far)
    assert len(rows) == len(street.shops)
    for shop in street.shops:
        assert len(street.heard(f"shop-{shop}", "new-parts-order")) == 1


def test_asking_many_shops_takes_as_many_statements_as_asking_two(
    street: Any, statements: Statements
) -> None:
    for shop in street.open_shops(8):
        street.town.person(shop_id=shop)
    counts = []
    for shops in (2, 8):
        with statements(street.engine) as seen:
            street.order(asking=street.ruled(per_round=shops))
        counts.append(len(seen))
    assert (
        len({row.shop_id for row in street.town.rows("SELECT shop_id FROM order_invitation")}) == 8
    )
    assert counts[0] == counts[1]


def test_a_round_asks_no_farther_than_it_reaches(street: Any) -> None:
    street.open_shops(3, every_km=30)
    order_id = street.order()["order_id"]
    assert street.invited(order_id) == []
    assert street.escalate(order_id, 2, now=NOON) == 2
    assert street.escalate(order_id, 3, now=NOON) == 1


def test_a_round_runs_once_however_often_it_is_called(street: Any) -> None:
    street.open_shops(12)
    order_id = street.order(asking=street.ruled(per_round=2))["order_id"]
    assert street.escalate(order_id, 2, now=NOON, per_round=2) == 4
    assert street.escalate(order_id, 2, now=NOON, per_round=2) == 0
    counts: list[int] = []
    barrier = Barrier(3)

    def again() -> None:
        barrier.wait()
        counts.append(street.escalate(order_id, 3, now=NOON, per_round=2))

    threads = [Thread(target=again) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 6]
    assert len(street.invited(order_id)) == 12


def test_enough_quotes_stop_the_search_until_they_are_gone(street: Any) -> None:
    shops = street.open_shops(6)
    order_id = street.order(asking=street.ruled(per_round=2))["order_id"]
    quote_id = street.quote(order_id, shops[0])
    assert street.escalate(order_id, 2, now=NOON, quotes_wanted=1) == 0
    assert len(street.invited(order_id)) == 2
    street.withdraw(quote_id, shops[0], now=NOON + 119 * MINUTE)
    again, later = street.jobs("orders.escalate")[-1], street.jobs("orders.expire")[-1]
    assert again.args == {"order_id": str(order_id), "round": 2}
    assert later.scheduled_at == NOON + 149 * MINUTE
    (row,) = street.town.rows("SELECT status, expires_at FROM parts_order")
    assert (row.status, row.expires_at) == ("submitted", NOON + 149 * MINUTE)
    assert {row.expires_at for row in street.invited(order_id)} == {NOON + 149 * MINUTE}
    assert street.escalate(order_id, 2, now=NOON + 119 * MINUTE, quotes_wanted=1) == 4


def to_accept(street: Any, order_id: Any) -> Any:
    with street.as_customer() as session:
        order = requests.order(session, order_id)
        whose = {"user_id": street.customer.user_id, "locale": "en"}
        return order_view(session, order, **whose, now=NOON)["quotes"]


def test_the_quote_of_a_shop_that_was_suspended_does_not_stop_the_search(street: Any) -> None:
    shops = street.open_shops(4)
    order_id = street.order(asking=street.ruled(per_round=2))["order_id"]
    street.quote(order_id, shops[0])
    assert to_accept(street, order_id) == {"standing": 1, "lowest_total_piastres": 50_000}
    street.town.change("UPDATE shop SET status = 'suspended' WHERE shop_id = :id", id=shops[0])
    assert to_accept(street, order_id) == {"standing": 0, "lowest_total_piastres": None}
    assert street.escalate(order_id, 2, now=NOON, quotes_wanted=1) == 2
    assert street.status(order_id) == "quoted"


def test_a_quote_and_a_further_round_at_once_both_happen(street: Any) -> None:
    shops = street.open_shops(6)
    order_id = street.order(asking=street.ruled(per_round=2))["order_id"]
    barrier = Barrier(2)

    def quote() -> None:
        barrier.wait()
        street.quote(order_id, shops[0])

    thread = Thread(target=quote)
    thread.start()
    barrier.wait()
    street.escalate(order_id, 2, now=NOON, per_round=2)
    thread.join()
    assert street.status(order_id) == "quoted"
    assert len(street.invited(order_id)) == 6


def test_nobody_is_asked_for_an_order_that_is_agreed_or_over(street: Any) -> None:
    shops = street.open_shops(4)
    order_id = street.order(asking=street.ruled(per_round=1))["order_id"]
    street.accept(order_id, street.quote(order_id, shops[0]))
    assert street.escalate(order_id, 2, now=NOON) == 0
    with pytest.raises(NotFound):
        street.escalate(street.customer.user_id, 2, now=NOON)


def test_when_all_have_declined_more_are_asked_at_once(street: Any) -> None:
    first, second, _ = street.open_shops(3)
    order_id = street.order(asking=street.ruled(per_round=2))["order_id"]
    seen = say_no(street, order_id, first, reason="not ours")
    assert (seen["state"], seen["declined_at"]) == ("declined", NOON + MINUTE)
    assert len(street.jobs("orders.escalate")) == 2
    say_no(street, order_id, second)
    newest = street.jobs("orders.escalate")[-1]
    assert (newest.args, newest.scheduled_at) == ({"order_id": str(order_id), "round": 2}, None)
    say_no(street, order_id, second, reason="again")
    assert len(street.jobs("orders.escalate")) == 3
    rows = {row.shop_id: row.decline_reason for row in street.invited(order_id)}
    assert rows == {first: "not ours", second: None}


def test_a_shop_that_declined_may_think_better_of_it(street: Any) -> None:
    (shop,) = street.open_shops(1)
    order_id = street.order()["order_id"]
    say_no(street, order_id, shop, reason="not ours")
    street.quote(order_id, shop, now=NOON + 2 * MINUTE)
    (row,) = street.invited(order_id)
    assert (row.declined_at, row.decline_reason) == (None, None)
    assert row.answered_at == NOON + 2 * MINUTE
    with street.as_shop(shop) as session:
        listed = orders_for_shop(
            session, shop, only_open=True, limit=9, cursor=None, now=NOON + 3 * MINUTE
        )
    assert [each["state"] for each in listed["requests"]] == ["open"]


def test_who_was_not_asked_has_quoted_or_comes_late_cannot_decline(street: Any) -> None:
    first, second, third = street.open_shops(3)
    order_id = street.order(asking=street.ruled(per_round=2))["order_id"]
    with pytest.raises(NotFound, match="no such order"):
        say_no(street, order_id, third)
    quote_id = street.quote(order_id, first)
    with pytest.raises(QuoteStands) as standing:
        say_no(street, order_id, first)
    assert standing.value.allowed == ["revise", "withdraw"]
    street.accept(order_id, quote_id)
    with pytest.raises(RequestClosed):
        say_no(street, order_id, second)
    assert [row.declined_at for row in street.invited(order_id)] == [None, None]
