"""The same load on the API and on the database alone: connections that never pause.

Requests go over a handful of keep-alive connections from one process, so that the machine's
processors are busy with the server, not with asking.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import numpy as np
from sqlalchemy import make_url

from matching.queries import CANDIDATES_NEAR
from storage.cluster import Database

__all__ = ["http_requests_per_second", "sql_transactions_per_second"]

_WEST, _SOUTH, _SIDE = 31.1357, 29.9444, 0.2  # about downtown Cairo, degrees
_KEY = "benchmark-service-key"
_WARM_UP_SECONDS = 3


def sql_transactions_per_second(
    url: str, brand_id: int, *, connections: int, seconds: int
) -> dict[str, float]:
    """Return what pgbench gets from the API's own statement, by protocol."""
    statement = CANDIDATES_NEAR
    constants = {"brand_id": brand_id, "count": 50, "ramadan": "false", "holiday": "false"}
    for name, value in {"lon": ":lon", "lat": ":lat", **constants}.items():
        statement = statement.replace(f"%({name})s", str(value))
    script = (
        f"\\set lon {_WEST} + random(0, 1000000) * {_SIDE} / 1000000.0\n"
        f"\\set lat {_SOUTH} + random(0, 1000000) * {_SIDE} / 1000000.0\n"
        f"{' '.join(statement.split())};\n"
    )
    with TemporaryDirectory() as directory:
        path = Path(directory) / "candidates.sql"
        path.write_text(script)
        return {
            protocol: _pgbench(url, path, protocol, connections, seconds)
            for protocol in ("prepared", "simple")
        }


def _pgbench(url: str, script: Path, protocol: str, connections: int, seconds: int) -> float:
    libpq = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    command = ["pgbench", "--no-vacuum", f"--protocol={protocol}", f"--client={connections}"]
    output = subprocess.run(
        [*command, f"--time={seconds}", f"--file={script}", libpq],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = re.search(r"tps = ([\d.]+)", output)
    assert found is not None, output
    return float(found[1])


def http_requests_per_second(
    database: Database, make: str, *, connections: int, seconds: int, workers: int
) -> float:
    """Return the answers a second of `clutch serve` on the same database."""
    with _served(database, workers) as port:
        asyncio.run(_load(port, make, connections, _WARM_UP_SECONDS))
        return asyncio.run(_load(port, make, connections, seconds)) / seconds


@contextmanager
def _served(database: Database, workers: int) -> Iterator[int]:
    port = 8_700 + os.getpid() % 1_000
    command = [sys.executable, "-c", "from cli.main import run; run()", "serve"]
    process = subprocess.Popen(
        [*command, f"--port={port}", f"--workers={workers}"],
        env={
            **os.environ,
            "CLUTCH_DATABASE_URL": database.url,
            "CLUTCH_DATABASE_OWNER_URL": database.owner_url,
            "CLUTCH_SERVICE_KEY": _KEY,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_ready(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _await_ready(port: int) -> None:
    for _ in range(300):
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not become ready")


async def _load(port: int, make: str, connections: int, seconds: float) -> int:
    """Return how many requests were answered with 200 within `seconds`."""
    until = time.perf_counter() + seconds
    clients = [_client(port, make, number, until) for number in range(connections)]
    return sum(await asyncio.gather(*clients))


async def _client(port: int, make: str, number: int, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    corner = np.array([_WEST, _SOUTH])
    points = corner + np.random.default_rng(number).uniform(0, _SIDE, (512, 2))
    requests = [_request(make, lon, lat) for lon, lat in points.tolist()]
    answered = 0
    while time.perf_counter() < until:
        writer.write(requests[answered % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        length = re.search(rb"content-length: (\d+)", head)
        assert length is not None, head
        await reader.readexactly(int(length[1]))
        answered += 1
    writer.close()
    await writer.wait_closed()
    return answered


def _request(make: str, lon: float, lat: float) -> bytes:
    body = (
        f'{{"vehicle": {{"make": "{make}"}}, "delivery_location":'
        f' {{"type": "Point", "coordinates": [{lon:.6f}, {lat:.6f}]}}, "limit": 10}}'
    ).encode()
    head = (
        "POST /api/v1/matching/shops HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {_KEY}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    return head + body
