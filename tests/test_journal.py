"""Our own log: two forms, sampled, and without the text of exceptions."""

import json
import logging
from collections.abc import Iterator

import pytest

from otelagent import journal
from otelagent.settings import LogsTelemetry

Err = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_console_lines_are_for_people(capsys: Err) -> None:
    journal.begin(LogsTelemetry())
    logging.getLogger("otelagent.x").warning("%d spans", 3)
    assert capsys.readouterr().err.endswith(" warning otelagent.x: 3 spans\n")


def test_json_lines_are_for_machines(capsys: Err) -> None:
    journal.begin(LogsTelemetry(encoding="json"))
    logging.getLogger("otelagent.x").error('a "quote"\n')
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["logger"], line["msg"]) == ("error", "otelagent.x", 'a "quote"\n')


def test_the_level_is_kept(capsys: Err) -> None:
    journal.begin(LogsTelemetry(level="error"))
    logging.getLogger("x").warning("no")
    assert capsys.readouterr().err == ""


def test_repeated_lines_are_sampled(capsys: Err) -> None:
    journal.begin(LogsTelemetry())
    for index in range(250):
        logging.getLogger("x").warning("line %d", index)
    assert len(capsys.readouterr().err.splitlines()) == 12


@pytest.mark.parametrize("encoding", ["console", "json"])
def test_an_exception_shows_its_places_and_not_its_words(capsys: Err, encoding: str) -> None:
    journal.begin(LogsTelemetry.model_validate({"encoding": encoding}))
    try:
        {}["secret content"]
    except KeyError:
        logging.getLogger("x").exception("it broke")
    err = capsys.readouterr().err
    assert "secret" not in err
    assert "it broke [KeyError at test_journal.py:" in err


def test_json_lines_name_our_own_resource(capsys: Err) -> None:
    journal.begin(LogsTelemetry(encoding="json"), {"service.name": "otelagent"})
    logging.getLogger("otelagent.x").warning("x")
    assert json.loads(capsys.readouterr().err)["resource"] == {"service.name": "otelagent"}
