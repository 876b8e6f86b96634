"""Refreshes otelagent/context_windows.toml from genai-prices: known prefixes get its newest window, none is dropped.

Run it by `make windows`, review the difference, and date it.
"""

import datetime
import re
from pathlib import Path

from genai_prices import data

TABLE = Path(__file__).parent.parent / "otelagent" / "context_windows.toml"
LINE = re.compile(r'^"(?P<prefix>[^"]+)" = (?P<tokens>\d+)  # (?P<source>.*)$')
VENDORS = {"openai", "anthropic", "google", "mistral", "deepseek", "x-ai", "cohere"}


def published() -> dict[str, int]:
    """Windows by model id, of the vendors' own rows."""
    rows = ((m.id, m.context_window) for p in data.providers if p.id in VENDORS for m in p.models)
    return {name: window for name, window in rows if window}


def main() -> None:
    """Rewrite the table."""
    known, lines, prefixes = published(), [], set()
    for line in TABLE.read_text("utf-8").splitlines():
        match = LINE.match(line)
        if match is None:
            lines.append(
                f'date = "{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"' if line.startswith("date") else line
            )
            continue
        prefix, tokens, source = match["prefix"], int(match["tokens"]), match["source"]
        prefixes.add(prefix)
        if source == "genai-prices" and prefix in known:
            tokens = known[prefix]
        lines.append(f'"{prefix}" = {tokens}  # {source}')
    new = {name: w for name, w in sorted(known.items()) if not any(name.startswith(p) for p in prefixes)}
    lines += [f'"{name}" = {window}  # genai-prices' for name, window in new.items()]
    TABLE.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(new)} models added")


if __name__ == "__main__":
    main()
