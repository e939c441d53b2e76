"""Orders, quotes, payments and deliveries take any walk a person can think of, as a model says.

Hypothesis walks the real use cases, in PostGIS, and a model of plain data side by side: each act
ends the same way in both, and after each all that can be seen is the same. A longer walk:
`CLUTCH_LONG_TESTS=1`.
"""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from clutch.errors import ClutchError
from clutch.ids import uuid7
from matching.knowledge import Knowledge, load_knowledge
from orders import deliveries, ratings
from orders.acceptance import accept_quote
from orders.cancelling import cancel_order, expire_order, refuse_order
from orders.invitations import Asking, Rules
from orders.lapsing import expire_quotes
from orders.payments.checkout import check_out
from orders.payments.events import receive
from orders.payments.port import CURRENCY, Checkout, Told
from orders.payments.refunds import give_back, refund
from orders.payments.states import PaymentStatus, Standing, standing
from orders.quote_lines import OfferedLine
from orders.quoting import Offer, provide_quote, revise_quote, withdraw_quote
from orders.requests import PartWish, create_order, submit_order
from orders.vehicles import Car
from storage.cluster import Database
from storage.session import PLATFORM, Tenant, transaction

pytestmark = pytest.mark.slow

_LONG = bool(os.environ.get("CLUTCH_LONG_TESTS"))
_EXAMPLES, _STEPS = (300, 40) if _LONG else (45, 25)
_SHOPS = 3
_TWO_HOURS, _HALF_HOUR = dt.timedelta(hours=2), dt.timedelta(minutes=30)
_START = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
_OPEN, _AGREED = {"submitted", "quoted"}, {"accepted", "processing", "shipped", "delivered"}
_DEAD = {"failed", "cancelled"}
_FURTHER = ["pending", "authorised", "failed", "cancelled", "captured", "refunded"]


@dataclass
class QuoteModel:
    shop: int
    total: int
    valid_until: dt.datetime
    status: str = "submitted"
    revision: int = 1


@dataclass
class PaymentModel:
    amount: int
    cash: bool
    status: str = "pending"
    captured: int = 0
    refunded: int = 0
    promised: int = 0  # in refunds that have not failed

    def told(self, status: str, captured: int, refunded: int) -> bool:
        """Take news; say whether they changed anything."""
        before = (self.status, self.captured, self.refunded)
        self.captured = max(self.captured, captured)
        self.refunded = max(self.refunded, refunded)
        self.status = max(self.status, status, key=_FURTHER.index)
        if self.captured:
            self.status = "refunded" if self.refunded == self.captured else "captured"
        return before != (self.status, self.captured, self.refunded)


@dataclass
class OrderModel:
    """What the market is, in as few words as say it; each act returns the error it ends in."""

    now: dt.datetime = _START
    status: str = "draft"
    payment_status: str = "pending"
    expires_at: dt.datetime = _START
    invited_until: dt.datetime = _START
    quotes: list[QuoteModel] = field(default_factory=list)
    payments: list[PaymentModel] = field(default_factory=list)
    delivery: str | None = None
    invited: bool = False
    rated: bool = False

    def last(self, shop: int) -> QuoteModel | None:
        return next((each for each in reversed(self.quotes) if each.shop == shop), None)

    @property
    def won(self) -> QuoteModel | None:
        return next((each for each in self.quotes if each.status == "accepted"), None)

    @property
    def live_payment(self) -> PaymentModel | None:
        return next((each for each in self.payments if each.status not in _DEAD), None)

    def overdue(self, quote: QuoteModel) -> bool:
        return quote.status == "submitted" and quote.valid_until <= self.now

    def stands(self, quote: QuoteModel) -> bool:
        return quote.status == "submitted" and quote.valid_until > self.now

    def not_live(self, quote: QuoteModel) -> str | None:
        if self.overdue(quote) or quote.status == "expired":
            return "QuoteExpired"
        return None if quote.status == "submitted" else "QuoteEnded"

    def submit(self) -> str | None:
        if self.status != "draft":
            return "TransitionRefused"
        self.status, self.expires_at = "submitted", self.now + _TWO_HOURS
        self.invited, self.invited_until = True, self.expires_at
        return None

    def quote(self, shop: int, total: int) -> str | None:
        if not self.invited:
            return "NotFound"
        if self.status not in _OPEN:
            return "OrderClosed"
        if self.invited_until <= self.now:
            return "InvitationExpired"
        own = [each for each in self.quotes if each.shop == shop]
        if any(map(self.stands, own)):
            return "QuoteStands"
        for each in filter(self.overdue, own):
            each.status = "expired"
        self.quotes.append(QuoteModel(shop, total, self.now + _TWO_HOURS))
        self.status = "quoted"
        return None

    def revise(self, quote: QuoteModel, total: int) -> str | None:
        if error := self.not_live(quote):
            return error
        quote.total, quote.valid_until = total, self.now + _TWO_HOURS
        quote.revision += 1
        return None

    def withdraw(self, quote: QuoteModel) -> str | None:
        if error := self.not_live(quote):
            return error
        quote.status = "withdrawn"
        self.reopen()
        return None

    def reopen(self) -> None:
        if self.status == "quoted" and not any(map(self.stands, self.quotes)):
            self.status = "submitted"
            self.expires_at = max(self.expires_at, self.now + _HALF_HOUR)
            self.invited_until = max(self.invited_until, self.expires_at)

    def clockwork(self) -> None:
        for each in filter(self.overdue, self.quotes):
            each.status = "expired"
        self.reopen()
        if self.status == "submitted" and self.expires_at <= self.now:
            self.close()

    def accept(self, quote: QuoteModel, *, cash: bool) -> str | None:
        decided = quote.status in {"submitted", "accepted", "lapsed"}
        if decided and self.status not in _OPEN:
            return "TransitionRefused"
        if error := self.not_live(quote):
            return error
        for each in self.quotes:
            if each.status == "submitted" and each is not quote:
                each.status = "expired" if self.overdue(each) else "lapsed"
        quote.status, self.status, self.delivery = "accepted", "accepted", "preparing"
        self.payments.append(PaymentModel(quote.total, cash))
        return None

    def pay_again(self) -> str | None:
        payment = self.live_payment or self.payments[-1]
        if payment.cash or self.status not in _AGREED:
            return "NothingToCheckOut"
        if payment.status == "failed":
            self.payments.append(PaymentModel(payment.amount, payment.cash))
            self.payment_status = "pending"
            return None
        return None if payment.status == "pending" else "NothingToCheckOut"

    def told(self, payment: PaymentModel, status: str, captured: int, refunded: int) -> None:
        was_dead = payment.status in _DEAD
        if was_dead and captured and self.live_payment:
            return
        if payment.told(status, captured, refunded) and (not was_dead or payment.captured):
            shown = {"captured": "paid", "refunded": "refunded", "failed": "failed"}
            self.payment_status = shown.get(payment.status, "pending")

    def start(self) -> str | None:
        return self.secured_step("accepted", "processing")

    def secured_step(self, at: str, to: str) -> str | None:
        payment = self.live_payment
        secured = payment and (payment.cash or payment.status in {"authorised", "captured"})
        if self.status == at and not secured:
            return "PaymentNotAuthorised"
        return self.step(at, to)

    def step(self, at: str, to: str) -> str | None:
        if self.status != at:
            return "TransitionRefused"
        self.status = to
        return None

    def assign(self) -> str | None:
        if self.delivery not in {"preparing", "assigned", "failed"}:
            return "DeliveryStepRefused"
        self.delivery = "assigned"
        return None

    def pick_up(self) -> str | None:
        if self.delivery != "assigned":
            return "DeliveryStepRefused"
        if self.status != "shipped" and (error := self.secured_step("processing", "shipped")):
            return error
        self.delivery = "picked_up"
        return None

    def deliver(self, collected: int | None) -> str | None:
        if self.delivery != "picked_up":
            return "DeliveryStepRefused"
        payment = self.live_payment
        due = payment.amount if payment and payment.cash else None
        if collected != due:
            return "InvalidInput"
        self.status = self.delivery = "delivered"
        if payment and payment.cash:
            self.told(payment, "captured", payment.amount, 0)
        return None

    def fail(self) -> str | None:
        if self.delivery != "picked_up":
            return "DeliveryStepRefused"
        self.delivery = "failed"
        return None

    def cancel(self, party: str) -> str | None:
        allowed = {
            "customer": {"draft", "submitted", "quoted", "accepted", "processing"},
            "shop": {"accepted", "processing"},
            "platform": {"draft", "submitted", "quoted", "accepted", "processing", "shipped"},
        }
        if self.status not in allowed[party]:
            return "TransitionRefused"
        self.close()
        return None

    def close(self) -> None:
        if self.status in _AGREED:
            payment = self.live_payment
            if payment and payment.status in {"pending", "authorised"}:
                payment.status = "cancelled"
            self.delivery = "cancelled"
        for each in self.quotes:
            if each.status == "submitted":
                each.status = "lapsed"
        self.status = "cancelled"

    def refund(self, payment: PaymentModel, amount: int | None) -> str | None:
        left = payment.captured - max(payment.promised, payment.refunded)
        if left <= 0:
            return "NothingToRefund"
        if (amount or left) > left:
            return "RefundTooLarge"
        payment.promised += amount or left
        if payment.cash:
            self.told(payment, "captured", payment.captured, payment.refunded + (amount or left))
        return None

    def rate(self) -> str | None:
        if self.status != "delivered":
            return "NotDelivered"
        if self.rated:
            return "AlreadyRated"
        self.rated = True
        return None


class Provider:
    """Opens a page for every payment; nothing else of it is asked for here."""

    def start(self, payment_id: UUID, amount_piastres: int, *, method: str) -> Checkout:
        return Checkout(reference(payment_id), "http://127.0.0.1/pay")


def reference(payment_id: UUID) -> str:
    return f"ref-{payment_id}"


@dataclass(frozen=True)
class Street:
    """A database with three shops, and what the use cases ask for besides."""

    engine: Engine
    owner: Engine
    shops: list[UUID]
    knowledge: Knowledge
    newcomer: Callable[[], UUID]


shops = st.integers(0, _SHOPS - 1)
prices = st.integers(1, 5_000_00)
minutes = st.sampled_from([1, 20, 45, 119, 121])


class Market(RuleBasedStateMachine):
    """Walks the use cases and the model side by side."""

    street: Street

    @initialize(
        distance=st.sampled_from(["quoted", "accepted", "processing", "shipped", "draft"]),
        method=st.sampled_from(["card", "cash_on_delivery"]),
    )
    def begin(self, distance: str, method: str) -> None:
        """Begin the walk some way along the way that most orders take."""
        self.draft()
        steps: list[tuple[str, Callable[[], None]]] = [
            ("quoted", self.submit),
            ("quoted", lambda: self.quote(0, 250_00)),
            ("quoted", lambda: self.quote(1, 240_00)),
            ("accepted", lambda: self.accept(1, method)),
            ("accepted", lambda: self.told_if_not_cash("authorised")),
            ("processing", self.start),
            ("processing", self.assign),
            ("shipped", self.pick_up),
            ("shipped", lambda: self.told_if_not_cash("captured")),
        ]
        reached = ["draft", "quoted", "accepted", "processing", "shipped"]
        for name, step in steps:
            if reached.index(name) <= reached.index(distance):
                step()

    def told_if_not_cash(self, kind: str) -> None:
        if not self.model.payments[0].cash:
            self.provider_tells(0, kind)

    def draft(self) -> None:
        self.model = OrderModel()
        self.user_id = self.street.newcomer()
        self.quote_ids: dict[int, UUID] = {}
        self.last_event: dict[str, Any] | None = None
        asking = Asking(self.street.knowledge, Rules())
        with self.customer() as session:
            placed = create_order(
                session,
                {
                    "vehicle": Car(make="Toyota"),
                    "delivery_point": (31.2357, 30.0444),
                    "parts": [PartWish(name="تيل فرامل")],
                },
                submit=False,
                asking=asking,
                **self.by_customer(),
                locale="ar",
                now=self.model.now,
            )
        self.asking, self.order_id = asking, placed["order_id"]

    def customer(self) -> Any:
        return transaction(self.street.engine, Tenant(user_id=self.user_id))

    def shop(self, shop: int) -> Any:
        return transaction(self.street.engine, Tenant(shop_id=self.street.shops[shop]))

    def platform(self) -> Any:
        return transaction(self.street.engine, PLATFORM)

    def by_customer(self) -> dict[str, Any]:
        return {"user_id": self.user_id, "actor": f"user:{self.user_id}"}

    def of_shop(self, shop: int) -> dict[str, Any]:
        return {"shop_id": self.street.shops[shop], "now": self.model.now}

    def both(self, expected: str | None, act: Callable[[], Any]) -> Any:
        """Do what the model did already; it ends in the same error, or in none."""
        done, error = None, None
        try:
            done = act()
        except ClutchError as raised:
            error = raised
        assert (error and type(error).__name__) == expected, repr(error)
        return done

    def within(self, door: Any, act: Callable[[Session], Any]) -> Callable[[], Any]:
        def run() -> Any:
            with door as session:
                return act(session)

        return run

    # -- asking and quoting

    @precondition(lambda self: self.model.status in {"draft", "cancelled", "quoted"})
    @rule()
    def submit(self) -> None:
        act = self.within(
            self.customer(),
            lambda session: submit_order(
                session,
                self.order_id,
                asking=self.asking,
                **self.by_customer(),
                locale="en",
                now=self.model.now,
            ),
        )
        self.both(self.model.submit(), act)

    def offer(self, price: int) -> Offer:
        line = OfferedLine(line=1, availability="in_stock", unit_price_piastres=price)
        return Offer(lines=[line], delivery_fee_piastres=0)

    @rule(shop=shops, price=prices)
    def quote(self, shop: int, price: int) -> None:
        act = self.within(
            self.shop(shop),
            lambda session: provide_quote(
                session,
                self.offer(price),
                order_id=self.order_id,
                actor="user:of-the-shop",
                knowledge=self.street.knowledge,
                **self.of_shop(shop),
            ),
        )
        made = self.both(self.model.quote(shop, price), act)
        if made:
            self.quote_ids[shop] = made["quote_id"]

    @precondition(lambda self: self.model.quotes)
    @rule(shop=shops, price=prices)
    def revise(self, shop: int, price: int) -> None:
        if quote := self.model.last(shop):
            act = self.within(
                self.shop(shop),
                lambda session: revise_quote(
                    session,
                    self.offer(price),
                    quote_id=self.quote_ids[shop],
                    knowledge=self.street.knowledge,
                    **self.of_shop(shop),
                ),
            )
            self.both(self.model.revise(quote, price), act)

    @precondition(lambda self: self.model.quotes)
    @rule(shop=shops)
    def withdraw(self, shop: int) -> None:
        if quote := self.model.last(shop):
            act = self.within(
                self.shop(shop),
                lambda session: withdraw_quote(
                    session,
                    quote_id=self.quote_ids[shop],
                    actor="user:of-the-shop",
                    **self.of_shop(shop),
                ),
            )
            self.both(self.model.withdraw(quote), act)

    @rule(minutes=minutes, jobs_run=st.booleans())
    def time_passes(self, minutes: int, jobs_run: bool) -> None:
        self.model.now += dt.timedelta(minutes=minutes)
        if jobs_run:
            self.model.clockwork()
            with self.platform() as session:
                expire_quotes(session, self.order_id, now=self.model.now)
            with self.platform() as session:
                expire_order(session, self.order_id, now=self.model.now)

    @precondition(lambda self: self.model.quotes)
    @rule(shop=shops, method=st.sampled_from(["cash_on_delivery", "card", "wallet"]))
    def accept(self, shop: int, method: str) -> None:
        if quote := self.model.last(shop):
            act = self.within(
                self.customer(),
                lambda session: accept_quote(
                    session,
                    order_id=self.order_id,
                    quote_id=self.quote_ids[shop],
                    payment_method=method,
                    knowledge=self.street.knowledge,
                    **self.by_customer(),
                    now=self.model.now,
                ),
            )
            made = self.both(self.model.accept(quote, cash=method == "cash_on_delivery"), act)
            if made:
                self.delivery_id = made["delivery_id"]

    # -- money

    def payment_ids(self) -> list[UUID]:
        rows = text("SELECT payment_id FROM payment WHERE order_id = :id ORDER BY payment_id")
        with self.platform() as session:
            return list(session.scalars(rows, {"id": self.order_id}))

    @precondition(lambda self: self.model.payments)
    @rule()
    def check_out(self) -> None:
        payment_id = self.payment_ids()[-1]
        tenant = Tenant(user_id=self.user_id)
        self.both(
            self.model.pay_again(),
            lambda: check_out(
                self.street.engine,
                Provider(),  # type: ignore[arg-type]
                payment_id,
                tenant=tenant,
                user_id=self.user_id,
                now=self.model.now,
            ),
        )

    @precondition(lambda self: any(not each.cash for each in self.model.payments))
    @rule(which=st.integers(0, 9), kind=st.sampled_from(["authorised", "captured", "failed"]))
    def provider_tells(self, which: int, kind: str) -> None:
        which %= len(self.model.payments)
        payment = self.model.payments[which]
        captured = payment.amount if kind == "captured" else 0
        self.model.told(payment, kind, captured, 0)
        told = Told(
            payment_id=self.payment_ids()[which],
            reference=reference(self.payment_ids()[which]),
            amount_piastres=payment.amount,
            currency=CURRENCY,
            standing=standing(PaymentStatus(kind), captured=captured),
        )
        self.last_event = {"event_id": str(uuid7()), "type": kind, "told": told}
        self.receive()

    @precondition(lambda self: self.last_event)
    @rule()
    def provider_tells_again(self) -> None:
        self.receive()

    @precondition(lambda self: self.model.payments and not self.model.payments[-1].cash)
    @rule()
    def provider_has_paid_refunds(self) -> None:
        payment, payment_id = self.model.payments[-1], self.payment_ids()[-1]
        if not payment.promised:
            return
        self.model.told(payment, "captured", payment.captured, payment.promised)
        with self.platform() as session:
            made = session.scalars(
                text("SELECT refund_id FROM refund WHERE payment_id = :id"), {"id": payment_id}
            )
            told = Told(
                payment_id=payment_id,
                reference=reference(payment_id),
                amount_piastres=payment.amount,
                currency=CURRENCY,
                standing=Standing(
                    PaymentStatus.CAPTURED, payment.captured, payment.promised
                ).merged(Standing(PaymentStatus.PENDING)),
                refund_ids=frozenset(made),
            )
        self.last_event = {"event_id": str(uuid7()), "type": "refunded", "told": told}
        self.receive()

    def receive(self) -> None:
        with self.platform() as session:
            receive(
                session, provider="sandbox", payload={}, now=self.model.now, **self.last_event or {}
            )

    @precondition(lambda self: any(each.captured for each in self.model.payments))
    @rule(share=st.sampled_from([None, 0.3, 0.7, 1.0]))
    def refund(self, share: float | None) -> None:
        which = next(row for row, each in enumerate(self.model.payments) if each.captured)
        payment = self.model.payments[which]
        amount = None if share is None else max(1, int(share * payment.amount))
        act = self.within(
            self.platform(),
            lambda session: refund(
                session,
                self.payment_ids()[which],
                shop_id=None,
                amount_piastres=amount,
                reason="wrong part",
                actor="user:admin",
                now=self.model.now,
            ),
        )
        self.both(self.model.refund(payment, amount), act)

    @precondition(lambda self: self.model.status == "cancelled" and self.model.payments)
    @rule()
    def give_back(self) -> None:
        which = len(self.model.payments) - 1
        self.model.refund(self.model.payments[which], None)
        with self.platform() as session:
            give_back(session, self.payment_ids()[which], now=self.model.now)

    # -- goods

    def delivering(self, act: Callable[..., Any], **more: Any) -> Callable[[], Any]:
        winner = next(row for row, each in enumerate(self.street.shops) if each == self.winner())
        shop_id = self.street.shops[winner]
        return self.within(
            self.shop(winner),
            lambda session: act(session, self.delivery_id, shop_id=shop_id, **more),
        )

    def winner(self) -> UUID:
        assert self.model.won
        return self.street.shops[self.model.won.shop]

    @property
    def seller(self) -> dict[str, Any]:
        return {"actor": "user:of-the-shop", "now": self.model.now}

    @precondition(lambda self: self.model.delivery)
    @rule()
    def start(self) -> None:
        self.both(self.model.start(), self.delivering(deliveries.start, **self.seller))

    @precondition(lambda self: self.model.delivery)
    @rule()
    def assign(self) -> None:
        courier = {"courier_name": "كريم", "courier_phone": "+201012345678"}
        self.both(self.model.assign(), self.delivering(deliveries.assign, **courier))

    @precondition(lambda self: self.model.delivery)
    @rule()
    def pick_up(self) -> None:
        self.both(self.model.pick_up(), self.delivering(deliveries.pick_up, **self.seller))

    @precondition(lambda self: self.model.delivery)
    @rule(exact=st.booleans())
    def deliver(self, exact: bool) -> None:
        payment = self.model.live_payment
        due = payment.amount if payment and payment.cash else None
        collected = due if exact else 1
        act = self.delivering(
            deliveries.deliver,
            user_id=self.user_id,
            received_by="Mona",
            proof_file_id=None,
            collected_piastres=collected,
            **self.seller,
        )
        self.both(self.model.deliver(collected), act)

    @precondition(lambda self: self.model.delivery)
    @rule()
    def fail(self) -> None:
        act = self.delivering(deliveries.fail, reason="nobody there", **self.seller)
        self.both(self.model.fail(), act)

    @rule(party=st.sampled_from(["customer", "platform"]), sure=st.integers(0, 9))
    def cancel(self, party: str, sure: int) -> None:
        if sure != 7:  # else most walks would end early
            return
        is_admin = party == "platform"
        caller = {"user_id": uuid7(), "actor": "user:admin"} if is_admin else self.by_customer()
        act = self.within(
            self.platform() if is_admin else self.customer(),
            lambda session: cancel_order(
                session,
                self.order_id,
                reason="changed my mind",
                is_admin=is_admin,
                **caller,
                locale="en",
                now=self.model.now,
            ),
        )
        self.both(self.model.cancel(party), act)

    @precondition(lambda self: self.model.won)
    @rule(sure=st.integers(0, 9))
    def shop_gives_up(self, sure: int) -> None:
        if sure != 7:
            return
        winner = self.street.shops.index(self.winner())
        act = self.within(
            self.shop(winner),
            lambda session: refuse_order(
                session,
                self.order_id,
                reason="sold already",
                actor="user:of-the-shop",
                **self.of_shop(winner),
            ),
        )
        self.both(self.model.cancel("shop"), act)

    @precondition(lambda self: self.model.delivery)
    @rule(stars=st.integers(1, 5))
    def rate(self, stars: int) -> None:
        act = self.within(
            self.customer(),
            lambda session: ratings.rate(
                session,
                self.order_id,
                user_id=self.user_id,
                stars=stars,
                comment=None,
                now=self.model.now,
            ),
        )
        self.both(self.model.rate(), act)

    # -- what is seen

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        with self.platform() as session:
            assert session.execute(text(_ORDER), {"id": self.order_id}).one() == (
                self.model.status,
                self.model.payment_status,
                self.model.delivery,
                self.model.rated,
            )
            rows = session.execute(text(_QUOTES), {"id": self.order_id}).all()
            assert [tuple(row) for row in rows] == sorted(
                (self.street.shops[each.shop], each.status, each.revision, each.total)
                for each in self.model.quotes
            )
            rows = session.execute(text(_PAYMENTS), {"id": self.order_id}).all()
            assert [tuple(row) for row in rows] == [
                (each.status, each.amount, each.captured, each.refunded, each.promised)
                for each in self.model.payments
            ]

    @invariant()
    def laws_hold(self) -> None:
        accepted = sum(each.status == "accepted" for each in self.model.quotes)
        assert accepted <= 1
        assert accepted == 1 or self.model.status not in _AGREED
        assert sum(each.status not in _DEAD for each in self.model.payments) <= 1
        for each in self.model.payments:
            assert 0 <= each.refunded <= each.captured <= each.amount
            assert each.promised <= each.captured
        with self.platform() as session:
            assert session.execute(text(_GAPS)).all() == []


_ORDER = """
SELECT o.status, o.payment_status, d.status, r.order_id IS NOT NULL
FROM parts_order o LEFT JOIN delivery d USING (order_id) LEFT JOIN rating r USING (order_id)
WHERE o.order_id = :id
"""
_QUOTES = """
SELECT shop_id, status, revision, total_piastres FROM quote WHERE order_id = :id
ORDER BY 1, 2, 3, 4
"""
_PAYMENTS = """
SELECT status, amount_piastres, captured_piastres, refunded_piastres, CAST((
    SELECT COALESCE(sum(r.amount_piastres), 0) FROM refund r
    WHERE r.payment_id = p.payment_id AND r.status <> 'failed') AS bigint)
FROM payment p WHERE order_id = :id ORDER BY payment_id
"""
_GAPS = """
SELECT room, last_sequence FROM room LEFT JOIN room_event USING (room)
GROUP BY room HAVING count(sequence) <> last_sequence OR max(sequence) <> last_sequence
"""


@pytest.fixture
def street(fresh_database: Database, town_in: Any) -> Iterator[Street]:
    town = town_in(fresh_database)
    engine = create_engine(fresh_database.url)
    with transaction(engine) as session:
        knowledge = load_knowledge(session)
    toyota = knowledge.makes.find("Toyota").brand_id
    shops = [town.shop(name=f"shop {row}", brand_id=toyota) for row in range(_SHOPS)]
    yield Street(engine, town.engine, shops, knowledge, lambda: town.person().user_id)
    engine.dispose()


def test_no_walk_of_the_market_differs_from_the_model(street: Street) -> None:
    machine = type("MarketOnTheStreet", (Market,), {"street": street})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=_EXAMPLES,
            stateful_step_count=_STEPS,
            deadline=None,
            derandomize=not _LONG,
            database=None,
            phases=[Phase.generate, Phase.shrink] if _LONG else [Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
