"""Microsoft Semantic Kernel: GenAI conventions with a few spellings of its own."""

from typing import Final

from otelagent.dialects.table import NO_STEP, Dialect

DIALECT: Final = Dialect(
    name="semantic_kernel",
    scopes=("semantic_kernel*", "Microsoft.SemanticKernel*"),
    markers=("sk.available_functions",),
    base=("otel_genai",),
    names={"AutoFunctionInvocationLoop": NO_STEP},
    fields={"finish": ("gen_ai.response.finish_reason",)},
    hint="SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE=true",
)
