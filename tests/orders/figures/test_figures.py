"""What shops are known for: each answer, delivery and rating counts once, whoever counts."""

import datetime as dt
import threading
from typing import Any

import pytest

from orders.figures import Counted, count_figures
from orders.tracking import alert_late, observe
from storage.session import PLATFORM, transaction

NOON = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
DELIVERED = (
    "UPDATE delivery SET status = 'delivered', picked_up_at = accepted_at + interval '30 minutes',"
    " delivered_at = accepted_at + CAST(:took AS interval) WHERE delivery_id = :id"
)
RATED = (
    "INSERT INTO rating (order_id, shop_id, user_id, stars, created_at)"
    " VALUES (:order_id, :shop_id, :user_id, :stars, :now)"
)


def delivered(quarter: Any, *, took: str, stars: int | None = None) -> Any:
    deal = quarter.town.deal(at=NOON)
    quarter.town.change(DELIVERED, id=deal.delivery_id, took=took)
    quarter.town.change(
        "UPDATE order_invitation SET answered_at = invited_at + interval '15 minutes'"
        " WHERE order_id = :id",
        id=deal.order_id,
    )
    if stars:
        facts = {"order_id": deal.order_id, "shop_id": deal.shop_id, "stars": stars, "now": NOON}
        quarter.town.change(RATED, user_id=deal.customer.user_id, **facts)
    return deal


def count(quarter: Any, now: dt.datetime = NOON) -> Counted:
    with transaction(quarter.engine, PLATFORM) as session:
        return count_figures(session, now=now)


def figures_of(quarter: Any, shop_id: Any) -> dict[str, Any]:
    row = quarter.town.row("SELECT * FROM shop WHERE shop_id = :id", id=shop_id)
    return {
        "asked": (row.requests_received, row.requests_answered, row.answer_minutes_mean),
        "brought": (row.deliveries_count, row.deliveries_on_time),
        "prepared": (row.preparation_count, row.preparation_minutes_mean),
        "liked": (row.rating_count, row.rating_mean),
    }


def test_what_a_shop_did_is_counted_once(quarter: Any) -> None:
    deal = delivered(quarter, took="1 hour", stars=4)
    assert count(quarter) == Counted(1, 1, 1, 1)
    assert count(quarter) == Counted(0, 0, 0, 0)
    assert figures_of(quarter, deal.shop_id) == {
        "asked": (1, 1, 15.0),
        "brought": (1, 1),
        "prepared": (1, 30.0),
        "liked": (1, 4.0),
    }


def test_means_run_on_from_what_was_known(quarter: Any) -> None:
    deal = delivered(quarter, took="3 hours", stars=1)
    quarter.town.change(
        "UPDATE shop SET requests_received = 9, requests_answered = 3, answer_minutes_mean = 35,"
        " deliveries_count = 4, deliveries_on_time = 4, preparation_count = 1,"
        " preparation_minutes_mean = 50, rating_count = 2, rating_mean = 4"
    )
    count(quarter)
    assert figures_of(quarter, deal.shop_id) == {
        "asked": (10, 4, 30.0),
        "brought": (5, 4),
        "prepared": (2, 40.0),
        "liked": (3, 3.0),
    }


def test_an_invitation_is_received_once_it_is_answered_declined_or_expired(quarter: Any) -> None:
    shops = [quarter.town.shop() for _ in range(3)]
    quarter.town.order(quarter.town.person(), shops=shops, at=NOON)
    assert count(quarter) == Counted(0, 0, 0, 0)
    change = "UPDATE order_invitation SET {} = :now WHERE shop_id = :id"
    quarter.town.change(change.format("answered_at"), now=NOON, id=shops[0])
    quarter.town.change(change.format("declined_at"), now=NOON, id=shops[1])
    assert count(quarter) == Counted(2, 1, 0, 0)
    assert count(quarter, NOON + dt.timedelta(hours=3, minutes=59)) == Counted(0, 0, 0, 0)
    assert count(quarter, NOON + dt.timedelta(hours=4)) == Counted(1, 0, 0, 0)
    # One that was counted as unanswered, and answered after all, still counts as answered.
    quarter.town.change(change.format("answered_at"), now=NOON, id=shops[2])
    assert count(quarter) == Counted(0, 1, 0, 0)


def test_two_who_count_at_once_count_once(quarter: Any) -> None:
    deals = [delivered(quarter, took="1 hour", stars=5) for _ in range(6)]
    counted: list[Counted] = []
    barrier = threading.Barrier(3)

    def run() -> None:
        barrier.wait()
        counted.append(count(quarter))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sum(each) for each in zip(*counted, strict=True)] == [6, 6, 6, 6]
    for deal in deals:
        assert figures_of(quarter, deal.shop_id)["brought"] == (1, 1)


def test_a_late_delivery_is_told_once_to_customer_and_shop(quarter: Any) -> None:
    deal = quarter.town.deal(at=NOON)
    due = NOON + dt.timedelta(hours=2)

    def alerted(now: dt.datetime) -> bool:
        with transaction(quarter.engine, PLATFORM) as session:
            return alert_late(session, deal.delivery_id, now=now)

    assert not alerted(due - dt.timedelta(seconds=1))
    told: list[bool] = []
    barrier = threading.Barrier(3)

    def run() -> None:
        barrier.wait()
        told.append(alerted(due))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False, False, True]
    rooms = quarter.town.rows("SELECT room FROM room_event WHERE event = 'delivery-late'")
    expected = {f"user-{deal.customer.user_id}", f"shop-{deal.shop_id}"}
    assert sorted(each.room for each in rooms) == sorted(expected)
    inboxes = quarter.town.rows("SELECT user_id FROM notification WHERE type = 'delivery_late'")
    assert {each.user_id for each in inboxes} == {deal.customer.user_id, deal.staff.user_id}


@pytest.mark.parametrize("status", ["delivered", "cancelled"])
def test_a_delivery_that_is_done_is_not_late(quarter: Any, status: str) -> None:
    deal = delivered(quarter, took="1 hour")
    if status == "cancelled":
        quarter.town.change("UPDATE delivery SET status = 'cancelled', delivered_at = NULL")
    with transaction(quarter.engine, PLATFORM) as session:
        assert not alert_late(session, deal.delivery_id, now=NOON + dt.timedelta(days=1))


def test_finished_trips_teach_the_model_once(quarter: Any) -> None:
    deals = [delivered(quarter, took="50 minutes") for _ in range(3)]
    unbelievable = delivered(quarter, took="30 minutes 2 seconds")
    quarter.town.change(
        "INSERT INTO past_delivery SELECT delivery_id, d.shop_id, s.location, o.delivery_point,"
        " d.picked_up_at, 1800, 1200 FROM delivery d JOIN shop s USING (shop_id)"
        " JOIN parts_order o USING (order_id) WHERE delivery_id <> :id",
        id=unbelievable.delivery_id,
    )
    versions = "SELECT version FROM model_version WHERE name = 'delivery_time'"
    with transaction(quarter.engine, PLATFORM) as session:
        assert observe(session) == len(deals)
    with transaction(quarter.engine, PLATFORM) as session:
        assert observe(session) == 0
    assert len(quarter.town.rows(versions)) == 1
