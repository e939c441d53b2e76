"""A deal in real PostGIS, and a provider that keeps its books in memory."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from orders.payments.port import Checkout, ProviderAway, ProviderRefused, Told
from orders.payments.states import PaymentStatus, Standing, standing
from storage.cluster import Database
from storage.session import open_engine

NOW = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)


@dataclass
class Till:
    """A provider: what it knows by payment; `away` makes it unreachable, `refuses` unwilling."""

    known: dict[UUID, Told] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    away: bool = False
    refuses: str | None = None

    def start(self, payment_id: UUID, amount_piastres: int, *, method: str) -> Checkout:
        self._asked("start")
        reference = f"pay_{payment_id.hex}"
        if payment_id not in self.known:
            self.known[payment_id] = Told(
                payment_id=payment_id,
                reference=reference,
                amount_piastres=amount_piastres,
                currency="EGP",
                standing=Standing(PaymentStatus.PENDING),
            )
        return Checkout(reference, f"http://pay.test/{reference}")

    def pay(self, payment_id: UUID, status: PaymentStatus = PaymentStatus.AUTHORISED) -> Told:
        """Do what the customer does on the page."""
        return self._become(payment_id, Standing(status))

    def capture(self, reference: str) -> Told:
        told = self._of("capture", reference)
        paid = standing(PaymentStatus.CAPTURED, captured=told.amount_piastres)
        return self._become(told.payment_id, paid)

    def cancel(self, reference: str) -> Told:
        told = self._of("cancel", reference)
        return self._become(told.payment_id, Standing(PaymentStatus.CANCELLED))

    def refund(self, reference: str, refund_id: UUID, amount_piastres: int) -> Told:
        told = self._of("refund", reference)
        if refund_id in told.refund_ids:
            return told
        after = standing(
            PaymentStatus.CAPTURED,
            captured=told.standing.captured_piastres,
            refunded=told.standing.refunded_piastres + amount_piastres,
        )
        return self._become(told.payment_id, after, told.refund_ids | {refund_id})

    def look_up(self, payment_id: UUID) -> Told | None:
        self._asked("look_up")
        return self.known.get(payment_id)

    def _asked(self, act: str) -> None:
        self.asked.append(act)
        if self.away:
            raise ProviderAway
        if self.refuses and act not in ("start", "look_up"):
            raise ProviderRefused(self.refuses)

    def _of(self, act: str, reference: str) -> Told:
        self._asked(act)
        for each in self.known.values():
            if each.reference == reference:
                return each
        raise ProviderRefused("unknown_payment")

    def _become(
        self, payment_id: UUID, now_is: Standing, refund_ids: frozenset[UUID] = frozenset()
    ) -> Told:
        before = self.known[payment_id]
        self.known[payment_id] = Told(
            payment_id=payment_id,
            reference=before.reference,
            amount_piastres=before.amount_piastres,
            currency=before.currency,
            standing=now_is,
            refund_ids=refund_ids,
        )
        return self.known[payment_id]


@dataclass(frozen=True)
class Market:
    """A town, the engine of the role that serves in it, and its provider."""

    town: Any
    engine: Engine
    till: Till

    def row(self, statement: str, **values: Any) -> Any:
        """Return the one row, read past row-level security."""
        with self.town.engine.connect() as connection:
            return connection.execute(text(statement), values).one()

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.town.engine.connect() as connection:
            return list(connection.execute(text(statement), values))

    def change(self, statement: str, **values: Any) -> None:
        with self.town.engine.begin() as connection:
            connection.execute(text(statement), values)

    def payment(self, payment_id: UUID) -> Any:
        return self.row("SELECT * FROM payment WHERE payment_id = :id", id=payment_id)


@pytest.fixture(scope="module")
def database(databases: Any) -> Iterator[Database]:
    with databases.copied() as database:
        yield database


@pytest.fixture
def market(database: Database, town_in: Callable[[Database], Any]) -> Iterator[Market]:
    engine = open_engine(database.url)
    yield Market(town_in(database), engine, Till())
    engine.dispose()
