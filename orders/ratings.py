"""What a customer thought of an order: stars and a word, once, when it has been delivered.

Reads/Writes: rating. Reads: parts_order, quote.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import Conflict, NotFound
from orders.lifecycle import Status
from orders.queries import figures as queries
from orders.queries import requests
from orders.queries.figures import RatingRow

__all__ = ["AlreadyRated", "NotDelivered", "RatingView", "rate", "rating_view"]


class NotDelivered(Conflict):
    """There is nothing to rate yet."""

    def __init__(self, status: str) -> None:
        super().__init__(f"the order is {status}: it is rated once it is delivered", allowed=[])


class AlreadyRated(Conflict):
    """An order is rated once."""

    def __init__(self) -> None:
        super().__init__("the order was rated already", allowed=[])


class RatingView(TypedDict):
    """A rating as it was kept."""

    order_id: UUID
    shop_id: UUID
    stars: int
    comment: str | None
    created_at: dt.datetime


def rate(
    session: Session,
    order_id: UUID,
    *,
    user_id: UUID,
    stars: int,
    comment: str | None,
    now: dt.datetime,
) -> RatingView:
    """Keep what the customer thought; `stars` from 1 to 5.

    Raises
    ------
    NotFound
        There is no such order of theirs.
    NotDelivered
        It has not been delivered.
    AlreadyRated
        They rated it before.
    """
    order = requests.order(session, order_id)
    if order is None or order.user_id != user_id:
        raise NotFound("order")
    shop_id = requests.winner_of(session, order.selected_quote_id)
    if order.status != Status.DELIVERED or shop_id is None:
        raise NotDelivered(order.status)
    row = RatingRow(order_id, shop_id, stars, comment, now)
    if not queries.add_rating(session, row, user_id=user_id):
        raise AlreadyRated
    return _view(row)


def rating_view(session: Session, order_id: UUID) -> RatingView:
    """Return the rating of an order, to its customer and to the shop that delivered it.

    Raises
    ------
    NotFound
        It was not rated, or is not the caller's to see.
    """
    row = queries.rating(session, order_id)
    if row is None:
        raise NotFound("rating")
    return _view(row)


def _view(row: RatingRow) -> RatingView:
    return {
        "order_id": row.order_id,
        "shop_id": row.shop_id,
        "stars": row.stars,
        "comment": row.comment,
        "created_at": row.created_at,
    }
