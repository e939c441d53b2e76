"""Transactions: kept whole or not at all, and a database that is gone is said to be gone."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError

from clutch.errors import Unavailable
from storage.cluster import Database
from storage.session import (
    Query,
    Steps,
    open_engine,
    open_pool,
    reading,
    run,
    run_async,
    transaction,
)

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


def two_questions() -> Steps[list[int]]:
    first = yield Query("SELECT %(n)s::int4", {"n": 1}, lambda row: row[0])
    second = yield Query("SELECT %(n)s::int4 + 1", {"n": (first or [0])[0]}, lambda row: row[0])
    return [*(first or []), *(second or [])]


def test_an_error_undoes_the_whole_transaction(fresh_database: Database) -> None:
    engine = open_engine(fresh_database.owner_url)
    insert = text("INSERT INTO make (brand_id, name_en, name_ar) VALUES (900, 'Tesla', 'تسلا')")
    with pytest.raises(DataError), transaction(engine) as session:  # noqa: PT012 - one transaction
        session.execute(insert)
        session.execute(text("SELECT 1 / 0"))
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM make WHERE brand_id = 900")) == 0
        session.execute(insert)
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM make WHERE brand_id = 900")) == 1
    engine.dispose()


def test_a_database_that_is_not_there_is_unavailable() -> None:
    engine = open_engine(NOWHERE)
    with pytest.raises(Unavailable) as raised, transaction(engine) as session:
        session.execute(text("SELECT 1"))
    assert raised.value.retry_after_seconds == 5


def test_a_connection_cut_in_the_middle_is_unavailable_and_the_next_one_works(
    fresh_database: Database,
) -> None:
    engine = open_engine(fresh_database.owner_url)
    with pytest.raises(Unavailable), transaction(engine) as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with transaction(engine) as session:
        assert session.scalar(text("SELECT 1")) == 1
    engine.dispose()


def test_steps_are_sent_their_rows_in_turn(postgis: Database) -> None:
    engine = open_engine(postgis.url)
    with transaction(engine) as session:
        assert run(session, two_questions()) == [1, 2]
    engine.dispose()


@pytest.mark.anyio
async def test_a_pool_takes_the_same_steps(postgis: Database) -> None:
    async with open_pool(postgis.url) as pool, reading(pool) as connection:
        assert await run_async(connection, two_questions()) == [1, 2]


@pytest.mark.anyio
async def test_a_pool_without_a_database_is_unavailable() -> None:
    async with open_pool(NOWHERE) as pool:
        with pytest.raises(Unavailable):
            async with reading(pool):
                pass
