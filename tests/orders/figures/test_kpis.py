"""The KPIs against a second, independent computation over a history made at random."""

import datetime as dt
import random
from typing import Any
from uuid import UUID

import polars as pl
import pytest
from sqlalchemy import text

from clutch.ids import uuid7
from orders.kpis import market_kpis, shop_kpis
from storage.session import PLATFORM, Tenant, transaction

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SINCE, UNTIL = START + dt.timedelta(days=10), START + dt.timedelta(days=40)
TWO_HOURS = dt.timedelta(hours=2)


def history(quarter: Any, *, orders: int, seed: int) -> dict[str, pl.DataFrame]:
    """Make orders with every outcome there is; return the rows as frames."""
    chance = random.Random(seed)  # noqa: S311 - nothing is secret here
    shops = [quarter.town.shop() for _ in range(5)]
    customer = quarter.town.person()
    kept: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("parts_order", "order_invitation", "quote", "delivery", "rating")
    }
    for place in range(orders):
        one_order(chance, kept, shops, customer.user_id, place)
    with quarter.town.engine.begin() as connection:
        for table, rows in kept.items():
            columns = list(rows[0])
            values = (
                ", ".join(
                    f"ST_SetSRID(ST_MakePoint(31.2, 30), 4326) AS {name}"
                    if name in ("delivery_point", "cell")
                    else f":{name}"
                    for name in columns
                )
                .replace(" AS delivery_point", "")
                .replace(" AS cell", "")
            )
            connection.execute(
                text(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"),  # noqa: S608
                rows,
            )
    return {name: as_frame(rows) for name, rows in kept.items()}


def as_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as a frame, with ids as text."""
    plain = [
        {name: str(each) if isinstance(each, UUID) else each for name, each in row.items()}
        for row in rows
    ]
    return pl.DataFrame(plain, infer_schema_length=None)


def one_order(
    chance: random.Random,
    kept: dict[str, list[dict[str, Any]]],
    shops: list[UUID],
    user_id: UUID,
    place: int,
) -> None:
    order_id, submitted = uuid7(), START + dt.timedelta(minutes=chance.randrange(50 * 1_440))
    keys = {"order_id": order_id, "user_id": user_id}
    outcome = chance.choice(["submitted", "quoted", "accepted", "delivered", "cancelled", "left"])
    quotes = []
    for rank, shop_id in enumerate(chance.sample(shops, 3), start=1):
        answers = outcome != "submitted" and chance.random() < 0.7
        answered = submitted + dt.timedelta(minutes=chance.randrange(1, 200))
        declined = not answers and chance.random() < 0.3
        kept["order_invitation"].append(
            {**keys, "shop_id": shop_id, "round": 1, "rank": rank, "score": 0.5}
            | {"distance_band_km": 3, "invited_at": submitted, "expires_at": submitted + TWO_HOURS}
            | {"answered_at": answered if answers else None}
            | {"declined_at": answered if declined else None}
        )
        if answers:
            quotes.append((shop_id, uuid7(), answered, chance.randrange(1, 10**8)))
    agreed = quotes and outcome in ("accepted", "delivered", "left")
    winner = chance.choice(quotes) if agreed else None
    status = {"left": "cancelled"}.get(outcome, outcome) if agreed else "cancelled"
    if not agreed and outcome != "cancelled":
        status = "quoted" if quotes else "submitted"
    kept["parts_order"].append(
        {**keys, "number": f"K-{place}", "status": status, "brand_id": 1}
        | {"delivery_point": None, "cell": None, "submitted_at": submitted}
        | {"selected_quote_id": winner[1] if winner else None}
        | {"created_at": submitted, "updated_at": submitted}
    )
    for shop_id, quote_id, at, total in quotes:
        won = winner is not None and winner[1] == quote_id
        ended = won or winner is not None
        kept["quote"].append(
            {**keys, "quote_id": quote_id, "shop_id": shop_id, "parts_piastres": total}
            | {"delivery_fee_piastres": 0, "total_piastres": total, "created_at": at}
            | {"status": "accepted" if won else "lapsed" if ended else "submitted"}
            | {"updated_at": at, "valid_until": at + TWO_HOURS, "decided_at": at if ended else None}
        )
    if winner and status == "delivered":
        delivered = winner[2] + dt.timedelta(minutes=chance.randrange(60, 300))
        promise = winner[2] + dt.timedelta(hours=3) if chance.random() < 0.9 else None
        kept["delivery"].append(
            {**keys, "delivery_id": uuid7(), "shop_id": winner[0], "status": "delivered"}
            | {"promise_at": promise, "accepted_at": winner[2], "picked_up_at": winner[2]}
            | {"delivered_at": delivered}
        )
        if chance.random() < 0.6:
            stars = chance.randrange(1, 6)
            kept["rating"].append(
                {**keys, "shop_id": winner[0], "stars": stars, "created_at": delivered}
            )


@pytest.fixture
def told(quarter: Any) -> Any:
    return history(quarter, orders=400, seed=7)


def test_the_market_is_judged_as_a_second_computation_judges_it(quarter: Any, told: Any) -> None:
    with transaction(quarter.engine, PLATFORM) as session:
        kpis = market_kpis(session, since=SINCE, until=UNTIL, now=UNTIL)
    orders = told["parts_order"].filter(pl.col("submitted_at").is_between(SINCE, UNTIL, "left"))
    of = {name: frame.join(orders, on="order_id", how="semi") for name, frame in told.items()}
    first = of["quote"].group_by("order_id").agg(pl.col("created_at").min().alias("first"))
    quoted = orders.join(first, on="order_id")
    wait = quoted.select(pl.col("first") - pl.col("submitted_at")).to_series()
    sold = orders.filter(pl.col("status") != "cancelled").join(
        of["quote"], left_on="selected_quote_id", right_on="quote_id"
    )
    promised = of["delivery"].filter(pl.col("promise_at").is_not_null())
    on_time = promised.filter(pl.col("delivered_at") <= pl.col("promise_at"))
    accepted = orders.filter(pl.col("selected_quote_id").is_not_null())
    cancelled = orders.filter(pl.col("status") == "cancelled")
    assert 200 < orders.height < 300
    assert kpis["orders"] == orders.height
    assert kpis["orders_quoted"] == quoted.height
    assert kpis["orders_accepted"] == accepted.height
    assert kpis["orders_delivered"] == of["delivery"].height
    assert kpis["orders_cancelled"] == cancelled.height
    assert kpis["quote_response_minutes_mean"] == pytest.approx(wait.dt.total_seconds().mean() / 60)
    assert kpis["share_quoted_within_2h"] == pytest.approx(
        (wait <= TWO_HOURS).sum() / orders.height
    )
    assert kpis["acceptance_rate"] == pytest.approx(accepted.height / quoted.height)
    assert kpis["on_time_rate"] == pytest.approx(on_time.height / promised.height)
    assert kpis["cancelled_share"] == pytest.approx(cancelled.height / orders.height)
    assert kpis["satisfaction_mean"] == pytest.approx(of["rating"]["stars"].mean())
    assert kpis["ratings"] == of["rating"].height
    assert kpis["gross_piastres"] == sold["total_piastres"].sum()
    assert (kpis["shops_active"], kpis["shops_invited"], kpis["shops_answering"]) == (5, 5, 5)
    assert kpis["targets"]["shops_active"] == {"target": 20.0, "value": 5.0, "met": False}
    assert kpis["targets"]["orders_a_month"]["value"] == orders.height


def test_a_shop_is_judged_as_a_second_computation_judges_it(quarter: Any, told: Any) -> None:
    (shop_id,) = told["order_invitation"]["shop_id"].head(1)
    with transaction(quarter.engine, Tenant(shop_id=UUID(shop_id))) as session:
        kpis = shop_kpis(session, UUID(shop_id), since=SINCE, until=UNTIL, now=UNTIL)
    own = {
        name: frame.filter(pl.col("shop_id") == shop_id)
        for name, frame in told.items()
        if name != "parts_order"
    }
    asked = own["order_invitation"].filter(pl.col("invited_at").is_between(SINCE, UNTIL, "left"))
    of = {name: frame.join(asked, on="order_id", how="semi") for name, frame in own.items()}
    answered = asked.filter(pl.col("answered_at").is_not_null())
    wait = answered.select(pl.col("answered_at") - pl.col("invited_at")).to_series()
    won = of["quote"].filter(pl.col("status") == "accepted")
    won = won.join(
        told["parts_order"].select("order_id", pl.col("status").alias("now")), on="order_id"
    )
    decided = of["quote"].filter(pl.col("status") != "submitted")
    promised = of["delivery"].filter(pl.col("promise_at").is_not_null())
    on_time = promised.filter(pl.col("delivered_at") <= pl.col("promise_at"))
    assert kpis["invitations"] == asked.height > 50
    assert (kpis["answered"], kpis["declined"]) == (
        answered.height, asked["declined_at"].is_not_null().sum(),
    )  # fmt: skip
    assert kpis["answer_rate"] == pytest.approx(answered.height / asked.height)
    assert kpis["answer_minutes_mean"] == pytest.approx(wait.dt.total_seconds().mean() / 60)
    assert kpis["share_answered_within_2h"] == pytest.approx(
        (wait <= TWO_HOURS).sum() / asked.height
    )
    assert kpis["orders_won"] == won.height
    assert kpis["acceptance_rate"] == pytest.approx(won.height / decided.height)
    assert kpis["cancelled_share"] == pytest.approx((won["now"] == "cancelled").sum() / won.height)
    assert kpis["orders_delivered"] == of["delivery"].height
    assert kpis["on_time_rate"] == pytest.approx(on_time.height / promised.height)
    assert kpis["satisfaction_mean"] == pytest.approx(of["rating"]["stars"].mean())
    assert (
        kpis["gross_piastres"] == won.filter(pl.col("now") != "cancelled")["total_piastres"].sum()
    )
