import datetime as dt

import numpy as np
import polars as pl
import pytest

from demo.deliveries import draw_deliveries
from demo.land import is_land
from demo.sites import Sites

DAYS = 70


@pytest.fixture(scope="module")
def deliveries(shops: pl.DataFrame, sites: Sites, until: dt.date) -> pl.DataFrame:
    drawn = draw_deliveries(shops, sites, 20_000, DAYS, until, np.random.default_rng(1))
    cairo = drawn["started_at"].dt.convert_time_zone("Africa/Cairo")
    east = (drawn["destination_lon"] - drawn["origin_lon"]) * np.cos(np.radians(30.5))
    north = drawn["destination_lat"] - drawn["origin_lat"]
    return drawn.with_columns(
        hour=cairo.dt.hour(),
        friday=cairo.dt.weekday() == 5,
        day=cairo.dt.date(),
        km=(east**2 + north**2).sqrt() * 111.195,
    )


def test_history_fills_the_days_before_the_last_one_in_order(
    deliveries: pl.DataFrame, until: dt.date
) -> None:
    assert deliveries["started_at"].is_sorted()
    assert deliveries["day"].min() == until - dt.timedelta(days=DAYS)
    assert deliveries["day"].max() == until - dt.timedelta(days=1)
    assert deliveries["hour"].is_between(8, 23).all()


def test_friday_has_fewer_deliveries(deliveries: pl.DataFrame) -> None:
    by_day = deliveries.group_by("day", "friday").len().group_by("friday").agg(pl.col("len").mean())
    friday, other = by_day.sort("friday", descending=True)["len"]
    assert friday < 0.5 * other


def test_the_afternoon_rush_is_slow_and_friday_morning_quick(deliveries: pl.DataFrame) -> None:
    far = deliveries.filter(pl.col("km") > 2).with_columns(
        pace=pl.col("duration_seconds") / pl.col("km")
    )
    rush = far.filter(~pl.col("friday"), pl.col("hour").is_between(15, 17))["pace"].median()
    calm = far.filter(pl.col("friday"), pl.col("hour") < 12)["pace"].median()
    assert rush > 1.5 * calm


def test_longer_ways_take_longer_and_are_driven_faster(deliveries: pl.DataFrame) -> None:
    near, far = deliveries.filter(pl.col("km") < 1.5), deliveries.filter(pl.col("km") > 6)
    assert far["duration_seconds"].median() > 2 * near["duration_seconds"].median()
    speed = [(part["km"] / part["duration_seconds"]).median() for part in (near, far)]
    assert speed[1] > 1.2 * speed[0]


def test_customers_live_on_land_within_reach(deliveries: pl.DataFrame) -> None:
    assert is_land(
        deliveries["destination_lon"].to_numpy(), deliveries["destination_lat"].to_numpy()
    ).all()
    assert deliveries["km"].median() < 6
    assert deliveries["km"].max() < 80


def test_a_slow_shop_s_orders_take_longer_to_prepare(
    deliveries: pl.DataFrame, shops: pl.DataFrame
) -> None:
    joined = deliveries.join(shops, on="shop_id").filter(
        pl.col("preparation_minutes_mean").is_not_null()
    )
    correlation = joined.select(
        pl.corr("preparation_minutes_mean", "preparation_seconds", method="spearman")
    ).item()
    assert correlation > 0.5
    assert joined["preparation_seconds"].is_between(0, 14_400).all()


@pytest.mark.parametrize(("count", "days"), [(0, 10), (10, 0)])
def test_no_history_is_an_empty_frame(
    shops: pl.DataFrame, sites: Sites, until: dt.date, count: int, days: int
) -> None:
    drawn = draw_deliveries(shops, sites, count, days, until, np.random.default_rng(1))
    assert drawn.is_empty()
