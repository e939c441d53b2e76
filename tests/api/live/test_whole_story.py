"""From a wish to the door, heard over lines that are cut again and again."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from pydantic import SecretStr

from clutch.settings import Settings
from sandbox.app import Merchant, Sandbox
from sandbox.sending import Pace

SECRET = "whsec_b2xkZXIgc2VjcmV0IG9mIHRoZSB0ZXN0cyEhISE="
DOWNTOWN = {"type": "Point", "coordinates": [31.2357, 30.0444]}


class Market(NamedTuple):
    address: str
    town: Any

    def call(self, token: str, method: str, path: str, **body: Any) -> Any:
        answer = httpx.request(
            method,
            f"{self.address}/api/v1{path}",
            headers={"Authorization": f"Bearer {token}"},
            json=body or None,
            trust_env=False,
            timeout=20,
        )
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def market(
    databases: Any, serve: Any, answering: Any, town_in: Any, tmp_path_factory: Any
) -> Iterator[Market]:
    """The application, with its jobs, and the sandbox of a payment provider."""
    directory: Path = tmp_path_factory.mktemp("sandbox")
    with databases.copied() as database, socket.create_server(("127.0.0.1", 0)) as listening:
        settings = Settings(
            database_url=database.url,
            data_directory=directory,
            token_key=SecretStr("a key that tokens are signed with in tests"),
            payment_provider_url=f"http://127.0.0.1:{listening.getsockname()[1]}",
            payment_provider_key=SecretStr("the merchant's key"),
            payment_webhook_secrets=SecretStr(SECRET),
        )
        with serve(settings) as address:
            merchant = Merchant(
                api_key="the merchant's key",
                webhook_secret=SECRET,
                notify_url=f"{address}/api/v1/payments/webhooks/hosted",
            )
            pace = Pace(late=0.2, retry=0.2, look=0.05)
            sandbox = Sandbox(directory=directory, merchant=merchant, pace=pace)
            with sandbox.running(), answering(sandbox.app, listening):
                yield Market(address, town_in(database))


def registered(market: Market) -> tuple[str, str]:
    """Register a customer and log them in; return their id and token."""
    login = {"email": "mona@mail.test", "password": "a long enough password"}
    body = {**login, "name": "منى", "locale": "ar"}
    made = httpx.post(f"{market.address}/api/v1/auth/register", json=body, trust_env=False)
    assert made.status_code == 201, made.text
    entered = httpx.post(f"{market.address}/api/v1/auth/log-in", json=login, trust_env=False)
    assert entered.status_code == 200, entered.text
    return made.json()["user_id"], entered.json()["access_token"]


@contextmanager
def cutting(proxy: Any, every_seconds: float) -> Iterator[None]:
    """Cut all lines through a proxy, again and again, until the block ends."""
    done = threading.Event()

    def cut() -> None:
        while not done.wait(every_seconds):
            proxy.cut()

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def heard(client: Any, event: str, **like: Any) -> dict[str, Any]:
    """Wait until a client has been told of an event like this; return its payload."""

    def is_it(name: str, payload: dict[str, Any]) -> bool:
        return name == event and all(payload.get(key) == value for key, value in like.items())

    for name, payload in client.events:
        if is_it(name, payload):
            return dict(payload)
    line = client.until(lambda line: "event" in line and is_it(line["event"], line["payload"]))
    return dict(line["payload"])


def eventually(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 15
    while not true():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.05)


def buy(market: Market, token: str, staff: Any, customer: Any, shop: Any) -> str:
    """Go from a wish to the door; each next step follows what a client heard."""
    asked = {
        "vehicle": {"make": "toyota", "model": "Corolla", "year": 2019},
        "delivery_location": DOWNTOWN,
        "parts": [{"number": "04465-02220", "name": "تيل فرامل أمامي", "quantity": 2}],
    }
    order_id = market.call(token, "POST", "/auto-parts-orders", **asked)["order_id"]
    order = f"/auto-parts-orders/{order_id}"
    market.call(token, "POST", f"{order}/submit")
    invited = heard(shop, "new-parts-order", orderId=order_id)
    assert invited["parts"][0]["name"] == "تيل فرامل أمامي"
    line = {
        "line": market.call(staff.token, "GET", order)["parts"][0]["line"],
        "availability": "in_stock",
        "unit_price_piastres": 24_000,
        "brand": "Bosch",
        "condition": "aftermarket",
    }
    market.call(staff.token, "POST", "/shop-quotes/provide-quote", order_id=order_id, lines=[line])
    quoted = heard(customer, "new-quote", orderId=order_id)
    assert (quoted["shopName"], quoted["missingParts"]) == ("قطع غيار النور", [])
    (quote,) = market.call(token, "GET", f"{order}/quotes")["quotes"]
    choice = {"quote_id": quote["quote_id"], "payment_method": "card"}
    payment = market.call(token, "POST", f"{order}/accept-quote", **choice)["payment"]
    heard(shop, "quote-accepted", orderId=order_id)
    pay(market, token, payment["payment_id"])
    deliver(market, staff, shop, customer, order_id)
    return str(order_id)


def pay(market: Market, token: str, payment_id: str) -> None:
    page = market.call(token, "POST", f"/payments/{payment_id}/checkout")["redirect_url"]
    form = {"card_number": "4242424242424242", "decision": "approve"}
    assert httpx.post(page, data=form, trust_env=False).is_success
    path = f"/payments/{payment_id}"
    eventually(lambda: market.call(token, "GET", path)["status"] == "authorised")


def deliver(market: Market, staff: Any, shop: Any, customer: Any, order_id: str) -> None:
    handover = market.call(staff.token, "GET", f"/auto-parts-orders/{order_id}")["handover"]
    path = f"/deliveries/{handover['delivery']['delivery_id']}"
    market.call(staff.token, "POST", f"{path}/start")
    heard(customer, "order-status-update", orderId=order_id, status="processing")
    courier = {"courier_name": "حسن", "courier_phone": "01012345678"}
    market.call(staff.token, "POST", f"{path}/assign", **courier)
    market.call(staff.token, "POST", f"{path}/pick-up")
    heard(customer, "order-status-update", orderId=order_id, status="shipped")
    market.call(staff.token, "POST", f"{path}/deliver", received_by="منى")
    for client in (customer, shop):
        heard(client, "order-status-update", orderId=order_id, status="delivered")


def test_two_clients_whose_lines_are_cut_hear_the_whole_story(
    market: Market, node: Any, proxied: Any
) -> None:
    shop_id = market.town.shop(name="قطع غيار النور")
    staff = market.town.person(role="shop_owner", shop_id=shop_id)
    user_id, token = registered(market)
    with node() as customer, node() as shop, proxied(market.address) as proxy:
        customer.connect(proxy.address, token)
        shop.connect(proxy.address, staff.token)
        for client in (customer, shop):
            client.until(lambda line: line.get("event") == "rooms")
        with cutting(proxy, 0.25):
            buy(market, token, staff, customer, shop)
            time.sleep(1)
        for client, bearer, room in (
            (customer, token, f"user-{user_id}"),
            (shop, staff.token, f"shop-{shop_id}"),
        ):
            log = market.call(bearer, "GET", f"/events?room={room}")
            client.until_told(log["last"], room) if client.numbers(room)[-1] < log["last"] else None
            told = [
                (event, {key: payload[key] for key in payload if key not in ("room", "sequence")})
                for event, payload in client.events
                if payload["room"] == room
            ]
            assert client.numbers(room) == list(range(1, log["last"] + 1))
            assert told == [(each["event"], each["payload"]) for each in log["events"]]
            assert sum("disconnected" in line for line in client.said) >= 3
