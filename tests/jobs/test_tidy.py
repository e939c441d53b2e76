"""What is deleted when it is old, and what stays."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from jobs.tidy import tidy
from jobs.tools import Tools
from notifications.inbox import notify
from storage.session import PLATFORM, transaction


def _left(tools: Tools, table: str, column: str) -> list[Any]:
    with transaction(tools.engine, PLATFORM) as session:
        return list(session.scalars(text(f"SELECT {column} FROM {table} ORDER BY 1")))  # noqa: S608


def test_jobs_that_wait_stay_and_those_that_ended_long_ago_go(tools: Tools, clock: Any) -> None:
    with tools.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES"
                " ('default', 'waiting', 'todo'), ('default', 'old', 'failed'),"
                " ('default', 'new', 'failed')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO procrastinate_events (job_id, type, at)"
                " SELECT id, 'failed', CAST(:now AS timestamptz)"
                "  - CASE task_name WHEN 'old' THEN 31 ELSE 29 END * interval '1 day'"
                " FROM procrastinate_jobs WHERE status = 'failed'"
            ),
            {"now": clock.now},
        )
        # The row that says when it was queued is of the real now.
        connection.execute(text("DELETE FROM procrastinate_events WHERE type <> 'failed'"))
    tidy(tools)
    assert _left(tools, "procrastinate_jobs", "task_name") == ["new", "waiting"]


def test_news_of_a_year_ago_goes(
    tools: Tools, clock: Any, fresh_database: Any, town_in: Callable[..., Any]
) -> None:
    mona = town_in(fresh_database).person().user_id
    for number in ("A-1", "A-2"):
        with transaction(tools.engine, PLATFORM) as session:
            notify(session, mona, "order_expired", {"number": number}, now=clock.now)
        clock.forward(days=300)
    tidy(tools)
    assert _left(tools, "notification", "data ->> 'number'") == ["A-2"]


def test_messages_to_partners_go_a_month_after_their_end(tools: Tools, clock: Any) -> None:
    with tools.engine.begin() as connection:
        connection.execute(
            text(
                "WITH e AS (INSERT INTO webhook_endpoint VALUES (gen_random_uuid(), 'P', 'u',"
                "  '{}', '{s}', true, :now) RETURNING endpoint_id)"
                " INSERT INTO webhook_delivery (webhook_delivery_id, endpoint_id, event, payload,"
                "  status, created_at, finished_at)"
                " SELECT gen_random_uuid(), endpoint_id, name, '{}', status, :now,"
                "  CAST(:now AS timestamptz) - days * interval '1 day' FROM e, (VALUES"
                "  ('old', 'delivered', 31), ('new', 'given_up', 29), ('waiting', 'waiting', NULL))"
                " AS d (name, status, days)"
            ),
            {"now": clock.now},
        )
    tidy(tools)
    assert _left(tools, "webhook_delivery", "event") == ["new", "waiting"]


def test_a_model_goes_a_month_after_another_took_its_place(tools: Tools, clock: Any) -> None:
    with tools.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO model_version (name, version, parameters, trained_rows, created_at)"
                " SELECT name, name || ' of ' || days, '', 1, :now - days * interval '1 day'"
                " FROM unnest(ARRAY['delivery_time', 'demand']) AS name,"
                "  unnest(ARRAY[50, 40, 31, 29]) AS days"
            ),
            {"now": clock.now},
        )
    tidy(tools)
    kept = _left(tools, "model_version", "version")
    others = [f"demand of {days}" for days in (29, 31, 40, 50)]
    assert kept == ["delivery_time of 29", "delivery_time of 31", *others]
