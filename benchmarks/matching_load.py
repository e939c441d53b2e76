"""The same load on the API and on the database alone: connections that never pause.

Requests go over a handful of keep-alive connections from one process, so that the machine's
processors are busy with the server, not with asking.
"""

import asyncio
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np
import uvloop
from sqlalchemy import make_url

from benchmarks.served import SERVICE_KEY, serving
from matching.queries import CANDIDATES_NEAR
from storage.cluster import Database

__all__ = ["http_requests_per_second", "sql_transactions_per_second"]

_WEST, _SOUTH, _SIDE = 31.1357, 29.9444, 0.2  # about downtown Cairo, degrees
_WARM_UP_SECONDS = 3
_LENGTH = re.compile(rb"content-length: (\d+)")


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
    with serving(database, workers=workers) as port:
        uvloop.run(_load(port, make, connections, _WARM_UP_SECONDS))
        return uvloop.run(_load(port, make, connections, seconds)) / seconds


async def _load(port: int, make: str, connections: int, seconds: float) -> int:
    """Return how many requests were answered with 200 within `seconds`."""
    loop = asyncio.get_running_loop()
    clients = [_Client(make, number) for number in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.sleep(seconds)
    answered = sum(client.answered for client in clients)
    for client in clients:
        client.transport.close()
    return answered


class _Client(asyncio.Protocol):
    """Asks again as soon as it was answered; does no more with an answer than count it."""

    def __init__(self, make: str, number: int) -> None:
        corner = np.array([_WEST, _SOUTH])
        points = corner + np.random.default_rng(number).uniform(0, _SIDE, (512, 2))
        self._requests = [_request(make, lon, lat) for lon, lat in points.tolist()]
        self._missing = 0
        self.answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        if self._missing == 0:
            head, _, body = data.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            length = _LENGTH.search(head)
            assert length is not None, head
            self._missing = int(length[1]) - len(body)
        else:
            self._missing -= len(data)
        if self._missing == 0:
            self.answered += 1
            self._ask()

    def _ask(self) -> None:
        self.transport.write(self._requests[self.answered % len(self._requests)])


def _request(make: str, lon: float, lat: float) -> bytes:
    body = (
        f'{{"vehicle": {{"make": "{make}"}}, "delivery_location":'
        f' {{"type": "Point", "coordinates": [{lon:.6f}, {lat:.6f}]}}, "limit": 10}}'
    ).encode()
    head = (
        "POST /api/v1/matching/shops HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {SERVICE_KEY}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    return head + body
