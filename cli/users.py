"""`clutch users`: the first administrator, and keys for programs."""

import datetime as dt
import getpass
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from accounts import passwords, people, service_keys
from accounts.contacts import email_address, phone_number
from cli.connection import one_transaction, ready_database
from clutch.errors import InvalidInput
from clutch.settings import settings

app = typer.Typer()
users = typer.Typer(no_args_is_help=True, help="Administrators, and keys for programs.")
app.add_typer(users, name="users")

_ACTOR = "cli"


@users.command("add-admin")
def add_admin(
    name: Annotated[str, typer.Argument(help="How the administrator is called.")],
    phone: Annotated[str | None, typer.Option(help="As 010 1234 5678.")] = None,
    email: Annotated[str | None, typer.Option(help="As name@example.com.")] = None,
    locale: Annotated[str, typer.Option(help="ar or en.")] = "ar",
) -> None:
    """Make somebody an administrator, known or new.

    The password is asked for, or read from the first line of the input.
    """
    destination = _destination(phone, email)
    if locale not in ("ar", "en"):
        raise InvalidInput("--locale", "ar or en", found=repr(locale))
    if not name.strip() or not name.isprintable() or len(name) > 120:
        raise InvalidInput("NAME", "1 to 120 printable characters")
    password = _password()
    passwords.assert_usable(password)
    password_hash = passwords.hashed(password)
    with _session() as session:
        user_id = people.add_admin(
            session,
            destination=destination,
            name=name.strip(),
            password_hash=password_hash,
            locale=locale,
            actor=_ACTOR,
            now=dt.datetime.now(dt.UTC),
        )
    typer.echo(f"{destination} is an administrator ({user_id})")


@users.command("key")
def key(
    name: Annotated[str, typer.Argument(help="What logs and the audit know it by.")],
    role: Annotated[str, typer.Option(help="order_service or pipeline.")],
    scope: Annotated[list[str], typer.Option(help="What the key is limited to; repeatable.")],
) -> None:
    """Make a service key and print it, the only time that it is seen."""
    known = service_keys.SCOPES.get(role)
    if known is None:
        raise InvalidInput("--role", " or ".join(service_keys.SCOPES), found=repr(role))
    if not set(scope) <= set(known):
        raise InvalidInput("--scope", " or ".join(known))
    if not re.fullmatch(service_keys.NAME, name):
        raise InvalidInput("NAME", "up to 60 of a-z, 0-9, dot, dash and underscore")
    with _session() as session:
        made = service_keys.add_key(
            session,
            name=name,
            role=role,
            scopes=scope,
            actor=_ACTOR,
            now=dt.datetime.now(dt.UTC),
        )
    typer.echo(made["key"])


@contextmanager
def _session() -> Iterator[Session]:
    with ready_database(settings()) as database, one_transaction(database.url) as session:
        yield session


def _destination(phone: str | None, email: str | None) -> str:
    if phone is not None and email is None:
        return phone_number(phone, field="--phone")
    if email is not None and phone is None:
        return email_address(email, field="--email")
    raise InvalidInput("--phone", "either --phone or --email")


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")
