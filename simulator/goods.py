"""What customers ask for: the cars of Egypt's streets, and the parts that wear out in them.

People name parts as they can: by number, in English, in Arabic, or by what is wrong. Prices are
of the order of Cairo's counters, in piastres.
Pure.
"""

from typing import Any, NamedTuple

import numpy as np

__all__ = ["CARS", "PARTS", "Car", "Part", "draw_car", "draw_parts", "unit_price_piastres"]


class Car(NamedTuple):
    """A make with its models, and how much of the traffic it is."""

    make: str
    make_ar: str
    models: tuple[str, ...]
    weight: float


class Part(NamedTuple):
    """A part by its names, what ails a car without it, and what it costs (Egyptian pounds)."""

    name: str
    name_ar: str
    complaint: str
    number: str
    pounds: int


CARS = [
    Car("Hyundai", "هيونداي", ("Verna", "Elantra", "Accent", "Tucson"), 16),
    Car("Toyota", "تويوتا", ("Corolla", "Yaris", "Fortuner"), 14),
    Car("Chevrolet", "شيفروليه", ("Lanos", "Aveo", "Optra", "Cruze"), 13),
    Car("Nissan", "نيسان", ("Sunny", "Sentra", "Qashqai"), 11),
    Car("Kia", "كيا", ("Cerato", "Sportage", "Picanto"), 9),
    Car("Fiat", "فيات", ("128", "Tipo", "Punto"), 7),
    Car("Renault", "رينو", ("Logan", "Duster", "Megane"), 7),
    Car("Chery", "شيري", ("Tiggo 3", "Arrizo 5"), 6),
    Car("MG", "ام جي", ("ZS", "5"), 4),
    Car("Skoda", "سكودا", ("Octavia", "Fabia"), 3),
]

PARTS = [
    Part("front brake pads", "تيل فرامل أمامي", "صوت صفير عند الفرملة", "04465-02220", 950),
    Part("oil filter", "فلتر زيت", "ميعاد تغيير الزيت", "26300-35505", 140),
    Part("air filter", "فلتر هواء", "العربية ضعيفة في الطلوع", "28113-1R100", 220),
    Part("spark plugs", "بوجيهات", "engine misses when it is cold", "22401-ED815", 480),
    Part("clutch kit", "طقم دبرياج", "الدبرياج بيفوت", "41300-23138", 4_200),
    Part("shock absorber, front", "مساعد أمامي", "knocking over bumps", "54302-1HM0A", 1_850),
    Part("timing belt", "سير كاتينة", "time for the big service", "24312-23202", 780),
    Part("water pump", "طلمبة مياه", "تسريب مياه من ناحية السيور", "16100-29085", 1_250),
    Part("battery 60 Ah", "بطارية ٦٠ أمبير", "مش بتدور الصبح", "60L-560", 2_600),
    Part("alternator", "دينامو", "لمبة البطارية منورة", "37300-2B101", 5_400),
    Part("headlight, left", "فانوس أمامي شمال", "broken in an accident", "92101-1R010", 3_100),
    Part("side mirror, right", "مراية يمين", "المراية اتكسرت", "87620-1R000", 1_400),
    Part("radiator", "ردياتير", "الحرارة بتعلى", "25310-1R000", 3_700),
    Part("ball joint", "مقص كورة", "play in the steering", "54530-1J000", 620),
]

_FEWEST_PARTS_SHARE = (0.55, 0.27, 0.12, 0.06)
_CONDITIONS = (None, None, "oem", "aftermarket", "used")
_CONDITION_FACTORS = {"oem": 1.25, "aftermarket": 0.8, "used": 0.45}


def draw_car(rng: np.random.Generator) -> dict[str, Any]:
    """Draw somebody's car, its make in either language, as the API takes a vehicle.

    Examples
    --------
    >>> draw_car(np.random.default_rng(7))
    {'make': 'كيا', 'model': 'Sportage', 'year': 2021}
    """
    weights = np.array([car.weight for car in CARS])
    car = CARS[int(rng.choice(len(CARS), p=weights / weights.sum()))]
    return {
        "make": car.make if rng.random() < 0.5 else car.make_ar,
        "model": car.models[int(rng.integers(len(car.models)))],
        "year": int(rng.integers(2004, 2026)),
    }


def draw_parts(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Draw the lines of an order, each part named in one of the ways that people name parts.

    Examples
    --------
    >>> draw_parts(np.random.default_rng(1))
    [{'number': '92101-1R010', 'quantity': 1, 'condition': 'used'}]
    """
    count = 1 + int(rng.choice(len(_FEWEST_PARTS_SHARE), p=_FEWEST_PARTS_SHARE))
    return [_line(PARTS[row], rng) for row in rng.choice(len(PARTS), size=count, replace=False)]


def _line(part: Part, rng: np.random.Generator) -> dict[str, Any]:
    ways: list[dict[str, Any]] = [
        {"number": part.number},
        {"name": part.name},
        {"name": part.name_ar},
        {"number": part.number, "name": part.name},
        {"description": part.complaint},
    ]
    line = ways[int(rng.choice(len(ways), p=(0.15, 0.25, 0.35, 0.1, 0.15)))]
    condition = _CONDITIONS[int(rng.integers(len(_CONDITIONS)))]
    line["quantity"] = 1 + int(rng.random() < 0.12)
    return line | ({"condition": condition} if condition else {})


def unit_price_piastres(
    number: str | None,
    name: str | None,
    condition: str | None,
    *,
    level: float,
    rng: np.random.Generator,
) -> int:
    """Draw what a shop asks for a part; `level` is how dear the shop is, about 1.

    Prices end in full five pounds.

    Examples
    --------
    >>> unit_price_piastres("26300-35505", None, None, level=1, rng=np.random.default_rng(1))
    14500
    """
    known = next((part for part in PARTS if number == part.number), None) or next(
        (part for part in PARTS if name in (part.name, part.name_ar)), None
    )
    pounds = (known.pounds if known else 900) * level * _CONDITION_FACTORS.get(condition or "", 1)
    return max(500, round(pounds * float(np.exp(0.08 * rng.standard_normal())) / 5) * 500)
