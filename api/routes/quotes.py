"""`/shop-quotes/*` for shops; comparing and accepting quotes, for customers."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from starlette.requests import Request
from starlette.responses import Response

from api.access import CustomerOrService, PersonOrService, ShopStaff
from api.acting import IdempotencyKey, acting, answer, once
from api.bodies import JsonRoute
from api.paying import assert_method_taken
from api.problems import MISSING, MISSING_OR_REFUSED
from api.schemas.pages import Cursor, PageSize
from api.schemas.quotes import AcceptanceBody, OfferBody, OfferToOrder, SplitBody
from api.state import knowledge_of, state_of
from orders.acceptance import Acceptance, accept_quote
from orders.comparison import OrderQuotes, quotes_of_order
from orders.dividing import Division, accept_split
from orders.quotes import QuotesPage, QuoteView, quote_view, shop_quotes
from orders.quoting import provide_quote, revise_quote, withdraw_quote

__all__ = ["router"]

router = APIRouter(prefix="/api/v1", tags=["quotes"], route_class=JsonRoute)

_Status = Literal["submitted", "accepted", "lapsed", "withdrawn", "expired"]


@router.post(
    "/shop-quotes/provide-quote",
    name="provide_quote",
    status_code=201,
    response_model=QuoteView,
    responses=MISSING_OR_REFUSED,
)
def provide(
    request: Request, body: OfferToOrder, caller: ShopStaff, key: IdempotencyKey = None
) -> Response:
    """Offer parts for an order that the shop was invited to quote for.

    The quote stands for two hours; until then it can be revised or withdrawn. No other shop learns
    of it. `delivery_fee_piastres` left out is that of the shop's profile, free from its threshold.
    """
    knowledge, now = knowledge_of(request), dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: provide_quote(
            session,
            body.offer(),
            order_id=body.order_id,
            shop_id=caller.shop,
            actor=caller.name,
            knowledge=knowledge,
            now=now,
        ),
    )


@router.get(
    "/shop-quotes/shop-quotes",
    name="list_shop_quotes",
    response_model=QuotesPage,
)
def of_shop(
    request: Request,
    caller: ShopStaff,
    status: _Status | None = None,
    limit: PageSize = 20,
    cursor: Cursor = None,
) -> Response:
    """List the shop's own quotes, newest first."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(
            shop_quotes(session, caller.shop, status=status, limit=limit, cursor=cursor, now=now)
        )


@router.get(
    "/shop-quotes/{quote_id}",
    name="get_quote",
    response_model=QuoteView,
    responses=MISSING,
)
def show(request: Request, quote_id: UUID, caller: PersonOrService) -> Response:
    """Show a quote to the shop that made it, or to the customer it was made for.

    `promise_at` is the customer's alone until the quote is accepted.
    """
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(quote_view(session, quote_id, user_id=caller.user_id, now=now))


@router.put(
    "/shop-quotes/{quote_id}",
    name="revise_quote",
    response_model=QuoteView,
    responses=MISSING_OR_REFUSED,
)
def revise(request: Request, quote_id: UUID, body: OfferBody, caller: ShopStaff) -> Response:
    """Put another offer in the place of a quote that stands: it stands for two hours from now."""
    knowledge, now = knowledge_of(request), dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(
            revise_quote(
                session,
                body.offer(),
                quote_id=quote_id,
                shop_id=caller.shop,
                knowledge=knowledge,
                now=now,
            )
        )


@router.delete(
    "/shop-quotes/{quote_id}",
    name="withdraw_quote",
    response_model=QuoteView,
    responses=MISSING_OR_REFUSED,
)
def withdraw(request: Request, quote_id: UUID, caller: ShopStaff) -> Response:
    """Take back a quote that stands; the answer is the quote as withdrawn."""
    now = dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(
            withdraw_quote(
                session, quote_id=quote_id, shop_id=caller.shop, actor=caller.name, now=now
            )
        )


@router.get(
    "/auto-parts-orders/{order_id}/quotes",
    name="compare_quotes",
    response_model=OrderQuotes,
    responses=MISSING,
)
def compare(
    request: Request,
    order_id: UUID,
    caller: CustomerOrService,
    arrive_by: Annotated[
        AwareDatetime | None,
        Query(description="Split only over shops that promise to deliver by then: ISO 8601, UTC."),
    ] = None,
) -> Response:
    """Compare the quotes for an order: line by line, complete baskets, the cheapest split.

    Promises are counted from now, as if the quote were accepted at this moment.
    """
    knowledge, now = knowledge_of(request), dt.datetime.now(dt.UTC)
    with acting(request, caller) as session:
        return answer(
            quotes_of_order(
                session,
                order_id,
                user_id=caller.person,
                knowledge=knowledge,
                now=now,
                arrive_by=arrive_by,
            )
        )


@router.post(
    "/auto-parts-orders/{order_id}/accept-quote",
    name="accept_quote",
    response_model=Acceptance,
    responses=MISSING_OR_REFUSED,
)
def accept(
    request: Request,
    order_id: UUID,
    body: AcceptanceBody,
    caller: CustomerOrService,
    key: IdempotencyKey = None,
) -> Response:
    """Agree to a quote that stands: it wins, every other quote for the order lapses.

    Name the `revision` that was read, so that nobody agrees to a price they have not seen. The
    payment is opened with it (`payment.redirect_url` follows for cards and wallets), and the
    delivery. The shop learns now where the order goes, and to whom.
    """
    assert_method_taken(state_of(request), body.payment_method)
    knowledge, now = knowledge_of(request), dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: accept_quote(
            session,
            order_id=order_id,
            quote_id=body.quote_id,
            revision=body.revision,
            user_id=caller.person,
            actor=caller.name,
            payment_method=body.payment_method,
            knowledge=knowledge,
            now=now,
        ),
        status=200,
    )


@router.post(
    "/auto-parts-orders/{order_id}/accept-split",
    name="accept_split",
    response_model=Division,
    responses=MISSING_OR_REFUSED,
)
def accept_several(
    request: Request,
    order_id: UUID,
    body: SplitBody,
    caller: CustomerOrService,
    key: IdempotencyKey = None,
) -> Response:
    """Agree to parts of several quotes at once, all or none: each shop's part becomes an order.

    The order itself keeps the choice of the greatest value; each other choice gets an order of its
    own, `divided_from` this one, with its payment and its delivery. All other quotes lapse.
    """
    assert_method_taken(state_of(request), body.payment_method)
    knowledge, now = knowledge_of(request), dt.datetime.now(dt.UTC)
    return once(
        request,
        caller,
        key,
        lambda session: accept_split(
            session,
            body.chosen(),
            order_id=order_id,
            user_id=caller.person,
            actor=caller.name,
            payment_method=body.payment_method,
            knowledge=knowledge,
            now=now,
        ),
        status=200,
    )
