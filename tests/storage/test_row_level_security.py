"""Row-level security, for every table of shops and people: a table added later is tested too."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from storage.session import PLATFORM, Tenant, open_engine, transaction
from storage.tables import (  # noqa: F401 - registers every table
    accounts,
    deliveries,
    files,
    makes,
    models,
    notifications,
    onboarding,
    orders,
    payments,
    shops,
)
from storage.tables.base import Base

OF_SHOPS = sorted(name for name, table in Base.metadata.tables.items() if "shop_id" in table.c)
OF_PEOPLE = (
    *("vehicle", "parts_order", "order_part", "order_transition", "notification", "stored_file"),
    "idempotency_key",
)
OF_ORDERS = ("parts_order", "order_part", "order_transition")
OPEN = {
    # Read before it is known who calls.
    *("app_user", "sign_in"),
    # Read by whoever's act has their owner told.
    *("device", "notification_choice"),
}
"""The tables with a `user_id` that are not bound."""
PUBLIC = {"shop"}
"""Where a shop is and what it carries is for everybody to read."""


@pytest.fixture(scope="module")
def engine(databases: Any) -> Iterator[Engine]:
    """The serving role on a shop with a row in every table."""
    with databases.copied() as database:
        owner = open_engine(database.owner_url)
        with transaction(owner, PLATFORM) as session:
            for statement in _ROWS.split(";\n"):
                session.execute(text(statement), {"id": SHOP, "shop_id": SHOP, "user_id": USER})
        owner.dispose()
        engine = open_engine(database.url)
        yield engine
        engine.dispose()


SHOP, USER = uuid4(), uuid4()
STRANGERS = [Tenant(), Tenant(shop_id=uuid4()), Tenant(user_id=uuid4(), shop_id=uuid4())]
_ROWS = """
INSERT INTO app_user (user_id, email, name, password_hash, created_at)
VALUES (:user_id, 'a@b.test', 'Mona', '-', now());
INSERT INTO shop (shop_id, name, location, brand_ids, regular_hours)
VALUES (:shop_id, 'Shop', ST_SetSRID(ST_MakePoint(31, 30), 4326), '{1}', '{}');
INSERT INTO shop_member VALUES (:shop_id, :user_id, 'shop_owner');
INSERT INTO staff_invitation VALUES (:id, :shop_id, 'c@d.test', 'shop_staff', now());
INSERT INTO stock_listing (shop_id, part_key, part_number, quantity, counted_at)
VALUES (:shop_id, 'A1', 'A-1', 1, now());
INSERT INTO past_delivery (delivery_id, shop_id, origin, destination, started_at,
    duration_seconds)
VALUES (:id, :shop_id, ST_SetSRID(ST_MakePoint(31, 30), 4326),
    ST_SetSRID(ST_MakePoint(31.1, 30), 4326), now(), 900);
INSERT INTO shop_onboarding (onboarding_id, user_id, shop_id, created_at, updated_at)
VALUES (:id, :user_id, :shop_id, now(), now());
INSERT INTO shop_review (review_id, onboarding_id, shop_id, requested_at)
VALUES (:id, :id, :shop_id, now());
INSERT INTO shop_profile (shop_id, legal_name) VALUES (:shop_id, 'Shop');
INSERT INTO parts_order (order_id, number, user_id, status, brand_id, delivery_point, cell,
    selected_quote_id, submitted_at, created_at, updated_at)
VALUES (:id, 'C-1', :user_id, 'accepted', 1, ST_SetSRID(ST_MakePoint(31.2, 30), 4326),
    ST_SetSRID(ST_MakePoint(31.2, 30), 4326), :id, now(), now(), now());
INSERT INTO order_invitation (order_id, shop_id, user_id, round, rank, score, distance_band_km,
    invited_at, expires_at)
VALUES (:id, :shop_id, :user_id, 1, 1, 0.5, 2, now(), now() + interval '2 h');
INSERT INTO quote (quote_id, order_id, shop_id, user_id, status, parts_piastres,
    delivery_fee_piastres, total_piastres, created_at, updated_at, valid_until, decided_at)
VALUES (:id, :id, :shop_id, :user_id, 'accepted', 100, 0, 100, now(), now(),
    now() + interval '2 h', now());
INSERT INTO quote_line (quote_id, line, shop_id, user_id, availability, quantity,
    unit_price_piastres)
VALUES (:id, 1, :shop_id, :user_id, 'in_stock', 1, 100);
INSERT INTO rating (order_id, shop_id, user_id, stars, created_at)
VALUES (:id, :shop_id, :user_id, 5, now());
INSERT INTO payment (payment_id, order_id, shop_id, user_id, method, provider, status,
    amount_piastres, captured_piastres, created_at, updated_at)
VALUES (:id, :id, :shop_id, :user_id, 'card', 'hosted', 'captured', 100, 100, now(), now());
INSERT INTO refund (refund_id, payment_id, shop_id, user_id, amount_piastres, reason, created_at)
VALUES (:id, :id, :shop_id, :user_id, 1, 'late', now());
INSERT INTO delivery (delivery_id, order_id, shop_id, user_id, accepted_at)
VALUES (:id, :id, :shop_id, :user_id, now());
INSERT INTO delivery_position (delivery_id, at, shop_id, user_id, point)
VALUES (:id, now(), :shop_id, :user_id, ST_SetSRID(ST_MakePoint(31, 30), 4326));
INSERT INTO vehicle (vehicle_id, user_id, brand_id, created_at) VALUES (:id, :user_id, 1, now());
INSERT INTO order_part (order_id, line, name, quantity) VALUES (:id, 1, 'filter', 1);
INSERT INTO order_transition (order_id, step, to_status, party, actor, at)
VALUES (:id, 1, 'submitted', 'customer', 'user:1', now());
INSERT INTO notification (notification_id, user_id, type, title, message, created_at)
VALUES (:id, :user_id, 'new_quote', 'a', 'b', now());
INSERT INTO stored_file (file_id, user_id, purpose, name, media_type, size_bytes, sha256, content,
    created_at)
VALUES (:id, :user_id, 'shop_document', 'a.pdf', 'application/pdf', 1, sha256('a'), 'a', now());
INSERT INTO idempotency_key (caller, key, request_hash, created_at)
VALUES ('user:' || CAST(CAST(:user_id AS uuid) AS text), 'a key', '', now());
INSERT INTO user_role (user_id, role) VALUES (:user_id, 'analyst');
INSERT INTO service_key (service_key_id, name, key_hash, role, scopes, created_at)
VALUES (:id, 'a key', 'a', 'order_service', '{matching}', now())
"""


def count(engine: Engine, tenant: Tenant, table: str) -> int:
    with transaction(engine, tenant) as session:
        return session.execute(
            text(f"SELECT count(*) FROM {table} WHERE shop_id = :shop_id"),  # noqa: S608 - ours
            {"shop_id": SHOP},
        ).scalar_one()


def test_there_are_tables_of_shops() -> None:
    assert {"shop", "quote", "payment", "delivery", "shop_member"} <= set(OF_SHOPS)


@pytest.mark.parametrize("table", OF_SHOPS)
def test_each_is_bound_and_binds_its_owner_too(engine: Engine, table: str) -> None:
    with transaction(engine) as session:
        enabled, forced, policies = session.execute(
            text(
                "SELECT relrowsecurity, relforcerowsecurity,"
                " (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid)"
                " FROM pg_class c WHERE oid = CAST(:table AS regclass)"
            ),
            {"table": table},
        ).one()
    assert (enabled, forced) == (True, True)
    assert policies >= 1


def test_the_serving_role_owns_nothing_and_is_bound(engine: Engine) -> None:
    with transaction(engine) as session:
        owned = session.scalar(
            text(
                "SELECT count(*) FROM pg_class JOIN pg_roles r ON r.oid = relowner"
                " WHERE rolname = current_user"
            )
        )
        mighty = session.scalar(
            text(
                "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles"
                " WHERE rolname = current_user"
            )
        )
        granted = session.scalar(
            text("SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole")
        )
    assert (owned, mighty, granted) == (0, False, 0)


@pytest.mark.parametrize("table", OF_SHOPS)
def test_strangers_see_no_row_and_the_shop_its_own(engine: Engine, table: str) -> None:
    own = count(engine, Tenant(shop_id=SHOP), table)
    assert own == count(engine, PLATFORM, table)
    assert own == 1
    for stranger in STRANGERS:
        assert count(engine, stranger, table) == (own if table in PUBLIC else 0)


@pytest.mark.parametrize("table", OF_SHOPS)
@pytest.mark.parametrize("stranger", STRANGERS)
def test_strangers_change_and_remove_no_row(engine: Engine, table: str, stranger: Tenant) -> None:
    for statement in (
        f"UPDATE {table} SET shop_id = shop_id",  # noqa: S608 - names of ours
        f"DELETE FROM {table}",  # noqa: S608 - names of ours
    ):
        try:
            with transaction(engine, stranger) as session:
                assert session.execute(text(statement)).rowcount == 0
        except ProgrammingError as error:
            if "permission denied" not in str(error):  # then it is not even granted
                raise
    assert count(engine, PLATFORM, table) == 1


@pytest.mark.parametrize("table", OF_SHOPS)
def test_no_row_can_be_written_for_another_shop(engine: Engine, table: str) -> None:
    other = Tenant(user_id=uuid4(), shop_id=uuid4())
    copied = f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, :row)).*"
    with transaction(engine, PLATFORM) as session:
        row = session.execute(text(f"SELECT to_jsonb(t)::text FROM {table} t")).scalar_one()  # noqa: S608
    with (
        pytest.raises(ProgrammingError, match=r"row-level security policy|permission denied"),
        transaction(engine, other) as session,
    ):
        session.execute(text(copied.replace(":row", "CAST(:row AS jsonb)")), {"row": row})


@pytest.mark.parametrize(
    "table", ["shop_onboarding", "quote", "payment", "refund", "delivery", "delivery_position"]
)
def test_a_customer_sees_the_rows_of_their_own_orders(engine: Engine, table: str) -> None:
    assert count(engine, Tenant(user_id=USER), table) == 1
    assert count(engine, Tenant(user_id=uuid4(), shop_id=UUID(int=1)), table) == 0


def rows_of(engine: Engine, tenant: Tenant, table: str) -> int:
    with transaction(engine, tenant) as session:
        return session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608


def test_each_table_of_people_is_bound_but_those_that_are_named_here(engine: Engine) -> None:
    with transaction(engine) as session:
        open_ones = session.scalars(
            text(
                "SELECT relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
                " WHERE relkind = 'r' AND attname = 'user_id'"
                " AND NOT (relrowsecurity AND relforcerowsecurity)"
            )
        ).all()
    assert set(open_ones) == OPEN


@pytest.mark.parametrize("table", OF_PEOPLE)
def test_strangers_see_and_change_nothing_of_a_person(engine: Engine, table: str) -> None:
    assert rows_of(engine, Tenant(user_id=USER), table) == 1
    for stranger in STRANGERS:
        assert rows_of(engine, stranger, table) == 0
        with transaction(engine, stranger) as session:
            assert session.execute(text(f"DELETE FROM {table}")).rowcount == 0  # noqa: S608
    assert rows_of(engine, PLATFORM, table) == 1


@pytest.mark.parametrize("table", OF_PEOPLE)
def test_a_shop_that_was_asked_sees_the_order_and_nothing_else(engine: Engine, table: str) -> None:
    assert rows_of(engine, Tenant(shop_id=SHOP), table) == (table in OF_ORDERS)


def test_a_photo_is_shown_to_others_and_stays_its_owners(engine: Engine) -> None:
    def purpose(value: str) -> None:
        with transaction(engine, Tenant(user_id=USER)) as session:
            session.execute(text("UPDATE stored_file SET purpose = :value"), {"value": value})

    purpose("part_photo")
    assert rows_of(engine, Tenant(shop_id=SHOP), "stored_file") == 1
    with transaction(engine, Tenant(shop_id=SHOP)) as session:
        assert session.execute(text("UPDATE stored_file SET name = 'mine'")).rowcount == 0
        assert session.execute(text("DELETE FROM stored_file")).rowcount == 0
    purpose("shop_document")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO shop_member SELECT shop_id, :user_id, 'shop_owner' FROM shop",
        "INSERT INTO user_role VALUES (:user_id, 'admin')",
        "INSERT INTO service_key SELECT :user_id, 'mine', 'b', 'pipeline', '{models}', now()",
    ],
)
def test_nobody_gives_themselves_a_shop_a_role_or_a_key(engine: Engine, statement: str) -> None:
    for tenant in (Tenant(user_id=USER), Tenant(user_id=USER, shop_id=uuid4())):
        with (
            pytest.raises(ProgrammingError, match="row-level security policy"),
            transaction(engine, tenant) as session,
        ):
            session.execute(text(statement), {"user_id": USER})


def test_a_role_is_known_to_all_and_changed_by_the_platform_alone(engine: Engine) -> None:
    for tenant in (*STRANGERS, Tenant(user_id=USER)):
        assert rows_of(engine, tenant, "user_role") == 1
        with transaction(engine, tenant) as session:
            promoted = session.execute(text("UPDATE user_role SET role = 'admin'"))
            assert promoted.rowcount == 0
