"""Baselines as a file: JSON, versioned, without values, so that staging's can be mounted beside production."""

import gzip
import zlib
from pathlib import Path
from typing import Any, Final

import orjson

from otelagent.baselines.learned import AGELESS, Baselines, Limits, TaskKey, ToolKey
from otelagent.baselines.task import TaskBaseline
from otelagent.baselines.tool import ToolProfile
from otelagent.errors import OtelagentError

FORMAT: Final = "otelagent-baselines"
VERSION: Final = 1
MAX_BYTES: Final = 64 << 20


class BadProfile(OtelagentError):
    """A file holds no baselines that can be read; says which and why."""


def dump(known: Baselines) -> bytes:
    """All that is known, in units of each one's last observation; keys in order, so that equal ones are equal bytes."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "tools": [tool_as_json(key, known.tools[key]) for key in sorted(known.tools)],
        "tasks": [task_as_json(key, known.tasks[key]) for key in sorted(known.tasks)],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def tool_as_json(key: ToolKey, profile: ToolProfile) -> dict[str, Any]:
    """One tool with its key."""
    return {"environment": key.environment, "tool": key.tool, "profile": profile.as_json()}


def task_as_json(key: TaskKey, baseline: TaskBaseline) -> dict[str, Any]:
    """One task with its key."""
    return {**key._asdict(), "baseline": baseline.as_json()}


def load(raw: bytes, name: str = "baselines", limits: Limits = AGELESS) -> Baselines:
    """What `dump` wrote; raises BadProfile."""
    try:
        document = orjson.loads(raw)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise BadProfile(f"{name}: no file of baselines; `otelagent baseline export` writes one")
        if document["version"] > VERSION:
            raise BadProfile(f"{name}: written by a newer otelagent (format {document['version']})")
        made = Baselines(limits)
        for each in document["tools"]:
            add_tool(made, each)
        for each in document["tasks"]:
            add_task(made, each)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadProfile(f"{name}: damaged ({type(error).__name__})") from error
    return made


def add_tool(known: Baselines, written: Any) -> None:
    """Take in one tool; raises ValueError, TypeError or KeyError where it wasn't one."""
    key = ToolKey(str(written["environment"]), str(written["tool"]))
    known.profile(key).merge(ToolProfile.from_json(written["profile"]))


def add_task(known: Baselines, written: Any) -> None:
    """Take in one task; raises ValueError, TypeError or KeyError where it wasn't one."""
    key = TaskKey(*(str(written[name]) for name in TaskKey._fields))
    known.baseline(key).merge(TaskBaseline.from_json(written["baseline"]))


def read(path: Path) -> Baselines:
    """The baselines in a file, plain or gzipped; raises BadProfile."""
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    except (OSError, EOFError, zlib.error) as error:
        raise BadProfile(f"{path}: {getattr(error, 'strerror', None) or 'damaged gzip'}") from error
    if len(raw) > MAX_BYTES:
        raise BadProfile(f"{path}: larger than {MAX_BYTES >> 20} MiB")
    return load(raw, str(path))


def is_profile(path: Path) -> bool:
    """The file says that it holds baselines, whether they can be read or not."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        head = zlib.decompressobj(31).decompress(head, 4096) if head.startswith(b"\x1f\x8b") else head
    except (OSError, zlib.error):
        return False
    return f'"{FORMAT}"'.encode() in head[:256]
