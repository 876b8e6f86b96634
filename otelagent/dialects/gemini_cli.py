"""Gemini CLI: GenAI keys; messages are Gemini contents, which are read like any other."""

from typing import Final

from otelagent.dialects.table import Dialect

DIALECT: Final = Dialect(
    name="gemini_cli",
    scopes=("gemini-cli",),
    values=(("gen_ai.agent.name", "gemini-cli"),),
    base=("otel_genai",),
    hint="telemetry.logPrompts: true",
)
