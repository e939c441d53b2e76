"""What is kept under an idempotency key, and for how long."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import text

from accounts.idempotency import KeptAnswer, KeyReused, claim, forget_old, keep
from clutch.errors import NotFound

HASH = b"h" * 32
KEY = "a key of a request"


@pytest.fixture(autouse=True)
def _clean(begin: Any) -> Any:
    yield
    with begin() as session:
        session.execute(text("DELETE FROM idempotency_key"))


def done(begin: Any, now: dt.datetime, *, caller: str = "user:1", hashed: bytes = HASH) -> Any:
    """Do it once under the key; give what was kept, None when it was done now."""
    with begin() as session:
        facts = {"caller": caller, "key": KEY}
        kept = claim(session, request_hash=hashed, now=now, **facts)
        if kept is None:
            keep(session, status=201, body=caller.encode(), **facts)
        return kept


def test_the_second_time_the_first_answer_is_kept(begin: Any, now: dt.datetime) -> None:
    assert done(begin, now) is None
    assert done(begin, now) == KeptAnswer(201, b"user:1")


def test_callers_have_keys_of_their_own(begin: Any, now: dt.datetime) -> None:
    assert done(begin, now) is None
    assert done(begin, now, caller="user:2") is None


def test_another_request_under_the_key_is_refused(begin: Any, now: dt.datetime) -> None:
    assert done(begin, now) is None
    with pytest.raises(KeyReused, match="Idempotency-Key: expected a key of its own"):
        done(begin, now, hashed=b"g" * 32)


def test_nothing_is_kept_of_what_failed(begin: Any, now: dt.datetime) -> None:
    with pytest.raises(NotFound), begin() as session:  # noqa: PT012 - one transaction
        claim(session, caller="user:1", key=KEY, request_hash=HASH, now=now)
        raise NotFound("order")
    assert done(begin, now, hashed=b"g" * 32) is None


def test_of_many_at_once_one_does_it(begin: Any, now: dt.datetime, at_once: Any) -> None:
    got = at_once(6, lambda _: done(begin, now))
    assert sorted(got, key=str) == [*[KeptAnswer(201, b"user:1")] * 5, None]


def test_after_two_days_it_is_forgotten(begin: Any, now: dt.datetime) -> None:
    assert done(begin, now) is None
    with begin() as session:
        forget_old(session, now=now + dt.timedelta(hours=48))
    assert done(begin, now) is not None
    with begin() as session:
        forget_old(session, now=now + dt.timedelta(hours=48, seconds=1))
    assert done(begin, now) is None
