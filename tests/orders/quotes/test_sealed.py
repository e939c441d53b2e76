"""Quotes are sealed: nothing of one shop's reaches another."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from orders.quotes import quote_view, shop_quotes
from storage.session import Tenant


def test_the_serving_role_sees_only_the_rows_of_its_tenant(fair: Any, noon: dt.datetime) -> None:
    customer, shop, rival = fair.town.person(), fair.shop(), fair.shop()
    order = fair.town.order(customer, shops=[shop, rival], at=noon)
    own = fair.provide(shop, order, 500)["quote_id"]
    theirs = fair.provide(rival, order, 400)["quote_id"]
    seen = {
        "shop": (Tenant(shop_id=shop), {own}),
        "rival": (Tenant(shop_id=rival), {theirs}),
        "customer": (Tenant(user_id=customer.user_id), {own, theirs}),
        "stranger": (Tenant(user_id=fair.town.person().user_id), set()),
        "nobody": (Tenant(), set()),
    }
    for who, (tenant, expected) in seen.items():
        with fair.act(tenant) as session:
            for table in ("quote", "quote_line"):
                rows = session.execute(
                    text(
                        f"SELECT quote_id FROM {table} WHERE quote_id IN (:own, :theirs)"  # noqa: S608
                    ),
                    {"own": own, "theirs": theirs},
                )
                assert set(rows.scalars()) == expected, who
            assert session.scalar(
                text("SELECT count(*) FROM quote WHERE order_id = :o"), {"o": order}
            ) == len(expected)


def test_the_serving_role_cannot_change_or_move_the_quotes_of_another(
    fair: Any, noon: dt.datetime
) -> None:
    shop, rival = fair.shop(), fair.shop()
    order = fair.town.order(fair.town.person(), shops=[shop, rival], at=noon)
    own = fair.provide(shop, order, 500)["quote_id"]
    theirs = fair.provide(rival, order, 400)["quote_id"]
    with fair.act(Tenant(shop_id=shop)) as session:
        for statement in (
            "UPDATE quote SET note = 'x' WHERE quote_id = :theirs",
            "DELETE FROM quote_line WHERE quote_id = :theirs",
        ):
            assert session.execute(text(statement), {"theirs": theirs}).rowcount == 0
    taken = text("UPDATE quote SET shop_id = :rival, user_id = gen_random_uuid() WHERE quote_id=:q")
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        fair.act(Tenant(shop_id=shop)) as session,
    ):
        session.execute(taken, {"rival": rival, "q": own})


def test_what_a_shop_hears_and_lists_is_the_same_with_and_without_rivals(
    fair: Any, noon: dt.datetime
) -> None:
    shop, rival = fair.shop(), fair.shop()
    alone = fair.town.order(fair.town.person(), shops=[shop], at=noon)
    contested = fair.town.order(fair.town.person(), shops=[shop, rival], at=noon)
    fair.provide(rival, contested, 1)
    answers = []
    for order in (alone, contested):
        quote = fair.provide(shop, order, 900)
        answers.append({**quote, "quote_id": 0, "order_id": 0, "order_number": 0})
    assert answers[0] == answers[1]
    assert fair.events(f"shop-{shop}") == []
    with fair.act(Tenant(shop_id=shop)) as session:
        listed = shop_quotes(session, shop, now=noon)["quotes"]
    assert {quote["order_id"] for quote in listed} == {alone, contested}
    assert {quote["shop_id"] for quote in listed} == {shop}


def test_the_promise_to_the_door_is_the_customers_until_the_shop_has_won(
    fair: Any, noon: dt.datetime
) -> None:
    customer, shop = fair.town.person(), fair.shop()
    order = fair.town.order(customer, shops=[shop], at=noon)
    quote = fair.provide(shop, order)["quote_id"]

    def seen(tenant: Tenant) -> dt.datetime | None:
        with fair.act(tenant) as session:
            view = quote_view(session, quote, user_id=tenant.user_id, now=noon)
            promise: dt.datetime | None = view["promise_at"]
            return promise

    assert seen(Tenant(user_id=customer.user_id)) is not None
    assert seen(Tenant(shop_id=shop)) is None
    fair.accept(customer.user_id, order, quote)
    assert seen(Tenant(shop_id=shop)) == seen(Tenant(user_id=customer.user_id)) is not None


def test_shops_of_one_cell_are_told_the_same_wherever_in_it_the_customer_is(
    fair: Any, noon: dt.datetime
) -> None:
    shop = fair.shop()
    answers = []
    for lon, lat in ((31.2357, 30.0444), (31.2350, 30.0440)):
        order = fair.town.order(fair.town.person(), shops=[shop], at=noon, lon=lon, lat=lat)
        quote = fair.provide(shop, order)
        answers.append({**quote, "quote_id": 0, "order_id": 0, "order_number": 0})
    assert answers[0] == answers[1]
