"""Jobs that are due, run here and now."""

from contextlib import suppress
from typing import Any

import pytest

from jobs import queries
from jobs.registry import backoff, task
from jobs.tools import Tools
from jobs.worker import Ran, run_due
from storage.queue import enqueue
from storage.session import PLATFORM, transaction


@pytest.fixture
def ran(extra_tasks: None) -> list[Any]:
    """What the jobs of these tests did."""
    done: list[Any] = []

    @task("test.note")
    def note(tools: Tools, *, what: str) -> None:
        done.append((what, tools.now()))

    @task("test.spread")
    def spread(tools: Tools) -> None:
        with transaction(tools.engine, PLATFORM) as session:
            enqueue(session, "test.note", what="spread")

    @task("test.stumble", retries=2)
    def stumble(tools: Tools) -> None:
        done.append("stumbled")
        raise ZeroDivisionError

    return done


def _depth(tools: Tools) -> dict[str, int]:
    with tools.engine.connect() as connection:
        return queries.queue_depth(connection)


def test_what_is_due_runs_in_order_and_is_taken_off_the_queue(
    tools: Tools, clock: Any, ran: list[Any]
) -> None:
    start = clock.now
    with transaction(tools.engine, PLATFORM) as session:
        for hours in (2, 1, 3):
            at = start.replace(hour=start.hour + hours)
            enqueue(session, "test.note", at=at, what=f"in {hours} h")
        enqueue(session, "test.note", what="now")
    assert run_due(tools) == Ran(done=1, retried=0, failed=0)
    clock.forward(hours=2)
    assert run_due(tools) == Ran(done=2, retried=0, failed=0)
    assert [what for what, _ in ran] == ["now", "in 1 h", "in 2 h"]
    assert _depth(tools) == {"todo": 1}


def test_what_jobs_queue_runs_too(tools: Tools, ran: list[Any]) -> None:
    with transaction(tools.engine, PLATFORM) as session:
        enqueue(session, "test.spread")
    assert run_due(tools).done == 2
    assert ran[0][0] == "spread"


def test_nothing_is_queued_by_a_transaction_that_is_undone(tools: Tools, ran: list[Any]) -> None:
    with suppress(ZeroDivisionError), transaction(tools.engine, PLATFORM) as session:
        enqueue(session, "test.note", what="never")
        raise ZeroDivisionError
    assert run_due(tools) == Ran(0, 0, 0)


def test_a_failing_job_comes_again_later_each_time_and_stays_to_be_seen(
    tools: Tools, clock: Any, ran: list[Any]
) -> None:
    with transaction(tools.engine, PLATFORM) as session:
        enqueue(session, "test.stumble")
    for wait in backoff(2):
        assert run_due(tools) == Ran(done=0, retried=1, failed=0)
        clock.forward(seconds=wait - 1)
        assert run_due(tools) == Ran(0, 0, 0)
        clock.forward(seconds=1)
    assert run_due(tools) == Ran(done=0, retried=0, failed=1)
    clock.forward(days=1)
    assert run_due(tools) == Ran(0, 0, 0)
    assert len(ran) == 3
    with tools.engine.connect() as connection:
        [failed] = queries.failed_jobs(connection, most=10)
    assert (failed.name, failed.arguments, failed.attempts) == ("test.stumble", {}, 3)


def test_a_job_of_an_unknown_name_is_given_up_and_stays_to_be_seen(tools: Tools) -> None:
    with transaction(tools.engine, PLATFORM) as session:
        enqueue(session, "test.unheard_of")
    assert run_due(tools) == Ran(done=0, retried=0, failed=1)
    assert _depth(tools) == {"failed": 1}


def test_two_jobs_of_one_name_are_refused(extra_tasks: None) -> None:
    task("test.twice")(lambda tools: None)
    with pytest.raises(ValueError, match=r"test\.twice"):
        task("test.twice")(lambda tools: None)
