"""What is written over the shops' doors and on their cards: names, addresses, telephone numbers.

Pure.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from demo.places import AREA_CODES, PLACES
from demo.sites import STREET_NAMES, Sites

__all__ = ["addresses", "names", "phones"]

_OWNERS = [
    ("El Sayed", "السيد"), ("Abdel Rahman", "عبد الرحمن"), ("Mahmoud", "محمود"),
    ("Ibrahim", "إبراهيم"),
    ("Hassan", "حسن"), ("Mostafa", "مصطفى"), ("El Shazly", "الشاذلي"), ("Girgis", "جرجس"),
    ("Farouk", "فاروق"), ("El Masry", "المصري"), ("Salama", "سلامة"), ("Shehata", "شحاتة"),
    ("El Hoda", "الهدى"), ("El Nour", "النور"), ("El Amal", "الأمل"), ("El Ekhlas", "الإخلاص"),
    ("El Tawheed", "التوحيد"), ("El Madina", "المدينة"), ("Abu Ahmed", "أبو أحمد"), ("Zaki", "زكي"),
    ("Mansour", "منصور"), ("El Gohary", "الجوهري"), ("Saber", "صابر"), ("Mikhail", "ميخائيل"),
    ("El Araby", "العربي"), ("Ramadan", "رمضان"), ("Khalil", "خليل"), ("El Fath", "الفتح"),
    ("El Safwa", "الصفوة"), ("Badawy", "بدوي"), ("Nasr", "نصر"), ("El Delta", "الدلتا"),
]  # fmt: skip
_FORMS = [
    ("{owner} Auto Parts", "{owner} لقطع غيار السيارات"),
    ("{owner} Spare Parts", "{owner} لقطع الغيار"),
    ("{owner} & Sons", "{owner} وأولاده"),
    ("{owner} Brothers", "{owner} إخوان"),
    ("{owner} Trading", "{owner} للتجارة"),
    ("{owner} Car Service & Parts", "{owner} لخدمة وقطع غيار السيارات"),
]
_SPECIALIST_FORMS = [
    ("{owner} {make} Parts", "{owner} لقطع غيار {make}"),
    ("{make} House - {owner}", "بيت {make} - {owner}"),
    ("{make} Center - {owner}", "مركز {make} - {owner}"),
]
_MOBILE_PREFIXES = ["10", "11", "12", "15"]
_MOBILE_SHARES = [0.40, 0.25, 0.25, 0.10]
_LANDLINE_SHARE = 0.15
_BUILDINGS = 240

Integers = NDArray[np.int64]


def names(
    sites: Sites, only_make: Integers, makes: pl.DataFrame, rng: np.random.Generator
) -> tuple[pl.Series, pl.Series]:
    """Return the English and the Arabic name of each shop.

    `only_make` is the row of `makes` (`name_en`, `name_ar`) that a specialist carries, -1 for
    others.
    """
    count = len(sites)
    owner = rng.integers(len(_OWNERS), size=count)
    form = rng.integers(len(_FORMS), size=count)
    special_form = rng.integers(len(_SPECIALIST_FORMS), size=count)

    def written(language: int, make_names: list[str], place_names: list[str]) -> pl.Series:
        owners = [each[language] for each in _OWNERS]
        general = [[f[language].format(owner=o) for o in owners] for f in _FORMS]
        special = [
            [[f[language].format(owner=o, make=m) for o in owners] for f in _SPECIALIST_FORMS]
            for m in make_names
        ]
        sign = np.where(
            only_make < 0,
            np.array(general, dtype=object)[form, owner],
            np.array(special, dtype=object)[only_make, special_form, owner],
        )
        return _joined([pl.Series(sign, dtype=pl.String), _picked(place_names, sites.place)], " - ")

    return (
        written(0, makes["name_en"].to_list(), [place.name for place in PLACES]),
        written(1, makes["name_ar"].to_list(), [place.name_ar for place in PLACES]),
    )


def addresses(sites: Sites, rng: np.random.Generator) -> pl.Series:
    """Return building and street, district and town of each site."""
    districts = [f"{place.name}, {place.town}".replace("Giza, Giza", "Giza") for place in PLACES]
    buildings = pl.Series(rng.integers(1, _BUILDINGS, len(sites))).cast(pl.String)
    street = _joined([buildings, _picked(STREET_NAMES, sites.street)], " ")
    return _joined([street, _picked(districts, sites.place)], ", ")


def phones(sites: Sites, rng: np.random.Generator) -> pl.Series:
    """Return a number in E.164 for each site: most are mobiles, some land lines of the town."""
    count = len(sites)
    mobile = _picked(_MOBILE_PREFIXES, rng.choice(4, size=count, p=_MOBILE_SHARES))
    # Land lines of Cairo have eight digits and begin with 2, elsewhere they have seven.
    codes = [AREA_CODES[place.town].replace("2", "22") for place in PLACES]
    eight = pl.Series(rng.integers(0, 10**8, count)).cast(pl.String).str.zfill(8)
    seven = pl.Series(rng.integers(2 * 10**6, 10**7, count)).cast(pl.String)
    land = pl.Series(rng.random(count) < _LANDLINE_SHARE)
    local = _joined([_picked(codes, sites.place), seven], "")
    numbers = local.zip_with(land, _joined([mobile, eight], ""))
    return "+20" + numbers


def _picked(texts: list[str], index: Integers) -> pl.Series:
    return pl.Series(texts, dtype=pl.String).gather(index)


def _joined(parts: list[pl.Series], separator: str) -> pl.Series:
    return pl.select(pl.concat_str(parts, separator=separator)).to_series()
