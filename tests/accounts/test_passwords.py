"""Passwords: how they are kept, and that who is unknown costs as much as who is known."""

from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters

from accounts import passwords
from accounts.passwords import NONE, assert_usable, hashed, is_old, matches
from clutch.errors import InvalidInput

PASSWORD = "long and easy to say"
KEPT = hashed(PASSWORD)


def test_the_parameters_are_those_that_the_page_states() -> None:
    found = extract_parameters(KEPT)
    assert (found.type.name, found.memory_cost, found.time_cost, found.parallelism) == (
        "ID",
        19_456,
        2,
        1,
    )
    assert hashed(PASSWORD) != KEPT
    assert PASSWORD not in KEPT


@pytest.mark.parametrize(
    ("kept", "given", "right"),
    [
        (KEPT, PASSWORD, True),
        (KEPT, PASSWORD + " ", False),
        (KEPT, "", False),
        (None, PASSWORD, False),
        (NONE, PASSWORD, False),
        (NONE, NONE, False),
        ("not a hash", PASSWORD, False),
    ],
    ids=range(7),
)
def test_only_the_right_password_matches(kept: str | None, given: str, right: bool) -> None:
    assert matches(kept, given) is right


def test_letters_match_however_a_keyboard_composes_them() -> None:
    assert matches(hashed("caf\u00e9 8 o'clock"), "cafe\u0301 8 o'clock")


def test_a_hash_with_weaker_parameters_matches_and_is_old() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    assert matches(weak, PASSWORD)
    assert is_old(weak)
    assert not is_old(KEPT)


@pytest.mark.parametrize("kept", [None, NONE, KEPT], ids=["nobody", "no password", "somebody"])
def test_nobody_costs_the_same_as_somebody(
    monkeypatch: pytest.MonkeyPatch, kept: str | None
) -> None:
    costs = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            costs.append(extract_parameters(str(hash)))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    assert not matches(kept, "wrong")
    assert costs == [extract_parameters(KEPT)]


@pytest.mark.parametrize(
    "refused", ["", "1234567", "a" * 129, "password", "PassWord1", "zzzzzzzzz"]
)
def test_short_and_common_passwords_are_refused(refused: str) -> None:
    with pytest.raises(InvalidInput, match=r"^password: expected") as raised:
        assert_usable(refused)
    assert raised.value.found is None


@pytest.mark.parametrize("taken", ["8 letter", "كلمة سر طويلة", "🚗🚗🚗🔧🔧🔧🔩🔩"])
def test_any_script_will_do(taken: str) -> None:
    assert_usable(taken)
    assert matches(hashed(taken), taken)
