"""A street of shops and somebody who asks them, in real PostGIS, as the role that serves."""

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from clutch.ids import uuid7
from matching.knowledge import load_knowledge
from orders.acceptance import accept_quote
from orders.invitations import Asking, Rules, escalate
from orders.quote_lines import OfferedLine
from orders.quoting import Offer, provide_quote, withdraw_quote
from orders.requests import PlacedOrder, create_order
from orders.vehicles import Car
from orders.wishes import PartWish, Wishes
from storage.session import PLATFORM, Tenant, open_engine, transaction

NOON = dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC)
"""A Monday, noon in Cairo."""

HERE = (31.2357, 30.0444)
_FILLED = (
    "delivery", "payment", "quote", "parts_order", "vehicle", "stored_file", "app_user", "shop",
    "room_event", "room", "procrastinate_jobs",
)  # fmt: skip


@dataclass
class Street:
    """Every act is a transaction of its own; `rules` may be replaced."""

    engine: Engine
    town: Any
    asking: Asking
    customer: Any
    shops: list[UUID] = field(default_factory=list)

    def act(self, tenant: Tenant = PLATFORM) -> AbstractContextManager[Session]:
        return transaction(self.engine, tenant)

    def as_customer(self, person: Any = None) -> AbstractContextManager[Session]:
        return self.act(Tenant(user_id=(person or self.customer).user_id))

    def as_shop(self, shop_id: UUID) -> AbstractContextManager[Session]:
        return self.act(Tenant(shop_id=shop_id))

    def ruled(self, **rules: Any) -> Asking:
        return Asking(self.asking.knowledge, replace(self.asking.rules, **rules))

    def open_shops(self, count: int, *, every_km: float = 1.0) -> list[UUID]:
        """Open Toyota shops eastwards of the customer, the nearest first."""
        per_km = 1 / 96.5
        added = [
            self.town.shop(name=f"shop {n}", lon=HERE[0] + n * every_km * per_km, lat=HERE[1])
            for n in range(1, count + 1)
        ]
        self.shops += added
        return added

    def order(
        self,
        *,
        submit: bool = True,
        person: Any = None,
        asking: Asking | None = None,
        now: dt.datetime = NOON,
        **wishes: Any,
    ) -> PlacedOrder:
        who = person or self.customer
        asked: Wishes = {
            "vehicle": Car(make="Toyota", model="Corolla", year=2019),
            "delivery_point": HERE,
            "parts": [PartWish(name="brake pads")],
            **wishes,  # type: ignore[typeddict-item]
        }
        with self.as_customer(who) as session:
            return create_order(
                session,
                asked,
                submit=submit,
                asking=asking or self.asking,
                user_id=who.user_id,
                actor=f"user:{who.user_id}",
                locale="en",
                now=now,
            )

    def escalate(self, order_id: UUID, round: int, *, now: dt.datetime, **rules: Any) -> int:
        with self.act() as session:
            return escalate(session, order_id, round=round, asking=self.ruled(**rules), now=now)

    def quote(self, order_id: UUID, shop_id: UUID, *, now: dt.datetime = NOON) -> UUID:
        with self.as_shop(shop_id) as session:
            return provide_quote(
                session,
                Offer(
                    lines=[OfferedLine(line=1, availability="in_stock", unit_price_piastres=50_000)]
                ),
                order_id=order_id,
                shop_id=shop_id,
                actor="user:shop",
                knowledge=self.asking.knowledge,
                now=now,
            )["quote_id"]

    def withdraw(self, quote_id: UUID, shop_id: UUID, *, now: dt.datetime = NOON) -> None:
        with self.as_shop(shop_id) as session:
            withdraw_quote(session, quote_id=quote_id, shop_id=shop_id, actor="user:shop", now=now)

    def accept(self, order_id: UUID, quote_id: UUID, *, now: dt.datetime = NOON) -> None:
        with self.as_customer() as session:
            accept_quote(
                session,
                order_id=order_id,
                quote_id=quote_id,
                user_id=self.customer.user_id,
                actor="user:customer",
                payment_method="cash_on_delivery",
                knowledge=self.asking.knowledge,
                now=now,
            )

    def status(self, order_id: UUID) -> str:
        order = self.town.row("SELECT status FROM parts_order WHERE order_id = :id", id=order_id)
        return str(order.status)

    def invited(self, order_id: UUID) -> list[Any]:
        return self.town.rows(
            "SELECT * FROM order_invitation WHERE order_id = :id ORDER BY round, rank", id=order_id
        )

    def heard(self, room: str, event: str | None = None) -> list[dict[str, Any]]:
        rows = self.town.rows(
            "SELECT event, payload FROM room_event WHERE room = :room ORDER BY sequence", room=room
        )
        return [row.payload for row in rows if event in (None, row.event)]

    def jobs(self, task: str) -> list[Any]:
        return self.town.rows(
            "SELECT args, scheduled_at FROM procrastinate_jobs WHERE task_name = :task"
            " ORDER BY scheduled_at, id",
            task=task,
        )

    def photo(self, person: Any, *, purpose: str = "part_photo") -> UUID:
        file_id = uuid7()
        self.town.change(
            "INSERT INTO stored_file VALUES (:id, :user, :purpose, 'a.jpg', 'image/jpeg', 1,"
            " '\\x00', '\\x00', :now)",
            id=file_id,
            user=person.user_id,
            purpose=purpose,
            now=NOON,
        )
        return file_id


@pytest.fixture(scope="module")
def road(databases: Any, town_in: Any) -> Iterator[tuple[Engine, Any, Asking]]:
    """The database that the tests of a module share."""
    with databases.copied() as database:
        engine = open_engine(database.url)
        with transaction(engine, PLATFORM) as session:
            asking = Asking(load_knowledge(session), Rules())
        yield engine, town_in(database), asking
        engine.dispose()


@pytest.fixture
def street(road: tuple[Engine, Any, Asking]) -> Iterator[Street]:
    """Nobody but a customer yet; shops are opened by the test."""
    engine, town, asking = road
    street = Street(engine, town, asking, town.person())
    yield street
    # Rows by rows: to truncate all these tables takes seconds.
    street.town.change("; ".join(f"DELETE FROM {table}" for table in _FILLED))  # noqa: S608 - our own
