"""What a chassis number says by itself: whether it can be one, and a hint of make and origin. Pure.

Source: ISO 3779 and 3780; the check digit of 49 CFR 565. Only North America uses the check digit
throughout, so only there is it believed. `vininfo` knows most makers; where it is wrong or silent
on cars of Egypt's streets, `_OVERRIDES` knows better. A hint never stops anybody.
"""

import re
import unicodedata

import vininfo
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import InvalidInput
from clutch.names import name_key

__all__ = ["VinHint", "chassis_number", "vin_hint"]

_LENGTH, _SHORTEST = 17, 5
_CHASSIS = re.compile(rf"[A-Z0-9]{{{_SHORTEST},{_LENGTH - 1}}}")
_VIN = re.compile(rf"[A-HJ-NPR-Z0-9]{{{_LENGTH}}}")
_NOT_PRINTED = re.compile(r"[\s\-.*/]+")
_CHECKED_REGIONS = "12345"

# None: known not to be what vininfo says, and no make of ours.
_OVERRIDES: dict[str, str | None] = {
    "1M8": None,  # Motor Coach Industries
    "KL1": "Chevrolet",
    "KLA": "Daewoo",
    "KMH": "Hyundai",
    "L6T": "Geely",
    "LB3": "Geely",
    "LC0": "BYD",
    "LGW": "Haval",
    "LGX": "BYD",
    "LSJ": "MG",
    "LVT": "Chery",
    "LVV": "Chery",
    "MHF": "Toyota",
    "VR3": "Peugeot",
    "W0L": "Opel",
    "XTA": "Lada",
    "ZFA": "Fiat",
}
_UNKNOWN = "UnsupportedBrand"


class VinHint(TypedDict):
    """What the number hints at; empty where it says nothing.

    `agrees` says whether the make is the one that was named (None: the number does not tell).
    """

    make: str | None
    country: str | None
    years: list[int]
    agrees: bool | None


def chassis_number(typed: str, *, field: str = "vin") -> str:
    """Return a VIN, or the shorter chassis number of an old car, as it is stamped.

    Raises
    ------
    InvalidInput
        It can be neither.

    Examples
    --------
    >>> chassis_number(" kmhdn46d-06u123456 "), chassis_number("bj40 ٠٠١٢٣٤")
    ('KMHDN46D06U123456', 'BJ40001234')
    >>> chassis_number("1M8GDM9AXKP042789")
    Traceback (most recent call last):
    clutch.errors.InvalidInput: vin: expected a VIN whose check digit (the ninth sign) fits: ...
    """
    folded = unicodedata.normalize("NFKC", typed)
    digits = "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in folded)
    number = _NOT_PRINTED.sub("", digits).upper()
    if len(number) < _LENGTH and _CHASSIS.fullmatch(number):
        return number
    if not _VIN.fullmatch(number):
        raise InvalidInput(
            field, f"{_LENGTH} letters and digits without I, O and Q, or an old car's shorter one"
        )
    if number[0] in _CHECKED_REGIONS and not vininfo.Vin(number).verify_checksum(check_year=False):
        raise InvalidInput(
            field, "a VIN whose check digit (the ninth sign) fits: one sign of it is mistyped"
        )
    return number


def vin_hint(number: str | None, make: str) -> VinHint | None:
    """Return what a chassis number hints at, beside the make that was named; None without one.

    Examples
    --------
    >>> vin_hint("KMHDN46D06U123456", "Hyundai")["agrees"]
    True
    >>> vin_hint("DAMABC12300000001", "Hyundai")
    {'make': None, 'country': 'Egypt', 'years': [], 'agrees': None}
    >>> vin_hint("BJ40001234", "Toyota"), vin_hint(None, "Toyota")
    ({'make': None, 'country': None, 'years': [], 'agrees': None}, None)
    """
    if number is None:
        return None
    if len(number) < _LENGTH:
        return {"make": None, "country": None, "years": [], "agrees": None}
    known = vininfo.Vin(number)
    maker = _OVERRIDES.get(known.wmi, known.manufacturer)
    if maker == _UNKNOWN:
        maker = None
    return {
        "make": maker,
        "country": known.country,
        "years": sorted(known.years),
        # Makers' names hold more than the badge: "Guangzhou Honda", "Fiat Automobiles".
        "agrees": None if maker is None else name_key(make) in name_key(maker),
    }
