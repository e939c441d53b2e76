"""Whom a transaction acts for, and what is written at its end."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, ProgrammingError
from sqlalchemy.orm import Session

from clutch.errors import NotFound
from storage.session import PLATFORM, Ending, Tenant, as_platform, at_end, open_engine, transaction

COUNT = text("SELECT count(*) FROM stock_listing")


@pytest.fixture(scope="module")
def engine(databases: Any, town_in: Any) -> Iterator[Engine]:
    """The serving role on two shops that each hold one part."""
    with databases.copied() as database:
        town = town_in(database)
        for shop_id in SHOPS:
            with town.engine.begin() as connection:
                connection.execute(
                    text(
                        "INSERT INTO shop (shop_id, name, location, brand_ids, regular_hours)"
                        " VALUES (:shop_id, 'Shop', ST_SetSRID(ST_MakePoint(31, 30), 4326),"
                        " '{1}', '{}')"
                    ),
                    {"shop_id": shop_id},
                )
                connection.execute(
                    text(
                        "INSERT INTO stock_listing (shop_id, part_key, part_number, quantity,"
                        " counted_at) VALUES (:shop_id, 'A1', 'A-1', 1, now())"
                    ),
                    {"shop_id": shop_id},
                )
        engine = open_engine(database.url)
        yield engine
        engine.dispose()


SHOPS = [uuid4(), uuid4()]


@pytest.mark.parametrize(
    ("tenant", "rows"),
    [
        (Tenant(), 0),
        (Tenant(shop_id=SHOPS[0]), 1),
        (Tenant(shop_id=uuid4()), 0),
        (Tenant(user_id=SHOPS[0]), 0),
        (PLATFORM, 2),
    ],
)
def test_a_tenant_sees_its_own_rows(engine: Engine, tenant: Tenant, rows: int) -> None:
    with transaction(engine, tenant) as session:
        assert session.scalar(COUNT) == rows


def test_one_transaction_leaves_nothing_of_its_tenant_to_the_next(engine: Engine) -> None:
    for tenant, rows in [
        (PLATFORM, 2),
        (Tenant(), 0),
        (Tenant(shop_id=SHOPS[1]), 1),
        (Tenant(), 0),
    ]:
        with transaction(engine, tenant) as session:
            assert session.scalar(COUNT) == rows


def test_acting_as_the_platform_ends_with_its_block(engine: Engine) -> None:
    with transaction(engine, Tenant(shop_id=SHOPS[0])) as session:
        with as_platform(session):
            assert session.scalar(COUNT) == 2
        assert session.scalar(COUNT) == 1
        with pytest.raises(NotFound), as_platform(session):
            raise NotFound("part")
        assert session.scalar(COUNT) == 1
        with session.begin_nested() as nested:
            with pytest.raises(DataError), as_platform(session):
                session.execute(text("SELECT 1 / 0"))
            nested.rollback()
        assert session.scalar(COUNT) == 1


def test_a_tenant_writes_no_row_of_another(engine: Engine) -> None:
    def rename(shop_id: UUID) -> Any:
        return text("UPDATE shop SET name = 'Mine' WHERE shop_id = :shop_id").bindparams(
            shop_id=shop_id
        )

    with transaction(engine, Tenant(shop_id=SHOPS[0])) as session:
        assert session.execute(rename(SHOPS[1])).rowcount == 0
        assert session.execute(rename(SHOPS[0])).rowcount == 1
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction(engine, Tenant(shop_id=SHOPS[0])) as session,
    ):
        session.execute(
            text(
                "INSERT INTO shop_member (shop_id, user_id, role)"
                " VALUES (:shop_id, :user_id, 'shop_owner')"
            ),
            {"shop_id": SHOPS[1], "user_id": uuid4()},
        )


def test_endings_are_written_once_in_their_order_and_only_when_kept(engine: Engine) -> None:
    written: list[object] = []

    def audit(session: Session, entries: list[object]) -> None:
        written.append(("audit", entries))

    def events(session: Session, entries: list[object]) -> None:
        written.append(("events", entries))

    with transaction(engine) as session:
        at_end(session, Ending.AUDIT, audit, 1)
        at_end(session, Ending.EVENTS, events, 2)
        at_end(session, Ending.AUDIT, audit, 3)
        assert written == []
    assert written == [("events", [2]), ("audit", [1, 3])]
    with pytest.raises(NotFound), transaction(engine) as session:  # noqa: PT012 - one transaction
        at_end(session, Ending.AUDIT, audit, 4)
        raise NotFound("order")
    assert len(written) == 2
