"""Accepting a split: what the customer chose at each of several shops becomes an order of its own.

Reads/Writes: parts_order, order_part, order_invitation, quote, quote_line, and through their rooms
payment and delivery, in one transaction. Locks: vehicle, order, quotes, payment, delivery.
The order goes on with the choice of the greatest value; each other one gets a sibling. What was
asked for stays with the order as it is: shops that did not win learn nothing from it, and it
counts once. What is bought is what its quote says then.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import InvalidInput
from clutch.ids import uuid7
from matching.knowledge import Knowledge
from orders.acceptance import Acceptance, agree, chosen_quote, conclude, lock_choices
from orders.comparison import SplitLine, promises_of
from orders.lapsing import ANOTHER_ACCEPTED, DIVIDED, end_quotes, lapse_quotes
from orders.lifecycle import Party
from orders.queries import dividing as queries
from orders.queries import quotes as quote_queries
from orders.queries import requests
from orders.queries.quotes import QuoteLineRow, QuoteRow
from orders.queries.requests import OrderRow, PartRow
from orders.quote_lines import sums
from orders.requests import free_number
from orders.status import begin

__all__ = ["Choice", "Division", "Units", "accept_split", "lines_bought"]


class Units(NamedTuple):
    """So many of a line of the order."""

    line: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to buy of one quote, in that `revision` alone where one is named."""

    quote_id: UUID
    units: Sequence[Units]
    revision: int | None = None


class Division(TypedDict):
    """An order bought at several shops: the order itself first, then its siblings.

    `unbought` is how many of each line no shop was chosen for.
    """

    orders: list[Acceptance]
    total_piastres: int
    unbought: list[SplitLine]


class _Share(NamedTuple):
    """The part of one shop: its quote as of what is bought alone."""

    quote: QuoteRow
    lines: list[QuoteLineRow]


def accept_split(
    session: Session,
    choices: Sequence[Choice],
    *,
    order_id: UUID,
    user_id: UUID,
    actor: str,
    payment_method: str,
    knowledge: Knowledge,
    now: dt.datetime,
) -> Division:
    """Agree to parts of two quotes or more at once; all others of the order lapse.

    Raises
    ------
    NotFound
        There is no such order of this customer, or no such quote of the order.
    InvalidInput
        Names the choice that is wrong: `choices[1].units[0].quantity`.
    QuoteExpired, QuoteEnded, QuoteRevised, ShopGone
        One of the quotes cannot be accepted; `allowed` says what can be done instead.
    NothingToPay
        What is chosen at a shop costs nothing.
    TransitionRefused
        The order is not choosing between quotes.
    """
    queries.hold_vehicle(session, order_id)
    order, quotes = lock_choices(session, order_id, user_id=user_id)
    _check_quotes(choices)
    chosen = [
        chosen_quote(session, order, quotes, each.quote_id, each.revision, now=now)
        for each in choices
    ]
    parts = requests.parts_of(session, order_id)
    offered = quote_queries.lines_of(session, [each.quote_id for each in chosen])
    bought = lines_bought(choices, offered, {part.line: part.quantity for part in parts})
    promises = promises_of(session, order, chosen, bought, knowledge=knowledge, now=now)
    shares = [
        _share(quote, bought[quote.quote_id], promises[quote.quote_id], now) for quote in chosen
    ]
    first, *further = sorted(shares, key=lambda share: -share.quote.parts_piastres)
    accepted = _keep(session, order, first, payment_method=payment_method, actor=actor, now=now)
    taken_up = [quote for quote in chosen if quote.quote_id != first.quote.quote_id]
    end_quotes(session, accepted, taken_up, reason=DIVIDED, now=now)
    lapse_quotes(session, accepted, reason=ANOTHER_ACCEPTED, now=now)
    agreed = [(accepted, first.quote)]
    agreed += [_sibling(session, accepted, share, parts, actor=actor, now=now) for share in further]
    return {
        "orders": [
            conclude(session, each, won, payment_method=payment_method, actor=actor, now=now)
            for each, won in agreed
        ],
        "total_piastres": sum(won.total_piastres for _, won in agreed),
        "unbought": _unbought(parts, bought.values()),
    }


def lines_bought(
    choices: Sequence[Choice],
    offered: Mapping[UUID, Sequence[QuoteLineRow]],
    wanted: Mapping[int, int],
) -> dict[UUID, list[QuoteLineRow]]:
    """Return of each quote the lines that are chosen, with as many units as are.

    Raises
    ------
    InvalidInput
        Nothing is chosen, a line is not offered, not that many are, or more than are wanted.

    Examples
    --------
    >>> belts = QuoteLineRow(1, "in_stock", 2, 9_000, None, None, None, None, None)
    >>> here, there = UUID(int=1), UUID(int=2)
    >>> one_each = [Choice(quote_id=each, units=[Units(1, 1)]) for each in (here, there)]
    >>> bought = lines_bought(one_each, {here: [belts], there: [belts]}, {1: 2})
    >>> [line.quantity for lines in bought.values() for line in lines]
    [1, 1]
    >>> lines_bought(one_each, {here: [belts], there: [belts]}, {1: 1})
    Traceback (most recent call last):
    clutch.errors.InvalidInput: choices[1].units[0].quantity: expected no more in all than the 1 ...
    >>> lines_bought([], {}, {1: 2})
    {}
    """
    left = dict(wanted)
    bought = {}
    for place, choice in enumerate(choices):
        offers = {line.line: line for line in offered[choice.quote_id] if line.quantity}
        lines: dict[int, QuoteLineRow] = {}
        if not choice.units:
            raise InvalidInput(f"choices[{place}].units", "at least one line")
        for row, (number, quantity) in enumerate(choice.units):
            where = f"choices[{place}].units[{row}]"
            if number not in offers:
                raise InvalidInput(f"{where}.line", "a line that the quote offers")
            if number in lines:
                raise InvalidInput(f"{where}.line", "each line once for a quote")
            most = offers[number].quantity
            if not 1 <= quantity <= most:
                raise InvalidInput(f"{where}.quantity", f"1 to {most}, as many as the quote offers")
            if quantity > left[number]:
                raise InvalidInput(
                    f"{where}.quantity", f"no more in all than the {wanted[number]} wanted"
                )
            left[number] -= quantity
            lines[number] = offers[number]._replace(quantity=quantity)
        bought[choice.quote_id] = sorted(lines.values())
    return bought


def _check_quotes(choices: Sequence[Choice]) -> None:
    if len(choices) < 2:
        raise InvalidInput("choices", "two or more; one quote alone is for accept-quote")
    seen: set[UUID] = set()
    for place, choice in enumerate(choices):
        if choice.quote_id in seen:
            raise InvalidInput(f"choices[{place}].quote_id", "each quote once")
        seen.add(choice.quote_id)


def _share(
    quote: QuoteRow,
    lines: list[QuoteLineRow],
    promise_at: dt.datetime | None,
    now: dt.datetime,
) -> _Share:
    """Return a quote narrowed to the lines, and accepted."""
    costs = sums(
        lines,
        fee_piastres=quote.delivery_fee_piastres + quote.waived_fee_piastres,
        free_from_piastres=quote.free_delivery_from_piastres,
    )
    narrowed = quote._replace(
        **costs._asdict(), status="accepted", decided_at=now, promise_at=promise_at
    )
    return _Share(narrowed, lines)


def _keep(
    session: Session,
    order: OrderRow,
    share: _Share,
    *,
    payment_method: str,
    actor: str,
    now: dt.datetime,
) -> OrderRow:
    """Accept the order itself, with what is bought of one quote."""
    won = share.quote
    quote_queries.change_quotes(session, [won.quote_id], **won._asdict())
    quote_queries.replace_lines(session, won, share.lines)
    return agree(
        session, order, won, payment_method=payment_method, actor=actor, now=now, reason=DIVIDED
    )


def _sibling(
    session: Session,
    order: OrderRow,
    share: _Share,
    parts: Sequence[PartRow],
    *,
    actor: str,
    now: dt.datetime,
) -> tuple[OrderRow, QuoteRow]:
    """Make an accepted order of what is bought of a further quote, and that quote again for it."""
    sibling_id = uuid7()
    won = share.quote._replace(quote_id=uuid7(), order_id=sibling_id)
    while not queries.add_sibling(
        session,
        order.order_id,
        sibling_id=sibling_id,
        number=free_number(),
        quote_id=won.quote_id,
        now=now,
    ):
        pass
    counts = {line.line: line.quantity for line in share.lines}
    own = [part._replace(quantity=counts[part.line]) for part in parts if part.line in counts]
    requests.replace_parts(session, sibling_id, own)
    queries.copy_invitation(session, order.order_id, won.shop_id, sibling_id=sibling_id)
    quote_queries.add_quote(session, won)
    quote_queries.replace_lines(session, won, share.lines)
    sibling = requests.order_for_update(session, sibling_id)
    begin(session, sibling, party=Party.CUSTOMER, actor=actor, now=now, reason=DIVIDED)
    return sibling, won


def _unbought(
    parts: Sequence[PartRow], bought: Iterable[Sequence[QuoteLineRow]]
) -> list[SplitLine]:
    left = {part.line: part.quantity for part in parts}
    for line in (line for lines in bought for line in lines):
        left[line.line] -= line.quantity
    return [{"line": line, "quantity": count} for line, count in left.items() if count]
