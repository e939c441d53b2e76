"""The administrators' side: the queue of completed applications, and what they decide.

Reads/Writes: shop_review, shop_onboarding, shop. Reads: stored_file. Of two who decide at once, one
does; the other is told.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from accounts import audit
from clutch.errors import Conflict, NotFound
from notifications import inbox
from shops.onboarding.applications import ReviewVerdict, steps_of, verdict
from shops.onboarding.steps import (
    BusinessInfo,
    InventorySetup,
    LocationInfo,
    PricingStrategy,
    Step,
    VehicleBrands,
    Verification,
)
from shops.queries import onboarding as application_rows
from shops.queries import profiles as profile_rows
from shops.queries import reviews as rows
from shops.queries import uploads as upload_rows
from shops.queries.reviews import ReviewRow
from shops.standing import tell_owners
from shops.uploads import FileView, file_view

__all__ = [
    "ReviewDecided",
    "ShopReview",
    "ShopReviewSummary",
    "ShopReviews",
    "approve",
    "queue",
    "refuse",
    "review_view",
]

Decision = Literal["waiting", "approved", "refused"]


class ShopReviewSummary(ReviewVerdict):
    """A review in the queue."""

    review_id: UUID
    onboarding_id: UUID
    shop_id: UUID
    shop_name: str


class ShopReviews(TypedDict):
    """A page of reviews, oldest first."""

    reviews: list[ShopReviewSummary]
    next_cursor: str | None


class ShopReview(ShopReviewSummary):
    """A review with all that the applicant says; `documents` by the field that names each."""

    applicant_id: UUID
    decided_by: UUID | None
    business_info: BusinessInfo
    location_info: LocationInfo
    vehicle_brands: VehicleBrands
    inventory_setup: InventorySetup
    pricing_strategy: PricingStrategy
    verification: Verification
    documents: dict[str, FileView]


class ReviewDecided(Conflict):
    """It was decided already."""

    def __init__(self) -> None:
        super().__init__("the review was decided already", allowed=["read"])


def queue(
    session: Session, *, status: Decision, limit: int = 20, cursor: str | None = None
) -> ShopReviews:
    """Return a page of the reviews that stand so, oldest first."""
    decision = None if status == "waiting" else status
    page = rows.reviews(session, decision=decision, limit=limit, cursor=cursor)
    return {"reviews": [_summary(row) for row in page.rows], "next_cursor": page.next_cursor}


def review_view(session: Session, review_id: UUID) -> ShopReview:
    """Return a review with the application as it stands now.

    Raises
    ------
    NotFound
        There is no such review.
    """
    row = rows.review(session, review_id)
    if row is None:
        raise NotFound("review")
    application = application_rows.application_of_anyone(session, row.onboarding_id)
    said = steps_of(application)
    named = {field: UUID(file_id) for field, file_id in (said[Step.VERIFICATION] or {}).items()}
    found = {each.file_id: each for each in upload_rows.files(session, set(named.values()))}
    view: Any = {
        **_summary(row),
        **{step.value: data for step, data in said.items()},
        "applicant_id": application.user_id,
        "decided_by": row.decided_by,
        "documents": {
            field.removesuffix("_file_id"): file_view(found[file_id])
            for field, file_id in named.items()
            if file_id in found
        },
    }
    return cast("ShopReview", view)


def approve(session: Session, review_id: UUID, *, decided_by: UUID, now: dt.datetime) -> ShopReview:
    """Let the shop trade: from the commit on, matching finds it. Its owners are told.

    Raises
    ------
    NotFound
        There is no such review.
    ReviewDecided
        Somebody decided before.
    """
    row = _decided(session, review_id, "approved", (), decided_by, now)
    closed = {"approved_at": now, "status": "completed"}
    application_rows.change_application(session, row.onboarding_id, closed, now=now)
    profile_rows.move_status(session, row.shop_id, before="pending_verification", after="active")
    data = {"shop_id": str(row.shop_id), "shop_name": row.shop_name}
    for user_id in tell_owners(session, row.shop_id, "active", now=now):
        inbox.notify(session, user_id, "shop_approved", data, now=now)
    return review_view(session, review_id)


def refuse(
    session: Session,
    review_id: UUID,
    *,
    reasons: Sequence[str],
    decided_by: UUID,
    now: dt.datetime,
) -> ShopReview:
    """Give the application back, with the reasons; corrected, it can be completed again.

    Raises
    ------
    NotFound
        There is no such review.
    ReviewDecided
        Somebody decided before.
    """
    row = _decided(session, review_id, "refused", reasons, decided_by, now)
    application_rows.change_application(session, row.onboarding_id, {"status": "failed"}, now=now)
    data = {
        "shop_id": str(row.shop_id),
        "shop_name": row.shop_name,
        "reasons": "; ".join(reasons),
    }
    for user_id in tell_owners(session, row.shop_id, "refused", reasons=reasons, now=now):
        inbox.notify(session, user_id, "shop_refused", data, now=now)
    return review_view(session, review_id)


def _decided(
    session: Session,
    review_id: UUID,
    decision: str,
    reasons: Sequence[str],
    decided_by: UUID,
    now: dt.datetime,
) -> ReviewRow:
    row = rows.review(session, review_id)
    if row is None:
        raise NotFound("review")
    if not rows.decide(
        session, review_id, decision=decision, reasons=reasons, decided_by=decided_by, now=now
    ):
        raise ReviewDecided
    audit.record(
        session,
        actor=f"user:{decided_by}",
        act="approve_shop" if decision == "approved" else "refuse_shop",
        subject=f"shop:{row.shop_id}",
        now=now,
        reasons=list(reasons),
    )
    return row


def _summary(row: ReviewRow) -> ShopReviewSummary:
    return {
        **verdict(row),
        "review_id": row.review_id,
        "onboarding_id": row.onboarding_id,
        "shop_id": row.shop_id,
        "shop_name": row.shop_name,
    }
