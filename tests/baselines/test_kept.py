"""What was learned survives: as a file, in the store over a restart, and merged between instances."""

import asyncio
import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from otelagent.baseline_keeper import BaselineKeeper
from otelagent.baselines import profile_file
from otelagent.baselines.learned import Baselines, Limits, TaskKey, ToolKey
from otelagent.baselines.profile_file import BadProfile
from otelagent.baselines.store import FILE, BaselineStore, BaselinesUnusable
from otelagent.baselines.task import Usage
from otelagent.diagnosis import profiles
from tests import builders

WEATHER = {"forecast": {"temperature": 21, "wind": 12}, "unit": "C"}


def traffic(count: int, result: Any = WEATHER, seed: str = "a", environment: str = "staging") -> list[bytes]:
    steps = [{"tool": "get_weather", "arguments": {"city": "Oslo"}, "result": result}, {"say": "It is 21 degrees."}]
    script = {"user": "What is the weather in Oslo?", "steps": steps}
    return [
        builders.request(builders.spans(script, f"{seed}/{number}"), environment=environment) for number in range(count)
    ]


def known(count: int = 60, **more: Any) -> Baselines:
    return profiles.learned(traffic(count, **more))


def test_what_is_read_is_what_was_written() -> None:
    written = profile_file.dump(known())
    assert profile_file.dump(profile_file.load(written)) == written


def test_merging_is_learning_all_of_it() -> None:
    both = profiles.learned([*traffic(40), *traffic(50, [], "b")])
    one = known(40)
    one.merge(known(50, result=[], seed="b"))
    assert {k: p.as_json() for k, p in one.tools.items()} == {k: p.as_json() for k, p in both.tools.items()}
    assert {k: b.tokens.as_json() for k, b in one.tasks.items()} == {
        k: b.tokens.as_json() for k, b in both.tasks.items()
    }


def test_a_file_holds_no_content() -> None:
    written = profile_file.dump(known()).decode()
    assert not any(text in written for text in ("Oslo", "degrees", '"C"', "What is"))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{}", "no file of baselines"),
        (b"[1, 2", "damaged"),
        (b'{"format": "otelagent-baselines", "version": 99}', "newer otelagent"),
        (b'{"format": "otelagent-baselines", "version": 1, "tools": [{"tool": "x"}], "tasks": []}', "damaged"),
        (b'{"format": "otelagent-baselines", "version": 1, "tools": 3, "tasks": []}', "damaged"),
    ],
)
def test_a_damaged_file_is_refused_with_the_reason(raw: bytes, why: str) -> None:
    with pytest.raises(BadProfile, match=why):
        profile_file.load(raw)


def keeper(directory: Path, normal: Baselines) -> BaselineKeeper:
    return BaselineKeeper(lambda: BaselineStore(directory, owner=True), normal, interval=60.0)


def test_a_restart_goes_on_with_what_was_learned(tmp_path: Path) -> None:
    before = Baselines()

    async def first() -> None:
        own = keeper(tmp_path, before)
        await own.start()
        before.merge(known())
        await own.tick(1_000.0)
        await own.stop(1_001.0)

    async def second() -> Baselines:
        after = Baselines()
        own = keeper(tmp_path, after)
        await own.start()
        await own.stop(2_000.0)
        return after

    asyncio.run(first())
    after = asyncio.run(second())
    assert after.tools.keys() == before.tools.keys() == {ToolKey("staging", "get_weather")}
    assert after.tools[ToolKey("staging", "get_weather")].learned == 60
    assert {key.task for key in after.tasks} == {"atlas"}
    assert oct(os.stat(tmp_path / FILE).st_mode & 0o777) == "0o600"


def test_only_one_process_owns_the_store_and_others_read(tmp_path: Path) -> None:
    owner = BaselineStore(tmp_path, owner=True)
    with pytest.raises(BaselinesUnusable, match="another otelagent owns"):
        BaselineStore(tmp_path, owner=True)
    assert BaselineStore(tmp_path).load(Limits())[1] == 0
    owner.close()
    BaselineStore(tmp_path, owner=True).close()


def test_damaged_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    store = BaselineStore(tmp_path, owner=True)
    good = profile_file.task_as_json(TaskKey("", "s", "t"), _baseline())
    store.save([("task", "good", orjson.dumps(good)), ("tool", "bad", b"{}"), ("tool", "worse", b"\xff")], (), 1.0)
    made, damaged = store.load(Limits())
    store.close()
    assert (list(made.tasks), damaged) == ([TaskKey("", "s", "t")], 2)


def _baseline() -> Any:
    normal = Baselines()
    normal.ran(TaskKey("", "s", "t"), Usage(100, llm_calls=1), 5.0)
    return normal.tasks[TaskKey("", "s", "t")]


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(BaselinesUnusable, match="not a database"):
        BaselineStore(tmp_path)
