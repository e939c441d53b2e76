"""Sending customers to the provider's page: once, again, and after a card was declined."""

import datetime as dt
from typing import Any

import pytest

from clutch.errors import NotFound, Unavailable
from orders.payments import moving
from orders.payments.checkout import NothingToCheckOut
from orders.payments.states import PaymentStatus

NOW = dt.datetime.now(dt.UTC)


def test_checking_out_twice_leads_to_the_same_page(market: Any) -> None:
    deal = market.town.deal(method="card")
    first, second = market.paying(deal), market.paying(deal)
    assert first == second
    assert first["redirect_url"] == f"http://pay.test/pay_{deal.payment_id.hex}"
    assert market.till.asked == ["start"]


def test_a_crash_between_the_page_and_its_keeping_is_repaired_by_asking_again(market: Any) -> None:
    deal = market.town.deal(method="card")
    market.till.start(deal.payment_id, deal.total_piastres, order_id=deal.order_id, method="card")
    assert market.paying(deal)["redirect_url"].endswith(deal.payment_id.hex)
    assert len(market.till.known) == 1


@pytest.mark.parametrize("method", ["card", "cash_on_delivery"])
def test_a_stranger_and_even_the_shop_cannot_check_out(market: Any, method: str) -> None:
    deal = market.town.deal(method=method)
    for person in (market.town.person(), deal.staff):
        with pytest.raises(NotFound):
            market.paying(deal, person=person)
    assert market.till.asked == []


def test_cash_is_not_checked_out(market: Any) -> None:
    with pytest.raises(NothingToCheckOut, match="courier"):
        market.paying(market.town.deal())


def test_without_a_provider_cards_are_not_available_and_nothing_changes(market: Any) -> None:
    deal = market.town.deal(method="card")
    with pytest.raises(Unavailable, match="card"):
        market.paying(deal, provider=None)
    assert market.payment(deal.payment_id).redirect_url is None


def test_a_declined_card_lets_the_customer_try_again_with_a_new_payment(market: Any) -> None:
    deal = market.town.deal(method="card")
    market.paying(deal)
    market.tell(market.till.pay(deal.payment_id, PaymentStatus.FAILED), event_id="declined-1")
    assert market.payment(deal.payment_id).status == "failed"
    assert market.order_payment(deal) == "failed"
    again = market.paying(deal)
    assert again["payment_id"] != deal.payment_id
    assert market.order_payment(deal) == "pending"
    assert market.paying(deal) == again
    # Late news of the first one touch neither the second nor the order.
    late = market.till.known[deal.payment_id]
    assert market.tell(late, event_id="declined-2")["applied"] is False
    assert market.order_payment(deal) == "pending"


def test_a_page_that_opens_while_its_order_is_cancelled_is_closed_again(market: Any) -> None:
    deal = market.town.deal(method="card")
    opened = market.till.start

    def cancelled_meanwhile(*asked: Any, **how: Any) -> Any:
        market.let_go(deal)
        moving.cancel(market.engine, market.till, deal.payment_id, now=NOW)  # knows of no page yet
        return opened(*asked, **how)

    market.till.start = cancelled_meanwhile
    with pytest.raises(NothingToCheckOut, match="the payment is cancelled"):
        market.paying(deal)
    assert market.jobs(deal) == ["payments.cancel"] * 2
    moving.cancel(market.engine, market.till, deal.payment_id, now=NOW)
    assert market.till.known[deal.payment_id].standing.status is PaymentStatus.CANCELLED
