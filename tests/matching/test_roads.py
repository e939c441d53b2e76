"""Road engines, asked over real connections: servers here answer as OSRM and Valhalla do."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import orjson
import pytest

from clutch.errors import SetupNeeded
from matching.roads import open_road_engine

ORIGINS = (np.array([31.24, 31.30, 31.20]), np.array([30.05, 30.10, 30.00]))
DESTINATION = (31.25, 30.06)
SECONDS = [240.0, 480.0, 900.0]

Answer = Callable[["Server", str, bytes], tuple[int, bytes]]


class Server:
    """An HTTP server in a thread; `asked` lists the paths, `answer` can be changed any time."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.url = ""
        self.released = threading.Event()


@contextmanager
def running(answer: Answer) -> Iterator[Server]:
    server = Server(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            server.asked.append(self.path)
            status, body = server.answer(server, self.path, self.rfile.read(length))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    try:
        yield server
    finally:
        server.released.set()
        http.shutdown()
        http.server_close()
        thread.join()


@contextmanager
def engine_at(url: str, **options: float):
    engine = open_road_engine(url, timeout_seconds=options.pop("timeout_seconds", 2.0), **options)
    try:
        yield engine
    finally:
        engine.close()


def osrm(_: Server, path: str, __: bytes) -> tuple[int, bytes]:
    address = urlsplit(path)
    if not address.path.startswith("/table/v1/driving/"):
        return 400, b'{"code":"InvalidUrl","message":"URL string malformed close to position 1"}'
    points = address.path.removeprefix("/table/v1/driving/").split(";")
    query = parse_qs(address.query)
    assert query["annotations"] == ["duration"]
    assert query["destinations"] == [str(len(points) - 1)]
    assert points[-1] == "31.250000,30.060000"
    sources = [int(source) for source in query["sources"][0].split(";")]
    assert points[0] == "31.240000,30.050000"
    return 200, orjson.dumps({"code": "Ok", "durations": [[SECONDS[i]] for i in sources]})


def valhalla(_: Server, path: str, body: bytes) -> tuple[int, bytes]:
    if path == "/status":
        return 200, b'{"version":"3.5.1","tileset_last_modified":1700000000}'
    assert path == "/sources_to_targets"
    question = orjson.loads(body)
    assert question["costing"] == "auto"
    assert question["targets"] == [{"lon": 31.25, "lat": 30.06}]
    assert question["sources"][0] == {"lon": 31.24, "lat": 30.05}
    rows = [
        [{"distance": 1.0, "time": seconds, "to_index": 0, "from_index": i}]
        for i, seconds in enumerate(SECONDS[: len(question["sources"])])
    ]
    return 200, orjson.dumps({"sources_to_targets": rows, "units": "kilometers"})


def saying(body: bytes, status: int = 200) -> Answer:
    """A Valhalla that says `body` when asked for times."""

    def answer(server: Server, path: str, question: bytes) -> tuple[int, bytes]:
        return valhalla(server, path, question) if path == "/status" else (status, body)

    return answer


def times(*seconds: object) -> bytes:
    return orjson.dumps({"sources_to_targets": [[{"time": value}] for value in seconds]})


@pytest.mark.parametrize("kind", [osrm, valhalla])
def test_either_kind_of_server_is_recognised_and_asked_in_its_own_words(kind):
    with running(kind) as server, engine_at(server.url + "/") as engine:
        for _ in range(2):
            assert engine.travel_seconds(ORIGINS, DESTINATION).tolist() == SECONDS
        assert server.asked.count("/status") == 1
        assert len(server.asked) == 3


def test_no_origins_are_answered_without_a_question():
    with running(osrm) as server, engine_at(server.url) as engine:
        assert engine.travel_seconds((np.zeros(0), np.zeros(0)), DESTINATION).tolist() == []
        assert server.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>It works!</html>",
        b"[1, 2, 3]",
        b'"times"',
        b"{}",
        b'{"sources_to_targets": null}',
        b'{"sources_to_targets": [[], [], []]}',
        b'{"sources_to_targets": [[{}], [{}], [{}]]}',
        b'{"sources_to_targets": [[{"time": NaN}], [{"time": 1}], [{"time": 1}]]}',
        times(240),
        times(240, 480, 900, 1000),
        times(240, 480, "900"),
        times(240, 480, True),
        times(240, 480, -900),
        times(240, 480, 1e12),
        times(0, 0, 0),
        b"\xff\xfe\x00",
        b" " * 2_000_000 + times(*SECONDS),
    ],
    ids=lambda body: body[:60].decode(errors="replace").strip() or "empty",
)
def test_nonsense_is_no_answer(body):
    with running(saying(body)) as server, engine_at(server.url) as engine:
        assert engine.travel_seconds(ORIGINS, DESTINATION) is None
        assert server.asked == ["/status", "/sources_to_targets"]


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_an_error_status_is_no_answer(status):
    body = b'{"error":"later"}'
    with running(saying(body, status)) as server, engine_at(server.url) as engine:
        assert engine.travel_seconds(ORIGINS, DESTINATION) is None


def off_its_map(kind: Answer, body: bytes) -> Answer:
    def answer(server: Server, path: str, question: bytes) -> tuple[int, bytes]:
        return kind(server, path, question) if path == "/status" else (400, body)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        off_its_map(osrm, b'{"code":"NoSegment","message":"Could not find a matching segment"}'),
        off_its_map(valhalla, b'{"error_code":171,"error":"No suitable edges near location"}'),
    ],
    ids=["osrm", "valhalla"],
)
def test_points_off_the_map_leave_the_answer_to_the_model_and_the_engine_in_use(answer):
    with running(answer) as server, engine_at(server.url) as engine:
        for _ in range(5):
            assert engine.travel_seconds(ORIGINS, DESTINATION) is None
        assert len(server.asked) == 1 + 5


def test_a_shop_no_road_leads_from_leaves_the_answer_to_the_model_but_does_not_count_as_failure():
    with running(saying(times(240, None, 900))) as server, engine_at(server.url) as engine:
        for _ in range(5):
            assert engine.travel_seconds(ORIGINS, DESTINATION) is None
        assert server.asked.count("/sources_to_targets") == 5


def test_a_slow_server_is_not_waited_for():
    def slow(server: Server, path: str, body: bytes) -> tuple[int, bytes]:
        server.released.wait(20)
        return valhalla(server, path, body)

    with running(slow) as server, engine_at(server.url, timeout_seconds=0.2) as engine:
        started = time.monotonic()
        assert engine.travel_seconds(ORIGINS, DESTINATION) is None
        assert time.monotonic() - started < 10


def test_a_server_that_drips_its_answer_is_not_waited_for():
    stop = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not stop.wait(0.02):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,), daemon=True)
        thread.start()
        with engine_at(
            f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_seconds=0.3
        ) as engine:
            started = time.monotonic()
            assert engine.travel_seconds(ORIGINS, DESTINATION) is None
            assert time.monotonic() - started < 10
        stop.set()
        thread.join()


def test_a_server_that_is_down_is_no_answer():
    with running(osrm) as server:
        url = server.url
    with engine_at(url) as engine:
        assert engine.travel_seconds(ORIGINS, DESTINATION) is None


def test_after_three_failures_the_engine_rests_and_one_question_tries_it_again():
    broken = saying(b"{}", 500)
    with running(broken) as server, engine_at(server.url, rest_seconds=1.0) as engine:
        for _ in range(10):
            assert engine.travel_seconds(ORIGINS, DESTINATION) is None
        assert server.asked.count("/sources_to_targets") == 3
        time.sleep(1.1)
        for _ in range(10):
            assert engine.travel_seconds(ORIGINS, DESTINATION) is None
        assert server.asked.count("/sources_to_targets") == 4
        server.answer = valhalla
        time.sleep(1.1)
        for _ in range(5):
            assert engine.travel_seconds(ORIGINS, DESTINATION).tolist() == SECONDS


def test_while_one_question_tries_a_rested_engine_the_others_do_not_wait():
    def fails_then_hangs(server: Server, path: str, body: bytes) -> tuple[int, bytes]:
        if len(server.asked) > 3:
            server.released.wait(20)
        return 500, b""

    with (
        running(fails_then_hangs) as server,
        engine_at(server.url, rest_seconds=0.1, timeout_seconds=5.0) as engine,
    ):
        for _ in range(3):
            engine.travel_seconds(ORIGINS, DESTINATION)
        time.sleep(0.15)
        trial = threading.Thread(target=engine.travel_seconds, args=(ORIGINS, DESTINATION))
        trial.start()
        deadline = time.monotonic() + 10
        while len(server.asked) < 4 and time.monotonic() < deadline:
            time.sleep(0.005)
        others = [engine.travel_seconds(ORIGINS, DESTINATION) for _ in range(20)]
        server.released.set()
        trial.join()
        assert others == [None] * 20


def test_without_an_address_there_is_no_engine():
    assert open_road_engine(None, None) is None


def test_tiles_without_the_extra_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "valhalla", None)
    with pytest.raises(SetupNeeded, match=r"clutch\[road\]"):
        open_road_engine(extract=Path("tiles.tar"))


def test_tiles_that_are_not_there_are_named(tmp_path):
    pytest.importorskip("valhalla", reason="the extra road needs Python 3.12")
    with pytest.raises(SetupNeeded, match=r"missing\.tar"):
        open_road_engine(extract=tmp_path / "missing.tar")
