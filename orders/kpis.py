"""The figures by which the market, and each shop, is judged, beside what they should be.

Reads what `orders.queries.kpis` reads. `docs/deliveries.md` defines each figure.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import InvalidInput
from orders.queries import kpis as queries

__all__ = ["MarketKpis", "ShopKpis", "Target", "market_kpis", "share", "shop_kpis"]

_DEFAULT_PERIOD = dt.timedelta(days=30)
_TARGETS = {
    "orders_a_month": 100.0,
    "shops_active": 20.0,
    "quote_response_minutes_mean": 120.0,
    "satisfaction_mean": 4.5,
}


class Target(TypedDict):
    """What a figure should reach (for the response time: stay under), and whether it does.

    `met` is None where there is nothing to judge by.
    """

    target: float
    value: float | None
    met: bool | None


# Not a class, because of `from`.
Period = TypedDict("Period", {"from": dt.datetime, "until": dt.datetime})


class MarketKpis(TypedDict):
    """How the market did on the orders submitted in a period; shares are from 0 to 1.

    A share or mean is None where there is nothing to take it of.
    """

    period: Period
    orders: int
    orders_quoted: int
    orders_accepted: int
    orders_delivered: int
    orders_cancelled: int
    shops_active: int
    shops_invited: int
    shops_answering: int
    quote_response_minutes_mean: float | None
    share_quoted_within_2h: float | None
    acceptance_rate: float | None
    on_time_rate: float | None
    cancelled_share: float | None
    satisfaction_mean: float | None
    ratings: int
    gross_piastres: int
    currency: str
    targets: dict[str, Target]


class ShopKpis(TypedDict):
    """How a shop did on the requests it got in a period; shares are from 0 to 1."""

    shop_id: UUID
    period: Period
    invitations: int
    answered: int
    declined: int
    answer_rate: float | None
    answer_minutes_mean: float | None
    share_answered_within_2h: float | None
    orders_won: int
    acceptance_rate: float | None
    orders_delivered: int
    cancelled_share: float | None
    on_time_rate: float | None
    satisfaction_mean: float | None
    ratings: int
    gross_piastres: int
    currency: str


def share(part: int, whole: int) -> float | None:
    """Return a part of a whole, from 0 to 1; None of nothing.

    Examples
    --------
    >>> share(1, 4), share(0, 0)
    (0.25, None)
    """
    return part / whole if whole else None


def market_kpis(
    session: Session, *, since: dt.datetime | None, until: dt.datetime | None, now: dt.datetime
) -> MarketKpis:
    """Return how the market did; the last 30 days where nothing else is asked.

    Raises
    ------
    InvalidInput
        The period does not begin before it ends.
    """
    since, until = _period(since, until, now)
    row = queries.market(session, since=since, until=until)
    return {
        "period": {"from": since, "until": until},
        "orders": row.orders,
        "orders_quoted": row.quoted,
        "orders_accepted": row.accepted,
        "orders_delivered": row.delivered,
        "orders_cancelled": row.cancelled,
        "shops_active": row.shops_active,
        "shops_invited": row.shops_invited,
        "shops_answering": row.shops_answering,
        "quote_response_minutes_mean": row.quote_response_minutes_mean,
        "share_quoted_within_2h": share(row.quoted_within_2h, row.orders),
        "acceptance_rate": share(row.accepted, row.quoted),
        "on_time_rate": share(row.on_time_deliveries, row.promised_deliveries),
        "cancelled_share": share(row.cancelled, row.orders),
        "satisfaction_mean": row.stars_mean,
        "ratings": row.ratings,
        "gross_piastres": int(row.gross_piastres),
        "currency": "EGP",
        "targets": _targets(row, since, until),
    }


def shop_kpis(
    session: Session,
    shop_id: UUID,
    *,
    since: dt.datetime | None,
    until: dt.datetime | None,
    now: dt.datetime,
) -> ShopKpis:
    """Return how a shop did; the last 30 days where nothing else is asked.

    Raises
    ------
    NotFound
        There is no such shop.
    InvalidInput
        The period does not begin before it ends.
    """
    since, until = _period(since, until, now)
    row = queries.of_shop(session, shop_id, since=since, until=until)
    return {
        "shop_id": shop_id,
        "period": {"from": since, "until": until},
        "invitations": row.invitations,
        "answered": row.answered,
        "declined": row.declined,
        "answer_rate": share(row.answered, row.invitations),
        "answer_minutes_mean": row.answer_minutes_mean,
        "share_answered_within_2h": share(row.answered_within_2h, row.invitations),
        "orders_won": row.won,
        "acceptance_rate": share(row.won, row.quotes_decided),
        "orders_delivered": row.delivered,
        "cancelled_share": share(row.cancelled, row.won),
        "on_time_rate": share(row.on_time_deliveries, row.promised_deliveries),
        "satisfaction_mean": row.stars_mean,
        "ratings": row.ratings,
        "gross_piastres": int(row.gross_piastres),
        "currency": "EGP",
    }


def _period(
    since: dt.datetime | None, until: dt.datetime | None, now: dt.datetime
) -> tuple[dt.datetime, dt.datetime]:
    until = until or now
    since = since or until - _DEFAULT_PERIOD
    if since >= until:
        raise InvalidInput("from", "a time before `to`")
    return since, until


def _targets(row: queries.MarketRow, since: dt.datetime, until: dt.datetime) -> dict[str, Target]:
    months = (until - since) / _DEFAULT_PERIOD
    values = {
        "orders_a_month": row.orders / months,
        "shops_active": float(row.shops_active),
        "quote_response_minutes_mean": row.quote_response_minutes_mean,
        "satisfaction_mean": row.stars_mean,
    }
    return {name: _judged(name, value) for name, value in values.items()}


def _judged(name: str, value: float | None) -> Target:
    target = _TARGETS[name]
    if value is None:
        return {"target": target, "value": None, "met": None}
    met = value < target if name == "quote_response_minutes_mean" else value >= target
    return {"target": target, "value": value, "met": met}
