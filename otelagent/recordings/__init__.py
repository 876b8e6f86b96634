"""Recorded runs of real frameworks that `otelagent demo` plays: each an ExportTraceServiceRequest, gzipped."""

import gzip
from importlib import resources
from typing import NamedTuple


class Recording(NamedTuple):
    """One recorded run."""

    file: str
    framework: str
    story: str


ALL = (
    Recording("openai-agents__openinference__ok", "OpenAI Agents", "a research run in which all is well"),
    Recording("openai-agents__openinference__empty_result", "OpenAI Agents", "one of three searches finds nothing"),
    Recording("langgraph__openinference__loop", "LangGraph", "the agent searches for a warranty policy"),
    Recording("pydantic-ai__native-default__rate_limit", "Pydantic AI", "a search is cut short by a 429"),
    Recording("google-adk__native__delegation_partial", "Google ADK", "three analysts read twelve documents"),
    Recording("vercel-ai-7__native__injection", "Vercel AI SDK", "the agent summarises a web page"),
    Recording("pydantic-ai__native-default__amnesia_one_run", "Pydantic AI", "a long run under a constraint of dates"),
)


def body(recording: Recording) -> bytes:
    """The recording as a serialised ExportTraceServiceRequest."""
    packed = resources.files(__package__).joinpath(f"{recording.file}.binpb.gz").read_bytes()
    return gzip.decompress(packed)
