"""The SQL of quotes.

Reads/Writes: quote, quote_line; writes the answer of order_invitation. Reads: shop, shop_profile,
parts_order.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from clutch.errors import NotFound
from storage.paging import Page, page_of
from storage.tables.onboarding import ShopProfile
from storage.tables.orders import OrderInvitation, PartsOrder, Quote, QuoteLine
from storage.tables.shops import Shop

__all__ = [
    "LIVE",
    "QuoteLineRow",
    "QuoteRow",
    "QuotingShopRow",
    "ShownQuoteRow",
    "add_quote",
    "change_quotes",
    "lines_of",
    "mark_answered",
    "orders_with_overdue_quotes",
    "orders_with_quotes_of",
    "quote",
    "quotes_for_update",
    "quotes_of_order",
    "quotes_of_shop",
    "quoting_shop",
    "replace_lines",
    "shown_quote",
    "stands",
]

LIVE = "submitted"
"""The status of a quote that can be accepted, as long as its time has not come."""


class QuoteRow(NamedTuple):
    """A quote; sums in piastres."""

    quote_id: UUID
    order_id: UUID
    shop_id: UUID
    user_id: UUID
    status: str
    revision: int
    parts_piastres: int
    delivery_fee_piastres: int
    waived_fee_piastres: int
    free_delivery_from_piastres: int | None
    total_piastres: int
    preparation_minutes: int | None
    promise_at: dt.datetime | None
    note: str | None
    outcome_reason: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    valid_until: dt.datetime
    decided_at: dt.datetime | None


class QuoteLineRow(NamedTuple):
    """What a quote says of one line of the order."""

    line: int
    availability: str
    quantity: int
    unit_price_piastres: int | None
    brand: str | None
    part_number: str | None
    condition: str | None
    warranty_months: int | None
    available_in_hours: int | None


class ShownQuoteRow(NamedTuple):
    """A quote with the names of its order and its shop, and whether that may sell now."""

    quote: QuoteRow
    shop_is_active: bool
    order_number: str
    shop_name: str
    shop_name_ar: str | None
    rating_mean: float | None
    rating_count: int


class QuotingShopRow(NamedTuple):
    """What of a shop its quotes depend on."""

    name: str
    status: str
    delivery_fee_piastres: int
    free_delivery_from_piastres: int | None


_QUOTE = [getattr(Quote, name) for name in QuoteRow._fields]
_LINE = [getattr(QuoteLine, name) for name in QuoteLineRow._fields]
_BESIDE: list[Any] = [
    Shop.status == "active",
    *(PartsOrder.number, Shop.name, Shop.name_ar, Shop.rating_mean, Shop.rating_count),
]
_SHOWN = (
    select(*_QUOTE, *_BESIDE)
    .join(PartsOrder, PartsOrder.order_id == Quote.order_id)
    .join(Shop, Shop.shop_id == Quote.shop_id)
)


def stands(now: dt.datetime) -> ColumnElement[bool]:
    """Hold for quotes that can be accepted."""
    return and_(Quote.status == LIVE, Quote.valid_until > now)


def quote(session: Session, quote_id: UUID) -> QuoteRow | None:
    """Return a quote that the transaction may see, or None."""
    row = session.execute(select(*_QUOTE).where(Quote.quote_id == quote_id)).first()
    return None if row is None else QuoteRow._make(row)


def quotes_for_update(session: Session, order_id: UUID) -> list[QuoteRow]:
    """Return and lock the quotes of an order that the transaction may see, in order of their ids.

    The order itself is locked already.
    """
    rows = session.execute(
        select(*_QUOTE)
        .where(Quote.order_id == order_id)
        .order_by(Quote.quote_id)
        .with_for_update(of=Quote)
    )
    return [QuoteRow._make(row) for row in rows]


def shown_quote(session: Session, quote_id: UUID) -> ShownQuoteRow:
    """Return a quote that the transaction may see, with the names that go with it.

    Raises
    ------
    NotFound
        There is none.
    """
    row = session.execute(_SHOWN.where(Quote.quote_id == quote_id)).first()
    if row is None:
        raise NotFound("quote")
    return _shown(row)


def quotes_of_order(session: Session, order_id: UUID) -> list[ShownQuoteRow]:
    """Return the quotes of an order that the transaction may see, cheapest first."""
    rows = session.execute(
        _SHOWN.where(Quote.order_id == order_id).order_by(Quote.total_piastres, Quote.quote_id)
    )
    return [_shown(row) for row in rows]


def quotes_of_shop(
    session: Session,
    shop_id: UUID,
    *,
    status: str | None,
    now: dt.datetime,
    limit: int,
    cursor: str | None,
) -> Page[ShownQuoteRow]:
    """Return the quotes of a shop, newest first, with `status` only those that now have it."""
    rows = _SHOWN.where(Quote.shop_id == shop_id)
    if status is not None:
        rows = _having(rows, status, now)
    page = page_of(
        session,
        rows.order_by(Quote.created_at.desc(), Quote.quote_id),
        limit=limit,
        cursor=cursor,
    )
    return Page([_shown(row) for row in page.rows], page.next_cursor)


def _having(rows: Select[Any], status: str, now: dt.datetime) -> Select[Any]:
    if status == LIVE:
        return rows.where(stands(now))
    if status == "expired":
        due = and_(Quote.status == LIVE, Quote.valid_until <= now)
        return rows.where(or_(Quote.status == status, due))
    return rows.where(Quote.status == status)


def _shown(row: Any) -> ShownQuoteRow:
    width = len(_QUOTE)
    return ShownQuoteRow(QuoteRow._make(row[:width]), *row[width:])


def lines_of(session: Session, quote_ids: Collection[UUID]) -> dict[UUID, list[QuoteLineRow]]:
    """Return the lines of quotes, in their order."""
    rows = session.execute(
        select(QuoteLine.quote_id, *_LINE)
        .where(QuoteLine.quote_id.in_(quote_ids))
        .order_by(QuoteLine.quote_id, QuoteLine.line)
    )
    found: dict[UUID, list[QuoteLineRow]] = {quote_id: [] for quote_id in quote_ids}
    for quote_id, *line in rows:
        found[quote_id].append(QuoteLineRow._make(line))
    return found


def add_quote(session: Session, row: QuoteRow) -> bool:
    """Add a quote; False where the shop has one that stands."""
    added = upsert(Quote).values(**row._asdict()).on_conflict_do_nothing()
    return session.execute(added.returning(Quote.quote_id)).first() is not None


def replace_lines(session: Session, quote: QuoteRow, lines: Sequence[QuoteLineRow]) -> None:
    """Make `lines` what a quote says."""
    session.execute(delete(QuoteLine).where(QuoteLine.quote_id == quote.quote_id))
    whose = {"quote_id": quote.quote_id, "shop_id": quote.shop_id, "user_id": quote.user_id}
    session.execute(insert(QuoteLine), [{**whose, **line._asdict()} for line in lines])


def change_quotes(session: Session, quote_ids: Collection[UUID], **values: Any) -> list[QuoteRow]:
    """Change columns of those of the quotes that are live; return them as they are then."""
    rows = session.execute(
        update(Quote)
        .where(Quote.quote_id.in_(quote_ids), Quote.status == LIVE)
        .values(**values)
        .returning(*_QUOTE)
    )
    return sorted(QuoteRow._make(row) for row in rows)


def mark_answered(session: Session, order_id: UUID, shop_id: UUID, *, now: dt.datetime) -> None:
    """Note when a shop first answered, and that it has not declined, whatever it said before."""
    session.execute(
        update(OrderInvitation)
        .where(OrderInvitation.order_id == order_id, OrderInvitation.shop_id == shop_id)
        .values(
            answered_at=func.coalesce(OrderInvitation.answered_at, now),
            declined_at=None,
            decline_reason=None,
        )
    )


def quoting_shop(session: Session, shop_id: UUID) -> QuotingShopRow:
    """Return what of a shop its quotes depend on.

    Raises
    ------
    NotFound
        There is no such shop.
    """
    row = session.execute(
        select(
            Shop.name,
            Shop.status,
            func.coalesce(ShopProfile.delivery_fee_piastres, 0),
            ShopProfile.free_delivery_from_piastres,
        )
        .outerjoin(ShopProfile, ShopProfile.shop_id == Shop.shop_id)
        .where(Shop.shop_id == shop_id)
    ).first()
    if row is None:
        raise NotFound("shop")
    return QuotingShopRow._make(row)


def orders_with_quotes_of(session: Session, shop_id: UUID) -> list[UUID]:
    """Return the orders for which a shop has a quote that nobody decided on, rising."""
    rows = session.scalars(
        select(Quote.order_id).where(Quote.shop_id == shop_id, Quote.status == LIVE)
    )
    return sorted(set(rows))


def orders_with_overdue_quotes(session: Session, *, now: dt.datetime, limit: int) -> list[UUID]:
    """Return orders with quotes whose time has come and that nobody marked yet."""
    rows = session.scalars(
        select(Quote.order_id)
        .where(Quote.status == LIVE, Quote.valid_until <= now)
        .order_by(Quote.valid_until)
        .limit(limit)
    )
    return sorted(set(rows))
