"""Generates otelagent/*_pb2.py from the schemas beside it; with --check only shows that they are current."""

import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

HERE = Path(__file__).parent
TARGET = HERE.parent / "otelagent"
SCHEMAS = ("otlp_lite", "otlp_redact")
NAMES = [f"{schema}_pb2.{kind}" for schema in SCHEMAS for kind in ("py", "pyi")]


def generate(into: Path) -> None:
    """Run protoc; the generated files land in `into`."""
    schemas = [str(HERE / f"{schema}.proto") for schema in SCHEMAS]
    code = protoc.main(["protoc", f"-I{HERE}", f"--python_out={into}", f"--pyi_out={into}", *schemas])
    if code:
        sys.exit(code)


def main() -> None:
    """Write the generated files, or compare them."""
    if "--check" not in sys.argv:
        generate(TARGET)
        return
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        stale = [n for n in NAMES if (Path(folder) / n).read_text() != (TARGET / n).read_text()]
    if stale:
        sys.exit(f"not current: {', '.join(stale)}; run `make proto`")


if __name__ == "__main__":
    main()
