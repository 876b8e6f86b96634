"""What is kept of a tool stays under 64 KiB, of a task under 8 KiB, whatever traffic does."""

import random
import sys
from collections.abc import Iterable

from otelagent.baselines.learned import Baselines, Limits, TaskKey, ToolKey
from otelagent.baselines.task import TaskBaseline, Usage
from otelagent.detectors.token_anomaly import TokenAnomaly
from otelagent.model import Call, Kind, Outcome, Role, Status, Step
from otelagent.reading.shape import DEPTH, PLACES, shape


def size(thing: object, seen: set[int] | None = None) -> int:
    """Bytes of an object with all that it holds; classes and modules are shared and count nothing."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, type) or callable(thing):
        return 0
    seen.add(id(thing))
    inner: list[object] = list(getattr(thing, "__dict__", {}).values())
    inner += [getattr(thing, name) for name in getattr(thing, "__slots__", ()) if hasattr(thing, name)]
    if isinstance(thing, dict):
        inner += [*thing.keys(), *thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset):
        inner += list(thing)
    return sys.getsizeof(thing) + sum(size(each, seen) for each in inner)


def call(seconds: float, result: object, status: Status = Status.OK, note: str = "", size: int = 0) -> Step:
    made = Call(
        Outcome(status, "result", note), Role.SOURCE, size=size or len(str(result)), shape=shape(result, classed=True)
    )
    start = 1_790_000_000_000_000_000
    ids = {"trace_id": b"t" * 16, "span_id": b"s" * 8, "parent_id": b""}
    return Step.of(
        **ids,  # type: ignore[arg-type]
        kind=Kind.TOOL,
        dialect="test",
        name="tool",
        tool="tool",
        start=start,
        end=start + int(seconds * 1e9),
        call=made,
    )


def wild(count: int) -> Iterable[Step]:
    """Calls that differ in all that can differ: thousands of names of members, and no two results of one shape."""
    choose = random.Random(7)
    statuses = list(Status)
    for number in range(count):
        members = {
            f"member_{choose.randrange(5_000)}": choose.choice([1, "a", None, [1], {"x": number}]) for _ in range(40)
        }
        result = {"list": [members] * choose.randrange(70), "id": f"id-{number}", **members}
        note, size = f"status {choose.randrange(999)}", int(choose.lognormvariate(8, 4)) + 1
        yield call(choose.lognormvariate(0, 4), result, choose.choice(statuses), note, size)


def test_a_tool_takes_less_than_64_kib() -> None:
    known = Baselines()
    key, largest = ToolKey("", "tool"), 0
    for number, step in enumerate(wild(3_000)):
        step.say(service=f"service {number % 40}, with a name that is longer than any should be, and goes on")
        known.fit(step)
        known.called(key, [step], float(number))
        if number % 300 == 0 or number > 2_950:
            largest = max(largest, size(known.tools[key]))
    assert len(known.tools[key].fitting) > 10
    assert 10_000 < largest < 64 << 10


def test_a_task_takes_less_than_8_kib() -> None:
    baseline = TaskBaseline(86_400.0)
    choose = random.Random(3)
    for number in range(3_000):
        tokens = int(choose.lognormvariate(9, 3)) + 1
        used = Usage(
            tokens,
            tokens // 3,
            choose.randrange(1, 400),
            choose.randrange(400),
            choose.lognormvariate(1, 3),
            choose.lognormvariate(0, 3),
            int(choose.lognormvariate(9, 3)) + 1,
        )
        baseline.add(used, float(number))
        if number % 50 == 0:
            TokenAnomaly().judged(used, baseline)
    assert 2_000 < size(baseline) < 8 << 10


def test_tools_and_tasks_are_bounded_and_the_longest_unused_leave() -> None:
    known = Baselines(Limits(tools=10, tasks=10))
    for number in range(50):
        known.profile(ToolKey("", f"tool {number}"))
        known.ran(TaskKey("", "s", f"task {number}"), Usage(100), float(number))
    assert [key.tool for key in known.tools] == [f"tool {n}" for n in range(40, 50)]
    assert len(known.tasks) == 10


def test_a_shape_is_bounded_whatever_the_result() -> None:
    deep: object = "end"
    for _ in range(100):
        deep = {"a": deep, **{f"k{n}": [deep] for n in range(3)}}
    made = shape(deep)
    assert len(made.places) <= PLACES + 1
    assert max(path.count("/") for path, _ in made.places) <= DEPTH


def test_a_shape_holds_no_values_and_no_names_that_are_data() -> None:
    made = shape({"ana@example.org": {"secret": 1}, "id": "hunter2"})
    other = shape({"orders": {"4711": {"total": "hunter2"}}, "2026-01-31": 3}, classed=True)
    said = str([*made.places, *other.places])
    assert not any(word in said for word in ("ana", "hunter2", "4711", "2026"))
    assert ("/orders/*/total", "text") in other.places
