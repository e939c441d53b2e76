"""The provider to try things with: keys, pages, and that it is not there in production."""

import asyncio
import html
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.applications import Starlette

from api.app import create_app
from clutch.settings import Settings
from sandbox.app import Merchant, Sandbox
from sandbox.books import Books
from sandbox.cards import Behaviour
from sandbox.ledger import Payment, Refused, approved, cancelled, captured, refunded

MERCHANT = Merchant(
    api_key="key", webhook_secret="whsec_" + "A" * 32, notify_url="http://merchant.test/"
)
KEY = {"Authorization": "Bearer key"}
ORDER = {
    "merchant_reference": "order-1",
    "amount_piastres": 48_000,
    "currency": "EGP",
    "method": "card",
}


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(directory=tmp_path, merchant=MERCHANT)


class Browser:
    """Asks an application in this process."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://pay.test") as http:
                return await http.request(method, path, **more)

        return asyncio.run(ask())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)


@pytest.fixture
def client(sandbox: Sandbox) -> Browser:
    return Browser(sandbox.app)


def paid(client: Browser, **form: str) -> Any:
    opened = client.post("/v1/checkouts", json=ORDER, headers=KEY).json()
    client.post(opened["redirect_url"], data={"decision": "approve", **form})
    return opened


def known(client: Browser) -> Any:
    found = client.get("/v1/payments?merchant_reference=order-1", headers=KEY)
    return found.json()


def test_a_checkout_is_one_for_each_reference_of_the_merchant(client: Browser) -> None:
    first = client.post("/v1/checkouts", json=ORDER, headers=KEY).json()
    assert client.post("/v1/checkouts", json=ORDER, headers=KEY).json() == first
    dearer = client.post("/v1/checkouts", json=ORDER | {"amount_piastres": 1}, headers=KEY)
    assert (dearer.status_code, dearer.json()) == (409, {"code": "merchant_reference_reused"})


def test_a_page_is_paid_once(client: Browser) -> None:
    opened = paid(client, card_number="4242424242424242")
    assert known(client)["status"] == "authorised"
    again = client.post(opened["redirect_url"], data={"decision": "decline"})
    assert "approved" in again.text
    assert known(client)["status"] == "authorised"


@pytest.mark.parametrize(
    ("decision", "said"), [("approve", "was approved"), ("decline", "was declined")]
)
@pytest.mark.parametrize(
    ("return_url", "status", "location"),
    [
        ("https://shop.test/paid?a=1&b=2", 303, "https://shop.test/paid?a=1&b=2"),
        ("clutch-app://paid?a=1&b=2", 200, None),
    ],
)
def test_from_the_page_the_customer_goes_back_whatever_came_of_it(
    client: Browser,
    decision: str,
    said: str,
    return_url: str,
    status: int,
    location: str | None,
) -> None:
    asked = ORDER | {"return_url": return_url}
    page = client.post("/v1/checkouts", json=asked, headers=KEY).json()["redirect_url"]
    form = {"decision": decision, "card_number": "4242424242424242"}
    for _ in range(2):
        answer = client.post(page, data=form)
        assert (answer.status_code, answer.headers.get("location")) == (status, location)
        assert said in answer.text
        assert f'href="{html.escape(return_url)}"' in answer.text
    seen = client.get(page)
    assert (seen.status_code, said in seen.text) == (200, True)


def test_without_a_way_back_the_page_just_says_what_happened(client: Browser) -> None:
    page = client.post("/v1/checkouts", json=ORDER, headers=KEY).json()["redirect_url"]
    answer = client.post(page, data={"decision": "decline"})
    assert (answer.status_code, "href" in answer.text) == (200, False)


def test_refunds_count_once_and_end_with_the_money(client: Browser) -> None:
    reference = paid(client, card_number="4242 4242 4242 4242")["reference"]
    client.post(f"/v1/payments/{reference}/capture", headers=KEY)
    path = f"/v1/payments/{reference}/refunds"
    part = {"refund_reference": "r-1", "amount_piastres": 40_000}
    for _ in range(2):
        assert client.post(path, json=part, headers=KEY).json()["refunded_piastres"] == 40_000
    more = {"refund_reference": "r-2", "amount_piastres": 8_001}
    assert client.post(path, json=more, headers=KEY).json() == {"code": "refund_too_large"}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}])
def test_without_the_key_nothing_is_told_or_done(client: Browser, headers: Any) -> None:
    reference = paid(client, card_number="4242424242424242")["reference"]
    for method, path in [
        ("POST", "/v1/checkouts"),
        ("GET", "/v1/payments?merchant_reference=order-1"),
        ("POST", f"/v1/payments/{reference}/capture"),
        ("POST", f"/v1/payments/{reference}/cancel"),
    ]:
        assert client.request(method, path, headers=headers).status_code == 401
    assert known(client)["status"] == "authorised"


@pytest.mark.parametrize(
    "spoilt",
    [
        {"amount_piastres": 0},
        {"amount_piastres": True},
        {"currency": "USD"},
        {"method": "cheque"},
        {"return_url": 1},
        {"return_url": "paid"},
        {"return_url": "javascript://a/%0aalert(1)"},
        {"return_url": "https://shop.test/\r\nSet-Cookie: a=b"},
    ],
)
def test_a_checkout_that_makes_no_sense_is_refused(client: Browser, spoilt: Any) -> None:
    refused = client.post("/v1/checkouts", json=ORDER | spoilt, headers=KEY)
    assert (refused.status_code, refused.json()) == (400, {"code": "invalid_request"})


def test_the_books_outlive_the_process(client: Browser, sandbox: Sandbox) -> None:
    paid(client, card_number="4242424242424242")
    books = Books(sandbox.books_path())
    kept = books.of_merchant("order-1")
    (event,) = books.take_due(2e9, until=3e9)
    assert books.take_due(2e9, until=3e9) == []
    books.close()
    assert kept is not None
    assert (kept.status, kept.behaviour) == ("authorised", Behaviour.OK)
    assert (event.notify_url, event.attempts) == ("http://merchant.test/", 0)


@given(
    st.lists(st.sampled_from(["approve", "decline", "capture", "cancel", "refund"]), max_size=12)
)
def test_no_more_is_captured_than_asked_or_refunded_than_captured(acts: list[str]) -> None:
    payment, refunds = Payment("p", "m", 500, "EGP", "card"), 0
    for act in acts:
        refunds += 1
        changes = {
            "approve": lambda each: approved(each, Behaviour.OK),
            "decline": lambda each: approved(each, Behaviour.DECLINED),
            "capture": captured,
            "cancel": cancelled,
            "refund": lambda each, name=f"r-{refunds}": refunded(each, name, 200),
        }
        try:
            payment = changes[act](payment)
        except Refused:
            continue
        assert payment.captured_piastres in (0, 500)
        assert 0 <= payment.refunded_piastres <= payment.captured_piastres
        assert (payment.captured_piastres > 0) == (payment.status == "captured")


@pytest.mark.parametrize(
    ("chosen", "served"),
    [
        ({"environment": "development"}, True),
        ({"environment": "production"}, False),
        ({"payment_provider_url": "https://pay.example.com"}, False),
    ],
)
def test_it_is_served_in_development_alone(chosen: Any, served: bool, tmp_path: Path) -> None:
    settings = Settings(data_directory=tmp_path, token_key=SecretStr("k" * 32), **chosen)
    mounts = [getattr(route, "path", "") for route in create_app(settings).routes]
    assert ("/sandbox-pay" in mounts) is served
