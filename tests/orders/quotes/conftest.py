"""A small market of shops that quote, in real PostGIS, acted on as the role that serves."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from clutch.errors import Conflict
from matching.knowledge import Knowledge, load_knowledge
from orders.acceptance import Acceptance, accept_quote
from orders.comparison import OrderQuotes, quotes_of_order
from orders.dividing import Choice, Division, Units, accept_split
from orders.quote_lines import OfferedLine
from orders.quotes import QuoteView
from orders.quoting import Offer, provide_quote, revise_quote, withdraw_quote
from storage.cluster import Database
from storage.session import PLATFORM, Tenant, open_engine, transaction

# A Monday, noon in Cairo.
NOON = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)


@dataclass
class Fair:
    """Customers, shops and their quotes; every act is a transaction of its own."""

    engine: Engine
    town: Any
    knowledge: Knowledge
    shops: dict[str, UUID] = field(default_factory=dict)

    def shop(self, name: str = "Shop", *, fee: int = 0, free_from: int | None = None) -> UUID:
        """Make a shop with somebody in it, whose profile holds its delivery fee."""
        shop_id: UUID = self.town.shop(name=name)
        self.town.person(shop_id=shop_id, role="shop_owner")
        with self.town.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO shop_profile (shop_id, legal_name, delivery_fee_piastres,"
                    " free_delivery_from_piastres) VALUES (:shop_id, :name, :fee, :free_from)"
                ),
                {"shop_id": shop_id, "name": name, "fee": fee, "free_from": free_from},
            )
        return shop_id

    def act(self, tenant: Tenant = PLATFORM) -> AbstractContextManager[Session]:
        return transaction(self.engine, tenant)

    def at_once(
        self, acts: Sequence[Callable[[], Any]], *, pool: ThreadPoolExecutor | None = None
    ) -> list[Any]:
        """Do all at once; return what each gave, or the conflict that it met."""
        barrier = threading.Barrier(len(acts))

        def run(act: Callable[[], Any]) -> Any:
            barrier.wait()
            try:
                return act()
            except Conflict as conflict:
                return conflict

        with nullcontext(pool) if pool else ThreadPoolExecutor(len(acts)) as threads:
            return list(threads.map(run, acts))

    def provide(
        self, shop_id: UUID, order_id: UUID, offer: Offer | int = 1_000, *, now: dt.datetime = NOON
    ) -> QuoteView:
        """Quote; a bare number is the price of each of one line."""
        with self.act(Tenant(shop_id=shop_id)) as session:
            return provide_quote(
                session,
                an_offer(offer) if isinstance(offer, int) else offer,
                order_id=order_id,
                shop_id=shop_id,
                actor="user:shop",
                knowledge=self.knowledge,
                now=now,
            )

    def revise(
        self, shop_id: UUID, quote_id: UUID, offer: Offer | int, *, now: dt.datetime = NOON
    ) -> QuoteView:
        with self.act(Tenant(shop_id=shop_id)) as session:
            return revise_quote(
                session,
                an_offer(offer) if isinstance(offer, int) else offer,
                quote_id=quote_id,
                shop_id=shop_id,
                knowledge=self.knowledge,
                now=now,
            )

    def withdraw(self, shop_id: UUID, quote_id: UUID, *, now: dt.datetime = NOON) -> QuoteView:
        with self.act(Tenant(shop_id=shop_id)) as session:
            return withdraw_quote(
                session, quote_id=quote_id, shop_id=shop_id, actor="user:shop", now=now
            )

    def accept(
        self,
        user_id: UUID,
        order_id: UUID,
        quote_id: UUID,
        *,
        method: str = "cash_on_delivery",
        now: dt.datetime = NOON,
    ) -> Acceptance:
        with self.act(Tenant(user_id=user_id)) as session:
            return accept_quote(
                session,
                order_id=order_id,
                quote_id=quote_id,
                user_id=user_id,
                actor=f"user:{user_id}",
                payment_method=method,
                knowledge=self.knowledge,
                now=now,
            )

    def split(
        self,
        user_id: UUID,
        order_id: UUID,
        choices: Mapping[UUID, Mapping[int, int]] | Sequence[Choice],
        *,
        method: str = "cash_on_delivery",
        now: dt.datetime = NOON,
    ) -> Division:
        """Accept of each quote so many units of its lines."""
        if isinstance(choices, Mapping):
            choices = [
                Choice(quote_id=quote_id, units=[Units(*unit) for unit in units.items()])
                for quote_id, units in choices.items()
            ]
        with self.act(Tenant(user_id=user_id)) as session:
            return accept_split(
                session,
                choices,
                order_id=order_id,
                user_id=user_id,
                actor=f"user:{user_id}",
                payment_method=method,
                knowledge=self.knowledge,
                now=now,
            )

    def compare(
        self, user_id: UUID, order_id: UUID, *, now: dt.datetime = NOON, **more: Any
    ) -> OrderQuotes:
        with self.act(Tenant(user_id=user_id)) as session:
            return quotes_of_order(
                session, order_id, user_id=user_id, knowledge=self.knowledge, now=now, **more
            )

    def status(self, order_id: UUID) -> str:
        order = self.town.row("SELECT status FROM parts_order WHERE order_id = :id", id=order_id)
        return str(order.status)

    def events(self, room: str) -> list[tuple[str, dict[str, Any]]]:
        rows = self.town.rows(
            "SELECT event, payload FROM room_event WHERE room = :room ORDER BY sequence", room=room
        )
        return [(row.event, row.payload) for row in rows]


def an_offer(*prices: int | None, **more: Any) -> Offer:
    """Offer each line, from the first on, at a price, or (None) not at all."""
    lines: Sequence[OfferedLine] = [
        OfferedLine(line=line, availability="missing")
        if price is None
        else OfferedLine(line=line, availability="in_stock", unit_price_piastres=price)
        for line, price in enumerate(prices, start=1)
    ]
    return Offer(lines=lines, **more)


@pytest.fixture(scope="session")
def fair(databases: Any, town_in: Callable[[Database], Any]) -> Iterator[Fair]:
    """One market for all tests of quotes; each makes orders and shops of its own."""
    with databases.copied() as database:
        engine = open_engine(database.url, connections=10)
        with transaction(engine) as session:
            knowledge = load_knowledge(session)
        yield Fair(engine, town_in(database), knowledge)
        engine.dispose()


@pytest.fixture
def offering() -> Callable[..., Offer]:
    """Make an offer of prices by line."""
    return an_offer


@pytest.fixture
def noon() -> dt.datetime:
    return NOON
