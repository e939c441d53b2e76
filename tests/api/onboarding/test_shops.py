"""Shops that are there: their public card and their profile."""

from typing import Any

import pytest


def test_anybody_sees_the_card_of_a_shop_that_trades(place: Any) -> None:
    shop_id = place.town.shop(name="Tawfiqia", brand_id=3)
    card = place.client().get(f"/api/v1/shops/{shop_id}").json()
    assert (card["name"], card["rating"], card["rating_count"]) == ("Tawfiqia", None, 0)
    assert card["location"] == {"type": "Point", "coordinates": [31.24, 30.05]}
    assert [brand["brand_id"] for brand in card["brands"]] == [3]
    assert card["opening_hours"]["friday"] == [["00:00", "24:00"]]
    assert not {"phone", "tax_number", "legal_name", "status"} & set(card)


def test_a_shop_that_does_not_trade_is_as_none(place: Any, applicant: Any) -> None:
    shop_id = applicant.complete_application()["shop_id"]
    hidden = place.client().get(f"/api/v1/shops/{shop_id}")
    missing = place.client().get("/api/v1/shops/00000000-0000-7000-8000-000000000000")
    assert (hidden.status_code, hidden.content) == (404, missing.content)


def test_an_owner_changes_how_the_shop_trades(place: Any) -> None:
    shop_id = place.town.shop()
    owner = place.owner(shop_id)
    path = f"/api/v1/shops/{shop_id}/profile"
    before = owner.http.get(path).json()
    zone = {"type": "Polygon", "coordinates": [[[31, 30], [32, 30], [32, 31], [31, 30]]]}
    change = {
        "phone": "0100 123 4567",
        "supported_brands": ["kia", "Toyota"],
        "opening_hours": {"sunday": [["20:00", "03:00"]]},
        "ramadan_hours": {"friday": [["14:00", "24:00"]]},
        "closed_on": ["2027-01-07"],
        "delivery_zone": zone,
        "delivery_fee_piastres": 3_000,
        "warranty_days": 30,
    }
    after = owner.http.put(path, json=change).json()
    assert after["phone"] == "+201001234567"
    assert after["opening_hours"]["sunday"] == [["20:00", "03:00"]]
    assert after["opening_hours"]["monday"] == []
    assert after["ramadan_hours"]["friday"] == [["14:00", "24:00"]]
    assert [brand["name_en"] for brand in after["brands"]] == ["Kia", "Toyota"]
    assert after["delivery_zone"]["type"] == "MultiPolygon"
    assert (after["delivery_fee_piastres"], after["warranty_days"]) == (3_000, 30)
    unchanged = {"name", "status", "location", "legal_name", "contact_email", "rating"}
    assert {name: after[name] for name in unchanged} | {"legal_name": None} == {
        name: before[name] for name in unchanged
    }
    less = owner.http.put(path, json={"delivery_zone": None, "ramadan_hours": None}).json()
    assert (less["delivery_zone"], less["ramadan_hours"]) == (None, None)
    assert less["phone"] == after["phone"]
    assert owner.http.get(path).json() == less


def test_markup_and_warranty_are_kept_apart(place: Any) -> None:
    shop_id = place.town.shop()
    owner = place.owner(shop_id)
    path = f"/api/v1/shops/{shop_id}/profile"
    owner.http.put(path, json={"markup_percent": 10.0})
    after = owner.http.put(path, json={"warranty_days": 7}).json()
    assert (after["markup_percent"], after["warranty_days"]) == (10.0, 7)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"phone": None}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"supported_brands": ["Atlantis"]}, "supported_brands[0]"),
        ({"closed_on": ["tomorrow"]}, "closed_on[0]"),
        ({"delivery_fee_piastres": -1}, "delivery_fee_piastres"),
        ({"name": "Another"}, "name"),
        ({"opening_hours": None}, "opening_hours"),
    ],
)
def test_a_bad_change_is_named_and_nothing_changes(
    place: Any, change: dict[str, Any], field: str
) -> None:
    shop_id = place.town.shop()
    owner = place.owner(shop_id)
    path = f"/api/v1/shops/{shop_id}/profile"
    before = owner.http.get(path).json()
    refused = owner.http.put(path, json={"warranty_days": 9, **change})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert owner.http.get(path).json() == before


def test_who_may_see_and_change_a_profile(place: Any, applicant: Any) -> None:
    shop_id = place.town.shop()
    path = f"/api/v1/shops/{shop_id}/profile"
    staff = place.caller(role="shop_staff", shop_id=shop_id)
    rival = place.owner(place.town.shop())
    callers = {"stranger": place.client(), "customer": applicant.http, "rival": rival.http}
    callers["staff"] = staff.http
    seen = {name: http.get(path).status_code for name, http in callers.items()}
    assert seen == {"stranger": 401, "customer": 403, "rival": 404, "staff": 200}
    changed = {
        name: http.put(path, json={"warranty_days": 9}).status_code
        for name, http in callers.items()
    }
    assert changed == {"stranger": 401, "customer": 403, "rival": 404, "staff": 403}
    assert staff.http.get(path).json()["warranty_days"] is None
