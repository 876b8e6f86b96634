"""Our own log: two forms, sampled, and without the text of exceptions."""

import json
import logging
import re
import warnings
from collections.abc import Iterator

import pytest

from otelagent import journal
from otelagent.settings import LogsTelemetry
from otelagent.writer import STDERR

Err = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)


def told(capfd: Err) -> str:
    STDERR.flush(10)
    return capfd.readouterr().err


def test_console_lines_are_for_people(capfd: Err) -> None:
    journal.begin(LogsTelemetry())
    logging.getLogger("otelagent.x").warning("%d spans", 3)
    assert told(capfd).endswith(" warning otelagent.x: 3 spans\n")


def test_json_lines_are_for_machines(capfd: Err) -> None:
    journal.begin(LogsTelemetry(encoding="json"))
    logging.getLogger("otelagent.x").error('a "quote"\n')
    line = json.loads(told(capfd))
    assert (line["level"], line["logger"], line["msg"]) == ("error", "otelagent.x", 'a "quote"\n')


def test_the_level_is_kept(capfd: Err) -> None:
    journal.begin(LogsTelemetry(level="error"))
    logging.getLogger("x").warning("no")
    assert told(capfd) == ""


def test_repeated_lines_are_sampled(capfd: Err) -> None:
    journal.begin(LogsTelemetry())
    for index in range(250):
        logging.getLogger("x").warning("line %d", index)
    assert len(told(capfd).splitlines()) == 12


@pytest.mark.parametrize("encoding", ["console", "json"])
def test_an_exception_shows_its_places_and_not_its_words(capfd: Err, encoding: str) -> None:
    journal.begin(LogsTelemetry.model_validate({"encoding": encoding}))
    try:
        {}["secret content"]
    except KeyError:
        logging.getLogger("x").exception("it broke")
    err = told(capfd)
    assert "secret" not in err
    assert "it broke [KeyError at test_journal.py:" in err


def test_json_lines_name_our_own_resource(capfd: Err) -> None:
    journal.begin(LogsTelemetry(encoding="json"), {"service.name": "otelagent"})
    logging.getLogger("otelagent.x").warning("x")
    assert json.loads(told(capfd))["resource"] == {"service.name": "otelagent"}


@pytest.mark.filterwarnings("default")
def test_warnings_of_python_are_lines_of_the_log(capfd: Err) -> None:
    journal.begin(LogsTelemetry())
    warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert " warning py.warnings: " in told(capfd)


def test_a_line_that_cannot_be_written_is_told_as_such(capfd: Err) -> None:
    journal.begin(LogsTelemetry())
    logging.getLogger("x").warning("%d", "secret content")
    assert re.fullmatch(r"a line of x:\d+ can't be written: TypeError\n", told(capfd))
