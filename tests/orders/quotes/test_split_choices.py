"""What may be chosen in a split: what is wrong is named, and nothing happens then."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clutch.errors import InvalidInput, NotFound
from clutch.ids import uuid7
from orders.acceptance import ShopGone
from orders.dividing import Choice, Units
from orders.lifecycle import TransitionRefused
from orders.quote_lines import OfferedLine
from orders.quotes import QuoteEnded, QuoteExpired
from orders.quoting import Offer

Offering = Callable[..., Offer]
TWO_HOURS = dt.timedelta(hours=2)
TABLES = (
    *("parts_order", "order_part", "order_transition", "order_invitation", "quote", "quote_line"),
    *("payment", "delivery", "room_event", "audit_entry", "notification", "procrastinate_jobs"),
)


def state(fair: Any) -> list[Any]:
    """Return a fingerprint of all that accepting writes."""
    return [
        fair.town.rows(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")  # noqa: S608 - names of ours
        for table in TABLES
    ]


BAD: list[tuple[str, Callable[[UUID, UUID], list[Choice]]]] = [
    ("choices", lambda a, _: [pick(a, (1, 1))]),
    ("choices", lambda _a, _b: []),
    ("choices[1].quote_id", lambda a, _: [pick(a, (1, 1)), pick(a, (2, 1))]),
    ("choices[1].units", lambda a, b: [pick(a, (1, 1)), pick(b)]),
    ("choices[1].units[0].line", lambda a, b: [pick(a, (1, 1)), pick(b, (3, 1))]),
    ("choices[1].units[0].line", lambda a, b: [pick(a, (1, 1)), pick(b, (9, 1))]),
    ("choices[0].units[1].line", lambda a, b: [pick(a, (1, 1), (1, 1)), pick(b, (2, 1))]),
    ("choices[0].units[0].quantity", lambda a, b: [pick(a, (1, 3)), pick(b, (2, 1))]),
    ("choices[0].units[0].quantity", lambda a, b: [pick(a, (1, 0)), pick(b, (2, 1))]),
    ("choices[1].units[1].quantity", lambda a, b: [pick(a, (1, 2)), pick(b, (2, 1), (1, 2))]),
]


def pick(quote_id: UUID, *units: tuple[int, int]) -> Choice:
    return Choice(quote_id=quote_id, units=[Units(*unit) for unit in units])


@pytest.mark.parametrize(("field", "chosen"), BAD)
def test_what_is_wrong_with_a_choice_is_named_and_nothing_happens(
    fair: Any, noon: dt.datetime, field: str, chosen: Callable[[UUID, UUID], list[Choice]]
) -> None:
    customer, one, two = fair.town.person(), fair.shop(), fair.shop()
    order = fair.town.order(customer, shops=[one, two], quantities=(3, 1, 1), at=noon)
    lines = [
        OfferedLine(line=1, availability="in_stock", quantity=2, unit_price_piastres=50),
        OfferedLine(line=2, availability="in_stock", unit_price_piastres=60),
    ]
    quotes = [fair.provide(shop, order, Offer(lines=lines))["quote_id"] for shop in (one, two)]
    before = state(fair)
    with pytest.raises(InvalidInput) as refused:
        fair.split(customer.user_id, order, chosen(*quotes))
    assert refused.value.field == field
    assert state(fair) == before


def test_one_quote_that_cannot_be_accepted_keeps_all_from_it(
    fair: Any, offering: Offering, noon: dt.datetime
) -> None:
    customer = fair.town.person()
    shops = [fair.shop() for _ in range(5)]
    good, overdue, withdrawn, gone, free = shops
    order = fair.town.order(customer, shops=shops, quantities=(1, 1), at=noon)
    now = noon + TWO_HOURS
    quotes = {
        shop: fair.provide(shop, order, offering(500, 100), now=noon if shop == overdue else now)[
            "quote_id"
        ]
        for shop in shops
    }
    fair.withdraw(withdrawn, quotes[withdrawn], now=now)
    fair.town.change("UPDATE shop SET status = 'suspended' WHERE shop_id = :id", id=gone)
    stranger, others = fair.town.person(), fair.town.order(fair.town.person(), at=noon)
    before = state(fair)

    def refuse(error: type[Exception], quote: UUID, **more: Any) -> Any:
        asked = {"user_id": customer.user_id, "order_id": order, **more}
        choices = {quotes[good]: {1: 1}, quote: {2: 1}}
        with pytest.raises(error) as refused:
            fair.split(choices=choices, now=now, **asked)
        assert state(fair) == before
        return refused.value

    assert refuse(QuoteExpired, quotes[overdue]).allowed == ["accept another quote"]
    refuse(QuoteEnded, quotes[withdrawn])
    refuse(ShopGone, quotes[gone])
    assert str(refuse(NotFound, uuid7())) == "no such quote"
    assert str(refuse(NotFound, quotes[free], user_id=stranger.user_id)) == "no such order"
    assert str(refuse(NotFound, quotes[free], order_id=others)) == "no such order"
    assert str(refuse(NotFound, quotes[free], order_id=uuid7())) == "no such order"


def test_an_order_is_divided_once(fair: Any, offering: Offering, noon: dt.datetime) -> None:
    customer, one, two = fair.town.person(), fair.shop(), fair.shop()
    order = fair.town.order(customer, shops=[one, two], quantities=(2, 2), at=noon)
    choices = {
        fair.provide(shop, order, offering(500, 100))["quote_id"]: {1: 1} for shop in (one, two)
    }
    sibling = fair.split(customer.user_id, order, choices)["orders"][1]["order_id"]
    before = state(fair)
    for again in (order, sibling):
        with pytest.raises((TransitionRefused, NotFound)):
            fair.split(customer.user_id, again, choices)
    assert state(fair) == before


@st.composite
def markets(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int | None, list[Any]]]]:
    """Draw what is wanted, and for each shop its fee, free from when, and what it has."""
    wanted = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    line = st.one_of(st.none(), st.tuples(st.integers(1, 4), st.integers(1, 5_000)))
    shop = st.tuples(
        st.integers(0, 900),
        st.one_of(st.none(), st.integers(1, 9_000)),
        st.lists(line, min_size=len(wanted), max_size=len(wanted)).filter(any),
    )
    return wanted, draw(st.lists(shop, min_size=2, max_size=3))


@settings(
    max_examples=25, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(market=markets())
def test_the_orders_cost_what_the_split_said(fair: Any, noon: dt.datetime, market: Any) -> None:
    wanted, stalls = market
    customer = fair.town.person()
    shops = [fair.shop(fee=fee, free_from=free_from) for fee, free_from, _ in stalls]
    order = fair.town.order(customer, shops=shops, quantities=wanted, at=noon)
    for shop, (_, _, has) in zip(shops, stalls, strict=True):
        lines = [
            OfferedLine(
                line=line,
                availability="in_stock",
                quantity=min(each[0], wanted[line - 1]),
                unit_price_piastres=each[1],
            )
            for line, each in enumerate(has, start=1)
            if each
        ]
        fair.provide(shop, order, Offer(lines=lines))
    split = fair.compare(customer.user_id, order)["split"]
    choices = {
        each["quote_id"]: {line["line"]: line["quantity"] for line in each["lines"]}
        for each in split["shops"]
    }
    if len(choices) < 2:
        with pytest.raises(InvalidInput, match="accept-quote"):
            fair.split(customer.user_id, order, choices)
        return
    answer = fair.split(customer.user_id, order, choices)
    assert answer["total_piastres"] == split["total_piastres"]
    assert answer["unbought"] == split["missing"]
    costs = sorted(each["payment"]["amount_piastres"] for each in answer["orders"])
    assert costs == sorted(each["total_piastres"] for each in split["shops"])
    goods = [each["quote"]["parts_piastres"] for each in answer["orders"]]
    assert goods == sorted(goods, reverse=True)
    assert all(each["quote"]["promise_at"] for each in answer["orders"])
