"""The demo's past deliveries: where from and to, when, and how long they took.

The rush hours are Cairo's: to work, home, and out in the evening; Friday is calm until late.
Pure.
"""

import datetime as dt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from demo.land import METRES_PER_DEGREE, metres_per_degree_lon
from demo.places import PLACES
from demo.shops import demo_ids
from demo.sites import Sites, points_on

__all__ = ["draw_deliveries"]

_TIME_ZONE = "Africa/Cairo"
_FRIDAY = 5  # ISO weekday
_NEARNESS_M = 4_000.0  # how fast custom falls off with distance
_DETOUR, _LEAST_ROAD_M = 1.30, 250.0
_KMH_AT_1_KM, _KMH_GROWTH = 17.0, 0.32  # free-flowing speed grows with distance
_HANDOVER_SECONDS = 100
_NOISE, _PREPARATION_NOISE = 0.20, 0.35
_DEFAULT_PREPARATION_MINUTES = 16.0

# Share of a day's orders, and how many times longer than on a free road a drive takes, by hour.
_ORDERS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 7, 9, 9, 8, 7, 7, 7, 8, 8, 8, 7, 5, 3, 1]
_WEEKDAY_RUSH = [
    0.9, 0.8, 0.8, 0.8, 0.8, 0.9, 1.0, 1.35, 1.6, 1.5, 1.3, 1.25, 1.3, 1.4, 1.6, 1.75, 1.75, 1.65,
    1.5, 1.45, 1.4, 1.3, 1.15, 1.0,
]  # fmt: skip
_FRIDAY_RUSH = [
    0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.85, 0.85, 0.95, 1.05, 0.9, 0.95, 1.05, 1.1, 1.2,
    1.3, 1.4, 1.4, 1.35, 1.2, 1.0,
]  # fmt: skip
_ORDERS_BY_DAY = {1: 1.0, 2: 1.0, 3: 1.0, 4: 1.1, 5: 0.35, 6: 1.15, 7: 1.05}

Floats = NDArray[np.float64]


def draw_deliveries(
    shops: pl.DataFrame,
    sites: Sites,
    count: int,
    days: int,
    until: dt.date,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Draw `count` deliveries of the `days` before `until`, busy shops more often.

    Parameters
    ----------
    shops
        `shop_id`, `requests_received`, `preparation_minutes_mean`; the rows of `sites` are theirs.

    Returns
    -------
    frame
        The columns of the table `past_delivery`, with `origin_lon`, `origin_lat` and so on for the
        points, in order of time.
    """
    count = count if days > 0 and len(shops) else 0
    busy = np.sqrt(shops["requests_received"].to_numpy() + 1.0)
    shop = rng.choice(max(len(shops), 1), size=count, p=busy / busy.sum() if count else None)
    origin = sites[shop]
    destination = points_on(_custom(origin.place, rng), rng)
    local = _local_times(count, days, until, rng)
    rush = _rush(local)
    duration = _drive_seconds(origin, destination, rush, rng)
    minutes = (
        shops["preparation_minutes_mean"].fill_null(_DEFAULT_PREPARATION_MINUTES).to_numpy()[shop]
    )
    preparation = minutes * 60 * np.sqrt(rush) * np.exp(rng.normal(0, _PREPARATION_NOISE, count))
    started_at = local.dt.replace_time_zone(
        _TIME_ZONE, ambiguous="earliest", non_existent="raise"
    ).dt.convert_time_zone("UTC")
    return pl.DataFrame(
        {
            "delivery_id": demo_ids(0, count, rng),
            "shop_id": shops["shop_id"].gather(shop),
            "origin_lon": origin.lon,
            "origin_lat": origin.lat,
            "destination_lon": destination.lon,
            "destination_lat": destination.lat,
            "started_at": started_at,
            "preparation_seconds": np.round(np.minimum(preparation, 14_400)).astype(np.int64),
            "duration_seconds": np.round(duration).astype(np.int64),
        }
    )


def _custom(place: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the place where the customer is: near ones, and those where many live."""
    lon, lat, weight = (np.array([each[i] for each in PLACES], np.float64) for i in (3, 4, 5))
    distance_m = _metres(lon[:, None], lat[:, None], lon, lat)
    share = np.cumsum(weight * np.exp(-distance_m / _NEARNESS_M), axis=1)
    draw = rng.random(len(place)) * share[place, -1]
    return np.asarray((share[place] < draw[:, None]).sum(axis=1), dtype=np.int64)


def _local_times(count: int, days: int, until: dt.date, rng: np.random.Generator) -> pl.Series:
    """Draw rising wall-clock times in Cairo, all before the midnight that begins `until`."""
    every = [until - dt.timedelta(days=back) for back in range(days, 0, -1)]
    by_day = np.array([_ORDERS_BY_DAY[day.isoweekday()] for day in every])
    share = (by_day[:, None] * np.array(_ORDERS)).ravel()
    hour = (
        rng.choice(len(share), size=count, p=share / share.sum())
        if count
        else np.zeros(0, np.int64)
    )
    seconds = np.sort(hour * 3_600 + rng.integers(0, 3_600, count))
    start = dt.datetime.combine(until - dt.timedelta(days=days), dt.time())
    return pl.select(
        pl.lit(start) + pl.lit(pl.Series(seconds * 1_000_000)).cast(pl.Duration("us"))
    ).to_series()


def _rush(local: pl.Series) -> Floats:
    weekday, hour = local.dt.weekday().to_numpy(), local.dt.hour().to_numpy()
    rush = np.where(weekday == _FRIDAY, np.array(_FRIDAY_RUSH)[hour], np.array(_WEEKDAY_RUSH)[hour])
    return np.asarray(rush, dtype=np.float64)


def _drive_seconds(
    origin: Sites, destination: Sites, rush: Floats, rng: np.random.Generator
) -> Floats:
    straight_m = _metres(origin.lon, origin.lat, destination.lon, destination.lat)
    road_km = (_DETOUR * straight_m + _LEAST_ROAD_M) / 1000
    free_kmh = np.clip(_KMH_AT_1_KM * road_km**_KMH_GROWTH, 10, 70)
    congestion = np.array([place.congestion for place in PLACES])
    crowded = np.sqrt(congestion[origin.place] * congestion[destination.place])
    noise = np.exp(rng.normal(0, _NOISE, len(rush)))
    return np.asarray(_HANDOVER_SECONDS + road_km / free_kmh * 3_600 * crowded * rush * noise)


def _metres(lon: Floats, lat: Floats, other_lon: Floats, other_lat: Floats) -> Floats:
    east = (other_lon - lon) * metres_per_degree_lon((lat + other_lat) / 2)
    return np.hypot(east, (other_lat - lat) * METRES_PER_DEGREE)
