"""`/deliveries/*`: from the shop's shelf to the customer's hands."""

import datetime as dt
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from api.access import PersonOrService, ShopStaff
from api.acting import acting, answer
from api.bodies import JsonRoute
from api.problems import MISSING, MISSING_OR_REFUSED
from api.schemas.deliveries import AssignRequest, DeliverRequest, FailRequest, PositionRequest
from api.state import knowledge_of
from orders import deliveries, tracking
from orders.tracking import DeliveryView

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/deliveries", tags=["deliveries"], route_class=JsonRoute)


@router.get("/{delivery_id}", name="get_delivery", response_model=DeliveryView, responses=MISSING)
def show(request: Request, delivery_id: UUID, caller: PersonOrService) -> Response:
    """Show its customer and its shop where a delivery is, and when it should arrive."""
    with acting(request, caller) as session:
        return _shown(request, session, delivery_id)


@router.post(
    "/{delivery_id}/start",
    name="start_delivery",
    response_model=DeliveryView,
    responses=MISSING_OR_REFUSED,
)
def start(request: Request, delivery_id: UUID, caller: ShopStaff) -> Response:
    """Begin to prepare the parts: the order is processing.

    A payment by card or wallet must be authorised.
    """
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        deliveries.start(session, delivery_id, shop_id=caller.shop, actor=caller.name, now=now)
        return _shown(request, session, delivery_id)


@router.post(
    "/{delivery_id}/assign",
    name="assign_delivery",
    response_model=DeliveryView,
    responses=MISSING_OR_REFUSED,
)
def assign(request: Request, delivery_id: UUID, body: AssignRequest, caller: ShopStaff) -> Response:
    """Say which courier brings the parts."""
    with acting(request, caller) as session:
        deliveries.assign(
            session,
            delivery_id,
            shop_id=caller.shop,
            courier_name=body.courier_name,
            courier_phone=body.courier_phone,
        )
        return _shown(request, session, delivery_id)


@router.post(
    "/{delivery_id}/pick-up",
    name="pick_up_delivery",
    response_model=DeliveryView,
    responses=MISSING_OR_REFUSED,
)
def pick_up(request: Request, delivery_id: UUID, caller: ShopStaff) -> Response:
    """Hand the parts to the courier: the order is shipped."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        deliveries.pick_up(session, delivery_id, shop_id=caller.shop, actor=caller.name, now=now)
        return _shown(request, session, delivery_id)


@router.post(
    "/{delivery_id}/position",
    name="place_courier",
    response_model=DeliveryView,
    responses=MISSING_OR_REFUSED,
)
def place(
    request: Request, delivery_id: UUID, body: PositionRequest, caller: ShopStaff
) -> Response:
    """Say where the courier was, at most every 5 seconds; the customer hears it at once."""
    lon, lat = body.point.coordinates
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        tracking.place(
            session, delivery_id, shop_id=caller.shop, lon=lon, lat=lat, at=body.at, now=now
        )
        return _shown(request, session, delivery_id)


@router.post(
    "/{delivery_id}/deliver",
    name="deliver",
    response_model=DeliveryView,
    responses=MISSING_OR_REFUSED,
)
def deliver(
    request: Request, delivery_id: UUID, body: DeliverRequest, caller: ShopStaff
) -> Response:
    """Hand the parts over, with who received them or a photo; cash is collected in full."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        deliveries.deliver(
            session,
            delivery_id,
            shop_id=caller.shop,
            user_id=caller.person,
            actor=caller.name,
            received_by=body.received_by,
            proof_file_id=body.proof_file_id,
            collected_piastres=body.collected_piastres,
            now=now,
        )
        return _shown(request, session, delivery_id)


@router.post(
    "/{delivery_id}/fail",
    name="fail_delivery",
    response_model=DeliveryView,
    responses=MISSING_OR_REFUSED,
)
def fail(request: Request, delivery_id: UUID, body: FailRequest, caller: ShopStaff) -> Response:
    """Say why the parts could not be handed over; assign them again, or have an admin cancel."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        deliveries.fail(
            session,
            delivery_id,
            shop_id=caller.shop,
            actor=caller.name,
            reason=body.reason,
            now=now,
        )
        return _shown(request, session, delivery_id)


def _shown(request: Request, session: Session, delivery_id: UUID) -> Response:
    knowledge = knowledge_of(request)
    return answer(tracking.delivery_view(session, delivery_id, model=knowledge.delivery))
