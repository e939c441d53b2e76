"""Which nearby shops can serve a request, in what order, and by when: the use case.

Reads: shop, stock_listing. The order service's question comes in as a `Question`; the answer's
field names are those of the API.
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from clutch.names import part_number_key
from matching import delivery_time, queries, ranking, stock_belief
from matching.explanation import Term, explain
from matching.knowledge import Knowledge
from matching.opening_hours import Hours, WeekAhead, opens_at, week_ahead
from matching.queries import CandidateRow
from matching.ranking import Candidates, FloatArray
from matching.roads import RoadEngine

__all__ = ["Match", "Matches", "PartWanted", "Promise", "Question", "ShopSummary", "match_shops"]

_CANDIDATES = 50
# When service zones leave too few of the nearest, look this much farther, once.
_CANDIDATES_BEYOND_ZONES = 1_000
_SECONDS_PER_DAY = 86_400


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


@dataclass(frozen=True, slots=True)
class Point:
    """A GeoJSON point: `coordinates` is (lon, lat)."""

    coordinates: tuple[float, float]
    type: Literal["Point"] = "Point"


@dataclass(frozen=True, slots=True)
class ShopSummary:
    """A shop as an answer shows it."""

    shop_id: UUID
    name: str
    name_ar: str | None
    address: str | None
    location: Point


@dataclass(frozen=True, slots=True)
class Promise:
    """When the parts could arrive.

    `p50_minutes` and `p90_minutes` run from the request to the door: waiting for the shop to open,
    preparing, travelling. `ready_at` is when the parts are likely to leave the shop, `promise_at`
    when they have arrived 9 times of 10. `source` says what knew the travel time.
    """

    p50_minutes: float
    p90_minutes: float
    ready_at: dt.datetime
    promise_at: dt.datetime
    source: str


@dataclass(frozen=True, slots=True)
class Match:
    """A shop in the answer; the contributions of `explanation` sum to `score`.

    `delivery` is None where the shop does not open within the week.
    """

    shop: ShopSummary
    distance_m: float
    delivery: Promise | None
    score: float
    explanation: list[Term]


@dataclass(frozen=True, slots=True)
class Matches:
    """The answer, best first; `nearest_distance_m` also when `matches` is empty (None: no shop)."""

    matches: list[Match]
    nearest_distance_m: float | None
    weights_version: int
    model_version: str


def match_shops(
    session: Session,
    question: Question,
    *,
    knowledge: Knowledge,
    roads: RoadEngine | None = None,
    now: dt.datetime,
) -> Matches:
    """Rank the shops near a customer that carry the make, with a delivery time for each.

    Raises
    ------
    UnknownMake
        No make goes by this name; the error holds the nearest known names.
    """
    week = week_ahead(now)
    rows = _candidates(session, question, knowledge, week)
    nearest_distance_m = round(rows[0].distance_m, 1) if rows else None
    reach_m = np.inf if question.max_distance_km is None else question.max_distance_km * 1_000
    rows = [row for row in rows if row.distance_m <= reach_m]
    matches = _ranked(session, rows, question, knowledge, roads, week) if rows else []
    return Matches(
        matches, nearest_distance_m, knowledge.weights.version, knowledge.delivery_version
    )


def _candidates(
    session: Session, question: Question, knowledge: Knowledge, week: WeekAhead
) -> list[CandidateRow]:
    """Return the shops to choose from, nearest first, each once."""
    place = queries.Place(
        brand_id=knowledge.makes.find(question.make, field="vehicle.make").brand_id,
        lon=question.lon,
        lat=question.lat,
        ramadan=week.has_ramadan,
        holiday=week.has_holiday,
    )
    near = queries.candidates_near(session, place, count=_CANDIDATES)
    if len(near) < question.limit:
        near = queries.candidates_near(session, place, count=_CANDIDATES_BEYOND_ZONES)
    part_keys = _part_keys(question)
    if not part_keys:
        return near
    holders = queries.candidates_by_stock(session, place, count=_CANDIDATES, part_keys=part_keys)
    both = {row.shop_id: row for row in (*near, *holders)}
    return sorted(both.values(), key=lambda row: (row.distance_m, row.shop_id))


def _part_keys(question: Question) -> list[str]:
    return [part_number_key(part.number) for part in question.parts if part.number]


def _ranked(
    session: Session,
    rows: list[CandidateRow],
    question: Question,
    knowledge: Knowledge,
    roads: RoadEngine | None,
    week: WeekAhead,
) -> list[Match]:
    now = week.local_now
    openings = [_opens_at(row, week) for row in rows]
    wait = _array([np.inf if at is None else (at - now).total_seconds() for at in openings])
    preparation = knowledge.delivery.preparation.quantiles(
        60 * _array([row.preparation_minutes_mean for row in rows]),
        _array([row.preparation_count for row in rows]),
    )
    travel, source = _travel(rows, question, knowledge, roads, now)
    facts = Candidates(
        distance_m=_array([row.distance_m for row in rows]),
        travel_minutes=travel[0] / 60,
        preparation_minutes=preparation[0] / 60,
        wait_minutes=wait / 60,
        in_stock_probability=_in_stock(session, rows, question, now),
        requests_received=_array([row.requests_received for row in rows]),
        requests_answered=_array([row.requests_answered for row in rows]),
        answer_minutes_mean=_array([row.answer_minutes_mean for row in rows]),
        deliveries_count=_array([row.deliveries_count for row in rows]),
        deliveries_on_time=_array([row.deliveries_on_time for row in rows]),
        rating_mean=_array([row.rating_mean for row in rows]),
        rating_count=_array([row.rating_count for row in rows]),
    )
    values, contributions, scores = ranking.score(facts, knowledge.weights)
    # Rows come nearest first, then by shop_id: a stable sort keeps that among equal scores.
    best = np.argsort(-scores, kind="stable")[: question.limit].tolist()
    p50, p90 = (seconds.tolist() for seconds in delivery_time.promise(preparation, travel))
    prepared = preparation[0].tolist()
    return [
        Match(
            shop=_summary(rows[i]),
            distance_m=round(rows[i].distance_m, 1),
            delivery=_promise(openings[i], prepared[i], p50[i], p90[i], source, now),
            score=float(scores[i]),
            explanation=explain(
                facts, i, values[i].tolist(), contributions[i].tolist(), knowledge.weights.by_term
            ),
        )
        for i in best
    ]


def _array(numbers: list[float | None] | list[float] | list[int]) -> FloatArray:
    """Turn numbers into an array, None into NaN."""
    return np.array(numbers, dtype=np.float64)


def _opens_at(row: CandidateRow, week: WeekAhead) -> dt.datetime | None:
    hours = Hours(
        row.regular_hours, row.ramadan_hours, row.holiday_hours or (), row.closed_on or ()
    )
    return opens_at(hours, week)


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
    by_road = (
        None if roads is None else roads.travel_seconds((lon, lat), (question.lon, question.lat))
    )
    if by_road is None:
        return (p50, p90), knowledge.delivery.source
    # The road engine knows the way, the model how far such times may be trusted.
    return (by_road, by_road * p90 / p50), "road"


def _in_stock(
    session: Session, rows: list[CandidateRow], question: Question, now: dt.datetime
) -> FloatArray:
    """Return P(shop holds every part asked for by number); NaN where nothing is known of it."""
    wanted = {part_number_key(part.number): part.quantity for part in question.parts if part.number}
    if not wanted:
        return np.full(len(rows), np.nan)
    counts = queries.known_stock(session, [row.shop_id for row in rows], list(wanted))
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


def _all_in_stock(beliefs: list[float] | None, parts: int) -> float | None:
    """Multiply the beliefs in the parts; those nobody counted weigh as unknown."""
    if beliefs is None:
        return None
    return math.prod(beliefs) * stock_belief.UNKNOWN ** (parts - len(beliefs))


def _summary(row: CandidateRow) -> ShopSummary:
    location = Point((row.lon, row.lat))
    return ShopSummary(row.shop_id, row.name, row.name_ar, row.address, location)


def _promise(
    opening: dt.datetime | None,
    preparation_seconds: float,
    p50_seconds: float,
    p90_seconds: float,
    source: str,
    now: dt.datetime,
) -> Promise | None:
    """Count from the opening; None where the shop does not open within the week."""
    if opening is None:
        return None
    start = opening.astimezone(dt.UTC).replace(microsecond=0)
    wait_seconds = (opening - now).total_seconds()
    return Promise(
        p50_minutes=round((wait_seconds + p50_seconds) / 60, 1),
        p90_minutes=round((wait_seconds + p90_seconds) / 60, 1),
        ready_at=start + dt.timedelta(seconds=round(preparation_seconds)),
        promise_at=start + dt.timedelta(seconds=round(p90_seconds)),
        source=source,
    )
