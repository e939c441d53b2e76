"""A thousand races for one order each: whoever is first, there is one outcome, and it is whole."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from clutch.errors import Conflict
from clutch.ids import uuid7
from orders.cancelling import cancel_order
from orders.lapsing import expire_quotes
from storage.session import Tenant

# A Monday, noon in Cairo.
NOON = dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
TWO_HOURS = dt.timedelta(hours=2)
LAST_MOMENT = NOON + TWO_HOURS - dt.timedelta(microseconds=1)
ROUNDS = 1_000
LANES = 3


class Contest(NamedTuple):
    """An order with two quotes that stand, one of either shop of the arena."""

    order_id: UUID
    first: UUID
    second: UUID


class Arena(NamedTuple):
    """Whose orders are raced for, by which two shops."""

    customer: UUID
    shops: list[UUID]
    contests: list[Contest]


def an_arena(fair: Any, count: int) -> Arena:
    """Make quoted orders of one customer in bulk."""
    contests = [Contest(uuid7(), uuid7(), uuid7()) for _ in range(count)]
    arena = Arena(fair.town.person().user_id, [fair.shop("First"), fair.shop("Second")], contests)
    facts = {
        "orders": [each.order_id for each in contests],
        "quotes": [quote for each in contests for quote in (each.first, each.second)],
        "customer": arena.customer,
        "shops": arena.shops,
        "noon": NOON,
    }
    for statement in _BULK:
        fair.town.change(statement, **facts)
    return arena


_BULK = (
    "INSERT INTO parts_order (order_id, number, user_id, status, brand_id, delivery_point, cell,"
    " rounds, submitted_at, expires_at, created_at, updated_at)"
    " SELECT id, CAST(id AS text), :customer, 'quoted', 1, here, here, 1, :noon,"
    " :noon + interval '4 hours', :noon, :noon"
    " FROM unnest(CAST(:orders AS uuid[])) AS id, ST_SetSRID(ST_MakePoint(31.2, 30), 4326) AS here",
    "INSERT INTO order_part (order_id, line, name, quantity)"
    " SELECT id, 1, 'part', 1 FROM unnest(CAST(:orders AS uuid[])) AS id",
    "INSERT INTO order_invitation (order_id, shop_id, user_id, round, rank, score,"
    " distance_band_km, invited_at, expires_at, answered_at) SELECT id, shop, :customer, 1, 1, 0.5,"
    " 3, :noon, :noon + interval '4 hours', :noon"
    " FROM unnest(CAST(:orders AS uuid[])) AS id, unnest(CAST(:shops AS uuid[])) AS shop",
    "INSERT INTO quote (quote_id, order_id, shop_id, user_id, parts_piastres,"
    " delivery_fee_piastres, total_piastres, created_at, updated_at, valid_until)"
    " SELECT quote, (CAST(:orders AS uuid[]))[(place + 1) / 2],"
    " (CAST(:shops AS uuid[]))[2 - place % 2], :customer, 900, 0, 900, :noon, :noon,"
    " :noon + interval '2 hours'"
    " FROM unnest(CAST(:quotes AS uuid[])) WITH ORDINALITY AS of (quote, place)",
    "INSERT INTO quote_line (quote_id, line, shop_id, user_id, availability, quantity,"
    " unit_price_piastres) SELECT quote_id, 1, shop_id, user_id, 'in_stock', 1, 900"
    " FROM quote WHERE quote_id = ANY (CAST(:quotes AS uuid[]))",
)


_STATES = """
SELECT o.order_id, o.status, o.selected_quote_id,
    (SELECT array_agg(q.status ORDER BY q.quote_id) FROM quote q WHERE q.order_id = o.order_id)
        AS quotes,
    w.quote_id AS winner, w.total_piastres AS due,
    (SELECT array_agg(amount_piastres) FROM payment p
        WHERE p.order_id = o.order_id AND p.status <> 'cancelled') AS payments,
    (SELECT count(*) FROM delivery d
        WHERE d.order_id = o.order_id AND d.status <> 'cancelled') AS deliveries
FROM parts_order o
LEFT JOIN quote w ON w.order_id = o.order_id AND w.status = 'accepted'
WHERE o.order_id = ANY (CAST(:orders AS uuid[]))
"""


def statuses_of_whole_orders(fair: Any, arena: Arena) -> Counter[str]:
    """Check that each order and all that hangs on it agree; count the statuses."""
    told: Counter[tuple[str, str]] = Counter(
        (payload["orderId"], event)
        for shop in arena.shops
        for event, payload in fair.events(f"shop-{shop}")
    )
    audited = Counter(
        row.subject
        for row in fair.town.rows("SELECT subject FROM audit_entry WHERE act = 'quote.accepted'")
    )
    rows = fair.town.rows(_STATES, orders=[each.order_id for each in arena.contests])
    assert len(rows) == len(arena.contests)
    for row in rows:
        order, was_accepted = str(row.order_id), int(row.winner is not None)
        states = Counter(row.quotes)
        assert states["accepted"] == was_accepted
        assert audited[f"order:{order}"] == was_accepted
        assert told[order, "quote-accepted"] == was_accepted
        assert told[order, "quote-lapsed"] == states["lapsed"] + states["expired"]
        assert row.selected_quote_id == row.winner
        if row.status == "accepted":
            assert (row.payments, row.deliveries) == ([row.due], 1)
        else:
            assert (row.payments, row.deliveries) == (None, 0)
        if row.status in ("accepted", "cancelled"):
            assert states["submitted"] == 0
        if row.status == "submitted":
            assert set(row.quotes) <= {"expired", "withdrawn"}
    return Counter(row.status for row in rows)


def succeeded(result: Any) -> bool:
    return not isinstance(result, Conflict)


@pytest.mark.slow
def test_of_a_thousand_races_each_has_exactly_one_outcome(fair: Any) -> None:
    arena = an_arena(fair, ROUNDS)
    customer, shop = arena.customer, arena.shops[0]

    def accepting(contest: Contest, quote: UUID) -> Any:
        # A moment before the end, so that an expiry at the end is a fair opponent.
        return fair.accept(customer, contest.order_id, quote, now=LAST_MOMENT)

    def expiring(contest: Contest) -> int:
        with fair.act() as session:
            return expire_quotes(session, contest.order_id, now=NOON + TWO_HOURS)

    def cancelling(contest: Contest) -> Any:
        with fair.act(Tenant(user_id=customer)) as session:
            return cancel_order(
                session,
                contest.order_id,
                reason="changed my mind",
                user_id=customer,
                is_admin=False,
                actor=f"user:{customer}",
                locale="en",
                now=NOON,
            )

    opponents: dict[str, Callable[[Contest], Any]] = {
        "the other quote": lambda each: accepting(each, each.second),
        "the same quote": lambda each: accepting(each, each.first),
        "withdrawing": lambda each: fair.withdraw(shop, each.first, now=NOON),
        "revising": lambda each: fair.revise(shop, each.first, 950, now=NOON),
        "expiring": expiring,
        "cancelling": cancelling,
    }
    kinds = list(opponents)
    outcomes: dict[str, Counter[tuple[bool, bool]]] = {kind: Counter() for kind in kinds}

    def race(place: int, pool: ThreadPoolExecutor) -> None:
        contest, kind = arena.contests[place], kinds[place % len(kinds)]
        acts = [lambda: accepting(contest, contest.first), lambda: opponents[kind](contest)]
        turned = place // len(kinds) % 2
        results = fair.at_once(acts[::-1] if turned else acts, pool=pool)
        mine, other = results[::-1] if turned else results
        outcomes[kind][succeeded(mine), succeeded(other)] += 1

    def races(places: range) -> None:
        with ThreadPoolExecutor(2) as pool:
            for place in places:
                race(place, pool)

    with ThreadPoolExecutor(LANES) as lanes:
        list(lanes.map(races, [range(lane, ROUNDS, LANES) for lane in range(LANES)]))

    assert sum(sum(counter.values()) for counter in outcomes.values()) == ROUNDS
    first_wins, second_wins, both = (True, False), (False, True), (True, True)
    assert set(outcomes["the other quote"]) <= {first_wins, second_wins}
    assert set(outcomes["the same quote"]) <= {first_wins, second_wins}
    assert set(outcomes["withdrawing"]) <= {first_wins, second_wins}
    # A revised quote can be accepted as revised; one that was accepted is not revised.
    assert set(outcomes["revising"]) <= {first_wins, both}
    # Expiring what was accepted changes nothing and is no conflict.
    assert set(outcomes["expiring"]) <= {both, second_wins}
    # What was accepted can still be cancelled.
    assert set(outcomes["cancelling"]) <= {both, second_wins}
    statuses = statuses_of_whole_orders(fair, arena)
    assert statuses["accepted"] >= 3 * ROUNDS // len(kinds)
    assert set(statuses) <= {"accepted", "quoted", "submitted", "cancelled"}
