"""`/auto-parts-orders/{orderId}/rating`: what the customer thought."""

import datetime as dt
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import CustomerOrService, PersonOrService
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.problems import MISSING, MISSING_OR_REFUSED
from api.schemas.deliveries import RatingRequest
from orders.ratings import RatingView, rating_view
from orders.ratings import rate as rate_order

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/auto-parts-orders", tags=["ratings"], route_class=JsonRoute)


@router.post(
    "/{order_id}/rating",
    name="rate_order",
    status_code=201,
    response_model=RatingView,
    responses=MISSING_OR_REFUSED,
)
def rate(
    request: Request,
    order_id: UUID,
    body: RatingRequest,
    caller: CustomerOrService,
    key: IdempotencyKey = None,
) -> Response:
    """Rate an order that was delivered, once."""
    now = dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: rate_order(
            session,
            order_id,
            user_id=caller.person,
            stars=body.stars,
            comment=body.comment,
            now=now,
        ),
    )


@router.get(
    "/{order_id}/rating",
    name="get_rating",
    response_model=RatingView,
    responses=MISSING,
)
def show(request: Request, order_id: UUID, caller: PersonOrService) -> Response:
    """Show a rating to who gave it and to the shop that got it."""
    with acting(request, caller) as session:
        return answer(rating_view(session, order_id))
