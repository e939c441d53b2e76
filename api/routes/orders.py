"""`/auto-parts-orders/*`: orders for their customers, requests for the shops that were asked."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Query
from starlette.requests import Request
from starlette.responses import Response

from accounts.principal import Role
from api.access import CustomerOrService, PersonOrService, ShopStaff
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.problems import MISSING, MISSING_OR_REFUSED, REFUSED
from api.schemas.orders import (
    Cancellation,
    CopyRequest,
    Declination,
    OrderChange,
    OrderRequest,
    Refusal,
)
from api.schemas.pages import Cursor, PageSize
from api.state import knowledge_of, state_of
from clutch.errors import NotFound
from orders import cancelling, invitations, requests, shop_views, views
from orders.invitations import Asking
from orders.lifecycle import Status

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/auto-parts-orders", tags=["orders"], route_class=JsonRoute)


@router.post(
    "",
    name="create_order",
    status_code=201,
    response_model=requests.PlacedOrder,
    responses=REFUSED,
)
def create(
    request: Request, body: OrderRequest, caller: CustomerOrService, key: IdempotencyKey = None
) -> Response:
    """Ask for parts: a draft to go on with, or with `submit` a request that shops hear of at once.

    Shops learn the car, the parts and a square of about 1.4 km around the place. The place itself,
    the address, the notes and who asks are for the shop whose quote is accepted.
    """
    asking, now = _asking(request), dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: requests.create_order(
            session,
            body.wishes(),
            submit=body.submit,
            asking=asking,
            user_id=caller.person,
            actor=caller.name,
            locale=caller.locale,
            now=now,
        ),
    )


@router.get(
    "/user/{user_id}",
    name="list_user_orders",
    response_model=views.OrderPage,
    responses=MISSING,
)
def of_user(
    request: Request,
    user_id: UUID,
    caller: PersonOrService,
    status: Status | None = None,
    limit: PageSize = 20,
    cursor: Cursor = None,
) -> Response:
    """List a person's own orders, newest first; administrators may list anybody's."""
    if user_id != caller.person and Role.ADMIN not in caller.roles:
        raise NotFound("user")
    with acting(request, caller) as session:
        return answer(
            views.orders_of_user(session, user_id, status=status, limit=limit, cursor=cursor)
        )


@router.get(
    "/shop/invitations",
    name="list_shop_invitations",
    response_model=shop_views.RequestPage,
)
def of_shop(
    request: Request,
    caller: ShopStaff,
    show: Annotated[
        Literal["open", "all"], Query(description="`open`: what the shop can still answer.")
    ] = "open",
    limit: PageSize = 20,
    cursor: Cursor = None,
) -> Response:
    """List what the shop was asked to quote for, newest first."""
    with acting(request, caller) as session:
        return answer(
            shop_views.orders_for_shop(
                session,
                caller.shop,
                only_open=show == "open",
                limit=limit,
                cursor=cursor,
                now=dt.datetime.now(dt.UTC),
            )
        )


@router.get(
    "/{order_id}",
    name="get_order",
    response_model=views.OrderView | shop_views.RequestView,
    responses=MISSING,
)
def show(request: Request, order_id: UUID, caller: PersonOrService) -> Response:
    """Show an order: all of it to its customer, to a shop that was asked what it may know."""
    with acting(request, caller) as session:
        return answer(
            views.order_as_seen(
                session,
                order_id,
                user_id=caller.person,
                shop_id=caller.shop_id,
                is_admin=Role.ADMIN in caller.roles,
                locale=caller.locale,
                now=dt.datetime.now(dt.UTC),
            )
        )


@router.put(
    "/{order_id}",
    name="update_order",
    response_model=requests.PlacedOrder,
    responses=MISSING_OR_REFUSED,
)
def update(
    request: Request, order_id: UUID, body: OrderChange, caller: CustomerOrService
) -> Response:
    """Change an order, send it to the shops (`submitted`) or call it off (`cancelled`).

    What is left out stays as it is. A draft can change in everything; once shops were asked, only
    the address and the notes, which they do not see yet; once a quote was accepted, nothing.
    """
    asking = _asking(request)
    with acting(request, caller) as session:
        return answer(
            requests.update_order(
                session,
                order_id,
                body.wishes(),
                status=body.status,
                reason=body.reason,
                asking=asking,
                user_id=caller.person,
                actor=caller.name,
                locale=caller.locale,
                now=dt.datetime.now(dt.UTC),
            )
        )


@router.post(
    "/{order_id}/submit",
    name="submit_order",
    response_model=requests.PlacedOrder,
    responses=MISSING_OR_REFUSED,
)
def submit(
    request: Request, order_id: UUID, caller: CustomerOrService, key: IdempotencyKey = None
) -> Response:
    """Send a draft to the best shops around; `invited` says to how many.

    Where too few quotes come in time, more shops are asked, from farther away.
    """
    asking, now = _asking(request), dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: requests.submit_order(
            session,
            order_id,
            asking=asking,
            user_id=caller.person,
            actor=caller.name,
            locale=caller.locale,
            now=now,
        ),
        status=200,
    )


@router.post(
    "/{order_id}/copy",
    name="copy_order",
    status_code=201,
    response_model=requests.PlacedOrder,
    responses=MISSING_OR_REFUSED,
)
def copy(
    request: Request,
    order_id: UUID,
    body: Annotated[CopyRequest, Body(default_factory=CopyRequest)],
    caller: CustomerOrService,
    key: IdempotencyKey = None,
) -> Response:
    """Make a new order that asks for what an earlier one did."""
    asking, now = _asking(request), dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: requests.copy_order(
            session,
            order_id,
            submit=body.submit,
            asking=asking,
            user_id=caller.person,
            actor=caller.name,
            locale=caller.locale,
            now=now,
        ),
    )


@router.post(
    "/{order_id}/cancel",
    name="cancel_order",
    response_model=views.OrderView,
    responses=MISSING_OR_REFUSED,
)
def cancel(
    request: Request,
    order_id: UUID,
    body: Annotated[Cancellation, Body(default_factory=Cancellation)],
    caller: PersonOrService,
    key: IdempotencyKey = None,
) -> Response:
    """Call an order off: its customer until the parts are on their way, administrators to the end.

    Quotes lapse, held money is let go, paid money goes back.
    """
    now = dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: cancelling.cancel_order(
            session,
            order_id,
            reason=body.reason,
            user_id=caller.person,
            is_admin=Role.ADMIN in caller.roles,
            actor=caller.name,
            locale=caller.locale,
            now=now,
        ),
        status=200,
    )


@router.post(
    "/{order_id}/decline",
    name="decline_order",
    response_model=shop_views.RequestView,
    responses=MISSING_OR_REFUSED,
)
def decline(
    request: Request,
    order_id: UUID,
    body: Annotated[Declination, Body(default_factory=Declination)],
    caller: ShopStaff,
    key: IdempotencyKey = None,
) -> Response:
    """Say for the shop that it will not quote; the customer is not told who declined."""
    now = dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: invitations.decline(
            session, order_id, shop_id=caller.shop, reason=body.reason, now=now
        ),
        status=200,
    )


@router.post(
    "/{order_id}/refuse",
    name="refuse_order",
    response_model=shop_views.RequestView,
    responses=MISSING_OR_REFUSED,
)
def refuse(
    request: Request,
    order_id: UUID,
    body: Refusal,
    caller: ShopStaff,
    key: IdempotencyKey = None,
) -> Response:
    """Give back an order that the shop has won and cannot serve; its customer reads why."""
    now = dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: cancelling.refuse_order(
            session,
            order_id,
            reason=body.reason,
            shop_id=caller.shop,
            actor=caller.name,
            now=now,
        ),
        status=200,
    )


def _asking(request: Request) -> Asking:
    return Asking(knowledge_of(request), state_of(request).rules)
