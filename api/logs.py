"""How a server process logs: lines for people in development, JSON lines in production.

What is logged names paths, problems and causes; never keys, coordinates or what callers sent.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from typing import Literal, TextIO

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError
from structlog.typing import ExcInfo, Processor

__all__ = ["configure_logs"]


def configure_logs(environment: Literal["development", "production"]) -> None:
    """Send what this process logs, and what its libraries do, to standard error."""
    first: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last = _for_machines() if environment == "production" else _for_people()
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=first,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("uvicorn").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").addFilter(_is_no_socket)


def _is_no_socket(record: logging.LogRecord) -> bool:
    """Leave out the two lines that the server logs of each WebSocket, as it does of requests."""
    return not str(record.msg).startswith(("connection ", '%s - "WebSocket'))


def _for_machines() -> list[Processor]:
    told = structlog.processors.ExceptionRenderer(_traceback)
    return [told, structlog.processors.JSONRenderer()]


def _for_people() -> list[Processor]:
    def told(out: TextIO, exc_info: ExcInfo) -> None:
        out.write("\n" + _traceback(exc_info))

    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=told)]


def _traceback(exc_info: ExcInfo) -> str:
    """Return a traceback, without the values of variables and without rows of the database.

    What PostgreSQL refuses it quotes whole, and SQLAlchemy adds the parameters: phones, hashes of
    passwords and coordinates among them.
    """
    text = "".join(traceback.format_exception(*exc_info))
    for error in _chain(exc_info[1]):
        if isinstance(error, DBAPIError):
            text = text.replace(str(error), _briefly(error.orig))
        elif isinstance(error, psycopg.Error):
            text = text.replace(str(error), _briefly(error))
    return text.rstrip("\n")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and all that it came of."""
    if error is None:
        return
    yield error
    yield from _chain(error.__cause__ or error.__context__)
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _chain(each)


def _briefly(error: BaseException | None) -> str:
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return primary or str(error)
