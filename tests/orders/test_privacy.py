import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.privacy import CELL_METRES, cell_of, distance_band_km

LON = st.floats(min_value=-180, max_value=180, allow_nan=False)
LAT = st.floats(min_value=-90, max_value=90, allow_nan=False)
# The least metres in a degree of latitude, and at the equator of longitude (WGS 84).
PER_DEGREE_LAT, PER_DEGREE_LON = 110_574.0, 111_319.0


@given(LON, LAT)
def test_the_cell_of_a_centre_is_the_cell_itself(lon: float, lat: float) -> None:
    assert cell_of(*cell_of(lon, lat)) == cell_of(lon, lat)


@given(LON, LAT)
def test_a_centre_lies_on_earth_and_near_its_points(lon: float, lat: float) -> None:
    centre_lon, centre_lat = cell_of(lon, lat)
    assert -180 <= centre_lon <= 180
    assert -90 <= centre_lat <= 90
    assert abs(centre_lat - lat) * PER_DEGREE_LAT <= CELL_METRES * 0.51
    if abs(lat) <= 70:
        apart = abs((centre_lon - lon + 180) % 360 - 180)
        assert apart * PER_DEGREE_LON * math.cos(math.radians(lat)) <= CELL_METRES * 0.52


@given(LON, st.floats(min_value=-85, max_value=85))
def test_no_cell_is_narrower_or_lower_than_promised(lon: float, lat: float) -> None:
    centre_lon, centre_lat = cell_of(lon, lat)
    half_lon = CELL_METRES / 2 / (PER_DEGREE_LON * math.cos(math.radians(abs(centre_lat)))) * 0.999
    half_lat = CELL_METRES / 2 / PER_DEGREE_LAT * 0.999
    for east in (-1, 1):
        for north in (-1, 1):
            corner = (centre_lon + east * half_lon, centre_lat + north * half_lat)
            if abs(corner[0]) < 180:
                assert cell_of(*corner) == (centre_lon, centre_lat)


def test_cells_in_cairo_are_as_wide_as_high() -> None:
    here = cell_of(31.2357, 30.0444)
    width = cell_of(here[0] + 0.0146, here[1])[0] - here[0]
    height = cell_of(here[0], here[1] + 0.0127)[1] - here[1]
    assert width * PER_DEGREE_LON * math.cos(math.radians(30.04)) == pytest.approx(1_407, abs=3)
    assert height * 110_850 == pytest.approx(1_403.6, abs=1)


@pytest.mark.parametrize(("metres", "band"), [(0, 1), (400, 1), (1_001, 2), (12_345.6, 13)])
def test_a_band_is_whole_kilometres_rounded_up(metres: float, band: int) -> None:
    assert distance_band_km(metres) == band
