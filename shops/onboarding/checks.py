"""What a step must hold beyond its form: makes that are known, places, files of the applicant.

Reads: make_alias, stored_file.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from clutch.errors import InvalidInput
from shops.brands import UnknownBrand, brand_id
from shops.onboarding.places import check_place
from shops.onboarding.steps import Step
from shops.queries import makes as make_rows
from shops.queries import profiles as profile_rows
from shops.queries import uploads as upload_rows

__all__ = ["brand_ids", "check_step", "check_zone"]

SHOP_DOCUMENT = "shop_document"


def check_step(session: Session, step: Step, data: Mapping[str, Any], *, user_id: UUID) -> Any:
    """Return what to keep of a step whose form is right.

    Raises
    ------
    InvalidInput
        Names the field that cannot be used.
    """
    check = _CHECKS.get(step)
    return check(session, data, user_id) if check else dict(data)


def brand_ids(session: Session, names: list[str], *, field: str) -> list[int]:
    """Return the identifiers of makes, rising, each once.

    Raises
    ------
    InvalidInput
        Names the entry of `field` that is no make.
    """
    known = make_rows.brand_ids(session.connection())
    found = set()
    for place, name in enumerate(names):
        try:
            found.add(brand_id(name, known))
        except UnknownBrand as error:
            raise _no_make(session, f"{field}[{place}]", known, error) from None
    return sorted(found)


def check_zone(session: Session, zone: Mapping[str, Any] | None, *, field: str) -> None:
    """Refuse a delivery zone that crosses itself.

    Raises
    ------
    InvalidInput
        Says where it does.
    """
    fault = None if zone is None else profile_rows.zone_fault(session, zone)
    if fault:
        raise InvalidInput(f"{field}.coordinates", f"a polygon that is valid, not: {fault}")


def _no_make(
    session: Session, field: str, known: Mapping[str, int], error: UnknownBrand
) -> InvalidInput:
    if error.near is None:
        return InvalidInput(field, "a known make")
    (near,) = make_rows.makes(session, [known[error.near]])
    expected = f"a known make; did you mean {near.name_en}?"
    return InvalidInput(field, expected, suggestions=[near.name_en])


def _check_location(session: Session, data: Mapping[str, Any], _user_id: UUID) -> Any:
    lon, lat = data["location"]["coordinates"]
    check_place(lon, lat, governorate=data["governorate"], field="location.coordinates")
    check_zone(session, data["delivery_zone"], field="delivery_zone")
    return dict(data)


def _check_brands(session: Session, data: Mapping[str, Any], _user_id: UUID) -> Any:
    identifiers = brand_ids(session, data["supported_brands"], field="supported_brands")
    return {"supported_brands": [row.name_en for row in make_rows.makes(session, identifiers)]}


def _check_documents(session: Session, data: Mapping[str, Any], user_id: UUID) -> Any:
    wanted = {field: UUID(file_id) for field, file_id in data.items()}
    own = {
        row.file_id
        for row in upload_rows.files(session, set(wanted.values()))
        if row.user_id == user_id and row.purpose == SHOP_DOCUMENT
    }
    for field, file_id in wanted.items():
        if file_id not in own:
            raise InvalidInput(field, f"the file_id of a {SHOP_DOCUMENT} that you uploaded")
    return dict(data)


_CHECKS: Mapping[Step, Callable[[Session, Mapping[str, Any], UUID], Any]] = {
    Step.LOCATION_INFO: _check_location,
    Step.VEHICLE_BRANDS: _check_brands,
    Step.VERIFICATION: _check_documents,
}
