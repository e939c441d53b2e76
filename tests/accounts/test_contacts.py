"""Phones and addresses as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.contacts import email_address, phone_number
from clutch.errors import InvalidInput

MOBILE = "+201012345678"


@pytest.mark.parametrize(
    "written",
    [
        "01012345678",
        "010 1234 5678",
        "010-1234-5678",
        "(010) 12345678",
        "1012345678",
        "+201012345678",
        "+20 10 1234 5678",
        "00201012345678",
        "٠١٠١٢٣٤٥٦٧٨",
        "٠١٠ ١٢٣٤ ٥٦٧٨",
        "۰۱۰۱۲۳۴۵۶۷۸",
        "٠٠٢٠١٠١٢٣٤٥٦٧٨",
        "+٢٠١٠١٢٣٤٥٦٧٨",
        "tel:+201012345678",
    ],
)
def test_one_egyptian_number_is_written_in_many_ways(written: str) -> None:
    assert phone_number(written) == MOBILE


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("01112345678", "+201112345678"),
        ("01212345678", "+201212345678"),
        ("01512345678", "+201512345678"),
        ("02 2790 0000", "+20227900000"),
        ("+1 202 555 0123", "+12025550123"),
        ("+966 50 123 4567", "+966501234567"),
    ],
)
def test_every_network_landlines_and_other_countries(written: str, number: str) -> None:
    assert phone_number(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        "123",
        "01312345678",
        "0101234567",
        "010123456789",
        "+20101234567x9",
        "+999123456789",
        "+98 9601",  # numbers of Iran and Germany that are too short and too long for E.164
        "+49 180 12345678901",
        "hello",
        "01012345678 ext 5",
        "\x00",
        "9" * 200,
        "+" * 50,
        "٠" * 11,
    ],
)
def test_what_cannot_be_called_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        phone_number(written)
    assert str(refused.value) == (
        "phone: expected a phone number, as 010 1234 5678 or +201012345678"
    )


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("mona@example.com", "mona@example.com"),
        (" Mona.Adel+parts@Mail.Example.COM\n", "mona.adel+parts@mail.example.com"),
        ("o'neil@xn--mgbh0fb.xn--mgbaam7a8h", "o'neil@xn--mgbh0fb.xn--mgbaam7a8h"),
    ],
)
def test_an_address_is_kept_in_lower_case(written: str, address: str) -> None:
    assert email_address(written) == address


@pytest.mark.parametrize(
    "written",
    [
        "",
        "mona",
        "@example.com",
        "mona@",
        "mona@localhost",
        "mona@@example.com",
        "a b@example.com",
        "mona@example..com",
        ".mona@example.com",
        "mona@-example.com",
        "mona@example.com\x00",
        "mona@exa\nmple.com",
        "a" * 65 + "@example.com",
        "a@" + "b." * 130 + "com",
        "mona@1.2.3.4",
    ],
)
def test_what_mail_cannot_be_sent_to_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput, match=r"^email: expected an e-mail address"):
        email_address(written)


@given(st.text(max_size=40))
def test_any_text_is_either_a_contact_or_refused(written: str) -> None:
    for read in (phone_number, email_address):
        try:
            found = read(written)
        except InvalidInput:
            continue
        assert read(found) == found
