"""Checkout, capture, cancel and refund against a provider that may be away, with two at once."""

import datetime as dt
import threading
from typing import Any

import pytest

from clutch.errors import NotFound, Unavailable
from orders.payments import moving, refunds
from orders.payments.checkout import NothingToCheckOut, check_out
from orders.payments.events import receive
from orders.payments.opening import release
from orders.payments.port import ProviderAway, Told
from orders.payments.reconciling import reconcile
from orders.payments.refunds import NothingToRefund, RefundTooLarge
from orders.payments.states import PaymentStatus, Standing
from orders.queries import requests
from storage.session import PLATFORM, Tenant, transaction

NOW = dt.datetime.now(dt.UTC)
AUTHORISED = Standing(PaymentStatus.AUTHORISED)
JOBS = "SELECT task_name FROM procrastinate_jobs WHERE args ->> 'payment_id' = :id"


def paying(market: Any, deal: Any, **more: Any) -> Any:
    person = more.pop("person", deal.customer)
    return check_out(
        market.engine,
        more.pop("provider", market.till),
        more.pop("payment_id", deal.payment_id),
        tenant=Tenant(user_id=person.user_id),
        user_id=person.user_id,
        now=NOW,
    )


def tell(market: Any, told: Told, *, event_id: str, provider: str = "sandbox") -> Any:
    with transaction(market.engine, PLATFORM) as session:
        return receive(
            session,
            provider=provider,
            event_id=event_id,
            type="payment.told",
            told=told,
            payload={},
            now=NOW,
        )


def authorised(market: Any, **more: Any) -> Any:
    deal = market.town.deal(method="card", **more)
    paying(market, deal)
    told = market.till.pay(deal.payment_id)
    assert tell(market, told, event_id=f"evt_{deal.payment_id}") == {"applied": True, "note": None}
    return deal


def captured(market: Any, **more: Any) -> Any:
    deal = authorised(market, **more)
    moving.capture(market.engine, market.till, deal.payment_id, now=NOW)
    return deal


def order_payment(market: Any, deal: Any) -> str:
    row = market.row(
        "SELECT payment_status FROM parts_order WHERE order_id = :id", id=deal.order_id
    )
    return str(row.payment_status)


def test_checking_out_twice_leads_to_the_same_page(market: Any) -> None:
    deal = market.town.deal(method="card")
    first, second = paying(market, deal), paying(market, deal)
    assert first == second
    assert first["redirect_url"] == f"http://pay.test/pay_{deal.payment_id.hex}"
    assert market.till.asked == ["start"]


def test_a_crash_between_the_page_and_its_keeping_is_repaired_by_asking_again(market: Any) -> None:
    deal = market.town.deal(method="card")
    market.till.start(deal.payment_id, deal.total_piastres, method="card")
    assert paying(market, deal)["redirect_url"].endswith(deal.payment_id.hex)
    assert len(market.till.known) == 1


@pytest.mark.parametrize("method", ["card", "cash_on_delivery"])
def test_a_stranger_and_even_the_shop_cannot_check_out(market: Any, method: str) -> None:
    deal = market.town.deal(method=method)
    for person in (market.town.person(), deal.staff):
        with pytest.raises(NotFound):
            paying(market, deal, person=person)
    assert market.till.asked == []


def test_cash_is_not_checked_out(market: Any) -> None:
    with pytest.raises(NothingToCheckOut, match="courier"):
        paying(market, market.town.deal())


def test_without_a_provider_cards_are_not_available_and_nothing_changes(market: Any) -> None:
    deal = market.town.deal(method="card")
    with pytest.raises(Unavailable, match="card"):
        paying(market, deal, provider=None)
    assert market.payment(deal.payment_id).redirect_url is None


def test_a_declined_card_lets_the_customer_try_again_with_a_new_payment(market: Any) -> None:
    deal = market.town.deal(method="card")
    paying(market, deal)
    tell(market, market.till.pay(deal.payment_id, PaymentStatus.FAILED), event_id="declined-1")
    assert market.payment(deal.payment_id).status == "failed"
    assert order_payment(market, deal) == "failed"
    again = paying(market, deal)
    assert again["payment_id"] != deal.payment_id
    assert order_payment(market, deal) == "pending"
    assert paying(market, deal) == again
    # Late news of the first one touch neither the second nor the order.
    late = market.till.known[deal.payment_id]
    assert tell(market, late, event_id="declined-2")["applied"] is False
    assert order_payment(market, deal) == "pending"


def test_money_for_a_payment_that_was_replaced_is_never_taken_for_the_new_one(market: Any) -> None:
    deal = market.town.deal(method="card")
    paying(market, deal)
    tell(market, market.till.pay(deal.payment_id, PaymentStatus.FAILED), event_id="replaced-1")
    paying(market, deal)
    paid = market.till.capture(f"pay_{deal.payment_id.hex}")
    said = tell(market, paid, event_id="replaced-2")
    assert said["applied"] is False
    assert "another took its place" in said["note"]
    assert market.payment(deal.payment_id).status == "failed"


def test_capturing_is_done_once_and_tells_the_customer(market: Any) -> None:
    deal = captured(market)
    moving.capture(market.engine, market.till, deal.payment_id, now=NOW)
    assert market.till.asked.count("capture") == 1
    row = market.payment(deal.payment_id)
    assert (row.status, row.captured_piastres) == ("captured", 48_000)
    assert order_payment(market, deal) == "paid"
    told = market.rows(
        "SELECT message FROM notification WHERE user_id = :id AND type = 'payment_received'",
        id=deal.customer.user_id,
    )
    assert [row.message for row in told] == [f"We received EGP 480.00 for order {deal.order_id}."]


def test_an_authorisation_that_comes_after_the_capture_changes_nothing(market: Any) -> None:
    deal = captured(market)
    stale = Told(
        payment_id=deal.payment_id,
        reference=f"pay_{deal.payment_id.hex}",
        amount_piastres=48_000,
        currency="EGP",
        standing=AUTHORISED,
    )
    said = tell(market, stale, event_id="stale-1")
    assert said == {"applied": False, "note": "changes nothing: the payment is captured"}
    kept = market.row("SELECT * FROM payment_event WHERE event_id = 'stale-1'")
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
    paying(market, deal)
    facts = {
        "payment_id": deal.payment_id,
        "reference": f"pay_{deal.payment_id.hex}",
        "amount_piastres": 48_000,
        "currency": "EGP",
        "standing": AUTHORISED,
    }
    said = tell(market, Told(**(facts | wrong)), event_id=f"wrong-{why}")
    assert said["applied"] is False
    assert why in said["note"]
    assert market.payment(deal.payment_id).status == "pending"
    audited = market.rows(
        "SELECT detail FROM audit_entry WHERE act = 'payment.disagreement' AND subject = :subject",
        subject=f"payment:{deal.payment_id}",
    )
    assert [each.detail["why"] for each in audited] == [said["note"]]


def test_an_event_counts_once_however_many_bring_it_at_once(market: Any) -> None:
    deal = market.town.deal(method="card")
    paying(market, deal)
    told = market.till.pay(deal.payment_id)
    said: list[Any] = []
    barrier = threading.Barrier(4)

    def bring() -> None:
        barrier.wait()
        said.append(tell(market, told, event_id="at-once"))

    at_once(*[bring] * 4)
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
    assert tell(market, cash, event_id="unknown-1")["note"] == "no such payment"
    assert market.payment(deal.payment_id).status == "pending"


def test_two_refunds_at_once_never_exceed_what_was_captured(market: Any) -> None:
    deal = captured(market)
    refused: list[Exception] = []
    barrier = threading.Barrier(4)

    def give_back() -> None:
        barrier.wait()
        try:
            refund(market, deal, amount=20_000)
        except RefundTooLarge as error:
            refused.append(error)

    at_once(*[give_back] * 4)
    assert len(refused) == 2
    assert "at most 8000 piastres" in str(refused[0])
    opened = market.rows("SELECT * FROM refund WHERE payment_id = :id", id=deal.payment_id)
    assert sum(each.amount_piastres for each in opened) == 40_000


def test_a_refund_goes_part_by_part_to_the_end(market: Any) -> None:
    deal = captured(market)
    part = refund(market, deal, amount=8_000)
    assert part["status"] == "pending"
    for _ in range(2):
        moving.send_back(market.engine, market.till, part["refund_id"], now=NOW)
    row = market.payment(deal.payment_id)
    assert (row.status, row.refunded_piastres) == ("captured", 8_000)
    assert order_payment(market, deal) == "paid"
    rest = refund(market, deal, amount=None)
    assert rest["amount_piastres"] == 40_000
    moving.send_back(market.engine, market.till, rest["refund_id"], now=NOW)
    assert market.payment(deal.payment_id).status == "refunded"
    assert order_payment(market, deal) == "refunded"
    with pytest.raises(NothingToRefund):
        refund(market, deal, amount=1)
    told = market.rows(
        "SELECT type FROM notification WHERE user_id = :id AND type = 'refund_done'",
        id=deal.customer.user_id,
    )
    assert len(told) == 2


def test_a_refund_that_the_provider_refuses_has_failed_and_can_be_asked_again(market: Any) -> None:
    deal = captured(market)
    first = refund(market, deal, amount=None)
    market.till.refuses = "card_closed"
    moving.send_back(market.engine, market.till, first["refund_id"], now=NOW)
    assert refund_status(market, first) == "failed"
    assert market.payment(deal.payment_id).refunded_piastres == 0
    market.till.refuses = None
    assert refund(market, deal, amount=None)["amount_piastres"] == 48_000


def test_while_the_provider_is_away_nothing_is_lost(market: Any) -> None:
    deal = captured(market)
    made = refund(market, deal, amount=None)
    market.till.away = True
    with pytest.raises(ProviderAway):
        moving.send_back(market.engine, market.till, made["refund_id"], now=NOW)
    assert refund_status(market, made) == "pending"
    market.till.away = False
    reconcile(market.engine, market.till, now=NOW + dt.timedelta(minutes=11))
    assert refund_status(market, made) == "done"


def test_a_foreign_shop_sees_no_payment_to_refund(market: Any) -> None:
    deal = captured(market)
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
    assert market.rows("SELECT * FROM refund WHERE payment_id = :id", id=deal.payment_id) == []


def test_a_cancelled_order_voids_what_was_authorised(market: Any) -> None:
    deal = authorised(market)
    let_go(market, deal)
    assert market.payment(deal.payment_id).status == "cancelled"
    (job,) = market.rows(JOBS, id=str(deal.payment_id))
    assert job.task_name == "payments.cancel"
    moving.cancel(market.engine, market.till, deal.payment_id, now=NOW)
    known = market.till.known[deal.payment_id]
    assert known.standing.status is PaymentStatus.CANCELLED


def test_money_taken_while_the_order_was_cancelled_goes_back(market: Any) -> None:
    deal = authorised(market)
    let_go(market, deal)
    tell(market, market.till.capture(f"pay_{deal.payment_id.hex}"), event_id="crossed-1")
    assert market.payment(deal.payment_id).status == "captured"
    jobs = {each.task_name for each in market.rows(JOBS, id=str(deal.payment_id))}
    assert "payments.give_back" in jobs
    for _ in range(2):
        with transaction(market.engine, PLATFORM) as session:
            refunds.give_back(session, deal.payment_id, now=NOW)
    (made,) = market.rows("SELECT * FROM refund WHERE payment_id = :id", id=deal.payment_id)
    moving.send_back(market.engine, market.till, made.refund_id, now=NOW)
    assert market.payment(deal.payment_id).status == "refunded"


def test_a_lost_event_and_a_lost_capture_are_found_again(market: Any) -> None:
    deal = market.town.deal(method="wallet")
    paying(market, deal)
    market.till.pay(deal.payment_id)
    reconcile(market.engine, market.till, now=NOW + dt.timedelta(minutes=9))
    assert market.payment(deal.payment_id).status == "pending"
    reconcile(market.engine, market.till, now=NOW + dt.timedelta(minutes=11))
    assert market.payment(deal.payment_id).status == "authorised"
    market.change(
        "UPDATE parts_order SET status = 'shipped' WHERE order_id = :id", id=deal.order_id
    )
    reconcile(market.engine, market.till, now=NOW + dt.timedelta(minutes=12))
    assert market.payment(deal.payment_id).status == "captured"


def refund(market: Any, deal: Any, *, amount: int | None) -> Any:
    with transaction(market.engine, Tenant(shop_id=deal.shop_id)) as session:
        return refunds.refund(
            session,
            deal.payment_id,
            shop_id=deal.shop_id,
            amount_piastres=amount,
            reason="cracked",
            actor="user:staff",
            now=NOW,
        )


def refund_status(market: Any, made: Any) -> str:
    row = market.row("SELECT status FROM refund WHERE refund_id = :id", id=made["refund_id"])
    return str(row.status)


def let_go(market: Any, deal: Any) -> None:
    market.change(
        "UPDATE parts_order SET status = 'cancelled' WHERE order_id = :id", id=deal.order_id
    )
    with transaction(market.engine, Tenant(user_id=deal.customer.user_id)) as session:
        release(session, requests.order_for_update(session, deal.order_id), now=NOW)


def at_once(*acts: Any) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
