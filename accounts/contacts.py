"""How a person is reached: a phone in E.164 or an e-mail address in lower case. Pure.

Egyptian numbers are read as people write them, in Latin or Arabic digits: `010 1234 5678`,
`٠١٠١٢٣٤٥٦٧٨`, `0020 10 1234 5678`. Numbers of other countries begin with + or 00.
"""

import re

import phonenumbers

from clutch.errors import InvalidInput

__all__ = ["email_address", "is_phone", "phone_number"]

_HOME = "EG"
# Some countries have service numbers that are longer or shorter than anybody elsewhere can call.
_E164 = re.compile(r"[+][1-9][0-9]{6,14}")
_MOST = 254
# What stands before the @ as RFC 5321's dot-string, what stands after it as a host's name.
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])"
)


def phone_number(written: str, *, field: str = "phone") -> str:
    """Return a phone number in E.164.

    Raises
    ------
    InvalidInput
        It is no number that can be called.

    Examples
    --------
    >>> phone_number("010 1234 5678"), phone_number("٠١٠١٢٣٤٥٦٧٨"), phone_number("0020 1012345678")
    ('+201012345678', '+201012345678', '+201012345678')
    >>> phone_number("123")
    Traceback (most recent call last):
    clutch.errors.InvalidInput: phone: expected a phone number, as 010 1234 5678 or +201012345678
    """
    try:
        number = phonenumbers.parse(written, _HOME)
    except phonenumbers.NumberParseException:
        number = None
    if number and not number.extension and phonenumbers.is_valid_number(number):
        formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if _E164.fullmatch(formatted):
            return formatted
    raise InvalidInput(field, "a phone number, as 010 1234 5678 or +201012345678")


def email_address(written: str, *, field: str = "email") -> str:
    """Return an e-mail address in lower case.

    Raises
    ------
    InvalidInput
        It has no form that mail can be sent to.

    Examples
    --------
    >>> email_address(" Mona.Adel@Example.COM ")
    'mona.adel@example.com'
    >>> email_address("mona@localhost")
    Traceback (most recent call last):
    clutch.errors.InvalidInput: email: expected an e-mail address, as name@example.com
    """
    address = written.strip().lower()
    local, _, _ = address.partition("@")
    if len(address) > _MOST or len(local) > 64 or not _EMAIL.fullmatch(address):
        raise InvalidInput(field, "an e-mail address, as name@example.com")
    return address


def is_phone(destination: str) -> bool:
    """Say whether a destination, as the functions above return it, is a phone.

    Examples
    --------
    >>> is_phone("+201012345678"), is_phone("mona@example.com")
    (True, False)
    """
    return destination.startswith("+")
