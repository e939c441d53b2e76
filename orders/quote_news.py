"""What is told of a quote: to its customer by event and inbox, to partners by webhook.

Reads: shop. Writes: room_event, notification, webhook_delivery. What a shop is told when its quote
ends: `orders.lapsing`.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.orm import Session

from notifications import events
from notifications.inbox import notify
from notifications.texts import pounds
from notifications.webhooks import publish
from orders.queries import quotes as queries
from orders.queries.quotes import QuoteLineRow, QuoteRow
from orders.queries.requests import OrderRow, PartRow
from orders.quote_lines import MISSING
from orders.quotes import CURRENCY

__all__ = ["tell_provided", "tell_revised", "tell_withdrawn"]


def tell_provided(
    session: Session,
    order: OrderRow,
    quote: QuoteRow,
    lines: Sequence[QuoteLineRow],
    parts: Sequence[PartRow],
    *,
    shop_name: str,
    now: dt.datetime,
) -> None:
    """Tell the customer, and partners, of a new quote; `lines` answer the `parts` of the order."""
    payload = _payload(quote, lines, parts, shop_name)
    events.append(session, events.user_room(order.user_id), "new-quote", payload, now=now)
    notify(session, order.user_id, "new_quote", _note(order, quote, shop_name), now=now)
    published = {
        "order_id": str(order.order_id),
        "number": order.number,
        "quote_id": str(quote.quote_id),
        "shop_id": str(quote.shop_id),
        "shop_name": shop_name,
        "total_piastres": quote.total_piastres,
        "currency": CURRENCY,
        "valid_until": quote.valid_until.isoformat(),
    }
    publish(session, "quote.provided", published, now=now)


def tell_revised(
    session: Session,
    order: OrderRow,
    quote: QuoteRow,
    lines: Sequence[QuoteLineRow],
    parts: Sequence[PartRow],
    *,
    shop_name: str,
    now: dt.datetime,
) -> None:
    """Tell the customer that a quote is another now."""
    payload = _payload(quote, lines, parts, shop_name)
    events.append(session, events.user_room(order.user_id), "quote-updated", payload, now=now)
    notify(session, order.user_id, "quote_revised", _note(order, quote, shop_name), now=now)


def tell_withdrawn(session: Session, order: OrderRow, quote: QuoteRow, *, now: dt.datetime) -> None:
    """Tell the customer that a quote is no longer offered."""
    shop_name = queries.quoting_shop(session, quote.shop_id).name
    payload = {
        "orderId": str(order.order_id),
        "quoteId": str(quote.quote_id),
        "shopName": shop_name,
        "timestamp": now.isoformat(),
    }
    events.append(session, events.user_room(order.user_id), "quote-withdrawn", payload, now=now)
    notify(session, order.user_id, "quote_withdrawn", _note(order, quote, shop_name), now=now)


def _payload(
    quote: QuoteRow,
    lines: Sequence[QuoteLineRow],
    parts: Sequence[PartRow],
    shop_name: str,
) -> dict[str, object]:
    """Return the event of a quote; `totalPrice` and `unitPrice` are in piastres."""
    names = {part.line: part.name or part.part_number or part.description for part in parts}
    wanted = {part.line: part.quantity for part in parts}
    return {
        "orderId": str(quote.order_id),
        "quoteId": str(quote.quote_id),
        "revision": quote.revision,
        "shopName": shop_name,
        "totalPrice": quote.total_piastres,
        "currency": CURRENCY,
        "estimatedDelivery": quote.promise_at and quote.promise_at.isoformat(),
        "validUntil": quote.valid_until.isoformat(),
        "availableParts": [
            {
                "line": line.line,
                "name": names[line.line],
                "quantity": line.quantity,
                "unitPrice": line.unit_price_piastres,
            }
            for line in lines
            if line.availability != MISSING
        ],
        "missingParts": [
            {
                "line": line.line,
                "name": names[line.line],
                "quantity": wanted[line.line] - line.quantity,
            }
            for line in lines
            if line.quantity < wanted[line.line]
        ],
    }


def _note(order: OrderRow, quote: QuoteRow, shop_name: str) -> dict[str, str]:
    return {
        "order_id": str(order.order_id),
        "number": order.number,
        "shop_name": shop_name,
        "total": pounds(quote.total_piastres),
    }
