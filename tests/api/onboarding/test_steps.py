"""Saving steps: resumed, in any order, and what is wrong with a field said by its path."""

from typing import Any

import pytest

NOBODYS = "00000000-0000-7000-8000-000000000000"
BOW_TIE = [[[31.0, 30.0], [31.2, 30.2], [31.2, 30.0], [31.0, 30.2], [31.0, 30.0]]]
BLOCK = [[[31.0, 30.0], [31.2, 30.0], [31.2, 30.2], [31.0, 30.0]]]


def polygon(coordinates: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": coordinates}


def point(*coordinates: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": coordinates}


def test_an_application_is_resumed_not_doubled(applicant: Any) -> None:
    first = applicant.http.post("/api/v1/shop-onboarding/start").json()
    assert first["status"] == "in_progress"
    assert first["current_step"] == "business_info"
    assert len(first["missing"]) == 6
    assert (first["review"], first["shop_id"]) == (None, None)
    assert applicant.http.post("/api/v1/shop-onboarding/start").json() == first


def test_steps_are_saved_in_any_order_by_name_or_number_and_again(applicant: Any) -> None:
    onboarding_id, good = applicant.start(), applicant.good_steps()
    applicant.save(onboarding_id, 5, good["pricing_strategy"])
    applicant.save(onboarding_id, "vehicle_brands", good["vehicle_brands"])
    saved = applicant.save(onboarding_id, 5, {**good["pricing_strategy"], "warranty_days": 30})
    application = saved.json()
    assert application["completed_steps"] == ["vehicle_brands", "pricing_strategy"]
    assert application["current_step"] == "business_info"
    assert application["pricing_strategy"]["warranty_days"] == 30
    assert applicant.show(onboarding_id) == application


def test_what_is_saved_is_what_was_understood(applicant: Any) -> None:
    onboarding_id = applicant.apply(business_info={"tax_number": "٣٣١-١٠٥-٢٦٨"})
    application = applicant.show(onboarding_id)
    assert application["business_info"]["tax_number"] == "331105268"
    assert application["business_info"]["phone"] == "+201012345678"
    hours = {"friday": [["١٤:٠٠", "00:00"], ["9:00", "14:00"]]}
    place = {**applicant.good_steps()["location_info"], "opening_hours": hours}
    saved = applicant.save(onboarding_id, "location_info", place).json()
    assert saved["location_info"]["opening_hours"]["friday"] == [
        ["14:00", "24:00"],
        ["09:00", "14:00"],
    ]
    assert application["location_info"]["governorate"] == "Cairo"
    assert application["vehicle_brands"]["supported_brands"] == ["Toyota", "Volkswagen"]


@pytest.mark.parametrize(
    ("step", "change", "field", "expected"),
    [
        ("business_info", {"name": None}, "name", "text"),
        ("business_info", {"name": "النور"}, "name", "a name in Latin letters"),
        ("business_info", {"name_ar": "El Nour"}, "name_ar", "a name in Arabic letters"),
        ("business_info", {"name": "x" * 121}, "name", "at most 120 characters"),
        ("business_info", {"tax_number": "12345678"}, "tax_number", "a tax number of 9 digits"),
        ("business_info", {"tax_number": "12345678X"}, "tax_number", "a tax number of 9 digits"),
        ("business_info", {"tax_number": 100531385}, "tax_number", "text"),
        ("business_info", {"commercial_register": "A-1"}, "commercial_register", "a number in"),
        ("business_info", {"phone": "123"}, "phone", "a phone number"),
        ("business_info", {"contact_email": "nobody"}, "contact_email", "an e-mail address"),
        ("business_info", {"legal_name": "a\x00b"}, "legal_name", "text that is not blank"),
        ("business_info", {"owner": "me"}, "owner", "no such field"),
        ("location_info", {"location": point(30.0444, 31.2357)}, "location.coordinates",
         "[longitude, latitude] of a place in Egypt; are they swapped?"),
        ("location_info", {"location": point(2.35, 48.85)}, "location.coordinates",
         "[longitude, latitude] of a place in Egypt"),
        ("location_info", {"location": point(31.2, 131.0)}, "location.coordinates[1]",
         "a latitude from -90 to 90"),
        ("business_info", {"legal_name": "  "}, "legal_name", "text that is not blank"),
        ("location_info", {"address": ""}, "address", "at least 3"),
        ("location_info", {"governorate": "Atlantis"}, "governorate", "a governorate of Egypt"),
        ("location_info", {"opening_hours": {"monday": [["09:00", "25:00"]]}},
         "opening_hours.monday[0]", "when it opens and when it closes"),
        ("location_info", {"opening_hours": {"monday": [["9", "17:00"]]}},
         "opening_hours.monday[0][0]", "at least 4"),
        ("location_info", {"opening_hours": {"monday": [["09:00", "17:00"], ["12:00", "20:00"]]}},
         "opening_hours.monday", "spans that do not overlap"),
        ("location_info", {"opening_hours": {"monday": [["20:00", "03:00"], ["23:00", "01:00"]]}},
         "opening_hours.monday", "spans that do not overlap"),
        ("location_info", {"opening_hours": {}}, "opening_hours", "hours of one weekday at least"),
        ("location_info", {"opening_hours": {"friday": []}}, "opening_hours", "hours of one"),
        ("location_info", {"opening_hours": {"moonday": []}}, "opening_hours.moonday", "no such"),
        ("location_info", {"holiday_hours": [["20:00", "02:00"]]}, "holiday_hours",
         "hours that do not pass midnight"),
        ("location_info", {"closed_on": ["2027-02-30"]}, "closed_on[0]", "a day"),
        ("location_info", {"delivery_zone": polygon(BOW_TIE)}, "delivery_zone.coordinates",
         "a polygon that is valid"),
        ("location_info", {"delivery_zone": polygon([[*BLOCK[0][:-1], [31.0, 30.1]]])},
         "delivery_zone.coordinates[0]", "a ring that ends where it begins"),
        ("location_info", {"delivery_zone": polygon([BLOCK[0] * 200])},
         "delivery_zone.coordinates[0]", "at most 500 entries"),
        ("vehicle_brands", {"supported_brands": []}, "supported_brands", "at least 1 entries"),
        ("vehicle_brands", {"supported_brands": ["Kia", "Toyotta"]}, "supported_brands[1]",
         "a known make; did you mean Toyota?"),
        ("inventory_setup", {"kept_in": "head"}, "kept_in", "'manual', 'clutch'"),
        ("inventory_setup", {"parts_count": -1}, "parts_count", "a value of 0 or more"),
        ("inventory_setup", {"parts_count": True}, "parts_count", "a whole number"),
        ("inventory_setup", {"answers_from_stock": 1}, "answers_from_stock", "true or false"),
        ("pricing_strategy", {"delivery_fee_piastres": 1.5}, "delivery_fee_piastres", "a whole"),
        ("pricing_strategy", {"markup_percent": -1}, "markup_percent", "a value of 0 or more"),
        ("verification", {"tax_card_file_id": "card.jpg"}, "tax_card_file_id", "an id, as 0"),
        ("verification", {"tax_card_file_id": NOBODYS}, "tax_card_file_id",
         "the file_id of a shop_document that you uploaded"),
    ],
)  # fmt: skip
def test_a_bad_field_is_named(
    applicant: Any, step: str, change: dict[str, Any], field: str, expected: str
) -> None:
    onboarding_id = applicant.start()
    good = applicant.good_steps()[step]
    refused = applicant.save(onboarding_id, step, {**good, **change})
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert fault["field"] == field
    assert fault["expected"].startswith(expected)
    assert applicant.show(onboarding_id)[step] is None


def test_the_nearest_make_is_a_suggestion_for_programs_too(applicant: Any) -> None:
    refused = applicant.save(applicant.start(), 3, {"supported_brands": ["Toyotta"]})
    assert refused.json()["errors"][0]["suggestions"] == ["Toyota"]


def test_all_bad_fields_are_named_at_once(applicant: Any) -> None:
    refused = applicant.save(applicant.start(), "business_info", {"name": "x"})
    assert len(refused.json()["errors"]) == 6


@pytest.mark.parametrize("body", ["null", "[]", '"text"', "1"])
def test_a_step_is_an_object(applicant: Any, body: str) -> None:
    refused = applicant.http.put(
        f"/api/v1/shop-onboarding/{applicant.start()}/step/1",
        content=body,
        headers={"Content-Type": "application/json"},
    )
    assert (refused.status_code, refused.json()["errors"][0]["expected"]) == (422, "an object")


@pytest.mark.parametrize("step", ["0", "7", "bank_details"])
def test_there_are_six_steps(applicant: Any, step: str) -> None:
    refused = applicant.save(applicant.start(), step, {})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "step")


def test_documents_are_the_applicants_own(place: Any, applicant: Any) -> None:
    file_id = place.caller().upload().json()["file_id"]
    photo_id = applicant.upload(purpose="part_photo").json()["file_id"]
    onboarding_id, good = applicant.start(), applicant.good_steps()["verification"]
    for other in (file_id, photo_id):
        refused = applicant.save(onboarding_id, 6, {**good, "owner_id_file_id": other})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (
            422,
            "owner_id_file_id",
        )


def test_anothers_application_is_none(place: Any, applicant: Any, admin: Any) -> None:
    onboarding_id = applicant.start()
    stranger = place.caller()
    missing = stranger.http.get(f"/api/v1/shop-onboarding/{NOBODYS}")
    for caller in (stranger, admin):
        good = caller.good_steps()["inventory_setup"]
        for answer in (
            caller.http.get(f"/api/v1/shop-onboarding/{onboarding_id}"),
            caller.save(onboarding_id, 4, good),
            caller.complete(onboarding_id),
        ):
            assert (answer.status_code, answer.content) == (404, missing.content)
    assert applicant.show(onboarding_id)["inventory_setup"] is None


def test_strangers_learn_nothing(place: Any, applicant: Any) -> None:
    onboarding_id = applicant.start()
    stranger = place.client()
    base = "/api/v1/shop-onboarding"
    for method, path in (
        ("POST", f"{base}/start"),
        ("GET", f"{base}/{onboarding_id}"),
        ("PUT", f"{base}/{onboarding_id}/step/1"),
        ("POST", f"{base}/{onboarding_id}/complete"),
    ):
        assert stranger.request(method, path, content=b"{").status_code == 401


def test_completing_names_the_steps_that_are_missing(place: Any, applicant: Any) -> None:
    onboarding_id = applicant.start()
    applicant.save(onboarding_id, 4, applicant.good_steps()["inventory_setup"])
    refused = applicant.complete(onboarding_id)
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:clutch:problem:steps-missing",
    )
    assert refused.json()["allowed"] == [
        "business_info", "location_info", "vehicle_brands", "pricing_strategy", "verification"
    ]  # fmt: skip
    assert applicant.show(onboarding_id)["shop_id"] is None


def test_a_completed_application_is_not_changed(applicant: Any) -> None:
    application = applicant.complete_application()
    onboarding_id = application["onboarding_id"]
    refused = applicant.save(onboarding_id, 1, application["business_info"])
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:clutch:problem:handed")
    assert applicant.complete(onboarding_id).json() == application
    assert applicant.show(onboarding_id) == application
    assert applicant.start() == onboarding_id


def test_a_tax_number_belongs_to_one_shop(place: Any, applicant: Any) -> None:
    first = applicant.complete_application()
    other = place.caller()
    number = first["business_info"]["tax_number"]
    onboarding_id = other.apply(business_info={"tax_number": number})
    refused = other.complete(onboarding_id)
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:clutch:problem:tax-number-taken",
    )
    assert "business_info.tax_number" in refused.json()["detail"]
    assert number not in refused.text
    assert first["shop_id"] not in refused.text
    application = other.show(onboarding_id)
    assert (application["status"], application["shop_id"]) == ("in_progress", None)
    assert place.town.rows(
        "SELECT count(*) FROM shop_member WHERE user_id = :id", id=other.person.user_id
    ) == [(0,)]
