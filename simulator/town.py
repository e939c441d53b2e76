"""Where a simulation plays: districts of Greater Cairo, their people and their shops' names.

Centres are those of the real districts, (lon, lat) in degrees.
Pure.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["DISTRICTS", "District", "draw_name", "draw_place", "draw_shop_name", "egyptian_phone"]

_METRES_PER_DEGREE = 111_195.0


class District(NamedTuple):
    """A district, in which governorate it is, and how far its streets reach from the centre."""

    name: str
    name_ar: str
    governorate: str
    lon: float
    lat: float
    reach_m: float


DISTRICTS = [
    District("El Tawfikia", "التوفيقية", "Cairo", 31.2405, 30.0535, 600),
    District("Nasr City", "مدينة نصر", "Cairo", 31.3400, 30.0560, 1_500),
    District("Heliopolis", "مصر الجديدة", "Cairo", 31.3260, 30.0900, 1_200),
    District("El Maadi", "المعادي", "Cairo", 31.2620, 29.9610, 1_200),
    District("Fifth Settlement", "التجمع الخامس", "Cairo", 31.4390, 30.0080, 1_800),
    District("El Mohandessin", "المهندسين", "Giza", 31.2000, 30.0560, 900),
    District("Haram", "الهرم", "Giza", 31.1680, 29.9960, 1_400),
    District("New Capital", "العاصمة الإدارية", "Cairo", 31.7500, 30.0100, 1_500),
]

_FIRST = [
    "Mona", "Ahmed", "Youssef", "Sara", "Hassan", "منى", "أحمد", "كريم", "هبة", "محمود", "نورهان",
]  # fmt: skip
_LAST = ["Adel", "Mostafa", "Fathy", "Nabil", "عادل", "مصطفى", "السيد", "حسن", "إبراهيم", "شوقي"]
_FOUNDERS = [
    ("El Nour", "النور"), ("El Safa", "الصفا"), ("El Horreya", "الحرية"), ("El Nasr", "النصر"),
    ("El Amana", "الأمانة"), ("El Fath", "الفتح"), ("El Rahma", "الرحمة"), ("El Madina", "المدينة"),
]  # fmt: skip


def draw_place(district: District, rng: np.random.Generator) -> tuple[float, float]:
    """Draw a place in a district, (lon, lat).

    Examples
    --------
    >>> lon, lat = draw_place(DISTRICTS[0], np.random.default_rng(1))
    >>> round(lon, 4), round(lat, 4)
    (31.2416, 30.0557)
    """
    east, north = rng.standard_normal(2) * district.reach_m / 2
    lon = district.lon + east / (_METRES_PER_DEGREE * np.cos(np.radians(district.lat)))
    return round(float(lon), 6), round(float(district.lat + north / _METRES_PER_DEGREE), 6)


def draw_name(rng: np.random.Generator) -> str:
    """Draw a person's name, in Latin or Arabic letters or, as people do, in both."""
    return f"{_FIRST[rng.integers(len(_FIRST))]} {_LAST[rng.integers(len(_LAST))]}"


def draw_shop_name(district: District, number: int) -> tuple[str, str]:
    """Return the name of a district's shop, English and Arabic.

    Examples
    --------
    >>> draw_shop_name(DISTRICTS[1], 2)
    ('El Horreya Auto Parts, Nasr City 2', 'الحرية لقطع غيار السيارات، مدينة نصر ٢')
    """
    english, arabic = _FOUNDERS[number % len(_FOUNDERS)]
    digits = str(number).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    return (
        f"{english} Auto Parts, {district.name} {number}",
        f"{arabic} لقطع غيار السيارات، {district.name_ar} {digits}",
    )


def egyptian_phone(rng: np.random.Generator) -> str:
    """Draw a mobile number as it is written at home, sometimes in Arabic digits."""
    number = f"01{rng.choice(['0', '1', '2', '5'])}{rng.integers(10**8):08d}"
    if rng.random() < 0.2:
        return number.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    return number
