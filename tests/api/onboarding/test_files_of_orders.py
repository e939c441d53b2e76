"""Photos of parts and proofs of delivery are also for those whose order shows them."""

from typing import Any
from uuid import UUID

import pytest

from clutch.ids import uuid7

ORDER = """
INSERT INTO parts_order (order_id, number, user_id, status, brand_id, delivery_point, cell,
    submitted_at, created_at, updated_at)
SELECT %(order_id)s, %(order_id)s, %(user_id)s, 'submitted', 1, point, point, now(), now(), now()
FROM ST_SetSRID(ST_MakePoint(31.2, 30.0), 4326) AS point;
INSERT INTO order_part (order_id, line, name, quantity, photo_ids)
VALUES (%(order_id)s, 1, 'mirror', 1, ARRAY[%(photo)s]);
INSERT INTO order_invitation (order_id, shop_id, user_id, round, rank, score, distance_band_km,
    invited_at, expires_at)
VALUES (%(order_id)s, %(shop_id)s, %(user_id)s, 1, 1, 0.5, 2, now(), now() + interval '2 hours');
INSERT INTO delivery (delivery_id, order_id, shop_id, user_id, accepted_at, proof_file_id)
VALUES (%(order_id)s, %(order_id)s, %(shop_id)s, %(user_id)s, now(), %(proof)s);
"""


def owner(place: Any, shop_id: UUID) -> Any:
    return place.caller(role="shop_owner", shop_id=shop_id)


@pytest.fixture
def shown(place: Any, applicant: Any) -> dict[str, Any]:
    """An order with a photo of its customer, and a proof that the shop's driver uploaded."""
    shop_id = place.town.shop()
    shop, driver = owner(place, shop_id), place.caller(role="shop_staff", shop_id=shop_id)
    photo = applicant.upload(purpose="part_photo").json()["file_id"]
    proof = driver.upload(purpose="proof_of_delivery").json()["file_id"]
    facts = {"order_id": uuid7(), "user_id": applicant.person.user_id, "shop_id": shop_id}
    with place.town.engine.begin() as connection:
        for statement in filter(str.strip, ORDER.split(";")):
            connection.exec_driver_sql(statement, facts | {"photo": UUID(photo), "proof": proof})
    return {"photo": photo, "proof": proof, "shop": shop, "driver": driver}


@pytest.mark.parametrize("what", ["photo", "proof"])
def test_customer_and_shop_see_what_their_order_shows(
    place: Any, applicant: Any, shown: dict[str, Any], what: str
) -> None:
    rival = owner(place, place.town.shop())
    callers = [applicant, shown["shop"], shown["driver"], rival, place.caller()]
    path = f"/api/v1/files/{shown[what]}"
    assert [caller.http.get(path).status_code for caller in callers] == [200, 200, 200, 404, 404]


def test_a_document_is_not_shown_by_an_order(
    place: Any, applicant: Any, shown: dict[str, Any]
) -> None:
    document = applicant.upload().json()["file_id"]
    with place.town.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE order_part SET photo_ids = photo_ids || %s WHERE %s = ANY (photo_ids)",
            (UUID(document), UUID(shown["photo"])),
        )
    assert shown["shop"].http.get(f"/api/v1/files/{document}").status_code == 404
