"""What a shop says of each part of an order: checked against what was asked for, and added up.

Whole piastres throughout; nothing is read or written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from clutch.errors import InvalidInput
from orders.basket import delivery_fee
from orders.queries.quotes import QuoteLineRow
from orders.queries.requests import PartRow

__all__ = [
    "IN_STOCK",
    "MISSING",
    "MOST_PIASTRES",
    "TO_ORDER",
    "OfferedLine",
    "Sums",
    "checked_lines",
    "last_part_hours",
    "sums",
]

IN_STOCK, TO_ORDER, MISSING = "in_stock", "to_order", "missing"
MOST_PIASTRES = 100_000_000_000
"""The most a quote may come to: a thousand million pounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedLine:
    """One line as the shop sent it; without a `quantity` it offers all that is wanted."""

    line: int
    availability: str
    quantity: int | None = None
    unit_price_piastres: int | None = None
    brand: str | None = None
    part_number: str | None = None
    condition: str | None = None
    warranty_months: int | None = None
    available_in_hours: int | None = None


class Sums(NamedTuple):
    """What a quote comes to; `waived_fee_piastres` is the fee that it need not pay."""

    parts_piastres: int
    delivery_fee_piastres: int
    waived_fee_piastres: int
    total_piastres: int


def checked_lines(parts: Sequence[PartRow], offered: Sequence[OfferedLine]) -> list[QuoteLineRow]:
    """Return a line for each part of the order; those that were not offered are missing.

    Raises
    ------
    InvalidInput
        Names the field: `lines[1].unit_price_piastres`.

    Examples
    --------
    >>> belt = PartRow(1, None, None, "belt", None, 2, None, [])
    >>> (line,) = checked_lines([belt], [OfferedLine(
    ...     line=1, availability="in_stock", unit_price_piastres=9_000)])
    >>> line.quantity, line.unit_price_piastres
    (2, 9000)
    >>> checked_lines([belt], [])
    Traceback (most recent call last):
    clutch.errors.InvalidInput: lines: expected at least one part with a price
    """
    wanted = {part.line: part.quantity for part in parts}
    lines: dict[int, QuoteLineRow] = {}
    for place, each in enumerate(offered):
        where = f"lines[{place}]"
        if each.line not in wanted:
            raise InvalidInput(f"{where}.line", "the number of a line of the order")
        if each.line in lines:
            raise InvalidInput(f"{where}.line", "each line of the order once")
        lines[each.line] = _checked(where, each, wanted[each.line])
    if all(line.availability == MISSING for line in lines.values()):
        raise InvalidInput("lines", "at least one part with a price")
    return [lines.get(part.line) or _nothing(part.line) for part in parts]


def _checked(where: str, each: OfferedLine, wanted: int) -> QuoteLineRow:
    if each.availability == MISSING:
        return _checked_missing(where, each)
    quantity = wanted if each.quantity is None else each.quantity
    if not 1 <= quantity <= wanted:
        raise InvalidInput(f"{where}.quantity", f"1 to {wanted}, as many as are wanted")
    if each.unit_price_piastres is None:
        raise InvalidInput(f"{where}.unit_price_piastres", "the price of one, in piastres")
    if (each.availability == TO_ORDER) != (each.available_in_hours is not None):
        raise InvalidInput(
            f"{where}.available_in_hours", "hours until a part to order is there, for such alone"
        )
    return _row(each, quantity)


def _checked_missing(where: str, each: OfferedLine) -> QuoteLineRow:
    for name in ("quantity", "unit_price_piastres", "available_in_hours"):
        if getattr(each, name):
            raise InvalidInput(f"{where}.{name}", "nothing for a part that is missing")
    return _row(each, 0)._replace(unit_price_piastres=None, available_in_hours=None)


def _row(each: OfferedLine, quantity: int) -> QuoteLineRow:
    return QuoteLineRow(
        line=each.line,
        availability=each.availability,
        quantity=quantity,
        unit_price_piastres=each.unit_price_piastres,
        brand=each.brand,
        part_number=each.part_number,
        condition=each.condition,
        warranty_months=each.warranty_months,
        available_in_hours=each.available_in_hours,
    )


def _nothing(line: int) -> QuoteLineRow:
    return _row(OfferedLine(line=line, availability=MISSING), 0)


def sums(
    lines: Sequence[QuoteLineRow], *, fee_piastres: int, free_from_piastres: int | None
) -> Sums:
    """Return what a quote with these lines comes to.

    Raises
    ------
    InvalidInput
        It is more than `MOST_PIASTRES`.

    Examples
    --------
    >>> line = QuoteLineRow(1, "in_stock", 3, 25_000, None, None, None, None, None)
    >>> sums([line], fee_piastres=4_000, free_from_piastres=75_001).total_piastres
    79000
    >>> tuple(sums([line], fee_piastres=4_000, free_from_piastres=75_000))
    (75000, 0, 4000, 75000)
    """
    goods = sum(line.quantity * (line.unit_price_piastres or 0) for line in lines)
    fee = delivery_fee(goods, fee_piastres, free_from_piastres)
    if goods + fee > MOST_PIASTRES:
        raise InvalidInput("lines", f"prices that come to {MOST_PIASTRES} piastres or less in all")
    return Sums(goods, fee, fee_piastres - fee, goods + fee)


def last_part_hours(lines: Sequence[QuoteLineRow]) -> int:
    """Return in how many hours the last part that must be ordered first has come.

    Examples
    --------
    >>> last_part_hours([])
    0
    """
    return max((line.available_in_hours or 0 for line in lines), default=0)
