"""One-time codes: six digits, good for ten minutes and five attempts, one at a time.

Reads/Writes: one_time_code, app_user. A code is made when it is sent and kept as a keyed hash: it
is nowhere in clear. Asking for one is answered alike for everybody, known or not.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.orm import Session

from accounts.contacts import is_phone
from accounts.queries import codes as queries
from accounts.queries import people
from clutch.errors import InvalidInput
from clutch.ids import uuid7
from storage.queue import enqueue

__all__ = [
    "DIGITS",
    "LIFETIME",
    "MOST_ATTEMPTS",
    "Message",
    "Purpose",
    "WrongCode",
    "forget_old",
    "new_code",
    "request_code",
    "spend_code",
    "verified",
    "verify",
]

DIGITS = 6
LIFETIME = dt.timedelta(minutes=10)
MOST_ATTEMPTS = 5


class Purpose(StrEnum):
    """What a code is for; it serves nothing else."""

    VERIFY = "verify"
    LOG_IN = "log_in"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, not a password


class WrongCode(InvalidInput):
    """The code is not the one that was sent last, or can no longer be used."""

    def __init__(self) -> None:
        super().__init__("code", "the code that was sent last; ask for another after 5 attempts")


_TEXTS = {
    "ar": ("رمز كلتش", "رمزك في كلتش هو {code}. صالح لمدة 10 دقائق. لا تشاركه مع أحد."),
    "en": (
        "Your Clutch code",
        "Your Clutch code is {code}. Good for 10 minutes. Share it with nobody.",
    ),
}


class Message(NamedTuple):
    """What is sent to somebody, in their language."""

    subject: str
    body: str


def request_code(session: Session, *, destination: str, purpose: Purpose) -> None:
    """Have a code sent to a phone or an address, if it is somebody's."""
    enqueue(session, "accounts.send_code", destination=destination, purpose=purpose.value)


def new_code(
    session: Session, *, destination: str, purpose: Purpose, key: str, now: dt.datetime
) -> Message | None:
    """Make the code that lives from now on, and return what to send; None when nobody is there.

    `key` is what access tokens are signed with: without it the kept hash tells nothing.
    """
    person = people.person_at(session, destination)
    if person is None or person.status != "active":
        return None
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    queries.put_code(
        session,
        code_id=uuid7(),
        destination=destination,
        purpose=purpose,
        code_hash=_hash(code, destination, purpose, key),
        now=now,
        expires_at=now + LIFETIME,
    )
    subject, body = _TEXTS[person.locale]
    return Message(subject, body.format(code=code))


def spend_code(
    session: Session,
    *,
    destination: str,
    purpose: Purpose,
    code: str,
    key: str,
    now: dt.datetime,
) -> bool:
    """Say whether `code` is right, and use it up; a wrong one counts as an attempt.

    The caller commits either way: an attempt that is undone would be free.
    """
    tried = queries.try_code(session, destination, purpose, now=now, most_attempts=MOST_ATTEMPTS)
    expected = tried.code_hash if tried else bytes(hashlib.sha256().digest_size)
    right = hmac.compare_digest(_hash(code, destination, purpose, key), expected)
    if tried and right:
        queries.use_code(session, tried.code_id, now)
    return tried is not None and right


def verify(session: Session, *, destination: str, code: str, key: str, now: dt.datetime) -> bool:
    """Note that a phone or an address is its person's, who knows the code sent to it."""
    right = spend_code(
        session, destination=destination, purpose=Purpose.VERIFY, code=code, key=key, now=now
    )
    person = people.person_at(session, destination) if right else None
    if person is not None:
        people.set_person(session, person.user_id, **verified(destination, now))
    return person is not None


def verified(destination: str, now: dt.datetime) -> dict[str, dt.datetime]:
    """Return the column of a person that says when this destination was proved to be theirs."""
    return {"phone_verified_at" if is_phone(destination) else "email_verified_at": now}


def forget_old(session: Session, *, now: dt.datetime) -> None:
    """Forget the codes that can no longer be used."""
    queries.delete_codes_before(session, now)


def _hash(code: str, destination: str, purpose: Purpose, key: str) -> bytes:
    said = "\n".join(("code", purpose, destination, code))
    return hmac.digest(key.encode(), said.encode(), "sha256")
