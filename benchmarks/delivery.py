"""Delivery time on New York's taxi trips, by rolling origin: error, promises kept, and speed.

Each fold fits on all trips before a year and then walks through that year in batches of 100: a
batch is predicted, its outcomes are observed, and so on. The peers are fitted on the same trips
and see the same outcomes. Reads: nyc_yellow_taxi_trips_earlier.csv below CLUTCH_BENCH_DATA.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.options import Options, bench_data
from matching import delivery_time
from matching.delivery_time.features import great_circle_km

__all__ = ["run"]

Floats = NDArray[np.float64]

_FILE = "nyc_yellow_taxi_trips_earlier.csv"
_TIMEZONE = "America/New_York"
_TEST_YEARS = (2012, 2013, 2014)
_BATCH = 100
_ENDS = ("origin_lon", "origin_lat", "destination_lon", "destination_lat")
_SHOPS = 50
_CALLS = 500


def run(options: Options) -> dict[str, Any]:
    """Return the figures; see `docs/delivery-time.md` for what each of them means."""
    trips = _clean(pl.read_csv(bench_data(_FILE)))
    folds = []
    for year in _TEST_YEARS:
        options.note(f"delivery: fit before {year}, then walk through it")
        folds.append(_walked(trips, year))
    walked = pl.concat(folds)
    options.note("delivery: speed of one request")
    return {
        "trips": len(trips),
        "predicted_trips": len(walked),
        "by_year": {
            str(year): _errors(fold) for year, fold in zip(_TEST_YEARS, folds, strict=True)
        },
        **_errors(walked),
        "p90_coverage": _coverage(walked),
        **_speed(trips, options.seed),
    }


def _clean(raw: pl.DataFrame) -> pl.DataFrame:
    """Return trips inside the city, at least 100 m and a minute long, and slower than 120 km/h."""
    trips = raw.with_columns(
        pl.col("started_at", "ended_at").str.to_datetime("%Y-%m-%d %H:%M:%S"),
    ).with_columns(
        duration_seconds=(pl.col("ended_at") - pl.col("started_at")).dt.total_seconds().cast(float),
        km=pl.Series(great_circle_km(*(raw[end].to_numpy() for end in _ENDS))),
    )
    inside = [pl.col(end).is_between(-74.3, -73.6) for end in _ENDS[::2]]
    inside += [pl.col(end).is_between(40.5, 41.0) for end in _ENDS[1::2]]
    return trips.filter(
        *inside,
        pl.col("duration_seconds").is_between(60, 7200),
        pl.col("km") >= 0.1,
        pl.col("km") <= pl.col("duration_seconds") / 30,
    ).sort("started_at", *_ENDS)


def _walked(trips: pl.DataFrame, year: int) -> pl.DataFrame:
    started_in = trips["started_at"].dt.year()
    past, ahead = trips.filter(started_in < year), trips.filter(started_in == year)
    model = delivery_time.fit(past, timezone=_TIMEZONE)
    answers = []
    for batch in ahead.iter_slices(_BATCH):
        answers.append(model.predict(batch))
        model.observe(batch)
    return ahead.select("km", "started_at", "duration_seconds").with_columns(
        pl.concat(answers),
        constant_speed=pl.Series(_by_constant_speed(past)(ahead)),
        hour_of_week_speed=pl.Series(_by_hour_of_week_speed(past)(ahead)),
    )


def _by_constant_speed(past: pl.DataFrame) -> Callable[[pl.DataFrame], Floats]:
    """Fit seconds per kilometre by least absolute error: the hardest constant speed to beat."""
    pace = _median_pace(past["km"].to_numpy(), past["duration_seconds"].to_numpy())
    return lambda trips: trips["km"].to_numpy() * pace


def _by_hour_of_week_speed(past: pl.DataFrame) -> Callable[[pl.DataFrame], Floats]:
    """Fit a pace by least absolute error in each hour of the week; few trips: over all hours."""
    km, seconds, hour = past["km"].to_numpy(), past["duration_seconds"].to_numpy(), _hours(past)
    overall = _median_pace(km, seconds)
    paces = np.array(
        [
            _median_pace(km[hour == h], seconds[hour == h]) if (hour == h).sum() >= 10 else overall
            for h in range(168)
        ]
    )
    return lambda trips: trips["km"].to_numpy() * paces[_hours(trips)]


def _hours(trips: pl.DataFrame) -> NDArray[np.int64]:
    started_at = trips["started_at"].dt
    day = started_at.weekday().cast(pl.Int64) - 1
    return (day * 24 + started_at.hour().cast(pl.Int64)).to_numpy()


def _median_pace(km: Floats, seconds: Floats) -> float:
    """Return b that minimises the sum of |seconds - b·km|: a median weighted by distance."""
    order = np.argsort(seconds / km)
    weight = np.cumsum(km[order])
    return float((seconds / km)[order][np.searchsorted(weight, weight[-1] / 2)])


def _errors(walked: pl.DataFrame) -> dict[str, Any]:
    seconds = walked["duration_seconds"].to_numpy()
    names = {"clutch": "q0.5"} | {name: name for name in ("constant_speed", "hour_of_week_speed")}
    figures = {who: _error(seconds, walked[name].to_numpy()) for who, name in names.items()}
    ratio = figures["clutch"]["mae_seconds"] / figures["constant_speed"]["mae_seconds"]
    return {"mae_over_constant_speed": ratio, "errors": figures}


def _error(seconds: Floats, predicted: Floats) -> dict[str, float]:
    error = np.abs(predicted - seconds)
    return {
        "mae_seconds": float(error.mean()),
        "within_20_percent": float(np.mean(error <= 0.2 * seconds)),
        "rmsle": float(np.sqrt(np.mean((np.log1p(predicted) - np.log1p(seconds)) ** 2))),
    }


def _coverage(walked: pl.DataFrame) -> dict[str, float]:
    kept = (walked["duration_seconds"] <= walked["q0.9"]).to_numpy()
    km, hour = walked["km"].to_numpy(), _hours(walked)
    third = np.digitize(km, np.quantile(km, [1 / 3, 2 / 3]))
    hour_of_day = hour % 24
    rush = (hour < 120) & (np.isin(hour_of_day, (7, 8, 9)) | np.isin(hour_of_day, (16, 17, 18, 19)))
    slices = {
        "overall": np.ones(len(kept), bool),
        "short": third == 0,
        "middling": third == 1,
        "long": third == 2,
        "rush_hour": rush,
        "other_hours": ~rush,
    }
    return {name: float(kept[chosen].mean()) for name, chosen in slices.items()}


def _speed(trips: pl.DataFrame, seed: int) -> dict[str, Any]:
    """Time one request of 50 shops, and the same answer through frames, in CPU time."""
    shops = trips.sample(_SHOPS, seed=seed)
    started = time.process_time()
    model = delivery_time.fit(trips, timezone=_TIMEZONE)
    fit_seconds = time.process_time() - started
    lon, lat = shops["origin_lon"].to_numpy(), shops["origin_lat"].to_numpy()
    at = datetime(2014, 12, 1, 17, tzinfo=UTC)
    return {
        "fit_cpu_seconds": fit_seconds,
        "travel_seconds_cpu_us": _cpu_us(
            lambda: model.travel_seconds(lon, lat, -73.98, 40.75, at), _CALLS
        ),
        "predict_cpu_us": _cpu_us(lambda: model.predict(shops), _CALLS // 10),
        "model_bytes": len(model.to_bytes()),
    }


def _cpu_us(call: Callable[[], object], times: int) -> float:
    call()
    started = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - started) / times * 1e6
