"""The demo's shops: what they carry, when they open, how they have done so far.

Pure.
"""

import datetime as dt

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from demo import signs
from demo.fleet import draw_makes
from demo.land import METRES_PER_DEGREE
from demo.sites import Sites
from demo.trading_hours import HOLIDAY_HOURS, RAMADAN_HOURS, regular_hours

__all__ = ["DEMO_PREFIX", "demo_ids", "draw_shops", "instants_before"]

DEMO_PREFIX = "64656d6f"  # "demo": how its rows are told from real ones
_STATUS_SHARES = {"active": 0.94, "pending_verification": 0.03, "suspended": 0.02, "inactive": 0.01}
_TAIL = 0xFFFF_FFFF_FFFF
_NEW_SHARE = 0.06
_ZONE_SHARE = 0.03
_CLOSED_ON_SHARE = 0.05

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def demo_ids(first: int, count: int, rng: np.random.Generator) -> pl.Series:
    """Return identifiers in rising order: UUIDs of version 8 that begin with `DEMO_PREFIX`.

    Examples
    --------
    >>> import numpy as np
    >>> demo_ids(7, 1, np.random.default_rng(1)).to_list()
    ['64656d6f-0000-8007-a0c1-af7cde48b93f']
    """
    number = np.arange(first, first + count)
    tail = rng.integers(0, 2**62, count)
    rows = zip((number >> 12).tolist(), (number & 0xFFF).tolist(), tail.tolist(), strict=True)
    texts = [
        f"{DEMO_PREFIX}-{high:04x}-8{low:03x}-{0x8000 | rest >> 48:04x}-{rest & _TAIL:012x}"
        for high, low, rest in rows
    ]
    return pl.Series("shop_id", texts, dtype=pl.String)


def draw_shops(
    sites: Sites, first: int, makes: pl.DataFrame, until: dt.date, rng: np.random.Generator
) -> pl.DataFrame:
    """Draw a shop at each of `sites`, the first of them being number `first`.

    Parameters
    ----------
    makes
        The makes of the fleet, in its order: `brand_id`, `name_en`, `name_ar`.
    until
        The day the statistics end.

    Returns
    -------
    frame
        The columns of the table `shop`, with `lon` and `lat` for the location and EWKT for the
        service zone.
    """
    carried = draw_makes(len(sites), rng)
    name, name_ar = signs.names(sites, _only(carried), makes, rng)
    status = rng.choice(list(_STATUS_SHARES), size=len(sites), p=list(_STATUS_SHARES.values()))
    age_days = np.ceil(rng.exponential(700, len(sites)))
    age_days = np.where(
        rng.random(len(sites)) < _NEW_SHARE, rng.integers(1, 14, len(sites)), age_days
    )
    end = dt.datetime.combine(until, dt.time(), dt.UTC)
    return pl.DataFrame(
        [
            demo_ids(first, len(sites), rng),
            name.alias("name"),
            name_ar.alias("name_ar"),
            signs.phones(sites, rng).alias("phone"),
            signs.addresses(sites, rng).alias("address"),
            pl.Series("status", status, dtype=pl.String),
            pl.Series("lon", sites.lon),
            pl.Series("lat", sites.lat),
            _service_zones(sites, rng).alias("service_zone"),
            _brand_ids(carried, makes).alias("brand_ids"),
            _chosen(regular_hours(), len(sites), rng).alias("regular_hours"),
            _chosen(RAMADAN_HOURS, len(sites), rng).alias("ramadan_hours"),
            _chosen(HOLIDAY_HOURS, len(sites), rng).alias("holiday_hours"),
            _closed_on(len(sites), until, rng).alias("closed_on"),
            *_record(np.where(status == "pending_verification", 0, age_days), rng).get_columns(),
            instants_before(end, age_days * 86_400).alias("created_at"),
            instants_before(end, rng.integers(0, 86_400, len(sites))).alias("updated_at"),
        ]
    )


def _only(carried: NDArray[np.bool_]) -> Integers:
    return np.where(carried.sum(axis=1) == 1, carried.argmax(axis=1), -1)


def _brand_ids(carried: NDArray[np.bool_], makes: pl.DataFrame) -> pl.Series:
    ends = np.concatenate([[0], np.cumsum(carried.sum(axis=1))]).astype(np.int32)
    ids = makes["brand_id"].to_numpy()[np.nonzero(carried)[1]].astype(np.int32)
    lists = pl.Series(pa.ListArray.from_arrays(ends, ids))
    return lists.list.sort()


def _chosen(
    choices: list[tuple[list[int], float]] | list[tuple[list[int] | None, float]],
    count: int,
    rng: np.random.Generator,
) -> pl.Series:
    shares = np.array([share for _, share in choices])
    values = pl.Series([value for value, _ in choices], dtype=pl.List(pl.Int32))
    return values.gather(rng.choice(len(choices), size=count, p=shares / shares.sum()))


def _closed_on(count: int, until: dt.date, rng: np.random.Generator) -> pl.Series:
    """Return no days for most shops, and a day or two around `until` for the others."""
    first = pl.Series(rng.integers(-30, 60, count))
    days = pl.select(
        pl.when(pl.Series(rng.random(count) >= _CLOSED_ON_SHARE))
        .then(pl.lit([], dtype=pl.List(pl.Int64)))
        .when(pl.Series(rng.random(count) < 0.5))
        .then(pl.concat_list(first))
        .otherwise(pl.concat_list(first, first + 1))
    ).to_series()
    return days.list.eval(pl.lit(until) + pl.duration(days=pl.element()))


def _record(age_days: Floats, rng: np.random.Generator) -> pl.DataFrame:
    """Return the statistics of shops: counts are skewed, a good shop is good in all of them."""
    count = len(age_days)
    quality = rng.standard_normal(count)

    def chance(centre: float, slope: float) -> Floats:
        odds = centre + slope * quality + 0.6 * rng.standard_normal(count)
        return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float64)

    received = np.minimum(age_days * np.exp(rng.normal(-2.2, 1.2, count)), 20_000).astype(np.int64)
    answered = rng.binomial(received, chance(1.6, 0.5))
    delivered = rng.binomial(answered, chance(-1.2, 0.2))
    rated = rng.binomial(delivered, 0.45)
    rating = 4.15 + 0.3 * quality + rng.normal(0, 0.9, count) / np.sqrt(np.maximum(rated, 1))
    answer_minutes = np.exp(rng.normal(2.6, 0.6, count) - 0.25 * quality)
    preparation_minutes = np.exp(rng.normal(2.75, 0.45, count) - 0.1 * quality)
    return pl.DataFrame(
        {
            "rating_mean": _mean(np.clip(rating, 1, 5), rated, digits=2),
            "rating_count": rated,
            "requests_received": received,
            "requests_answered": answered,
            "answer_minutes_mean": _mean(np.minimum(answer_minutes, 1_440), answered, digits=1),
            "deliveries_count": delivered,
            "deliveries_on_time": rng.binomial(delivered, chance(2.0, 0.5)),
            "preparation_minutes_mean": _mean(
                np.minimum(preparation_minutes, 240), delivered, digits=1
            ),
            "preparation_count": delivered,
        }
    )


def _mean(values: Floats, counts: Integers, *, digits: int) -> pl.Series:
    """Return the values, and null where nothing was counted."""
    known = pl.Series(counts > 0)
    return pl.Series(np.round(values, digits)).zip_with(known, pl.Series([None], dtype=pl.Float64))


def _service_zones(sites: Sites, rng: np.random.Generator) -> pl.Series:
    """Return EWKT for the few shops that deliver to a zone, around them or also further off."""
    zones: list[str | None] = [None] * len(sites)
    for row in np.nonzero(rng.random(len(sites)) < _ZONE_SHARE)[0].tolist():
        radius = rng.uniform(3_000, 12_000)
        rings = [_octagon(sites.lon[row], sites.lat[row], radius)]
        if rng.random() < 0.3:
            away = 3 * radius / METRES_PER_DEGREE
            rings.append(_octagon(sites.lon[row], sites.lat[row] - away, radius * 0.6))
        zones[row] = f"SRID=4326;MULTIPOLYGON({','.join(rings)})"
    return pl.Series(zones, dtype=pl.String)


def _octagon(lon: float, lat: float, radius_m: float) -> str:
    turn = np.radians([*range(0, 360, 45), 0])
    east = radius_m / (METRES_PER_DEGREE * np.cos(np.radians(lat))) * np.cos(turn) + lon
    north = radius_m / METRES_PER_DEGREE * np.sin(turn) + lat
    corners = ",".join(f"{x:.6f} {y:.6f}" for x, y in zip(east, north, strict=True))
    return f"(({corners}))"


def instants_before(end: dt.datetime, seconds: Floats | Integers) -> pl.Series:
    """Return the instants so many seconds before `end`."""
    ago = pl.lit(pl.Series(seconds * 1_000_000)).cast(pl.Int64).cast(pl.Duration("us"))
    return pl.select(pl.lit(end) - ago).to_series()
