"""What is seen of quotes, and by whom: the shop its own, the customer those for their order.

Reads: quote, quote_line, parts_order, shop. Quotes are sealed: row-level security keeps the
quotes of other shops from a shop, here nothing is told of them. Making quotes is in `quoting`, how
they end in `lapsing` and `acceptance`, choosing between them in `comparison`.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import Conflict
from orders.queries import quotes as queries
from orders.queries.quotes import LIVE, QuoteLineRow, QuoteRow, ShownQuoteRow

__all__ = [
    "CURRENCY",
    "EXPIRED",
    "STATUSES",
    "VALID_FOR",
    "QuoteEnded",
    "QuoteExpired",
    "QuoteLineView",
    "QuoteView",
    "QuotesPage",
    "check_live",
    "line_view",
    "quote_view",
    "shop_quotes",
    "status_at",
    "view_of",
]

VALID_FOR = dt.timedelta(hours=2)
"""How long a quote stands after it was provided or revised."""

CURRENCY = "EGP"
EXPIRED = "expired"
STATUSES = (LIVE, "accepted", "lapsed", "withdrawn", EXPIRED)


class QuoteExpired(Conflict):
    """The quote's two hours are over."""

    def __init__(self, *, allowed: Sequence[str]) -> None:
        super().__init__("the quote has expired", allowed=allowed)


class QuoteEnded(Conflict):
    """The quote was decided on, or withdrawn."""

    def __init__(self, status: str, *, allowed: Sequence[str]) -> None:
        super().__init__(f"the quote is {status}", allowed=allowed)


class QuoteLineView(TypedDict):
    """What a quote says of one line of the order; a part that is missing has no price."""

    line: int
    availability: str
    quantity: int
    unit_price_piastres: int | None
    brand: str | None
    part_number: str | None
    condition: str | None
    warranty_months: int | None
    available_in_hours: int | None


class QuoteView(TypedDict):
    """A quote; `promise_at` is for the customer, and the shop that won.

    `delivery_fee_piastres` is what delivery of all lines costs: nothing from
    `free_delivery_from_piastres` on, where that is set. `outcome_reason` says why it ended.
    """

    quote_id: UUID
    order_id: UUID
    order_number: str
    shop_id: UUID
    shop_name: str
    shop_name_ar: str | None
    shop_rating: float | None
    shop_rating_count: int
    status: str
    revision: int
    lines: list[QuoteLineView]
    parts_piastres: int
    delivery_fee_piastres: int
    free_delivery_from_piastres: int | None
    total_piastres: int
    currency: str
    preparation_minutes: int | None
    promise_at: dt.datetime | None
    note: str | None
    outcome_reason: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    valid_until: dt.datetime
    decided_at: dt.datetime | None


class QuotesPage(TypedDict):
    """Some of a shop's quotes, newest first, and the cursor of the next page (null: the last)."""

    quotes: list[QuoteView]
    next_cursor: str | None


def status_at(quote: QuoteRow, now: dt.datetime) -> str:
    """Return the status of a quote at an instant, whether or not its expiry was written down."""
    return EXPIRED if quote.status == LIVE and quote.valid_until <= now else quote.status


def check_live(quote: QuoteRow, now: dt.datetime, *, allowed: Sequence[str]) -> None:
    """Check that a quote stands.

    Raises
    ------
    QuoteExpired, QuoteEnded
        It does not; `allowed` says what can be done instead.
    """
    status = status_at(quote, now)
    if status == EXPIRED:
        raise QuoteExpired(allowed=allowed)
    if status != LIVE:
        raise QuoteEnded(status, allowed=allowed)


def quote_view(
    session: Session, quote_id: UUID, *, user_id: UUID | None, now: dt.datetime
) -> QuoteView:
    """Return a quote to the customer it was made for (`user_id`), or to the shop that made it.

    Raises
    ------
    NotFound
        There is none, or it is not the caller's to see.
    """
    shown = queries.shown_quote(session, quote_id)
    lines = queries.lines_of(session, [quote_id])[quote_id]
    return view_of(shown, lines, for_customer=shown.quote.user_id == user_id, now=now)


def shop_quotes(
    session: Session,
    shop_id: UUID,
    *,
    status: str | None = None,
    limit: int = 20,
    cursor: str | None = None,
    now: dt.datetime,
) -> QuotesPage:
    """Return the quotes of a shop, newest first.

    Raises
    ------
    InvalidInput
        The cursor is not one that this list gave.
    """
    page = queries.quotes_of_shop(
        session, shop_id, status=status, now=now, limit=limit, cursor=cursor
    )
    lines = queries.lines_of(session, [shown.quote.quote_id for shown in page.rows])
    quotes = [
        view_of(shown, lines[shown.quote.quote_id], for_customer=False, now=now)
        for shown in page.rows
    ]
    return {"quotes": quotes, "next_cursor": page.next_cursor}


def line_view(line: QuoteLineRow) -> QuoteLineView:
    """Return what a quote says of a line, as it is sent."""
    return {
        "line": line.line,
        "availability": line.availability,
        "quantity": line.quantity,
        "unit_price_piastres": line.unit_price_piastres,
        "brand": line.brand,
        "part_number": line.part_number,
        "condition": line.condition,
        "warranty_months": line.warranty_months,
        "available_in_hours": line.available_in_hours,
    }


def view_of(
    shown: ShownQuoteRow, lines: Sequence[QuoteLineRow], *, for_customer: bool, now: dt.datetime
) -> QuoteView:
    """Return a quote as its customer, or its shop, sees it."""
    quote = shown.quote
    knows_door = for_customer or quote.status == "accepted"
    return {
        "quote_id": quote.quote_id,
        "order_id": quote.order_id,
        "order_number": shown.order_number,
        "shop_id": quote.shop_id,
        "shop_name": shown.shop_name,
        "shop_name_ar": shown.shop_name_ar,
        "shop_rating": shown.rating_mean,
        "shop_rating_count": shown.rating_count,
        "status": status_at(quote, now),
        "revision": quote.revision,
        "lines": [line_view(line) for line in lines],
        "parts_piastres": quote.parts_piastres,
        "delivery_fee_piastres": quote.delivery_fee_piastres,
        "free_delivery_from_piastres": quote.free_delivery_from_piastres,
        "total_piastres": quote.total_piastres,
        "currency": CURRENCY,
        "preparation_minutes": quote.preparation_minutes,
        "promise_at": quote.promise_at if knows_door else None,
        "note": quote.note,
        "outcome_reason": quote.outcome_reason,
        "created_at": quote.created_at,
        "updated_at": quote.updated_at,
        "valid_until": quote.valid_until,
        "decided_at": quote.decided_at,
    }
