"""Which keys partners' secrets are sealed with."""

import pytest
from pydantic import SecretStr

from clutch.errors import SetupNeeded
from notifications.sealing import seals_of

TOKEN_KEY = "a key of thirty-two or more letters"


def test_keys_of_their_own_come_before_the_token_key_which_still_opens() -> None:
    before = seals_of(None, TOKEN_KEY).sealed("whsec_abc", about="endpoint 1")
    after = seals_of(SecretStr(f"{'x' * 32} {'y' * 32}"), TOKEN_KEY)
    assert after.opened(before, about="endpoint 1") == "whsec_abc"
    assert not after.is_newest(before, about="endpoint 1")


def test_without_any_key_nothing_is_sealed() -> None:
    with pytest.raises(SetupNeeded, match="CLUTCH_WEBHOOK_KEYS"):
        seals_of(None, None)
