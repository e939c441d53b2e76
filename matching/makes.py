"""Which make a person means: any known name, in English or Arabic, however it is typed.

Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz import fuzz, process

from clutch.errors import InvalidInput
from clutch.names import name_key

__all__ = ["Make", "MakeDirectory", "UnknownMake"]

_SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class Make:
    """A vehicle make; shops name it by `brand_id`."""

    brand_id: int
    name_en: str
    name_ar: str


class _MakeName(Protocol):
    @property
    def alias_key(self) -> str: ...
    @property
    def brand_id(self) -> int: ...
    @property
    def name_en(self) -> str: ...
    @property
    def name_ar(self) -> str: ...


class UnknownMake(InvalidInput):
    """No make goes by this name; `suggestions` holds the nearest known names."""

    def __init__(self, field: str, name: str, suggestions: list[str]) -> None:
        nearest = f"; did you mean {', '.join(suggestions)}?" if suggestions else ""
        super().__init__(field, f"a known make{nearest}", found=name[:80], suggestions=suggestions)


class MakeDirectory:
    """All makes by all their names.

    Examples
    --------
    >>> from collections import namedtuple
    >>> Name = namedtuple("Name", "alias_key brand_id name_en name_ar")
    >>> directory = MakeDirectory([Name("volkswagen", 11, "Volkswagen", "فولكس فاجن"),
    ...                            Name("vw", 11, "Volkswagen", "فولكس فاجن")])
    >>> directory.find(" V.W. ").name_en
    'Volkswagen'
    >>> directory.find("wolkswagen")
    Traceback (most recent call last):
    matching.makes.UnknownMake: make: expected a known make; did you mean Volkswagen?, ...
    """

    def __init__(self, names: Iterable[_MakeName]) -> None:
        self._by_key = {
            name.alias_key: Make(name.brand_id, name.name_en, name.name_ar) for name in names
        }

    def find(self, name: str, *, field: str = "make") -> Make:
        """Return the make that goes by `name`.

        Raises
        ------
        UnknownMake
            None does; the error holds the nearest known names.
        """
        key = name_key(name)
        make = self._by_key.get(key)
        if make is None:
            raise UnknownMake(field, name, self._nearest(key))
        return make

    def _nearest(self, key: str) -> list[str]:
        found = process.extract(
            key, self._by_key.keys(), scorer=fuzz.ratio, limit=3 * _SUGGESTIONS, score_cutoff=50
        )
        names = dict.fromkeys(self._by_key[alias_key].name_en for alias_key, _, _ in found)
        return list(names)[:_SUGGESTIONS]
