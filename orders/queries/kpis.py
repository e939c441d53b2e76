"""The SQL of the figures by which the market is judged.

Reads: parts_order, order_invitation, quote, delivery, rating, shop. One pass over the orders
submitted in a period; everything else is looked up by them. The orders that one was divided into
are one request, and each of their invitations is a copy of one that counts already.
"""

import datetime as dt
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from clutch.errors import NotFound

__all__ = ["MarketRow", "ShopRow", "market", "of_shop"]


class MarketRow(NamedTuple):
    """Counts and means over the orders submitted in a period."""

    orders: int
    quoted: int
    accepted: int
    delivered: int
    cancelled: int
    quoted_within_2h: int
    quote_response_minutes_mean: float | None
    gross_piastres: int
    promised_deliveries: int
    on_time_deliveries: int
    ratings: int
    stars_mean: float | None
    shops_invited: int
    shops_answering: int
    shops_active: int


class ShopRow(NamedTuple):
    """The same of one shop, over the orders it was asked about in a period."""

    invitations: int
    answered: int
    declined: int
    answered_within_2h: int
    answer_minutes_mean: float | None
    quotes_decided: int
    won: int
    delivered: int
    cancelled: int
    gross_piastres: int
    promised_deliveries: int
    on_time_deliveries: int
    ratings: int
    stars_mean: float | None


MARKET = """
WITH asked AS NOT MATERIALIZED (
    SELECT order_id, coalesce(divided_from, order_id) AS request_id, status, submitted_at,
           selected_quote_id
    FROM parts_order WHERE submitted_at >= :since AND submitted_at < :until
), invited AS (
    SELECT count(*) AS shops, count(*) FILTER (WHERE answers) AS answering
    FROM (SELECT bool_or(answered_at IS NOT NULL) AS answers
          FROM order_invitation JOIN asked USING (order_id) GROUP BY shop_id) AS each_shop
), thought AS (
    SELECT count(*) AS n, CAST(avg(stars) AS float8) AS mean
    FROM rating JOIN asked USING (order_id)
), brought AS (
    SELECT count(promise_at) AS promised,
           count(*) FILTER (WHERE delivered_at <= promise_at) AS on_time
    FROM delivery JOIN asked USING (order_id) WHERE delivery.status = 'delivered'
), request AS (
    SELECT min(a.submitted_at) AS submitted_at, min(q.created_at) AS first_at,
           bool_or(a.selected_quote_id IS NOT NULL) AS accepted,
           bool_or(a.status = 'delivered') AND bool_and(a.status IN ('delivered', 'cancelled'))
               AS delivered,
           bool_and(a.status = 'cancelled') AS cancelled,
           sum(q.total_piastres)
               FILTER (WHERE q.quote_id = a.selected_quote_id AND a.status <> 'cancelled') AS gross
    FROM asked a LEFT JOIN quote q USING (order_id)
    GROUP BY a.request_id
), flow AS (
    SELECT count(*) AS orders, count(first_at) AS quoted,
           count(*) FILTER (WHERE accepted) AS accepted,
           count(*) FILTER (WHERE delivered) AS delivered,
           count(*) FILTER (WHERE cancelled) AS cancelled,
           count(*) FILTER (WHERE first_at <= submitted_at + interval '2 hours') AS within_2h,
           CAST(avg(extract(epoch FROM first_at - submitted_at)) / 60 AS float8) AS minutes,
           coalesce(sum(gross), 0) AS gross
    FROM request
)
SELECT flow.*, brought.*, thought.*, invited.*,
       (SELECT count(*) FROM shop WHERE status = 'active')
FROM flow, brought, thought, invited
"""
OF_SHOP = """
WITH asked AS MATERIALIZED (
    SELECT i.order_id, i.invited_at, i.answered_at, i.declined_at, o.divided_from,
           o.status AS order_status
    FROM order_invitation i JOIN parts_order o USING (order_id)
    WHERE i.shop_id = :shop_id AND i.invited_at >= :since AND i.invited_at < :until
), offered AS (
    SELECT coalesce(a.divided_from, a.order_id) AS request_id, q.status, q.total_piastres,
           a.order_status
    FROM quote q JOIN asked a USING (order_id)
    WHERE q.shop_id = :shop_id
), thought AS (
    SELECT count(*) AS n, CAST(avg(stars) AS float8) AS mean
    FROM rating WHERE shop_id = :shop_id AND order_id IN (SELECT order_id FROM asked)
), brought AS (
    SELECT count(*) AS delivered, count(promise_at) AS promised,
           count(*) FILTER (WHERE delivered_at <= promise_at) AS on_time
    FROM delivery
    WHERE shop_id = :shop_id AND status = 'delivered'
      AND order_id IN (SELECT order_id FROM asked)
), answers AS (
    SELECT count(*) AS invitations, count(answered_at) AS answered, count(declined_at) AS declined,
           count(*) FILTER (WHERE answered_at <= invited_at + interval '2 hours') AS within_2h,
           CAST(avg(extract(epoch FROM answered_at - invited_at)) / 60 AS float8) AS minutes
    FROM asked WHERE divided_from IS NULL
), outcomes AS (
    SELECT count(DISTINCT request_id) FILTER (WHERE status <> 'submitted') AS decided,
           count(*) FILTER (WHERE status = 'accepted') AS won,
           count(*) FILTER (WHERE status = 'accepted' AND order_status = 'cancelled') AS cancelled,
           coalesce(sum(total_piastres) FILTER (
               WHERE status = 'accepted' AND order_status <> 'cancelled'), 0) AS gross
    FROM offered
)
SELECT a.invitations, a.answered, a.declined, a.within_2h, a.minutes, o.decided, o.won,
       b.delivered, o.cancelled, o.gross, b.promised, b.on_time, t.n, t.mean
FROM shop s, answers a, outcomes o, brought b, thought t
WHERE s.shop_id = :shop_id
"""


def market(session: Session, *, since: dt.datetime, until: dt.datetime) -> MarketRow:
    """Return the figures of the orders submitted from `since` until before `until`."""
    row = session.execute(text(MARKET), {"since": since, "until": until}).one()
    return MarketRow._make(row)


def of_shop(session: Session, shop_id: UUID, *, since: dt.datetime, until: dt.datetime) -> ShopRow:
    """Return the figures of one shop over the invitations it got in the period.

    Raises
    ------
    NotFound
        There is no such shop.
    """
    parameters = {"shop_id": shop_id, "since": since, "until": until}
    row = session.execute(text(OF_SHOP), parameters).one_or_none()
    if row is None:
        raise NotFound("shop")
    return ShopRow._make(row)
