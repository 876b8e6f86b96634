"""Who answers in a replay: the recorded model, or one behind an OpenAI-compatible endpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from otelagent.cases.case import Turn
from otelagent.errors import OtelagentError

RECORDED: Final = "recorded"
"""Name of the model that says what was recorded."""

PASSED_ON: Final = (
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "seed",
    "presence_penalty",
    "frequency_penalty",
)
"""Recorded parameters of a request that are sent again."""


class CannotReplay(OtelagentError):
    """The replay can't go on: an endpoint that fails, a package that is missing, a step without content."""


@dataclass(frozen=True)
class Asks:
    """A call that a completion asks for. `id` is the provider's; `arguments` UNSET: not captured."""

    id: str
    tool: str
    arguments: Any


@dataclass(frozen=True)
class Completion:
    """What a model said."""

    text: str
    calls: tuple[Asks, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    finish: str | None = None


class Model(Protocol):
    """Answers messages of the chat completions API."""

    def complete(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Completion:
        """The next completion; raises CannotReplay."""


class RecordedModel:
    """Says what was recorded, turn by turn, whatever it is sent."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._left = list(turns)

    def complete(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Completion:
        """Raises CannotReplay where the recording ends."""
        if not self._left:
            raise CannotReplay("the recording ends here: nothing more was said")
        turn = self._left.pop(0)
        asked = (call for call in turn.calls if call.asked)
        calls = tuple(Asks(c.id, c.tool, c.arguments) for c in asked)
        return Completion(turn.text, calls, turn.input_tokens or 0, turn.output_tokens or 0, turn.finish)


class OpenAIModel:
    """A model behind an endpoint, by the openai SDK, which retries what is transient."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        parameters: dict[str, Any] | None = None,
        timeout: float = 60.0,
    ) -> None:
        """`base_url` and `api_key` default to OPENAI_BASE_URL and OPENAI_API_KEY. Raises CannotReplay."""
        try:
            import openai
        except ImportError as error:
            raise CannotReplay("the openai package is missing: pip install 'otelagent[replay]'") from error
        self._errors = openai
        try:
            self._client = openai.OpenAI(base_url=base_url, api_key=api_key, timeout=timeout)
        except openai.OpenAIError as error:
            raise CannotReplay("no API key: set OPENAI_API_KEY (any text for a local endpoint)") from error
        self.model = model
        self.parameters = {k: v for k, v in (parameters or {}).items() if k in PASSED_ON}

    def complete(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Completion:
        """Raises CannotReplay; its text holds no content."""
        given: dict[str, Any] = {**self.parameters, **({"tools": tools} if tools else {})}
        try:
            create: Any = self._client.chat.completions.create  # its overloads are for literals
            made = create(model=self.model, messages=messages, **given)
        except self._errors.APIStatusError as error:
            raise CannotReplay(f"{self._client.base_url} answers {error.status_code} for model {self.model}") from error
        except self._errors.APIConnectionError as error:
            raise CannotReplay(f"{self._client.base_url} can't be reached: is the endpoint up?") from error
        except self._errors.OpenAIError as error:
            raise CannotReplay(f"{self._client.base_url}: {type(error).__name__}") from error
        if not getattr(made, "choices", None):
            raise CannotReplay(f"{self._client.base_url} gave no choices: is it compatible with chat completions?")
        return _read(made)


def _read(made: Any) -> Completion:
    choice, usage = made.choices[0], made.usage
    calls = tuple(
        Asks(call.id, call.function.name, _arguments(call.function.arguments))
        for call in choice.message.tool_calls or ()
        if call.type == "function"
    )
    asked, said = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
    return Completion(choice.message.content or "", calls, asked, said, choice.finish_reason)


def _arguments(written: str) -> Any:
    try:
        return msgspec.json.decode(written or "{}")
    except msgspec.DecodeError:
        return written
