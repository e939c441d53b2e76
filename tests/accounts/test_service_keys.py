"""Service keys: seen once, kept hashed, ended at once."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import text

from accounts.queries import callers
from accounts.service_keys import KeyNameTaken, add_key, key_hash, list_keys, revoke_key
from clutch.errors import NotFound
from clutch.ids import uuid7
from storage.session import run

FACTS = {"role": "order_service", "scopes": ["matching"], "actor": "user:1"}


@pytest.fixture(autouse=True)
def _clean(begin: Any) -> Any:
    yield
    with begin() as session:
        session.execute(text("DELETE FROM service_key"))


def living(begin: Any, key: str) -> list[Any]:
    def steps() -> Any:
        return (yield callers.service_key(key_hash(key.encode())))

    with begin() as session:
        return list(run(session, steps()))


def test_a_key_is_seen_once(begin: Any, now: dt.datetime) -> None:
    with begin() as session:
        made = add_key(session, name="orders", now=now, **FACTS)
    assert made["key"].startswith("clutch_")
    assert len(made["key"]) == 50
    with begin() as session:
        (kept,) = list_keys(session, limit=10, cursor=None)["keys"]
        row = str(session.execute(text("SELECT * FROM service_key")).one())
    assert kept == {name: value for name, value in made.items() if name != "key"}
    assert made["key"] not in row
    assert living(begin, made["key"]) == [("orders", "order_service", ["matching"])]
    assert living(begin, made["key"] + "x") == []


def test_a_revoked_key_ends_at_once_and_its_name_stays(begin: Any, now: dt.datetime) -> None:
    with begin() as session:
        made = add_key(session, name="orders", now=now, **FACTS)
    later = now + dt.timedelta(hours=1)
    for asked_at in (later, later + dt.timedelta(hours=1)):
        with begin() as session:
            ended = revoke_key(session, made["service_key_id"], actor="user:1", now=asked_at)
        assert ended["revoked_at"] == later
    assert living(begin, made["key"]) == []
    with pytest.raises(KeyNameTaken), begin() as session:
        add_key(session, name="orders", now=now, **FACTS)
    with begin() as session:
        acts = session.scalars(text("SELECT act FROM audit_entry ORDER BY sequence")).all()
    assert acts[-2:] == ["add_service_key", "revoke_service_key"]


def test_there_is_nothing_to_revoke(begin: Any, now: dt.datetime) -> None:
    with pytest.raises(NotFound), begin() as session:
        revoke_key(session, uuid7(), actor="user:1", now=now)
