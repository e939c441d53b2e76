"""The schema: what migrations make is what tables say, and every step can be undone."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import ProgrammingError

from clutch.names import name_key
from storage import tables
from storage.cluster import Database
from storage.tables.base import Base
from storage.upgrade import current_revision, downgrade, head_revision, upgrade

_OF_EXTENSIONS = ("spatial_ref_sys", "procrastinate_")


def test_migrations_make_the_tables_that_the_code_knows(postgis: Database) -> None:
    for module in pkgutil.iter_modules(tables.__path__, "storage.tables."):
        importlib.import_module(module.name)
    engine = create_engine(postgis.owner_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = [
            each
            for each in compare_metadata(context, Base.metadata)
            if not (
                each[0].startswith("remove_")
                and str(getattr(each[1], "table", each[1])).startswith(_OF_EXTENSIONS)
            )
        ]
        assert differences == []
        assert current_revision(connection) == head_revision()
    engine.dispose()


def test_down_to_nothing_and_up_again(fresh_database: Database) -> None:
    downgrade(fresh_database.owner_url, "base")
    engine = create_engine(fresh_database.owner_url)
    assert set(inspect(engine).get_table_names()) == {"alembic_version", "spatial_ref_sys"}
    upgrade(fresh_database.owner_url)
    upgrade(fresh_database.owner_url)
    with engine.connect() as connection:
        assert current_revision(connection) == head_revision()
    engine.dispose()


def test_payments_and_their_events_follow_the_provider_to_its_name(
    fresh_database: Database, town_in: Callable[[Database], Any]
) -> None:
    town = town_in(fresh_database)
    for method in ("card", "wallet", "cash_on_delivery"):
        town.deal(method=method)
    event = """
    INSERT INTO payment_event (provider, event_id, type, payload, applied, received_at)
    VALUES ('hosted', 'evt_1', 'payment.captured', '{}', false, now())
    """
    with town.engine.begin() as connection:
        connection.execute(text(event))
        # On a server of one's own the owner is no superuser: row-level security binds it.
        for table in ("payment", "payment_event", "alembic_version"):
            connection.execute(text(f"ALTER TABLE {table} OWNER TO clutch_app"))
    for revision, name in (("0014", "sandbox"), ("0015", "hosted")):
        move = downgrade if revision == "0014" else upgrade
        move(fresh_database.url, revision)
        with town.engine.connect() as connection:
            payments = connection.scalars(text("SELECT provider FROM payment"))
            assert sorted(payments) == sorted(["cash", name, name])
            assert connection.scalar(text("SELECT provider FROM payment_event")) == name


def test_every_alias_is_kept_under_its_key(postgis: Database) -> None:
    engine = create_engine(postgis.url)
    with engine.connect() as connection:
        aliases = connection.execute(text("SELECT alias_key, alias FROM make_alias")).all()
        assert len(aliases) > 100
        assert [row for row in aliases if row.alias_key != name_key(row.alias)] == []
        found = connection.execute(
            text(
                "SELECT name_en FROM make JOIN make_alias USING (brand_id)"
                " WHERE alias_key = ANY (:keys)"
            ),
            {"keys": [name_key(name) for name in ("VW", "Volkswagen", "فولكس فاجن")]},
        )
        assert set(found.scalars()) == {"Volkswagen"}
    engine.dispose()


def test_the_serving_role_reads_and_writes_nothing(postgis: Database) -> None:
    engine = create_engine(postgis.url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM ranking_weight")) == 9
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text("UPDATE ranking_weight SET weight = 0"))
    engine.dispose()
