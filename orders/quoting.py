"""A shop's quote for an order: provided, revised, withdrawn.

Reads/Writes: quote, quote_line, order_invitation; moves parts_order between submitted and quoted.
Locks: order, quotes. The customer hears of each in the same transaction.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from clutch.errors import Conflict, Forbidden, NotFound
from clutch.ids import uuid7
from matching.knowledge import Knowledge
from matching.promises import Preparing, promises_to
from orders.invitations import QuoteStands
from orders.lapsing import TIME_OVER, end_quotes, reopen_without_quotes
from orders.lifecycle import OPEN, Party, Status
from orders.queries import invitations, requests
from orders.queries import quotes as queries
from orders.queries.quotes import LIVE, QuoteLineRow, QuoteRow, QuotingShopRow
from orders.queries.requests import OrderRow, PartRow
from orders.quote_lines import OfferedLine, checked_lines, last_part_hours, sums
from orders.quote_news import tell_provided, tell_revised, tell_withdrawn
from orders.quotes import VALID_FOR, QuoteView, check_live, quote_view, status_at
from orders.status import advance
from storage.queue import enqueue
from storage.session import run

__all__ = [
    "InvitationExpired",
    "Offer",
    "OrderClosed",
    "ShopNotActive",
    "provide_quote",
    "revise_quote",
    "withdraw_quote",
]


class ShopNotActive(Forbidden):
    """The shop may not quote now: it is not verified yet, suspended or inactive."""

    def __init__(self) -> None:
        super().__init__("for active shops only")


class OrderClosed(Conflict):
    """The order takes no quotes any more."""

    def __init__(self) -> None:
        super().__init__("the order takes no more quotes", allowed=[])


class InvitationExpired(Conflict):
    """The shop was to answer earlier."""

    def __init__(self) -> None:
        super().__init__("the invitation to quote has expired", allowed=[])


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a shop offers; without a fee of its own the one of its profile counts."""

    lines: Sequence[OfferedLine]
    delivery_fee_piastres: int | None = None
    preparation_minutes: int | None = None
    note: str | None = None


def provide_quote(
    session: Session,
    offer: Offer,
    *,
    order_id: UUID,
    shop_id: UUID,
    actor: str,
    knowledge: Knowledge,
    now: dt.datetime,
) -> QuoteView:
    """Offer parts for an order that the shop was invited to quote for; it stands for two hours.

    Raises
    ------
    NotFound
        There is no such order, or the shop was not invited.
    ShopNotActive
        The shop may not quote now.
    OrderClosed, InvitationExpired, QuoteStands
        The order cannot have another quote of this shop.
    InvalidInput
        Names what is wrong with a line.
    """
    if invitations.invitation(session, order_id, shop_id) is None:
        raise NotFound("order")
    order = requests.order_for_update(session, order_id)
    shop = _may_quote(session, order, shop_id, now)
    row, lines, parts = _drawn_up(session, order, shop_id, shop, offer, knowledge, now)
    if not queries.add_quote(session, row):
        raise QuoteStands
    queries.replace_lines(session, row, lines)
    queries.mark_answered(session, order_id, shop_id, now=now)
    if order.status == Status.SUBMITTED:
        advance(session, order, Status.QUOTED, party=Party.SHOP, actor=actor, now=now)
    enqueue(session, "quotes.expire", at=row.valid_until, order_id=str(order_id))
    tell_provided(session, order, row, lines, parts, shop_name=shop.name, now=now)
    return quote_view(session, row.quote_id, user_id=None, now=now)


def revise_quote(
    session: Session,
    offer: Offer,
    *,
    quote_id: UUID,
    shop_id: UUID,
    knowledge: Knowledge,
    now: dt.datetime,
) -> QuoteView:
    """Put another offer in the place of one that stands; it stands for two hours from now.

    Raises
    ------
    NotFound
        There is no such quote, or it is another shop's.
    QuoteExpired, QuoteEnded
        It does not stand any more.
    ShopNotActive
        The shop may not quote now.
    InvalidInput
        Names what is wrong with a line.
    """
    order, quote = _own_for_update(session, quote_id, shop_id)
    check_live(quote, now, allowed=_again(order))
    shop = _active(session, shop_id)
    drawn, lines, parts = _drawn_up(session, order, shop_id, shop, offer, knowledge, now)
    row = drawn._replace(
        quote_id=quote_id, revision=quote.revision + 1, created_at=quote.created_at
    )
    queries.change_quotes(session, [quote_id], **row._asdict())
    queries.replace_lines(session, row, lines)
    enqueue(session, "quotes.expire", at=row.valid_until, order_id=str(order.order_id))
    tell_revised(session, order, row, lines, parts, shop_name=shop.name, now=now)
    return quote_view(session, quote_id, user_id=None, now=now)


def withdraw_quote(
    session: Session, *, quote_id: UUID, shop_id: UUID, actor: str, now: dt.datetime
) -> QuoteView:
    """Take back a quote that stands; the order waits for quotes again if it was the last.

    Raises
    ------
    NotFound
        There is no such quote, or it is another shop's.
    QuoteExpired, QuoteEnded
        It does not stand any more.
    """
    order, quote = _own_for_update(session, quote_id, shop_id)
    check_live(quote, now, allowed=_again(order))
    queries.change_quotes(session, [quote_id], status="withdrawn", decided_at=now)
    reopen_without_quotes(session, order, party=Party.SHOP, actor=actor, now=now)
    tell_withdrawn(session, order, quote, now=now)
    return quote_view(session, quote_id, user_id=None, now=now)


def _may_quote(
    session: Session, order: OrderRow, shop_id: UUID, now: dt.datetime
) -> QuotingShopRow:
    """Return the shop, if it may add a quote to the order, which is locked."""
    shop = _active(session, shop_id)
    if order.status not in OPEN:
        raise OrderClosed
    invited = invitations.invitation(session, order.order_id, shop_id)
    if invited is None or invited.expires_at <= now:
        raise InvitationExpired
    own = [
        quote
        for quote in queries.quotes_for_update(session, order.order_id)
        if quote.shop_id == shop_id and quote.status == LIVE
    ]
    if any(status_at(quote, now) == LIVE for quote in own):
        raise QuoteStands
    # Its time has come, but the job that writes that down has not.
    end_quotes(session, order, own, reason=TIME_OVER, now=now)
    return shop


def _active(session: Session, shop_id: UUID) -> QuotingShopRow:
    shop = queries.quoting_shop(session, shop_id)
    if shop.status != "active":
        raise ShopNotActive
    return shop


def _own_for_update(session: Session, quote_id: UUID, shop_id: UUID) -> tuple[OrderRow, QuoteRow]:
    """Return an order and the shop's quote for it, both locked."""
    seen = queries.quote(session, quote_id)
    if seen is None or seen.shop_id != shop_id:
        raise NotFound("quote")
    order = requests.order_for_update(session, seen.order_id)
    locked = {each.quote_id: each for each in queries.quotes_for_update(session, order.order_id)}
    return order, locked[quote_id]


def _again(order: OrderRow) -> list[str]:
    """Return what a shop can do whose quote has ended."""
    return ["provide another quote"] if order.status in OPEN else []


def _drawn_up(
    session: Session,
    order: OrderRow,
    shop_id: UUID,
    shop: QuotingShopRow,
    offer: Offer,
    knowledge: Knowledge,
    now: dt.datetime,
) -> tuple[QuoteRow, list[QuoteLineRow], list[PartRow]]:
    """Return a first quote of what is offered, its lines, and the parts they answer."""
    parts = requests.parts_of(session, order.order_id)
    lines = checked_lines(parts, offer.lines)
    fee, free_from = shop.delivery_fee_piastres, shop.free_delivery_from_piastres
    if offer.delivery_fee_piastres is not None:
        fee, free_from = offer.delivery_fee_piastres, None
    preparing = Preparing(shop_id, offer.preparation_minutes, last_part_hours(lines))
    # Of the cell, for the shop reads the promise before it has won.
    where = (order.cell_lon, order.cell_lat)
    promises = run(session, promises_to(*where, [preparing], knowledge=knowledge, now=now))
    row = QuoteRow(
        quote_id=uuid7(),
        order_id=order.order_id,
        shop_id=shop_id,
        user_id=order.user_id,
        status=LIVE,
        revision=1,
        free_delivery_from_piastres=free_from,
        **sums(lines, fee_piastres=fee, free_from_piastres=free_from)._asdict(),
        preparation_minutes=offer.preparation_minutes,
        promise_at=promises[shop_id],
        note=offer.note,
        outcome_reason=None,
        created_at=now,
        updated_at=now,
        valid_until=now + VALID_FOR,
        decided_at=None,
    )
    return row, lines, parts
