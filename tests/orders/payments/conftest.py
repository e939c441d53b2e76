"""A deal in real PostGIS, and a provider that keeps its books in memory."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from orders.payments import moving, refunds
from orders.payments.checkout import CheckoutView, check_out
from orders.payments.events import EventView, receive
from orders.payments.opening import RefundView, release
from orders.payments.port import Checkout, Provider, ProviderAway, ProviderRefused, Told
from orders.payments.states import PaymentStatus, Standing, standing
from orders.queries import requests
from storage.cluster import Database
from storage.session import PLATFORM, Tenant, open_engine, transaction

NOW = dt.datetime.now(dt.UTC)


@dataclass
class Till:
    """A provider: what it knows by payment; `away` makes it unreachable, `refuses` unwilling."""

    known: dict[UUID, Told] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    away: bool = False
    refuses: str | None = None

    def start(
        self, payment_id: UUID, amount_piastres: int, *, order_id: UUID, method: str
    ) -> Checkout:
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

    def payment(self, payment_id: UUID) -> Any:
        return self.town.row("SELECT * FROM payment WHERE payment_id = :id", id=payment_id)

    def order_payment(self, deal: Any) -> str:
        rows = "SELECT payment_status FROM parts_order WHERE order_id = :id"
        return str(self.town.row(rows, id=deal.order_id).payment_status)

    def jobs(self, deal: Any) -> list[str]:
        """Give the names of the jobs that wait for the payment of a deal."""
        rows = "SELECT task_name FROM procrastinate_jobs WHERE args ->> 'payment_id' = :id"
        return sorted(row.task_name for row in self.town.rows(rows, id=str(deal.payment_id)))

    def refund_status(self, made: Any) -> str:
        rows = "SELECT status FROM refund WHERE refund_id = :id"
        return str(self.town.row(rows, id=made["refund_id"]).status)

    def paying(
        self, deal: Any, *, person: Any = None, provider: Provider | str | None = "till"
    ) -> CheckoutView:
        """Have somebody, the customer unless named, ask for the page to pay on."""
        user_id = (person or deal.customer).user_id
        return check_out(
            self.engine,
            self.till if isinstance(provider, str) else provider,
            deal.payment_id,
            tenant=Tenant(user_id=user_id),
            user_id=user_id,
            now=NOW,
        )

    def tell(self, told: Told, *, event_id: str) -> EventView:
        with transaction(self.engine, PLATFORM) as session:
            return receive(
                session,
                provider="hosted",
                event_id=event_id,
                type="payment.told",
                told=told,
                payload={},
                now=NOW,
            )

    def authorised(self) -> Any:
        """Make a deal whose customer has paid on the page."""
        deal = self.town.deal(method="card")
        self.paying(deal)
        said = self.tell(self.till.pay(deal.payment_id), event_id=f"evt_{deal.payment_id}")
        assert said == {"applied": True, "note": None}
        return deal

    def captured(self) -> Any:
        """Make a deal whose money was taken."""
        deal = self.authorised()
        moving.capture(self.engine, self.till, deal.payment_id, now=NOW)
        return deal

    def refund(self, deal: Any, *, amount: int | None) -> RefundView:
        with transaction(self.engine, Tenant(shop_id=deal.shop_id)) as session:
            return refunds.refund(
                session,
                deal.payment_id,
                shop_id=deal.shop_id,
                amount_piastres=amount,
                reason="cracked",
                actor="user:staff",
                now=NOW,
            )

    def let_go(self, deal: Any) -> None:
        """Cancel the order and let go of its payment."""
        cancelled = "UPDATE parts_order SET status = 'cancelled' WHERE order_id = :id"
        self.town.change(cancelled, id=deal.order_id)
        with transaction(self.engine, Tenant(user_id=deal.customer.user_id)) as session:
            release(session, requests.order_for_update(session, deal.order_id), now=NOW)

    def at_once(self, act: Callable[[], None], times: int) -> None:
        """Do something in several threads that begin together."""
        barrier = threading.Barrier(times)

        def begin() -> None:
            barrier.wait()
            act()

        threads = [threading.Thread(target=begin) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@pytest.fixture(scope="session")
def database(databases: Any) -> Iterator[Database]:
    with databases.copied() as database:
        yield database


@pytest.fixture
def market(database: Database, town_in: Callable[[Database], Any]) -> Iterator[Market]:
    engine = open_engine(database.url)
    yield Market(town_in(database), engine, Till())
    engine.dispose()
