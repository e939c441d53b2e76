import pytest

from orders.areas import AREAS, area_of
from orders.privacy import cell_of


@pytest.mark.parametrize(
    ("lon", "lat", "name", "name_ar"),
    [
        (31.3410, 30.0570, "Nasr City", "مدينة نصر"),
        (31.2620, 29.9600, "El Maadi", "المعادي"),
        (29.9500, 31.2110, "Smouha", "سموحة"),
        (32.8990, 24.0890, "Aswan", "أسوان"),
    ],
)
def test_a_cell_is_called_after_what_lies_nearest(
    lon: float, lat: float, name: str, name_ar: str
) -> None:
    area = area_of(*cell_of(lon, lat))
    assert area is not None
    assert (area.name, area.name_ar) == (name, name_ar)


@pytest.mark.parametrize(("lon", "lat"), [(0.0, 0.0), (-180.0, -90.0), (27.0, 27.0)])
def test_far_from_every_area_there_is_no_name(lon: float, lat: float) -> None:
    assert area_of(lon, lat) is None


def test_every_area_is_named_once_in_both_languages_and_lies_in_egypt() -> None:
    for names in ([area.name for area in AREAS], [area.name_ar for area in AREAS]):
        assert len(set(names)) == len(names)
    assert all(24 < area.lon < 37 and 21.9 < area.lat < 31.8 for area in AREAS)
