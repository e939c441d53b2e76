"""How partners' secrets are kept."""

import pytest
from pydantic import SecretStr

from clutch.errors import SetupNeeded
from clutch.ids import uuid7
from notifications.sealing import Seals, Unreadable, seals_of

OLD, NEW = "an old key of thirty-two letters", "a new key of thirty-two letters "


def test_what_is_sealed_opens_for_its_endpoint_alone() -> None:
    seals, mine = Seals([OLD]), uuid7()
    kept = seals.sealed("whsec_abc", mine)
    assert (seals.opened(kept, mine), "whsec" in kept) == ("whsec_abc", False)
    with pytest.raises(Unreadable):
        seals.opened(kept, uuid7())


def test_the_same_secret_never_looks_the_same() -> None:
    seals, mine = Seals([OLD]), uuid7()
    assert len({seals.sealed("whsec_abc", mine) for _ in range(10)}) == 10


@pytest.mark.parametrize(
    "spoil", [lambda kept: kept[:-4], lambda kept: kept + "!", lambda _: "sealed:"]
)
def test_what_was_altered_does_not_open(spoil: object) -> None:
    seals, mine = Seals([OLD]), uuid7()
    with pytest.raises(Unreadable):
        seals.opened(spoil(seals.sealed("whsec_abc", mine)), mine)  # type: ignore[operator]


def test_keys_of_their_own_come_before_the_token_key_which_still_opens() -> None:
    mine = uuid7()
    before = seals_of(None, OLD).sealed("whsec_abc", mine)
    after = seals_of(SecretStr(f"{'x' * 32} {'y' * 32}"), OLD)
    assert after.opened(before, mine) == "whsec_abc"
    assert not after.is_newest(before, mine)
    assert after.is_newest(after.sealed("whsec_abc", mine), mine)
    with pytest.raises(Unreadable):
        seals_of(None, NEW).opened(before, mine)


def test_without_any_key_nothing_is_sealed() -> None:
    with pytest.raises(SetupNeeded, match="CLUTCH_WEBHOOK_KEYS"):
        seals_of(None, None)
