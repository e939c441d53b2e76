"""A shop does not keep parts for ever for somebody who has yet to pay by card or wallet."""

import datetime as dt
from typing import Any

import pytest

from orders.cancelling import expire_unpaid_order
from orders.payments.opening import PAY_WITHIN
from orders.payments.states import PaymentStatus
from storage.session import PLATFORM, transaction

NOW = dt.datetime.now(dt.UTC)
A_SECOND = dt.timedelta(seconds=1)
ORDER = "SELECT status, cancelled_by, cancel_reason FROM parts_order WHERE order_id = :id"
JOBS = "SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'orders.expire_unpaid'"


def expired(market: Any, deal: Any, *, now: dt.datetime) -> bool:
    with transaction(market.engine, PLATFORM) as session:
        return expire_unpaid_order(session, deal.order_id, now=now)


def test_an_order_that_is_not_paid_within_the_hour_is_cancelled(market: Any) -> None:
    deal = market.town.deal(method="card", at=NOW)
    assert not expired(market, deal, now=NOW + PAY_WITHIN - A_SECOND)
    assert market.town.row(ORDER, id=deal.order_id).status == "accepted"
    assert expired(market, deal, now=NOW + PAY_WITHIN)
    assert tuple(market.town.row(ORDER, id=deal.order_id)) == (
        "cancelled",
        "platform",
        "not_paid_in_time",
    )
    assert market.payment(deal.payment_id).status == "cancelled"
    told = market.town.rows(
        "SELECT user_id, message FROM notification WHERE data ->> 'order_id' = :id",
        id=str(deal.order_id),
    )
    assert {row.user_id for row in told} == {deal.customer.user_id, deal.staff.user_id}
    assert all("It was not paid for within the hour." in row.message for row in told)
    assert not expired(market, deal, now=NOW + 2 * PAY_WITHIN)


@pytest.mark.parametrize("how", ["authorised", "captured"])
def test_one_that_is_paid_goes_on(market: Any, how: str) -> None:
    deal = getattr(market, how)()
    assert not expired(market, deal, now=NOW + 2 * PAY_WITHIN)
    assert market.town.row(ORDER, id=deal.order_id).status == "accepted"


def test_cash_is_paid_at_the_door(market: Any) -> None:
    deal = market.town.deal(at=NOW)
    assert not expired(market, deal, now=NOW + 2 * PAY_WITHIN)


def test_who_tries_again_has_another_hour(market: Any) -> None:
    deal = market.town.deal(method="card", at=NOW - PAY_WITHIN / 2)
    market.paying(deal)
    market.tell(market.till.pay(deal.payment_id, PaymentStatus.FAILED), event_id="declined-late")
    market.paying(deal)
    assert any(row.scheduled_at > NOW + PAY_WITHIN * 0.9 for row in market.town.rows(JOBS))
    assert not expired(market, deal, now=NOW + PAY_WITHIN * 0.9)
    assert expired(market, deal, now=NOW + PAY_WITHIN + A_SECOND)
