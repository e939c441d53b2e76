"""`clutch bench live`: thousands of listeners lose their lines at once, while events go on.

Makes a database of its own on the private server and drops it again. Each customer listens to a
room of their own, the staff of shops also to their shop's. `clutch serve` runs with two workers.
The floor is python-socketio as its documents use it, through the same storm in the same run.
"""

import asyncio
import datetime as dt
import multiprocessing
import random
import resource
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.synchronize import Event as Signal
from typing import Any
from uuid import UUID

import numpy as np
import uvloop
from sqlalchemy import create_engine, text

from accounts import access_tokens
from benchmarks.live_clients import Client, connect_all
from benchmarks.options import Options
from benchmarks.served import free_port, own_database, serving, started
from clutch.ids import uuid7
from clutch.settings import settings
from notifications.events import append, shop_room, user_room
from storage.cluster import Database, running_database
from storage.session import PLATFORM, open_engine, transaction

__all__ = ["run", "storm"]

_TOKEN_KEY = "what the tokens of the benchmark are signed with"  # noqa: S105 - of a throw-away run
_WORKERS = 2
_STAFF_OF_A_SHOP = 4
_SHARE_OF_STAFF = 0.1
_TRANSACTIONS_PER_SECOND = 200
_ROOMS_OF_A_TRANSACTION = 2  # a customer's and a shop's hear of the same thing
_STEADY_SECONDS = 10
_SETTLE_SECONDS = 30
_OF_THE_FLOOR = ("connect_p50_ms", "delivery_p50_ms", "delivery_p99_ms", "events_written", "lost")


def run(options: Options) -> dict[str, object]:
    """Return the figures of the benchmark; see the module's first lines."""
    _allow_many_files()
    with running_database(settings()) as server, own_database(server, "clutch_bench_live") as own:
        options.note(f"{options.clients:,} clients ...")
        ours = storm(own, clients=options.clients, seed=options.seed)
        options.note("python-socketio without a log ...")
        floor = _floor(own, clients=options.clients, seed=options.seed)
    return {
        "clients": options.clients,
        "workers": _WORKERS,
        **ours,
        "peers": {"python_socketio_without_log": {name: floor[name] for name in _OF_THE_FLOOR}},
    }


def storm(
    database: Database, *, clients: int, seed: int, seconds: int = _STEADY_SECONDS
) -> dict[str, Any]:
    """Return the figures of one storm; events go on for `seconds` before and after it."""
    _forget_events(database)
    choices = {"CLUTCH_TOKEN_KEY": _TOKEN_KEY, "CLUTCH_JOB_WORKERS": "0"}
    with serving(database, workers=_WORKERS, **choices) as port:
        people = _people(database, clients)
        listening = [Client({"token": token}, rooms) for token, rooms in people]
        return uvloop.run(_story(database, listening, port, seed, seconds))


def _floor(database: Database, *, clients: int, seed: int) -> dict[str, Any]:
    _forget_events(database)
    with _peer(database) as port:
        listening = [
            Client({"rooms": rooms}, rooms, replays=False)
            for _, rooms in _people(database, clients)
        ]
        return uvloop.run(_story(database, listening, port, seed, _STEADY_SECONDS))


async def _story(
    database: Database, clients: Sequence[Client], port: int, seed: int, seconds: int
) -> dict[str, Any]:
    """Connect, listen for a while, lose all lines at once, and hear the rest."""
    began = time.perf_counter()
    await connect_all(clients, port)
    connected = time.perf_counter() - began
    connect_ms = [client.connect_seconds * 1e3 for client in clients]
    with _writing(database, clients, seed):
        await asyncio.sleep(seconds)
        delays_ms = [delay for client in clients for delay in client.delays_ms]
        cut_at = time.perf_counter()
        for client in clients:
            client.cut()
        await connect_all(clients, port)
        reconnected = time.perf_counter() - cut_at
        await asyncio.sleep(seconds)
    newest = _newest(database)
    await _settle(clients, newest)
    for client in clients:
        client.cut()
    await asyncio.sleep(0)
    return {
        "connect_seconds": round(connected, 2),
        **_percentiles("connect", connect_ms),
        **_percentiles("delivery", delays_ms),
        "deliveries_per_second": round(len(delays_ms) / seconds),
        "storm_reconnected_seconds": round(reconnected, 2),
        **_percentiles("storm_connect", [client.connect_seconds * 1e3 for client in clients]),
        "storm_caught_up_seconds": round(
            max(client.caught_up_at for client in clients) - cut_at, 2
        ),
        "events_written": sum(newest.values()),
        **_account(clients, newest),
    }


def _account(clients: Sequence[Client], newest: dict[str, int]) -> dict[str, int]:
    """Count what was heard, against the log."""
    lost = duplicates = disordered = delivered = 0
    for client in clients:
        delivered += len(client.heard)
        for room in client.rooms:
            numbers = [number for name, number in client.heard if name == room]
            lost += newest.get(room, 0) - len(set(numbers))
            duplicates += len(numbers) - len(set(numbers))
            disordered += numbers != sorted(numbers)
    return {
        "delivered": delivered,
        "lost": lost,
        "duplicates": duplicates,
        "out_of_order": disordered,
    }


async def _settle(clients: Sequence[Client], newest: dict[str, int]) -> None:
    """Wait until everybody has what there is, or long enough."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_SETTLE_SECONDS if clients[0].replays else 3):
            for client in clients:
                for room in client.rooms:
                    while client.last.get(room, 0) < newest.get(room, 0):  # noqa: ASYNC110 - a count
                        await asyncio.sleep(0.05)


def _percentiles(name: str, values: Sequence[float]) -> dict[str, float]:
    p50, p99 = np.percentile(values, [50, 99]) if values else (float("nan"),) * 2
    return {f"{name}_p50_ms": round(float(p50), 1), f"{name}_p99_ms": round(float(p99), 1)}


@contextmanager
def _writing(database: Database, clients: Sequence[Client], seed: int) -> Iterator[None]:
    """Write events, in a process of its own, for as long as the block lasts."""
    rooms = sorted({room for client in clients for room in client.rooms})
    context = multiprocessing.get_context("spawn")
    begun, stop = context.Event(), context.Event()
    writer = context.Process(target=_write, args=(database.url, rooms, seed, begun, stop))
    writer.start()
    begun.wait()
    try:
        yield
    finally:
        stop.set()
        writer.join()
    assert writer.exitcode == 0


def _write(url: str, rooms: Sequence[str], seed: int, begun: Signal, stop: Signal) -> None:
    engine = open_engine(url, connections=1)
    rng = random.Random(seed)  # noqa: S311 - which rooms hear of what is no secret
    begun.set()
    due = time.perf_counter()
    while not stop.is_set():
        told = rng.sample(rooms, min(_ROOMS_OF_A_TRANSACTION, len(rooms)))
        order = str(UUID(int=rng.getrandbits(128)))
        with transaction(engine, PLATFORM) as session:
            for room in told:
                payload = {"orderId": order, "status": "shipped", "at": time.time()}
                append(session, room, "order-status-update", payload, now=dt.datetime.now(dt.UTC))
        due += 1 / _TRANSACTIONS_PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
    engine.dispose()


def _people(database: Database, count: int) -> list[tuple[str, list[str]]]:
    """Make people with log-ins, some at shops, four at each; return their tokens and rooms."""
    now = dt.datetime.now(dt.UTC)
    people = [(uuid7(), uuid7()) for _ in range(count)]
    staff = people[: int(count * _SHARE_OF_STAFF)]
    shops = [uuid7() for _ in range(-(-len(staff) // _STAFF_OF_A_SHOP))]
    members = {user: shops[place // _STAFF_OF_A_SHOP] for place, (user, _) in enumerate(staff)}
    engine = create_engine(database.owner_url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO app_user (user_id, email, name, password_hash, locale, created_at)"
                " VALUES (:user, :email, 'listener', '-', 'ar', :now)"
            ),
            [{"user": user, "email": f"{user}@mail.test", "now": now} for user, _ in people],
        )
        connection.execute(
            text("INSERT INTO sign_in (sign_in_id, user_id, created_at) VALUES (:id, :user, :now)"),
            [{"id": sign_in, "user": user, "now": now} for user, sign_in in people],
        )
        connection.execute(
            text(
                "INSERT INTO shop (shop_id, name, status, location, brand_ids, regular_hours)"
                " VALUES (:shop, 'shop', 'active', ST_SetSRID(ST_MakePoint(31.2, 30.0), 4326),"
                "  '{1}', '{0,10080}')"
            ),
            [{"shop": shop} for shop in shops],
        )
        connection.execute(
            text("INSERT INTO shop_member VALUES (:shop, :user, 'shop_staff')"),
            [{"shop": shop, "user": user} for user, shop in members.items()],
        )
    engine.dispose()
    return [
        (
            access_tokens.issue(user, sign_in, key=_TOKEN_KEY, now=now),
            [user_room(user)] + ([shop_room(members[user])] if user in members else []),
        )
        for user, sign_in in people
    ]


def _newest(database: Database) -> dict[str, int]:
    engine = create_engine(database.owner_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT room, last_sequence FROM room")).all()
    engine.dispose()
    return {row.room: row.last_sequence for row in rows}


def _forget_events(database: Database) -> None:
    engine = create_engine(database.owner_url)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE room, room_event"))
    engine.dispose()


@contextmanager
def _peer(database: Database) -> Iterator[int]:
    port = free_port()
    arguments = ["-m", "uvicorn", "benchmarks.live_peer:app", f"--port={port}"]
    with started(arguments, {"CLUTCH_DATABASE_URL": database.url}):
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        yield port


def _allow_many_files() -> None:
    """Let this process, and those it starts, have as many lines, which are files, as may be."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
