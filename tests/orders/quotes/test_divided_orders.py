"""What an order was divided into goes its way by itself, and counts as one request."""

import datetime as dt
from typing import Any
from uuid import UUID

from orders import deliveries, ratings
from orders.cancelling import cancel_order
from orders.figures import count_figures
from orders.kpis import MarketKpis, market_kpis, shop_kpis
from orders.quoting import Offer
from storage.session import Tenant

# A month of which no other test knows.
START = dt.datetime(2031, 5, 5, 10, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def month(day: dt.datetime) -> dict[str, dt.datetime]:
    return {"since": day - HOUR, "until": day + 20 * HOUR, "now": day + 20 * HOUR}


def divided(fair: Any, offering: Any, at: dt.datetime) -> tuple[Any, list[UUID], list[Any]]:
    """Make an order that is bought at two shops; return its customer, the shops, the orders."""
    customer, shops = fair.town.person(), [fair.shop("One", fee=100), fair.shop("Two", fee=50)]
    order = fair.town.order(customer, shops=shops, quantities=(1, 1), at=at)
    offers: list[Offer] = [offering(900, 500), offering(950, 400)]
    first, second = (
        fair.provide(shop, order, offer, now=at + HOUR)["quote_id"]
        for shop, offer in zip(shops, offers, strict=True)
    )
    choices = {first: {1: 1}, second: {2: 1}}
    answer = fair.split(customer.user_id, order, choices, now=at + 2 * HOUR)
    return customer, shops, answer["orders"]


def deliver(fair: Any, shop: UUID, order: Any, now: dt.datetime) -> None:
    with fair.act(Tenant(shop_id=shop)) as session:
        step = {"shop_id": shop, "now": now, "actor": "user:shop"}
        delivery = order["delivery_id"]
        deliveries.start(session, delivery, **step)
        deliveries.assign(
            session, delivery, shop_id=shop, courier_name="Karim", courier_phone="+201012345678"
        )
        deliveries.pick_up(session, delivery, **step)
        deliveries.deliver(
            session,
            delivery,
            user_id=shop,
            received_by="Mona",
            proof_file_id=None,
            collected_piastres=order["payment"]["amount_piastres"],
            **step,
        )


def market(fair: Any, day: dt.datetime) -> MarketKpis:
    with fair.act() as session:
        return market_kpis(session, **month(day))


def funnel(kpis: MarketKpis) -> tuple[int, int, int, int, int]:
    return (
        kpis["orders"],
        kpis["orders_quoted"],
        kpis["orders_accepted"],
        kpis["orders_delivered"],
        kpis["orders_cancelled"],
    )


def test_one_may_be_cancelled_and_the_other_delivered_and_rated(fair: Any, offering: Any) -> None:
    customer, shops, (kept, sibling) = divided(fair, offering, START)
    assert funnel(market(fair, START)) == (1, 1, 1, 0, 0)
    with fair.act(Tenant(user_id=customer.user_id)) as session:
        cancel_order(
            session,
            kept["order_id"],
            reason=None,
            user_id=customer.user_id,
            is_admin=False,
            actor="user",
            locale="en",
            now=START + 2 * HOUR,
        )
    assert funnel(market(fair, START)) == (1, 1, 1, 0, 0)
    deliver(fair, shops[1], sibling, START + 3 * HOUR)
    with fair.act(Tenant(user_id=customer.user_id)) as session:
        ratings.rate(
            session,
            sibling["order_id"],
            user_id=customer.user_id,
            stars=4,
            comment=None,
            now=START + 3 * HOUR,
        )
    statuses = [fair.status(each["order_id"]) for each in (kept, sibling)]
    assert statuses == ["cancelled", "delivered"]
    paid = fair.town.rows(
        "SELECT status FROM payment WHERE order_id IN (:kept, :sibling) ORDER BY status",
        kept=kept["order_id"],
        sibling=sibling["order_id"],
    )
    assert [row.status for row in paid] == ["cancelled", "captured"]
    kpis = market(fair, START)
    assert funnel(kpis) == (1, 1, 1, 1, 0)
    assert (kpis["gross_piastres"], kpis["ratings"], kpis["satisfaction_mean"]) == (450, 1, 4.0)
    assert kpis["quote_response_minutes_mean"] == 60
    assert (kpis["shops_invited"], kpis["shops_answering"]) == (2, 2)


def test_a_divided_order_counts_once_for_the_market_and_for_each_shop(
    fair: Any, offering: Any
) -> None:
    day = START + dt.timedelta(days=30)
    _, shops, orders = divided(fair, offering, day)
    deliver(fair, shops[0], orders[0], day + 3 * HOUR)
    assert funnel(market(fair, day)) == (1, 1, 1, 0, 0)
    deliver(fair, shops[1], orders[1], day + 3 * HOUR)
    kpis = market(fair, day)
    assert funnel(kpis) == (1, 1, 1, 1, 0)
    assert (kpis["gross_piastres"], kpis["acceptance_rate"]) == (1_000 + 450, 1.0)
    for shop, gross in zip(shops, (1_000, 450), strict=True):
        with fair.act(Tenant(shop_id=shop)) as session:
            own = shop_kpis(session, shop, **month(day))
        assert (own["invitations"], own["answered"], own["answer_rate"]) == (1, 1, 1.0)
        assert (own["orders_won"], own["orders_delivered"]) == (1, 1)
        assert (own["acceptance_rate"], own["gross_piastres"]) == (1.0, gross)
        assert own["answer_minutes_mean"] == 60


def test_the_statistics_of_a_shop_hold_its_answer_once(fair: Any, offering: Any) -> None:
    day = START + dt.timedelta(days=60)
    _, shops, orders = divided(fair, offering, day)
    for shop, order in zip(shops, orders, strict=True):
        deliver(fair, shop, order, day + 3 * HOUR)
    with fair.act() as session:
        while any(count_figures(session, now=day + 4 * HOUR)):
            pass
    for shop in shops:
        (row,) = fair.town.rows("SELECT * FROM shop WHERE shop_id = :s", s=shop)
        assert (row.requests_received, row.requests_answered, row.deliveries_count) == (1, 1, 1)
        assert row.answer_minutes_mean == 60
