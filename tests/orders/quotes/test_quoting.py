"""Quotes are provided by who was asked, revised and withdrawn while they stand."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from clutch.errors import InvalidInput, NotFound
from orders.invitations import QuoteStands
from orders.quote_lines import OfferedLine
from orders.quotes import QuoteEnded, QuoteExpired
from orders.quoting import (
    InvitationExpired,
    Offer,
    OrderClosed,
    ShopNotActive,
)

TWO_HOURS = dt.timedelta(hours=2)
MOMENT = dt.timedelta(microseconds=1)
Offering = Callable[..., Offer]


def nothing_changed(fair: Any, order_id: UUID) -> bool:
    """Say whether an order that nobody quoted for is still so."""
    quotes = fair.town.rows("SELECT 1 FROM quote WHERE order_id = :id", id=order_id)
    answered = fair.town.rows(
        "SELECT 1 FROM order_invitation WHERE order_id = :id AND answered_at IS NOT NULL",
        id=order_id,
    )
    return not quotes and not answered and fair.status(order_id) == "submitted"


def test_a_first_quote_is_priced_kept_for_two_hours_and_told(
    fair: Any, noon: dt.datetime, offering: Offering
) -> None:
    customer, shop = fair.town.person(), fair.shop("Nile Parts", fee=4_000)
    order = fair.town.order(customer, shops=[shop], quantities=[2, 1, 3], at=noon)
    offer = Offer(
        lines=[
            OfferedLine(line=1, availability="in_stock", unit_price_piastres=25_050),
            OfferedLine(
                line=3,
                availability="to_order",
                quantity=1,
                unit_price_piastres=9_999,
                available_in_hours=24,
                brand="Bosch",
                condition="aftermarket",
                warranty_months=6,
            ),
        ],
        preparation_minutes=45,
        note="Original box",
    )
    quote = fair.provide(shop, order, offer)
    assert quote["parts_piastres"] == 2 * 25_050 + 9_999
    assert quote["delivery_fee_piastres"] == 4_000
    assert quote["total_piastres"] == 64_099
    assert quote["valid_until"] == noon + TWO_HOURS
    assert quote["promise_at"] is None  # the shop is not told
    assert [line["availability"] for line in quote["lines"]] == ["in_stock", "missing", "to_order"]
    assert [line["quantity"] for line in quote["lines"]] == [2, 0, 1]
    assert fair.status(order) == "quoted"
    (answered,) = fair.town.rows(
        "SELECT answered_at FROM order_invitation WHERE order_id = :o", o=order
    )
    assert answered.answered_at == noon
    told = dict(fair.events(f"user-{customer.user_id}"))
    assert told["order-status-update"]["status"] == "quoted"
    event = told["new-quote"]
    assert event["orderId"] == str(order)
    assert event["quoteId"] == str(quote["quote_id"])
    assert (event["shopName"], event["totalPrice"]) == ("Nile Parts", 64_099)
    promised = dt.datetime.fromisoformat(event["estimatedDelivery"])
    assert noon + dt.timedelta(hours=24, minutes=45) < promised < noon + dt.timedelta(hours=27)
    assert [(part["line"], part["quantity"]) for part in event["availableParts"]] == [
        (1, 2),
        (3, 1),
    ]
    assert [(part["line"], part["quantity"]) for part in event["missingParts"]] == [(2, 1), (3, 2)]
    assert fair.events(f"shop-{shop}") == []
    (note,) = fair.town.rows("SELECT * FROM notification WHERE user_id = :u", u=customer.user_id)
    assert (note.type, note.message) == ("new_quote", "Nile Parts offers the parts for EGP 640.99.")
    (job,) = fair.town.rows(
        "SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'quotes.expire'"
        " AND args ->> 'order_id' = :o",
        o=str(order),
    )
    assert job.scheduled_at == noon + TWO_HOURS


@pytest.mark.parametrize(
    ("price", "fee", "total"), [(24_999, 3_000, 52_998), (25_000, 0, 50_000), (25_001, 0, 50_002)]
)
def test_delivery_is_free_from_the_threshold_of_the_profile(
    fair: Any, noon: dt.datetime, price: int, fee: int, total: int
) -> None:
    shop = fair.shop(fee=3_000, free_from=50_000)
    order = fair.town.order(fair.town.person(), shops=[shop], quantities=[2], at=noon)
    quote = fair.provide(shop, order, price)
    assert (quote["delivery_fee_piastres"], quote["total_piastres"]) == (fee, total)


def test_a_fee_that_is_given_counts_whatever_the_profile_says(
    fair: Any, noon: dt.datetime, offering: Offering
) -> None:
    shop = fair.shop(fee=3_000, free_from=1)
    order = fair.town.order(fair.town.person(), shops=[shop], at=noon)
    quote = fair.provide(shop, order, offering(500, delivery_fee_piastres=700))
    assert (quote["total_piastres"], quote["free_delivery_from_piastres"]) == (1_200, None)


def test_a_second_quote_is_refused_and_revising_is_named(fair: Any, noon: dt.datetime) -> None:
    shop = fair.shop()
    order = fair.town.order(fair.town.person(), shops=[shop], at=noon)
    first = fair.provide(shop, order, 900)
    with pytest.raises(QuoteStands) as refused:
        fair.provide(shop, order, 800)
    assert refused.value.allowed == ["revise", "withdraw"]
    (kept,) = fair.town.rows("SELECT * FROM quote WHERE order_id = :o", o=order)
    assert (kept.quote_id, kept.total_piastres) == (first["quote_id"], 900)


def test_who_was_not_asked_finds_no_order(fair: Any, noon: dt.datetime) -> None:
    asked, stranger = fair.shop(), fair.shop()
    order = fair.town.order(fair.town.person(), shops=[asked], at=noon)
    with pytest.raises(NotFound, match="no such order"):
        fair.provide(stranger, order)
    assert nothing_changed(fair, order)


def test_an_invitation_can_be_answered_until_it_expires_and_not_after(
    fair: Any, noon: dt.datetime
) -> None:
    shop, other = fair.shop(), fair.shop()
    order = fair.town.order(fair.town.person(), shops=[shop, other], at=noon)
    end = noon + dt.timedelta(hours=4)
    with pytest.raises(InvitationExpired):
        fair.provide(shop, order, now=end)
    assert nothing_changed(fair, order)
    assert fair.provide(other, order, now=end - MOMENT)["status"] == "submitted"


@pytest.mark.parametrize("status", ["suspended", "inactive", "pending_verification"])
def test_only_active_shops_quote(fair: Any, noon: dt.datetime, status: str) -> None:
    shop = fair.shop()
    order = fair.town.order(fair.town.person(), shops=[shop], at=noon)
    fair.town.change("UPDATE shop SET status = :status WHERE shop_id = :id", status=status, id=shop)
    with pytest.raises(ShopNotActive):
        fair.provide(shop, order)
    assert nothing_changed(fair, order)


def test_a_cancelled_order_takes_no_quotes(fair: Any, noon: dt.datetime) -> None:
    shop = fair.shop()
    order = fair.town.order(fair.town.person(), shops=[shop], at=noon)
    fair.town.change("UPDATE parts_order SET status = 'cancelled' WHERE order_id = :id", id=order)
    with pytest.raises(OrderClosed) as refused:
        fair.provide(shop, order)
    assert refused.value.allowed == []


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"line": 3, "availability": "missing"}, "lines[1].line"),
        ({"line": 1, "availability": "missing"}, "lines[1].line"),
        ({"line": 2, "availability": "in_stock"}, "lines[1].unit_price_piastres"),
        (
            {"line": 2, "availability": "in_stock", "unit_price_piastres": 1, "quantity": 3},
            "lines[1].quantity",
        ),
        (
            {"line": 2, "availability": "in_stock", "unit_price_piastres": 1, "quantity": 0},
            "lines[1].quantity",
        ),
        (
            {"line": 2, "availability": "to_order", "unit_price_piastres": 1},
            "lines[1].available_in_hours",
        ),
        (
            {
                "line": 2,
                "availability": "in_stock",
                "unit_price_piastres": 1,
                "available_in_hours": 2,
            },
            "lines[1].available_in_hours",
        ),
        (
            {"line": 2, "availability": "missing", "unit_price_piastres": 1},
            "lines[1].unit_price_piastres",
        ),
        ({"line": 2, "availability": "missing", "quantity": 1}, "lines[1].quantity"),
    ],
)
def test_a_line_that_cannot_be_is_named(
    fair: Any, noon: dt.datetime, line: dict[str, Any], field: str
) -> None:
    shop = fair.shop()
    order = fair.town.order(fair.town.person(), shops=[shop], quantities=[1, 2], at=noon)
    good = OfferedLine(line=1, availability="in_stock", unit_price_piastres=100)
    with pytest.raises(InvalidInput) as refused:
        fair.provide(shop, order, Offer(lines=[good, OfferedLine(**line)]))
    assert refused.value.field == field
    assert nothing_changed(fair, order)


def test_an_offer_of_nothing_and_one_beyond_the_limit_are_refused(
    fair: Any, noon: dt.datetime, offering: Offering
) -> None:
    shop = fair.shop(fee=1)
    order = fair.town.order(fair.town.person(), shops=[shop], quantities=[10], at=noon)
    with pytest.raises(InvalidInput, match="at least one part with a price"):
        fair.provide(shop, order, offering(None))
    with pytest.raises(InvalidInput, match="100000000000 piastres or less"):
        fair.provide(shop, order, 10_000_000_000)
    assert nothing_changed(fair, order)
    most = offering(10_000_000_000, delivery_fee_piastres=0)
    assert fair.provide(shop, order, most)["total_piastres"] == 100_000_000_000


def test_a_revision_counts_anew_stands_two_hours_more_and_is_told(
    fair: Any, noon: dt.datetime, offering: Offering
) -> None:
    customer, shop = fair.town.person(), fair.shop("Nile Parts")
    order = fair.town.order(customer, shops=[shop], quantities=[1, 1], at=noon)
    first = fair.provide(shop, order, offering(900, 50))
    later = noon + TWO_HOURS - MOMENT
    revised = fair.revise(shop, first["quote_id"], offering(None, 70), now=later)
    assert revised["quote_id"] == first["quote_id"]
    assert (revised["revision"], revised["total_piastres"]) == (2, 70)
    assert (revised["created_at"], revised["valid_until"]) == (noon, later + TWO_HOURS)
    assert [line["availability"] for line in revised["lines"]] == ["missing", "in_stock"]
    told = dict(fair.events(f"user-{customer.user_id}"))["quote-updated"]
    assert (told["revision"], told["totalPrice"]) == (2, 70)
    assert fair.status(order) == "quoted"
    types = fair.town.rows("SELECT type FROM notification WHERE user_id = :u", u=customer.user_id)
    assert sorted(row.type for row in types) == ["new_quote", "quote_revised"]


def test_a_withdrawn_quote_is_told_and_the_order_waits_again(fair: Any, noon: dt.datetime) -> None:
    customer, shop = fair.town.person(), fair.shop("Nile Parts")
    order = fair.town.order(customer, shops=[shop], at=noon)
    quote = fair.provide(shop, order)
    withdrawn = fair.withdraw(shop, quote["quote_id"], now=noon + dt.timedelta(minutes=5))
    assert withdrawn["status"] == "withdrawn"
    assert withdrawn["decided_at"] == noon + dt.timedelta(minutes=5)
    assert fair.status(order) == "submitted"
    told = [event for event, _ in fair.events(f"user-{customer.user_id}")]
    assert sorted(told) == sorted(
        ["new-quote", "order-status-update", "quote-withdrawn", "order-status-update"]
    )
    again = fair.provide(shop, order, 800)
    assert (again["status"], again["total_piastres"]) == ("submitted", 800)
    assert fair.status(order) == "quoted"


def test_a_second_answer_keeps_the_time_of_the_first(fair: Any, noon: dt.datetime) -> None:
    shop = fair.shop()
    order = fair.town.order(fair.town.person(), shops=[shop], at=noon)
    quote = fair.provide(shop, order)
    fair.withdraw(shop, quote["quote_id"])
    fair.provide(shop, order, now=noon + dt.timedelta(hours=1))
    (row,) = fair.town.rows("SELECT answered_at FROM order_invitation WHERE order_id = :o", o=order)
    assert row.answered_at == noon


def test_a_withdrawal_leaves_an_order_quoted_that_another_shop_quoted_for(
    fair: Any, noon: dt.datetime
) -> None:
    shop, other = fair.shop(), fair.shop()
    order = fair.town.order(fair.town.person(), shops=[shop, other], at=noon)
    quote = fair.provide(shop, order)
    fair.provide(other, order)
    fair.withdraw(shop, quote["quote_id"])
    assert fair.status(order) == "quoted"


def test_what_has_ended_is_neither_revised_nor_withdrawn(fair: Any, noon: dt.datetime) -> None:
    shop = fair.shop()
    order = fair.town.order(fair.town.person(), shops=[shop], at=noon)
    quote = fair.provide(shop, order)["quote_id"]
    with pytest.raises(QuoteExpired) as refused:
        fair.revise(shop, quote, 700, now=noon + TWO_HOURS)
    assert refused.value.allowed == ["provide another quote"]
    with pytest.raises(QuoteExpired):
        fair.withdraw(shop, quote, now=noon + TWO_HOURS)
    fair.withdraw(shop, quote)
    with pytest.raises(QuoteEnded, match="the quote is withdrawn"):
        fair.revise(shop, quote, 700)
    with pytest.raises(QuoteEnded):
        fair.withdraw(shop, quote)


def test_the_quotes_of_another_shop_are_not_there(fair: Any, noon: dt.datetime) -> None:
    shop, other = fair.shop(), fair.shop()
    order = fair.town.order(fair.town.person(), shops=[shop, other], at=noon)
    quote = fair.provide(shop, order)["quote_id"]
    with pytest.raises(NotFound, match="no such quote"):
        fair.revise(other, quote, 1)
    with pytest.raises(NotFound, match="no such quote"):
        fair.withdraw(other, quote)
    (kept,) = fair.town.rows("SELECT * FROM quote WHERE order_id = :o", o=order)
    assert (kept.status, kept.revision, kept.total_piastres) == ("submitted", 1, 1_000)


def test_an_overdue_quote_that_nobody_marked_makes_room_for_another(
    fair: Any, noon: dt.datetime
) -> None:
    shop = fair.shop()
    order = fair.town.order(fair.town.person(), shops=[shop], at=noon)
    fair.provide(shop, order, 900)
    fair.provide(shop, order, 800, now=noon + TWO_HOURS)
    rows = fair.town.rows(
        "SELECT status, outcome_reason FROM quote WHERE order_id = :o ORDER BY created_at", o=order
    )
    assert [tuple(row) for row in rows] == [("expired", "time_over"), ("submitted", None)]
    assert fair.status(order) == "quoted"
