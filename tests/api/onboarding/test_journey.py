"""A shop joins: from the first step until matching finds it, with a refusal on the way."""

from typing import Any

import httpx
import pytest

CAIRO = {"type": "Point", "coordinates": [31.2357, 30.0444]}


def found_by_matching(place: Any, shop_id: str) -> bool:
    question = {"vehicle": {"make": "VW"}, "delivery_location": CAIRO, "limit": 50}
    service = place.client(Authorization="Bearer a key for the tests")
    answer = service.post("/api/v1/matching/shops", json=question).raise_for_status()
    return shop_id in [match["shop"]["shop_id"] for match in answer.json()["matches"]]


def events_of(place: Any, person: Any) -> list[dict[str, Any]]:
    rows = place.town.rows(
        "SELECT payload FROM room_event WHERE room = :room AND event = 'shop-status-update'"
        " ORDER BY sequence",
        room=f"user-{person.user_id}",
    )
    return [payload for (payload,) in rows]


def test_a_shop_joins_and_matching_finds_it(place: Any, applicant: Any, admin: Any) -> None:
    completed = applicant.complete_application()
    shop_id = completed["shop_id"]
    assert completed["status"] == "completed"
    assert (completed["current_step"], completed["missing"]) == (None, [])
    assert completed["review"]["status"] == "waiting"
    assert place.town.rows("SELECT status FROM shop WHERE shop_id = :id", id=shop_id) == [
        ("pending_verification",)
    ]
    assert not found_by_matching(place, shop_id)
    assert applicant.http.get(f"/api/v1/shops/{shop_id}").status_code == 404

    review_id = place.review_of(shop_id)
    approved = admin.http.post(f"/api/v1/admin/shop-reviews/{review_id}/approve")
    assert approved.status_code == 200
    assert approved.json()["status"] == "approved"
    assert found_by_matching(place, shop_id)
    assert applicant.show(completed["onboarding_id"])["review"]["status"] == "approved"
    assert place.town.rows(
        "SELECT user_id, role FROM shop_member WHERE shop_id = :id", id=shop_id
    ) == [(applicant.person.user_id, "shop_owner")]
    assert [event["status"] for event in events_of(place, applicant.person)] == [
        "pending_verification",
        "active",
    ]
    assert place.town.rows(
        "SELECT type FROM notification WHERE user_id = :id", id=applicant.person.user_id
    ) == [("shop_approved",)]
    acts = place.town.rows(
        "SELECT act, actor FROM audit_entry WHERE subject = :id ORDER BY sequence",
        id=f"shop:{shop_id}",
    )
    assert acts == [
        ("complete_onboarding", f"user:{applicant.person.user_id}"),
        ("approve_shop", f"user:{admin.person.user_id}"),
    ]


def test_the_shop_is_what_was_said(place: Any, applicant: Any) -> None:
    shop_id = applicant.complete_application()["shop_id"]
    assert place.town.rows(
        "SELECT name, name_ar, phone, ST_X(location), ST_Y(location), brand_ids, regular_hours,"
        " ramadan_hours, holiday_hours FROM shop WHERE shop_id = :id",
        id=shop_id,
    ) == [
        ("El Nour", "النور", "+201012345678", 31.2357, 30.0444, [1, 11],
         [5400, 5880, 7740, 8040, 8160, 8520], None, [])
    ]  # fmt: skip
    assert place.town.rows(
        "SELECT legal_name, commercial_register, contact_email, delivery_fee_piastres"
        " FROM shop_profile WHERE shop_id = :id",
        id=shop_id,
    ) == [("El Nour LLC", "123456", "sales@elnour.example", 5000)]


def test_refused_corrected_and_completed_again(place: Any, applicant: Any, admin: Any) -> None:
    application = applicant.complete_application()
    onboarding_id, shop_id = application["onboarding_id"], application["shop_id"]
    review_id = place.review_of(shop_id)
    reasons = ["The tax card is not readable", "الاسم لا يطابق السجل"]
    refused = admin.http.post(
        f"/api/v1/admin/shop-reviews/{review_id}/refuse", json={"reasons": reasons}
    )
    assert (refused.status_code, refused.json()["status"]) == (200, "refused")

    failed = applicant.show(onboarding_id)
    assert failed["status"] == "failed"
    assert (failed["review"]["status"], failed["review"]["reasons"]) == ("refused", reasons)
    assert events_of(place, applicant.person)[-1]["reasons"] == reasons
    assert applicant.start() == onboarding_id

    name = {**failed["business_info"], "name": "El Nour Two"}
    assert applicant.save(onboarding_id, 1, name).json()["status"] == "in_progress"
    again = applicant.complete(onboarding_id).json()
    assert (again["status"], again["shop_id"]) == ("completed", shop_id)
    assert again["review"]["status"] == "waiting"
    assert place.town.rows("SELECT name FROM shop WHERE shop_id = :id", id=shop_id) == [
        ("El Nour Two",)
    ]

    second = place.review_of(shop_id)
    assert second != review_id
    assert admin.http.post(f"/api/v1/admin/shop-reviews/{second}/approve").status_code == 200
    assert found_by_matching(place, shop_id)


def listed(admin: Any, status: str) -> dict[str, Any]:
    """Return the shops with a status, page by page."""
    found: list[Any] = []
    asked = {"status": status, "limit": "3"}
    while True:
        page = admin.http.get("/api/v1/admin/shops", params=asked).json()
        found += page["shops"]
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]
    assert {shop["status"] for shop in found} <= {status}
    return {shop["shop_id"]: shop for shop in found}


def test_suspended_shops_drop_out_until_reinstated(place: Any, applicant: Any, admin: Any) -> None:
    shop_id = applicant.complete_application()["shop_id"]
    suspend, reinstate = (
        f"/api/v1/admin/shops/{shop_id}/{act}" for act in ("suspend", "reinstate")
    )
    reason = {"reason": "three wrong parts in a week"}
    early = admin.http.post(suspend, json=reason)
    assert (early.status_code, early.json()["type"]) == (409, "urn:clutch:problem:not-trading")
    review_id = place.review_of(shop_id)
    admin.http.post(f"/api/v1/admin/shop-reviews/{review_id}/approve").raise_for_status()
    assert admin.http.post(reinstate).json()["allowed"] == ["suspend"]

    suspended = admin.http.post(suspend, json=reason)
    assert suspended.json()["suspended_because"] == reason["reason"]
    assert not found_by_matching(place, shop_id)
    assert applicant.http.get(f"/api/v1/shops/{shop_id}/profile").json()["status"] == "suspended"
    assert place.town.rows(
        "SELECT type FROM notification WHERE user_id = :id ORDER BY created_at",
        id=applicant.person.user_id,
    ) == [("shop_approved",), ("shop_suspended",)]
    shown = admin.http.get(f"/api/v1/admin/shops/{shop_id}").json()
    assert (shown["status"], shown["suspended_because"]) == ("suspended", reason["reason"])
    assert listed(admin, "suspended")[shop_id]["suspended_because"] == reason["reason"]
    assert shop_id not in listed(admin, "active")
    again = admin.http.post(suspend, json=reason)
    assert (again.status_code, again.json()["allowed"]) == (409, ["reinstate"])

    reinstated = admin.http.post(reinstate).json()
    assert (reinstated["status"], reinstated["suspended_because"]) == ("active", None)
    assert shop_id not in listed(admin, "suspended")
    assert listed(admin, "active")[shop_id]["name"] == "El Nour"
    assert found_by_matching(place, shop_id)
    assert place.town.rows(
        "SELECT message FROM notification WHERE user_id = :id AND type = 'shop_reinstated'",
        id=applicant.person.user_id,
    ) == [("El Nour can take requests again.",)]
    assert [event["status"] for event in events_of(place, applicant.person)][-2:] == [
        "suspended",
        "active",
    ]


def test_the_queue_pages_oldest_first(place: Any, admin: Any) -> None:
    waiting = [place.caller().complete_application()["shop_id"] for _ in range(3)]
    seen: list[str] = []
    cursor: str | None = None
    while cursor is not None or not seen:
        page = admin.http.get(
            "/api/v1/admin/shop-reviews",
            params={"limit": 2} | ({"cursor": cursor} if cursor else {}),
        ).json()
        assert len(page["reviews"]) <= 2
        seen += [review["shop_id"] for review in page["reviews"]]
        cursor = page["next_cursor"]
    assert [shop_id for shop_id in seen if shop_id in waiting] == waiting


def test_an_administrator_sees_all_that_was_said_and_the_documents(
    place: Any, applicant: Any, admin: Any
) -> None:
    application = applicant.complete_application()
    review_id = place.review_of(application["shop_id"])
    review = admin.http.get(f"/api/v1/admin/shop-reviews/{review_id}").json()
    assert review["business_info"] == application["business_info"]
    assert review["applicant_id"] == str(applicant.person.user_id)
    assert sorted(review["documents"]) == ["commercial_register", "owner_id", "tax_card"]
    document = review["documents"]["tax_card"]
    assert document["file_id"] == application["verification"]["tax_card_file_id"]
    shown = admin.http.get(f"/api/v1/files/{document['file_id']}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/admin/shop-reviews", None),
        ("GET", "/admin/shop-reviews/{id}", None),
        ("POST", "/admin/shop-reviews/{id}/approve", None),
        ("POST", "/admin/shop-reviews/{id}/refuse", {"reasons": ["because"]}),
        ("GET", "/admin/shops", None),
        ("GET", "/admin/shops/{id}", None),
        ("POST", "/admin/shops/{id}/suspend", {"reason": "because"}),
        ("POST", "/admin/shops/{id}/reinstate", None),
    ],
)
def test_administration_is_for_administrators(
    place: Any, applicant: Any, admin: Any, method: str, path: str, body: Any
) -> None:
    url = "/api/v1" + path.format(id="00000000-0000-7000-8000-000000000000")

    def ask(http: httpx.Client) -> int:
        return http.request(method, url, json=body).status_code

    assert ask(place.client()) == 401
    assert ask(applicant.http) == 403
    assert ask(admin.http) == (404 if "{id}" in path else 200)
