"""Events of the provider: only what it signed just now, once, and in agreement."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from standardwebhooks import Webhook

NEW_SECRET = "whsec_bmV3ZXN0IHNlY3JldCBvZiB0aGUgdGVzdHMhISE="
OLD_SECRET = "whsec_b2xkZXIgc2VjcmV0IG9mIHRoZSB0ZXN0cyEhISE="
STRANGE_SECRET = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCBvZiBub3c="


def an_event(deal: Any, **changes: Any) -> bytes:
    data = {
        "reference": f"pay_{deal.payment_id.hex}",
        "merchant_reference": str(deal.payment_id),
        "amount_piastres": deal.total_piastres,
        "currency": "EGP",
        "status": "authorised",
        "captured_piastres": 0,
        "refunded_piastres": 0,
        "refund_references": [],
        "failure": None,
    }
    event = {"type": "payment.authorised", "timestamp": "2026-11-22T12:00:00Z"}
    return json.dumps({**event, "data": data | changes}).encode()


def sent(
    office: Any,
    body: bytes,
    *,
    secret: str = NEW_SECRET,
    age_seconds: int = 0,
    event_id: str | None = None,
    signed: bytes | None = None,
    provider: str = "hosted",
) -> httpx.Response:
    event_id = event_id or f"evt_{uuid4().hex}"
    at = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(seconds=age_seconds)
    headers = {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, at, (signed or body).decode()),
    }
    answer: httpx.Response = office.call(
        None, "POST", f"/payments/webhooks/{provider}", content=body, headers=headers
    )
    return answer


@pytest.mark.parametrize("secret", [NEW_SECRET, OLD_SECRET])
def test_both_living_secrets_are_good(office: Any, secret: str) -> None:
    deal = office.town.deal(method="card")
    answer = sent(office, an_event(deal), secret=secret)
    assert (answer.status_code, answer.json()) == (202, {"applied": True, "note": None})
    assert office.payment(deal.payment_id).status == "authorised"


@pytest.mark.parametrize(
    "how",
    [
        {"secret": STRANGE_SECRET},
        {"age_seconds": 302},
        {"age_seconds": -303},
        {"signed": b"{}"},
    ],
)
def test_what_was_not_signed_just_so_just_now_changes_nothing(office: Any, how: Any) -> None:
    deal = office.town.deal(method="card")
    answer = sent(office, an_event(deal), **how)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:clutch:problem:signature-invalid"
    assert office.payment(deal.payment_id).status == "pending"
    assert (
        office.town.rows("SELECT * FROM payment_event WHERE payment_id = :id", id=deal.payment_id)
        == []
    )


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook-id": "a", "webhook-timestamp": "now", "webhook-signature": "v1,AA=="},
        {"webhook-id": "a", "webhook-timestamp": "9" * 400, "webhook-signature": "v1"},
        {"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "\xff,\xfe"},
    ],
)
def test_headers_of_any_kind_are_refused_in_good_order(office: Any, headers: Any) -> None:
    deal = office.town.deal(method="card")
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = httpx.post(
        f"{office.address}/api/v1/payments/webhooks/hosted",
        content=an_event(deal),
        headers=[*raw, (b"content-type", b"application/json")],
        trust_env=False,
    )
    assert answer.status_code == 403


def test_who_did_not_sign_learns_nothing_of_what_an_event_looks_like(office: Any) -> None:
    good, bad = an_event(office.town.deal(method="card")), b'{"type": 1}'
    answers = [sent(office, body, secret=STRANGE_SECRET) for body in (good, bad)]
    assert [each.status_code for each in answers] == [403, 403]
    assert answers[0].content == answers[1].content
    assert sent(office, bad).status_code == 422


def test_forged_events_are_limited_by_address_and_signed_ones_are_not(
    office: Any, serve: Any
) -> None:
    deal = office.town.deal(method="card")
    with serve(office.settings.model_copy(update={"rate_limits": "on"})) as address:
        counting = replace(office, address=address)
        forged = [
            sent(counting, an_event(deal), secret=STRANGE_SECRET).status_code for _ in range(61)
        ]
        assert forged == [403] * 60 + [429]
        assert sent(counting, an_event(deal)).status_code == 202


def test_a_replayed_event_is_told_before(office: Any) -> None:
    deal = office.town.deal(method="card")
    first = sent(office, an_event(deal), event_id=f"evt_{deal.payment_id}")
    again = sent(office, an_event(deal), event_id=f"evt_{deal.payment_id}")
    assert first.json()["applied"] is True
    assert (again.status_code, again.json()) == (202, {"applied": False, "note": "told before"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_piastres": 47_999},
        {"status": "captured", "captured_piastres": 47_999},
        {"status": "captured", "captured_piastres": 48_001},
        {"currency": "USD"},
        {"merchant_reference": None},
    ],
)
def test_what_does_not_agree_is_kept_and_not_applied(office: Any, wrong: Any) -> None:
    deal = office.town.deal(method="card")
    if "merchant_reference" in wrong:
        wrong = {"merchant_reference": str(uuid4())}
    answer = sent(office, an_event(deal, **wrong), event_id=f"evt_{deal.payment_id}")
    assert (answer.status_code, answer.json()["applied"]) == (202, False)
    kept = office.town.row(
        "SELECT * FROM payment_event WHERE event_id = :id", id=f"evt_{deal.payment_id}"
    )
    assert (kept.applied, kept.note) == (False, answer.json()["note"])
    assert office.payment(deal.payment_id).status == "pending"


def test_sums_that_contradict_each_other_and_unknown_providers_are_refused(office: Any) -> None:
    deal = office.town.deal(method="card")
    impossible = an_event(deal, status="captured", captured_piastres=100, refunded_piastres=101)
    assert sent(office, impossible).status_code == 422
    assert sent(office, an_event(deal), provider="other").status_code == 404
    assert office.payment(deal.payment_id).status == "pending"
