"""Recordings of `tests/recorded` that don't show what their scenario is about, since their emitter leaves it out."""

HIDDEN = "openai-agents hides why a tool failed, from the model and from its spans"
NO_MODEL = "neither model calls nor final answers are recorded"
CUT = "the bridge records no text of streamed completions"
EXCEPTIONS: dict[tuple[str, str], tuple[list[str], str]] = {
    **{
        ("autogen", scenario): ([], "autogen records neither content nor model calls")
        for scenario in ("auth", "delegation", "empty", "injection", "loop", "raised", "rate_limit")
    },
    **{
        (emitter, "raised"): ([], HIDDEN) for emitter in ("openai-agents-tl", "openai-agents-v2", "openai-agents-js-oi")
    },
    **{("openai-agents-genai", scenario): ([], NO_MODEL) for scenario in ("empty", "raised")},
    **{("llamaindex-otel", scenario): ([], CUT) for scenario in ("empty", "raised")},
}
"""What is found instead of what the scenario expects, and why."""
