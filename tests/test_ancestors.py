"""What an agent's answer should have said of those that worked for it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from otelagent import ancestors
from otelagent.reading.completion import CompletionRead
from otelagent.reading.naming import key


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("I could not read DOC-2, nor page-9.", ["doc-2", "page-9"]),
        ("All done.", ["doc-2"]),
    ],
)
def test_an_item_is_named_once_and_by_the_answer_where_the_assignment_does_not_name_it(
    answer: str, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: Any = SimpleNamespace(turn=SimpleNamespace(said=CompletionRead(answer)))
    monkeypatch.setattr(ancestors, "said", lambda _: said)
    monkeypatch.setattr(ancestors, "given_by", lambda _: [CompletionRead("Read doc-1, doc-2 and doc-3.")])
    run = cast("ancestors.AgentRun", None)
    assert ancestors.names(run, frozenset({key("doc-2"), key("page-9")})) == told
