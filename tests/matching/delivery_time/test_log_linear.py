import numpy as np
import pytest

from matching.delivery_time.features import HOURS_PER_WEEK, Clock, Journey
from matching.delivery_time.log_linear import PRIOR, Terms, fit_log_linear, fit_spread, spread_of


def journeys(n, seed=0):
    rng = np.random.default_rng(seed)
    lon, lat = 31.2 + rng.normal(0, 0.08, (2, n)), 30.0 + rng.normal(0, 0.08, (2, n))
    journey = Journey.between(lon[0], lat[0], lon[1], lat[1])
    return journey, Clock(rng.uniform(0, HOURS_PER_WEEK, n), np.ones(n))


def test_a_law_of_its_own_form_is_found():
    journey, clock = journeys(5000)
    noise = 0.3 * np.random.default_rng(1).standard_normal(5000)
    wave = 0.3 * np.sin(2 * np.pi * clock.hour_of_week / 24)
    truth = 5.5 + 0.8 * journey.log_km + 0.1 * np.cos(4 * journey.bearing) + wave
    fitted = fit_log_linear(Terms.of(journey, clock), truth + noise)
    error = fitted.at(Terms.of(journey, clock)) - truth
    assert np.sqrt(np.mean(error**2)) < 0.04
    assert fitted.coefficients[1] == pytest.approx(0.8, abs=0.05)
    assert fitted.coefficients[4] == pytest.approx(0.1, abs=0.02)


def test_hours_never_seen_follow_the_same_hours_of_other_days():
    journey, clock = journeys(3000)
    monday = clock.hour_of_week < 24
    double = np.where((clock.hour_of_week % 24 > 12) & (clock.hour_of_week % 24 < 18), 0.7, 0.0)
    seen = ~monday
    fitted = fit_log_linear(
        Terms.of(
            Journey(*(values[seen] for values in vars(journey).values())),
            Clock(clock.hour_of_week[seen], clock.day_of_year[seen]),
        ),
        (PRIOR.at(Terms.of(journey, clock)) + double)[seen],
    )
    change = fitted.level[:24] - PRIOR.level[:24]
    assert change[15] - change[4] == pytest.approx(0.7, abs=0.15)


def test_the_week_has_no_seam():
    journey = Journey(np.ones(2), np.ones(2), np.zeros(2), np.zeros(2))
    ends = Clock(np.array([0.0, np.nextafter(168.0, 0)]), np.ones(2))
    start, end = PRIOR.at(Terms.of(journey, ends))
    assert start == pytest.approx(end, abs=1e-9)


def test_one_wild_trip_in_fifty_hardly_moves_the_base():
    journey, clock = journeys(500)
    truth = PRIOR.at(Terms.of(journey, clock))
    wild = truth.copy()
    wild[::50] += 8.0
    assert fit_log_linear(Terms.of(journey, clock), wild).at(
        Terms.of(journey, clock)
    ) == pytest.approx(truth, abs=0.15)


def test_the_spread_is_found_where_it_differs():
    journey, clock = journeys(6000)
    truth = np.exp(-0.8 - 0.25 * journey.log_km)
    errors = truth * np.random.default_rng(2).standard_normal(6000)
    terms = Terms.of(journey, clock)
    found = spread_of(fit_spread(terms, errors), terms)
    assert np.median(np.abs(np.log(found / truth))) < 0.1
