"""`/admin/webhook-endpoints`: where partners hear of events, and what became of each message."""

import datetime as dt
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from api.access import Admin
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.problems import MISSING, MISSING_OR_REFUSED, REFUSED
from api.schemas.notifications import EndpointBody, EndpointChange
from api.schemas.pages import Cursor, PageSize
from api.state import state_of
from notifications import endpoints
from notifications.endpoints import (
    Deliveries,
    Endpoints,
    EndpointView,
    NewEndpoint,
    NewSecret,
    WebhookDelivery,
)

__all__ = ["router"]

router = APIRouter(
    prefix="/api/v1/admin/webhook-endpoints", tags=["webhooks"], route_class=JsonRoute
)


@router.post(
    "",
    name="add_webhook_endpoint",
    status_code=201,
    response_model=NewEndpoint,
    responses=REFUSED,
)
def add(
    request: Request, body: EndpointBody, caller: Admin, key: IdempotencyKey = None
) -> Response:
    """Enter an endpoint; the answer is the only time that its secret is seen."""

    def act(session: Session) -> NewEndpoint:
        return endpoints.add_endpoint(
            session,
            name=body.name,
            url=body.url,
            events=body.events,
            public_only=state_of(request).in_production,
            seals=state_of(request).seals,
            actor=caller.name,
            now=dt.datetime.now(dt.UTC),
        )

    return once(request, caller, key, act, secret=True)


@router.get("", name="list_webhook_endpoints", response_model=Endpoints)
def list_all(
    request: Request, caller: Admin, limit: PageSize = 20, cursor: Cursor = None
) -> Response:
    """Return the endpoints, newest first, without their secrets."""
    with acting(request, caller) as session:
        return answer(endpoints.list_endpoints(session, limit=limit, cursor=cursor))


@router.get(
    "/{endpoint_id}",
    name="get_webhook_endpoint",
    response_model=EndpointView,
    responses=MISSING,
)
def get(request: Request, endpoint_id: UUID, caller: Admin) -> Response:
    """Return an endpoint, without its secrets."""
    with acting(request, caller) as session:
        return answer(endpoints.endpoint_of(session, endpoint_id))


@router.delete("/{endpoint_id}", name="remove_webhook_endpoint", status_code=204, responses=MISSING)
def remove(request: Request, endpoint_id: UUID, caller: Admin) -> Response:
    """Remove an endpoint and its log; to keep the log, switch it off instead."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        endpoints.remove_endpoint(session, endpoint_id, actor=caller.name, now=now)
    return Response(status_code=204)


@router.put(
    "/{endpoint_id}",
    name="change_webhook_endpoint",
    response_model=EndpointView,
    responses=MISSING,
)
def change(request: Request, endpoint_id: UUID, body: EndpointChange, caller: Admin) -> Response:
    """Change where an endpoint is and what it hears of; `active: false` switches it off."""
    with acting(request, caller) as session:
        return answer(
            endpoints.change_endpoint(
                session,
                endpoint_id,
                url=body.url,
                events=body.events,
                active=body.active,
                public_only=state_of(request).in_production,
                actor=caller.name,
                now=dt.datetime.now(dt.UTC),
            )
        )


@router.post(
    "/{endpoint_id}/rotate-secret",
    name="rotate_webhook_secret",
    status_code=201,
    response_model=NewSecret,
    responses=MISSING,
)
def rotate(
    request: Request, endpoint_id: UUID, caller: Admin, key: IdempotencyKey = None
) -> Response:
    """Make a new secret; messages are signed with it and with the old one, until that is ended.

    Where the answer was lost, ask again: the old secret stays and the lost one goes.
    """

    def act(session: Session) -> NewSecret:
        return endpoints.rotate_secret(
            session,
            endpoint_id,
            seals=state_of(request).seals,
            actor=caller.name,
            now=dt.datetime.now(dt.UTC),
        )

    return once(request, caller, key, act, secret=True)


@router.delete(
    "/{endpoint_id}/old-secret",
    name="end_old_webhook_secret",
    response_model=EndpointView,
    responses=MISSING,
)
def end_old(request: Request, endpoint_id: UUID, caller: Admin) -> Response:
    """End the old secret, once the partner knows the new one."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(endpoints.end_old_secret(session, endpoint_id, actor=caller.name, now=now))


@router.get(
    "/{endpoint_id}/deliveries",
    name="list_webhook_deliveries",
    response_model=Deliveries,
    responses=MISSING,
)
def deliveries(
    request: Request,
    endpoint_id: UUID,
    caller: Admin,
    status: Literal["waiting", "delivered", "given_up"] | None = None,
    limit: PageSize = 20,
    cursor: Cursor = None,
) -> Response:
    """Return the messages to an endpoint, newest first, and what became of each."""
    with acting(request, caller) as session:
        return answer(
            endpoints.deliveries_of(session, endpoint_id, status=status, limit=limit, cursor=cursor)
        )


@router.post(
    "/{endpoint_id}/deliveries/{delivery_id}/resend",
    name="resend_webhook",
    response_model=WebhookDelivery,
    responses=MISSING_OR_REFUSED,
)
def resend(request: Request, endpoint_id: UUID, delivery_id: UUID, caller: Admin) -> Response:
    """Send a message once more under its own id, so that a partner who has it can tell."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(
            endpoints.send_again(session, endpoint_id, delivery_id, actor=caller.name, now=now)
        )
