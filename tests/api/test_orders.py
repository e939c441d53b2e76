import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from clutch.ids import uuid7
from clutch.settings import Settings

TOKEN_KEY = "a key that tokens are signed with in tests"
ORDERS = "/api/v1/auto-parts-orders"
HERE = {"type": "Point", "coordinates": [31.2357, 30.0444]}


@dataclass
class Bazaar:
    """Two Toyota shops with somebody in each, one of another brand, and customers as needed."""

    client: httpx.Client
    town: Any
    shops: list[UUID]
    staff: list[Any]
    outsider: Any
    database_url: str

    def ask(
        self, method: str, path: str, who: Any = None, body: Any = None, **headers: str
    ) -> httpx.Response:
        sent = {
            **(who.headers if who else {}),
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return self.client.request(method, path, json=body, headers=sent)

    def order(self, who: Any, **more: Any) -> dict[str, Any]:
        answer = self.ask("POST", ORDERS, who, a_request(**more))
        assert answer.status_code == 201, answer.text
        placed: dict[str, Any] = answer.json()
        return placed

    def count(self, table: str) -> int:
        with self.town.engine.connect() as connection:
            counted: int = connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
        return counted


def a_request(**more: Any) -> dict[str, Any]:
    return {
        "vehicle": {"make": "تويوتا", "model": "Corolla", "year": 2019},
        "delivery_location": HERE,
        "parts": [{"number": "04465-02220", "quantity": 1, "condition": "oem"}],
        "submit": True,
    } | more


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:clutch:problem:")


@pytest.fixture(scope="module")
def bazaar(databases: Any, town_in: Any, serve: Any) -> Iterator[Bazaar]:
    with databases.copied() as database:
        town = town_in(database)
        shops = [town.shop(name=f"shop {n}") for n in (1, 2)]
        other = town.shop(name="of another brand", brand_id=2)
        settings = Settings(
            database_url=database.url,
            token_key=SecretStr(TOKEN_KEY),
            rate_limits="off",
            job_workers=0,
        )
        with serve(settings) as address, httpx.Client(base_url=address, trust_env=False) as client:
            staff = [town.person(shop_id=shop, role="shop_staff") for shop in shops]
            outsider = town.person(shop_id=other, role="shop_owner")
            yield Bazaar(client, town, shops, staff, outsider, database.url)


@pytest.fixture
def customer(bazaar: Bazaar) -> Any:
    return bazaar.town.person()


def test_a_customer_asks_and_follows(bazaar: Bazaar, customer: Any) -> None:
    placed = bazaar.order(customer, notes="ring twice")
    assert (placed["status"], placed["invited"], placed["vehicle"]["make"]) == (
        "submitted",
        2,
        "Toyota",
    )
    assert placed["expires_at"].endswith("Z")
    seen = bazaar.ask("GET", f"{ORDERS}/{placed['order_id']}", customer)
    assert seen.status_code == 200
    assert {**seen.json(), "nearest_distance_m": placed["nearest_distance_m"]} == placed
    listed = bazaar.ask("GET", f"{ORDERS}/user/{customer.user_id}", customer).json()
    assert [each["order_id"] for each in listed["orders"]] == [placed["order_id"]]


def test_an_order_is_made_once_for_each_key(bazaar: Bazaar, customer: Any) -> None:
    key = {"Idempotency_Key": "the-same-order"}
    first = bazaar.ask("POST", ORDERS, customer, a_request(), **key)
    again = bazaar.ask("POST", ORDERS, customer, a_request(), **key)
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    other = bazaar.ask("POST", ORDERS, customer, a_request(submit=False), **key)
    assert kind(other) == (422, "invalid-input")
    listed = bazaar.ask("GET", f"{ORDERS}/user/{customer.user_id}", customer).json()
    assert len(listed["orders"]) == 1


def test_a_draft_is_changed_sent_and_called_off(bazaar: Bazaar, customer: Any) -> None:
    placed = bazaar.order(customer, submit=False, parts=[])
    path = f"{ORDERS}/{placed['order_id']}"
    assert kind(bazaar.ask("POST", f"{path}/submit", customer)) == (409, "nothing-asked")
    parts = [{"name": "فلتر زيت", "quantity": 2}]
    changed = bazaar.ask("PUT", path, customer, {"parts": parts, "notes": "third floor"})
    assert (changed.status_code, changed.json()["parts"][0]["quantity"]) == (200, 2)
    assert bazaar.ask("PUT", path, customer, {"notes": None}).json()["notes"] is None
    sent = bazaar.ask("POST", f"{path}/submit", customer)
    assert (sent.status_code, sent.json()["status"], sent.json()["invited"]) == (
        200,
        "submitted",
        2,
    )
    again = bazaar.ask("POST", f"{path}/submit", customer)
    assert kind(again) == (409, "transition-refused")
    assert again.json()["allowed"] == ["cancelled"]
    fixed = bazaar.ask("PUT", path, customer, {"parts": parts})
    assert kind(fixed) == (409, "order-fixed")
    assert fixed.json()["allowed"] == ["delivery_address", "notes"]
    over = bazaar.ask("POST", f"{path}/cancel", customer, {"reason": "found it"})
    assert (over.status_code, over.json()["cancel_reason"]) == (200, "found it")
    late = bazaar.ask("PUT", path, customer, {"status": "submitted"})
    assert (kind(late), late.json()["allowed"]) == ((409, "transition-refused"), [])
    copied = bazaar.ask("POST", f"{path}/copy", customer, {"submit": True})
    assert (copied.status_code, copied.json()["parts"], copied.json()["invited"]) == (
        201,
        over.json()["parts"],
        2,
    )


def test_a_body_of_which_nothing_has_to_be_there_may_be_left_out(
    bazaar: Bazaar, customer: Any
) -> None:
    placed = bazaar.order(customer)
    path = f"{ORDERS}/{placed['order_id']}"
    declined = bazaar.ask("POST", f"{path}/decline", bazaar.staff[0])
    assert (declined.status_code, declined.json()["state"]) == (200, "declined")
    over = bazaar.ask("POST", f"{path}/cancel", customer)
    assert (over.status_code, over.json()["cancel_reason"]) == (200, None)
    copied = bazaar.ask("POST", f"{path}/copy", customer, Content_Type="application/json")
    assert (copied.status_code, copied.json()["status"]) == (201, "draft")
    for sent, refused in (
        ({"content": b"{}", "headers": customer.headers}, (415, "unsupported-media-type")),
        ({"json": {"why": 1}, "headers": customer.headers}, (422, "invalid-input")),
    ):
        assert kind(bazaar.client.post(f"{path}/copy", **sent)) == refused
    assert kind(bazaar.ask("POST", f"{path}/refuse", bazaar.staff[0])) == (
        415,
        "unsupported-media-type",
    )


def test_what_an_order_cannot_do_without_is_not_taken_from_it(
    bazaar: Bazaar, customer: Any
) -> None:
    car = bazaar.ask("POST", "/api/v1/vehicles", customer, {"make": "Toyota"}).json()["vehicle_id"]
    placed = bazaar.order(customer, submit=False)
    path = f"{ORDERS}/{placed['order_id']}"
    needed = ("vehicle", "vehicle_id", "delivery_location", "parts", "priority")
    for change in [{name: None} for name in needed] + [{"vehicle": None, "vehicle_id": None}]:
        assert kind(bazaar.ask("PUT", path, customer, change)) == (422, "invalid-input"), change
    assert bazaar.ask("GET", path, customer).json()["updated_at"] == placed["updated_at"]
    told = {"vehicle": None, "vehicle_id": car, "notes": None, "delivery_address": None}
    changed = bazaar.ask("PUT", path, customer, told)
    assert (changed.status_code, changed.json()["vehicle_id"]) == (200, car)


def test_status_in_an_update_moves_the_order(bazaar: Bazaar, customer: Any) -> None:
    placed = bazaar.order(customer, submit=False)
    path = f"{ORDERS}/{placed['order_id']}"
    assert bazaar.ask("PUT", path, customer, {"status": "submitted"}).json()["invited"] == 2
    refused = bazaar.ask("PUT", path, customer, {"status": "delivered"})
    assert kind(refused) == (409, "transition-refused")
    gone = bazaar.ask("PUT", path, customer, {"status": "cancelled", "reason": "no"})
    assert (gone.json()["status"], gone.json()["cancel_reason"]) == ("cancelled", "no")


@pytest.mark.parametrize("change", [{}, {"status": "submitted"}, {"status": None}])
def test_an_update_takes_a_reason_only_for_cancelling(
    bazaar: Bazaar, customer: Any, change: dict[str, Any]
) -> None:
    placed = bazaar.order(customer, submit=False)
    path = f"{ORDERS}/{placed['order_id']}"
    refused = bazaar.ask("PUT", path, customer, {**change, "notes": "ring", "reason": "too dear"})
    assert kind(refused) == (422, "invalid-input")
    assert [each["field"] for each in refused.json()["errors"]] == ["reason"]
    seen = bazaar.ask("GET", path, customer).json()
    assert (seen["status"], seen["notes"]) == ("draft", None)
    nothing_said = bazaar.ask("PUT", path, customer, {"notes": "ring", "reason": None})
    assert nothing_said.status_code == 200


def test_shops_see_their_requests_and_answer(bazaar: Bazaar, customer: Any) -> None:
    placed = bazaar.order(customer, notes="ring", delivery_address="12 Talaat Harb")
    path = f"{ORDERS}/{placed['order_id']}"
    first, second = bazaar.staff
    listed = bazaar.ask("GET", f"{ORDERS}/shop/invitations?limit=1", first).json()
    assert listed["requests"][0]["order_id"] == placed["order_id"]
    seen = bazaar.ask("GET", path, first).json()
    assert seen == listed["requests"][0]
    assert seen["state"] == "open"
    assert not {"user_id", "notes", "delivery_address", "delivery_location", "history"} & set(seen)
    assert "Talaat Harb" not in str(seen)
    no = bazaar.ask("POST", f"{path}/decline", second, {"reason": "not ours"})
    assert (no.status_code, no.json()["state"]) == (200, "declined")
    assert kind(bazaar.ask("POST", f"{path}/refuse", first, {"reason": "no"})) == (409, "not-won")
    bazaar.ask("POST", f"{path}/cancel", customer, {})
    late = bazaar.ask("POST", f"{path}/decline", first, {})
    assert kind(late) == (409, "request-closed")
    assert bazaar.ask("GET", path, first).json()["state"] == "closed"


def test_the_winner_learns_the_door_and_can_give_the_order_back(
    bazaar: Bazaar, customer: Any
) -> None:
    placed = bazaar.order(customer, delivery_address="12 Talaat Harb")
    path = f"{ORDERS}/{placed['order_id']}"
    winner, loser = bazaar.staff
    line = {"line": 1, "availability": "in_stock", "unit_price_piastres": 90_000}
    body = {"order_id": placed["order_id"], "lines": [line]}
    quote = bazaar.ask("POST", "/api/v1/shop-quotes/provide-quote", winner, body).json()
    stands = bazaar.ask("POST", f"{path}/decline", winner, {})
    assert kind(stands) == (409, "quote-stands")
    accepted = bazaar.ask(
        "POST",
        f"{path}/accept-quote",
        customer,
        {"quote_id": quote["quote_id"], "payment_method": "cash_on_delivery"},
    )
    assert accepted.status_code in (200, 201), accepted.text
    won, lost = (bazaar.ask("GET", path, who).json() for who in (winner, loser))
    assert won["handover"]["address"] == "12 Talaat Harb"
    assert won["handover"]["location"] == HERE
    assert (lost["state"], lost["handover"]) == ("closed", None)
    back = bazaar.ask("POST", f"{path}/refuse", winner, {"reason": "the last one was damaged"})
    assert (back.status_code, back.json()["handover"]) == (200, None)
    seen = bazaar.ask("GET", path, customer).json()
    assert (seen["cancelled_by"], seen["cancel_reason"]) == ("shop", "the last one was damaged")


def test_an_administrator_sees_and_cancels_anything(bazaar: Bazaar, customer: Any) -> None:
    admin = bazaar.town.person(role="admin")
    placed = bazaar.order(customer)
    path = f"{ORDERS}/{placed['order_id']}"
    assert bazaar.ask("GET", path, admin).json()["user_id"] == str(customer.user_id)
    listed = bazaar.ask("GET", f"{ORDERS}/user/{customer.user_id}", admin)
    assert len(listed.json()["orders"]) == 1
    over = bazaar.ask("POST", f"{path}/cancel", admin, {"reason": "fraud"})
    assert over.json()["cancelled_by"] == "platform"


def test_what_is_not_theirs_is_not_there(bazaar: Bazaar, customer: Any) -> None:
    placed = bazaar.order(customer, submit=False)
    own, missing = f"{ORDERS}/{placed['order_id']}", f"{ORDERS}/{uuid7()}"
    stranger, outsider = bazaar.town.person(), bazaar.outsider
    acts = [
        ("GET", "", None, [stranger, outsider, bazaar.staff[0]]),
        ("PUT", "", {"notes": "x"}, [stranger, outsider]),
        ("POST", "/submit", None, [stranger, outsider]),
        ("POST", "/copy", {}, [stranger, outsider]),
        ("POST", "/cancel", {}, [stranger, outsider]),
        ("POST", "/decline", {}, [outsider, bazaar.staff[0]]),
        ("POST", "/refuse", {"reason": "x"}, [outsider, bazaar.staff[0]]),
    ]
    for method, end, body, callers in acts:
        for who in callers:
            foreign, none = (bazaar.ask(method, path + end, who, body) for path in (own, missing))
            assert foreign.status_code == none.status_code == 404, (method, end, foreign.text)
            assert foreign.json() == none.json()
    for who in (stranger, outsider):
        assert bazaar.ask("GET", f"{ORDERS}/user/{customer.user_id}", who).status_code == 404
    assert bazaar.ask("GET", own, customer).json()["status"] == "draft"


def test_strangers_and_wrong_roles_are_turned_away(bazaar: Bazaar, customer: Any) -> None:
    path = f"{ORDERS}/{uuid7()}"
    for method, where, body in [
        ("POST", ORDERS, a_request()),
        ("GET", f"{ORDERS}/user/{customer.user_id}", None),
        ("GET", f"{ORDERS}/shop/invitations", None),
        ("GET", path, None),
        ("PUT", path, {}),
        ("POST", f"{path}/submit", None),
    ]:
        assert bazaar.ask(method, where, None, body).status_code == 401
    for method, where, body in [
        ("GET", f"{ORDERS}/shop/invitations", None),
        ("POST", f"{path}/decline", {}),
        ("POST", f"{path}/refuse", {"reason": "x"}),
    ]:
        assert bazaar.ask(method, where, customer, body).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"vehicle": {"make": "Trabant"}}, "vehicle.make"),
        ({"vehicle": {"make": "Toyota", "vin": "12"}}, "vehicle.vin"),
        ({"vehicle": {"make": "Toyota", "year": 1850}}, "vehicle.year"),
        ({"vehicle": {"make": "Toyota", "colour": "red"}}, "vehicle.colour"),
        ({"vehicle": None}, "body"),
        ({"vehicle_id": str(uuid7()), "vehicle": None}, "vehicle_id"),
        ({"vehicle_id": "seven", "vehicle": None}, "vehicle_id"),
        ({"delivery_location": None}, "delivery_location"),
        (
            {"delivery_location": {"type": "Point", "coordinates": [30.0, 131.2]}},
            "delivery_location.coordinates[1]",
        ),
        ({"parts": [{"quantity": 1}]}, "parts[0]"),
        ({"parts": [{"name": "lamp", "quantity": 0}]}, "parts[0].quantity"),
        ({"parts": [{"name": "lamp", "quantity": True}]}, "parts[0].quantity"),
        ({"parts": [{"name": "lamp", "condition": "new"}]}, "parts[0].condition"),
        ({"parts": [{"name": "lamp\x00"}]}, "parts[0].name"),
        ({"parts": [{"description": "x" * 1001}]}, "parts[0].description"),
        ({"parts": [{"number": "---"}]}, "parts[0].number"),
        ({"parts": [{"name": "lamp", "photo_ids": [str(uuid7())]}]}, "parts[0].photo_ids"),
        ({"parts": [{"name": "lamp", "photo_ids": [str(uuid7())] * 6}]}, "parts[0].photo_ids"),
        ({"parts": [{"name": "lamp"}] * 51}, "parts"),
        ({"parts": []}, "body"),
        ({"parts": [{"name": "  "}]}, "parts[0].name"),
        ({"notes": " \n "}, "notes"),
        ({"priority": "now"}, "priority"),
        ({"submit": "yes"}, "submit"),
        ({"status": "accepted"}, "status"),
    ],
)
def test_bad_fields_are_named_and_nothing_is_made(
    bazaar: Bazaar, customer: Any, change: dict[str, Any], field: str
) -> None:
    before = bazaar.count("parts_order")
    body = a_request(**change)
    body = {name: value for name, value in body.items() if value is not None}
    answer = bazaar.ask("POST", ORDERS, customer, body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field
    assert bazaar.count("parts_order") == before


def test_half_a_letter_is_no_text(bazaar: Bazaar, customer: Any) -> None:
    body = json.dumps(a_request(notes="\ud800")).encode()
    headers = {**customer.headers, "Content-Type": "application/json"}
    answer = bazaar.client.post(ORDERS, content=body, headers=headers)
    assert kind(answer) == (422, "invalid-input")


def test_pages_lead_on_and_other_cursors_nowhere(bazaar: Bazaar, customer: Any) -> None:
    placed = [bazaar.order(customer, submit=False)["order_id"] for _ in range(3)]
    path = f"{ORDERS}/user/{customer.user_id}"
    first = bazaar.ask("GET", f"{path}?limit=2", customer).json()
    rest = bazaar.ask("GET", f"{path}?limit=2&cursor={first['next_cursor']}", customer).json()
    assert [each["order_id"] for each in first["orders"] + rest["orders"]] == placed[::-1]
    assert rest["next_cursor"] is None
    for cursor in ("nonsense", "", "%00"):
        answer = bazaar.ask("GET", f"{path}?cursor={cursor}", customer)
        assert kind(answer) == (422, "invalid-input")
    assert bazaar.ask("GET", f"{path}?status=lost", customer).status_code == 422
    drafts = bazaar.ask("GET", f"{path}?status=draft&limit=100", customer).json()
    assert len(drafts["orders"]) == 3


def test_an_invited_shop_sees_the_photos_of_the_parts(bazaar: Bazaar, customer: Any) -> None:
    photo = uuid7()
    with bazaar.town.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO stored_file VALUES (:id, :user, 'part_photo', 'a.jpg', 'image/jpeg',"
                " 1, '\\x00', '\\x00', :now)"
            ),
            {"id": photo, "user": customer.user_id, "now": dt.datetime.now(dt.UTC)},
        )
    path = f"/api/v1/files/{photo}"
    assert bazaar.ask("GET", path, bazaar.staff[0]).status_code == 404
    bazaar.order(customer, parts=[{"description": "this one", "photo_ids": [str(photo)]}])
    assert bazaar.ask("GET", path, bazaar.staff[0]).status_code == 200
    assert bazaar.ask("GET", path, bazaar.outsider).status_code == 404
