"""The audit log: one chain however many write at once, and no change that goes unnoticed."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ProgrammingError

from accounts.audit import AuditRow, entry_hash, list_entries, record, verdict, verify
from clutch.errors import InvalidInput, NotFound
from storage.cluster import Database

SUBJECT = "order:1"


@pytest.fixture
def owner(database: Database) -> Iterator[Connection]:
    """The role that owns the log, which can do to it what it likes."""
    engine = create_engine(database.owner_url)
    with engine.connect() as owner:
        yield owner
        owner.rollback()
        owner.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only"))
        owner.execute(text("DELETE FROM audit_entry"))
        owner.execute(text("ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_append_only"))
        owner.commit()
    engine.dispose()


def write(begin: Any, now: dt.datetime, *acts: str) -> None:
    with begin() as session:
        for act in acts:
            record(
                session, actor="user:1", act=act, subject=SUBJECT, now=now, piastres=1250, ok=True
            )


def checked(begin: Any, seen: str | None = None) -> Any:
    with begin() as session:
        return verify(session, seen=seen)


def tampered(owner: Connection, statement: str) -> None:
    owner.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only"))
    owner.execute(text(statement))
    owner.execute(text("ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_append_only"))
    owner.commit()


def test_an_empty_log_is_whole(begin: Any, owner: Connection) -> None:
    assert checked(begin) == {"whole": True, "entries": 0, "first_broken": None, "end": None}


def test_entries_of_a_transaction_follow_each_other(
    begin: Any, owner: Connection, now: dt.datetime
) -> None:
    write(begin, now, "accept", "pay")
    write(begin, now, "deliver")
    found = checked(begin)
    assert (found["whole"], found["entries"]) == (True, 3)
    with begin() as session:
        page = list_entries(session, subject=SUBJECT, limit=2, cursor=None)
        rest = list_entries(session, subject=SUBJECT, limit=2, cursor=page["next_cursor"])
        assert list_entries(session, subject="order:2", limit=2, cursor=None)["entries"] == []
    assert [entry["act"] for entry in page["entries"] + rest["entries"]] == [
        "deliver",
        "pay",
        "accept",
    ]
    assert page["entries"][0]["detail"] == {"piastres": 1250, "ok": True}
    assert found["end"] == f"3:{page['entries'][0]['entry_hash']}"


def test_what_is_undone_leaves_no_entry(begin: Any, owner: Connection, now: dt.datetime) -> None:
    with pytest.raises(NotFound), begin() as session:  # noqa: PT012 - one transaction
        record(session, actor="user:1", act="accept", subject=SUBJECT, now=now)
        raise NotFound("order")
    assert checked(begin)["entries"] == 0


def test_many_writers_at_once_keep_one_chain(
    begin: Any, owner: Connection, now: dt.datetime, at_once: Any
) -> None:
    at_once(6, lambda place: [write(begin, now, f"a{place}", f"b{place}") for _ in range(10)])
    found = checked(begin)
    assert (found["whole"], found["entries"]) == (True, 120)


@pytest.mark.parametrize(
    ("statement", "first_broken"),
    [
        ("UPDATE audit_entry SET actor = 'user:2' WHERE sequence = 2", 2),
        ("UPDATE audit_entry SET detail = '{\"piastres\": 1}' WHERE sequence = 3", 3),
        ("UPDATE audit_entry SET at = at + interval '1 s' WHERE sequence = 1", 1),
        ("DELETE FROM audit_entry WHERE sequence = 2", 2),
        ("DELETE FROM audit_entry WHERE sequence = 1", 1),
        ("UPDATE audit_entry SET sequence = 9 WHERE sequence = 4", 4),
        (
            "INSERT INTO audit_entry SELECT 0 + 5, at, actor, act, subject, detail,"
            " entry_hash, sha256(entry_hash) FROM audit_entry WHERE sequence = 4",
            5,
        ),
    ],
)
def test_what_the_owner_alters_is_found(
    begin: Any, owner: Connection, now: dt.datetime, statement: str, first_broken: int
) -> None:
    write(begin, now, "one", "two", "three", "four")
    assert checked(begin)["whole"] is True
    tampered(owner, statement)
    found = checked(begin)
    assert (found["whole"], found["first_broken"], found["end"]) == (False, first_broken, None)


def test_a_log_cut_short_or_written_anew_is_found_by_its_earlier_end(
    begin: Any, owner: Connection, now: dt.datetime
) -> None:
    write(begin, now, "one", "two", "three")
    seen = checked(begin)["end"]
    write(begin, now, "four")
    assert checked(begin, seen)["whole"] is True
    tampered(owner, "DELETE FROM audit_entry WHERE sequence > 2")
    assert checked(begin)["whole"] is True
    assert checked(begin, seen)["first_broken"] == 3
    write(begin, now, "another", "four")
    assert checked(begin)["whole"] is True
    assert checked(begin, seen)["whole"] is False


@pytest.mark.parametrize("seen", ["", "3", "3:abc", f"x:{'0' * 64}", f"{'9' * 5000}:{'0' * 64}"])
def test_only_an_end_is_looked_for(begin: Any, owner: Connection, seen: str) -> None:
    with pytest.raises(InvalidInput, match="seen: expected an earlier end"):
        checked(begin, seen)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET actor = 'user:2'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only",
    ],
)
def test_the_serving_role_only_appends(
    begin: Any, owner: Connection, now: dt.datetime, statement: str
) -> None:
    write(begin, now, "one")
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        begin() as session,
    ):
        session.execute(text(statement))
    assert checked(begin)["entries"] == 1


def test_the_owner_too_is_stopped_by_the_trigger(
    begin: Any, owner: Connection, now: dt.datetime
) -> None:
    write(begin, now, "one")
    with pytest.raises(ProgrammingError, match="never changed or removed"):
        owner.execute(text("DELETE FROM audit_entry"))


def test_the_verdict_reads_rows_alone(now: dt.datetime) -> None:
    digest = entry_hash(1, now, "user:1", "log_in", "user:1", {}, bytes(32))
    row = AuditRow(1, now, "user:1", "log_in", "user:1", {}, bytes(32), digest)
    assert verdict([row])["whole"] is True
    assert verdict([row._replace(previous_hash=b"1" * 32)])["first_broken"] == 1
