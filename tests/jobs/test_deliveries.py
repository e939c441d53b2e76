"""Promises that pass, whether or not the job that looks came in time."""

from typing import Any

import pytest
from sqlalchemy import event, text

from jobs import deliveries as jobs
from jobs.tools import Tools
from orders.queries import deliveries, payments
from storage.session import PLATFORM, transaction


@pytest.fixture
def town(fresh_database: Any, town_in: Any) -> Any:
    return town_in(fresh_database)


def told_of(town: Any) -> list[str]:
    with town.engine.connect() as connection:
        rows = text("SELECT payload ->> 'deliveryId' FROM room_event WHERE event = 'delivery-late'")
        return sorted(connection.scalars(rows))


def test_a_late_delivery_whose_job_was_lost_is_found_by_the_sweep_and_told_once(
    tools: Tools, town: Any, clock: Any
) -> None:
    deal = town.deal(at=clock.now)
    clock.forward(minutes=119)
    jobs.late(tools, delivery_id=str(deal.delivery_id))  # too early
    jobs.late_overdue(tools)
    assert told_of(town) == []
    clock.forward(minutes=1)
    for _ in range(2):
        jobs.late_overdue(tools)
    assert told_of(town) == [str(deal.delivery_id)] * 2  # its customer and its shop


@pytest.mark.parametrize(
    ("look", "index"),
    [
        (deliveries.late_deliveries, "delivery_untold_idx"),
        (payments.refunds_waiting, "refund_waiting_idx"),
        (payments.unsettled, "payment_unsettled_idx"),
    ],
)
def test_what_is_looked_for_every_few_minutes_is_found_by_an_index(
    tools: Tools, clock: Any, look: Any, index: str
) -> None:
    asked: list[Any] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    with transaction(tools.engine, PLATFORM) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))  # the tables are empty
        event.listen(tools.engine, "before_cursor_execute", note)
        look(session, clock.now, limit=9)
        event.remove(tools.engine, "before_cursor_execute", note)
        ((statement, parameters),) = asked
        plan = session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters)
        assert index in "\n".join(plan.scalars())
