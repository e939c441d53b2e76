"""The SQL of what shops are known for: the statistics that matching ranks by.

Reads/Writes: shop; marks rows of order_invitation, delivery and rating as counted, in the same
statement that counts them, so that none is counted twice. Reads/Writes rating for who rates.
Reads: order_transition.
"""

import datetime as dt
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.tables.orders import Rating

__all__ = [
    "RatingRow",
    "add_rating",
    "count_answers",
    "count_deliveries",
    "count_ratings",
    "count_requests",
    "lock_shops_with_news",
    "rating",
]


class RatingRow(NamedTuple):
    """What a customer thought of an order."""

    order_id: UUID
    shop_id: UUID
    stars: int
    comment: str | None
    created_at: dt.datetime


def add_rating(session: Session, row: RatingRow, *, user_id: UUID) -> bool:
    """Keep a rating; False where the order has one."""
    added = upsert(Rating).values(**row._asdict(), user_id=user_id).on_conflict_do_nothing()
    return session.execute(added.returning(Rating.order_id)).first() is not None


def rating(session: Session, order_id: UUID) -> RatingRow | None:
    """Return what was thought of an order, where the transaction may see it."""
    columns = [getattr(Rating, name) for name in RatingRow._fields]
    row = session.execute(select(*columns).where(Rating.order_id == order_id)).first()
    return None if row is None else RatingRow._make(row)


_LOCK = text("""
SELECT shop_id FROM shop WHERE shop_id IN (
    SELECT shop_id FROM order_invitation
    WHERE (NOT counted OR (answered_at IS NOT NULL AND NOT answer_counted))
      AND (answered_at IS NOT NULL OR declined_at IS NOT NULL OR expires_at <= :now)
    UNION SELECT shop_id FROM delivery WHERE status = 'delivered' AND NOT counted
    UNION SELECT shop_id FROM rating WHERE NOT counted)
ORDER BY shop_id LIMIT :most FOR NO KEY UPDATE
""")


def lock_shops_with_news(session: Session, *, now: dt.datetime, most: int) -> list[UUID]:
    """Lock shops of which something is not counted yet, at most so many, in order of their ids."""
    return list(session.scalars(_LOCK, {"now": now, "most": most}))


_REQUESTS = text("""
WITH taken AS (
    UPDATE order_invitation SET counted = true
    WHERE shop_id = ANY (:shop_ids) AND NOT counted
      AND (answered_at IS NOT NULL OR declined_at IS NOT NULL OR expires_at <= :now)
    RETURNING shop_id
), news AS (SELECT shop_id, count(*) AS n FROM taken GROUP BY shop_id)
UPDATE shop SET requests_received = requests_received + n
FROM news WHERE shop.shop_id = news.shop_id RETURNING n
""")
# A mean runs on: the new one is the old one moved by how far the news lie from it.
_ANSWERS = text("""
WITH taken AS (
    UPDATE order_invitation SET answer_counted = true
    WHERE shop_id = ANY (:shop_ids) AND counted AND answered_at IS NOT NULL AND NOT answer_counted
    RETURNING shop_id,
              least(greatest(extract(epoch FROM answered_at - invited_at) / 60, 0), 100000) AS took
), news AS (SELECT shop_id, count(*) AS n, sum(took) AS total FROM taken GROUP BY shop_id)
UPDATE shop SET requests_answered = requests_answered + n,
    answer_minutes_mean =
        (coalesce(answer_minutes_mean, 0) * requests_answered + total) / (requests_answered + n)
FROM news WHERE shop.shop_id = news.shop_id RETURNING n
""")
# A delivery that failed is picked up again: the parts were ready when the order was first shipped.
_DELIVERIES = text("""
WITH taken AS (
    UPDATE delivery SET counted = true
    WHERE shop_id = ANY (:shop_ids) AND status = 'delivered' AND NOT counted
    RETURNING shop_id, delivered_at <= promise_at AS on_time,
              least(extract(epoch FROM coalesce(
                  (SELECT min(at) FROM order_transition t
                   WHERE t.order_id = delivery.order_id AND to_status = 'shipped'),
                  picked_up_at) - accepted_at) / 60, 100000) AS prepared
), news AS (
    SELECT shop_id, count(on_time) AS n, count(*) FILTER (WHERE on_time) AS on_time,
           count(prepared) AS made, coalesce(sum(prepared), 0) AS total, count(*) AS seen
    FROM taken GROUP BY shop_id
)
UPDATE shop SET deliveries_count = deliveries_count + n,
    deliveries_on_time = deliveries_on_time + on_time,
    preparation_minutes_mean =
        (coalesce(preparation_minutes_mean, 0) * preparation_count + total)
        / nullif(preparation_count + made, 0),
    preparation_count = preparation_count + made
FROM news WHERE shop.shop_id = news.shop_id RETURNING seen
""")
_RATINGS = text("""
WITH taken AS (
    UPDATE rating SET counted = true WHERE shop_id = ANY (:shop_ids) AND NOT counted
    RETURNING shop_id, stars
), news AS (SELECT shop_id, count(*) AS n, sum(stars) AS total FROM taken GROUP BY shop_id)
UPDATE shop SET rating_count = rating_count + n,
    rating_mean = (coalesce(rating_mean, 0) * rating_count + total) / (rating_count + n)
FROM news WHERE shop.shop_id = news.shop_id RETURNING n
""")


def count_requests(session: Session, shop_ids: list[UUID], *, now: dt.datetime) -> int:
    """Count the invitations that came to an end; return how many."""
    return sum(session.scalars(_REQUESTS, {"shop_ids": shop_ids, "now": now}))


def count_answers(session: Session, shop_ids: list[UUID]) -> int:
    """Count the answers to counted invitations, and how long they took; return how many."""
    return sum(session.scalars(_ANSWERS, {"shop_ids": shop_ids}))


def count_deliveries(session: Session, shop_ids: list[UUID]) -> int:
    """Count what was delivered, in time or not (without a promise: neither); return how many."""
    return sum(session.scalars(_DELIVERIES, {"shop_ids": shop_ids}))


def count_ratings(session: Session, shop_ids: list[UUID]) -> int:
    """Count ratings; return how many."""
    return sum(session.scalars(_RATINGS, {"shop_ids": shop_ids}))
