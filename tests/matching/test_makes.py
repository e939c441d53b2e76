"""A make goes by many names."""

import pytest

from clutch.names import name_key
from matching.makes import MakeDirectory, UnknownMake
from matching.queries import MakeNameRow

NAMES = [
    MakeNameRow(name_key(alias), alias, brand_id, name_en, name_ar)
    for brand_id, name_en, name_ar, aliases in [
        (1, "Toyota", "تويوتا", ["Toyota", "تويوتا"]),
        (11, "Volkswagen", "فولكس فاجن", ["VW", "Volkswagen", "فولكس فاجن"]),
        (21, "Mercedes-Benz", "مرسيدس بنز", ["Mercedes-Benz", "Mercedes", "مرسيدس"]),
    ]
    for alias in aliases
]


@pytest.mark.parametrize("name", ["VW", "v.w.", "volkswagen", "فولكس  فاجن", "فولكسفاجن"])
def test_any_spelling_finds_the_make(name: str) -> None:
    assert MakeDirectory(NAMES).find(name).brand_id == 11


def test_an_unknown_make_suggests_the_nearest() -> None:
    with pytest.raises(UnknownMake) as raised:
        MakeDirectory(NAMES).find("Toyotta", field="vehicle.make")
    assert raised.value.suggestions == ["Toyota"]
    assert str(raised.value).startswith("vehicle.make: expected a known make; did you mean Toyota?")


@pytest.mark.parametrize("name", ["", "???", "\u0000", "x" * 10_000])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UnknownMake):
        MakeDirectory(NAMES).find(name)
