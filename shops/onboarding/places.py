"""Where shops may be: Egypt, and the governorate that they say. Pure.

Positions are (lon, lat) in degrees, WGS 84. The outline is drawn by hand along the borders, wide at
sea; it is there to catch mistakes, the commonest being swapped coordinates, not to settle borders.
Those of Cairo lie in Egypt swapped too, by Alexandria, which is why the governorate is asked.
"""

import math
from typing import NamedTuple

from clutch.errors import InvalidInput
from clutch.names import name_key

__all__ = ["GOVERNORATES", "Governorate", "OutsideServiceArea", "check_place", "governorate"]

OUTLINE = (
    (24.6, 22.0), (37.0, 22.0), (36.0, 23.6), (35.3, 25.0), (34.4, 26.9), (34.5, 27.7),
    (34.55, 28.1), (34.65, 28.6), (34.8, 29.2), (34.92, 29.49), (34.28, 31.22), (34.2, 31.8),
    (24.6, 32.0),
)  # fmt: skip
"""The service area, its corners one after the other."""

_NEAR_KM = 60.0
_FAR_KM = 120.0
_KM_PER_DEGREE = 111.2


class Governorate(NamedTuple):
    """A governorate and where its capital is."""

    name_en: str
    name_ar: str
    lon: float
    lat: float


GOVERNORATES = (
    Governorate("Alexandria", "الإسكندرية", 29.92, 31.20),
    Governorate("Aswan", "أسوان", 32.90, 24.09),
    Governorate("Asyut", "أسيوط", 31.18, 27.18),
    Governorate("Beheira", "البحيرة", 30.47, 31.04),
    Governorate("Beni Suef", "بني سويف", 31.10, 29.07),
    Governorate("Cairo", "القاهرة", 31.24, 30.04),
    Governorate("Dakahlia", "الدقهلية", 31.38, 31.04),
    Governorate("Damietta", "دمياط", 31.81, 31.42),
    Governorate("Faiyum", "الفيوم", 30.84, 29.31),
    Governorate("Gharbia", "الغربية", 31.00, 30.79),
    Governorate("Giza", "الجيزة", 31.21, 30.01),
    Governorate("Ismailia", "الإسماعيلية", 32.27, 30.60),
    Governorate("Kafr El Sheikh", "كفر الشيخ", 30.94, 31.11),
    Governorate("Luxor", "الأقصر", 32.64, 25.69),
    Governorate("Matrouh", "مطروح", 27.24, 31.35),
    Governorate("Minya", "المنيا", 30.75, 28.09),
    Governorate("Monufia", "المنوفية", 31.01, 30.56),
    Governorate("New Valley", "الوادي الجديد", 30.55, 25.44),
    Governorate("North Sinai", "شمال سيناء", 33.80, 31.13),
    Governorate("Port Said", "بورسعيد", 32.30, 31.26),
    Governorate("Qalyubia", "القليوبية", 31.19, 30.46),
    Governorate("Qena", "قنا", 32.72, 26.16),
    Governorate("Red Sea", "البحر الأحمر", 33.81, 27.26),
    Governorate("Sharqia", "الشرقية", 31.50, 30.59),
    Governorate("Sohag", "سوهاج", 31.69, 26.56),
    Governorate("South Sinai", "جنوب سيناء", 33.62, 28.24),
    Governorate("Suez", "السويس", 32.55, 29.97),
)
_BY_NAME = {name_key(name): each for each in GOVERNORATES for name in each[:2]}


class OutsideServiceArea(InvalidInput):
    """The place is not where shops may be."""

    def __init__(self, field: str, *, swapped: bool) -> None:
        expected = "[longitude, latitude] of a place in Egypt"
        super().__init__(field, expected + ("; are they swapped?" if swapped else ""))


def governorate(name: str) -> str:
    """Return the English name of the governorate that goes by `name`, English or Arabic.

    Raises
    ------
    ValueError
        None does.

    Examples
    --------
    >>> governorate("القاهره"), governorate("kafr el-sheikh")
    ('Cairo', 'Kafr El Sheikh')
    """
    found = _BY_NAME.get(name_key(name))
    if found is None:
        raise ValueError("a governorate of Egypt, such as Cairo or القاهرة")
    return found.name_en


def check_place(lon: float, lat: float, *, governorate: str, field: str) -> None:
    """Refuse a place outside the service area, or one whose coordinates are plainly swapped.

    `governorate` is an English name of `GOVERNORATES`.

    Raises
    ------
    OutsideServiceArea
        Names `field`, and says when the two look swapped.

    Examples
    --------
    >>> check_place(31.2357, 30.0444, governorate="Cairo", field="location")
    >>> check_place(30.0444, 31.2357, governorate="Cairo", field="location")
    Traceback (most recent call last):
    shops.onboarding.places.OutsideServiceArea: location: ... in Egypt; are they swapped?
    """
    capital = _BY_NAME[name_key(governorate)]
    swapped = (
        _distance_km(lat, lon, capital) < _NEAR_KM and _distance_km(lon, lat, capital) > _FAR_KM
    )
    if swapped or not _is_inside(lon, lat):
        raise OutsideServiceArea(field, swapped=swapped or _is_inside(lat, lon))


def _is_inside(lon: float, lat: float) -> bool:
    """Say whether a line due west from the place crosses the outline an odd number of times."""
    crossings = 0
    for (lon_a, lat_a), (lon_b, lat_b) in zip(OUTLINE, OUTLINE[1:] + OUTLINE[:1], strict=True):
        if (lat_a > lat) != (lat_b > lat):
            crossings += lon_a + (lat - lat_a) / (lat_b - lat_a) * (lon_b - lon_a) < lon
    return crossings % 2 == 1


def _distance_km(lon: float, lat: float, place: Governorate) -> float:
    """Return about how far the place is: on a plane, good enough within Egypt."""
    east = (lon - place.lon) * math.cos(math.radians(place.lat))
    return _KM_PER_DEGREE * math.hypot(east, lat - place.lat)
