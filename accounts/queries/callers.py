"""Who calls: the people of living log-ins, and the programs of living keys.

Reads: app_user, user_role, shop_member, sign_in, service_key.
"""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from storage.session import Query

__all__ = [
    "CallerRow",
    "ServiceKeyRow",
    "active_person",
    "caller",
    "living_sign_ins",
    "service_key",
]


class CallerRow(NamedTuple):
    """A person with a living log-in: roles on the platform, and shops with the role in each."""

    locale: str
    roles: list[str]
    shop_ids: list[UUID]
    shop_roles: list[str]


class ServiceKeyRow(NamedTuple):
    """A key that was not revoked."""

    name: str
    role: str
    scopes: list[str]


_CALLER = """
SELECT u.locale,
       ARRAY(SELECT role FROM user_role r WHERE r.user_id = u.user_id),
       ARRAY(SELECT shop_id FROM shop_member m WHERE m.user_id = u.user_id ORDER BY shop_id),
       ARRAY(SELECT role FROM shop_member m WHERE m.user_id = u.user_id ORDER BY shop_id)
FROM sign_in s JOIN app_user u USING (user_id)
WHERE s.sign_in_id = %(sign_in_id)s AND u.user_id = %(user_id)s
  AND s.revoked_at IS NULL AND u.status = 'active'
"""
_ACTIVE_PERSON = """
SELECT locale FROM app_user WHERE user_id = %(user_id)s AND status = 'active'
"""
_LIVING_SIGN_INS = """
SELECT s.sign_in_id, ARRAY(SELECT shop_id FROM shop_member m WHERE m.user_id = u.user_id)
FROM sign_in s JOIN app_user u USING (user_id)
WHERE s.sign_in_id = ANY (%(sign_in_ids)s) AND s.revoked_at IS NULL AND u.status = 'active'
"""
_SERVICE_KEY = """
SELECT name, role, scopes FROM service_key WHERE key_hash = %(key_hash)s AND revoked_at IS NULL
"""


def caller(user_id: UUID, sign_in_id: UUID) -> Query:
    """Ask for the person of a living log-in. Rows: none or one `CallerRow`."""
    parameters = {"user_id": user_id, "sign_in_id": sign_in_id}
    return Query(_CALLER, parameters, CallerRow._make)


def active_person(user_id: UUID) -> Query:
    """Ask for the language of a person who was not shut out. Rows: none or one text."""
    return Query(_ACTIVE_PERSON, {"user_id": user_id}, lambda row: row[0])


def living_sign_ins(sign_in_ids: Collection[UUID]) -> Query:
    """Ask which of these log-ins still live. Rows: (sign_in_id, ids of the person's shops)."""
    return Query(_LIVING_SIGN_INS, {"sign_in_ids": list(sign_in_ids)}, tuple)


def service_key(key_hash: bytes) -> Query:
    """Ask for the living service key of this SHA-256. Rows: none or one `ServiceKeyRow`."""
    return Query(_SERVICE_KEY, {"key_hash": key_hash}, ServiceKeyRow._make)
