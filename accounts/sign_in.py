"""Logging in and out, and staying logged in.

Reads/Writes: sign_in, refresh_token, app_user. A log-in lives by refresh tokens: 256 random bits,
kept as their SHA-256, good for 30 days and for one use, which gives the next one. One that comes a
second time was stolen, or its thief was first: the whole log-in ends.
"""

import datetime as dt
import hashlib
import secrets
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from accounts import access_tokens, audit
from accounts.codes import Purpose, spend_code, verified
from accounts.passwords import NONE
from accounts.queries import people
from accounts.queries import sign_ins as queries
from accounts.queries.people import PersonRow
from clutch.errors import ClutchError
from clutch.ids import uuid7

__all__ = [
    "REFRESH_LIFETIME",
    "Credentials",
    "SignInEnded",
    "Tokens",
    "WrongCredentials",
    "change_password",
    "credentials",
    "forget_old",
    "log_in",
    "log_in_by_code",
    "log_out",
    "log_out_everywhere",
    "refresh",
    "reset_password",
]

REFRESH_LIFETIME = dt.timedelta(days=30)


class WrongCredentials(ClutchError):
    """Nobody is known by this phone or address with this password: which is wrong is not said."""

    def __init__(self) -> None:
        super().__init__("no account has this phone or address with this password")


class SignInEnded(ClutchError):
    """The refresh token is not known, was used before, has expired, or its log-in was ended."""

    def __init__(self) -> None:
        super().__init__("this log-in has ended: log in again")


class Tokens(TypedDict):
    """What a client keeps of a log-in."""

    access_token: str
    access_expires_at: dt.datetime
    refresh_token: str
    refresh_expires_at: dt.datetime
    token_type: str


class Credentials(NamedTuple):
    """What a password is checked against, outside of any transaction."""

    user_id: UUID
    password_hash: str


def credentials(
    session: Session, *, destination: str = "", user_id: UUID | None = None
) -> Credentials | None:
    """Return what the password of a person, by phone, address or id, is checked against."""
    if user_id is None:
        person = people.person_at(session, destination)
    else:
        person = people.person(session, user_id)
    if person is None or not _may_log_in(person):
        return None
    return Credentials(person.user_id, person.password_hash)


def log_in(
    session: Session,
    *,
    checked: Credentials,
    key: str,
    now: dt.datetime,
    new_hash: str | None = None,
) -> Tokens:
    """Start a log-in of somebody whose password matched `checked`; `new_hash` replaces an old one.

    Raises
    ------
    WrongCredentials
        The password was changed or the person disabled meanwhile.
    """
    person = people.person_for_update(session, user_id=checked.user_id)
    if person is None or not _may_log_in(person) or person.password_hash != checked.password_hash:
        raise WrongCredentials
    if new_hash:
        people.set_person(session, person.user_id, password_hash=new_hash)
    return _started(session, person.user_id, key=key, now=now, by="password")


def log_in_by_code(
    session: Session, *, destination: str, code: str, key: str, now: dt.datetime
) -> Tokens | None:
    """Start a log-in of somebody who knows the code that was sent; None when it is wrong.

    Whoever registered a phone or an address without proving that it is theirs may be a stranger to
    its owner. So the first proof ends what was set up before it: log-ins, and the password.
    """
    right = spend_code(
        session, destination=destination, purpose=Purpose.LOG_IN, code=code, key=key, now=now
    )
    person = people.person_for_update(session, destination=destination) if right else None
    if person is None or not _may_log_in(person):
        return None
    if not (person.phone_verified_at or person.email_verified_at):
        people.set_person(session, person.user_id, password_hash=NONE, **verified(destination, now))
        queries.revoke_all(session, person.user_id, now, "first_proof")
    return _started(session, person.user_id, key=key, now=now, by="code")


def refresh(session: Session, *, token: str, key: str, now: dt.datetime) -> Tokens | None:
    """Return the next tokens of a log-in; None when it has ended, or ends because of this.

    The caller commits either way: the end of a log-in whose token was stolen must stand.
    """
    token_hash = _hash(token)
    used = queries.use_refresh_token(session, token_hash, now)
    if used is not None:
        return _tokens(session, used.user_id, used.sign_in_id, key=key, now=now)
    stolen = queries.sign_in_of_token(session, token_hash)
    if stolen and queries.revoke_sign_in(session, stolen.sign_in_id, now, "token_reused"):
        _note(session, stolen.user_id, "log_in_ended", now=now, because="token_reused")
    return None


def log_out(session: Session, *, user_id: UUID, sign_in_id: UUID, now: dt.datetime) -> None:
    """End the log-in of one device."""
    if queries.revoke_sign_in(session, sign_in_id, now, "log_out"):
        _note(session, user_id, "log_out", now=now)


def log_out_everywhere(session: Session, *, user_id: UUID, now: dt.datetime) -> None:
    """End every log-in of a person."""
    count = queries.revoke_all(session, user_id, now, "log_out")
    _note(session, user_id, "log_out", now=now, devices=count)


def reset_password(
    session: Session,
    *,
    destination: str,
    code: str,
    password_hash: str,
    key: str,
    now: dt.datetime,
) -> bool:
    """Give a person who knows the code another password, and end every log-in; False: wrong code.

    The caller commits either way: a wrong code counts as an attempt.
    """
    right = spend_code(
        session,
        destination=destination,
        purpose=Purpose.RESET_PASSWORD,
        code=code,
        key=key,
        now=now,
    )
    person = people.person_for_update(session, destination=destination) if right else None
    if person is None or not _may_log_in(person):
        return False
    people.set_person(
        session, person.user_id, password_hash=password_hash, **verified(destination, now)
    )
    queries.revoke_all(session, person.user_id, now, "password_reset")
    _note(session, person.user_id, "reset_password", now=now)
    return True


def change_password(
    session: Session,
    *,
    checked: Credentials,
    password_hash: str,
    sign_in_id: UUID | None,
    now: dt.datetime,
) -> None:
    """Give somebody whose password matched `checked` another; log-ins but this one end.

    Raises
    ------
    WrongCredentials
        The password was changed meanwhile.
    """
    person = people.person_for_update(session, user_id=checked.user_id)
    if person is None or person.password_hash != checked.password_hash:
        raise WrongCredentials
    people.set_person(session, person.user_id, password_hash=password_hash)
    queries.revoke_all(session, person.user_id, now, "password_change", but=sign_in_id)
    _note(session, person.user_id, "change_password", now=now)


def forget_old(session: Session, *, now: dt.datetime) -> None:
    """Forget refresh tokens a month after they expired; until then a stolen one is noticed."""
    queries.delete_tokens_before(session, now - REFRESH_LIFETIME)


def _may_log_in(person: PersonRow) -> bool:
    return person.status == "active"


def _started(session: Session, user_id: UUID, *, key: str, now: dt.datetime, by: str) -> Tokens:
    sign_in_id = uuid7()
    queries.add_sign_in(session, sign_in_id, user_id, now)
    _note(session, user_id, "log_in", now=now, by=by)
    return _tokens(session, user_id, sign_in_id, key=key, now=now)


def _tokens(
    session: Session, user_id: UUID, sign_in_id: UUID, *, key: str, now: dt.datetime
) -> Tokens:
    token, expires_at = secrets.token_urlsafe(32), now + REFRESH_LIFETIME
    queries.add_refresh_token(session, _hash(token), sign_in_id, now, expires_at)
    return {
        "access_token": access_tokens.issue(user_id, sign_in_id, key=key, now=now),
        "access_expires_at": now + access_tokens.LIFETIME,
        "refresh_token": token,
        "refresh_expires_at": expires_at,
        "token_type": "Bearer",
    }


def _note(session: Session, user_id: UUID, act: str, *, now: dt.datetime, **detail: object) -> None:
    subject = f"user:{user_id}"
    audit.record(session, actor=subject, act=act, subject=subject, now=now, **detail)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
