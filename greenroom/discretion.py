"""Log redaction: logs and error pages say where something went wrong, and never what somebody said.

Pipecat writes conversations into its log lines: the whole context at DEBUG, the sentence that was not
spoken in a warning. Its lines are therefore kept without their values: what reaches our log is the
statement as it stands in Pipecat's source, with its place. Exceptions of unknown kinds lose their
message for the same reason (a validation error quotes its input); those that only ever speak of
connections and files keep it.
"""

import linecache
import logging
import logging.config
import re
import sys
import traceback
from collections.abc import ItemsView, Mapping
from functools import lru_cache
from types import FrameType, TracebackType
from typing import Any, ClassVar

from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.db import OperationalError
from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter
from loguru import logger as pipecat_logger

from greenroom.http.request_id import JsonLines, WithIds

OUR_LOGGERS = ("config", "greenroom", "characters", "sessions_app", "staff", "voicebot", "audit")
TOKEN = re.compile(r"(token=)[^&\s\"']+")


def may_be_quoted(error: BaseException) -> bool:
    """Whether the message of an error is known to hold no visitor's words.

    Our own errors say so themselves (`quotable`), so that no room has to import this one.
    """
    known = (OSError, OperationalError, ImproperlyConfigured, DisallowedHost)
    return isinstance(error, known) or getattr(error, "quotable", False)


class DiscreetFormatter(logging.Formatter):
    """Formats a record without tokens, and a traceback without values and unknown messages."""

    def format(self, record: logging.LogRecord) -> str:
        return TOKEN.sub(r"\1***", super().format(record))

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        error = ei[1]
        if error is None:
            return ""
        places = "".join(traceback.format_tb(error.__traceback__))
        words = f": {error}" if may_be_quoted(error) else " (message withheld)"
        return f"Traceback (most recent call last):\n{places}{type(error).__qualname__}{words}"


class DiscreetReporterFilter(SafeExceptionReporterFilter):
    """Error reports (the DEBUG page, mails to ADMINS) without variables, bodies and cookies."""

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return dict.fromkeys(tb_frame.f_locals, self.cleansed_substitute).items()

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return {}

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        meta: dict[str, Any] = super().get_safe_request_meta(request)
        return {
            key: TOKEN.sub(r"\1***", value) if isinstance(value, str) else value
            for key, value in meta.items()
        }


class DiscreetReporter(ExceptionReporter):
    """Error reports without query strings, and without messages that may quote somebody."""

    def get_traceback_data(self) -> dict[str, Any]:
        data: dict[str, Any] = super().get_traceback_data()
        data["request_GET_items"] = []
        data["request_COOKIES_items"] = []
        for name in ("request_insecure_uri", "raising_frame"):
            if isinstance(data.get(name), str):
                data[name] = TOKEN.sub(r"\1***", data[name])
        if self.exc_value is not None and not may_be_quoted(self.exc_value):
            data["exception_value"] = "(message withheld)"
        return data


@lru_cache(maxsize=2048)
def statement_at(path: str, line: int) -> str:
    """The log statement that begins at a line of a source file, on one line, at most 200 characters."""
    text = ""
    for number in range(line, line + 8):
        text += " " + linecache.getline(path, number).strip()
        if text.count("(") <= text.count(")"):
            break
    return text.strip()[:200]


def _forward(message: Any) -> None:
    """Hands a loguru record to the standard log: its statement and place, none of its values."""
    record: Mapping[str, Any] = message.record
    statement = statement_at(record["file"].path, record["line"])
    error = record["exception"]
    raised = f" [{error.type.__qualname__}]" if error and error.type else ""
    logging.getLogger("pipecat").log(
        record["level"].no, "%s:%d %s%s", record["name"], record["line"], statement, raised
    )


class NotEachRefusal(logging.Filter):
    """Leaves out Django's line for every 503: being full is no error, and an outage is told of once."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) != 503


class NamesOfErrors(logging.Filter):
    """Of errors among a line's values leaves the names: Django quotes those of a signal's receivers."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                type(value).__qualname__ if isinstance(value, BaseException) else value
                for value in record.args
            )
        return True


class BelowWarningOnlyOurs(logging.Filter):
    """Lets the libraries speak from WARNING on, whatever LOG_LEVEL says: some print payloads below it."""

    own: ClassVar[tuple[str, ...]] = (*OUR_LOGGERS, "pipecat", "django", "uvicorn")

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or record.name.split(".")[0] in self.own


def _at_least_info(level: str) -> str:
    return "INFO" if level == "DEBUG" else level


def configure_logging(options: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: one handler to standard error, and Pipecat's loguru into it."""
    level = options["level"]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {
                "ours": {"()": BelowWarningOnlyOurs},
                "ids": {"()": WithIds},
                "refusals": {"()": NotEachRefusal},
                "names": {"()": NamesOfErrors},
            },
            "formatters": {
                "line": {
                    "()": DiscreetFormatter,
                    "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
                },
                "json": {"()": lambda: JsonLines(DiscreetFormatter("%(message)s"))},
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "stream": sys.stderr,
                    "formatter": options.get("format", "line"),
                    "filters": ["ours", "ids"],
                }
            },
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                # Django's own handlers would format tracebacks with everything in them.
                "django": {"handlers": [], "propagate": True, "level": "NOTSET"},
                "django.server": {"handlers": [], "propagate": True, "level": "NOTSET"},
                "audit": {"level": "INFO"},  # whatever LOG_LEVEL says
                # SQL statements carry their parameters; uvicorn's access lines carry tokens.
                "django.db.backends": {"level": "WARNING"},
                "django.request": {"filters": ["refusals"]},
                "django.dispatch": {"filters": ["names"]},
                # A line for each attempt of each connection; sessions_app.database tells of an outage once.
                "psycopg.pool": {"level": "ERROR"},
                "uvicorn.access": {"level": "WARNING"},
                # The SDK of MCP quotes what servers of tools answer; voicebot.tools.mcp tells of it without.
                "mcp": {"level": "CRITICAL"},
                "client": {"level": "CRITICAL"},
                # At DEBUG it prints what every WebSocket frame holds.
                **{
                    name: {"handlers": [], "propagate": True, "level": _at_least_info(level)}
                    for name in ("uvicorn", "uvicorn.error")
                },
            },
        }
    )
    pipecat_logger.remove()
    # Pipecat narrates every frame at DEBUG; that is of use only to who asks for DEBUG.
    pipecat_logger.add(
        _forward, level="DEBUG" if level == "DEBUG" else "WARNING", backtrace=False, diagnose=False
    )
