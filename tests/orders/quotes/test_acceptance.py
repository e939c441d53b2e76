"""Accepting: one quote wins, the rest lapse, money and delivery are opened, all are told."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import Engine

from accounts.audit import AuditRow, verdict
from clutch.errors import NotFound
from orders.acceptance import ShopGone
from orders.lapsing import expire_quotes, orders_with_overdue_quotes
from orders.lifecycle import TransitionRefused
from orders.quotes import QuoteEnded, QuoteExpired
from orders.quoting import OrderClosed

TWO_HOURS = dt.timedelta(hours=2)
MOMENT = dt.timedelta(microseconds=1)
Statements = Callable[[Engine], AbstractContextManager[list[str]]]


def quotes_in(fair: Any, order: Any) -> dict[Any, tuple[str, str | None]]:
    rows = fair.town.rows(
        "SELECT quote_id, status, outcome_reason FROM quote WHERE order_id = :o", o=order
    )
    return {row.quote_id: (row.status, row.outcome_reason) for row in rows}


def nothing_agreed(fair: Any, order: Any) -> bool:
    """Say whether an order has neither winner nor payment nor delivery."""
    (row,) = fair.town.rows(
        "SELECT selected_quote_id IS NULL AND payment_method IS NULL"
        " AND NOT EXISTS (SELECT FROM payment WHERE order_id = :o)"
        " AND NOT EXISTS (SELECT FROM delivery WHERE order_id = :o)"
        " AND NOT EXISTS (SELECT FROM quote WHERE order_id = :o AND status = 'accepted')"
        " FROM parts_order WHERE order_id = :o",
        o=order,
    )
    return bool(row[0])


def test_one_wins_the_rest_lapse_and_all_are_told(fair: Any, noon: dt.datetime) -> None:
    customer = fair.town.person()
    winner, loser, late = fair.shop("Winner", fee=500), fair.shop("Loser"), fair.shop("Late")
    order = fair.town.order(customer, shops=[winner, loser, late], at=noon)
    overdue = fair.provide(late, order, 100)["quote_id"]
    now = noon + TWO_HOURS
    won = fair.provide(winner, order, 900, now=now)["quote_id"]
    lost = fair.provide(loser, order, 800, now=now)["quote_id"]

    accepted = fair.accept(customer.user_id, order, won, method="card", now=now)

    assert accepted["status"] == fair.status(order) == "accepted"
    assert accepted["quote"]["status"] == "accepted"
    assert quotes_in(fair, order) == {
        won: ("accepted", None),
        lost: ("lapsed", "another_quote_accepted"),
        overdue: ("expired", "time_over"),
    }
    (payment,) = fair.town.rows("SELECT * FROM payment WHERE order_id = :o", o=order)
    assert (payment.amount_piastres, payment.method, payment.status) == (1_400, "card", "pending")
    assert accepted["payment"]["payment_id"] == payment.payment_id
    (delivery,) = fair.town.rows("SELECT * FROM delivery WHERE order_id = :o", o=order)
    assert delivery.delivery_id == accepted["delivery_id"]
    assert delivery.promise_at == accepted["quote"]["promise_at"] > now
    (row,) = fair.town.rows("SELECT * FROM parts_order WHERE order_id = :o", o=order)
    assert (row.selected_quote_id, row.payment_method) == (won, "card")

    heard = dict(fair.events(f"shop-{winner}"))
    assert heard["order-status-update"]["status"] == "accepted"
    assert heard["quote-accepted"] == {
        "orderId": str(order),
        "quoteId": str(won),
        "totalPrice": 1_400,
        "currency": "EGP",
        "timestamp": now.isoformat(),
    }
    assert fair.events(f"shop-{loser}") == [
        (
            "quote-lapsed",
            {"orderId": str(order), "quoteId": str(lost), "reason": "another_quote_accepted"},
        )
    ]
    assert [payload["reason"] for _, payload in fair.events(f"shop-{late}")] == ["time_over"]
    statuses = [
        payload["status"]
        for event, payload in fair.events(f"user-{customer.user_id}")
        if event == "order-status-update"
    ]
    assert statuses == ["quoted", "accepted"]
    notes = fair.town.rows(
        "SELECT shop_id, type, message FROM notification JOIN shop_member USING (user_id)"
        " WHERE shop_id IN (:winner, :loser)",
        winner=winner,
        loser=loser,
    )
    assert {(note.shop_id, note.type) for note in notes} == {
        (winner, "quote_accepted"),
        (loser, "quote_lapsed"),
    }
    assert {note.message for note in notes if note.shop_id == loser} == {
        "The customer chose another offer."
    }


def test_accepting_is_in_the_audit_log(fair: Any, noon: dt.datetime) -> None:
    customer, shop = fair.town.person(), fair.shop()
    order = fair.town.order(customer, shops=[shop], at=noon)
    quote = fair.provide(shop, order, 700)["quote_id"]
    fair.accept(customer.user_id, order, quote)
    rows = [AuditRow(*row) for row in fair.town.rows("SELECT * FROM audit_entry ORDER BY sequence")]
    assert verdict(rows)["whole"]
    (entry,) = [row for row in rows if row.subject == f"order:{order}"]
    assert (entry.actor, entry.act) == (f"user:{customer.user_id}", "quote.accepted")
    assert entry.detail["total_piastres"] == 700


def test_a_quote_can_be_accepted_to_the_last_moment_and_not_at_its_end(
    fair: Any, noon: dt.datetime
) -> None:
    customer, shop = fair.town.person(), fair.shop()
    order = fair.town.order(customer, shops=[shop], at=noon)
    quote = fair.provide(shop, order)["quote_id"]
    with pytest.raises(QuoteExpired) as refused:
        fair.accept(customer.user_id, order, quote, now=noon + TWO_HOURS)
    assert refused.value.allowed == ["wait for a quote", "cancel"]
    assert nothing_agreed(fair, order)
    assert fair.accept(customer.user_id, order, quote, now=noon + TWO_HOURS - MOMENT)


def test_what_was_withdrawn_cannot_be_accepted_and_what_can_is_named(
    fair: Any, noon: dt.datetime
) -> None:
    customer, shop, other = fair.town.person(), fair.shop(), fair.shop()
    order = fair.town.order(customer, shops=[shop, other], at=noon)
    quote = fair.provide(shop, order)["quote_id"]
    fair.provide(other, order)
    fair.withdraw(shop, quote)
    with pytest.raises(QuoteEnded, match="the quote is withdrawn") as refused:
        fair.accept(customer.user_id, order, quote)
    assert refused.value.allowed == ["accept another quote"]
    assert nothing_agreed(fair, order)


def test_nothing_can_be_accepted_twice(fair: Any, noon: dt.datetime) -> None:
    customer, shop, other = fair.town.person(), fair.shop(), fair.shop()
    order = fair.town.order(customer, shops=[shop, other], at=noon)
    first = fair.provide(shop, order)["quote_id"]
    second = fair.provide(other, order)["quote_id"]
    fair.accept(customer.user_id, order, first)
    for quote in (first, second):
        with pytest.raises(TransitionRefused, match="cannot become accepted"):
            fair.accept(customer.user_id, order, quote)
    assert len(fair.town.rows("SELECT 1 FROM payment WHERE order_id = :o", o=order)) == 1


def test_orders_and_quotes_of_others_are_not_there(fair: Any, noon: dt.datetime) -> None:
    customer, stranger, shop = fair.town.person(), fair.town.person(), fair.shop()
    order = fair.town.order(customer, shops=[shop], at=noon)
    others = fair.town.order(stranger, shops=[shop], at=noon)
    quote = fair.provide(shop, order)["quote_id"]
    with pytest.raises(NotFound, match="no such order"):
        fair.accept(stranger.user_id, order, quote)
    with pytest.raises(NotFound, match="no such quote"):
        fair.accept(stranger.user_id, others, quote)
    with pytest.raises(NotFound, match="no such order"):
        fair.compare(stranger.user_id, order)
    assert nothing_agreed(fair, order)
    assert nothing_agreed(fair, others)


def test_accepting_takes_as_many_statements_however_many_quotes_lapse(
    fair: Any, noon: dt.datetime, statements: Statements
) -> None:
    customer, counts = fair.town.person(), []
    for rivals in (1, 5):
        shops = [fair.shop() for _ in range(1 + rivals)]
        order = fair.town.order(customer, shops=shops, at=noon)
        won, *lost = [fair.provide(shop, order)["quote_id"] for shop in shops]
        with statements(fair.engine) as seen:
            fair.accept(customer.user_id, order, won)
        assert len(lost) == rivals
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_shop_that_was_suspended_meanwhile_sells_nothing(fair: Any, noon: dt.datetime) -> None:
    customer, shop = fair.town.person(), fair.shop()
    order = fair.town.order(customer, shops=[shop], at=noon)
    quote = fair.provide(shop, order)["quote_id"]
    fair.town.change("UPDATE shop SET status = 'suspended' WHERE shop_id = :id", id=shop)
    with pytest.raises(ShopGone):
        fair.accept(customer.user_id, order, quote)
    assert nothing_agreed(fair, order)


def test_the_promise_is_counted_from_when_the_quote_is_accepted(
    fair: Any, noon: dt.datetime
) -> None:
    customer, shop = fair.town.person(), fair.shop()
    order = fair.town.order(customer, shops=[shop], at=noon)
    quote = fair.provide(shop, order)["quote_id"]
    (kept,) = fair.town.rows("SELECT promise_at FROM quote WHERE quote_id = :q", q=quote)
    later = noon + dt.timedelta(minutes=100)
    accepted = fair.accept(customer.user_id, order, quote, now=later)["quote"]
    assert accepted["promise_at"] > later + dt.timedelta(minutes=15)
    assert kept.promise_at < later


def test_after_acceptance_nobody_quotes_any_more(fair: Any, noon: dt.datetime) -> None:
    customer, shop, slow = fair.town.person(), fair.shop(), fair.shop()
    order = fair.town.order(customer, shops=[shop, slow], at=noon)
    quote = fair.provide(shop, order)["quote_id"]
    fair.accept(customer.user_id, order, quote)
    with pytest.raises(OrderClosed):
        fair.provide(slow, order)
    with pytest.raises(QuoteEnded, match="the quote is accepted"):
        fair.withdraw(shop, quote)


def test_quotes_expire_at_their_time_and_the_order_waits_again(
    fair: Any, noon: dt.datetime
) -> None:
    customer, shop, other = fair.town.person(), fair.shop(), fair.shop()
    order = fair.town.order(customer, shops=[shop, other], at=noon)
    first = fair.provide(shop, order)["quote_id"]
    second = fair.provide(other, order, now=noon + dt.timedelta(minutes=1))["quote_id"]

    def expire(now: dt.datetime) -> int:
        with fair.act() as session:
            return expire_quotes(session, order, now=now)

    assert expire(noon + TWO_HOURS - MOMENT) == 0
    assert quotes_in(fair, order)[first] == ("submitted", None)
    assert expire(noon + TWO_HOURS) == 1
    assert expire(noon + TWO_HOURS) == 0
    assert quotes_in(fair, order)[first] == ("expired", "time_over")
    assert quotes_in(fair, order)[second] == ("submitted", None)
    assert fair.status(order) == "quoted"
    end = noon + TWO_HOURS + dt.timedelta(minutes=1)
    with fair.act() as session:
        assert order in orders_with_overdue_quotes(session, now=end)
        assert order not in orders_with_overdue_quotes(session, now=end - MOMENT)
    assert expire(end) == 1
    assert fair.status(order) == "submitted"
    told = [event for event, _ in fair.events(f"user-{customer.user_id}")]
    assert told.count("quote-expired") == 2
    for each in (shop, other):
        assert [event for event, _ in fair.events(f"shop-{each}")] == ["quote-lapsed"]


def test_a_revised_quote_outlives_the_job_of_its_first_revision(
    fair: Any, noon: dt.datetime
) -> None:
    shop = fair.shop()
    order = fair.town.order(fair.town.person(), shops=[shop], at=noon)
    quote = fair.provide(shop, order)["quote_id"]
    fair.revise(shop, quote, 800, now=noon + dt.timedelta(hours=1))
    with fair.act() as session:
        assert expire_quotes(session, order, now=noon + TWO_HOURS) == 0
    assert fair.status(order) == "quoted"
