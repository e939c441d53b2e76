"""The numbers by which the state knows a shop. Pure.

Source: the Egyptian Tax Authority's registration number, as `stdnum.eg.tn` checks it: nine digits,
in threes on the tax card, no check digit.
"""

import re
import unicodedata

from stdnum.eg import tn
from stdnum.exceptions import ValidationError

__all__ = ["commercial_register", "tax_number"]

_REGISTER = re.compile(r"\d{2,10}")
_BETWEEN_DIGITS = re.compile(r"[\s/.-]+")


def tax_number(text: str) -> str:
    """Return the nine digits of a tax number, Western, without what separates them.

    Raises
    ------
    ValueError
        Says what a tax number is.

    Examples
    --------
    >>> tax_number("100-531-385"), tax_number("٣٣١-١٠٥-٢٦٨")
    ('100531385', '331105268')
    """
    try:
        return str(tn.validate(text))
    except ValidationError:
        raise ValueError("a tax number of 9 digits, such as 100-531-385") from None


def commercial_register(text: str) -> str:
    """Return the digits of a number in the commercial register.

    Raises
    ------
    ValueError
        Says what such a number is.

    Examples
    --------
    >>> commercial_register(" ١٢٣ ٤٥٦ ")
    '123456'
    """
    bare = _BETWEEN_DIGITS.sub("", text)
    digits = "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in bare)
    if not _REGISTER.fullmatch(digits):
        raise ValueError("a number in the commercial register of 2 to 10 digits")
    return digits
