"""The adapter of a provider that is spoken to over HTTP: what it makes of answers."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr

from clutch.errors import InvalidInput
from clutch.settings import Settings
from orders.payments.hosted import (
    SANDBOX_SECRET,
    HostedCheckout,
    open_provider,
    told_from,
    webhook_secrets,
)
from orders.payments.port import ProviderAway, ProviderRefused
from orders.payments.states import PaymentStatus, standing

NEW = "whsec_bmV3ZXN0IHNlY3JldCBvZiB0aGUgdGVzdHMhISE="
OLD = "whsec_b2xkZXIgc2VjcmV0IG9mIHRoZSB0ZXN0cyEhISE="
PAYMENT_ID = uuid4()
KNOWN = {
    "reference": "pay_1",
    "merchant_reference": str(PAYMENT_ID),
    "amount_piastres": 48_000,
    "currency": "EGP",
    "status": "captured",
    "captured_piastres": 48_000,
    "refunded_piastres": 8_000,
    "refund_references": [str(UUID(int=7))],
    "failure": None,
}
CALLS: dict[str, Callable[[HostedCheckout], object]] = {
    "start": lambda each: each.start(PAYMENT_ID, 48_000, order_id=UUID(int=1), method="card"),
    "capture": lambda each: each.capture("pay_1"),
    "cancel": lambda each: each.cancel("pay_1"),
    "refund": lambda each: each.refund("pay_1", UUID(int=7), 8_000),
    "look_up": lambda each: each.look_up(PAYMENT_ID),
}


def provider(answer: Callable[[httpx.Request], httpx.Response]) -> HostedCheckout:
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return HostedCheckout(http, "http://pay.test", "key")


def test_what_is_told_is_read_whole() -> None:
    told = provider(lambda _: httpx.Response(200, json=KNOWN)).look_up(PAYMENT_ID)
    assert told is not None
    assert told.standing == standing(PaymentStatus.CAPTURED, captured=48_000, refunded=8_000)
    assert (told.amount_piastres, told.refund_ids) == (48_000, frozenset({UUID(int=7)}))


@pytest.mark.parametrize(
    ("return_url", "told"),
    [
        (None, None),
        ("clutch-app://paid", "clutch-app://paid?"),
        ("https://shop.test/paid?lang=ar", "https://shop.test/paid?lang=ar&"),
    ],
)
def test_a_checkout_tells_where_to_send_the_customer_back_to(
    return_url: str | None, told: str | None
) -> None:
    asked: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(200, json=KNOWN | {"redirect_url": "http://pay.test/pay/1"})

    http = httpx.Client(transport=httpx.MockTransport(answer))
    settings = Settings().model_copy(
        update={"payment_provider_url": "http://pay.test", "payment_return_url": return_url}
    )
    hosted = open_provider(settings, http)
    assert hosted is not None
    hosted.start(PAYMENT_ID, 48_000, order_id=UUID(int=1), method="card")
    expected = told and f"{told}order_id={UUID(int=1)}&payment_id={PAYMENT_ID}"
    assert asked[0].get("return_url") == expected


@pytest.mark.parametrize("name", ["amount_piastres", "captured_piastres", "refunded_piastres"])
@pytest.mark.parametrize("sum_", [480.5, 8_000.0, True, "8000", None])
def test_a_sum_that_is_no_whole_number_is_no_sum(name: str, sum_: Any) -> None:
    with pytest.raises(InvalidInput):
        told_from(KNOWN | {name: sum_})


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, json={}),
        httpx.Response(429, json={}),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=KNOWN | {"captured_piastres": 0.1}),
    ],
    ids=["broken", "busy", "a page", "a list", "half a piastre"],
)
def test_an_answer_that_makes_no_sense_is_asked_for_again_later(
    call: Callable[[HostedCheckout], object], answer: httpx.Response
) -> None:
    with pytest.raises(ProviderAway):
        call(provider(lambda _: answer))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize(
    "fault", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError]
)
def test_a_provider_that_is_down_or_slow_is_away(
    call: Callable[[HostedCheckout], object], fault: type[httpx.TransportError]
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise fault("no answer")

    with pytest.raises(ProviderAway):
        call(provider(fail))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_refusal_says_why(call: Callable[[HostedCheckout], object]) -> None:
    with pytest.raises(ProviderRefused, match="payment_declined"):
        call(provider(lambda _: httpx.Response(409, json={"code": "payment_declined"})))


def test_a_payment_that_the_provider_does_not_know_is_none() -> None:
    unknown = httpx.Response(404, json={"code": "unknown_payment"})
    assert provider(lambda _: unknown).look_up(PAYMENT_ID) is None


@pytest.mark.parametrize(
    ("chosen", "known"),
    [
        ({}, [SANDBOX_SECRET]),
        ({"payment_provider_url": "https://pay.example.com"}, []),
        ({"environment": "production"}, []),
        ({"payment_webhook_secrets": SecretStr(f"{NEW}, {OLD}")}, [NEW, OLD]),
    ],
)
def test_the_secret_that_everybody_knows_is_good_for_play_money_alone(
    chosen: dict[str, Any], known: list[str]
) -> None:
    assert webhook_secrets(Settings().model_copy(update=chosen)) == known


@pytest.mark.parametrize("secrets", ["", "whsec_short", f"{OLD} {OLD} {OLD}", "sha256=abc"])
def test_secrets_of_another_form_stop_the_start(secrets: str) -> None:
    with pytest.raises(InvalidInput, match="CLUTCH_PAYMENT_WEBHOOK_SECRETS"):
        webhook_secrets(
            Settings().model_copy(update={"payment_webhook_secrets": SecretStr(secrets)})
        )
