"""Logs and error pages say where, never what."""

import logging
import sys

import pytest
from django.db import OperationalError
from django.test import RequestFactory
from django.views.debug import get_exception_reporter_class
from loguru import logger as pipecat_logger
from pydantic import BaseModel, ValidationError

from greenroom import discretion
from sessions_app.exceptions import SessionNotFound

SECRET = "zanzibarquince"


@pytest.fixture
def lines(caplog):
    """What the log's one handler would write."""
    caplog.set_level(logging.DEBUG)
    formatter = discretion.DiscreetFormatter("%(name)s %(message)s")
    return lambda: [formatter.format(record) for record in caplog.records]


def test_pipecats_lines_keep_their_place_and_lose_their_values(lines):
    said = SECRET
    pipecat_logger.remove()
    pipecat_logger.add(discretion._forward, level="DEBUG")
    pipecat_logger.debug(f"Generating chat from context {said}")
    (line,) = lines()
    assert SECRET not in line
    assert "Generating chat from context {said}" in line
    assert "test_discretion" in line


def test_a_statement_over_several_lines_is_quoted_whole(lines):
    said = SECRET
    pipecat_logger.remove()
    pipecat_logger.add(discretion._forward, level="DEBUG")
    pipecat_logger.warning(
        f"not speaking [{said}] because {said}",
    )
    (line,) = lines()
    assert "because {said}" in line
    assert SECRET not in line


def logged(error: Exception) -> str:
    try:
        raise error
    except Exception:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "it failed", None, sys.exc_info())
    return discretion.DiscreetFormatter("%(message)s").format(record)


class Parsed(BaseModel):
    number: int


def test_an_unknown_error_keeps_its_type_and_loses_its_message():
    with pytest.raises(ValidationError) as caught:
        Parsed.model_validate({"number": SECRET})
    line = logged(caught.value)
    assert "ValidationError (message withheld)" in line
    assert SECRET not in line


@pytest.mark.parametrize(
    "error", [OperationalError("connection refused"), SessionNotFound(), ConnectionResetError("by peer")]
)
def test_errors_that_quote_nobody_keep_their_message(error):
    assert str(error) in logged(error)


def test_tokens_are_masked_wherever_they_stand():
    formatter = discretion.DiscreetFormatter("%(message)s")
    record = logging.LogRecord("x", logging.INFO, "", 1, 'GET "/ws/?token=abc-DEF_1&x=1"', None, None)
    assert formatter.format(record) == 'GET "/ws/?token=***&x=1"'


@pytest.mark.parametrize(
    ("name", "level", "heard"),
    [
        ("openai._base_client", logging.DEBUG, False),
        ("websockets.server", logging.INFO, False),
        ("httpcore", logging.WARNING, True),
        ("voicebot.connection.consumer", logging.DEBUG, True),
        ("pipecat", logging.DEBUG, True),
    ],
)
def test_libraries_that_print_payloads_are_heard_from_warning_on(name, level, heard):
    record = logging.LogRecord(name, level, "", 1, "x", None, None)
    assert discretion.BelowWarningOnlyOurs().filter(record) is heard


def test_the_error_page_shows_no_variable_no_body_and_no_token():
    request = RequestFactory().post(f"/?token={SECRET}", {"text": SECRET})
    try:
        spoken = SECRET
        raise RuntimeError(f"cannot speak {spoken}")
    except RuntimeError:
        page = get_exception_reporter_class(request)(request, *sys.exc_info(), is_email=False)
        html, text = page.get_traceback_html(), page.get_traceback_text()
    for shown in (html, text):
        assert "RuntimeError" in shown
        assert SECRET not in shown
