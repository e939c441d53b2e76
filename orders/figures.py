"""What shops are known for, kept up to date: how they answer, deliver, and are liked.

Reads/Writes: shop, order_invitation, delivery, rating. Matching ranks by these numbers.
"""

import datetime as dt
from typing import NamedTuple

from sqlalchemy.orm import Session

from orders.queries import figures as queries

__all__ = ["Counted", "count_figures"]


_MOST_SHOPS = 200


class Counted(NamedTuple):
    """How many of each were counted this time."""

    requests: int
    answers: int
    deliveries: int
    ratings: int


def count_figures(session: Session, *, now: dt.datetime) -> Counted:
    """Count into the statistics of shops what came to an end since, each once.

    An invitation counts as received once it is answered, declined or expired. At most 200 shops
    are served at a time, so that nobody waits long for them: call again until nothing is counted.
    """
    shop_ids = queries.lock_shops_with_news(session, now=now, most=_MOST_SHOPS)
    return Counted(
        requests=queries.count_requests(session, shop_ids, now=now),
        answers=queries.count_answers(session, shop_ids),
        deliveries=queries.count_deliveries(session, shop_ids),
        ratings=queries.count_ratings(session, shop_ids),
    )
