"""Quotes expire by themselves, at their very time."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import text

import jobs.tasks  # noqa: F401 - the jobs register themselves
from clutch.ids import uuid7
from jobs.quotes import expire, expire_overdue
from jobs.tools import Tools
from jobs.worker import run_due
from orders.quote_lines import OfferedLine
from orders.quoting import Offer, provide_quote, revise_quote
from storage.cluster import Database
from storage.session import PLATFORM, Tenant, transaction

OFFER = Offer(lines=[OfferedLine(line=1, availability="in_stock", unit_price_piastres=900)])


def quoted(tools: Tools, town: Any) -> tuple[UUID, UUID, UUID]:
    """Make an order with one quote; return the ids of order, shop and quote."""
    shop = town.shop()
    order = town.order(town.person(), shops=[shop], at=tools.now())
    with transaction(tools.engine, Tenant(shop_id=shop)) as session:
        quote = provide_quote(
            session,
            OFFER,
            order_id=order,
            shop_id=shop,
            actor="user:shop",
            knowledge=tools.knowledge(),
            now=tools.now(),
        )
    return order, shop, quote["quote_id"]


def statuses(tools: Tools, order: UUID) -> tuple[str, str]:
    with transaction(tools.engine, PLATFORM) as session:
        row = session.execute(
            text(
                "SELECT o.status, q.status FROM parts_order o JOIN quote q USING (order_id)"
                " WHERE order_id = :o"
            ),
            {"o": order},
        ).one()
    return row[0], row[1]


def test_a_quote_expires_two_hours_on_and_not_before(
    tools: Tools, clock: Any, fresh_database: Database, town_in: Callable[[Database], Any]
) -> None:
    order, _, _ = quoted(tools, town_in(fresh_database))
    clock.forward(hours=2, microseconds=-1)
    assert run_due(tools).failed == 0
    assert statuses(tools, order) == ("quoted", "submitted")
    clock.forward(microseconds=1)
    ran = run_due(tools)
    assert (ran.retried, ran.failed) == (0, 0)
    assert statuses(tools, order) == ("submitted", "expired")


def test_a_revised_quote_expires_two_hours_after_its_revision(
    tools: Tools, clock: Any, fresh_database: Database, town_in: Callable[[Database], Any]
) -> None:
    order, shop, quote = quoted(tools, town_in(fresh_database))
    clock.forward(hours=1)
    with transaction(tools.engine, Tenant(shop_id=shop)) as session:
        revise_quote(
            session,
            OFFER,
            quote_id=quote,
            shop_id=shop,
            knowledge=tools.knowledge(),
            now=tools.now(),
        )
    clock.forward(minutes=119)
    run_due(tools)
    assert statuses(tools, order) == ("quoted", "submitted")
    clock.forward(minutes=1)
    run_due(tools)
    assert statuses(tools, order) == ("submitted", "expired")


def test_quotes_whose_own_job_was_lost_are_found(
    tools: Tools, clock: Any, fresh_database: Database, town_in: Callable[[Database], Any]
) -> None:
    town = town_in(fresh_database)
    order, _, _ = quoted(tools, town)
    with town.engine.begin() as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))
    clock.forward(hours=2)
    expire_overdue(tools)
    assert statuses(tools, order) == ("submitted", "expired")


def test_an_order_that_was_removed_is_no_failure(tools: Tools) -> None:
    expire(tools, order_id=str(uuid7()))
