"""Travel times from an engine that knows the road network, where one is at hand.

Three engines answer the same question: a Valhalla or an OSRM server by URL, and Valhalla's tiles
read in this process (the extra `road`). An engine that is slow, down or talks nonsense gives None,
and after some such answers it is left alone for a while; the caller then uses the learned model.
Reads: the network, or a file of tiles. Coordinates are (lon, lat) degrees, times seconds.
"""

import math
import tarfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import httpx
import numpy as np
import orjson
from numpy.typing import NDArray

from clutch.errors import SetupNeeded
from matching.delivery_time.features import great_circle_km

__all__ = ["RoadEngine", "open_road_engine"]

Floats = NDArray[np.float64]
Point = tuple[float, float]
Ask = Callable[[Sequence[Point], Point], list[Any]]

_TIMEOUT_SECONDS = 0.3
_LARGEST_ANSWER_BYTES = 1_000_000
_FAILURES_BEFORE_REST = 3
_REST_SECONDS = 30.0
_FASTEST_KMH = 200.0
_LONGEST_SECONDS = 7 * 86_400.0


class RoadEngine(Protocol):
    """What knows the roads."""

    def travel_seconds(self, origins: tuple[Floats, Floats], destination: Point) -> Floats | None:
        """Return seconds from each origin (lon and lat arrays, shape (n,)) to one destination.

        None where the engine cannot say, for whatever reason; it never raises for that.
        """

    def close(self) -> None:
        """Give back connections."""


def open_road_engine(
    url: str | None = None,
    extract: Path | None = None,
    *,
    timeout_seconds: float = _TIMEOUT_SECONDS,
    rest_seconds: float = _REST_SECONDS,
) -> RoadEngine | None:
    """Return the engine at `url`, else the one that reads the tiles in `extract`, else None.

    A server may be down when this is called: which of the two kinds it is, is found out when it
    first answers.

    Parameters
    ----------
    url
        Root of a Valhalla or OSRM server.
    extract
        A tar file of Valhalla tiles.
    timeout_seconds
        The longest that one question may take.
    rest_seconds
        How long an engine that failed three times in a row is left alone.

    Raises
    ------
    SetupNeeded
        `extract` is given but the extra `road` is not installed, or the tiles cannot be read.

    Examples
    --------
    >>> open_road_engine() is None
    True
    """
    if url is not None:
        server = _Server(url.rstrip("/"), timeout_seconds)
        return _Guarded(server.ask, server.close, rest_seconds)
    if extract is not None:
        return _Guarded(_valhalla_tiles(extract), lambda: None, rest_seconds)
    return None


class _NoAnswer(Exception):
    """The engine gave nothing that can be used."""


class _NoRoad(Exception):
    """The engine is well, but knows no road between these points: they are off its map."""


class _Guarded:
    """An engine whose answers are checked, and which is left to rest when it keeps failing."""

    def __init__(self, ask: Ask, close: Callable[[], None], rest_seconds: float) -> None:
        self._ask = ask
        self._close = close
        self._rest_seconds = rest_seconds
        self._lock = threading.Lock()
        self._failures = 0
        self._asleep_until = -math.inf

    def travel_seconds(self, origins: tuple[Floats, Floats], destination: Point) -> Floats | None:
        if not len(origins[0]):
            return np.zeros(0)
        if not self._may_ask():
            return None
        points = list(zip(origins[0].tolist(), origins[1].tolist(), strict=True))
        seconds = None
        try:
            seconds = _checked(self._ask(points, destination), origins, destination)
        except _NoAnswer:
            self._note(failed=True)
            return None
        except _NoRoad:
            pass
        self._note(failed=False)
        return None if seconds is None or np.isnan(seconds).any() else seconds

    def close(self) -> None:
        self._close()

    def _may_ask(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if now < self._asleep_until:
                return False
            if self._failures >= _FAILURES_BEFORE_REST:
                # this call tries the engine; the others go on without it
                self._asleep_until = now + self._rest_seconds
            return True

    def _note(self, *, failed: bool) -> None:
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            rests = self._failures >= _FAILURES_BEFORE_REST
            self._asleep_until = time.monotonic() + self._rest_seconds if rests else -math.inf


def _checked(answer: list[Any], origins: tuple[Floats, Floats], destination: Point) -> Floats:
    """Return the seconds, NaN where there is no road; nonsense raises `_NoAnswer`."""
    lon, lat = origins
    if not isinstance(answer, list) or len(answer) != len(lon):
        raise _NoAnswer("not one time for each origin")
    if any(not _is_number_or_none(value) for value in answer):
        raise _NoAnswer("times that are no numbers")
    seconds = np.array([math.nan if value is None else value for value in answer], np.float64)
    km = great_circle_km(lon, lat, np.array([destination[0]]), np.array([destination[1]]))
    fastest = km / _FASTEST_KMH * 3600 - 60  # points are moved to the nearest road first
    if (
        np.isinf(seconds) | (seconds < np.maximum(fastest, 0)) | (seconds > _LONGEST_SECONDS)
    ).any():
        raise _NoAnswer("times no car can have")
    return seconds


def _is_number_or_none(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


class _Server:
    """A Valhalla or OSRM server; `ask` finds out which, once."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds
        # proxies of the environment are for the way out, not for a neighbour
        self._client = httpx.Client(timeout=timeout_seconds, trust_env=False)
        self._matrix: Ask | None = None

    def ask(self, origins: Sequence[Point], destination: Point) -> list[Any]:
        self._matrix = matrix = self._matrix or self._kind()
        try:
            return matrix(origins, destination)
        except _NoAnswer:
            self._matrix = None  # another kind of server may stand there next time
            raise

    def close(self) -> None:
        self._client.close()

    def _kind(self) -> Ask:
        status = self._json("GET", "/status")
        # OSRM knows no such path, and says so as {"code": "InvalidUrl"}
        return self._osrm if "code" in status else self._valhalla

    def _valhalla(self, origins: Sequence[Point], destination: Point) -> list[Any]:
        answer = self._json("POST", "/sources_to_targets", _valhalla_question(origins, destination))
        if "error_code" in answer:
            raise _NoRoad
        return _valhalla_times(answer)

    def _osrm(self, origins: Sequence[Point], destination: Point) -> list[Any]:
        points = ";".join(f"{lon:.6f},{lat:.6f}" for lon, lat in [*origins, destination])
        sources = ";".join(map(str, range(len(origins))))
        query = f"sources={sources}&destinations={len(origins)}&annotations=duration"
        answer = self._json("GET", f"/table/v1/driving/{points}?{query}")
        if answer.get("code") != "Ok":
            raise _NoRoad
        try:
            return [row[0] for row in answer["durations"]]
        except (KeyError, TypeError, IndexError) as error:
            raise _NoAnswer("not the form of an OSRM table") from error

    def _json(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer's object; the deadline holds for all of it, however it drips in."""
        deadline = time.monotonic() + self._timeout_seconds
        text = bytearray()
        try:
            with self._client.stream(method, self._url + path, json=body) as response:
                for part in response.iter_bytes():
                    text += part
                    if time.monotonic() > deadline or len(text) > _LARGEST_ANSWER_BYTES:
                        raise _NoAnswer("too slow or too much")
            answer = orjson.loads(bytes(text))
        except (httpx.HTTPError, httpx.InvalidURL, orjson.JSONDecodeError) as error:
            raise _NoAnswer(str(error)) from error
        if response.status_code >= 500 or not isinstance(answer, dict):
            raise _NoAnswer(f"status {response.status_code}")
        return answer


def _valhalla_question(origins: Sequence[Point], destination: Point) -> dict[str, Any]:
    return {
        "sources": [{"lon": lon, "lat": lat} for lon, lat in origins],
        "targets": [{"lon": destination[0], "lat": destination[1]}],
        "costing": "auto",
    }


def _valhalla_times(answer: dict[str, Any]) -> list[Any]:
    try:
        return [row[0]["time"] for row in answer["sources_to_targets"]]
    except (KeyError, TypeError, IndexError) as error:
        raise _NoAnswer("not the form of a Valhalla matrix") from error


def _valhalla_tiles(extract: Path) -> Ask:
    try:
        import valhalla  # an extra, and no wheels of it for every Python
    except ImportError as error:
        raise SetupNeeded(
            "reading Valhalla tiles needs Python 3.12 or newer and: pip install 'clutch[road]'"
        ) from error
    if not (extract.is_file() and tarfile.is_tarfile(extract)):
        raise SetupNeeded(f"{extract} is not a tar file of Valhalla tiles")
    config = valhalla.get_config(tile_extract=extract, tile_dir="", verbose=False)
    actor = valhalla.Actor(config)
    one_at_a_time = threading.Lock()  # an Actor is not safe to share

    def ask(origins: Sequence[Point], destination: Point) -> list[Any]:
        try:
            with one_at_a_time:
                answer = actor.matrix(_valhalla_question(origins, destination))
        except RuntimeError as error:
            raise _NoRoad from error
        return _valhalla_times(answer)

    return ask
