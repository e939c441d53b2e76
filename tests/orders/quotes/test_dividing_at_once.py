"""Splits against splits, acceptances and all else that decides: one happens, and it is whole."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from clutch.errors import Conflict
from clutch.ids import uuid7
from orders.vehicles import remove_vehicle

ROUNDS = 12


class Contest(NamedTuple):
    """An order of two lines with two quotes that stand for all of it."""

    customer: UUID
    order: UUID
    shops: list[UUID]
    quotes: list[UUID]

    @property
    def choices(self) -> dict[UUID, dict[int, int]]:
        return {self.quotes[0]: {1: 1}, self.quotes[1]: {2: 1}}


@pytest.fixture
def contest(fair: Any, offering: Any, noon: dt.datetime) -> Callable[[], Contest]:
    customer, shops = fair.town.person(), [fair.shop("First"), fair.shop("Second")]

    def make() -> Contest:
        order = fair.town.order(customer, shops=shops, quantities=(1, 1), at=noon)
        quotes = [fair.provide(shop, order, offering(900, 400))["quote_id"] for shop in shops]
        return Contest(customer.user_id, order, shops, quotes)

    return make


def orders_made(fair: Any, contest: Contest) -> list[tuple[str, int, int, int]]:
    """Return of the order and its siblings the status, and how much of what they have."""
    rows = fair.town.rows(
        "SELECT status, (SELECT count(*) FROM quote q"
        "  WHERE q.order_id = o.order_id AND q.status = 'accepted') AS won,"
        " (SELECT count(*) FROM payment p WHERE p.order_id = o.order_id) AS payments,"
        " (SELECT count(*) FROM delivery d WHERE d.order_id = o.order_id) AS deliveries"
        " FROM parts_order o WHERE :o IN (order_id, divided_from)",
        o=contest.order,
    )
    return [tuple(row) for row in rows]


WHOLE = ("accepted", 1, 1, 1)


def test_of_two_splits_at_once_one_is_made(fair: Any, contest: Callable[[], Contest]) -> None:
    for _ in range(ROUNDS):
        at = contest()
        results = fair.at_once([partial(fair.split, at.customer, at.order, at.choices)] * 2)
        lost = [result for result in results if isinstance(result, Conflict)]
        assert [type(each).__name__ for each in lost] == ["TransitionRefused"]
        assert orders_made(fair, at) == [WHOLE, WHOLE]


def test_of_a_split_and_a_quote_accepted_at_once_one_happens(
    fair: Any, contest: Callable[[], Contest]
) -> None:
    outcomes: Counter[int] = Counter()
    for place in range(ROUNDS):
        at = contest()
        acts: list[Callable[[], Any]] = [
            partial(fair.split, at.customer, at.order, at.choices),
            partial(fair.accept, at.customer, at.order, at.quotes[1]),
        ]
        results = fair.at_once(acts[:: (-1) ** place])
        assert sum(isinstance(result, Conflict) for result in results) == 1
        made = orders_made(fair, at)
        assert made in ([WHOLE], [WHOLE, WHOLE])
        split_won = any("orders" in result for result in results if isinstance(result, dict))
        assert split_won == (len(made) == 2)
        outcomes[len(made)] += 1
    assert sum(outcomes.values()) == ROUNDS


def test_of_a_split_and_a_quote_withdrawn_at_once_one_happens(
    fair: Any, contest: Callable[[], Contest]
) -> None:
    for place in range(ROUNDS):
        at = contest()
        acts: list[Callable[[], Any]] = [
            partial(fair.split, at.customer, at.order, at.choices),
            partial(fair.withdraw, at.shops[1], at.quotes[1]),
        ]
        results = fair.at_once(acts[:: (-1) ** place])
        assert sum(isinstance(result, Conflict) for result in results) == 1
        assert orders_made(fair, at) in ([WHOLE, WHOLE], [("quoted", 0, 0, 0)])


def test_the_car_may_be_removed_meanwhile(fair: Any, contest: Callable[[], Contest]) -> None:
    for _ in range(ROUNDS):
        at, car = contest(), uuid7()
        fair.town.change(
            "INSERT INTO vehicle (vehicle_id, user_id, brand_id, created_at)"
            " VALUES (:car, :customer, 1, now())",
            car=car,
            customer=at.customer,
        )
        fair.town.change(
            "UPDATE parts_order SET vehicle_id = :c WHERE order_id = :o", c=car, o=at.order
        )

        def remove(car: UUID = car, at: Contest = at) -> None:
            with fair.act() as session:
                remove_vehicle(session, car, user_id=at.customer)

        fair.at_once([partial(fair.split, at.customer, at.order, at.choices), remove])
        assert orders_made(fair, at) == [WHOLE, WHOLE]
        cars = fair.town.rows(
            "SELECT vehicle_id FROM parts_order WHERE :o IN (order_id, divided_from)", o=at.order
        )
        assert [row.vehicle_id for row in cars] == [None, None]
