"""A program with the scope `orders` orders for the customer it names, and for nobody else."""

import itertools
from typing import Any
from uuid import uuid4

import httpx
import pytest

ORDERS = "/api/v1/auto-parts-orders"
KEYS = "/api/v1/admin/service-keys"
REQUEST = {
    "vehicle": {"make": "Toyota", "model": "Corolla", "year": 2019},
    "delivery_location": {"type": "Point", "coordinates": [31.2357, 30.0444]},
    "parts": [{"name": "front brake pads", "quantity": 1, "condition": "oem"}],
    "submit": True,
}
NAMES = (f"orders-{number}" for number in itertools.count())


class Program:
    """An order service: its name, and what it asks for a customer."""

    def __init__(self, scene: Any, *scopes: str) -> None:
        self.name, self._http = next(NAMES), scene.http
        admin = scene.town.person(role="admin")
        made = scene.http.post(
            KEYS,
            json={"name": self.name, "role": "order_service", "scopes": list(scopes)},
            headers=admin.headers,
        )
        assert made.status_code == 201, made.text
        self.headers = {"Authorization": f"Bearer {made.json()['key']}"}

    def ask(
        self, method: str, path: str, customer: object, body: Any = None, **headers: str
    ) -> httpx.Response:
        sent = {**self.headers, "X-User-Id": str(customer), **headers}
        answer: httpx.Response = self._http.request(method, path, json=body, headers=sent)
        return answer


@pytest.fixture(scope="module")
def program(scene: Any) -> Program:
    return Program(scene, "orders")


def field(refused: httpx.Response) -> tuple[int, str]:
    return refused.status_code, refused.json()["errors"][0]["field"]


def test_it_asks_compares_and_accepts_as_the_customer_would(scene: Any, program: Program) -> None:
    customer = scene.town.person()
    draft = program.ask("POST", ORDERS, customer.user_id, REQUEST | {"submit": False})
    assert draft.status_code == 201, draft.text
    assert draft.json()["user_id"] == str(customer.user_id)
    order = f"{ORDERS}/{draft.json()['order_id']}"
    named = program.ask("PUT", order, customer.user_id, {"notes": "ring twice"})
    assert named.json()["notes"] == "ring twice"
    assert program.ask("POST", f"{order}/submit", customer.user_id).json()["invited"] == 2
    line = {"line": 1, "availability": "in_stock", "unit_price_piastres": 900, "condition": "oem"}
    offer = {"order_id": draft.json()["order_id"], "lines": [line]}
    quote = scene.http.post(
        "/api/v1/shop-quotes/provide-quote", json=offer, headers=scene.shop.headers
    ).json()["quote_id"]
    seen = program.ask("GET", f"/api/v1/shop-quotes/{quote}", customer.user_id).json()
    assert seen["promise_at"] is not None
    best = program.ask("GET", f"{order}/quotes", customer.user_id).json()["baskets"]["cheapest"]
    assert best["quote_id"] == quote
    choice = {"quote_id": quote, "payment_method": "card"}
    accepted = program.ask("POST", f"{order}/accept-quote", customer.user_id, choice)
    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
    payment = f"/api/v1/payments/{accepted.json()['payment']['payment_id']}"
    page = program.ask("POST", f"{payment}/checkout", customer.user_id).json()["redirect_url"]
    assert "/sandbox-pay/" in page
    assert program.ask("GET", payment, customer.user_id).json()["redirect_url"] == page
    delivery = f"/api/v1/deliveries/{accepted.json()['delivery_id']}"
    assert program.ask("GET", delivery, customer.user_id).json()["status"] == "preparing"
    rating = program.ask("POST", f"{order}/rating", customer.user_id, {"stars": 5})
    assert rating.json()["type"] == "urn:clutch:problem:not-delivered"
    listed = program.ask("GET", f"{ORDERS}/user/{customer.user_id}", customer.user_id).json()
    assert [each["order_id"] for each in listed["orders"]] == [draft.json()["order_id"]]

    # The customer finds it as their own, and what was done as done on their side.
    own = scene.http.get(order, headers=customer.headers).json()
    assert [(step["to_status"], step["by"]) for step in own["history"]] == [
        ("draft", "customer"),
        ("submitted", "customer"),
        ("quoted", "shop"),
        ("accepted", "customer"),
    ]
    assert own["delivery"] is not None


def test_what_it_did_is_kept_under_its_name(scene: Any, program: Program) -> None:
    customer = scene.town.person()
    order_id = program.ask("POST", ORDERS, customer.user_id, REQUEST).json()["order_id"]
    gone = program.ask("POST", f"{ORDERS}/{order_id}/cancel", customer.user_id, {"reason": "no"})
    assert (gone.json()["cancelled_by"], gone.json()["cancel_reason"]) == ("customer", "no")
    by_program = "order_transition WHERE order_id = :o AND party = 'customer' AND actor = :actor"
    assert scene.count(by_program.replace(":actor", f"'key:{program.name}'"), order_id) == 3
    admin = scene.town.person(role="admin")
    entries = scene.http.get(
        "/api/v1/admin/audit", params={"subject": f"order:{order_id}"}, headers=admin.headers
    ).json()["entries"]
    assert {entry["actor"] for entry in entries} == {f"key:{program.name}"}


def test_it_sees_and_does_nothing_beyond_the_customer_it_names(
    scene: Any, program: Program
) -> None:
    owner, other = scene.town.person(), scene.town.person()
    order_id = program.ask("POST", ORDERS, owner.user_id, REQUEST).json()["order_id"]
    admin = scene.town.person(role="admin")
    for named in (other, admin, scene.shop):
        for method, path, body in (
            ("GET", f"{ORDERS}/{order_id}", None),
            ("GET", f"{ORDERS}/{order_id}/quotes", None),
            ("POST", f"{ORDERS}/{order_id}/cancel", None),
            ("PUT", f"{ORDERS}/{order_id}", {"notes": "mine"}),
            ("GET", f"{ORDERS}/user/{owner.user_id}", None),
        ):
            assert program.ask(method, path, named.user_id, body).status_code == 404
    assert program.ask("GET", "/api/v1/admin/users", admin.user_id).status_code == 403
    assert program.ask("GET", "/api/v1/users/me", owner.user_id).status_code == 403
    assert program.ask("POST", "/api/v1/matching/shops", owner.user_id, {}).status_code == 403
    seen = program.ask("GET", f"{ORDERS}/{order_id}", owner.user_id).json()
    assert (seen["status"], seen["notes"]) == ("submitted", None)


def test_it_has_to_name_an_active_customer(scene: Any, program: Program) -> None:
    disabled = scene.town.person()
    admin = scene.town.person(role="admin")
    shut_out = f"/api/v1/admin/users/{disabled.user_id}/disable"
    scene.http.post(shut_out, json={"reason": "fraud"}, headers=admin.headers).raise_for_status()
    unnamed = scene.http.post(ORDERS, content=b"[", headers=program.headers)
    assert field(unnamed) == (422, "X-User-Id")
    for named in (uuid4(), disabled.user_id, "", "mona", scene.shop_id):
        assert field(program.ask("POST", ORDERS, named, REQUEST)) == (422, "X-User-Id"), named


def test_people_act_for_nobody_else(scene: Any) -> None:
    customer, other = scene.town.person(), scene.town.person()
    for named in (other, customer):
        headers = {**customer.headers, "X-User-Id": str(named.user_id)}
        refused = scene.http.post(ORDERS, json=REQUEST, headers=headers)
        assert field(refused) == (422, "X-User-Id")
    for person in (customer, other):
        mine = scene.http.get(f"{ORDERS}/user/{person.user_id}", headers=person.headers)
        assert mine.json()["orders"] == []


def test_a_key_without_the_scope_orders_for_nobody(scene: Any) -> None:
    asks_only = Program(scene, "matching")
    customer = scene.town.person()
    refused = asks_only.ask("POST", ORDERS, customer.user_id, REQUEST)
    assert refused.status_code == 403
    assert "orders" in refused.json()["detail"]


def test_a_request_is_done_once_for_each_program_and_person(scene: Any, program: Program) -> None:
    first, second, another = scene.town.person(), scene.town.person(), Program(scene, "orders")
    key = {"Idempotency-Key": "the-same-key"}
    made = program.ask("POST", ORDERS, first.user_id, REQUEST, **key)
    again = program.ask("POST", ORDERS, first.user_id, REQUEST, **key)
    assert (again.content, again.headers["idempotency-replayed"]) == (made.content, "true")
    others = [
        program.ask("POST", ORDERS, second.user_id, REQUEST, **key),
        another.ask("POST", ORDERS, first.user_id, REQUEST, **key),
        scene.http.post(ORDERS, json=REQUEST, headers={**first.headers, **key}),
    ]
    assert [each.status_code for each in (made, *others)] == [201] * 4
    assert len({each.json()["order_id"] for each in (made, *others)}) == 4
