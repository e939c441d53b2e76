"""Test cards: what each number makes happen. Pure."""

from enum import StrEnum

__all__ = ["CARDS", "Behaviour", "behaviour_of"]


class Behaviour(StrEnum):
    """What paying with a card leads to."""

    OK = "approved"
    DECLINED = "declined"
    LATE = "approved; every event comes late"
    DOUBLED = "approved; every event comes twice"
    REORDERED = "approved; old news come again after newer ones"
    LOST = "approved; every event gets lost at first and is sent again later"


CARDS = {
    "4242424242424242": Behaviour.OK,
    "4000000000000002": Behaviour.DECLINED,
    "4000000000000101": Behaviour.LATE,
    "4000000000000119": Behaviour.DOUBLED,
    "4000000000000127": Behaviour.REORDERED,
    "4000000000000135": Behaviour.LOST,
}
"""By card number, as the page lists them."""

_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")


def behaviour_of(number: str) -> Behaviour:
    """Return what a card leads to; any other number is declined.

    Examples
    --------
    >>> behaviour_of("4242 4242 4242 4242"), behaviour_of("1")
    (<Behaviour.OK: 'approved'>, <Behaviour.DECLINED: 'declined'>)
    """
    digits = number.translate(_ARABIC_DIGITS).replace(" ", "").replace("-", "")
    return CARDS.get(digits, Behaviour.DECLINED)
