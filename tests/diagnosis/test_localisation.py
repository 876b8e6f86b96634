"""Which step decided, on annotated public failures: without a model, and better than the rules that anyone would try.

The runs are retail support conversations of AgentRx. The best trivial rules (the author of the
first tool error, else of the first acting step; the last acting step) reach 72 % of the agents and 17 % of the steps.
"""

from otelagent.diagnosis.diagnose import diagnose
from training import corpora

AGENTS, STEPS = 0.72, 0.17
"""What the best trivial rules reach."""


def test_agent_and_step_of_the_root_cause_are_found_more_often_than_by_trivial_rules() -> None:
    failures = [run for run in corpora.runs("agentrx") if run.label.get("root_cause")]
    assert len(failures) == 21
    agents = steps = 0
    for run in failures:
        suspect, cause = diagnose([run.request]).most_suspicious, run.label["root_cause"]
        assert suspect is not None
        steps += suspect.span_id.hex() == cause["span_id"]
        agents += (suspect.agent == "user") == (cause["agent"] == "User")
    assert steps > STEPS * len(failures)
    assert agents > AGENTS * len(failures)
