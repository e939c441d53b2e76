"""Paying through the provider's page, over HTTP: the whole way, and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest


def paid(office: Any, deal: Any, card: str = "4242 4242 4242 4242") -> httpx.Response:
    """Do what the customer does: ask for the page, fill it in."""
    asked = office.call(deal.customer, "POST", f"/payments/{deal.payment_id}/checkout")
    assert asked.status_code == 200
    page = asked.json()["redirect_url"]
    assert "480.00" in httpx.get(page, trust_env=False).text
    form = {"card_number": card, "decision": "approve"}
    return httpx.post(page, data=form, trust_env=False)


def status_of(office: Any, deal: Any) -> str:
    shown = office.call(deal.customer, "GET", f"/payments/{deal.payment_id}")
    return str(shown.json()["status"])


def step(office: Any, deal: Any, name: str, **body: Any) -> httpx.Response:
    answer: httpx.Response = office.call(
        deal.staff, "POST", f"/deliveries/{deal.delivery_id}/{name}", json=body
    )
    return answer


def shipped(office: Any, deal: Any) -> None:
    assert step(office, deal, "start").status_code == 200
    courier = {"courier_name": "Hassan", "courier_phone": "٠١٠١٢٣٤٥٦٧٨"}
    assert step(office, deal, "assign", **courier).json()["courier_phone"] == "+201012345678"
    assert step(office, deal, "pick-up").json()["order_status"] == "shipped"
    office.run_jobs()


@pytest.mark.parametrize(
    "card",
    ["4242424242424242", "4000000000000101", "4000000000000119", "4000000000000127",
     "4000000000000135"],
)  # fmt: skip
def test_however_unruly_the_events_the_money_is_taken_once_and_given_back_once(
    office: Any, card: str
) -> None:
    deal = office.town.deal(method="card")
    refused = step(office, deal, "start")
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:clutch:problem:payment-not-authorised"
    assert "approved" in paid(office, deal, card).text
    office.eventually(lambda: status_of(office, deal) == "authorised")
    shipped(office, deal)
    office.eventually(lambda: status_of(office, deal) == "captured")
    given = office.call(
        deal.staff,
        "POST",
        f"/payments/{deal.payment_id}/refund",
        json={"amount_piastres": 8_000, "reason": "one pad was cracked"},
        headers={"Idempotency-Key": f"refund-{deal.payment_id}"},
    )
    assert given.status_code == 201
    office.run_jobs()
    provider = office.settings.payment_provider_url
    known = httpx.get(
        f"{provider}/v1/payments",
        params={"merchant_reference": str(deal.payment_id)},
        headers={"Authorization": "Bearer the merchant's key"},
        trust_env=False,
    ).json()
    assert (known["status"], known["captured_piastres"]) == ("captured", 48_000)
    assert known["refunded_piastres"] == 8_000
    events = {"4000000000000119": 6, "4000000000000127": 5}.get(card, 3)
    told = "SELECT applied FROM payment_event WHERE payment_id = :id"
    office.eventually(lambda: len(office.town.rows(told, id=deal.payment_id)) == events)
    row = office.payment(deal.payment_id)
    assert (row.status, row.captured_piastres, row.refunded_piastres) == ("captured", 48_000, 8_000)
    shown = office.call(deal.customer, "GET", f"/payments/{deal.payment_id}").json()
    assert [each["status"] for each in shown["refunds"]] == ["done"]


def test_a_declined_card_can_be_followed_by_a_good_one(office: Any) -> None:
    deal = office.town.deal(method="card")
    assert "declined" in paid(office, deal, "4000000000000002").text
    office.eventually(lambda: status_of(office, deal) == "failed")
    again = office.call(deal.customer, "POST", f"/payments/{deal.payment_id}/checkout").json()
    assert again["payment_id"] != str(deal.payment_id)
    form = {"card_number": "4242424242424242", "decision": "approve"}
    httpx.post(again["redirect_url"], data=form, trust_env=False)
    office.eventually(lambda: office.payment(again["payment_id"]).status == "authorised")


def test_parts_stay_in_the_shop_when_the_provider_lets_go_of_the_money(office: Any) -> None:
    deal = office.town.deal(method="card")
    paid(office, deal)
    office.eventually(lambda: status_of(office, deal) == "authorised")
    assert step(office, deal, "start").status_code == 200
    step(office, deal, "assign", courier_name="Hassan", courier_phone="01012345678")
    reference = office.payment(deal.payment_id).provider_reference
    provider = office.settings.payment_provider_url
    key = {"Authorization": "Bearer the merchant's key"}
    httpx.post(f"{provider}/v1/payments/{reference}/cancel", headers=key, trust_env=False)
    office.eventually(lambda: status_of(office, deal) == "cancelled")
    refused = step(office, deal, "pick-up")
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:clutch:problem:payment-not-authorised"
    kept = "SELECT status FROM delivery WHERE delivery_id = :id"
    assert office.town.row(kept, id=deal.delivery_id).status == "assigned"
    again = office.call(deal.customer, "POST", f"/payments/{deal.payment_id}/checkout").json()
    form = {"card_number": "4242424242424242", "decision": "approve"}
    httpx.post(again["redirect_url"], data=form, trust_env=False)
    office.eventually(lambda: office.payment(again["payment_id"]).status == "authorised")
    assert step(office, deal, "pick-up").json()["order_status"] == "shipped"


@pytest.mark.parametrize("set_up", ["nothing", "a key and two secrets"])
def test_a_developer_pays_at_the_sandbox_that_the_application_serves(
    office: Any, serve: Any, tmp_path: Path, set_up: str
) -> None:
    own: dict[str, Any] = {"payment_provider_url": None, "data_directory": tmp_path}
    if set_up == "nothing":
        own |= {"payment_provider_key": None, "payment_webhook_secrets": None}
    settings = office.settings.model_copy(update=own)
    deal = office.town.deal(method="wallet")
    with serve(settings) as address:
        asked = replace(office, address=address)
        checkout = asked.call(deal.customer, "POST", f"/payments/{deal.payment_id}/checkout")
        page = checkout.json()["redirect_url"]
        assert page.startswith(f"{address}/sandbox-pay/pay/")
        assert "approved" in httpx.post(page, data={"decision": "approve"}, trust_env=False).text
        asked.eventually(lambda: status_of(asked, deal) == "authorised")


def test_the_page_sends_the_customer_back_with_the_ids_and_nothing_more(
    office: Any, serve: Any, tmp_path: Path
) -> None:
    own: dict[str, Any] = {"payment_provider_url": None, "data_directory": tmp_path}
    own["payment_return_url"] = "http://localhost:3000/paid"
    deal = office.town.deal(method="card")
    with serve(office.settings.model_copy(update=own)) as address:
        back = paid(replace(office, address=address), deal, "4000000000000002")
    ids = f"order_id={deal.order_id}&payment_id={deal.payment_id}"
    assert (back.status_code, back.headers["location"]) == (
        303,
        f"{own['payment_return_url']}?{ids}",
    )
    assert "declined" in back.text


def test_a_refund_sent_again_under_its_key_is_done_once(office: Any) -> None:
    deal = office.town.deal()
    assert step(office, deal, "start").status_code == 200
    step(office, deal, "assign", courier_name="Hassan", courier_phone="01012345678")
    step(office, deal, "pick-up")
    step(office, deal, "deliver", received_by="Mona", collected_piastres=48_000)
    ask = {
        "json": {"amount_piastres": 1_000, "reason": "scratched"},
        "headers": {"Idempotency-Key": "refund-once-1"},
    }
    path = f"/payments/{deal.payment_id}/refund"
    first = office.call(deal.staff, "POST", path, **ask)
    again = office.call(deal.staff, "POST", path, **ask)
    assert (first.status_code, first.content) == (201, again.content)
    assert first.json()["status"] == "done"
    assert office.payment(deal.payment_id).refunded_piastres == 1_000
    too_much = office.call(
        deal.staff, "POST", path, json={"amount_piastres": 47_001, "reason": "all"}
    )
    assert too_much.json()["allowed"] == ["refund at most 47000 piastres"]


def test_who_may_see_and_move_a_payment(office: Any) -> None:
    deal = office.town.deal(method="card")
    stranger, admin = office.town.person(), office.town.person(role="admin")
    rival = office.town.person(shop_id=office.town.shop(), role="shop_owner")
    path = f"/payments/{deal.payment_id}"
    refund = {"json": {"reason": "-"}}
    seen = {
        None: 401, deal.customer: 200, deal.staff: 200, admin: 200, stranger: 404, rival: 404,
    }  # fmt: skip
    for person, status in seen.items():
        assert office.call(person, "GET", path).status_code == status
    for person, status in {None: 401, deal.customer: 403, stranger: 403, rival: 404}.items():
        assert office.call(person, "POST", f"{path}/refund", **refund).status_code == status
    for person in (deal.staff, admin):
        assert office.call(person, "POST", f"{path}/refund", **refund).status_code == 409
    for person, status in {None: 401, deal.staff: 404, stranger: 404}.items():
        assert office.call(person, "POST", f"{path}/checkout").status_code == status
    missing = office.call(stranger, "GET", f"/payments/{uuid4()}")
    foreign = office.call(stranger, "GET", path)
    assert missing.content == foreign.content


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": ""},
        {"reason": "x", "amount_piastres": 0},
        {"reason": "x", "amount_piastres": True},
        {"reason": "x", "amount_piastres": 1.0},
        {"reason": "x", "more": 1},
        {"reason": "a\u0000b"},
    ],
)
def test_a_refund_that_makes_no_sense_names_the_field(office: Any, body: Any) -> None:
    deal = office.town.deal()
    answer = office.call(deal.staff, "POST", f"/payments/{deal.payment_id}/refund", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]
