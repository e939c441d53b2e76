"""When shops that are known already could bring parts to a door: the promise of a quote.

Reads: shop. Roads are not asked, for a quote is made and accepted in a transaction, which waits for
nobody outside; the delivery-time model knows the way.
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np

from matching import delivery_time, queries
from matching.knowledge import Knowledge
from matching.opening_hours import Hours, WeekAhead, opens_at, week_ahead
from matching.queries import CandidateRow
from storage.session import Steps

__all__ = ["Preparing", "promises_to", "shop_opens_at"]


class Preparing(NamedTuple):
    """A shop that would prepare an order.

    `minutes` is how long it says that takes (None: it has not said), `after_hours` when the last
    part it must order first has come.
    """

    shop_id: UUID
    minutes: int | None = None
    after_hours: int = 0


def shop_opens_at(row: CandidateRow, week: WeekAhead) -> dt.datetime | None:
    """Return when a shop opens next, or now itself; None: not within the week."""
    hours = Hours(
        row.regular_hours, row.ramadan_hours, row.holiday_hours or (), row.closed_on or ()
    )
    return opens_at(hours, week)


def promises_to(
    lon: float,
    lat: float,
    shops: Sequence[Preparing],
    *,
    knowledge: Knowledge,
    now: dt.datetime,
) -> Steps[dict[UUID, dt.datetime | None]]:
    """Return by when each shop has delivered to a point 9 times of 10, if it is asked `now`.

    Preparation takes as long as the shop says, but no less than its past deliveries teach. None
    where the shop does not open within a week of having the parts.
    """
    asked = {each.shop_id: each for each in shops}
    weeks = {
        hours: week_ahead(now + dt.timedelta(hours=hours))
        for hours in {each.after_hours for each in shops}
    }
    rows: list[CandidateRow] = (
        yield queries.shops_seen_from(
            lon,
            lat,
            list(asked),
            ramadan=any(week.has_ramadan for week in weeks.values()),
            holiday=any(week.has_holiday for week in weeks.values()),
        )
    ) or []
    seconds = _seconds(rows, asked, lon, lat, knowledge, now)
    promised: dict[UUID, dt.datetime | None] = dict.fromkeys(asked)
    for row, needed in zip(rows, seconds, strict=True):
        opening = shop_opens_at(row, weeks[asked[row.shop_id].after_hours])
        if opening is not None:
            start = opening.astimezone(dt.UTC).replace(microsecond=0)
            promised[row.shop_id] = start + dt.timedelta(seconds=round(needed))
    return promised


def _seconds(
    rows: Sequence[CandidateRow],
    asked: dict[UUID, Preparing],
    lon: float,
    lat: float,
    knowledge: Knowledge,
    now: dt.datetime,
) -> list[float]:
    """Return p90 of preparation and way together for each shop, in seconds."""
    if not rows:
        return []
    mean = np.array([row.preparation_minutes_mean for row in rows], dtype=np.float64)
    count = np.array([row.preparation_count for row in rows], dtype=np.float64)
    said = np.array([60.0 * (asked[row.shop_id].minutes or 0) for row in rows])
    likely, late = knowledge.delivery.preparation.quantiles(60 * mean, count)
    travel = knowledge.delivery.travel_seconds(
        np.array([row.lon for row in rows]), np.array([row.lat for row in rows]), lon, lat, now
    )
    _, promised = delivery_time.promise((np.maximum(likely, said), np.maximum(late, said)), travel)
    return [float(each) for each in promised]
