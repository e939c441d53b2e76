"""Which make a shop means that it carries, by any known name. Pure."""

from collections.abc import Mapping

from rapidfuzz import process

from clutch.names import name_key

__all__ = ["UnknownBrand", "brand_id"]

_CLOSE = 70  # of 100: nearer names are worth suggesting


class UnknownBrand(ValueError):
    """No make goes by this name; `near` is the key of the most alike one, if any is."""

    def __init__(self, near: str | None) -> None:
        self.near = near
        super().__init__("a known make")


def brand_id(name: str, brand_ids: Mapping[str, int]) -> int:
    """Return the identifier of the make that goes by `name`.

    `brand_ids` has it by `clutch.names.name_key` of each of its names.

    Raises
    ------
    UnknownBrand
        No make does.

    Examples
    --------
    >>> brand_id("Mercedes-Benz", {"mercedesbenz": 21})
    21
    >>> brand_id("Toyotta", {"toyota": 1})
    Traceback (most recent call last):
    shops.brands.UnknownBrand: a known make
    """
    key = name_key(name)
    if key not in brand_ids:
        near = process.extractOne(key, brand_ids.keys(), score_cutoff=_CLOSE)
        raise UnknownBrand(near[0] if near else None)
    return brand_ids[key]
