"""The applicant's side: begin or resume, save steps in any order, see how it stands.

Reads/Writes: shop_onboarding. Reads: shop_review. An application stays open until its shop is
approved; while administrators look at it, it cannot be changed.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import Conflict, NotFound
from clutch.ids import uuid7
from shops.onboarding.checks import check_step
from shops.onboarding.steps import (
    BusinessInfo,
    InventorySetup,
    LocationInfo,
    PricingStrategy,
    Step,
    VehicleBrands,
    Verification,
    missing_steps,
)
from shops.queries import onboarding as rows
from shops.queries import reviews as review_rows
from shops.queries.onboarding import ApplicationRow
from shops.queries.reviews import ReviewRow
from storage.session import as_platform

__all__ = [
    "Handed",
    "ReviewVerdict",
    "ShopApplication",
    "application_view",
    "begin",
    "locked",
    "missing",
    "save_step",
    "steps_of",
    "verdict",
]


class ReviewVerdict(TypedDict):
    """What the administrators said; `reasons` when they refused."""

    status: Literal["waiting", "approved", "refused"]
    reasons: list[str]
    requested_at: dt.datetime
    decided_at: dt.datetime | None


class ShopApplication(TypedDict):
    """How an application stands; a step not saved yet is null.

    `current_step` is the first that is missing, null when none is.
    """

    onboarding_id: UUID
    status: Literal["in_progress", "completed", "failed"]
    current_step: Step | None
    completed_steps: list[Step]
    missing: list[Step]
    business_info: BusinessInfo | None
    location_info: LocationInfo | None
    vehicle_brands: VehicleBrands | None
    inventory_setup: InventorySetup | None
    pricing_strategy: PricingStrategy | None
    verification: Verification | None
    review: ReviewVerdict | None
    shop_id: UUID | None
    created_at: dt.datetime
    updated_at: dt.datetime


class Handed(Conflict):
    """The application is with the administrators, or they approved it."""

    def __init__(self) -> None:
        super().__init__("the application was completed and is no longer changed", allowed=["read"])


def begin(session: Session, *, user_id: UUID, now: dt.datetime) -> ShopApplication:
    """Return the person's open application, a new one when there is none."""
    row = rows.open_application(session, onboarding_id=uuid7(), user_id=user_id, now=now)
    return _view(session, row)


def application_view(session: Session, onboarding_id: UUID, *, user_id: UUID) -> ShopApplication:
    """Return an application of this person.

    Raises
    ------
    NotFound
        It is not theirs, or there is none.
    """
    row = rows.application(session, onboarding_id, user_id)
    if row is None:
        raise NotFound("application")
    return _view(session, row)


def save_step(
    session: Session,
    onboarding_id: UUID,
    step: Step,
    data: Mapping[str, Any],
    *,
    user_id: UUID,
    now: dt.datetime,
) -> ShopApplication:
    """Keep what the applicant says in a step, in place of what they said before.

    Raises
    ------
    NotFound
        The application is not theirs, or there is none.
    Handed
        It was completed.
    InvalidInput
        Names the field that cannot be used.
    """
    row = locked(session, onboarding_id, user_id=user_id)
    if row.status == "completed":
        raise Handed
    kept = check_step(session, step, data, user_id=user_id)
    changes = {step.value: kept, "status": "in_progress"}
    rows.change_application(session, onboarding_id, changes, now=now)
    return application_view(session, onboarding_id, user_id=user_id)


def locked(session: Session, onboarding_id: UUID, *, user_id: UUID) -> ApplicationRow:
    """Return an application of this person, locked until the commit.

    Raises
    ------
    NotFound
        It is not theirs, or there is none.
    """
    row = rows.application_for_update(session, onboarding_id, user_id)
    if row is None:
        raise NotFound("application")
    return row


def steps_of(row: ApplicationRow) -> dict[Step, Any]:
    """Return what each step holds, None for those not saved yet."""
    return {step: getattr(row, step.value) for step in Step}


def missing(row: ApplicationRow) -> list[Step]:
    """Return the steps that were not saved yet, in order."""
    return missing_steps(steps_of(row))


def verdict(review: ReviewRow) -> ReviewVerdict:
    """Return what was said in a review."""
    status: Any = review.decision or "waiting"
    return {
        "status": status,
        "reasons": review.reasons,
        "requested_at": review.requested_at,
        "decided_at": review.decided_at,
    }


def _view(session: Session, row: ApplicationRow) -> ShopApplication:
    # The applicant may hear the verdict; the review itself is the platform's.
    with as_platform(session):
        review = review_rows.newest_review(session, row.onboarding_id)
    lacking = missing(row)
    view: Any = {
        **row._asdict(),
        "current_step": lacking[0] if lacking else None,
        "completed_steps": [step for step in Step if step not in lacking],
        "missing": lacking,
        "review": None if review is None else verdict(review),
    }
    del view["user_id"]
    return cast("ShopApplication", view)
