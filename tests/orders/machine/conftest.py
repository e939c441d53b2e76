"""What orders, quotes, payments and deliveries are, in as few words as say it, and a street to try.

The model is plain data; each act changes it and returns the name of the error that it ends in, or
None. `test_machine` walks it beside the real use cases.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine

from matching.knowledge import Knowledge, load_knowledge
from storage.cluster import Database
from storage.session import transaction

_SHOPS, _UNITS = 3, 2
_TWO_HOURS, _HALF_HOUR = dt.timedelta(hours=2), dt.timedelta(minutes=30)
_START = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
_OPEN, _AGREED = {"submitted", "quoted"}, {"accepted", "processing", "shipped", "delivered"}
_FURTHER = ["pending", "authorised", "failed", "cancelled", "captured", "refunded"]


@dataclass
class QuoteModel:
    shop: int
    price: int
    valid_until: dt.datetime
    units: int = _UNITS
    status: str = "submitted"
    revision: int = 1

    @property
    def total(self) -> int:
        return self.units * self.price


@dataclass
class PaymentModel:
    amount: int
    cash: bool
    status: str = "pending"
    captured: int = 0
    refunded: int = 0
    promised: int = 0  # in refunds that have not failed

    @property
    def is_dead(self) -> bool:
        return self.status in {"failed", "cancelled"}

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
    """An order and all that hangs on it; `asked` are the shops that may quote for it."""

    now: dt.datetime = _START
    status: str = "draft"
    payment_status: str = "pending"
    expires_at: dt.datetime = _START
    invited_until: dt.datetime = _START
    quotes: list[QuoteModel] = field(default_factory=list)
    payments: list[PaymentModel] = field(default_factory=list)
    delivery: str | None = None
    asked: set[int] = field(default_factory=set)
    rated: bool = False

    def last(self, shop: int) -> QuoteModel | None:
        return next((each for each in reversed(self.quotes) if each.shop == shop), None)

    @property
    def is_agreed(self) -> bool:
        return self.status in _AGREED

    @property
    def won(self) -> QuoteModel | None:
        return next((each for each in self.quotes if each.status == "accepted"), None)

    @property
    def live_payment(self) -> PaymentModel | None:
        return next((each for each in self.payments if not each.is_dead), None)

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
        self.asked, self.invited_until = set(range(_SHOPS)), self.expires_at
        return None

    def quote(self, shop: int, price: int) -> str | None:
        if shop not in self.asked:
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
        self.quotes.append(QuoteModel(shop, price, self.now + _TWO_HOURS))
        self.status = "quoted"
        return None

    def revise(self, quote: QuoteModel, price: int) -> str | None:
        if error := self.not_live(quote):
            return error
        quote.price, quote.valid_until = price, self.now + _TWO_HOURS
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
        if error := self.not_acceptable(quote):
            return error
        self.agree(quote, cash=cash)
        return None

    def accept_split(self, choices: list[QuoteModel], *, cash: bool) -> "str | OrderModel":
        """Buy one unit of each of two quotes; return the order that the cheaper becomes."""
        dearer, cheaper = sorted(choices, key=lambda quote: -quote.price)
        if dearer is cheaper:
            return "InvalidInput"
        for quote in choices:
            if error := self.not_acceptable(quote):
                return error
        sibling = OrderModel(now=self.now, asked={cheaper.shop}, quotes=[replace(cheaper, units=1)])
        sibling.agree(sibling.quotes[0], cash=cash)
        dearer.units = 1
        self.agree(dearer, cash=cash)
        return sibling

    def not_acceptable(self, quote: QuoteModel) -> str | None:
        return self.not_live(quote) if self.status in _OPEN else "TransitionRefused"

    def agree(self, quote: QuoteModel, *, cash: bool) -> None:
        for each in self.quotes:
            if each.status == "submitted" and each is not quote:
                each.status = "expired" if self.overdue(each) else "lapsed"
        quote.status, self.status, self.delivery = "accepted", "accepted", "preparing"
        self.payments.append(PaymentModel(quote.total, cash))

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
        was_dead = payment.is_dead
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


@dataclass(frozen=True)
class Street:
    """A database with three shops, and what the use cases ask for besides; `draft` is a model."""

    engine: Engine
    owner: Engine
    shops: list[UUID]
    knowledge: Knowledge
    newcomer: Callable[[], UUID]
    draft: Callable[[], OrderModel] = OrderModel


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
