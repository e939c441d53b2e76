"""Logging in and out, staying logged in, and what a stolen token comes to."""

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import text

from accounts import access_tokens, sign_in
from accounts.codes import Purpose, new_code
from accounts.passwords import NONE
from accounts.queries.callers import caller
from accounts.registration import AlreadyRegistered, register
from accounts.sign_in import Credentials, WrongCredentials
from storage.session import run

KEY = "k" * 32
TO = "mona@example.com"
DAY = dt.timedelta(days=1)


@pytest.fixture
def user_id(begin: Any, now: dt.datetime) -> Any:
    with begin() as session:
        user_id = register(
            session, destination=TO, name="Mona", password_hash="first", locale="ar", now=now
        )
    yield user_id
    with begin() as session:
        session.execute(text("DELETE FROM app_user"))


def logged_in(begin: Any, user_id: Any, now: dt.datetime, kept: str = "first") -> Any:
    with begin() as session:
        checked = Credentials(user_id, kept)
        return sign_in.log_in(session, checked=checked, key=KEY, now=now)


def refreshed(begin: Any, tokens: Any, now: dt.datetime) -> Any:
    with begin() as session:
        return sign_in.refresh(session, token=tokens["refresh_token"], key=KEY, now=now)


def code_for(begin: Any, purpose: Purpose, now: dt.datetime) -> str:
    with begin() as session:
        message = new_code(session, destination=TO, purpose=purpose, key=KEY, now=now)
    return re.findall(r"\d{6}", message.body)[0]


def is_living(begin: Any, tokens: Any, now: dt.datetime) -> bool:
    claims = access_tokens.read(tokens["access_token"], key=KEY, now=now)

    def steps() -> Any:
        rows = yield caller(claims.user_id, claims.sign_in_id)
        return len(rows) == 1

    with begin() as session:
        return bool(run(session, steps()))


def acts(begin: Any) -> list[Any]:
    with begin() as session:
        return list(session.scalars(text("SELECT act FROM audit_entry ORDER BY sequence")))


def test_a_log_in_gives_what_the_page_says(begin: Any, user_id: Any, now: dt.datetime) -> None:
    tokens = logged_in(begin, user_id, now)
    assert tokens["access_expires_at"] == now + dt.timedelta(minutes=15)
    assert tokens["refresh_expires_at"] == now + 30 * DAY
    assert len(tokens["refresh_token"]) == 43
    assert access_tokens.read(tokens["access_token"], key=KEY, now=now).user_id == user_id
    assert is_living(begin, tokens, now)
    with begin() as session:
        kept = session.execute(text("SELECT token_hash FROM refresh_token")).scalar_one()
    assert tokens["refresh_token"].encode() not in kept
    assert acts(begin)[-2:] == ["register", "log_in"]


def test_a_password_changed_meanwhile_refuses(begin: Any, user_id: Any, now: dt.datetime) -> None:
    with pytest.raises(WrongCredentials):
        logged_in(begin, user_id, now, "another")
    with begin() as session:
        session.execute(text("UPDATE app_user SET status = 'disabled'"))
        assert sign_in.credentials(session, destination=TO) is None
    with pytest.raises(WrongCredentials):
        logged_in(begin, user_id, now)
    with begin() as session:
        assert session.scalar(text("SELECT count(*) FROM sign_in")) == 0


def test_refreshing_gives_the_next_tokens_of_the_same_log_in(
    begin: Any, user_id: Any, now: dt.datetime
) -> None:
    first = logged_in(begin, user_id, now)
    second = refreshed(begin, first, now + DAY)
    third = refreshed(begin, second, now + 30 * DAY)
    assert third["refresh_expires_at"] == now + 60 * DAY
    sign_ins = {
        access_tokens.read(each["access_token"], key=KEY, now=now).sign_in_id
        for each in (first, second, third)
    }
    assert len(sign_ins) == 1


def test_a_refresh_token_lives_thirty_days(begin: Any, user_id: Any, now: dt.datetime) -> None:
    tokens = logged_in(begin, user_id, now)
    assert refreshed(begin, tokens, now + 30 * DAY) is None
    assert is_living(begin, tokens, now)


def test_a_token_used_twice_ends_its_log_in_and_no_other(
    begin: Any, user_id: Any, now: dt.datetime
) -> None:
    stolen, elsewhere = logged_in(begin, user_id, now), logged_in(begin, user_id, now)
    of_thief = refreshed(begin, stolen, now)
    assert refreshed(begin, stolen, now + DAY) is None
    assert refreshed(begin, of_thief, now + DAY) is None
    assert not is_living(begin, of_thief, now)
    assert refreshed(begin, elsewhere, now + DAY) is not None
    assert acts(begin)[-1] == "log_in_ended"
    with begin() as session:
        reasons = session.scalars(text("SELECT revoked_because FROM sign_in")).all()
    assert sorted(reasons, key=str) == [None, "token_reused"]


def test_of_two_refreshes_at_once_one_wins_and_the_log_in_ends(
    begin: Any, user_id: Any, now: dt.datetime, at_once: Any
) -> None:
    tokens = logged_in(begin, user_id, now)
    got = at_once(4, lambda _: refreshed(begin, tokens, now))
    winners = [each for each in got if each]
    assert len(winners) == 1
    assert not is_living(begin, winners[0], now)
    assert refreshed(begin, winners[0], now) is None


def test_logging_out_ends_one_device_or_all(begin: Any, user_id: Any, now: dt.datetime) -> None:
    phone, tablet, desk = (logged_in(begin, user_id, now) for _ in range(3))
    claims = access_tokens.read(phone["access_token"], key=KEY, now=now)
    with begin() as session:
        sign_in.log_out(session, user_id=user_id, sign_in_id=claims.sign_in_id, now=now)
    assert [is_living(begin, each, now) for each in (phone, tablet, desk)] == [False, True, True]
    assert refreshed(begin, phone, now) is None
    with begin() as session:
        sign_in.log_out_everywhere(session, user_id=user_id, now=now)
    assert not is_living(begin, tablet, now)
    assert refreshed(begin, desk, now) is None


def test_a_reset_password_ends_every_log_in(begin: Any, user_id: Any, now: dt.datetime) -> None:
    tokens = logged_in(begin, user_id, now)
    code = code_for(begin, Purpose.RESET_PASSWORD, now)
    facts = {"destination": TO, "password_hash": "second", "key": KEY, "now": now}
    with begin() as session:
        assert sign_in.reset_password(session, code="x" * 6, **facts) is False
    assert is_living(begin, tokens, now)
    with begin() as session:
        assert sign_in.reset_password(session, code=code, **facts) is True
    assert not is_living(begin, tokens, now)
    assert refreshed(begin, tokens, now) is None
    with pytest.raises(WrongCredentials):
        logged_in(begin, user_id, now)
    assert is_living(begin, logged_in(begin, user_id, now, "second"), now)


def test_a_changed_password_ends_the_other_log_ins(
    begin: Any, user_id: Any, now: dt.datetime
) -> None:
    here, elsewhere = logged_in(begin, user_id, now), logged_in(begin, user_id, now)
    claims = access_tokens.read(here["access_token"], key=KEY, now=now)
    facts = {"password_hash": "second", "sign_in_id": claims.sign_in_id, "now": now}
    with begin() as session:
        sign_in.change_password(session, checked=Credentials(user_id, "first"), **facts)
    assert is_living(begin, here, now)
    assert not is_living(begin, elsewhere, now)
    with pytest.raises(WrongCredentials), begin() as session:
        sign_in.change_password(session, checked=Credentials(user_id, "first"), **facts)


def test_the_first_proof_of_an_address_ends_what_a_stranger_set_up(
    begin: Any, user_id: Any, now: dt.datetime
) -> None:
    stranger = logged_in(begin, user_id, now)
    code = code_for(begin, Purpose.LOG_IN, now)
    with begin() as session:
        owner = sign_in.log_in_by_code(session, destination=TO, code=code, key=KEY, now=now)
    assert not is_living(begin, stranger, now)
    assert is_living(begin, owner, now)
    with begin() as session:
        found = sign_in.credentials(session, destination=TO)
    assert found == Credentials(user_id, NONE)


def test_a_later_log_in_by_code_ends_nothing(begin: Any, user_id: Any, now: dt.datetime) -> None:
    with begin() as session:
        session.execute(text("UPDATE app_user SET email_verified_at = :now"), {"now": now})
    before = logged_in(begin, user_id, now)
    code = code_for(begin, Purpose.LOG_IN, now)
    with begin() as session:
        by_code = sign_in.log_in_by_code(session, destination=TO, code=code, key=KEY, now=now)
        assert sign_in.credentials(session, destination=TO) == Credentials(user_id, "first")
    assert is_living(begin, before, now)
    assert is_living(begin, by_code, now)
    with begin() as session:
        again = sign_in.log_in_by_code(session, destination=TO, code=code, key=KEY, now=now)
    assert again is None


def test_of_two_who_register_one_address_at_once_one_does(
    begin: Any, now: dt.datetime, at_once: Any
) -> None:
    def join(place: int) -> str:
        try:
            with begin() as session:
                register(
                    session,
                    destination="+201012345678",
                    name=f"Mona {place}",
                    password_hash=NONE,
                    locale="ar",
                    now=now,
                )
        except AlreadyRegistered:
            return "refused"
        return "joined"

    assert sorted(at_once(4, join)) == ["joined", "refused", "refused", "refused"]
    with begin() as session:
        session.execute(text("DELETE FROM app_user"))


def test_dead_tokens_are_forgotten_with_their_log_ins(
    begin: Any, user_id: Any, now: dt.datetime
) -> None:
    logged_in(begin, user_id, now)
    later = logged_in(begin, user_id, now + 40 * DAY)
    with begin() as session:
        sign_in.forget_old(session, now=now + 61 * DAY)
        assert session.scalar(text("SELECT count(*) FROM refresh_token")) == 1
        assert session.scalar(text("SELECT count(*) FROM sign_in")) == 1
    assert refreshed(begin, later, now + 61 * DAY) is not None
