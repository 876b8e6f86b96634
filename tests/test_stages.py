"""The benchmark's table of stages: each names code that exists, and all of the fold has a stage."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
RECORDINGS = Path(__file__).parent.parent / "otelagent" / "recordings"


def _stages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_stages", BENCHMARKS / "stages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


stages = _stages()


@contextmanager
def _at_work() -> Iterator[set[str]]:
    """Names of the modules whose functions are called."""
    found: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            found.add(frame.f_globals.get("__name__", ""))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)


def test_each_stage_names_modules_that_exist() -> None:
    names = [name for modules in stages.STAGES.values() for name in modules]
    assert [name for name in names if importlib.util.find_spec(stages.PACKAGE + name) is None] == []
    assert len(names) == len(set(names))


def test_the_whole_fold_has_a_stage_and_each_stage_is_at_work() -> None:
    loads = stages.load(RECORDINGS)
    player = stages.Player([])
    with _at_work() as modules:
        for epoch in range(2):
            for load in loads:
                player.play(load.fresh(epoch), load.spans)
        player.pipeline.settle(stages.START + 3600)
    ours = {name for name in modules if name.startswith(stages.PACKAGE)}
    assert {name for name in ours if stages.stage(name) is None} == set()
    assert {stages.stage(name) for name in ours} == set(stages.STAGES)
