"""Counts and times of requests, and counts of sockets, for Prometheus to collect at `/metrics`.

With several workers each answers for itself; the label `worker` (its process id) tells them apart.
"""

import os
import time
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Metrics", "RequestMetrics", "SocketMetrics"]

_WRONG_METHOD = 405
_JOBS = ("todo", "doing", "failed")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class SocketMetrics:
    """What the Socket.IO door of one process counts."""

    def __init__(self, registry: CollectorRegistry, worker: str) -> None:
        self.connected = Gauge(
            "clutch_sockets", "Clients that listen now.", ["worker"], registry=registry
        ).labels(worker)

        def counter(name: str, help_text: str) -> Counter:
            return Counter(name, help_text, ["worker"], registry=registry).labels(worker)

        self.sent = counter("clutch_socket_events_total", "Events sent to clients.")
        self.resumed = counter(
            "clutch_socket_resumes_total", "Rooms that clients asked to hear from a number on."
        )
        self.cut_off = counter(
            "clutch_socket_slow_clients_total", "Clients cut off because they did not read."
        )


class Metrics:
    """The figures of one process; one object an app, so that two apps do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        worker = str(os.getpid())
        self._requests = Counter(
            "clutch_http_requests_total",
            "Requests answered.",
            ["worker", "method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "clutch_http_request_seconds",
            "Time to answer a request.",
            ["worker", "method", "route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._jobs = Gauge("clutch_jobs", "Jobs in the queue.", ["status"], registry=self._registry)
        self.sockets = SocketMetrics(self._registry, worker)
        self._worker = worker
        # Looking a label up by name costs more than counting: keep the children.
        self._counted: dict[tuple[str, str, int], Counter] = {}
        self._timed: dict[tuple[str, str], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        counter = self._counted.get((method, route, status))
        if counter is None:
            counter = self._requests.labels(self._worker, method, route, str(status))
            self._counted[method, route, status] = counter
        counter.inc()
        histogram = self._timed.get((method, route))
        if histogram is None:
            histogram = self._seconds.labels(self._worker, method, route)
            self._timed[method, route] = histogram
        histogram.observe(seconds)

    def count_jobs(self, counts: Mapping[str, int]) -> None:
        """Take over how many jobs wait, run, and were given up."""
        for status in _JOBS:
            self._jobs.labels(status).set(counts.get(status, 0))

    def exposition(self) -> bytes:
        """Return the figures in Prometheus' text format."""
        return generate_latest(self._registry)


class RequestMetrics:
    """ASGI middleware: observes each request under the route that answered it."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            # What no route knows shares a label: callers must not grow it without bound.
            known = scope.get("route") is not None and status != _WRONG_METHOD
            route = getattr(scope.get("route"), "path", "unknown")
            method = scope["method"] if known else "any"
            self._metrics.observe(method, route, status, time.perf_counter() - started)
