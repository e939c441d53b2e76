"""The cheapest way to buy an order at several shops.

In: the live offers of the shops and how many of each line are wanted. Out: what to buy at each, in
piastres. It is a facility location problem with a fee that is waived from a threshold, solved to
the optimum as a mixed-integer program by HiGHS (Huangfu & Hall 2018,
doi:10.1007/s12532-017-0130-5). Pure.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from orders.basket import ShopOffer, delivery_fee

__all__ = ["Split", "SplitPart", "best_split"]

_SECONDS_TO_SOLVE, _SECONDS_FOR_FEWEST_SHOPS = 2.0, 0.25
_OPTIMAL = 0


class SplitPart(NamedTuple):
    """What is bought at one shop: units by line, what they cost, and the fee for bringing them.

    `as_wanted`: all of it is in the condition wanted.
    """

    quote_id: UUID
    units: Mapping[int, int]
    goods_piastres: int
    fee_piastres: int
    as_wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The cheapest way to buy all that can be had; of equals one with few shops.

    `missing` is how many of each line nobody offers. `promise_at` is when the last shop has
    delivered (None where one of them has not said). `is_optimal` is False when the time to solve
    ran out, and something cheaper could exist.
    """

    parts: Sequence[SplitPart]
    missing: Mapping[int, int]
    total_piastres: int
    promise_at: dt.datetime | None
    is_optimal: bool


def best_split(
    offers: Sequence[ShopOffer], wanted: Mapping[int, int], *, arrive_by: dt.datetime | None = None
) -> Split | None:
    """Return the cheapest way to buy as many of each line as the shops together offer.

    Its cost is that of the goods and of the delivery fee of each shop that is used; of ways that
    cost the same it takes one with the fewest shops, unless those are too many to compare. With
    `arrive_by` only shops that promise to have delivered by then are used. A line that these shops
    together have in the condition wanted, as many as are wanted, is bought in no other; any other
    line in whichever costs least. None: nobody offers anything.

    Examples
    --------
    Two shops, one fee each: the cheaper bulb is worth the second fee, the cheaper belt is not.

    >>> from orders.basket import LineOffer
    >>> a = ShopOffer(quote_id=UUID(int=1), lines=[LineOffer(1, 1, 9_000), LineOffer(2, 1, 800)],
    ...               fee_piastres=500)
    >>> b = ShopOffer(quote_id=UUID(int=2), lines=[LineOffer(1, 1, 7_000), LineOffer(2, 1, 900)],
    ...               fee_piastres=500)
    >>> split = best_split([a, b], {1: 1, 2: 1, 3: 1})
    >>> [(part.quote_id.int, part.units) for part in split.parts], split.total_piastres
    ([(2, {1: 1, 2: 1})], 8400)
    >>> split.missing
    {3: 1}
    >>> best_split([], {1: 1}) is None
    True
    """
    usable = _in_time(offers, arrive_by)
    cells = _cells(usable, wanted)
    if not cells:
        return None
    offered = _offered(cells, wanted)
    needed = {line: min(count, offered[line]) for line, count in wanted.items()}
    parts, is_optimal = _solved(usable, cells, needed)
    return Split(
        parts=parts,
        missing={
            line: count - needed[line] for line, count in wanted.items() if needed[line] < count
        },
        total_piastres=_total(parts),
        promise_at=_last_promise(usable, parts),
        is_optimal=is_optimal,
    )


class _Cell(NamedTuple):
    """A price of one shop for one line, for at most so many units."""

    shop: int
    line: int
    most: int
    price: int
    as_wanted: bool


def _cells(offers: Sequence[ShopOffer], wanted: Mapping[int, int]) -> list[_Cell]:
    """Return what may be bought: of lines that can be had as wanted nothing else."""
    cells = [
        _Cell(
            shop=shop,
            line=each.line,
            most=min(each.quantity, wanted[each.line]),
            price=each.unit_price_piastres,
            as_wanted=each.as_wanted,
        )
        for shop, offer in enumerate(offers)
        for each in offer.lines
        if each.quantity > 0
    ]
    as_wanted = _offered([cell for cell in cells if cell.as_wanted], wanted)
    return [cell for cell in cells if cell.as_wanted or as_wanted[cell.line] < wanted[cell.line]]


def _offered(cells: Sequence[_Cell], wanted: Mapping[int, int]) -> dict[int, int]:
    return {line: sum(cell.most for cell in cells if cell.line == line) for line in wanted}


def _solved(
    offers: Sequence[ShopOffer], cells: Sequence[_Cell], needed: Mapping[int, int]
) -> tuple[list[SplitPart], bool]:
    """Return what to buy at each shop, and whether nothing can be cheaper.

    Prices are whole piastres: a share of one for each shop decides just between equals. Where many
    shops ask the same that can take long, and the cheapest way is sought without it.
    """
    share = 1 / (len(offers) + 1)
    units, is_optimal = _least(offers, cells, needed, share, _SECONDS_FOR_FEWEST_SHOPS)
    found = [_parts(offers, cells, units)]
    if not is_optimal:
        units, is_optimal = _least(offers, cells, needed, 0.0, _SECONDS_TO_SOLVE)
        found.append(_parts(offers, cells, units))
    return min(found, key=lambda parts: (_total(parts), len(parts))), is_optimal


def _least(
    offers: Sequence[ShopOffer],
    cells: Sequence[_Cell],
    needed: Mapping[int, int],
    a_shop: float,
    seconds: float,
) -> tuple[list[int], bool]:
    """Return the units to buy of each cell, and whether that is proven to be the least.

    Variables, in this order: the units u of each cell, whether each shop is used (y), whether it
    delivers free (z). Minimise sum(price u) + sum(fee (y - z)) + sum(a_shop y).
    """
    _, line, most, price, _ = np.array(cells, dtype=np.float64).T
    # What every solution pays is left out, so that the solver's tolerance is of the difference.
    floor = {number: price[line == number].min() for number in set(line)}
    above_floor = price - np.array([floor[number] for number in line])
    fee = np.array([offer.fee_piastres for offer in offers], dtype=np.float64)
    can_be_free = [_can_be_free(offer, shop, cells) for shop, offer in enumerate(offers)]
    answer = milp(
        np.concatenate([above_floor, fee + a_shop, -fee]),
        integrality=np.ones(len(cells) + 2 * len(offers)),
        bounds=Bounds(0, np.concatenate([most, np.ones(len(offers)), can_be_free])),
        constraints=_constraints(offers, cells, needed),
        options={"mip_rel_gap": 0.0, "time_limit": seconds},
    )
    if answer.x is None:
        return _cheapest_units(cells, needed), False
    return [round(value) for value in answer.x[: len(cells)]], answer.status == _OPTIMAL


def _can_be_free(offer: ShopOffer, shop: int, cells: Sequence[_Cell]) -> bool:
    most_goods = sum(cell.most * cell.price for cell in cells if cell.shop == shop)
    return offer.free_from_piastres is not None and most_goods >= offer.free_from_piastres


def _constraints(
    offers: Sequence[ShopOffer], cells: Sequence[_Cell], needed: Mapping[int, int]
) -> list[LinearConstraint]:
    """Return what binds the units u, used y and free z.

    Each line's units sum to what is needed; u <= most y; threshold z <= the shop's goods; z <= y.
    """
    shop, _, most, price, _ = np.array(cells, dtype=np.float64).T
    count, shops = len(cells), np.arange(len(offers))
    each, used, free = np.arange(count), count + shops, count + len(offers) + shops
    row_of = {number: row for row, number in enumerate(n for n, units in needed.items() if units)}
    need = [needed[number] for number in row_of]
    rows = [row_of[cell.line] for cell in cells]
    threshold = [float(offer.free_from_piastres or 0) for offer in offers]
    by_shop = used[shop.astype(int)]
    width = count + 2 * len(offers)
    of_line = _matrix((rows, each, np.ones(count)), width=width)
    open_first = _matrix((each, each, np.ones(count)), (each, by_shop, -most), width=width)
    earned = _matrix((shop, each, price), (shops, free, np.negative(threshold)), width=width)
    ones = np.ones(len(offers))
    free_if_used = _matrix((shops, free, ones), (shops, used, -ones), width=width)
    return [
        LinearConstraint(of_line, need, need),
        LinearConstraint(open_first, -np.inf, 0),
        LinearConstraint(earned, 0, np.inf),
        LinearConstraint(free_if_used, -np.inf, 0),
    ]


def _matrix(*blocks: tuple[ArrayLike, ArrayLike, ArrayLike], width: int) -> csr_array:
    """Return the matrix of the entries in blocks of (rows, columns, values)."""
    rows, columns, values = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    at = (rows.astype(np.int64), columns.astype(np.int64))
    return csr_array((values, at), shape=(int(rows.max()) + 1, width))


def _cheapest_units(cells: Sequence[_Cell], needed: Mapping[int, int]) -> list[int]:
    """Fill each line from its cheapest shop on, whatever the fees."""
    left, units = dict(needed), [0] * len(cells)
    for place in sorted(range(len(cells)), key=lambda place: cells[place].price):
        cell = cells[place]
        units[place] = min(cell.most, left[cell.line])
        left[cell.line] -= units[place]
    return units


def _parts(
    offers: Sequence[ShopOffer], cells: Sequence[_Cell], units: Sequence[int]
) -> list[SplitPart]:
    parts = []
    for shop, offer in enumerate(offers):
        bought = [
            (cell, count)
            for cell, count in zip(cells, units, strict=True)
            if cell.shop == shop and count
        ]
        if bought:
            goods = sum(cell.price * count for cell, count in bought)
            fee = delivery_fee(goods, offer.fee_piastres, offer.free_from_piastres)
            by_line = {cell.line: count for cell, count in bought}
            as_wanted = all(cell.as_wanted for cell, _ in bought)
            parts.append(SplitPart(offer.quote_id, by_line, goods, fee, as_wanted))
    return parts


def _total(parts: Sequence[SplitPart]) -> int:
    return sum(part.goods_piastres + part.fee_piastres for part in parts)


def _in_time(offers: Sequence[ShopOffer], arrive_by: dt.datetime | None) -> list[ShopOffer]:
    if arrive_by is None:
        return list(offers)
    return [each for each in offers if each.promise_at is not None and each.promise_at <= arrive_by]


def _last_promise(offers: Sequence[ShopOffer], parts: Sequence[SplitPart]) -> dt.datetime | None:
    promised = {offer.quote_id: offer.promise_at for offer in offers}
    times = [promised[part.quote_id] for part in parts]
    return None if None in times else max(time for time in times if time is not None)
