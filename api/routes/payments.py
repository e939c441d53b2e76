"""`/payments/*`: paying, giving back, and what providers tell."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from accounts.principal import Role
from api.access import CustomerOrService, PersonOrService, ShopOrAdmin, Signer
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.problems import MISSING, MISSING_OR_REFUSED, PROBLEMS
from api.rate_limits import Limit, address_of
from api.schemas.payments import ProviderEvent, RefundRequest
from api.state import state_of
from clutch.errors import NotFound
from orders.payments.checkout import CheckoutView, check_out
from orders.payments.events import EventView, receive
from orders.payments.hosted import told_from
from orders.payments.opening import PaymentView, RefundView, payment_view
from orders.payments.port import HOSTED
from orders.payments.refunds import refund
from orders.payments.signatures import SignatureInvalid, verified_id
from storage.session import PLATFORM, transaction

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/payments", tags=["payments"], route_class=JsonRoute)


async def _signed_id(request: Request) -> str:
    """Return the id of an event whose signature holds: before that, none of its fields counts."""
    state = state_of(request)
    now = dt.datetime.now(dt.UTC)
    try:
        return verified_id(
            request.state.body, request.headers, secrets=state.webhook_secrets, now=now
        )
    except SignatureInvalid:
        await state.limits.hit(Limit.FAILED_PROOF_ADDRESS, address_of(request))
        raise


@router.get(
    "/{payment_id}",
    name="get_payment",
    response_model=PaymentView,
    responses=MISSING,
)
def show(request: Request, payment_id: UUID, caller: PersonOrService) -> Response:
    """Show a payment and its refunds to its customer and to its shop."""
    with acting(request, caller) as session:
        return answer(payment_view(session, payment_id, user_id=caller.user_id))


@router.post(
    "/{payment_id}/checkout",
    name="check_out",
    response_model=CheckoutView,
    responses=MISSING_OR_REFUSED,
)
def pay(request: Request, payment_id: UUID, caller: CustomerOrService) -> Response:
    """Give the provider's page on which to pay by card or wallet; sent again, the same page.

    After a payment that failed this opens another one: its id is in the answer. The page sends the
    customer back to where the server's settings say; that proves nothing, so read the payment then.
    """
    state = state_of(request)
    now = dt.datetime.now(dt.UTC)
    view = check_out(
        state.engine,
        state.provider,
        payment_id,
        tenant=caller.tenant,
        user_id=caller.person,
        now=now,
    )
    return answer(view)


@router.post(
    "/{payment_id}/refund",
    name="refund_payment",
    status_code=201,
    response_model=RefundView,
    responses=MISSING_OR_REFUSED,
)
def give_back(
    request: Request,
    payment_id: UUID,
    body: RefundRequest,
    caller: ShopOrAdmin,
    key: IdempotencyKey = None,
) -> Response:
    """Give back captured money, all that is left or a part of it."""
    now = dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: refund(
            session,
            payment_id,
            shop_id=None if Role.ADMIN in caller.roles else caller.shop,
            amount_piastres=body.amount_piastres,
            reason=body.reason,
            actor=caller.name,
            now=now,
        ),
    )


@router.post(
    "/webhooks/{provider}",
    name="payment_webhook",
    status_code=202,
    response_model=EventView,
    responses={403: PROBLEMS[403], **MISSING},
)
def hear(
    request: Request,
    provider: Annotated[str, Path(min_length=1, max_length=40)],
    event_id: Annotated[str, Depends(_signed_id)],
    body: ProviderEvent,
    caller: Signer,
) -> Response:
    """Take an event of a payment provider, signed by Standard Webhooks; each counts once.

    What was told before, is about no payment of ours or does not agree with it changes nothing.
    """
    if provider != HOSTED:
        raise NotFound("payment provider")
    now = dt.datetime.now(dt.UTC)
    plain = body.plain()
    told = told_from(plain["data"])
    with transaction(state_of(request).engine, PLATFORM) as session:
        view = receive(
            session,
            provider=provider,
            event_id=event_id,
            type=body.type,
            told=told,
            payload=plain,
            now=now,
        )
    return answer(view, status=202)
