import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch.errors import InvalidInput
from orders.vin import chassis_number, vin_hint


@pytest.mark.parametrize(
    ("typed", "stamped"),
    [
        ("KMHCN41DBCU123456", "KMHCN41DBCU123456"),
        (" kmhcn41d-bcu 123456 ", "KMHCN41DBCU123456"),
        ("KMHCN41DBCU١٢٣٤٥٦", "KMHCN41DBCU123456"),
        ("1M8GDM9AXKP042788", "1M8GDM9AXKP042788"),
        ("128A-0012345", "128A0012345"),
        ("OIQ01", "OIQ01"),
    ],
)
def test_a_number_is_kept_as_it_is_stamped(typed: str, stamped: str) -> None:
    assert chassis_number(typed) == stamped


@pytest.mark.parametrize(
    "typed",
    [
        "KMHCN41DBCU12345O",  # a letter O
        "KMHCN41DBCI123456",
        "KMHCN41DBCQ123456",
        "KMHCN41DBCU1234567",
        "1234",
        "كيا ١٢٣٤٥٦",
        "KMHCN41DBCU12345é",
        "-----",
        "",
    ],
)
def test_what_can_be_no_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        chassis_number(typed, field="vehicle.vin")
    assert refused.value.field == "vehicle.vin"
    assert refused.value.found is None


def test_the_check_digit_counts_where_it_is_used_and_nowhere_else() -> None:
    with pytest.raises(InvalidInput, match="check digit"):
        chassis_number("1M8GDM9A0KP042788")
    assert chassis_number("WDB2030461A123456") == "WDB2030461A123456"


# The sum of 49 CFR 565.15, written out anew.
_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", [
    1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9, *range(10)
], strict=True))  # fmt: skip
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


@given(st.text(alphabet=list(_VALUES), min_size=15, max_size=15), st.sampled_from("12345"))
def test_of_eleven_check_digits_one_is_right(rest: str, region: str) -> None:
    head, tail = f"{region}{rest[:7]}", rest[7:]
    total = sum(
        _VALUES[sign] * weight for sign, weight in zip(f"{head}0{tail}", _WEIGHTS, strict=True)
    )
    right = "0123456789X"[total % 11]
    for digit in "0123456789X":
        number = f"{head}{digit}{tail}"
        if digit == right:
            assert chassis_number(number) == number
        else:
            with pytest.raises(InvalidInput):
                chassis_number(number)


@pytest.mark.parametrize(
    ("number", "make", "hint"),
    [
        ("KMHCN41DBCU123456", "Hyundai", ("Hyundai", "South Korea", True)),
        ("KMHCN41DBCU123456", "Kia", ("Hyundai", "South Korea", False)),
        ("1M8GDM9AXKP042788", "Toyota", (None, "United States", None)),
        ("LB37722S0JL000001", "Geely", ("Geely", "China", True)),
        ("DAMABC12300000001", "Mitsubishi", (None, "Egypt", None)),
        ("ZFA16000004567890", "Fiat", ("Fiat", "Italy", True)),
        ("XTA210530Y1234567", "Lada", ("Lada", "Russia", True)),
        ("LHGCP168882012345", "Honda", ("Guangzhou Honda", "China", True)),
        ("128A0012345", "Fiat", (None, None, None)),
    ],
)
def test_a_number_hints_at_make_and_country(
    number: str, make: str, hint: tuple[str | None, str | None, bool | None]
) -> None:
    found = vin_hint(number, make)
    assert found is not None
    assert (found["make"], found["country"], found["agrees"]) == hint


def test_a_hint_holds_the_years_that_the_number_can_mean() -> None:
    found = vin_hint("1HGCM82633A004352", "Honda")
    assert found is not None
    assert found["years"] == [2003]
    assert vin_hint(None, "Honda") is None


@given(st.text(max_size=40))
def test_whatever_is_typed_is_kept_or_refused(typed: str) -> None:
    try:
        number = chassis_number(typed)
    except InvalidInput:
        return
    assert chassis_number(number) == number
    assert vin_hint(number, "Toyota") is not None
