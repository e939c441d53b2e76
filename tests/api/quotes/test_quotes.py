"""Quotes over HTTP: who may, what is refused, and what nobody else learns."""

import datetime as dt
from typing import Any

import httpx
from sqlalchemy import text

from clutch.ids import uuid7

PROVIDE = "/api/v1/shop-quotes/provide-quote"
LIST = "/api/v1/shop-quotes/shop-quotes"


def priced(line: int, price: Any, **more: Any) -> dict[str, Any]:
    return {"line": line, "availability": "in_stock", "unit_price_piastres": price, **more}


def test_a_shop_provides_sees_revises_and_withdraws_its_quote(scene: Any) -> None:
    order = scene.order(2, 1)
    provided = scene.provide(
        scene.shop,
        order,
        priced(1, 5_000, brand="Bosch", condition="oem", warranty_months=12),
        {"line": 2, "availability": "missing"},
        delivery_fee_piastres=300,
        preparation_minutes=20,
        note="In its box\nwith papers",
    )
    assert provided.status_code == 201
    quote = provided.json()
    assert (quote["status"], quote["total_piastres"], quote["currency"]) == (
        "submitted",
        10_300,
        "EGP",
    )
    assert quote["promise_at"] is None
    created = dt.datetime.fromisoformat(quote["created_at"])
    valid_until = dt.datetime.fromisoformat(quote["valid_until"])
    assert valid_until - created == dt.timedelta(hours=2)
    path = f"/api/v1/shop-quotes/{quote['quote_id']}"
    assert scene.http.get(path, headers=scene.shop.headers).json() == quote
    listed = scene.http.get(LIST, params={"limit": 1}, headers=scene.shop.headers).json()
    assert listed["quotes"] == [quote]

    revised = scene.http.put(path, json={"lines": [priced(2, 900)]}, headers=scene.shop.headers)
    assert revised.status_code == 200
    assert (revised.json()["revision"], revised.json()["total_piastres"]) == (2, 900)

    withdrawn = scene.http.delete(path, headers=scene.shop.headers)
    assert withdrawn.status_code == 200
    assert withdrawn.json()["status"] == "withdrawn"
    again = scene.http.delete(path, headers=scene.shop.headers)
    assert again.status_code == 409
    assert again.json()["type"] == "urn:clutch:problem:quote-ended"
    assert again.json()["allowed"] == ["provide another quote"]


def test_the_customer_compares_and_accepts(scene: Any) -> None:
    order = scene.order(1, 1)
    whole = scene.provide(scene.shop, order, priced(1, 900), priced(2, 900)).json()["quote_id"]
    part = scene.provide(scene.rival, order, priced(2, 400)).json()["quote_id"]
    compared = scene.http.get(
        f"/api/v1/auto-parts-orders/{order}/quotes", headers=scene.customer.headers
    )
    assert compared.status_code == 200
    seen = compared.json()
    assert [quote["quote_id"] for quote in seen["quotes"]] == [part, whole]
    assert seen["baskets"]["cheapest"]["quote_id"] == whole
    assert seen["split"]["total_piastres"] == 1_300
    assert seen["split"]["saves_piastres"] == 500
    assert all(quote["promise_at"] for quote in seen["quotes"])
    shown = scene.http.get(f"/api/v1/shop-quotes/{part}", headers=scene.customer.headers)
    assert shown.json()["promise_at"] is not None

    accepted = scene.accept(scene.customer, order, whole)
    assert accepted.status_code == 200
    agreed = accepted.json()
    assert (agreed["status"], agreed["quote"]["quote_id"]) == ("accepted", whole)
    assert (agreed["payment"]["amount_piastres"], agreed["payment"]["method"]) == (
        1_800,
        "cash_on_delivery",
    )
    lost = scene.http.get(f"/api/v1/shop-quotes/{part}", headers=scene.rival.headers).json()
    assert (lost["status"], lost["outcome_reason"]) == ("lapsed", "another_quote_accepted")
    won = scene.http.get(f"/api/v1/shop-quotes/{whole}", headers=scene.shop.headers).json()
    assert (won["status"], won["promise_at"]) == ("accepted", agreed["quote"]["promise_at"])

    other = scene.accept(scene.customer, order, part)
    assert other.status_code == 409
    assert other.json()["type"] == "urn:clutch:problem:transition-refused"
    assert other.json()["allowed"] == ["cancelled"]
    assert scene.count("payment WHERE order_id = :o", order) == 1


def test_nobody_agrees_to_a_price_they_have_not_read(scene: Any) -> None:
    order = scene.order()
    read = scene.provide(scene.shop, order, priced(1, 900)).json()
    path = f"/api/v1/shop-quotes/{read['quote_id']}"
    dearer = scene.http.put(path, json={"lines": [priced(1, 9_000)]}, headers=scene.shop.headers)
    asked = {"payment_method": "cash_on_delivery", "quote_id": read["quote_id"]}
    accept = f"/api/v1/auto-parts-orders/{order}/accept-quote"

    def accepted(revision: int) -> httpx.Response:
        body = {**asked, "revision": revision}
        return scene.http.post(accept, json=body, headers=scene.customer.headers)

    refused = accepted(read["revision"])
    assert (refused.status_code, refused.json()["type"], refused.json()["allowed"]) == (
        409,
        "urn:clutch:problem:quote-revised",
        ["read the quote again"],
    )
    assert scene.count("payment WHERE order_id = :o", order) == 0
    agreed = accepted(dearer.json()["revision"])
    assert (agreed.status_code, agreed.json()["quote"]["total_piastres"]) == (200, 9_000)


def test_accepting_again_under_one_key_gives_the_same_answer(scene: Any) -> None:
    order = scene.order()
    quote = scene.provide(scene.shop, order).json()["quote_id"]
    key = {"Idempotency-Key": f"accept-{order}"}
    first, second = (scene.accept(scene.customer, order, quote, **key) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content == second.content
    assert second.headers["Idempotency-Replayed"] == "true"
    assert scene.count("payment WHERE order_id = :o", order) == 1
    changed = scene.http.post(
        f"/api/v1/auto-parts-orders/{order}/accept-quote",
        json={"quote_id": quote, "payment_method": "card"},
        headers={**scene.customer.headers, **key},
    )
    assert changed.status_code == 422


def test_providing_again_under_one_key_gives_the_same_answer(scene: Any) -> None:
    order = scene.order()
    body = {"order_id": str(order), "lines": [priced(1, 700)]}
    headers = {**scene.shop.headers, "Idempotency-Key": f"provide-{order}"}
    first, second = (scene.http.post(PROVIDE, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    without = scene.provide(scene.shop, order)
    assert without.status_code == 409
    assert without.json()["type"] == "urn:clutch:problem:quote-stands"
    assert without.json()["allowed"] == ["revise", "withdraw"]
    assert scene.count("quote WHERE order_id = :o", order) == 1


def test_what_belongs_to_others_answers_as_what_is_not_there(scene: Any) -> None:
    order = scene.order()
    quote = scene.provide(scene.shop, order).json()["quote_id"]
    stranger = scene.town.person()
    uninvited_shop = scene.town.shop(name="Uninvited")
    uninvited = scene.town.person(shop_id=uninvited_shop, role="shop_owner")
    body = {"lines": [priced(1, 1)]}

    def asked(order_id: Any, quote_id: Any) -> list[httpx.Response]:
        path, http = f"/api/v1/shop-quotes/{quote_id}", scene.http
        orders = f"/api/v1/auto-parts-orders/{order_id}"
        return [
            http.get(path, headers=scene.rival.headers),
            http.get(path, headers=stranger.headers),
            http.put(path, json=body, headers=scene.rival.headers),
            http.delete(path, headers=scene.rival.headers),
            http.get(f"{orders}/quotes", headers=stranger.headers),
            http.get(f"{orders}/quotes", headers=scene.shop.headers),
            scene.accept(stranger, order_id, quote_id),
            scene.accept(scene.shop, order_id, quote_id),
            scene.provide(uninvited, order_id),
        ]

    there, missing = asked(order, quote), asked(uuid7(), str(uuid7()))
    assert [answer.status_code for answer in there] == [404] * 9
    assert [answer.content for answer in there] == [answer.content for answer in missing]
    assert scene.count("quote WHERE order_id = :o AND revision = 1", order) == 1
    assert scene.count("quote WHERE order_id = :o AND status = 'submitted'", order) == 1


def test_a_quote_of_another_order_cannot_be_accepted(scene: Any) -> None:
    mine, other = scene.order(), scene.order()
    quote = scene.provide(scene.shop, other).json()["quote_id"]
    answer = scene.accept(scene.customer, mine, quote)
    assert (answer.status_code, answer.json()["detail"]) == (404, "no such quote")


def test_strangers_and_people_without_a_shop_are_turned_away(scene: Any) -> None:
    order = scene.order()
    for method, path in (
        ("POST", PROVIDE),
        ("GET", LIST),
        ("PUT", f"/api/v1/shop-quotes/{uuid7()}"),
        ("DELETE", f"/api/v1/shop-quotes/{uuid7()}"),
    ):
        assert scene.http.request(method, path).status_code == 401
        denied = scene.http.request(method, path, headers=scene.customer.headers)
        assert denied.status_code == 403
    for method, path in (
        ("GET", f"/api/v1/shop-quotes/{uuid7()}"),
        ("GET", f"/api/v1/auto-parts-orders/{order}/quotes"),
        ("POST", f"/api/v1/auto-parts-orders/{order}/accept-quote"),
    ):
        assert scene.http.request(method, path).status_code == 401


def test_lists_are_paged_filtered_and_refuse_what_they_do_not_know(scene: Any) -> None:
    shop_id = scene.town.shop(name="Busy")
    busy = scene.town.person(shop_id=shop_id, role="shop_staff")
    made = []
    for _ in range(5):
        order = scene.town.order(scene.customer, shops=[shop_id])
        made.append(scene.provide(busy, order).json()["quote_id"])
    scene.http.delete(f"/api/v1/shop-quotes/{made[0]}", headers=busy.headers)

    def listed(**params: Any) -> Any:
        return scene.http.get(LIST, params=params, headers=busy.headers).json()

    found, cursor = [], None
    while True:
        page = listed(limit=2, **({"cursor": cursor} if cursor else {}))
        found += [quote["quote_id"] for quote in page["quotes"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == made[::-1]
    assert [quote["quote_id"] for quote in listed(status="withdrawn")["quotes"]] == made[:1]
    assert len(listed(status="submitted")["quotes"]) == 4
    assert listed(status="accepted")["quotes"] == []
    asked = scene.http.get(
        "/api/v1/auto-parts-orders/shop/invitations", params={"limit": 2}, headers=busy.headers
    )
    theirs = asked.json()["next_cursor"]
    assert theirs
    for bad in ({"status": "lost"}, {"limit": 0}, {"cursor": "AAAA"}, {"cursor": theirs}):
        answer = scene.http.get(LIST, params=bad, headers=busy.headers)
        assert answer.status_code == 422


def test_an_overdue_quote_is_expired_to_all_who_look(scene: Any) -> None:
    order = scene.order()
    quote = scene.provide(scene.shop, order).json()["quote_id"]
    with scene.town.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE quote SET valid_until = now() - interval '1 second',"
                " updated_at = now() - interval '2 hours' WHERE quote_id = :q"
            ),
            {"q": quote},
        )
    shown = scene.http.get(f"/api/v1/shop-quotes/{quote}", headers=scene.shop.headers)
    assert shown.json()["status"] == "expired"
    listed = scene.http.get(LIST, params={"status": "expired"}, headers=scene.shop.headers)
    assert quote in [each["quote_id"] for each in listed.json()["quotes"]]
    answer = scene.accept(scene.customer, order, quote)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:clutch:problem:quote-expired"
    assert scene.count("payment WHERE order_id = :o", order) == 0
