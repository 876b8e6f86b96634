"""What a trace is called by: the service, environment and workflow that its steps name."""

from typing import Final

import msgspec

from otelagent.model import Kind, Step


class Names(msgspec.Struct, frozen=True, gc=False):
    """As known by now."""

    service: str = ""
    environment: str = ""
    workflow: str | None = None
    by_agent: bool = False
    """The workflow's name is that of an agent: of the outermost, once it has passed."""

    def after(self, step: Step) -> "Names":
        """With what a step says; the same object where that is nothing new."""
        traits = step.traits
        workflow, by_agent = self._workflow(step)
        said = (traits.service or self.service, traits.environment or self.environment, workflow, by_agent)
        return self if said == (self.service, self.environment, self.workflow, self.by_agent) else Names(*said)

    def _workflow(self, step: Step) -> tuple[str | None, bool]:
        kind, named = step.kind, step.traits.workflow
        top = kind is Kind.WORKFLOW or (kind is Kind.AGENT and (self.workflow is None or self.by_agent))
        if not named and not top:
            return self.workflow, self.by_agent
        first = self.workflow is None or kind is Kind.WORKFLOW or not step.parent_id
        return named or ((step.agent or step.name) if first else self.workflow), not named and kind is Kind.AGENT


NAMELESS: Final = Names()
