"""What is sealed opens with its key and for what it is about, and cannot be altered unnoticed."""

from collections.abc import Callable

import pytest

from accounts.sealing import Seals, Unreadable

OLD, NEW = "an old key of thirty-two letters", "a new key of thirty-two letters "
MINE = "endpoint 1"


@pytest.fixture
def seals() -> Seals:
    return Seals([OLD], purpose="tests")


def test_what_is_sealed_opens_for_what_it_is_about_alone(seals: Seals) -> None:
    kept = seals.sealed("whsec_abc", about=MINE)
    assert (seals.opened(kept, about=MINE), "whsec" in kept) == ("whsec_abc", False)
    with pytest.raises(Unreadable):
        seals.opened(kept, about="endpoint 2")


def test_the_same_secret_never_looks_the_same(seals: Seals) -> None:
    assert len({seals.sealed("whsec_abc", about=MINE) for _ in range(10)}) == 10


@pytest.mark.parametrize(
    "spoil", [lambda kept: kept[:-4], lambda kept: kept + "!", lambda _: "sealed:"]
)
def test_what_was_altered_does_not_open(seals: Seals, spoil: Callable[[str], str]) -> None:
    with pytest.raises(Unreadable):
        seals.opened(spoil(seals.sealed("whsec_abc", about=MINE)), about=MINE)


def test_the_same_key_opens_nothing_of_another_purpose(seals: Seals) -> None:
    with pytest.raises(Unreadable):
        Seals([OLD], purpose="others").opened(seals.sealed("whsec_abc", about=MINE), about=MINE)


def test_a_new_key_seals_and_the_old_one_still_opens(seals: Seals) -> None:
    kept, both = seals.sealed("whsec_abc", about=MINE), Seals([NEW, OLD], purpose="tests")
    assert both.opened(kept, about=MINE) == "whsec_abc"
    assert not both.is_newest(kept, about=MINE)
    assert both.is_newest(both.sealed("whsec_abc", about=MINE), about=MINE)
    with pytest.raises(Unreadable):
        Seals([NEW], purpose="tests").opened(kept, about=MINE)
