"""Log-ins, and the refresh tokens that descend from each.

Reads/Writes: sign_in, refresh_token. Reads: app_user.
"""

import datetime as dt
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from storage.tables.accounts import AppUser, RefreshToken, SignIn

__all__ = [
    "UsedRow",
    "add_refresh_token",
    "add_sign_in",
    "delete_tokens_before",
    "revoke_all",
    "revoke_sign_in",
    "sign_in_of_token",
    "use_refresh_token",
]


class UsedRow(NamedTuple):
    """The log-in that a refresh token belongs to."""

    sign_in_id: UUID
    user_id: UUID


def add_sign_in(session: Session, sign_in_id: UUID, user_id: UUID, now: dt.datetime) -> None:
    """Add a log-in."""
    session.execute(insert(SignIn).values(sign_in_id=sign_in_id, user_id=user_id, created_at=now))


def add_refresh_token(
    session: Session,
    token_hash: bytes,
    sign_in_id: UUID,
    now: dt.datetime,
    expires_at: dt.datetime,
) -> None:
    """Add a refresh token to a log-in."""
    session.execute(
        insert(RefreshToken).values(
            token_hash=token_hash, sign_in_id=sign_in_id, created_at=now, expires_at=expires_at
        )
    )


def use_refresh_token(session: Session, token_hash: bytes, now: dt.datetime) -> UsedRow | None:
    """Use a token up; None when it cannot be used. Of two at once, one gets a row."""
    row = session.execute(
        update(RefreshToken)
        .where(
            RefreshToken.token_hash == token_hash,
            RefreshToken.used_at.is_(None),
            RefreshToken.expires_at > now,
            RefreshToken.sign_in_id == SignIn.sign_in_id,
            SignIn.revoked_at.is_(None),
            SignIn.user_id == AppUser.user_id,
            AppUser.status == "active",
        )
        .values(used_at=now)
        .returning(SignIn.sign_in_id, SignIn.user_id)
    ).one_or_none()
    return None if row is None else UsedRow._make(row)


def sign_in_of_token(session: Session, token_hash: bytes) -> UsedRow | None:
    """Return the log-in of a token that was used already."""
    row = session.execute(
        select(SignIn.sign_in_id, SignIn.user_id)
        .join(RefreshToken, RefreshToken.sign_in_id == SignIn.sign_in_id)
        .where(RefreshToken.token_hash == token_hash, RefreshToken.used_at.is_not(None))
    ).one_or_none()
    return None if row is None else UsedRow._make(row)


def revoke_sign_in(session: Session, sign_in_id: UUID, now: dt.datetime, because: str) -> bool:
    """End a log-in; False when it has ended already."""
    ended = session.execute(
        update(SignIn)
        .where(SignIn.sign_in_id == sign_in_id, SignIn.revoked_at.is_(None))
        .values(revoked_at=now, revoked_because=because)
        .returning(SignIn.sign_in_id)
    )
    return ended.first() is not None


def revoke_all(
    session: Session,
    user_id: UUID,
    now: dt.datetime,
    because: str,
    *,
    but: UUID | None = None,
) -> int:
    """End every log-in of a person, `but` one where it is given; return how many there were."""
    ended = session.execute(
        update(SignIn)
        .where(SignIn.user_id == user_id, SignIn.revoked_at.is_(None))
        .where(SignIn.sign_in_id.is_distinct_from(but))
        .values(revoked_at=now, revoked_because=because)
        .returning(SignIn.sign_in_id)
    )
    return len(ended.all())


def delete_tokens_before(session: Session, before: dt.datetime) -> None:
    """Forget the tokens that expired before an instant, and the log-ins without any left."""
    session.execute(delete(RefreshToken).where(RefreshToken.expires_at < before))
    session.execute(
        delete(SignIn).where(
            SignIn.created_at < before,
            ~select(RefreshToken.token_hash)
            .where(RefreshToken.sign_in_id == SignIn.sign_in_id)
            .exists(),
        )
    )
