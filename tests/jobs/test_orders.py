from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from jobs import orders as jobs
from jobs.tools import Tools
from jobs.worker import run_due
from orders.invitations import Asking, Rules
from orders.requests import create_order
from orders.vehicles import Car
from orders.wishes import PartWish
from storage.queue import enqueue
from storage.session import PLATFORM, Tenant, transaction

METHODS = ("cash_on_delivery", "card", "wallet")


@pytest.fixture
def town(fresh_database: Any, town_in: Any) -> Any:
    return town_in(fresh_database)


def order(tools: Tools, customer: Any) -> UUID:
    with transaction(tools.engine, Tenant(user_id=customer.user_id)) as session:
        return create_order(
            session,
            {
                "vehicle": Car(make="Toyota"),
                "delivery_point": (31.2357, 30.0444),
                "parts": [PartWish(name="lamp")],
            },
            submit=True,
            asking=Asking(tools.knowledge(), Rules()),
            user_id=customer.user_id,
            actor=f"user:{customer.user_id}",
            locale="en",
            now=tools.now(),
        )["order_id"]


def invited(town: Any, order_id: UUID) -> int:
    with town.engine.connect() as connection:
        counted: int = connection.scalar(
            text("SELECT count(*) FROM order_invitation WHERE order_id = :id"), {"id": order_id}
        )
    return counted


def status(town: Any, order_id: UUID) -> str:
    with town.engine.connect() as connection:
        return str(
            connection.scalar(
                text("SELECT status FROM parts_order WHERE order_id = :id"), {"id": order_id}
            )
        )


def test_an_order_that_nobody_answers_is_sent_to_more_shops_and_then_ends(
    tools: Tools, town: Any, clock: Any
) -> None:
    for n in range(30):
        town.shop(name=f"shop {n}", lon=31.24 + n / 200)
    order_id = order(tools, town.person())
    assert (run_due(tools).failed, invited(town, order_id)) == (0, 8)
    clock.forward(minutes=9)
    assert (run_due(tools).done, invited(town, order_id)) == (0, 8)
    clock.forward(minutes=1)
    assert (run_due(tools).done, invited(town, order_id)) == (1, 24)
    clock.forward(minutes=20)
    assert (run_due(tools).done, invited(town, order_id)) == (1, 30)
    clock.forward(minutes=89)
    assert (run_due(tools).done, status(town, order_id)) == (0, "submitted")
    clock.forward(minutes=1)
    ran = run_due(tools)
    assert (ran.failed, ran.retried, status(town, order_id)) == (0, 0, "cancelled")


def test_what_a_job_left_behind_is_found_by_the_sweep(tools: Tools, town: Any, clock: Any) -> None:
    order_id = order(tools, town.person())
    clock.forward(minutes=119)
    jobs.expire_overdue(tools)
    assert status(town, order_id) == "submitted"
    clock.forward(minutes=1)
    jobs.expire_overdue(tools)
    assert status(town, order_id) == "cancelled"


def test_an_unpaid_order_whose_job_was_lost_is_found_by_the_sweep(
    tools: Tools, town: Any, clock: Any
) -> None:
    deals = {method: town.deal(method=method, at=clock.now) for method in METHODS}
    paid = town.deal(method="card", at=clock.now)
    with town.engine.begin() as connection:
        authorised = text("UPDATE payment SET status = 'authorised' WHERE payment_id = :id")
        connection.execute(authorised, {"id": paid.payment_id})
    clock.forward(minutes=59)
    jobs.expire_overdue(tools)
    assert {status(town, each.order_id) for each in deals.values()} == {"accepted"}
    clock.forward(minutes=1)
    jobs.expire_overdue(tools)
    now_they_are = {method: status(town, each.order_id) for method, each in deals.items()}
    assert now_they_are == {
        "cash_on_delivery": "accepted", "card": "cancelled", "wallet": "cancelled",
    }  # fmt: skip
    assert status(town, paid.order_id) == "accepted"


def test_an_order_that_is_gone_is_no_failure(tools: Tools) -> None:
    with transaction(tools.engine, PLATFORM) as session:
        enqueue(session, "orders.escalate", order_id=str(uuid4()), round=2)
        enqueue(session, "orders.expire", order_id=str(uuid4()))
    ran = run_due(tools)
    assert (ran.done, ran.retried, ran.failed) == (2, 0, 0)
