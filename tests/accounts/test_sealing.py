"""What is sealed is read with the same key only, and cannot be changed unnoticed."""

import pytest
from joserfc.errors import JoseError

from accounts.sealing import opened, sealed

KEY, SECRET = "k" * 32, b"whsec_a secret"


def test_a_seal_tells_nothing_and_is_another_each_time() -> None:
    seals = [sealed(SECRET, key=KEY) for _ in range(2)]
    assert seals[0] != seals[1]
    assert [opened(seal, key=KEY) for seal in seals] == [SECRET] * 2
    assert SECRET not in b"".join(seals)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(JoseError):
        opened(sealed(SECRET, key=KEY), key="o" * 32)


def test_an_altered_seal_does_not_open() -> None:
    head, key, nonce, content, tag = sealed(SECRET, key=KEY).split(b".")
    changed = (b"A" if content[:1] != b"A" else b"B") + content[1:]
    with pytest.raises(JoseError):
        opened(b".".join((head, key, nonce, changed, tag)), key=KEY)
