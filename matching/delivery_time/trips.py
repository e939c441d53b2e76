"""The trips frame, checked at the door and turned into arrays. Pure."""

from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clutch.errors import InvalidInput
from clutch.frames import Column, checked
from matching.delivery_time.features import Clock, Journey, columns, great_circle_km
from matching.delivery_time.log_linear import Terms

__all__ = ["Trips", "finished_trips", "known_timezone", "trips_from"]

Floats = NDArray[np.float64]

_FASTEST_KMH = 200.0
_PLANNED = (
    Column(name="origin_lon", kind="number", minimum=-180, maximum=180),
    Column(name="origin_lat", kind="number", minimum=-90, maximum=90),
    Column(name="destination_lon", kind="number", minimum=-180, maximum=180),
    Column(name="destination_lat", kind="number", minimum=-90, maximum=90),
    Column(name="started_at", kind="instant"),
)
_FINISHED = (
    *_PLANNED,
    Column(name="duration_seconds", kind="number", minimum=0, maximum=1e9),
    Column(name="shop_id", kind="key", required=False, nullable=True),
    Column(name="preparation_seconds", kind="number", required=False, nullable=True, minimum=0),
)


@dataclass(frozen=True, eq=False)
class Trips:
    """Trips as arrays: (lon, lat) of origins and destinations in degrees, and their clock.

    Destination and clock have the shape of the origins, (n,), or (1,) where all trips share them.
    """

    origin: tuple[Floats, Floats]
    destination: tuple[Floats, Floats]
    clock: Clock

    @cached_property
    def journey(self) -> Journey:
        """Length and direction."""
        return Journey.between(*self.origin, *self.destination)

    @cached_property
    def terms(self) -> Terms:
        """What the log-linear base and spread are computed from."""
        return Terms.of(self.journey, self.clock)

    def columns(self, centre: tuple[float, float]) -> list[Floats]:
        """Return the inputs of the trees, one array per name in `features.FEATURE_NAMES`."""
        return columns(self.journey, self.clock, self.origin, self.destination, centre)

    def where(self, chosen: NDArray[np.bool_]) -> "Trips":
        """Return the trips that `chosen` (n,) picks; every array must have shape (n,)."""
        return Trips(
            (self.origin[0][chosen], self.origin[1][chosen]),
            (self.destination[0][chosen], self.destination[1][chosen]),
            Clock(self.clock.hour_of_week[chosen], self.clock.day_of_year[chosen]),
        )


def trips_from(frame: pl.DataFrame, timezone: str) -> Trips:
    """Return the trips of a frame, in its order, on the clock of `timezone`.

    Raises
    ------
    InvalidFrame
        A column is missing, has another type, or holds values that no trip can have.
    """
    return _arrays(checked(_with_zone(frame, timezone), _PLANNED, name="trips"), timezone)


def finished_trips(
    frame: pl.DataFrame, timezone: str, *, latest: int | None = None
) -> tuple[Trips, Floats, pl.DataFrame]:
    """Return trips in the order they ended, their seconds, and the checked frame in that order.

    Only the `latest` are kept where that is given. A trip faster than 200 km/h as the crow flies is
    a fault of its record (a lost position, a meter left off), and is left out. Raises as
    `trips_from` does.
    """
    clean = checked(_with_zone(frame, timezone), _FINISHED, name="trips")
    ended_at = pl.col("started_at") + pl.duration(microseconds=pl.col("duration_seconds") * 1e6)
    clean = clean.sort(ended_at, *clean.columns)
    ends = (clean[column.name].to_numpy() for column in _PLANNED[:4])
    seconds = clean["duration_seconds"].to_numpy()
    clean = clean.filter(great_circle_km(*ends) <= _FASTEST_KMH / 3600 * seconds)
    clean = clean.tail(latest) if latest is not None else clean
    return _arrays(clean, timezone), clean["duration_seconds"].to_numpy(), clean


def known_timezone(timezone: str) -> str:
    """Return `timezone` if there is one of that name.

    Raises
    ------
    InvalidInput
        There is none.

    Examples
    --------
    >>> known_timezone("Africa/Cairo")
    'Africa/Cairo'
    """
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, TypeError, AttributeError, OSError):
        raise InvalidInput("timezone", "a name such as Africa/Cairo", found=str(timezone)) from None
    return timezone


def _with_zone(frame: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """Read `started_at` without a zone as local time: files from a shop seldom carry one."""
    if not isinstance(frame, pl.DataFrame) or "started_at" not in frame.columns:
        return frame
    dtype = frame.schema["started_at"]
    if not isinstance(dtype, pl.Datetime) or dtype.time_zone is not None:
        return frame
    started_at = pl.col("started_at").cast(pl.Datetime("us"))
    # an hour that clocks skip in spring is read an hour later
    return frame.with_columns(
        pl.coalesce(
            started_at.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null"),
            started_at.dt.offset_by("1h").dt.replace_time_zone(
                timezone, ambiguous="earliest", non_existent="null"
            ),
        ).alias("started_at")
    )


def _arrays(clean: pl.DataFrame, timezone: str) -> Trips:
    def point(end: str) -> tuple[Floats, Floats]:
        return clean[f"{end}_lon"].to_numpy(), clean[f"{end}_lat"].to_numpy()

    return Trips(point("origin"), point("destination"), Clock.of(clean["started_at"], timezone))
