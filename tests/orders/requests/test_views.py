import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from clutch.errors import NotFound
from clutch.ids import uuid7
from orders.lifecycle import Status
from orders.shop_views import orders_for_shop
from orders.views import order_as_seen, orders_of_user
from orders.wishes import PartWish

NOON = dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def seen_by_shop(street: Any, order_id: UUID, shop: UUID, *, now: dt.datetime = NOON) -> Any:
    with street.as_shop(shop) as session:
        return order_as_seen(
            session,
            order_id,
            user_id=uuid7(),
            shop_id=shop,
            is_admin=False,
            locale="en",
            now=now,
        )


def listed(street: Any, shop: UUID, *, only_open: bool, now: dt.datetime = NOON) -> Any:
    with street.as_shop(shop) as session:
        page = orders_for_shop(session, shop, only_open=only_open, limit=50, cursor=None, now=now)
    return [(each["order_id"], each["state"]) for each in page["requests"]]


def test_only_the_winner_learns_to_whom_and_where_exactly(street: Any) -> None:
    winner, loser = street.open_shops(2)
    order_id = street.order(notes="ring", delivery_address="12 Talaat Harb")["order_id"]
    quote_id = street.quote(order_id, winner)
    street.quote(order_id, loser)
    for shop in (winner, loser):
        before = seen_by_shop(street, order_id, shop)
        assert (before["state"], before["status"], before["handover"]) == ("open", None, None)
    street.accept(order_id, quote_id)
    won, lost = (seen_by_shop(street, order_id, shop) for shop in (winner, loser))
    assert (won["state"], won["status"]) == ("won", "accepted")
    handover = won["handover"]
    assert handover.pop("delivery")["status"] == "preparing"
    payment = handover.pop("payment")
    assert (payment["amount_piastres"], payment["redirect_url"]) == (50_000, None)
    assert handover == {
        "name": "Mona",
        "phone": None,
        "location": {"type": "Point", "coordinates": (31.2357, 30.0444)},
        "address": "12 Talaat Harb",
        "notes": "ring",
    }
    assert (lost["state"], lost["status"], lost["handover"]) == ("closed", None, None)


def test_who_was_not_asked_sees_nothing(street: Any) -> None:
    asked, stranger = street.open_shops(2)
    order_id = street.order(asking=street.ruled(per_round=1))["order_id"]
    assert seen_by_shop(street, order_id, asked)["order_id"] == order_id
    for missing, shop in ((order_id, stranger), (uuid7(), asked)):
        with pytest.raises(NotFound, match="no such order"):
            seen_by_shop(street, missing, shop)


def test_a_shop_lists_what_it_can_still_answer_newest_first(street: Any) -> None:
    (shop,) = street.open_shops(1)
    first = street.order(now=NOON)["order_id"]
    second = street.order(now=NOON + MINUTE)["order_id"]
    lost = street.order(now=NOON + 2 * MINUTE)["order_id"]
    street.town.change("UPDATE parts_order SET status = 'cancelled' WHERE order_id = :id", id=lost)
    declined = street.order(now=NOON + 3 * MINUTE)["order_id"]
    street.town.change(
        "UPDATE order_invitation SET declined_at = :now WHERE order_id = :id",
        id=declined,
        now=NOON,
    )
    assert listed(street, shop, only_open=True) == [(second, "open"), (first, "open")]
    assert listed(street, shop, only_open=False) == [
        (declined, "declined"),
        (lost, "closed"),
        (second, "open"),
        (first, "open"),
    ]
    late = NOON + 120 * MINUTE
    assert listed(street, shop, only_open=True, now=late) == [(second, "open")]
    street.accept(second, street.quote(second, shop))
    assert (second, "won") in listed(street, shop, only_open=False)


def test_a_customer_pages_through_their_orders(street: Any) -> None:
    placed = [street.order(submit=n % 2 == 0, now=NOON + n * MINUTE) for n in range(5)]
    street.order(person=street.town.person())
    cursor, seen = None, []
    while True:
        with street.as_customer() as session:
            page = orders_of_user(
                session, street.customer.user_id, status=None, limit=2, cursor=cursor
            )
        seen += [each["order_id"] for each in page["orders"]]
        assert all(len(each["parts"]) == 1 for each in page["orders"])
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [each["order_id"] for each in reversed(placed)]
    with street.as_customer() as session:
        drafts = orders_of_user(
            session, street.customer.user_id, status=Status.DRAFT, limit=10, cursor=None
        )
    assert [each["order_id"] for each in drafts["orders"]] == [seen[1], seen[3]]


def test_a_customer_sees_quotes_payment_and_delivery_at_a_glance(street: Any) -> None:
    first, second = street.open_shops(2)
    order_id = street.order(parts=[PartWish(name="lamp", quantity=2)])["order_id"]
    quote_id = street.quote(order_id, first)
    street.quote(order_id, second)

    def seen() -> Any:
        with street.as_customer() as session:
            return order_as_seen(
                session,
                order_id,
                user_id=street.customer.user_id,
                shop_id=None,
                is_admin=False,
                locale="en",
                now=NOON,
            )

    assert seen()["quotes"] == {"standing": 2, "lowest_total_piastres": 100_000}
    assert (seen()["payment"], seen()["delivery"], seen()["invited"]) == (None, None, 2)
    street.accept(order_id, quote_id)
    after = seen()
    assert after["selected_quote_id"] == quote_id
    assert (after["payment"]["method"], after["payment"]["amount_piastres"]) == (
        "cash_on_delivery",
        100_000,
    )
    assert after["delivery"]["status"] == "preparing"
    assert [(step["to_status"], step["by"]) for step in after["history"]] == [
        ("draft", "customer"),
        ("submitted", "customer"),
        ("quoted", "shop"),
        ("accepted", "customer"),
    ]
    assert after["next_statuses"] == ["cancelled"]
