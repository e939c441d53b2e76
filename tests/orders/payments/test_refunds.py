"""Giving money back: in part, two at once, refused, with the provider away, after cancelling."""

import datetime as dt
from typing import Any

import pytest

from clutch.errors import NotFound
from orders.payments import moving, refunds
from orders.payments.port import ProviderAway
from orders.payments.reconciling import reconcile
from orders.payments.refunds import NothingToRefund, RefundTooLarge
from orders.payments.states import PaymentStatus
from storage.session import PLATFORM, Tenant, transaction

NOW = dt.datetime.now(dt.UTC)


def test_two_refunds_at_once_never_exceed_what_was_captured(market: Any) -> None:
    deal = market.captured()
    refused: list[Exception] = []

    def give_back() -> None:
        try:
            market.refund(deal, amount=20_000)
        except RefundTooLarge as error:
            refused.append(error)

    market.at_once(give_back, 4)
    assert len(refused) == 2
    assert "at most 8000 piastres" in str(refused[0])
    opened = market.town.rows("SELECT * FROM refund WHERE payment_id = :id", id=deal.payment_id)
    assert sum(each.amount_piastres for each in opened) == 40_000


def test_a_refund_goes_part_by_part_to_the_end(market: Any) -> None:
    deal = market.captured()
    part = market.refund(deal, amount=8_000)
    assert part["status"] == "pending"
    for _ in range(2):
        moving.send_back(market.engine, market.till, part["refund_id"], now=NOW)
    row = market.payment(deal.payment_id)
    assert (row.status, row.refunded_piastres) == ("captured", 8_000)
    assert market.order_payment(deal) == "paid"
    rest = market.refund(deal, amount=None)
    assert rest["amount_piastres"] == 40_000
    moving.send_back(market.engine, market.till, rest["refund_id"], now=NOW)
    assert market.payment(deal.payment_id).status == "refunded"
    assert market.order_payment(deal) == "refunded"
    with pytest.raises(NothingToRefund):
        market.refund(deal, amount=1)
    told = market.town.rows(
        "SELECT type FROM notification WHERE user_id = :id AND type = 'refund_done'",
        id=deal.customer.user_id,
    )
    assert len(told) == 2


def test_a_refund_that_the_provider_refuses_has_failed_and_can_be_asked_again(market: Any) -> None:
    deal = market.captured()
    first = market.refund(deal, amount=None)
    market.till.refuses = "card_closed"
    moving.send_back(market.engine, market.till, first["refund_id"], now=NOW)
    assert market.refund_status(first) == "failed"
    assert market.payment(deal.payment_id).refunded_piastres == 0
    assert market.order_payment(deal) == "paid"
    market.till.refuses = None
    assert market.refund(deal, amount=None)["amount_piastres"] == 48_000


def test_of_a_refused_refund_its_customer_and_every_administrator_hear_once(market: Any) -> None:
    deal = market.captured()
    admins = [market.town.person(role="admin") for _ in range(2)]
    made = market.refund(deal, amount=8_000)
    market.till.refuses = "card_closed"
    market.at_once(
        lambda: moving.send_back(market.engine, market.till, made["refund_id"], now=NOW), 3
    )
    told = """
    SELECT user_id, notification_id, title, message, data FROM notification
    WHERE type LIKE 'refund_%' AND data ->> 'order_id' = :id
        AND user_id IN (:customer, :first, :second)
    """
    people = {"customer": deal.customer.user_id}
    people |= {"first": admins[0].user_id, "second": admins[1].user_id}
    entries = {row.user_id: row for row in market.town.rows(told, id=str(deal.order_id), **people)}
    assert len(market.town.rows(told, id=str(deal.order_id), **people)) == len(entries) == 3
    mine = entries.pop(deal.customer.user_id)
    assert mine.message == "EGP 80.00 has not gone back yet. We look into it."
    for entry in entries.values():
        assert entry.message == "The provider did not pay EGP 80.00: card_closed."
        assert entry.data["payment_id"] == str(deal.payment_id)
    pushed = "SELECT 1 FROM procrastinate_jobs WHERE args ->> 'notification_id' = :id"
    assert len(market.town.rows(pushed, id=str(mine.notification_id))) == 1
    noted = "SELECT 1 FROM audit_entry WHERE act = 'refund.failed' AND subject = :subject"
    assert len(market.town.rows(noted, subject=f"payment:{deal.payment_id}")) == 1


def test_while_the_provider_is_away_nothing_is_lost(market: Any) -> None:
    deal = market.captured()
    made = market.refund(deal, amount=None)
    market.till.away = True
    with pytest.raises(ProviderAway):
        moving.send_back(market.engine, market.till, made["refund_id"], now=NOW)
    assert market.refund_status(made) == "pending"
    market.till.away = False
    reconcile(market.engine, market.till, now=NOW + dt.timedelta(minutes=11))
    assert market.refund_status(made) == "done"


def test_a_foreign_shop_sees_no_payment_to_refund(market: Any) -> None:
    deal = market.captured()
    other = market.town.shop()
    with pytest.raises(NotFound), transaction(market.engine, Tenant(shop_id=other)) as session:
        refunds.refund(
            session,
            deal.payment_id,
            shop_id=other,
            amount_piastres=1,
            reason="-",
            actor="user:x",
            now=NOW,
        )
    assert market.town.rows("SELECT * FROM refund WHERE payment_id = :id", id=deal.payment_id) == []


def test_a_cancelled_order_voids_what_was_authorised(market: Any) -> None:
    deal = market.authorised()
    market.let_go(deal)
    assert market.payment(deal.payment_id).status == "cancelled"
    assert market.jobs(deal) == ["payments.cancel"]
    moving.cancel(market.engine, market.till, deal.payment_id, now=NOW)
    known = market.till.known[deal.payment_id]
    assert known.standing.status is PaymentStatus.CANCELLED


def test_what_is_authorised_after_the_order_was_cancelled_is_voided(market: Any) -> None:
    deal = market.town.deal(method="card")
    market.paying(deal)
    market.let_go(deal)
    said = market.tell(market.till.pay(deal.payment_id), event_id=f"late-{deal.payment_id}")
    assert said["note"] == "changes nothing: the payment is cancelled"
    assert market.jobs(deal) == ["payments.cancel"] * 2
    moving.cancel(market.engine, market.till, deal.payment_id, now=NOW)
    assert market.till.known[deal.payment_id].standing.status is PaymentStatus.CANCELLED


def test_money_taken_while_the_order_was_cancelled_goes_back(market: Any) -> None:
    deal = market.authorised()
    market.let_go(deal)
    market.tell(market.till.capture(f"pay_{deal.payment_id.hex}"), event_id="crossed-1")
    assert market.payment(deal.payment_id).status == "captured"
    assert "payments.give_back" in market.jobs(deal)
    for _ in range(2):
        with transaction(market.engine, PLATFORM) as session:
            refunds.give_back(session, deal.payment_id, now=NOW)
    (made,) = market.town.rows("SELECT * FROM refund WHERE payment_id = :id", id=deal.payment_id)
    moving.send_back(market.engine, market.till, made.refund_id, now=NOW)
    assert market.payment(deal.payment_id).status == "refunded"


def test_a_cancelled_order_gets_back_what_was_captured(market: Any) -> None:
    deal = market.captured()
    market.let_go(deal)
    assert market.payment(deal.payment_id).status == "captured"
    assert market.jobs(deal) == ["payments.give_back"]


def test_cash_that_was_never_collected_is_just_cancelled(market: Any) -> None:
    deal = market.town.deal()
    market.let_go(deal)
    assert market.payment(deal.payment_id).status == "cancelled"
    assert market.jobs(deal) == []
