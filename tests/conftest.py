"""Real PostGIS for the tests that need it, and the order of all: fast ones first.

A run gets databases of its own on a private server in `.clutch/test`, which it shares with other
runs at the same time and which stops with the last of them. Where `CLUTCH_DATABASE_URL` names a
server, the databases are made there, by the role of `CLUTCH_DATABASE_OWNER_URL`.
"""

import datetime as dt
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from accounts import access_tokens
from clutch.ids import uuid7
from clutch.settings import settings
from orders.privacy import cell_of
from storage.cluster import Database, running_database
from storage.upgrade import upgrade

_DIRECTORY = Path(__file__).parents[1] / ".clutch" / "test"
_PREFIX = "clutch_test_"
_LATE = ("slow", "postgis")


@dataclass(frozen=True)
class Databases:
    """Makes databases named after this run, from a template with the newest schema."""

    server: Database
    owner: Connection
    run: str

    def named(self, name: str) -> Database:
        url, owner_url = (
            make_url(url).set(database=name).render_as_string(hide_password=False)
            for url in (self.server.url, self.server.owner_url)
        )
        return replace(self.server, url=url, owner_url=owner_url)

    @contextmanager
    def copied(self, *, template: str | None = None) -> Iterator[Database]:
        name = f"{self.run}_{secrets.token_hex(4)}"
        self.owner.execute(text(f"CREATE DATABASE {name} TEMPLATE {template or self.run}"))
        try:
            yield self.named(name)
        finally:
            self.owner.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Empty databases with the newest schema: `with databases.copied() as database:`."""
    run = f"{_PREFIX}{os.getpid()}_{secrets.token_hex(4)}"
    chosen = settings().model_copy(update={"data_directory": _DIRECTORY})
    with running_database(chosen) as server:
        engine = create_engine(
            server.owner_url,
            isolation_level="AUTOCOMMIT",
            connect_args={"application_name": run},
        )
        with engine.connect() as owner:
            _drop_abandoned(owner)
            each = Databases(server, owner, run)
            owner.execute(text(f"CREATE DATABASE {run}"))
            try:
                upgrade(each.named(run).owner_url)
                yield each
            finally:
                owner.execute(text(f"DROP DATABASE {run} WITH (FORCE)"))
        engine.dispose()


@pytest.fixture(scope="session")
def postgis(databases: Databases) -> Iterator[Database]:
    """One database with the newest schema for the whole run; leave it as you found it."""
    with databases.copied() as database:
        yield database


@pytest.fixture
def fresh_database(databases: Databases) -> Iterator[Database]:
    """A database of the test's own, for tests that commit."""
    with databases.copied() as database:
        yield database


@pytest.fixture
def connection(postgis: Database) -> Iterator[Connection]:
    """A connection as the owner, in a transaction that is undone when the test ends."""
    engine = create_engine(postgis.owner_url)
    with engine.connect() as each, each.begin() as transaction:
        yield each
        transaction.rollback()
    engine.dispose()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "databases" in getattr(item, "fixturenames", ()):
            item.add_marker("postgis")
    items.sort(key=lambda item: [item.get_closest_marker(name) is not None for name in _LATE])


def _drop_abandoned(owner: Connection) -> None:
    """Drop what killed runs left: a living one shows its name in its session."""
    abandoned = owner.scalars(
        text(
            "SELECT datname FROM pg_database WHERE starts_with(datname, :prefix) AND NOT EXISTS"
            " (SELECT FROM pg_stat_activity WHERE starts_with(application_name, :prefix)"
            "  AND starts_with(pg_database.datname, application_name))"
        ),
        {"prefix": _PREFIX},
    )
    for name in abandoned.all():
        owner.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


TOKEN_KEY = "a key that tokens are signed with in tests"


@dataclass(frozen=True)
class Person:
    """Somebody with a living log-in; `headers` are what a request of theirs carries."""

    user_id: UUID
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class Deal:
    """An order whose quote was accepted, and who is in it; `staff` works at its shop."""

    customer: Person
    staff: Person
    shop_id: UUID
    order_id: UUID
    payment_id: UUID
    delivery_id: UUID
    total_piastres: int


_ACCEPTED = (
    "INSERT INTO quote (quote_id, order_id, shop_id, user_id, status, parts_piastres,"
    " delivery_fee_piastres, total_piastres, promise_at, created_at, updated_at, valid_until,"
    " decided_at) VALUES (:quote_id, :order_id, :shop_id, :user_id, 'accepted', :total, 0, :total,"
    " :promise_at, :now, :now, CAST(:now AS timestamptz) + interval '2 hours', :now)",
    "UPDATE order_invitation SET answered_at = :now"
    " WHERE order_id = :order_id AND shop_id = :shop_id",
    "UPDATE parts_order SET status = 'accepted', selected_quote_id = :quote_id,"
    " payment_method = :method WHERE order_id = :order_id",
    "INSERT INTO payment (payment_id, order_id, shop_id, user_id, method, provider,"
    " amount_piastres, created_at, updated_at) VALUES (:payment_id, :order_id, :shop_id, :user_id,"
    " :method, :provider, :total, :now, :now)",
    "INSERT INTO delivery (delivery_id, order_id, shop_id, user_id, promise_at, accepted_at)"
    " VALUES (:delivery_id, :order_id, :shop_id, :user_id, :promise_at, :now)",
)


@dataclass(frozen=True)
class Town:
    """Makes people and shops in a database, past the doors that tests are not about."""

    engine: Engine

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Read as the owner, past row-level security."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(statement), values))

    def row(self, statement: str, **values: Any) -> Any:
        (row,) = self.rows(statement, **values)
        return row

    def change(self, statement: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def person(
        self, *, role: str | None = None, shop_id: UUID | None = None, name: str = "Mona"
    ) -> Person:
        """Make a customer; with `role` an admin or analyst, or somebody who works at a shop."""
        user_id, sign_in_id, now = uuid7(), uuid7(), dt.datetime.now(dt.UTC)
        facts = {"user_id": user_id, "sign_in_id": sign_in_id, "now": now, "name": name}
        facts |= {"role": role or "shop_owner", "shop_id": shop_id, "email": f"{user_id}@mail.test"}
        statements = [
            "INSERT INTO app_user (user_id, email, name, password_hash, locale, created_at)"
            " VALUES (:user_id, :email, :name, '-', 'en', :now)",
            "INSERT INTO sign_in (sign_in_id, user_id, created_at)"
            " VALUES (:sign_in_id, :user_id, :now)",
        ]
        if shop_id:
            statements.append("INSERT INTO shop_member VALUES (:shop_id, :user_id, :role)")
        elif role:
            statements.append("INSERT INTO user_role VALUES (:user_id, :role)")
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), facts)
        return Person(user_id, access_tokens.issue(user_id, sign_in_id, key=TOKEN_KEY, now=now))

    def shop(
        self, *, name: str = "Shop", lon: float = 31.24, lat: float = 30.05, brand_id: int = 1
    ) -> UUID:
        """Make an active shop that is always open."""
        shop_id = uuid7()
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO shop (shop_id, name, status, location, brand_ids, regular_hours)"
                    " VALUES (:shop_id, :name, 'active',"
                    "  ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), ARRAY[:brand_id], '{0,10080}')"
                ),
                {"shop_id": shop_id, "name": name, "lon": lon, "lat": lat, "brand_id": brand_id},
            )
        return shop_id

    def order(
        self,
        customer: Person,
        *,
        shops: Sequence[UUID] = (),
        quantities: Sequence[int] = (1,),
        at: dt.datetime | None = None,
        lon: float = 31.2357,
        lat: float = 30.0444,
    ) -> UUID:
        """Make an order submitted (now, unless `at` is given) to `shops`: a line per quantity."""
        order_id, now = uuid7(), at or dt.datetime.now(dt.UTC)
        cell_lon, cell_lat = cell_of(lon, lat)
        facts = {"order_id": order_id, "number": str(order_id), "user_id": customer.user_id}
        facts |= {"now": now, "later": now + dt.timedelta(hours=4), "lon": lon, "lat": lat}
        facts |= {"cell_lon": cell_lon, "cell_lat": cell_lat}
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO parts_order (order_id, number, user_id, status, brand_id,"
                    " delivery_point, cell, rounds, submitted_at, expires_at, created_at,"
                    " updated_at) VALUES (:order_id, :number, :user_id, 'submitted', 1,"
                    " ST_SetSRID(ST_MakePoint(:lon, :lat), 4326),"
                    " ST_SetSRID(ST_MakePoint(:cell_lon, :cell_lat), 4326),"
                    " 1, :now, :later, :now, :now)"
                ),
                facts,
            )
            for line, quantity in enumerate(quantities, start=1):
                connection.execute(
                    text(
                        "INSERT INTO order_part (order_id, line, name, quantity)"
                        " VALUES (:order_id, :line, :name, :quantity)"
                    ),
                    {**facts, "line": line, "name": f"part {line}", "quantity": quantity},
                )
            for rank, shop_id in enumerate(shops, start=1):
                connection.execute(
                    text(
                        "INSERT INTO order_invitation (order_id, shop_id, user_id, round, rank,"
                        " score, distance_band_km, invited_at, expires_at) VALUES (:order_id,"
                        " :shop_id, :user_id, 1, :rank, 0.5, 3, :now, :later)"
                    ),
                    {**facts, "shop_id": shop_id, "rank": rank},
                )
        return order_id

    def deal(
        self,
        *,
        method: str = "cash_on_delivery",
        total_piastres: int = 48_000,
        at: dt.datetime | None = None,
    ) -> Deal:
        """Make an accepted order with a payment and a delivery promised for two hours later."""
        now, customer, shop_id = at or dt.datetime.now(dt.UTC), self.person(), self.shop()
        order_id = self.order(customer, shops=[shop_id], at=now)
        deal = Deal(
            customer=customer,
            staff=self.person(shop_id=shop_id, role="shop_staff"),
            shop_id=shop_id,
            order_id=order_id,
            payment_id=uuid7(),
            delivery_id=uuid7(),
            total_piastres=total_piastres,
        )
        facts = asdict(deal) | {"user_id": customer.user_id, "quote_id": uuid7(), "now": now}
        facts |= {"promise_at": now + dt.timedelta(hours=2), "total": total_piastres}
        facts |= {"method": method, "provider": "hosted"}
        if method == "cash_on_delivery":
            facts["provider"] = "cash"
        with self.engine.begin() as connection:
            for statement in _ACCEPTED:
                connection.execute(text(statement), facts)
        return deal


@pytest.fixture(scope="session")
def town_in() -> Iterator[Callable[[Database], Town]]:
    """Give the town of a database: `town = town_in(fresh_database)`."""
    engines: list[Engine] = []

    def town(database: Database) -> Town:
        engines.append(create_engine(database.owner_url))
        return Town(engines[-1])

    yield town
    for engine in engines:
        engine.dispose()
