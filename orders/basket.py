"""What an order costs at one shop that has everything, and what each line costs at best.

In: the live offers of the shops and how many of each line are wanted. Out: prices in piastres.
Pure. What it costs over several shops: `orders.splitting`.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

__all__ = [
    "LineOffer",
    "LineSpread",
    "ShopOffer",
    "complete_baskets",
    "delivery_fee",
    "line_spreads",
    "most_balanced",
    "preferred",
]


class LineOffer(NamedTuple):
    """So many of a line of the order, at a price each; `as_wanted`: in the condition wanted."""

    line: int
    quantity: int
    unit_price_piastres: int
    as_wanted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopOffer:
    """One quote; the fee is waived when its goods cost `free_from_piastres` or more (None: never).

    `lines` holds each line once, and none that is missing.
    """

    quote_id: UUID
    lines: Sequence[LineOffer]
    fee_piastres: int
    free_from_piastres: int | None = None
    promise_at: dt.datetime | None = None

    @property
    def goods_piastres(self) -> int:
        """What all the lines cost, without delivery."""
        return sum(each.quantity * each.unit_price_piastres for each in self.lines)

    @property
    def total_piastres(self) -> int:
        """What the whole quote costs, with delivery."""
        goods = self.goods_piastres
        return goods + delivery_fee(goods, self.fee_piastres, self.free_from_piastres)

    @property
    def as_wanted(self) -> bool:
        """Whether all its lines are in the condition wanted."""
        return all(each.as_wanted for each in self.lines)


class LineSpread(NamedTuple):
    """The prices of one line: who is cheapest, and how far the dearest is above it."""

    best_quote_ids: frozenset[UUID]
    best_piastres: int
    spread_piastres: int


def delivery_fee(goods_piastres: int, fee_piastres: int, free_from_piastres: int | None) -> int:
    """Return what delivery costs for goods of that price.

    Examples
    --------
    >>> delivery_fee(49_999, 3_000, 50_000), delivery_fee(50_000, 3_000, 50_000)
    (3000, 0)
    >>> delivery_fee(10**9, 3_000, None)
    3000
    """
    is_free = free_from_piastres is not None and goods_piastres >= free_from_piastres
    return 0 if is_free else fee_piastres


def line_spreads(offers: Sequence[ShopOffer]) -> dict[int, LineSpread]:
    """Return the best price of each line that anybody offers, however few units.

    Where somebody offers the condition wanted, nobody else's price of that line counts.

    Examples
    --------
    >>> shops = [ShopOffer(quote_id=UUID(int=n), lines=[LineOffer(1, 2, price)], fee_piastres=0)
    ...          for n, price in enumerate([900, 700, 700])]
    >>> found = line_spreads(shops)[1]
    >>> sorted(quote.int for quote in found.best_quote_ids), found.spread_piastres
    ([1, 2], 200)
    >>> used = ShopOffer(quote_id=UUID(int=3), lines=[LineOffer(1, 2, 80, False)], fee_piastres=0)
    >>> line_spreads([*shops, used])[1].best_piastres
    700
    >>> line_spreads([])
    {}
    """
    prices: dict[tuple[int, bool], dict[UUID, int]] = {}
    for offer in offers:
        for each in offer.lines:
            alike = prices.setdefault((each.line, each.as_wanted), {})
            alike[offer.quote_id] = each.unit_price_piastres
    # Sorted, those as wanted are the last of their line.
    return {line: _spread(by_quote) for (line, _), by_quote in sorted(prices.items())}


def _spread(prices: Mapping[UUID, int]) -> LineSpread:
    best = min(prices.values())
    winners = frozenset(quote_id for quote_id, price in prices.items() if price == best)
    return LineSpread(winners, best, max(prices.values()) - best)


def complete_baskets(offers: Sequence[ShopOffer], wanted: Mapping[int, int]) -> list[ShopOffer]:
    """Return the offers that hold all units of all lines, cheapest first, the sooner of equals.

    Examples
    --------
    >>> whole = ShopOffer(quote_id=UUID(int=1), lines=[LineOffer(1, 2, 500)], fee_piastres=100)
    >>> part = ShopOffer(quote_id=UUID(int=2), lines=[LineOffer(1, 1, 400)], fee_piastres=0)
    >>> [each.quote_id.int for each in complete_baskets([part, whole], {1: 2})]
    [1]
    """
    whole = [offer for offer in offers if _holds_all(offer, wanted)]
    return sorted(whole, key=lambda each: (each.total_piastres, _arrival(each), each.quote_id))


def preferred(baskets: Sequence[ShopOffer]) -> Sequence[ShopOffer]:
    """Return those that are all in the condition wanted, or where there is none, all.

    Examples
    --------
    >>> new, used = (ShopOffer(quote_id=UUID(int=price), lines=[LineOffer(1, 1, price, as_wanted)],
    ...              fee_piastres=0) for price, as_wanted in [(900, True), (100, False)])
    >>> [each.total_piastres for each in preferred([used, new])]
    [900]
    >>> [each.total_piastres for each in preferred([used])], preferred([])
    ([100], [])
    """
    return [each for each in baskets if each.as_wanted] or baskets


def most_balanced(baskets: Sequence[ShopOffer], *, now: dt.datetime) -> ShopOffer | None:
    """Return the basket with the least sum of cost and wait, each relative to the least of all.

    Examples
    --------
    >>> noon = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    >>> def shop(number, price, hours):
    ...     return ShopOffer(quote_id=UUID(int=number), lines=[LineOffer(1, 1, price)],
    ...         fee_piastres=0, promise_at=noon + dt.timedelta(hours=hours))
    >>> most_balanced([shop(1, 1000, 9), shop(2, 1100, 3), shop(3, 2500, 2)], now=noon).quote_id.int
    2
    >>> most_balanced([], now=noon) is None
    True
    """
    timed = [each for each in baskets if each.promise_at is not None]
    if not timed:
        return next(iter(baskets), None)
    waits = [max((_arrival(each) - now).total_seconds(), 60.0) for each in timed]
    cheapest, soonest = min(each.total_piastres for each in timed) or 1, min(waits)
    scored = zip(timed, waits, strict=True)
    return min(
        scored,
        key=lambda pair: (pair[0].total_piastres / cheapest + pair[1] / soonest, pair[0].quote_id),
    )[0]


def _holds_all(offer: ShopOffer, wanted: Mapping[int, int]) -> bool:
    held = {each.line: each.quantity for each in offer.lines}
    return all(held.get(line, 0) >= count for line, count in wanted.items())


def _arrival(offer: ShopOffer) -> dt.datetime:
    return offer.promise_at or dt.datetime.max.replace(tzinfo=dt.UTC)
