"""One-time codes: one at a time, few attempts, ten minutes, and never kept in clear."""

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import text

from accounts import codes
from accounts.codes import Purpose, new_code, spend_code
from accounts.passwords import NONE
from accounts.registration import register

KEY = "k" * 32
MINUTE = dt.timedelta(minutes=1)
TO = "+201012345678"


@pytest.fixture
def known(begin: Any, now: dt.datetime) -> Any:
    """Somebody with a phone, gone again after the test."""
    with begin() as session:
        user_id = register(
            session, destination=TO, name="Mona", password_hash=NONE, locale="en", now=now
        )
    yield user_id
    with begin() as session:
        session.execute(text("DELETE FROM one_time_code"))
        session.execute(text("DELETE FROM app_user"))


def sent(begin: Any, now: dt.datetime, purpose: Purpose = Purpose.LOG_IN) -> str:
    """Make a code; return the digits of its message."""
    with begin() as session:
        message = new_code(session, destination=TO, purpose=purpose, key=KEY, now=now)
    assert message is not None
    (code,) = re.findall(r"\b\d{6}\b", message.body)
    return str(code)


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def spent(begin: Any, code: str, now: dt.datetime, **changed: Any) -> bool:
    facts = {"destination": TO, "purpose": Purpose.LOG_IN, "key": KEY} | changed
    with begin() as session:
        return spend_code(session, code=code, now=now, **facts)


def test_a_code_is_used_once(begin: Any, known: Any, now: dt.datetime) -> None:
    code = sent(begin, now)
    assert spent(begin, code, now) is True
    assert spent(begin, code, now) is False


def test_it_lives_ten_minutes(begin: Any, known: Any, now: dt.datetime) -> None:
    code = sent(begin, now)
    assert spent(begin, code, now + 10 * MINUTE) is False
    assert spent(begin, code, now + 10 * MINUTE - dt.timedelta(microseconds=1)) is True


def test_the_next_code_ends_the_one_before(begin: Any, known: Any, now: dt.datetime) -> None:
    first = sent(begin, now)
    second = sent(begin, now + MINUTE)
    assert first == second or spent(begin, first, now + MINUTE) is False
    assert spent(begin, second, now + MINUTE) is True


@pytest.mark.parametrize(
    "changed",
    [
        {"purpose": Purpose.RESET_PASSWORD},
        {"destination": "+201112345678"},
        {"key": "another key of thirty-two letters"},
    ],
)
def test_it_serves_nothing_else(
    begin: Any, known: Any, now: dt.datetime, changed: dict[str, Any]
) -> None:
    code = sent(begin, now)
    assert spent(begin, code, now, **changed) is False


def test_after_five_wrong_ones_the_right_one_is_refused(
    begin: Any, known: Any, now: dt.datetime
) -> None:
    code = sent(begin, now)
    for _ in range(5):
        assert spent(begin, other(code), now) is False
    assert spent(begin, code, now) is False
    assert spent(begin, sent(begin, now), now) is True


def test_the_fifth_attempt_may_be_right(begin: Any, known: Any, now: dt.datetime) -> None:
    code = sent(begin, now)
    for _ in range(4):
        assert spent(begin, other(code), now) is False
    assert spent(begin, code, now) is True


def test_many_who_guess_at_once_get_five_attempts_together(
    begin: Any, known: Any, now: dt.datetime, at_once: Any
) -> None:
    code = sent(begin, now)
    assert at_once(8, lambda _: spent(begin, other(code), now)) == [False] * 8
    with begin() as session:
        attempts = session.scalar(text("SELECT attempts FROM one_time_code"))
    assert attempts == 5


def test_two_who_know_the_code_use_it_once(
    begin: Any, known: Any, now: dt.datetime, at_once: Any
) -> None:
    code = sent(begin, now)
    assert sorted(at_once(4, lambda _: spent(begin, code, now))) == [False, False, False, True]


def test_two_sendings_at_once_leave_one_code(
    begin: Any, known: Any, now: dt.datetime, at_once: Any
) -> None:
    made = at_once(4, lambda _: sent(begin, now))
    with begin() as session:
        assert session.scalar(text("SELECT count(*) FROM one_time_code")) == 1
    assert sum(spent(begin, code, now) for code in set(made)) == 1


def test_nobody_gets_no_code(begin: Any, known: Any, now: dt.datetime) -> None:
    with begin() as session:
        facts = {"purpose": Purpose.LOG_IN, "key": KEY, "now": now}
        assert new_code(session, destination="+201112345678", **facts) is None
        session.execute(text("UPDATE app_user SET status = 'disabled'"))
        assert new_code(session, destination=TO, **facts) is None
        assert session.scalar(text("SELECT count(*) FROM one_time_code")) == 0


def test_messages_come_in_the_language_of_the_person(
    begin: Any, known: Any, now: dt.datetime
) -> None:
    for locale, words in (("en", "Your Clutch code is"), ("ar", "رمزك في كلتش هو")):
        with begin() as session:
            session.execute(text("UPDATE app_user SET locale = :locale"), {"locale": locale})
            message = new_code(session, destination=TO, purpose=Purpose.VERIFY, key=KEY, now=now)
        assert message is not None
        assert message.body.startswith(words)


def test_a_code_is_nowhere_in_clear(begin: Any, known: Any, now: dt.datetime) -> None:
    code = sent(begin, now)
    with begin() as session:
        kept = session.execute(text("SELECT code_hash FROM one_time_code")).scalar_one()
        queued = session.scalars(text("SELECT args::text FROM procrastinate_jobs")).all()
    assert len(kept) == 32
    assert code.encode() not in kept
    assert [args for args in queued if code in args] == []


def test_dead_codes_are_forgotten(begin: Any, known: Any, now: dt.datetime) -> None:
    sent(begin, now, Purpose.VERIFY)
    sent(begin, now + MINUTE, Purpose.LOG_IN)
    with begin() as session:
        codes.forget_old(session, now=now + 10 * MINUTE + MINUTE / 2)
        left = session.scalars(text("SELECT purpose FROM one_time_code")).all()
    assert left == ["log_in"]
