"""`clutch users` and `clutch audit`: what comes from the machine that serves."""

import io
import sys
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from accounts import passwords
from accounts.service_keys import key_hash
from cli.main import run
from storage.cluster import Database

PASSWORD = "long and easy to say"


@pytest.fixture
def database(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("CLUTCH_DATABASE_URL", fresh_database.url)
    return fresh_database


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have the next command read these lines."""

    def type_in(*lines: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    return type_in


def exit_code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        run(list(arguments))
    return int(stopped.value.code or 0)


def rows(database: Database, statement: str) -> list[Any]:
    engine = create_engine(database.owner_url)
    with engine.begin() as connection:
        found = connection.execute(text(statement)).all()
    engine.dispose()
    return list(found)


def test_the_first_administrator_is_made_and_made_again(
    database: Database, typed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(PASSWORD)
    assert exit_code("users", "add-admin", "Mona Adel", "--phone", "٠١٠١٢٣٤٥٦٧٨") == 0
    said = capsys.readouterr().out
    assert said.startswith("+201012345678 is an administrator (")
    typed("another easy to say")
    assert exit_code("users", "add-admin", "Mona Adel", "--phone", "+201012345678") == 0
    assert capsys.readouterr().out == said
    (person,) = rows(
        database,
        "SELECT name, phone_verified_at, password_hash, role FROM app_user JOIN user_role"
        " USING (user_id)",
    )
    assert (person.name, person.role) == ("Mona Adel", "admin")
    assert person.phone_verified_at is not None
    assert not passwords.matches(person.password_hash, PASSWORD)
    assert passwords.matches(person.password_hash, "another easy to say")
    assert rows(database, "SELECT actor, act FROM audit_entry") == [("cli", "give_role")] * 2


def test_a_key_is_printed_once_and_the_log_is_whole(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("users", "key", "orders", "--role", "order_service", "--scope", "matching")
    assert exit_code(*words) == 0
    key = capsys.readouterr().out.strip()
    (kept,) = rows(database, "SELECT name, key_hash FROM service_key")
    assert (kept.name, bytes(kept.key_hash)) == ("orders", key_hash(key.encode()))
    assert exit_code(*words) == 1
    assert capsys.readouterr().err == (
        "clutch: a key has this name already; allowed now: another name\n"
    )
    assert exit_code("audit", "verify") == 0
    said = capsys.readouterr().out
    assert said.startswith("1 entries, whole; end 1:")
    assert exit_code("audit", "verify", "--seen", said.split()[-1]) == 0
    capsys.readouterr()
    assert exit_code("audit", "verify", "--seen", f"1:{'0' * 64}") == 1
    assert capsys.readouterr().err == "clutch: the audit log was altered from entry 1 on\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("add-admin", "Mona"), "--phone: expected either --phone or --email"),
        (("add-admin", "Mona", "--phone", "12"), "--phone: expected a phone number"),
        (("add-admin", "Mona", "--email", "x"), "--email: expected an e-mail address"),
        (("add-admin", " ", "--email", "a@b.test"), "NAME: expected 1 to 120 printable"),
        (("add-admin", "Mona", "--email", "a@b.test"), "password: expected 8 to 128 characters"),
        (("key", "Bad name", "--role", "pipeline", "--scope", "models"), "NAME: expected up to 60"),
        (("key", "a", "--role", "admin", "--scope", "models"), "--role: expected order_service or"),
        (("key", "a", "--role", "pipeline", "--scope", "all"), "--scope: expected models"),
    ],
)
def test_a_wrong_call_is_one_clear_line(
    typed: Any, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], line: str
) -> None:
    typed("short")
    assert exit_code("users", *words) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"clutch: {line}")
    assert said.count("\n") == 1
