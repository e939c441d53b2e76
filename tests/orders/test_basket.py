"""Baskets: the best price of each line, one shop that has all, and the cheapest split."""

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.basket import (
    LineOffer,
    ShopOffer,
    complete_baskets,
    delivery_fee,
    line_spreads,
    most_balanced,
    preferred,
)
from orders.splitting import best_split

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def offer(
    number: int,
    lines: dict[int, tuple[int, int] | tuple[int, int, bool]],
    *,
    fee: int = 0,
    free_from: int | None = None,
    hours: float | None = 1,
) -> ShopOffer:
    """Make an offer of `{line: (quantity, unit price)}`, or with False of another condition."""
    return ShopOffer(
        quote_id=UUID(int=number),
        lines=[LineOffer(line, *each) for line, each in lines.items()],
        fee_piastres=fee,
        free_from_piastres=free_from,
        promise_at=None if hours is None else NOON + dt.timedelta(hours=hours),
    )


def test_every_cheapest_shop_of_a_line_is_named_and_the_spread_is_to_the_dearest() -> None:
    offers = [offer(1, {1: (1, 500), 2: (1, 90)}), offer(2, {1: (4, 500)}), offer(3, {1: (1, 800)})]
    found = line_spreads(offers)
    assert found[1] == (frozenset({UUID(int=1), UUID(int=2)}), 500, 300)
    assert found[2] == (frozenset({UUID(int=1)}), 90, 0)


def test_a_price_in_another_condition_is_the_best_only_where_nobody_offers_the_one_wanted() -> None:
    used, new = offer(1, {1: (1, 10, False), 2: (1, 10, False)}), offer(2, {1: (1, 500)})
    found = line_spreads([used, new, offer(3, {1: (1, 700)})])
    assert found[1] == (frozenset({UUID(int=2)}), 500, 200)
    assert found[2] == (frozenset({UUID(int=1)}), 10, 0)


def test_a_basket_is_as_wanted_with_all_its_lines() -> None:
    mixed, new = offer(1, {1: (1, 10), 2: (1, 10, False)}), offer(2, {1: (1, 90), 2: (1, 90)})
    assert (mixed.as_wanted, new.as_wanted) == (False, True)
    assert preferred([mixed, new]) == [new]
    assert preferred([mixed]) == [mixed]


def test_a_basket_is_complete_only_with_every_unit_of_every_line() -> None:
    wanted = {1: 2, 2: 1}
    one_short = offer(1, {1: (1, 10), 2: (1, 10)})
    no_belt = offer(2, {1: (2, 10)})
    dear = offer(3, {1: (2, 100), 2: (1, 50)}, fee=10)
    cheap = offer(4, {1: (2, 100), 2: (1, 50)}, fee=20, free_from=250)
    baskets = complete_baskets([one_short, no_belt, dear, cheap], wanted)
    assert [(each.quote_id.int, each.total_piastres) for each in baskets] == [(4, 250), (3, 260)]


def test_of_two_baskets_that_cost_the_same_the_sooner_comes_first() -> None:
    late, soon = offer(1, {1: (1, 10)}, hours=5), offer(2, {1: (1, 10)}, hours=2)
    unknown = offer(3, {1: (1, 10)}, hours=None)
    found = complete_baskets([unknown, late, soon], {1: 1})
    assert [each.quote_id.int for each in found] == [2, 1, 3]


def test_without_any_promise_the_balanced_basket_is_the_cheapest() -> None:
    baskets = [offer(1, {1: (1, 10)}, hours=None), offer(2, {1: (1, 20)}, hours=None)]
    assert most_balanced(baskets, now=NOON) is baskets[0]


def test_a_dearer_unit_is_bought_where_it_makes_the_delivery_free() -> None:
    # The bulb costs 10 more at shop 1, whose goods then reach 1000: 60 less for delivery.
    first = offer(1, {1: (1, 900), 2: (1, 110)}, fee=60, free_from=1_000)
    second = offer(2, {2: (1, 100)}, fee=0)
    split = best_split([first, second], {1: 1, 2: 1})
    assert split is not None
    assert [(part.quote_id.int, part.fee_piastres) for part in split.parts] == [(1, 0)]
    assert split.total_piastres == 1_010


def test_units_of_one_line_come_from_two_shops_and_what_nobody_has_is_missing() -> None:
    offers = [offer(1, {1: (2, 100)}, fee=5), offer(2, {1: (2, 120)}, fee=7)]
    split = best_split(offers, {1: 5, 2: 1})
    assert split is not None
    assert [part.units for part in split.parts] == [{1: 2}, {1: 2}]
    assert split.missing == {1: 1, 2: 1}
    assert split.total_piastres == 200 + 5 + 240 + 7


def test_a_line_that_can_be_had_as_wanted_is_bought_in_no_other_condition() -> None:
    used = offer(1, {1: (2, 10, False), 2: (2, 10, False)})
    offers = [used, offer(2, {1: (1, 500)}), offer(3, {1: (1, 600), 2: (1, 900)})]
    split = best_split(offers, {1: 2, 2: 2})
    assert split is not None
    assert [(part.quote_id.int, part.units, part.as_wanted) for part in split.parts] == [
        (1, {2: 2}, False),  # of line 2 one alone is to be had as wanted
        (2, {1: 1}, True),
        (3, {1: 1}, True),
    ]
    assert split.total_piastres == 20 + 500 + 600


def test_who_is_too_late_does_not_keep_others_from_selling_another_condition() -> None:
    offers = [offer(1, {1: (1, 10, False)}, hours=2), offer(2, {1: (1, 500)}, hours=30)]
    soon = best_split(offers, {1: 1}, arrive_by=NOON + dt.timedelta(hours=2))
    assert soon is not None
    assert [(part.quote_id.int, part.as_wanted) for part in soon.parts] == [(1, False)]


def test_of_splits_that_cost_the_same_one_shop_is_enough() -> None:
    first = offer(1, {1: (1, 12), 2: (1, 10)}, fee=0)
    second = offer(2, {1: (1, 10), 2: (1, 10)}, fee=0)
    split = best_split([first, second], {1: 1, 2: 1})
    assert split is not None
    assert [(part.quote_id.int, part.units) for part in split.parts] == [(2, {1: 1, 2: 1})]


def test_shops_that_all_ask_the_same_are_split_to_the_optimum_all_the_same() -> None:
    chance = np.random.default_rng(0)
    offers = [
        offer(shop, {line: (4, 1_000) for line in range(1, 51) if chance.random() < 0.3}, fee=0)
        for shop in range(24)
    ]
    split = best_split(offers, dict.fromkeys(range(1, 51), 1))
    assert split is not None
    assert (split.is_optimal, split.total_piastres) == (True, 50_000)


def test_a_split_bounded_by_a_time_uses_only_shops_that_promise_it() -> None:
    offers = [offer(1, {1: (1, 100)}, hours=30), offer(2, {1: (1, 150)}, hours=2)]
    assert best_split(offers, {1: 1}).total_piastres == 100  # type: ignore[union-attr]
    soon = best_split(offers, {1: 1}, arrive_by=NOON + dt.timedelta(hours=2))
    assert soon is not None
    assert (soon.total_piastres, soon.promise_at) == (150, NOON + dt.timedelta(hours=2))
    assert best_split(offers, {1: 1}, arrive_by=NOON) is None


def test_a_split_without_a_promise_of_every_shop_promises_nothing() -> None:
    offers = [offer(1, {1: (1, 100)}, hours=None), offer(2, {2: (1, 150)}, hours=2)]
    assert best_split(offers, {1: 1, 2: 1}).promise_at is None  # type: ignore[union-attr]


def test_prices_at_the_limit_are_added_up_exactly() -> None:
    most = 10_000_000_000
    offers = [offer(1, {1: (1, most - 1)}, fee=1), offer(2, {1: (1, most)}, fee=1)]
    assert best_split(offers, {1: 1}).total_piastres == most  # type: ignore[union-attr]


@st.composite
def markets(draw: st.DrawFn) -> tuple[list[ShopOffer], dict[int, int]]:
    lines, shops = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    wanted = {line: draw(st.integers(1, 2)) for line in range(1, lines + 1)}
    as_wanted = draw(st.sampled_from([st.just(True), st.booleans()]))
    price = st.one_of(st.integers(9, 10), st.integers(0, 30), st.integers(100_000, 5_000_000))
    offers = []
    for number in range(shops):
        held = draw(st.lists(st.sampled_from(sorted(wanted)), unique=True))
        prices = {
            line: (draw(st.integers(1, wanted[line])), draw(price), draw(as_wanted))
            for line in held
        }
        free_from = draw(st.one_of(st.none(), st.integers(0, 200), st.integers(0, 20_000_000)))
        fee = draw(st.one_of(st.just(0), st.integers(0, 60), st.integers(0, 500_000)))
        offers.append(offer(number, prices, fee=fee, free_from=free_from))
    return offers, wanted


def allocations(offers: list[ShopOffer], line: int, wanted: int) -> Iterator[tuple[int, ...]]:
    """Try all ways to buy a line that hold as many as can be, or all as wanted where some do."""
    cells = [{each.line: each for each in offer.lines}.get(line) for offer in offers]
    held = [cell.quantity if cell else 0 for cell in cells]
    need = min(wanted, sum(held))
    ways = [
        units
        for units in itertools.product(*(range(most + 1) for most in held))
        if sum(units) == need
    ]
    as_wanted = [
        units
        for units in ways
        if all(cell.as_wanted for cell, count in zip(cells, units, strict=True) if cell and count)
    ]
    yield from as_wanted if as_wanted and need == wanted else ways


def best_by_trying_all(offers: list[ShopOffer], wanted: dict[int, int]) -> tuple[int, int]:
    """Return the least cost, and the fewest shops that it takes."""
    prices = [{each.line: each.unit_price_piastres for each in offer.lines} for offer in offers]
    best = None
    for chosen in itertools.product(*(allocations(offers, *each) for each in wanted.items())):
        cost = shops = 0
        for shop, each in enumerate(offers):
            bought = {line: units[shop] for line, units in zip(wanted, chosen, strict=True)}
            if any(bought.values()):
                goods = sum(n * prices[shop].get(line, 0) for line, n in bought.items())
                cost += goods + delivery_fee(goods, each.fee_piastres, each.free_from_piastres)
                shops += 1
        best = min(best or (cost, shops), (cost, shops))
    assert best is not None
    return best


def missing_of(offers: list[ShopOffer], wanted: dict[int, int]) -> dict[int, int]:
    offered = Counter[int]()
    for each in offers:
        offered.update({line.line: line.quantity for line in each.lines})
    return {n: count - offered[n] for n, count in wanted.items() if offered[n] < count}


@settings(max_examples=300, deadline=None)
@given(markets())
def test_no_split_that_can_be_tried_is_cheaper_or_takes_fewer_shops_for_the_same(
    market: tuple[list[ShopOffer], dict[int, int]],
) -> None:
    offers, wanted = market
    split = best_split(offers, wanted)
    if split is None:
        assert not any(each.lines for each in offers)
        return
    assert split.is_optimal
    assert (split.total_piastres, len(split.parts)) == best_by_trying_all(offers, wanted)
    bought = {n: sum(part.units.get(n, 0) for part in split.parts) for n in wanted}
    assert {n: bought[n] + split.missing.get(n, 0) for n in wanted} == wanted
    assert split.missing == missing_of(offers, wanted)


@settings(max_examples=100, deadline=None)
@given(markets())
def test_a_split_never_costs_more_than_one_shop_that_has_all_as_wanted(
    market: tuple[list[ShopOffer], dict[int, int]],
) -> None:
    offers, wanted = market
    exactly = [each for each in complete_baskets(offers, wanted) if each.as_wanted]
    if exactly:
        split = best_split(offers, wanted)
        assert split is not None
        assert split.total_piastres <= exactly[0].total_piastres


@pytest.mark.parametrize("seed", range(5))
def test_ten_shops_and_fifty_lines_are_split_to_the_optimum_at_once(seed: int) -> None:
    chance = np.random.default_rng(seed)
    base = chance.lognormal(10, 1, 50)
    offers = [
        offer(
            shop,
            {
                line: (int(chance.integers(1, 5)), int(base[line - 1] * chance.lognormal(0, 0.2)))
                for line in range(1, 51)
                if chance.random() < 0.7
            },
            fee=int(chance.integers(2_000, 8_000)),
            free_from=int(base.sum() * chance.uniform(0.1, 1.5)),
        )
        for shop in range(10)
    ]
    split = best_split(offers, dict.fromkeys(range(1, 51), 4))
    assert split is not None
    assert split.is_optimal
