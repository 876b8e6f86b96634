"""What judges spans and remembers what it judged; a service that follows another takes over as much as it can."""

from dataclasses import dataclass

from otelagent import assembly
from otelagent.baseline_keeper import BaselineKeeper
from otelagent.baselines.learned import Baselines
from otelagent.chronicle import Chronicle
from otelagent.config import Config
from otelagent.ear import Ear
from otelagent.metrics import Metrics
from otelagent.pipeline import Pipeline
from otelagent.recorder import Recorder
from otelagent.settings import BaselineStore, TraceStore
from otelagent.tally import Tally
from otelagent.traffic import Signal


@dataclass(frozen=True)
class Judging:
    """The fold with those who hear it. `config` and `ears` are those that it was made from."""

    config: Config
    ears: tuple[Ear, ...]
    pipeline: Pipeline
    recorder: Recorder | None
    keeper: BaselineKeeper | None
    chronicle: Chronicle | None
    tally: Tally


def judging(config: Config, ears: tuple[Ear, ...], metrics: Metrics, before: Judging | None) -> Judging:
    """`before` itself where nothing that it is made from has changed, so that its live traces live on; else a new one,
    with what the one before has learned where the settings of that are the same."""
    if before is not None and before.ears == ears and _judge_alike(before.config, config):
        return before
    recorder, chronicle, tally = assembly.recorder(config), assembly.chronicle(config), Tally(metrics)
    heard = (tally, *ears, *(each for each in (recorder, chronicle) if each is not None))
    redacts = bool(config.redactions)
    settings = assembly.pipeline_settings(config.agent_failures, _learned(before, config), redacts=redacts)
    pipeline = Pipeline(settings, heard, recorder.take if recorder is not None else None)
    keeper = _keeper(before, pipeline, config)
    return Judging(config, ears, pipeline, recorder, keeper, chronicle, tally)


def _learned(before: Judging | None, config: Config) -> Baselines | None:
    same = before is not None and before.config.agent_failures.baselines == config.agent_failures.baselines
    return before.pipeline.normal if before is not None and same else None


def _keeper(before: Judging | None, pipeline: Pipeline, config: Config) -> BaselineKeeper | None:
    """The one before goes on where it keeps the same in the same place."""
    if before is None or before.keeper is None or before.pipeline.normal is not pipeline.normal:
        return assembly.baseline_keeper(config, pipeline.normal)
    moved = before.config.extension(BaselineStore) != config.extension(BaselineStore)
    return assembly.baseline_keeper(config, pipeline.normal) if moved else before.keeper


def _judge_alike(one: Config, other: Config) -> bool:
    """The live traces of one can be those of the other, and so can what keeps them."""
    return all(
        what(one) == what(other)
        for what in (
            lambda config: config.agent_failures,
            lambda config: config.extension(TraceStore),
            lambda config: config.extension(BaselineStore),
            lambda config: (config.redactions, config.pipelines.get(Signal.TRACES)),
        )
    )
