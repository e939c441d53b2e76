"""Spellings that are the same name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch.names import name_key, part_number_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mercedes-Benz", "MERCEDES BENZ"),
        ("Škoda", "skoda"),
        ("أودي", "اودى"),
        ("مرسيدس بِنز", "مرسيدس_بنز"),
        ("مكة", "مكه"),
    ],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other) != ""


@pytest.mark.parametrize("written", ["04465-0K240", "04465 0k240", "٠٤٤٦٥-0K240", "04465.0K240"])
def test_writings_of_one_part_number_have_one_key(written: str) -> None:
    assert part_number_key(written) == "044650K240"


@given(st.text())
def test_a_key_is_its_own_key(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(st.text())
def test_any_text_has_a_part_number_key_without_spaces(number: str) -> None:
    assert not any(sign.isspace() for sign in part_number_key(number))
