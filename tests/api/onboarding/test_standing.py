"""What a shop leaves undone and does when it is suspended, or closes."""

from typing import Any

import pytest

LINE = {"line": 1, "availability": "in_stock", "unit_price_piastres": 5_000}


@pytest.fixture
def counter(place: Any) -> Any:
    return place.caller(role="shop_owner", shop_id=place.town.shop(name="Nile Parts"))


def shop_of(counter: Any) -> str:
    found: str = counter.http.get("/api/v1/auth/me").json()["shops"][0]["shop_id"]
    return found


def quoted(counter: Any, order_id: Any) -> Any:
    body = {"order_id": str(order_id), "lines": [LINE]}
    return counter.http.post("/api/v1/shop-quotes/provide-quote", json=body)


def suspend(admin: Any, shop_id: str) -> None:
    path = f"/api/v1/admin/shops/{shop_id}/suspend"
    admin.http.post(path, json={"reason": "three wrong parts"}).raise_for_status()


def events_in(place: Any, room: str) -> list[str]:
    return [
        event
        for (event,) in place.town.rows(
            "SELECT event FROM room_event WHERE room = :room ORDER BY sequence", room=room
        )
    ]


def test_the_quotes_of_a_suspended_shop_lapse_and_both_sides_are_told(
    place: Any, applicant: Any, admin: Any, counter: Any
) -> None:
    shop_id = shop_of(counter)
    rival = place.caller(role="shop_owner", shop_id=place.town.shop(name="Delta Parts"))
    rival_id = shop_of(rival)
    alone = place.town.order(applicant.person, shops=[shop_id])
    shared = place.town.order(applicant.person, shops=[shop_id, rival_id])
    lost = [quoted(counter, order).json()["quote_id"] for order in (alone, shared)]
    stays = quoted(rival, shared).json()["quote_id"]

    suspend(admin, shop_id)

    for quote_id in lost:
        quote = counter.http.get(f"/api/v1/shop-quotes/{quote_id}").json()
        assert (quote["status"], quote["outcome_reason"]) == ("lapsed", "shop_suspended")
    path = "/api/v1/auto-parts-orders"
    orders = [applicant.http.get(f"{path}/{order}").json() for order in (alone, shared)]
    assert [order["status"] for order in orders] == ["submitted", "quoted"]
    comparison = applicant.http.get(f"{path}/{shared}/quotes").json()
    assert [basket["quote_id"] for basket in comparison["baskets"]["all"]] == [stays]
    assert events_in(place, f"shop-{shop_id}").count("quote-lapsed") == 2
    assert "quote-lapsed" not in events_in(place, f"shop-{rival_id}")
    assert events_in(place, f"user-{applicant.person.user_id}").count("quote-withdrawn") == 2
    told = place.town.rows(
        "SELECT type FROM notification WHERE user_id = :id AND type = 'quote_withdrawn'",
        id=applicant.person.user_id,
    )
    assert len(told) == 2


def test_a_suspended_shop_delivers_what_it_won_and_quotes_no_more(
    place: Any, applicant: Any, admin: Any, counter: Any
) -> None:
    shop_id = shop_of(counter)
    order, other = (place.town.order(applicant.person, shops=[shop_id]) for _ in range(2))
    quote_id = quoted(counter, order).json()["quote_id"]
    path = f"/api/v1/auto-parts-orders/{order}"
    choice = {"quote_id": quote_id, "payment_method": "cash_on_delivery"}
    won = applicant.http.post(f"{path}/accept-quote", json=choice).json()

    suspend(admin, shop_id)

    assert applicant.http.get(path).json()["status"] == "accepted"
    refused = quoted(counter, other)
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        "urn:clutch:problem:shop-not-active",
    )
    delivery = f"/api/v1/deliveries/{won['delivery_id']}"
    assert counter.http.get(delivery).status_code == 200
    admin.http.post(f"/api/v1/admin/shops/{shop_id}/reinstate").raise_for_status()
    assert quoted(counter, other).status_code == 201


def test_a_shop_closes_and_opens_again_as_its_owner_wishes(
    place: Any, applicant: Any, admin: Any, counter: Any
) -> None:
    shop_id = shop_of(counter)
    order = place.town.order(applicant.person, shops=[shop_id])
    quote_id = quoted(counter, order).json()["quote_id"]
    close, reopen = (f"/api/v1/shops/{shop_id}/{act}" for act in ("close", "reopen"))
    early = counter.http.post(reopen)
    assert (early.status_code, early.json()["type"]) == (409, "urn:clutch:problem:not-closed")
    staff = place.caller(role="shop_staff", shop_id=shop_id)
    assert staff.http.post(close).status_code == 403

    closed = counter.http.post(close)
    assert (closed.status_code, closed.json()["status"]) == (200, "inactive")
    assert applicant.http.get(f"/api/v1/shops/{shop_id}").status_code == 404
    quote = counter.http.get(f"/api/v1/shop-quotes/{quote_id}").json()
    assert (quote["status"], quote["outcome_reason"]) == ("lapsed", "shop_closed")
    path = f"/api/v1/auto-parts-orders/{order}"
    assert applicant.http.get(path).json()["status"] == "submitted"
    assert "quote-withdrawn" in events_in(place, f"user-{applicant.person.user_id}")
    again = counter.http.post(close)
    assert (again.status_code, again.json()["allowed"]) == (409, ["reopen"])

    assert counter.http.post(reopen).json()["status"] == "active"
    assert quoted(counter, order).status_code == 201
    counter.http.post(close).raise_for_status()
    suspend(admin, shop_id)
    for refused in (counter.http.post(close), counter.http.post(reopen)):
        assert (refused.status_code, refused.json()["allowed"]) == (409, [])
    assert place.town.rows(
        "SELECT act FROM audit_entry WHERE subject = :id ORDER BY sequence", id=f"shop:{shop_id}"
    ) == [("close_shop",), ("reopen_shop",), ("close_shop",), ("suspend_shop",)]
