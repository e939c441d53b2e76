"""What the provider tells, early, late, twice or wrongly; and what it never told."""

import datetime as dt
from typing import Any

import pytest

from orders.payments import moving
from orders.payments.port import ProviderAway, Told
from orders.payments.reconciling import reconcile
from orders.payments.states import PaymentStatus, Standing

NOW = dt.datetime.now(dt.UTC)
AUTHORISED = Standing(PaymentStatus.AUTHORISED)


def test_money_for_a_payment_that_was_replaced_is_never_taken_for_the_new_one(market: Any) -> None:
    deal = market.town.deal(method="card")
    market.paying(deal)
    market.tell(market.till.pay(deal.payment_id, PaymentStatus.FAILED), event_id="replaced-1")
    market.paying(deal)
    paid = market.till.capture(f"pay_{deal.payment_id.hex}")
    said = market.tell(paid, event_id="replaced-2")
    assert said["applied"] is False
    assert "another took its place" in said["note"]
    assert market.payment(deal.payment_id).status == "failed"


def test_capturing_is_done_once_and_tells_the_customer(market: Any) -> None:
    deal = market.captured()
    moving.capture(market.engine, market.till, deal.payment_id, now=NOW)
    assert market.till.asked.count("capture") == 1
    row = market.payment(deal.payment_id)
    assert (row.status, row.captured_piastres) == ("captured", 48_000)
    assert market.order_payment(deal) == "paid"
    told = market.town.rows(
        "SELECT message FROM notification WHERE user_id = :id AND type = 'payment_received'",
        id=deal.customer.user_id,
    )
    assert [row.message for row in told] == [f"We received EGP 480.00 for order {deal.order_id}."]


def test_an_authorisation_that_comes_after_the_capture_changes_nothing(market: Any) -> None:
    deal = market.captured()
    stale = Told(
        payment_id=deal.payment_id,
        reference=f"pay_{deal.payment_id.hex}",
        amount_piastres=48_000,
        currency="EGP",
        standing=AUTHORISED,
    )
    said = market.tell(stale, event_id="stale-1")
    assert said == {"applied": False, "note": "changes nothing: the payment is captured"}
    kept = market.town.row("SELECT * FROM payment_event WHERE event_id = 'stale-1'")
    assert (kept.applied, kept.payment_id) == (False, deal.payment_id)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"amount_piastres": 47_999}, "another sum"),
        ({"currency": "USD"}, "another currency"),
        ({"reference": "pay_other"}, "another reference"),
    ],
)
def test_news_that_disagree_are_kept_and_audited_and_never_applied(
    market: Any, wrong: dict[str, Any], why: str
) -> None:
    deal = market.town.deal(method="card")
    market.paying(deal)
    facts = {
        "payment_id": deal.payment_id,
        "reference": f"pay_{deal.payment_id.hex}",
        "amount_piastres": 48_000,
        "currency": "EGP",
        "standing": AUTHORISED,
    }
    said = market.tell(Told(**(facts | wrong)), event_id=f"wrong-{why}")
    assert said["applied"] is False
    assert why in said["note"]
    assert market.payment(deal.payment_id).status == "pending"
    audited = market.town.rows(
        "SELECT detail FROM audit_entry WHERE act = 'payment.disagreement' AND subject = :subject",
        subject=f"payment:{deal.payment_id}",
    )
    assert [each.detail["why"] for each in audited] == [said["note"]]


def test_an_event_counts_once_however_many_bring_it_at_once(market: Any) -> None:
    deal = market.town.deal(method="card")
    market.paying(deal)
    told = market.till.pay(deal.payment_id)
    said: list[Any] = []

    def bring() -> None:
        said.append(market.tell(told, event_id="at-once"))

    market.at_once(bring, 4)
    assert sorted(each["applied"] for each in said) == [False, False, False, True]
    assert {each["note"] for each in said} == {None, "told before"}


def test_an_event_of_no_payment_is_kept_unapplied(market: Any) -> None:
    deal = market.town.deal()
    cash = Told(
        payment_id=deal.payment_id,
        reference="pay_cash",
        amount_piastres=48_000,
        currency="EGP",
        standing=AUTHORISED,
    )
    assert market.tell(cash, event_id="unknown-1")["note"] == "no such payment"
    assert market.payment(deal.payment_id).status == "pending"


def test_a_lost_event_and_a_lost_capture_are_found_again(market: Any) -> None:
    deal = market.town.deal(method="wallet")
    market.paying(deal)
    market.till.pay(deal.payment_id)
    reconcile(market.engine, market.till, now=NOW + dt.timedelta(minutes=9))
    assert market.payment(deal.payment_id).status == "pending"
    reconcile(market.engine, market.till, now=NOW + dt.timedelta(minutes=11))
    assert market.payment(deal.payment_id).status == "authorised"
    market.town.change(
        "UPDATE parts_order SET status = 'shipped' WHERE order_id = :id", id=deal.order_id
    )
    reconcile(market.engine, market.till, now=NOW + dt.timedelta(minutes=12))
    assert market.payment(deal.payment_id).status == "captured"


def test_a_payment_that_the_provider_cannot_speak_of_holds_up_no_other(market: Any) -> None:
    ill, well = (market.town.deal(method="card") for _ in range(2))
    for deal in (ill, well):
        market.paying(deal)
        market.till.pay(deal.payment_id)
    first = "UPDATE payment SET updated_at = updated_at - interval '1 day' WHERE payment_id = :id"
    market.town.change(first, id=ill.payment_id)
    look_up = market.till.look_up

    def look_up_some(payment_id: Any) -> Any:
        if payment_id == ill.payment_id:
            raise ProviderAway
        return look_up(payment_id)

    market.till.look_up = look_up_some
    later = NOW + dt.timedelta(minutes=11)
    with pytest.raises(ProviderAway):
        reconcile(market.engine, market.till, now=later)
    assert market.payment(well.payment_id).status == "pending"
    reconcile(market.engine, market.till, now=later + dt.timedelta(minutes=5))
    assert market.payment(well.payment_id).status == "authorised"


def test_an_authorisation_that_expired_at_the_provider_is_no_longer_one_here(market: Any) -> None:
    deal = market.authorised()
    market.till.pay(deal.payment_id, PaymentStatus.CANCELLED)
    market.till.refuses = "payment_cancelled"
    moving.capture(market.engine, market.till, deal.payment_id, now=NOW)
    assert market.payment(deal.payment_id).status == "cancelled"
    audited = market.town.rows(
        "SELECT act FROM audit_entry WHERE subject = :subject ORDER BY sequence DESC LIMIT 2",
        subject=f"payment:{deal.payment_id}",
    )
    assert {each.act for each in audited} == {"payment.capture_refused", "payment.cancelled"}
