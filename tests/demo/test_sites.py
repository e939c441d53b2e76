import numpy as np

from demo.land import is_land
from demo.places import PLACES
from demo.sites import STREET_NAMES, draw_sites, hilbert_order, points_on


def test_the_same_seed_draws_the_same_points_and_another_seed_others() -> None:
    first, again, other = (draw_sites(500, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.lon, again.lon)
    assert np.array_equal(first.street, again.street)
    assert not np.array_equal(first.lon, other.lon)


def test_no_point_lies_in_the_water() -> None:
    sites = draw_sites(20_000, np.random.default_rng(1))
    assert is_land(sites.lon, sites.lat).all()


def test_places_have_points_by_their_weight() -> None:
    count = 50_000
    sites = draw_sites(count, np.random.default_rng(1))
    weight = np.array([place.weight for place in PLACES])
    expected = weight / weight.sum()
    found = np.bincount(sites.place, minlength=len(PLACES)) / count
    assert np.abs(found - expected).max() < 5 * np.sqrt(expected.max() / count)


def test_a_market_street_is_long_and_narrow() -> None:
    names = [place.name for place in PLACES]
    points = points_on(np.full(2_000, names.index("El Tawfikia")), np.random.default_rng(1))
    metres = np.stack([points.lon * np.cos(np.radians(30)), points.lat]) * 111_195
    narrow, long = np.sqrt(np.linalg.eigvalsh(np.cov(metres)))
    assert long > 2.5 * narrow
    assert set(points.street) <= set(range(len(STREET_NAMES)))


def test_a_hilbert_curve_steps_to_a_neighbour_each_time_and_visits_every_cell() -> None:
    side = 32
    x, y = (axis.ravel().astype(float) for axis in np.meshgrid(range(side), range(side)))
    order = hilbert_order(x, y, bits=5)
    assert sorted(order.tolist()) == list(range(side * side))
    steps = np.abs(np.diff(x[order])) + np.abs(np.diff(y[order]))
    assert (steps == 1).all()


def test_no_points_are_drawn_when_none_are_wanted() -> None:
    assert len(draw_sites(0, np.random.default_rng(1))) == 0
