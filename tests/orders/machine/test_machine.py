"""Orders, quotes, payments and deliveries take any walk a person can think of, as a model says.

Hypothesis walks the real use cases, in PostGIS, and a model of plain data side by side: each act
ends the same way in both, and after each all that can be seen is the same. A longer walk:
`CLUTCH_LONG_TESTS=1`.
"""

import datetime as dt
import os
from collections.abc import Callable
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
from sqlalchemy import text
from sqlalchemy.orm import Session

from clutch.errors import ClutchError
from clutch.ids import uuid7
from orders import deliveries, ratings
from orders.acceptance import accept_quote
from orders.cancelling import cancel_order, expire_order, refuse_order
from orders.dividing import Choice, Units, accept_split
from orders.invitations import Asking, Rules
from orders.lapsing import expire_quotes
from orders.payments.checkout import check_out
from orders.payments.events import receive
from orders.payments.port import CURRENCY, Checkout, Told
from orders.payments.refunds import give_back, refund
from orders.payments.states import PaymentStatus, Standing, standing
from orders.quote_lines import OfferedLine
from orders.quoting import Offer, provide_quote, revise_quote, withdraw_quote
from orders.requests import create_order, submit_order
from orders.vehicles import Car
from orders.wishes import PartWish
from storage.session import PLATFORM, Tenant, transaction

pytestmark = pytest.mark.slow

_LONG = bool(os.environ.get("CLUTCH_LONG_TESTS"))
_EXAMPLES, _STEPS = (300, 40) if _LONG else (45, 25)


class Provider:
    """Opens a page for every payment; nothing else of it is asked for here."""

    def start(
        self, payment_id: UUID, amount_piastres: int, *, order_id: UUID, method: str
    ) -> Checkout:
        return Checkout(reference(payment_id), "http://127.0.0.1/pay")


def reference(payment_id: UUID) -> str:
    return f"ref-{payment_id}"


shops = st.integers(0, 2)
methods = st.sampled_from(["cash_on_delivery", "card", "wallet"])
prices = st.integers(1, 5_000_00)
minutes = st.sampled_from([1, 20, 45, 119, 121])


class Market(RuleBasedStateMachine):
    """Walks the use cases and the model side by side."""

    street: Any

    @initialize(
        distance=st.sampled_from(["quoted", "accepted", "processing", "shipped", "draft"]),
        method=st.sampled_from(["card", "cash_on_delivery"]),
        divided=st.sampled_from([None, "first", "further"]),
    )
    def begin(self, distance: str, method: str, divided: str | None) -> None:
        """Begin the walk some way along the way that most orders take."""
        self.draft()
        steps: list[tuple[str, Callable[[], None]]] = [
            ("quoted", self.submit),
            ("quoted", lambda: self.quote(0, 250_00)),
            ("quoted", lambda: self.quote(1, 240_00)),
            ("accepted", lambda: self.decide(method, divided)),
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

    def decide(self, method: str, divided: str | None) -> None:
        if divided is None:
            self.accept(1, method)
        else:
            self.accept_split(0, 1, method, divided == "further")

    def told_if_not_cash(self, kind: str) -> None:
        if not self.model.payments[0].cash:
            self.provider_tells(0, kind)

    def draft(self) -> None:
        self.model = self.street.draft()
        self.user_id = self.street.newcomer()
        self.quote_ids: dict[int, UUID] = {}
        self.last_event: dict[str, Any] | None = None
        self.others: list[tuple[UUID, Any]] = []
        asking = Asking(self.street.knowledge, Rules())
        with self.customer() as session:
            placed = create_order(
                session,
                {
                    "vehicle": Car(make="Toyota"),
                    "delivery_point": (31.2357, 30.0444),
                    "parts": [PartWish(name="تيل فرامل", quantity=2)],
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
    @rule(shop=shops, method=methods)
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

    @precondition(lambda self: len(self.model.quotes) > 1)
    @rule(first=shops, second=shops, method=methods, further=st.booleans())
    def accept_split(self, first: int, second: int, method: str, further: bool) -> None:
        """Buy a unit at each of two shops; the walk goes on with one of the orders they become."""
        chosen = [quote for shop in (first, second) if (quote := self.model.last(shop))]
        if len(chosen) < 2:
            return
        ids = [self.quote_ids[shop] for shop in (first, second)]
        act = self.within(
            self.customer(),
            lambda session: accept_split(
                session,
                [Choice(quote_id=each, units=[Units(line=1, quantity=1)]) for each in ids],
                order_id=self.order_id,
                payment_method=method,
                knowledge=self.street.knowledge,
                **self.by_customer(),
                now=self.model.now,
            ),
        )
        divided = self.model.accept_split(chosen, cash=method == "cash_on_delivery")
        made = self.both(divided if isinstance(divided, str) else None, act)
        if not made:
            return
        kept, sibling = made["orders"]
        self.delivery_id = kept["delivery_id"]
        if further:
            self.others.append((self.order_id, self.model))
            self.order_id, self.delivery_id = sibling["order_id"], sibling["delivery_id"]
            self.model = divided
            self.quote_ids = {divided.won.shop: sibling["quote"]["quote_id"]}
        else:
            self.others.append((sibling["order_id"], divided))

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
                session, provider="hosted", payload={}, now=self.model.now, **self.last_event or {}
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

    def each_order(self) -> list[tuple[UUID, Any]]:
        return [(self.order_id, self.model), *self.others]

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        with self.platform() as session:
            for order_id, model in self.each_order():
                assert session.execute(text(_ORDER), {"id": order_id}).one() == (
                    model.status,
                    model.payment_status,
                    model.delivery,
                    model.rated,
                )
                rows = session.execute(text(_QUOTES), {"id": order_id}).all()
                assert [tuple(row) for row in rows] == sorted(
                    (self.street.shops[each.shop], each.status, each.revision, each.total)
                    for each in model.quotes
                )
                rows = session.execute(text(_PAYMENTS), {"id": order_id}).all()
                assert [tuple(row) for row in rows] == [
                    (each.status, each.amount, each.captured, each.refunded, each.promised)
                    for each in model.payments
                ]

    @invariant()
    def laws_hold(self) -> None:
        for _, model in self.each_order():
            accepted = sum(each.status == "accepted" for each in model.quotes)
            assert accepted <= 1
            assert accepted == 1 or not model.is_agreed
            assert sum(not each.is_dead for each in model.payments) <= 1
            for each in model.payments:
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


def test_no_walk_of_the_market_differs_from_the_model(street: Any) -> None:
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
