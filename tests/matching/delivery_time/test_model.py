import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clutch.errors import InvalidFrame, InvalidInput
from matching import delivery_time
from matching.delivery_time import cold_start, fit, from_bytes
from matching.delivery_time.trees import NO_TREES


def trip(**changes):
    row = {
        "origin_lon": 31.24,
        "origin_lat": 30.05,
        "destination_lon": 31.30,
        "destination_lat": 30.10,
        "started_at": datetime(2026, 2, 2, 12, tzinfo=UTC),
        "duration_seconds": 1500.0,
    } | changes
    return pl.DataFrame({name: [value] for name, value in row.items()})


def kilometres(trips):
    east = (trips["destination_lon"] - trips["origin_lon"]).to_numpy() * 96
    north = (trips["destination_lat"] - trips["origin_lat"]).to_numpy() * 111
    return np.hypot(east, north)


def mean_absolute_error(trips, seconds):
    return (trips["duration_seconds"] - seconds).abs().mean()


def covered(trips, promised):
    return (trips["duration_seconds"] <= promised).mean()


def test_it_errs_less_than_a_fitted_constant_speed(learned, past, make_trips):
    ahead = make_trips(1000, seed=2, day=28)

    pace = np.median(past["duration_seconds"].to_numpy() / kilometres(past))
    by_speed = mean_absolute_error(ahead, pl.Series(pace * kilometres(ahead)))
    assert mean_absolute_error(ahead, learned.predict(ahead)["q0.5"]) < 0.7 * by_speed


def test_it_errs_less_than_its_own_base(learned, make_trips):
    ahead = make_trips(1000, seed=3, day=28)
    of_base = mean_absolute_error(ahead, replace(learned, trees=NO_TREES).predict(ahead)["q0.5"])
    assert mean_absolute_error(ahead, learned.predict(ahead)["q0.5"]) < 0.97 * of_base


def test_the_promise_is_kept_nine_times_of_ten_for_short_and_for_long_trips(learned, make_trips):
    model = from_bytes(learned.to_bytes())
    kept = [[], [], []]
    for week in range(40):
        batch = make_trips(80, seed=50 + week, day=28)
        in_time = batch["duration_seconds"] <= model.predict(batch)["q0.9"]
        third = np.digitize(kilometres(batch), np.quantile(kilometres(batch), [1 / 3, 2 / 3]))
        for k in range(3):
            kept[k].append(in_time.filter(third == k).mean())
        model.observe(batch)
    assert np.mean(kept, axis=1) == pytest.approx([0.9] * 3, abs=0.015)


def test_under_drift_the_rolling_band_keeps_promises_that_a_fixed_one_breaks(learned, make_trips):
    model = from_bytes(learned.to_bytes())
    kept, kept_by_fixed = [], []
    for week in range(30):
        batch = make_trips(70, seed=100 + week, day=28 + 7 * week, slowness=1.012**week)
        kept.append(covered(batch, model.predict(batch)["q0.9"]))
        kept_by_fixed.append(covered(batch, learned.predict(batch)["q0.9"]))
        model.observe(batch)
    assert np.mean(kept) == pytest.approx(0.9, abs=0.01)
    assert np.mean(kept_by_fixed) < 0.8


def test_under_drift_the_median_follows(learned, make_trips):
    model = from_bytes(learned.to_bytes())
    model.observe(make_trips(400, seed=5, day=28, slowness=1.5))
    ahead = make_trips(1000, seed=6, day=56, slowness=1.5)
    assert covered(ahead, model.predict(ahead)["q0.5"]) == pytest.approx(0.5, abs=0.06)


def test_the_fast_path_says_what_predict_says(learned, make_trips):
    at = datetime(2026, 3, 29, 21, 59, 59, 999_999, tzinfo=UTC)
    shops = make_trips(50, seed=7)
    trips = shops.with_columns(
        destination_lon=pl.lit(31.2), destination_lat=pl.lit(30.1), started_at=pl.lit(at)
    )
    for model in (learned, cold_start()):
        p50, p90 = model.travel_seconds(
            shops["origin_lon"].to_numpy(), shops["origin_lat"].to_numpy(), 31.2, 30.1, at
        )
        expected = model.predict(trips)
        assert p50 == pytest.approx(expected["q0.5"].to_numpy(), rel=1e-12, abs=1e-9)
        assert p90 == pytest.approx(expected["q0.9"].to_numpy(), rel=1e-12, abs=1e-9)


def test_the_fast_path_answers_one_shop_and_none(learned):
    at = datetime(2026, 3, 3, tzinfo=UTC)
    one = learned.travel_seconds(np.array([31.3]), np.array([30.0]), 31.2, 30.1, at)
    three = learned.travel_seconds(np.full(3, 31.3), np.full(3, 30.0), 31.2, 30.1, at)
    assert one[0][0] == three[0][2]
    none = learned.travel_seconds(np.zeros(0), np.zeros(0), 31.2, 30.1, at)
    assert [len(column) for column in none] == [0, 0]


def test_the_order_of_the_trips_does_not_matter(past):
    shuffled = past.sample(fraction=1.0, shuffle=True, seed=3)
    few = past.head(300)
    assert fit(few).version == fit(few.sample(fraction=1.0, shuffle=True, seed=3)).version
    assert shuffled["started_at"].is_sorted() is False


def test_the_order_within_a_batch_of_outcomes_does_not_matter(learned, make_trips):
    batch = make_trips(50, seed=8, day=28)
    observed = from_bytes(learned.to_bytes()).observe(batch)
    shuffled = from_bytes(learned.to_bytes()).observe(batch.reverse())
    assert observed.version == shuffled.version != learned.version


def test_quantiles_rise_with_their_level(learned, make_trips):
    levels = [0.01, 0.1, 0.4, 0.5, 0.51, 0.75, 0.9, 0.95, 0.999]
    answer = learned.predict(make_trips(200, seed=9), quantiles=levels)
    assert answer.columns == [f"q{level}" for level in levels]
    assert (np.diff(answer.to_numpy(), axis=1) >= 0).all()


def test_nothing_seen_is_the_prior(past):
    assert fit(past.clear()).version == cold_start().version
    assert fit(past.clear()).source == "prior"


def test_one_trip_moves_the_prior_a_little_and_many_a_lot(past):
    slow = past.with_columns(duration_seconds=pl.col("duration_seconds") * 3)
    where = past.head(200)
    prior = cold_start().predict(where)["q0.5"].mean()
    few = fit(slow.head(1)).predict(where)["q0.5"].mean()
    many = fit(slow.head(600)).predict(where)["q0.5"].mean()
    assert prior < few < 0.75 * many


def test_rush_hour_in_cairo_is_slower_than_the_night_before_any_trip_was_seen():
    at_five = trip(started_at=datetime(2026, 2, 2, 15, tzinfo=UTC))
    at_four_in_the_morning = trip(started_at=datetime(2026, 2, 2, 2, tzinfo=UTC))
    on_friday = trip(started_at=datetime(2026, 2, 6, 6, tzinfo=UTC))
    on_thursday = trip(started_at=datetime(2026, 2, 5, 6, tzinfo=UTC))

    def seconds(trips):
        return cold_start().predict(trips)["q0.5"][0]

    assert seconds(at_five) == pytest.approx(2.0 * seconds(at_four_in_the_morning))
    assert seconds(on_friday) == pytest.approx(0.72 / 1.18 * seconds(on_thursday))


def test_hours_are_read_from_the_clock_of_the_city():
    summer = datetime(2026, 7, 1, 14, tzinfo=UTC)  # 17:00 in Cairo, which keeps summer time
    aware = cold_start().predict(trip(started_at=summer))
    local = cold_start().predict(trip(started_at=datetime(2026, 7, 1, 17)))  # noqa: DTZ001 - a file without zones
    in_new_york = cold_start(timezone="America/New_York").predict(trip(started_at=summer))
    assert aware.equals(local)
    assert not aware.equals(in_new_york)


def test_an_hour_that_the_clock_skips_or_repeats_is_read():
    skipped = datetime(2026, 3, 8, 2, 30)  # noqa: DTZ001 - a file without zones
    repeated = datetime(2026, 11, 1, 1, 30)  # noqa: DTZ001 - as above
    for started_at in (skipped, repeated):
        answer = cold_start(timezone="America/New_York").predict(trip(started_at=started_at))
        assert math.isfinite(answer["q0.9"][0])


longitudes = st.floats(-180, 180)
latitudes = st.floats(-90, 90)
instants = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@settings(max_examples=200, deadline=None)
@given(longitudes, latitudes, longitudes, latitudes, instants)
def test_every_legal_trip_has_a_finite_answer(learned, lon, lat, to_lon, to_lat, started_at):
    for model in (learned, cold_start()):
        p50, p90 = model.travel_seconds(
            np.array([lon]), np.array([lat]), to_lon, to_lat, started_at
        )
        assert 1 <= p50[0] <= p90[0] <= 30 * 86_400


@pytest.mark.parametrize(
    ("lon", "lat", "to_lon", "to_lat"),
    [(180.0, 10.0, -180.0, 10.0), (31.0, 90.0, -120.0, 90.0), (5.0, -90.0, 5.0, -90.0)],
)
def test_no_distance_is_no_distance_across_the_antimeridian_and_at_the_poles(
    lon, lat, to_lon, to_lat
):
    at = datetime(2026, 2, 2, 12, tzinfo=UTC)
    there, _ = cold_start().travel_seconds(np.array([lon]), np.array([lat]), to_lon, to_lat, at)
    nowhere, _ = cold_start().travel_seconds(np.array([9.0]), np.array([9.0]), 9.0, 9.0, at)
    assert there == pytest.approx(nowhere)


def test_trips_of_no_time_and_no_distance_can_be_learned_from():
    row = trip(destination_lon=31.24, destination_lat=30.05, duration_seconds=0.0)
    for trips in (row, pl.concat([row] * 150)):
        answer = fit(trips).observe(trips).predict(trips)
        assert answer["q0.9"].is_finite().all()


def test_junk_among_the_trips_does_little_harm(past, make_trips):
    ahead = make_trips(500, seed=10, day=28)
    clean = past.head(500)
    junk = clean.head(40).with_columns(duration_seconds=pl.lit(0.0))
    astray = clean.head(40).with_columns(destination_lon=pl.lit(0.0), destination_lat=pl.lit(0.0))
    error = mean_absolute_error(ahead, fit(clean).predict(ahead)["q0.5"])
    with_junk = fit(pl.concat([clean, junk, astray])).predict(ahead)["q0.5"]
    assert mean_absolute_error(ahead, with_junk) < 1.1 * error


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("origin_lon", math.nan),
        ("origin_lat", 90.5),
        ("destination_lon", -180.5),
        ("destination_lat", math.inf),
        ("duration_seconds", -1.0),
        ("duration_seconds", None),
        ("duration_seconds", True),
        ("started_at", "yesterday"),
        ("started_at", None),
    ],
)
def test_a_trip_that_cannot_be_is_refused_by_column(column, value):
    dtype = {"started_at": pl.Datetime("us", "UTC")}.get(column, pl.Float64)
    bad = trip().with_columns(pl.lit(value, dtype=dtype if value is None else None).alias(column))
    for use in (fit, cold_start().observe):
        with pytest.raises(InvalidFrame, match=rf"^trips\.{column}: expected"):
            use(bad)


def test_a_missing_column_is_named():
    with pytest.raises(InvalidFrame, match=r"^trips\.destination_lat: .*no such column"):
        cold_start().predict(trip().drop("destination_lat"))


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, math.nan, True, "0.9", None])
def test_a_level_outside_zero_and_one_is_refused(level):
    with pytest.raises(InvalidInput, match=r"^quantiles: expected"):
        cold_start().predict(trip(), quantiles=[level])


@pytest.mark.parametrize("timezone", ["Africa/Kairo", "", 3])
def test_a_time_zone_that_is_none_is_refused(timezone):
    with pytest.raises(InvalidInput, match=r"^timezone: expected"):
        fit(trip(), timezone=timezone)


def test_free_roads_are_slowed_down_by_the_hour(learned):
    hours = [datetime(2026, 1, 5, hour, tzinfo=UTC) for hour in range(24)]
    factors = [learned.slowdown(hour) for hour in hours]
    assert min(factors) >= 1
    assert factors[15] == max(factors)
    assert factors[15] == pytest.approx(1.5 / 0.7, rel=0.15)


def test_outcomes_of_no_trips_change_nothing(learned, past):
    model = from_bytes(learned.to_bytes())
    assert model.observe(past.clear()).version == learned.version


def test_only_the_latest_trips_count(past, monkeypatch):
    monkeypatch.setattr(delivery_time.fitting, "_LATEST", 200)
    ended_at = past["started_at"] + pl.duration(seconds=past["duration_seconds"])
    assert fit(past).version == fit(past.sort(ended_at).tail(200)).version


def test_preparation_is_learned_where_it_is_told(past):
    rng = np.random.default_rng(5)
    past = past.head(600)
    shops = rng.integers(0, 40, len(past))
    told = past.with_columns(
        shop_id=pl.Series([f"shop {shop}" for shop in shops]),
        preparation_seconds=pl.Series(1800 * np.exp(0.3 * rng.standard_normal(len(past)))),
    )
    fleet = fit(told).preparation
    assert np.exp(fleet.log_mean) == pytest.approx(1800, rel=0.3)
    assert fleet.within_sd == pytest.approx(0.3, abs=0.02)
    assert fit(past.head(5)).preparation == cold_start().preparation


def test_the_whole_promise_is_kept_nine_times_of_ten(learned, make_trips):
    ahead = make_trips(4000, seed=11, day=28)
    rng = np.random.default_rng(6)
    fleet = delivery_time.PreparationFleet(log_mean=math.log(900), between_sd=0.4, within_sd=0.5)
    shop = fleet.log_mean + fleet.between_sd * rng.standard_normal(len(ahead))
    counts = rng.integers(0, 30, len(ahead))

    def order(center):
        return np.exp(center + fleet.within_sd * rng.standard_normal(np.shape(center)))

    means = [
        order(np.full(count, center)).mean() if count else math.nan
        for center, count in zip(shop, counts, strict=True)
    ]
    travel = [column.to_numpy() for column in learned.predict(ahead)]
    p50, p90 = delivery_time.promise(
        fleet.quantiles(np.array(means), counts), (travel[0], travel[1])
    )
    total = order(shop) + ahead["duration_seconds"].to_numpy()
    assert np.mean(total <= p90) == pytest.approx(0.9, abs=0.02)
    assert np.mean(total <= p50) == pytest.approx(0.5, abs=0.04)


def test_a_later_start_by_a_week_keeps_the_hour(learned):
    at = trip()["started_at"][0]
    now = learned.predict(trip())
    later = learned.predict(trip(started_at=at + timedelta(weeks=1)))
    assert later["q0.5"][0] == pytest.approx(now["q0.5"][0], rel=0.1)
