"""OpenTelemetry's MCP conventions, and emitters that write MCP keys of their own. `tools/call` is a tool call."""

from typing import Final

from otelagent.dialects.lookups import after
from otelagent.dialects.table import ANY, NO_STEP, Dialect, Verdict
from otelagent.model import Kind

_METHODS: Final[dict[str, Verdict]] = {"tools/call": Kind.TOOL, ANY: NO_STEP}

DIALECT: Final = Dialect(
    name="otel_mcp",
    scopes=("mcp-python-sdk", "mcp"),
    markers=("mcp.method.name", "mcp.method", "mcp.tool.name"),
    names={
        "MCP send tools/call": Kind.TOOL,
        "MCP send ": NO_STEP,
        "tools/call": Kind.TOOL,
    },
    base=("otel_genai",),
    kinds=(("mcp.method.name", _METHODS), ("mcp.method", _METHODS)),
    fields={
        "tool": ("mcp.tool.name", after("MCP send tools/call ", "tools/call ")),
        "error_type": ("mcp.error.code", "rpc.response.status_code"),
    },
    arguments=("mcp.tool.arguments", "mcp.request.argument"),
    result=("mcp.tool.result", "mcp.response.value"),
)
