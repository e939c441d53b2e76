"""Completing an application: it makes the shop, its profile, its owner, and asks for a review.

Reads: make_alias. Writes: shop_onboarding, shop, shop_profile, shop_member, shop_review. All in one
transaction, under the lock of the application: however often it is completed, there is one shop.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from accounts import audit
from clutch.errors import Conflict
from clutch.ids import uuid7
from shops.onboarding.applications import (
    ShopApplication,
    application_view,
    locked,
    missing,
    steps_of,
)
from shops.onboarding.checks import brand_ids
from shops.onboarding.steps import Step
from shops.queries import members as member_rows
from shops.queries import onboarding as rows
from shops.queries import profiles as profile_rows
from shops.queries import reviews as review_rows
from shops.queries.onboarding import ApplicationRow
from shops.standing import tell_owners
from shops.timetable import day_table, week_table
from storage.session import as_platform

__all__ = ["StepsMissing", "TaxNumberTaken", "complete"]


class StepsMissing(Conflict):
    """Steps are yet to be saved: `allowed` names them."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__(f"{len(steps)} of {len(Step)} steps are missing", allowed=steps)


class TaxNumberTaken(Conflict):
    """Another shop has this tax number."""

    def __init__(self) -> None:
        super().__init__(
            "business_info.tax_number: a shop has it already", allowed=[Step.BUSINESS_INFO]
        )


def complete(
    session: Session, onboarding_id: UUID, *, user_id: UUID, now: dt.datetime
) -> ShopApplication:
    """Make the shop, and put it into the queue of the administrators; once.

    After a refusal the shop made then is changed, and reviewed anew.

    Raises
    ------
    NotFound
        The application is not theirs, or there is none.
    StepsMissing
        Names the steps that are.
    TaxNumberTaken
        Nothing was made.
    """
    row = locked(session, onboarding_id, user_id=user_id)
    if row.status != "completed":
        if lacking := missing(row):
            raise StepsMissing(lacking)
        _hand_in(session, row, now)
    return application_view(session, onboarding_id, user_id=user_id)


def _hand_in(session: Session, row: ApplicationRow, now: dt.datetime) -> None:
    shop_id = row.shop_id or uuid7()
    said = steps_of(row)
    with as_platform(session):
        profile_rows.save_shop(session, shop_id, _shop_values(session, said))
        if not profile_rows.save_profile(session, shop_id, _profile_values(said)):
            raise TaxNumberTaken
        member_rows.add_member(session, shop_id, row.user_id, "shop_owner")
        rows.change_application(
            session, row.onboarding_id, {"status": "completed", "shop_id": shop_id}, now=now
        )
        review_rows.add_review(
            session,
            review_id=uuid7(),
            onboarding_id=row.onboarding_id,
            shop_id=shop_id,
            now=now,
        )
        tell_owners(session, shop_id, "pending_verification", now=now)
    audit.record(
        session,
        actor=f"user:{row.user_id}",
        act="complete_onboarding",
        subject=f"shop:{shop_id}",
        now=now,
    )


def _shop_values(session: Session, said: Mapping[Step, Any]) -> dict[str, Any]:
    business, place = said[Step.BUSINESS_INFO], said[Step.LOCATION_INFO]
    brands = said[Step.VEHICLE_BRANDS]["supported_brands"]
    ramadan = place["ramadan_hours"]
    return {
        "name": business["name"],
        "name_ar": business["name_ar"],
        "phone": business["phone"],
        "address": place["address"],
        "location": profile_rows.point(*place["location"]["coordinates"]),
        "service_zone": profile_rows.zone(place["delivery_zone"]),
        "brand_ids": brand_ids(session, brands, field="vehicle_brands.supported_brands"),
        "regular_hours": week_table(place["opening_hours"]),
        "ramadan_hours": None if ramadan is None else week_table(ramadan),
        "holiday_hours": day_table(place["holiday_hours"]),
        "closed_on": [dt.date.fromisoformat(day) for day in place["closed_on"]],
    }


def _profile_values(said: Mapping[Step, Any]) -> dict[str, Any]:
    business, pricing = said[Step.BUSINESS_INFO], said[Step.PRICING_STRATEGY]
    return {
        "legal_name": business["legal_name"],
        "tax_number": business["tax_number"],
        "commercial_register": business["commercial_register"],
        "contact_email": business["contact_email"],
        "delivery_fee_piastres": pricing["delivery_fee_piastres"],
        "free_delivery_from_piastres": pricing["free_delivery_from_piastres"],
        "inventory_setup": said[Step.INVENTORY_SETUP],
        "pricing_strategy": pricing,
    }
