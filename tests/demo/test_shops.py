import datetime as dt
import re
from uuid import UUID

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

from demo.shops import DEMO_PREFIX, demo_ids, draw_shops
from demo.sites import Sites


def test_the_same_seed_draws_the_same_shops(
    sites: Sites, shops: pl.DataFrame, makes: pl.DataFrame, until: dt.date
) -> None:
    assert_frame_equal(shops, draw_shops(sites, 100, makes, until, np.random.default_rng(3)))


def test_identifiers_rise_are_rfc_9562_and_carry_the_demo_s_mark() -> None:
    ids = demo_ids(4_090, 20, np.random.default_rng(1)).to_list()
    assert ids == sorted(set(ids))
    assert all(each.startswith(DEMO_PREFIX) for each in ids)
    assert {(UUID(each).version, UUID(each).variant) for each in ids} == {
        (8, "specified in RFC 4122")
    }


def test_telephone_numbers_are_egyptian(shops: pl.DataFrame) -> None:
    mobile, cairo, elsewhere = r"\+201[0125]\d{8}", r"\+202[23]\d{7}", r"\+20(3|[4-6]\d|13)\d{7}"
    numbers = shops["phone"].to_list()
    assert all(re.fullmatch(f"{mobile}|{cairo}|{elsewhere}", number) for number in numbers)
    assert 0.8 < np.mean([bool(re.fullmatch(mobile, number)) for number in numbers]) < 0.9


def test_statistics_stand_only_where_something_was_counted(shops: pl.DataFrame) -> None:
    for mean, counted in [
        ("rating_mean", "rating_count"),
        ("answer_minutes_mean", "requests_answered"),
        ("preparation_minutes_mean", "preparation_count"),
    ]:
        assert ((shops[mean].is_null()) == (shops[counted] == 0)).all()
    assert (shops["requests_answered"] <= shops["requests_received"]).all()
    assert (shops["deliveries_on_time"] <= shops["deliveries_count"]).all()
    assert shops["rating_mean"].is_between(1, 5).all()


def test_counts_of_ratings_are_skewed(shops: pl.DataFrame) -> None:
    counts = shops["rating_count"].cast(pl.Float64)
    assert counts.mean() > 2 * counts.median()


def test_shops_waiting_for_verification_have_no_history(shops: pl.DataFrame) -> None:
    waiting = shops.filter(status="pending_verification")
    assert 0.01 < len(waiting) / len(shops) < 0.05
    assert waiting["requests_received"].sum() == 0


def test_a_few_shops_deliver_to_zones_and_some_of_those_to_two(shops: pl.DataFrame) -> None:
    zones = shops["service_zone"].drop_nulls()
    assert 0.02 < len(zones) / len(shops) < 0.04
    assert {zone.count("((") for zone in zones} == {1, 2}


def test_brands_are_distinct_rising_identifiers(shops: pl.DataFrame, makes: pl.DataFrame) -> None:
    assert (shops["brand_ids"] == shops["brand_ids"].list.unique().list.sort()).all()
    assert set(shops["brand_ids"].explode()) <= set(makes["brand_id"])


def test_a_specialist_s_sign_names_its_make(shops: pl.DataFrame, makes: pl.DataFrame) -> None:
    one = shops.filter(pl.col("brand_ids").list.len() == 1).with_columns(
        brand_id=pl.col("brand_ids").list.first()
    )
    named = one.join(makes.rename({"name_ar": "make_ar"}), on="brand_id")
    assert named.select(pl.col("name").str.contains(pl.col("name_en"), literal=True).all()).item()
    assert named.select(
        pl.col("name_ar").str.contains(pl.col("make_ar"), literal=True).all()
    ).item()


def test_nothing_is_dated_after_the_last_day(shops: pl.DataFrame, until: dt.date) -> None:
    end = dt.datetime.combine(until, dt.time(), dt.UTC)
    assert shops["created_at"].max() < end
    assert shops["updated_at"].max() <= end
    assert shops["closed_on"].list.len().max() == 2
