"""Which nearby shops can serve a request, in what order, and by when: the use case.

Reads: shop, stock_listing. The order service's question comes in as a `Question`; the answer is
plain data whose names are those of the API, ready to be sent.
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import numpy as np
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.names import part_number_key
from matching import delivery_time, queries, ranking, stock_belief
from matching.explanation import Term, explain
from matching.knowledge import Knowledge
from matching.opening_hours import WeekAhead, week_ahead
from matching.promises import shop_opens_at
from matching.queries import CandidateRow, StockRow
from matching.ranking import Candidates, FloatArray
from matching.roads import RoadEngine
from storage.session import Steps

__all__ = [
    "Match",
    "Matches",
    "PartWanted",
    "Point",
    "Promise",
    "Question",
    "ShopSummary",
    "match_shops",
]

_CANDIDATES = 50
# When service zones leave too few of the nearest, look this much farther, once.
_CANDIDATES_BEYOND_ZONES = 1_000
_SECONDS_PER_DAY = 86_400
_FIRST_NUMBER = CandidateRow._fields.index("preparation_minutes_mean")


@dataclass(frozen=True, slots=True)
class PartWanted:
    """A part asked for; `number` is None where only a name is known."""

    number: str | None
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the order service asks; coordinates in degrees (WGS 84)."""

    make: str
    lon: float
    lat: float
    parts: Sequence[PartWanted] = ()
    limit: int = 10
    max_distance_km: float | None = None


class Point(TypedDict):
    """A GeoJSON point: `coordinates` is (lon, lat)."""

    type: Literal["Point"]
    coordinates: tuple[float, float]


class ShopSummary(TypedDict):
    """A shop as an answer shows it."""

    shop_id: UUID
    name: str
    name_ar: str | None
    address: str | None
    location: Point


class Promise(TypedDict):
    """When the parts could arrive.

    `p50_minutes` and `p90_minutes` run from the request to the door: waiting for the shop to open,
    preparing, travelling. `ready_at` is when the parts are likely to leave the shop, `promise_at`
    when they have arrived 9 times of 10. `source` says what knew the way: `road` (a road engine),
    `learned` (from past deliveries) or `prior`.
    """

    p50_minutes: float
    p90_minutes: float
    ready_at: dt.datetime
    promise_at: dt.datetime
    source: str


class Match(TypedDict):
    """A shop in the answer; the contributions of `explanation` sum to `score`.

    `delivery` is None where the shop does not open within the week.
    """

    shop: ShopSummary
    distance_m: float
    delivery: Promise | None
    score: float
    explanation: list[Term]


class Matches(TypedDict):
    """The answer, best first; `nearest_distance_m` also when `matches` is empty (None: no shop)."""

    matches: list[Match]
    nearest_distance_m: float | None
    weights_version: int
    model_version: str


def match_shops(
    question: Question,
    *,
    knowledge: Knowledge,
    roads: RoadEngine | None = None,
    now: dt.datetime,
) -> Steps[Matches]:
    """Rank the shops near a customer that carry the make, with a delivery time for each.

    Take the steps with `storage.session.run` or, without roads, `run_async`: a road engine is asked
    over the network, which no event loop should wait for.

    Raises
    ------
    UnknownMake
        No make goes by this name; the error holds the nearest known names.
    """
    week = week_ahead(now)
    wanted = _quantity_by_part(question)
    rows = yield from _candidates(question, knowledge, week, list(wanted))
    nearest_distance_m = round(rows[0].distance_m, 1) if rows else None
    reach_m = math.inf if question.max_distance_km is None else question.max_distance_km * 1_000
    rows = [row for row in rows if row.distance_m <= reach_m]
    belief = yield from _in_stock(rows, wanted, now)
    matches = _ranked(rows, belief, question, knowledge, roads, week) if rows else []
    return {
        "matches": matches,
        "nearest_distance_m": nearest_distance_m,
        "weights_version": knowledge.weights.version,
        "model_version": knowledge.delivery_version,
    }


def _candidates(
    question: Question, knowledge: Knowledge, week: WeekAhead, part_keys: list[str]
) -> Steps[list[CandidateRow]]:
    """Return the shops to choose from, nearest first, each once."""
    place = queries.Place(
        brand_id=knowledge.makes.find(question.make, field="vehicle.make").brand_id,
        lon=question.lon,
        lat=question.lat,
        ramadan=week.has_ramadan,
        holiday=week.has_holiday,
    )
    near: list[CandidateRow] = (yield queries.candidates_near(place, count=_CANDIDATES)) or []
    if len(near) < question.limit:
        near = (yield queries.candidates_near(place, count=_CANDIDATES_BEYOND_ZONES)) or []
    if not part_keys:
        return near
    holders: list[CandidateRow] = (
        yield queries.candidates_by_stock(place, count=_CANDIDATES, part_keys=part_keys)
    ) or []
    both = {row.shop_id: row for row in (*near, *holders)}
    return sorted(both.values(), key=lambda row: (row.distance_m, row.shop_id))


def _quantity_by_part(question: Question) -> dict[str, int]:
    """Return how many are wanted of each part asked for by number; lines of one part add up."""
    wanted: dict[str, int] = {}
    for part in question.parts:
        if part.number and (key := part_number_key(part.number)):
            wanted[key] = wanted.get(key, 0) + part.quantity
    return wanted


def _in_stock(
    rows: list[CandidateRow], wanted: dict[str, int], now: dt.datetime
) -> Steps[FloatArray]:
    """Return P(shop holds every part asked for by number); NaN where nothing is known of it."""
    if not wanted or not rows:
        return np.full(len(rows), np.nan)
    counts: list[StockRow] = (
        yield queries.known_stock([row.shop_id for row in rows], list(wanted))
    ) or []
    beliefs = stock_belief.in_stock_probability(
        [count.quantity for count in counts],
        wanted=[wanted[count.part_key] for count in counts],
        sales_per_day=[count.sales_per_day for count in counts],
        age_days=[(now - count.counted_at).total_seconds() / _SECONDS_PER_DAY for count in counts],
    )
    known: dict[UUID, list[float]] = {}
    for count, belief in zip(counts, beliefs.tolist(), strict=True):
        known.setdefault(count.shop_id, []).append(belief)
    return _array([_all_in_stock(known.get(row.shop_id), len(wanted)) for row in rows])


def _all_in_stock(beliefs: list[float] | None, parts: int) -> float:
    """Multiply the beliefs in the parts; those nobody counted weigh as unknown."""
    if beliefs is None:
        return math.nan
    return math.prod(beliefs) * stock_belief.UNKNOWN ** (parts - len(beliefs))


def _ranked(
    rows: list[CandidateRow],
    belief: FloatArray,
    question: Question,
    knowledge: Knowledge,
    roads: RoadEngine | None,
    week: WeekAhead,
) -> list[Match]:
    now = week.local_now
    openings = [shop_opens_at(row, week) for row in rows]
    wait = _array([_seconds_between(now, at) for at in openings])
    (
        preparation_mean,
        preparation_count,
        requests_received,
        requests_answered,
        answer_minutes_mean,
        deliveries_count,
        deliveries_on_time,
        rating_mean,
        rating_count,
    ) = _array([row[_FIRST_NUMBER:] for row in rows]).T
    preparation = knowledge.delivery.preparation.quantiles(60 * preparation_mean, preparation_count)
    travel, source = _travel(rows, question, knowledge, roads, now)
    facts = Candidates(
        distance_m=_array([row.distance_m for row in rows]),
        travel_minutes=travel[0] / 60,
        preparation_minutes=preparation[0] / 60,
        wait_minutes=wait / 60,
        in_stock_probability=belief,
        requests_received=requests_received,
        requests_answered=requests_answered,
        answer_minutes_mean=answer_minutes_mean,
        deliveries_count=deliveries_count,
        deliveries_on_time=deliveries_on_time,
        rating_mean=rating_mean,
        rating_count=rating_count,
    )
    values, contributions, scores = ranking.score(facts, knowledge.weights)
    # Rows come nearest first, then by shop_id: a stable sort keeps that among equal scores.
    best = np.argsort(-scores, kind="stable")[: question.limit]
    total = delivery_time.promise(preparation, travel)
    weights = knowledge.weights.in_order
    return [
        {
            "shop": _summary(rows[i]),
            "distance_m": round(rows[i].distance_m, 1),
            "delivery": _promise(openings[i], times, source, now),
            "score": points,
            "explanation": explain(facts, i, row_values, row_contributions, weights),
        }
        for i, points, row_values, row_contributions, times in zip(
            best.tolist(),
            scores[best].tolist(),
            values[best].tolist(),
            contributions[best].tolist(),
            np.stack([preparation[0], *total], axis=1)[best].tolist(),
            strict=True,
        )
    ]


def _array(numbers: Sequence[object]) -> FloatArray:
    """Turn numbers, or rows of numbers, into an array, None into NaN."""
    return np.array(numbers, dtype=np.float64)


def _seconds_between(now: dt.datetime, opening: dt.datetime | None) -> float:
    if opening is now:
        return 0.0
    return math.inf if opening is None else (opening - now).total_seconds()


def _travel(
    rows: list[CandidateRow],
    question: Question,
    knowledge: Knowledge,
    roads: RoadEngine | None,
    now: dt.datetime,
) -> tuple[tuple[FloatArray, FloatArray], str]:
    """Return p50 and p90 of the way in seconds, and what knew it: road, learned or prior."""
    lon, lat = _array([row.lon for row in rows]), _array([row.lat for row in rows])
    p50, p90 = knowledge.delivery.travel_seconds(lon, lat, question.lon, question.lat, now)
    by_road = roads.travel_seconds((lon, lat), (question.lon, question.lat)) if roads else None
    if by_road is None:
        return (p50, p90), knowledge.delivery.source
    # The road engine knows the way on free roads; the model knows the traffic of the hour, and how
    # far such times may be trusted.
    by_road = by_road * knowledge.delivery.slowdown(now)
    return (by_road, by_road * p90 / p50), "road"


def _summary(row: CandidateRow) -> ShopSummary:
    return {
        "shop_id": row.shop_id,
        "name": row.name,
        "name_ar": row.name_ar,
        "address": row.address,
        "location": {"type": "Point", "coordinates": (row.lon, row.lat)},
    }


def _promise(
    opening: dt.datetime | None, seconds: list[float], source: str, now: dt.datetime
) -> Promise | None:
    """Count from the opening: `seconds` to ready, to the door likely, and 9 times of 10."""
    if opening is None:
        return None
    ready, likely, promised = seconds
    start = opening.astimezone(dt.UTC).replace(microsecond=0)
    wait = _seconds_between(now, opening)
    return {
        "p50_minutes": round((wait + likely) / 60, 1),
        "p90_minutes": round((wait + promised) / 60, 1),
        "ready_at": start + dt.timedelta(seconds=round(ready)),
        "promise_at": start + dt.timedelta(seconds=round(promised)),
        "source": source,
    }
