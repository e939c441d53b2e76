"""Choosing between the quotes for an order: line by line, whole baskets, and the best split.

Reads: quote, quote_line, parts_order, order_part, shop. For the customer alone.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import NotFound
from matching.knowledge import Knowledge
from matching.promises import Preparing, promises_to
from orders import basket
from orders.basket import LineOffer, LineSpread, ShopOffer
from orders.queries import quotes as queries
from orders.queries import requests
from orders.queries.quotes import LIVE, QuoteLineRow, QuoteRow, ShownQuoteRow
from orders.queries.requests import OrderRow, PartRow
from orders.quote_lines import last_part_hours
from orders.quotes import CURRENCY, QuoteView, status_at, view_of
from orders.splitting import Split, best_split
from storage.session import run

__all__ = [
    "Basket",
    "Baskets",
    "LineComparison",
    "LineQuote",
    "OrderQuotes",
    "SplitLine",
    "SplitShop",
    "SplitView",
    "promises_of",
    "quotes_of_order",
]


class LineQuote(TypedDict):
    """What one shop offers for a line.

    `as_wanted`: no condition is wanted, or it is this one. `is_best`: nobody asks less for one,
    among those as wanted where there are any.
    """

    quote_id: UUID
    shop_name: str
    availability: str
    quantity: int
    unit_price_piastres: int | None
    brand: str | None
    part_number: str | None
    condition: str | None
    warranty_months: int | None
    available_in_hours: int | None
    as_wanted: bool
    is_best: bool


class LineComparison(TypedDict):
    """A line of the order and every offer for it, cheapest first, those without a price last.

    `spread_piastres` is how far the dearest is above the best. Where some are in the condition
    wanted, both are of those alone.
    """

    line: int
    number: str | None
    name: str | None
    description: str | None
    quantity: int
    condition: str | None
    best_unit_price_piastres: int | None
    spread_piastres: int | None
    offers: list[LineQuote]


class Basket(TypedDict):
    """A quote that has all that is wanted; `as_wanted`: each part in the condition wanted."""

    quote_id: UUID
    revision: int
    shop_name: str
    total_piastres: int
    promise_at: dt.datetime | None
    as_wanted: bool


class Baskets(TypedDict):
    """All complete baskets, cheapest first, and three to choose from (null: there is none).

    The three are chosen from those that are `as_wanted`, where there is one, else from all.
    `balanced` has the least sum of cost and wait, each relative to the least of those.
    """

    cheapest: Basket | None
    fastest: Basket | None
    balanced: Basket | None
    all: list[Basket]


class SplitLine(TypedDict):
    """So many of a line, from one shop; or so many that nobody has."""

    line: int
    quantity: int


class SplitShop(TypedDict):
    """What to buy at one shop; `as_wanted`: each part of it in the condition wanted."""

    quote_id: UUID
    revision: int
    shop_name: str
    lines: list[SplitLine]
    parts_piastres: int
    delivery_fee_piastres: int
    total_piastres: int
    promise_at: dt.datetime | None
    as_wanted: bool


class SplitView(TypedDict):
    """The cheapest way to buy all that can be had, over as many shops as pay.

    A part that can be had in the condition wanted is bought in no other. `saves_piastres` and
    `arrives_later_minutes` are against the `cheapest` basket (null: there is none, or a promise is
    lacking). `is_optimal`: it is proven that nothing is cheaper.
    """

    shops: list[SplitShop]
    missing: list[SplitLine]
    total_piastres: int
    promise_at: dt.datetime | None
    saves_piastres: int | None
    arrives_later_minutes: int | None
    is_optimal: bool


class OrderQuotes(TypedDict):
    """The quotes for an order side by side; lines, baskets and split: what can be accepted."""

    order_id: UUID
    order_number: str
    status: str
    currency: str
    quotes: list[QuoteView]
    lines: list[LineComparison]
    baskets: Baskets
    split: SplitView | None


def quotes_of_order(
    session: Session,
    order_id: UUID,
    *,
    user_id: UUID,
    knowledge: Knowledge,
    now: dt.datetime,
    arrive_by: dt.datetime | None = None,
) -> OrderQuotes:
    """Compare the quotes for a customer's order; promises are counted from `now`.

    With `arrive_by` the split uses only shops that promise to have delivered by then.

    Raises
    ------
    NotFound
        There is no such order of this customer.
    """
    order = requests.order(session, order_id)
    if order is None or order.user_id != user_id:
        raise NotFound("order")
    shown = queries.quotes_of_order(session, order_id)
    lines = queries.lines_of(session, [each.quote.quote_id for each in shown])
    standing = [
        each for each in shown if each.shop_is_active and status_at(each.quote, now) == LIVE
    ]
    promises = promises_of(
        session, order, [each.quote for each in standing], lines, knowledge=knowledge, now=now
    )
    shown = [_promised(each, promises) for each in shown]
    standing = [each for each in shown if each.quote.quote_id in promises]
    parts = requests.parts_of(session, order_id)
    wanted = {part.line: part.quantity for part in parts}
    conditions = {part.line: part.condition for part in parts}
    offers = [_offer(each.quote, lines[each.quote.quote_id], conditions) for each in standing]
    by_id = {each.quote.quote_id: each for each in standing}
    complete = basket.complete_baskets(offers, wanted)
    split = best_split(offers, wanted, arrive_by=arrive_by)
    cheapest = next(iter(basket.preferred(complete)), None)
    return {
        "order_id": order_id,
        "order_number": order.number,
        "status": order.status,
        "currency": CURRENCY,
        "quotes": [
            view_of(each, lines[each.quote.quote_id], for_customer=True, now=now)
            for each in sorted(shown, key=lambda each: each not in standing)
        ],
        "lines": _by_line(parts, standing, lines, offers),
        "baskets": _baskets(complete, by_id, now),
        "split": None if split is None else _split(split, by_id, cheapest),
    }


def promises_of(
    session: Session,
    order: OrderRow,
    quotes: Sequence[QuoteRow],
    lines: Mapping[UUID, Sequence[QuoteLineRow]],
    *,
    knowledge: Knowledge,
    now: dt.datetime,
) -> dict[UUID, dt.datetime | None]:
    """Return by when each quote, accepted now, would be at the customer's door."""
    preparing = [
        Preparing(quote.shop_id, quote.preparation_minutes, last_part_hours(lines[quote.quote_id]))
        for quote in quotes
    ]
    door = (order.delivery_lon, order.delivery_lat)
    by_shop = run(session, promises_to(*door, preparing, knowledge=knowledge, now=now))
    return {quote.quote_id: by_shop[quote.shop_id] for quote in quotes}


def _promised(shown: ShownQuoteRow, promises: Mapping[UUID, dt.datetime | None]) -> ShownQuoteRow:
    quote = shown.quote
    promise_at = promises.get(quote.quote_id, quote.promise_at)
    return shown._replace(quote=quote._replace(promise_at=promise_at))


def _as_wanted(line: QuoteLineRow, condition: str | None) -> bool:
    return condition is None or line.condition == condition


def _offer(
    quote: QuoteRow, lines: Sequence[QuoteLineRow], conditions: Mapping[int, str | None]
) -> ShopOffer:
    return ShopOffer(
        quote_id=quote.quote_id,
        lines=[
            LineOffer(
                line=line.line,
                quantity=line.quantity,
                unit_price_piastres=line.unit_price_piastres,
                as_wanted=_as_wanted(line, conditions[line.line]),
            )
            for line in lines
            if line.unit_price_piastres is not None
        ],
        fee_piastres=quote.delivery_fee_piastres + quote.waived_fee_piastres,
        free_from_piastres=quote.free_delivery_from_piastres,
        promise_at=quote.promise_at,
    )


def _by_line(
    parts: Sequence[PartRow],
    standing: Sequence[ShownQuoteRow],
    lines: Mapping[UUID, Sequence[QuoteLineRow]],
    offers: Sequence[ShopOffer],
) -> list[LineComparison]:
    spreads = basket.line_spreads(offers)
    by_line = {
        part.line: [
            _line_quote(each, line, part.condition, spreads.get(part.line))
            for each in standing
            for line in lines[each.quote.quote_id]
            if line.line == part.line
        ]
        for part in parts
    }
    return [
        {
            "line": part.line,
            "number": part.part_number,
            "name": part.name,
            "description": part.description,
            "quantity": part.quantity,
            "condition": part.condition,
            "best_unit_price_piastres": spread.best_piastres if spread else None,
            "spread_piastres": spread.spread_piastres if spread else None,
            "offers": sorted(by_line[part.line], key=_price_then_id),
        }
        for part in parts
        for spread in [spreads.get(part.line)]
    ]


def _line_quote(
    shown: ShownQuoteRow, line: QuoteLineRow, condition: str | None, spread: LineSpread | None
) -> LineQuote:
    quote_id = shown.quote.quote_id
    return {
        "quote_id": quote_id,
        "shop_name": shown.shop_name,
        "availability": line.availability,
        "quantity": line.quantity,
        "unit_price_piastres": line.unit_price_piastres,
        "brand": line.brand,
        "part_number": line.part_number,
        "condition": line.condition,
        "warranty_months": line.warranty_months,
        "available_in_hours": line.available_in_hours,
        "as_wanted": _as_wanted(line, condition),
        "is_best": spread is not None and quote_id in spread.best_quote_ids,
    }


def _price_then_id(offer: LineQuote) -> tuple[bool, int, UUID]:
    price = offer["unit_price_piastres"]
    return price is None, price or 0, offer["quote_id"]


def _baskets(
    complete: Sequence[ShopOffer], by_id: Mapping[UUID, ShownQuoteRow], now: dt.datetime
) -> Baskets:
    def seen(offer: ShopOffer | None) -> Basket | None:
        return None if offer is None else _basket(offer, by_id[offer.quote_id])

    proposed = basket.preferred(complete)
    timed = [offer for offer in proposed if offer.promise_at is not None]
    fastest = min(timed, key=lambda offer: offer.promise_at or now, default=None)
    return {
        "cheapest": seen(next(iter(proposed), None)),
        "fastest": seen(fastest),
        "balanced": seen(basket.most_balanced(proposed, now=now)),
        "all": [_basket(offer, by_id[offer.quote_id]) for offer in complete],
    }


def _basket(offer: ShopOffer, shown: ShownQuoteRow) -> Basket:
    return {
        "quote_id": offer.quote_id,
        "revision": shown.quote.revision,
        "shop_name": shown.shop_name,
        "total_piastres": offer.total_piastres,
        "promise_at": offer.promise_at,
        "as_wanted": offer.as_wanted,
    }


def _split(
    split: Split, by_id: Mapping[UUID, ShownQuoteRow], cheapest: ShopOffer | None
) -> SplitView:
    later = None
    if cheapest and cheapest.promise_at and split.promise_at:
        later = round((split.promise_at - cheapest.promise_at).total_seconds() / 60)
    return {
        "shops": [
            {
                "quote_id": part.quote_id,
                "revision": by_id[part.quote_id].quote.revision,
                "shop_name": by_id[part.quote_id].shop_name,
                "lines": _split_lines(part.units),
                "parts_piastres": part.goods_piastres,
                "delivery_fee_piastres": part.fee_piastres,
                "total_piastres": part.goods_piastres + part.fee_piastres,
                "promise_at": by_id[part.quote_id].quote.promise_at,
                "as_wanted": part.as_wanted,
            }
            for part in split.parts
        ],
        "missing": _split_lines(split.missing),
        "total_piastres": split.total_piastres,
        "promise_at": split.promise_at,
        "saves_piastres": None
        if cheapest is None
        else cheapest.total_piastres - split.total_piastres,
        "arrives_later_minutes": later,
        "is_optimal": split.is_optimal,
    }


def _split_lines(units: Mapping[int, int]) -> list[SplitLine]:
    return [{"line": line, "quantity": count} for line, count in sorted(units.items())]
