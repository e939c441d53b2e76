"""`/admin/shop-reviews` and `/admin/shops`: which shops may trade, decided by administrators."""

import datetime as dt
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import Admin
from api.acting import acting, answer
from api.bodies import JsonRoute
from api.problems import MISSING, MISSING_OR_REFUSED
from api.schemas.onboarding import ReviewRefusal, Suspension
from api.schemas.pages import Cursor, PageSize
from orders.shop_standing import suspend_shop
from shops import profiles, standing
from shops.onboarding import reviews

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/admin", tags=["shops, administration"], route_class=JsonRoute)


@router.get(
    "/shop-reviews",
    name="list_shop_reviews",
    response_model=reviews.ShopReviews,
)
def queue(
    request: Request,
    caller: Admin,
    status: Literal["waiting", "approved", "refused"] = "waiting",
    limit: PageSize = 20,
    cursor: Cursor = None,
) -> Response:
    """List the applications that wait for a decision, or were decided so; oldest first."""
    with acting(request, caller) as session:
        return answer(reviews.queue(session, status=status, limit=limit, cursor=cursor))


@router.get(
    "/shop-reviews/{review_id}",
    name="get_shop_review",
    response_model=reviews.ShopReview,
    responses=MISSING,
)
def show(request: Request, review_id: UUID, caller: Admin) -> Response:
    """Show all that an applicant says, and the documents that go with it."""
    with acting(request, caller) as session:
        return answer(reviews.review_view(session, review_id))


@router.post(
    "/shop-reviews/{review_id}/approve",
    name="approve_shop",
    response_model=reviews.ShopReview,
    responses=MISSING_OR_REFUSED,
)
def approve(request: Request, review_id: UUID, caller: Admin) -> Response:
    """Let a shop trade: from now on matching finds it. Its owners are told."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(reviews.approve(session, review_id, decided_by=caller.person, now=now))


@router.post(
    "/shop-reviews/{review_id}/refuse",
    name="refuse_shop",
    response_model=reviews.ShopReview,
    responses=MISSING_OR_REFUSED,
)
def refuse(request: Request, review_id: UUID, body: ReviewRefusal, caller: Admin) -> Response:
    """Give an application back with the reasons; its owners are told them."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(
            reviews.refuse(
                session, review_id, reasons=body.reasons, decided_by=caller.person, now=now
            )
        )


@router.get(
    "/shops",
    name="list_shops",
    response_model=standing.Shops,
)
def shops(
    request: Request,
    caller: Admin,
    status: standing.Status | None = None,
    limit: PageSize = 20,
    cursor: Cursor = None,
) -> Response:
    """List the shops, or those that stand so, and why who is suspended is."""
    with acting(request, caller) as session:
        return answer(standing.list_shops(session, status=status, limit=limit, cursor=cursor))


@router.get(
    "/shops/{shop_id}",
    name="get_shop_as_administrator",
    response_model=profiles.ShopProfile,
    responses=MISSING,
)
def shop(request: Request, shop_id: UUID, caller: Admin) -> Response:
    """Show all that is kept of a shop, whether it trades or not."""
    with acting(request, caller) as session:
        return answer(profiles.profile_view(session, shop_id))


@router.post(
    "/shops/{shop_id}/suspend",
    name="suspend_shop",
    response_model=standing.ShopStanding,
    responses=MISSING_OR_REFUSED,
)
def suspend(request: Request, shop_id: UUID, body: Suspension, caller: Admin) -> Response:
    """Take a shop out of trade: matching no longer finds it, and it cannot quote.

    Its quotes that stand lapse, and their customers are told; what it has won it delivers.
    """
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(
            suspend_shop(session, shop_id, reason=body.reason, actor=caller.name, now=now)
        )


@router.post(
    "/shops/{shop_id}/reinstate",
    name="reinstate_shop",
    response_model=standing.ShopStanding,
    responses=MISSING_OR_REFUSED,
)
def reinstate(request: Request, shop_id: UUID, caller: Admin) -> Response:
    """Let a suspended shop trade again."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(standing.reinstate(session, shop_id, actor=caller.name, now=now))
