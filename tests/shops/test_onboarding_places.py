import pytest

from shops.onboarding.places import (
    GOVERNORATES,
    Governorate,
    OutsideServiceArea,
    check_place,
    governorate,
)


def refusal(lon: float, lat: float, governorate: str) -> str:
    with pytest.raises(OutsideServiceArea) as caught:
        check_place(lon, lat, governorate=governorate, field="at")
    return caught.value.expected


@pytest.mark.parametrize("each", GOVERNORATES, ids=lambda each: each.name_en)
def test_the_capital_of_each_governorate_is_inside_and_known_in_both_languages(
    each: Governorate,
) -> None:
    check_place(each.lon, each.lat, governorate=each.name_en, field="at")
    assert governorate(each.name_ar) == governorate(each.name_en.upper()) == each.name_en


# Where both numbers are alike, swapping them leads to about the same place.
@pytest.mark.parametrize(
    "each",
    [each for each in GOVERNORATES if abs(each.lon - each.lat) > 1],
    ids=lambda each: each.name_en,
)
def test_the_capital_of_each_governorate_swapped_is_refused_as_swapped(each: Governorate) -> None:
    assert refusal(each.lat, each.lon, each.name_en).endswith("are they swapped?")


@pytest.mark.parametrize(
    ("lon", "lat", "where"),
    [
        (33.81, 27.26, "Red Sea"),  # Hurghada
        (34.33, 27.91, "South Sinai"),  # Sharm El Sheikh
        (34.89, 29.49, "South Sinai"),  # Taba
        (34.23, 31.27, "North Sinai"),  # Rafah
        (25.15, 31.56, "Matrouh"),  # Sallum
        (25.52, 29.20, "Matrouh"),  # Siwa
        (31.62, 22.34, "Aswan"),  # Abu Simbel
        (36.65, 22.22, "Red Sea"),  # Halaib
    ],
)
def test_the_edges_of_the_country_are_inside(lon: float, lat: float, where: str) -> None:
    check_place(lon, lat, governorate=where, field="at")


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (34.47, 31.50),  # Gaza
        (34.95, 29.56),  # Eilat
        (35.70, 27.35),  # Duba
        (20.07, 32.12),  # Benghazi
        (31.35, 21.80),  # Wadi Halfa
        (-74.0, 40.7),
        (0.0, 0.0),
    ],
)
def test_beyond_the_edges_is_outside(lon: float, lat: float) -> None:
    assert refusal(lon, lat, "Cairo") == "[longitude, latitude] of a place in Egypt"


def test_a_governorate_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="a governorate of Egypt"):
        governorate("Atlantis")
