"""How names and numbers that people type are compared: keys that fold what does not matter.

Pure.
"""

import re
import unicodedata

__all__ = ["name_key", "part_number_key"]

# Alef forms, alef maksura and teh marbuta are written interchangeably.
_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ـ": None})
_NOT_A_LETTER_OR_DIGIT = re.compile(r"[\W_]+")


def name_key(name: str) -> str:
    """Return the key under which two spellings of a name are the same.

    Case, accents, Arabic vowel signs and letter variants, spaces and punctuation do not count.

    Examples
    --------
    >>> name_key("Mercedes-Benz") == name_key("mercedes benz")
    True
    >>> name_key("Citroën"), name_key("أودي") == name_key("اودى"), name_key(" - ")
    ('citroen', True, '')
    """
    decomposed = unicodedata.normalize("NFKD", name.translate(_ARABIC))
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _NOT_A_LETTER_OR_DIGIT.sub("", bare.translate(_ARABIC).casefold())


def part_number_key(part_number: str) -> str:
    """Return the key under which two writings of a part number are the same, in capitals.

    Examples
    --------
    >>> part_number_key("04465-0k240"), part_number_key("٠٤٤٦٥ 0K240")
    ('044650K240', '044650K240')
    """
    ascii_digits = "".join(
        str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in part_number
    )
    return name_key(ascii_digits).upper()
