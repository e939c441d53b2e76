"""Accepting a split: each shop's part becomes an order of its own, all of them or none."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from accounts.audit import AuditRow, verdict
from clutch.errors import NotFound
from orders.invitations import Asking, Rules
from orders.queries import requests
from orders.quotes import quote_view
from orders.quoting import Offer
from orders.requests import copy_order
from orders.shop_views import order_for_shop
from orders.views import order_view
from storage.session import Tenant

Offering = Callable[..., Offer]


def quotes_of(fair: Any, order_id: UUID) -> dict[UUID, tuple[str, str | None]]:
    rows = fair.town.rows("SELECT * FROM quote WHERE order_id = :o", o=order_id)
    return {row.shop_id: (row.status, row.outcome_reason) for row in rows}


def test_each_shops_part_becomes_an_order_of_its_own(
    fair: Any, offering: Offering, noon: dt.datetime
) -> None:
    customer, loser = fair.town.person(), fair.shop("Loser")
    small, large = fair.shop("Small", fee=300), fair.shop("Large", fee=500)
    order = fair.town.order(customer, shops=[small, large, loser], quantities=(3, 1, 2), at=noon)
    of_small = fair.provide(small, order, offering(1_000, 9_000, 700))["quote_id"]
    of_large = fair.provide(large, order, offering(1_100, 7_000, None))["quote_id"]
    fair.provide(loser, order, offering(5_000, 9_900, 900))
    now = noon + dt.timedelta(hours=1)

    answer = fair.split(
        customer.user_id, order, {of_small: {1: 2, 3: 1}, of_large: {2: 1, 1: 1}}, now=now
    )

    kept, sibling = answer["orders"]
    assert answer["unbought"] == [{"line": 3, "quantity": 1}]
    assert answer["total_piastres"] == 8_600 + 3_000
    assert (kept["order_id"], kept["quote"]["quote_id"]) == (order, of_large)
    assert sibling["order_id"] != order
    assert sibling["order_number"] != kept["order_number"]
    assert {each["status"] for each in answer["orders"]} == {"accepted"}
    seen = [
        [(line["line"], line["quantity"], line["unit_price_piastres"]) for line in quote["lines"]]
        for quote in (kept["quote"], sibling["quote"])
    ]
    assert seen == [[(1, 1, 1_100), (2, 1, 7_000)], [(1, 2, 1_000), (3, 1, 700)]]
    sums = [
        (quote["parts_piastres"], quote["delivery_fee_piastres"], quote["total_piastres"])
        for quote in (kept["quote"], sibling["quote"])
    ]
    assert sums == [(8_100, 500, 8_600), (2_700, 300, 3_000)]
    for each, shop, due in ((kept, large, 8_600), (sibling, small, 3_000)):
        (paid,) = fair.town.rows("SELECT * FROM payment WHERE order_id = :o", o=each["order_id"])
        assert (paid.shop_id, paid.amount_piastres, paid.status) == (shop, due, "pending")
        assert paid.payment_id == each["payment"]["payment_id"]
        (brought,) = fair.town.rows(
            "SELECT * FROM delivery WHERE order_id = :o", o=each["order_id"]
        )
        assert (brought.delivery_id, brought.shop_id) == (each["delivery_id"], shop)
        assert brought.promise_at == each["quote"]["promise_at"] > now
    assert quotes_of(fair, order) == {
        large: ("accepted", None),
        small: ("lapsed", "divided"),
        loser: ("lapsed", "another_quote_accepted"),
    }
    assert quotes_of(fair, sibling["order_id"]) == {small: ("accepted", None)}
    (ended,) = fair.town.rows("SELECT * FROM quote WHERE quote_id = :q", q=of_small)
    assert ended.total_piastres == 3 * 1_000 + 9_000 + 2 * 700 + 300


def test_a_sibling_is_the_same_request_for_fewer_parts(
    fair: Any, offering: Offering, noon: dt.datetime
) -> None:
    customer, one, two = fair.town.person(), fair.shop("One"), fair.shop("Two")
    order = fair.town.order(customer, shops=[one, two], quantities=(2, 1), at=noon)
    fair.town.change(
        "UPDATE parts_order SET notes = 'ring twice', delivery_address = '12 Talaat Harb',"
        " priority = 'urgent', vin = 'KMHCN41DBCU123456' WHERE order_id = :o",
        o=order,
    )
    first = fair.provide(one, order, offering(900, 100))["quote_id"]
    second = fair.provide(two, order, offering(100, 400))["quote_id"]
    now = noon + dt.timedelta(minutes=5)
    kept, sibling = fair.split(
        customer.user_id, order, {second: {2: 1}, first: {1: 2}}, method="card", now=now
    )["orders"]

    same = (
        "user_id, vehicle_id, brand_id, vin, delivery_address, notes, priority, submitted_at,"
        " created_at, expires_at, status, payment_method, CAST(delivery_point AS text) AS point,"
        " CAST(cell AS text) AS cell"
    )
    rows = [
        fair.town.rows(f"SELECT {same} FROM parts_order WHERE order_id = :o", o=each["order_id"])  # noqa: S608
        for each in (kept, sibling)
    ]
    assert rows[0] == rows[1]
    with fair.act(Tenant(user_id=customer.user_id)) as session:
        views = [
            order_view(
                session,
                requests.order_for_update(session, each["order_id"]),
                user_id=customer.user_id,
                locale="en",
                now=now,
            )
            for each in (kept, sibling)
        ]
    assert [view["divided_from"] for view in views] == [None, order]
    asked = [[(part["line"], part["quantity"]) for part in view["parts"]] for view in views]
    assert asked == [[(1, 2), (2, 1)], [(2, 1)]]
    assert [view["selected_quote_id"] for view in views] == [
        first, sibling["quote"]["quote_id"],
    ]  # fmt: skip
    said = "The customer divided the order: each shop's part is an order of its own."
    steps = [
        [(step["from_status"], step["to_status"], step["by"], step["reason"]) for step in history]
        for history in (view["history"] for view in views)
    ]
    assert steps[0][-1] == ("quoted", "accepted", "customer", said)
    assert steps[1] == [(None, "accepted", "customer", said)]
    assert views[1]["next_statuses"] == ["cancelled"]
    with fair.act(Tenant(user_id=customer.user_id)) as session:
        copied = copy_order(
            session,
            sibling["order_id"],
            submit=False,
            asking=Asking(fair.knowledge, Rules()),
            user_id=customer.user_id,
            actor="user",
            locale="en",
            now=now,
        )
    assert copied["divided_from"] is None
    assert [part["quantity"] for part in copied["parts"]] == [1]


def test_all_are_told_as_when_one_quote_is_accepted(
    fair: Any, offering: Offering, noon: dt.datetime
) -> None:
    customer, one, two = fair.town.person(), fair.shop("One"), fair.shop("Two")
    order = fair.town.order(customer, shops=[one, two], quantities=(1, 1), at=noon)
    first = fair.provide(one, order, offering(900, 100))["quote_id"]
    second = fair.provide(two, order, offering(100, 400))["quote_id"]
    kept, sibling = fair.split(customer.user_id, order, {first: {1: 1}, second: {2: 1}})["orders"]
    told = [
        (event, payload["orderId"], payload.get("reason") or payload.get("totalPrice"))
        for event, payload in fair.events(f"shop-{two}")
    ]
    own = str(sibling["order_id"])
    assert told == [
        ("quote-lapsed", str(order), "divided"),
        ("order-status-update", own, None),
        ("quote-accepted", own, 400),
    ]
    heard = Counter(event for event, _ in fair.events(f"shop-{one}"))
    assert heard == {"order-status-update": 1, "quote-accepted": 1}
    news = [
        (payload["orderId"], payload["status"])
        for event, payload in fair.events(f"user-{customer.user_id}")
        if event == "order-status-update" and payload["status"] == "accepted"
    ]
    assert news == [(str(order), "accepted"), (own, "accepted")]
    notes = fair.town.rows(
        "SELECT type, message FROM notification JOIN shop_member USING (user_id)"
        " WHERE shop_id = :two AND type LIKE 'quote_%'",
        two=two,
    )
    assert [note.type for note in notes] == ["quote_accepted"]
    assert sibling["order_number"] in notes[0].message
    rows = [AuditRow(*row) for row in fair.town.rows("SELECT * FROM audit_entry ORDER BY sequence")]
    assert verdict(rows)["whole"]
    entries = {row.subject: row for row in rows if row.act == "quote.accepted"}
    assert "divided_from" not in entries[f"order:{order}"].detail
    assert entries[f"order:{own}"].detail["divided_from"] == str(order)
    assert kept["order_id"] == order


def test_delivery_is_paid_again_where_too_little_is_left_for_it_to_be_free(
    fair: Any, offering: Offering, noon: dt.datetime
) -> None:
    customer = fair.town.person()
    one, two = fair.shop(fee=700, free_from=5_000), fair.shop(fee=400, free_from=2_000)
    order = fair.town.order(customer, shops=[one, two], quantities=(2, 2), at=noon)
    first = fair.provide(one, order, offering(2_000, 1_000))
    second = fair.provide(two, order, offering(1_500, 1_200))
    assert (first["delivery_fee_piastres"], second["delivery_fee_piastres"]) == (0, 0)
    choices = {first["quote_id"]: {1: 2}, second["quote_id"]: {2: 2}}
    orders = fair.split(customer.user_id, order, choices)["orders"]
    assert [each["payment"]["amount_piastres"] for each in orders] == [4_700, 2_400]
    assert [each["quote"]["delivery_fee_piastres"] for each in orders] == [700, 0]


def test_who_did_not_win_learns_nothing_and_who_did_only_of_its_own(
    fair: Any, offering: Offering, noon: dt.datetime
) -> None:
    customer = fair.town.person()
    one, two, loser = fair.shop("One"), fair.shop("Two"), fair.shop("Loser")
    order = fair.town.order(customer, shops=[one, two, loser], quantities=(2, 1), at=noon)
    first = fair.provide(one, order, offering(900, 100))["quote_id"]
    second = fair.provide(two, order, offering(100, 400))["quote_id"]
    fair.provide(loser, order, offering(950, 450))
    choices = {first: {1: 2}, second: {2: 1}}
    _, sibling = fair.split(customer.user_id, order, choices)["orders"]

    def seen(shop: UUID, order_id: UUID) -> Any:
        with fair.act(Tenant(shop_id=shop)) as session:
            row = requests.order_for_update(session, order_id)
            return order_for_shop(session, row, shop_id=shop, now=noon)

    lost = seen(loser, order)
    assert (lost["state"], lost["status"], lost["handover"]) == ("closed", None, None)
    assert [part["quantity"] for part in lost["parts"]] == [2, 1]
    assert seen(one, order)["state"] == "won"
    assert seen(two, order)["state"] == "closed"
    won = seen(two, sibling["order_id"])
    assert (won["state"], won["divided_from"]) == ("won", order)
    assert [(part["line"], part["quantity"]) for part in won["parts"]] == [(2, 1)]
    assert won["handover"] is not None
    for shop in (one, loser):
        with pytest.raises(NotFound):
            seen(shop, sibling["order_id"])
        with fair.act(Tenant(shop_id=shop)) as session, pytest.raises(NotFound):
            quote_view(session, sibling["quote"]["quote_id"], user_id=None, now=noon)
