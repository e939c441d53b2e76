"""Passwords, kept as Argon2id hashes. Pure but for the salt's chance.

A hash takes 19 MiB and about 20 ms of a core: memory 19,456 KiB, 2 passes, 1 lane, the least that
OWASP's Password Storage Cheat Sheet allows, so that many can log in at once. A hash made with other
parameters still matches, and is made anew when its person next logs in. Call this outside of any
transaction, and few at a time.
"""

import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from clutch.errors import InvalidInput

__all__ = ["LEAST_LENGTH", "MOST_LENGTH", "NONE", "assert_usable", "hashed", "is_old", "matches"]

LEAST_LENGTH = 8
MOST_LENGTH = 128
NONE = "-"
"""Kept where a person has no password: nothing matches it."""

_hasher = PasswordHasher(
    time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)
# Of no password: who is unknown, or has none, costs the same time as somebody who is known.
_OF_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
_COMMON = frozenset(
    {
        *("password", "password1", "password123", "passw0rd", "12345678", "123456789"),
        *("1234567890", "12341234", "87654321", "01234567", "12344321", "qwertyui"),
        *("qwertyuiop", "qwerty123", "1q2w3e4r", "1qaz2wsx", "zaq12wsx", "asdfghjk"),
        *("iloveyou", "sunshine", "princess", "football", "baseball", "superman", "welcome1"),
        *("letmein1", "admin123", "abcd1234", "abc12345", "clutch123", "egypt123", "cairo123"),
        *("mohamed123", "ahmed123"),
    }
)


def assert_usable(password: str, *, field: str = "password") -> None:
    """Refuse a password that is short, or among the first that anybody would try.

    Raises
    ------
    InvalidInput
        It is refused; the error does not repeat it.

    Examples
    --------
    >>> assert_usable("correct horse")
    >>> assert_usable("Password123")
    Traceback (most recent call last):
    clutch.errors.InvalidInput: password: expected one that is not among the most common
    """
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
        raise InvalidInput(field, f"{LEAST_LENGTH} to {MOST_LENGTH} characters")
    if password.lower() in _COMMON or len(set(password)) == 1:
        raise InvalidInput(field, "one that is not among the most common")


def hashed(password: str) -> str:
    """Return the hash to keep."""
    return _hasher.hash(_same(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Say whether `password` is the one kept as `password_hash`; takes as long when there is none.

    Examples
    --------
    >>> matches(hashed("correct horse"), "correct horse"), matches(None, "correct horse")
    (True, False)
    """
    known = password_hash not in (None, NONE)
    try:
        _hasher.verify(password_hash if password_hash and known else _OF_NOBODY, _same(password))
    except (VerificationError, InvalidHashError):
        return False
    return known


def is_old(password_hash: str) -> bool:
    """Say whether a hash that matched was made with other parameters than these."""
    return _hasher.check_needs_rehash(password_hash)


def _same(password: str) -> str:
    # Keyboards differ in how they write the same letter.
    return unicodedata.normalize("NFC", password)
