"""What a trip looks like to the model: where it goes, how far, which way, and when.

Every function takes origins of shape (n,) and destinations and clocks of shape (n,) or (1,): what
all rows share is computed once, which keeps a request of 50 shops to one customer cheap.
Degrees in, kilometres and hours out. Pure.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["FEATURE_NAMES", "HOURS_PER_WEEK", "Clock", "Journey", "columns", "great_circle_km"]

Floats = NDArray[np.float64]

EARTH_RADIUS_KM = 6371.0088  # mean radius R1 of the GRS 80 ellipsoid
KM_PER_DEGREE = EARTH_RADIUS_KM * math.pi / 180
HOURS_PER_WEEK = 168
# Streets seldom run north to south: trees cut along axes, so they get these turned axes as well.
_TURNS = tuple((math.cos(turn), math.sin(turn)) for turn in (math.pi / 6, math.pi / 3))

FEATURE_NAMES = (
    "log_km",
    "east_km",
    "north_km",
    "cos_bearing",
    "sin_bearing",
    *(f"origin_{axis}" for axis in ("x", "y", "x30", "y30", "x60", "y60")),
    *(f"destination_{axis}" for axis in ("x", "y", "x30", "y30", "x60", "y60")),
    "hour_of_week",
    "hour_of_day",
    "day_of_year",
)


@dataclass(frozen=True)
class Clock:
    """Local time of the starts: `hour_of_week` from Monday 00:00 [0, 168), `day_of_year` 1..366."""

    hour_of_week: Floats
    day_of_year: Floats

    @classmethod
    def at(cls, started_at: datetime, timezone: str) -> Self:
        """Read one instant in `timezone`; arrays of shape (1,).

        Examples
        --------
        >>> from datetime import UTC
        >>> Clock.at(datetime(2026, 1, 5, 7, 30, tzinfo=UTC), "Africa/Cairo").hour_of_week
        array([9.5])
        """
        local = started_at.astimezone(ZoneInfo(timezone))
        seconds = local.minute * 60 + local.second + local.microsecond / 1e6
        hour_of_week = local.weekday() * 24 + local.hour + seconds / 3600
        return cls(np.array([hour_of_week]), np.array([float(local.timetuple().tm_yday)]))

    def interpolated(self, table: Floats) -> Floats:
        """Return the values of a table of the week, shape (168,) or (168, r), at the hours."""
        hour, following, share = self._position
        share = share if table.ndim == 1 else share[:, None]
        values: Floats = table[hour] * (1 - share)
        return values + table[following] * share

    @cached_property
    def _position(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        hour = np.minimum(self.hour_of_week.astype(np.int64), HOURS_PER_WEEK - 1)
        return hour, (hour + 1) % HOURS_PER_WEEK, self.hour_of_week - hour

    @classmethod
    def of(cls, started_at: pl.Series, timezone: str) -> Self:
        """Read a column of aware instants in `timezone`; arrays of shape (n,)."""
        local = started_at.dt.convert_time_zone(timezone).dt
        since_midnight = (
            local.hour().cast(pl.Float64)
            + (local.minute().cast(pl.Float64) * 60 + local.second()) / 3600
            + local.microsecond().cast(pl.Float64) / 3.6e9
        )
        hour_of_week = (local.weekday().cast(pl.Float64) - 1) * 24 + since_midnight
        return cls(hour_of_week.to_numpy(), local.ordinal_day().cast(pl.Float64).to_numpy())


@dataclass(frozen=True)
class Journey:
    """Length and direction of trips: `log_km` is log(distance + 50 m), finite at distance zero."""

    log_km: Floats
    east_km: Floats
    north_km: Floats
    bearing: Floats

    @classmethod
    def between(
        cls,
        origin_lon: Floats,
        origin_lat: Floats,
        destination_lon: Floats,
        destination_lat: Floats,
    ) -> Self:
        """Return the journeys between two points (degrees), the short way over the antimeridian."""
        km = great_circle_km(origin_lon, origin_lat, destination_lon, destination_lat)
        midway = np.cos(np.radians((origin_lat + destination_lat) / 2))
        east_km = _wrapped(destination_lon - origin_lon) * midway * KM_PER_DEGREE
        north_km = (destination_lat - origin_lat) * KM_PER_DEGREE
        return cls(np.log(km + 0.05), east_km, north_km, np.arctan2(north_km, east_km))


def great_circle_km(
    origin_lon: Floats, origin_lat: Floats, destination_lon: Floats, destination_lat: Floats
) -> Floats:
    """Distance over the sphere in kilometres, by the haversine formula (Sinnott 1984).

    Examples
    --------
    >>> point = np.array([31.2357]), np.array([30.0444])
    >>> great_circle_km(*point, np.array([29.9187]), np.array([31.2001])).round(1)
    array([180.])
    >>> great_circle_km(*point, *point)
    array([0.])
    """
    origin, destination = np.radians(origin_lat), np.radians(destination_lat)
    half_lon = np.radians(destination_lon - origin_lon) / 2
    chord = (
        np.sin((destination - origin) / 2) ** 2
        + np.cos(origin) * np.cos(destination) * np.sin(half_lon) ** 2
    )
    distance: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))
    return distance


def columns(
    journey: Journey,
    clock: Clock,
    origin: tuple[Floats, Floats],
    destination: tuple[Floats, Floats],
    centre: tuple[float, float],
) -> list[Floats]:
    """Return the inputs of the trees, one array per name in `FEATURE_NAMES`.

    `origin` and `destination` are (lon, lat) arrays; `centre` is the (lon, lat) about which the
    city's plane is laid.
    """
    return [
        journey.log_km,
        journey.east_km,
        journey.north_km,
        np.cos(journey.bearing),
        np.sin(journey.bearing),
        *_plane(*origin, centre),
        *_plane(*destination, centre),
        clock.hour_of_week,
        np.mod(clock.hour_of_week, 24.0),
        clock.day_of_year,
    ]


def _plane(lon: Floats, lat: Floats, centre: tuple[float, float]) -> list[Floats]:
    x = _wrapped(lon - centre[0]) * (math.cos(math.radians(centre[1])) * KM_PER_DEGREE)
    y = (lat - centre[1]) * KM_PER_DEGREE
    turned = [x, y]
    for cos, sin in _TURNS:
        turned += [x * cos + y * sin, y * cos - x * sin]
    return turned


def _wrapped(degrees: Floats) -> Floats:
    wrapped: Floats = np.mod(degrees + 180.0, 360.0) - 180.0
    return wrapped
