"""Sums of quotes: whole piastres, whatever the prices."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch.errors import InvalidInput
from orders.queries.quotes import QuoteLineRow
from orders.queries.requests import PartRow
from orders.quote_lines import MOST_PIASTRES, OfferedLine, checked_lines, last_part_hours, sums


def line(number: int, quantity: int, price: int | None, hours: int | None = None) -> QuoteLineRow:
    availability = "missing" if price is None else "to_order" if hours else "in_stock"
    return QuoteLineRow(number, availability, quantity, price, None, None, None, None, hours)


def part(number: int, quantity: int) -> PartRow:
    return PartRow(number, None, None, f"part {number}", None, quantity, None, [])


priced = st.tuples(st.integers(1, 1_000), st.integers(1, 10_000_000_000))
fees = st.integers(0, 10_000_000)
thresholds = st.one_of(st.none(), st.integers(0, MOST_PIASTRES))


@given(st.lists(priced, min_size=1, max_size=50), fees, thresholds)
def test_a_total_is_the_exact_sum_or_refused(
    prices: list[tuple[int, int]], fee: int, free_from: int | None
) -> None:
    lines = [line(n, *each) for n, each in enumerate(prices, start=1)]
    goods = sum(quantity * price for quantity, price in prices)
    is_free = free_from is not None and goods >= free_from
    due = goods + (0 if is_free else fee)
    if due > MOST_PIASTRES:
        with pytest.raises(InvalidInput):
            sums(lines, fee_piastres=fee, free_from_piastres=free_from)
        return
    found = sums(lines, fee_piastres=fee, free_from_piastres=free_from)
    assert found.parts_piastres == goods
    assert found.total_piastres == due == found.parts_piastres + found.delivery_fee_piastres
    assert found.delivery_fee_piastres + found.waived_fee_piastres == fee
    assert all(type(each) is int for each in found)


@given(st.lists(priced, min_size=1, max_size=50), fees)
def test_a_total_does_not_depend_on_the_order_of_lines(
    prices: list[tuple[int, int]], fee: int
) -> None:
    lines = [line(n, quantity, price // 1_000_000) for n, (quantity, price) in enumerate(prices)]
    there = sums(lines, fee_piastres=fee, free_from_piastres=None)
    assert there == sums(lines[::-1], fee_piastres=fee, free_from_piastres=None)


@given(st.data())
def test_every_part_of_the_order_has_a_line_that_offers_no_more_than_is_wanted(
    data: Any,
) -> None:
    wanted = data.draw(st.dictionaries(st.integers(1, 50), st.integers(1, 1_000), min_size=1))
    parts = [part(number, quantity) for number, quantity in sorted(wanted.items())]
    chosen = data.draw(st.lists(st.sampled_from(sorted(wanted)), min_size=1, unique=True))
    offered = [
        OfferedLine(
            line=number,
            availability="in_stock",
            quantity=data.draw(st.one_of(st.none(), st.integers(1, wanted[number]))),
            unit_price_piastres=data.draw(st.integers(1, 10_000)),
        )
        for number in chosen
    ]
    lines = checked_lines(parts, offered)
    assert [each.line for each in lines] == sorted(wanted)
    assert {each.line for each in lines if each.availability != "missing"} == set(chosen)
    for each in lines:
        is_missing = each.availability == "missing"
        assert (each.quantity == 0) == (each.unit_price_piastres is None) == is_missing
        assert each.quantity <= wanted[each.line]


def test_the_last_part_to_order_sets_when_all_are_there() -> None:
    assert last_part_hours([line(1, 1, 5, 3), line(2, 1, 5, 48), line(3, 1, 5)]) == 48
    assert last_part_hours([line(1, 1, 5), line(2, 0, None)]) == 0
